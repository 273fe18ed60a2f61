"""Stained-glass app icons: leaded cells, light from behind, a bronze frame."""

# fmt: off
from __future__ import annotations

import numpy as np
from PIL import Image

from . import canvas as c
from .hewn_tiles import cells

# Scene: motif, its glass, the inner and the outer field.
SCENES: dict[str, tuple[str, c.Stops, c.Stops, c.Stops]] = {"01-flame": ("flame",
    ((0, "#ffe98a"), (0.5, "#ff9a2e"), (1, "#e0341f")), ((0, "#3a1240"), (1, "#6a1f52")),
    ((0, "#17264f"), (1, "#28507f"))), "02-moon": ("moon", ((0, "#fff7d6"), (1, "#f2d27a")),
    ((0, "#16245e"), (1, "#2f55a8")), ((0, "#2a1a56"), (1, "#6a3f9c"))),
    "03-leaf": ("leaf", ((0, "#d4f06a"), (0.5, "#6fc04a"), (1, "#2c8a4a")),
    ((0, "#f2c14e"), (1, "#ffe9a0")), ((0, "#0f4a4a"), (1, "#1f8a7a"))),
    "04-tide": ("tide", ((0, "#d8fbff"), (0.5, "#4cc4e4"), (1, "#1f6fc0")),
    ((0, "#ff9e7a"), (1, "#ffd9a8")), ((0, "#102a5e"), (1, "#2a5fa8"))),
    "05-star": ("star", ((0, "#fffbe0"), (0.5, "#ffd35c"), (1, "#ff9e3c")),
    ((0, "#7a1f4a"), (1, "#c84a6a")), ((0, "#1f1450"), (1, "#54309a"))),
    "cover": ("lantern", ((0, "#fff3b8"), (0.5, "#ffc04a"), (1, "#ff8a2e")),
    ((0, "#124a6a"), (1, "#2a93a8")), ((0, "#2a1450"), (1, "#7a2f7a")))}


def motif(kind: str, u: c.Array, v: c.Array) -> c.Array:
    """Give 0 outside the motif and a piece number inside."""
    r, a = np.hypot(u, v), np.arctan2(v, u)
    if kind == "moon":
        crescent = (r < 0.50) & (np.hypot(u - 0.24, v + 0.06) > 0.40)
        star = np.abs(u - 0.24) ** 0.6 + np.abs(v + 0.06) ** 0.6 < 0.36
        return np.select([star, crescent], [2, 1], 0)
    if kind == "leaf":
        p, q = (u + v) * 0.7071, (v - u) * 0.7071
        body = (np.hypot(p - 0.34, q) < 0.60) & (np.hypot(p + 0.34, q) < 0.60)
        ribs = np.floor((q + np.abs(p) * 1.0) * 4.6)
        stem = (np.abs(p) < 0.022) & (q > 0.45) & (q < 0.68)
        return np.where(body, 9 + 2 * ribs + (p > 0), np.where(stem, 1, 0))
    if kind == "tide":
        crest = v - 0.12 * np.sin(u * 5.2 + 0.5)
        bands = np.floor(crest * 6.5) + 4
        sun = np.hypot(u - 0.16, v + 0.20) < 0.20
        return np.where((r < 0.66) & (crest > -0.02), bands, np.where(sun, 30, 0))
    if kind == "star":
        k = np.abs(((a + np.pi / 2) / (np.pi / 4)) % 1 - 0.5)
        edge = 0.66 - 0.78 * (0.5 - k) * 1.0
        sector = np.floor(((a + np.pi / 2) / (np.pi / 8)) % 16)
        return np.select([r < 0.14, r < edge], [1, 2 + sector], 0)
    if kind == "lantern":
        body = (np.abs(u) < 0.27 + 0.06 * np.cos(v * 3.2)) & (v > -0.28) & (v < 0.38)
        roof = (v <= -0.28) & (v > -0.50) & (np.abs(u) < (v + 0.54) * 1.45)
        foot = (v >= 0.38) & (v < 0.47) & (np.abs(u) < 0.36)
        ring = np.abs(np.hypot(u, v + 0.57) - 0.075) < 0.028
        flame = np.hypot(u * (1.9 + 1.5 * (0.1 - v)), v - 0.10) < 0.22
        piece = 3 + np.floor((u + 0.4) * 5)
        return np.select([flame & body, body, roof | foot | ring], [1, piece, 20], 0)
    w = v + 0.10
    sway = u + 0.07 * np.sin(w * 5)
    outer = np.abs(sway) < 0.36 * np.sqrt(np.clip((0.62 - w) / 0.62, 0,
        9)) * np.clip((w + 0.66) / 0.8, 0, 1)
    inner = np.abs(sway - 0.02) < 0.20 * np.sqrt(np.clip((0.58 - w) / 0.6, 0,
        9)) * np.clip((w + 0.22) / 0.5, 0, 1)
    core = np.abs(sway - 0.02) < 0.10 * np.sqrt(np.clip((0.54 - w) / 0.6, 0,
        9)) * np.clip((w - 0.06) / 0.3, 0, 1)
    return np.select([core, inner, outer], [1, 2, 5 + np.floor((w + 1) * 3.1) * 2 + (sway > 0)], 0)


def window(scene: str, n: int) -> tuple[c.Array, c.Array, c.Array]:
    """Cut the glass: its colour, the lead between pieces, and the icon's shape."""
    kind, glass, inner, outer = SCENES[scene]
    x, y = c.grid(n, n)
    u, v = (x - 0.5) / 0.40, (y - 0.48) / 0.40
    r, a = np.hypot(u, v), np.arctan2(v, u)
    sq = (np.abs(u) ** 5 + np.abs(v) ** 5) ** 0.2
    _, _, tint = cells(n, 9, len(kind) * 7, 0.9)
    part = motif(kind, u, v)
    halo = np.floor((a / 6.2832 + 0.5) * 16)
    ring = np.floor((a / 6.2832 + 0.5) * 32 + 0.5)
    shard = np.floor(tint * 997)
    field = np.where(r < 0.70, np.where(r < 0.2, 1999,
        1000 + halo // 2 * 2 * (r < 0.45) + (halo + 40) * (r >= 0.45)),
        np.where(r < 0.80, 2000 + ring, 5000 + shard))
    label = np.where(part > 0, 100 + part, field)
    rng = np.random.default_rng(len(scene))
    table = rng.random(8192).astype(np.float32)
    pick = table[label.astype(int) % 8192]
    warm = np.clip(0.10 + 0.75 * pick + 0.40 * (v + 0.1), 0, 1)
    colour = np.where((part > 0)[..., None], c.ramp(warm, glass),
        np.where((r < 0.70)[..., None], c.ramp(pick, inner),
        np.where((r < 0.80)[..., None], c.ramp(pick * 0.9, glass) * 0.80, c.ramp(pick, outer))))
    colour = np.where((part == 20)[..., None], c.ramp(pick, ((0, "#7a3a2a"), (1, "#b0563a"))),
        colour)
    colour = np.where((part == 30)[..., None], c.rgb("#ffc244"), colour)
    edge = np.zeros((n, n), np.float32)
    for dx, dy in ((1, 0), (0, 1)):
        edge = np.maximum(edge, (label != np.roll(label, (dy, dx), (0, 1))).astype(np.float32))
    lead = c.blur(edge, n * 0.0028)
    return colour.astype(np.float32), c.step(0.03, 0.085, lead), sq


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    n = (640 if scene == "cover" else 768) * c.SS
    x, y = c.grid(n, n)
    colour, lead, sq = window(scene, n)
    r = np.hypot(x - 0.5, y - 0.48)
    waves = c.fbm(n, n, 5, 16, 3, 5, 0.55)
    bumps = c.relief(c.blur(waves, 2), n * 0.05, (-0.5, -0.7, 0.6))
    seeds = c.step(0.72, 0.80, c.fbm(n, n, 60, 60, 8, 2)) * 0.12
    glow = 0.60 + 0.75 * np.exp(-((r / 0.30) ** 2))
    pane = colour * (glow * (0.74 + 0.45 * waves) + 0.35 * (bumps - 0.5) + seeds)[..., None]
    pane = c.screen(pane, c.blur(pane, 0.02 * n) * 0.30)
    inside = c.step(1.0, 0.994, sq)
    sheen = c.step(0.03, 0.0, np.abs((x - y * 0.35) - 0.24) - 0.06) * c.step(0.55, 0.2, y) * 0.10
    pane = c.screen(pane, sheen[..., None] * np.ones(3, np.float32))
    height = c.blur(lead, n * 0.0016)
    metal = c.ramp(c.relief(height, n * 0.006, (-0.6, -0.7, 0.5)),
        ((0, "#08090d"), (0.5, "#2b2d35"), (0.8, "#8a8d96"), (1, "#e8e6dc")))
    pane = c.over(pane * (1 - 0.5 * c.blur(lead, n * 0.004))[..., None], metal, lead)
    rim = c.step(0.965, 0.975, sq) * c.step(1.085, 1.075, sq)
    bevel = np.clip(1 - np.abs((sq - 1.025) / 0.06) ** 2, 0, 1) ** 0.5
    lit = c.relief(c.blur(bevel, n * 0.002), n * 0.013, (-0.6, -0.7, 0.5)) + 0.16 * (waves - 0.5)
    bronze = c.ramp(lit, ((0, "#20100c"), (0.35, "#6a3f22"), (0.6, "#b9803f"), (0.85, "#f2cf86"),
        (1, "#fff6d8")))
    wall = (c.ramp(y, ((0, "#1b1d2a"), (1, "#0f1018"))) * (0.8 + 0.4 * c.fbm(n, n, 6, 6, 5, 6,
        0.6))[..., None])
    spill = c.blur(c.over(np.zeros_like(pane), pane, inside), 0.06 * n)
    out = c.screen(wall, spill * 0.9)
    body = c.step(1.085, 1.075, sq)
    out = out * (1 - 0.65 * c.blur(c.shift(body, 0.006, 0.018), 0.014 * n) * (1 - body))[..., None]
    out = c.over(c.over(out, pane, inside), bronze, rim)
    return c.finish(np.clip(out, 0, 1).astype(np.float32), 0.010, 0.25)
