"""Seamless hand-hewn textures: a height field, a palette and one warm light."""

# fmt: off
from __future__ import annotations

import numpy as np
from PIL import Image

from . import canvas as c

SCENES = ("01-river-cobble", "02-old-planks", "03-slate-scales", "04-mossy-brick",
    "05-ember-basalt", "06-lantern-mosaic", "cover")
Surface = tuple[c.Array, c.Array, c.Array]  # height, colour, glow


def cells(
    w: int, n: int, seed: int, jitter: float = 0.8, ny: int = 0
) -> tuple[c.Array, c.Array, c.Array]:
    """Scatter repeating Voronoi cells: distance to the centre, to the border, and a tint."""
    m = ny or n
    rng = np.random.default_rng(seed)
    ox, oy, tint = (rng.random((m, n)).astype(np.float32) for _ in range(3))
    warp = [(c.fbm(w, w, 7, 7, seed + k, 3) - 0.5) * 0.35 for k in (1, 2)]
    x, y = c.grid(w, w)
    x, y = x * n + warp[0], y * m + warp[1]
    best, second, who = np.full_like(x, 9), np.full_like(x, 9), np.zeros_like(x)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            ix, iy = np.floor(x).astype(int) + dx, np.floor(y).astype(int) + dy
            kx, ky = ix % n, iy % m
            px, py = ix + 0.5 + jitter * (ox[ky, kx] - 0.5), iy + 0.5 + jitter * (oy[ky, kx] - 0.5)
            d = np.hypot(x - px, y - py)
            closer = d < best
            second = np.where(closer, best, np.minimum(second, d))
            who = np.where(closer, tint[ky, kx], who)
            best = np.minimum(best, d)
    return best.astype(np.float32), (second - best).astype(np.float32), who.astype(np.float32)


def cobble(w: int) -> Surface:
    """Rounded river stones in dark earth."""
    d, gap, tint = cells(w, 7, 19, 0.7)
    chips = c.fbm(w, w, 6, 6, 8, 6, 0.55)
    h = c.step(0.03, 0.34, gap) * (0.75 + 0.35 * tint) + 0.22 * (chips - 0.5) - 0.18 * d
    stone = c.ramp(tint * 0.8 + 0.3 * (chips - 0.4), ((0, "#5b6b7d"), (0.4, "#8b9299"),
        (0.7, "#b3a593"), (1, "#cdbb9c")))
    dirt = c.ramp(chips, ((0.2, "#2d2a2c"), (0.8, "#5a5038")))
    moss = c.step(0.52, 0.66, c.fbm(w, w, 4, 4, 21, 5)) * c.step(0.45, 0.1, gap)
    col = c.over(dirt, stone, c.step(0.05, 0.13, gap))
    return h, c.over(col, c.ramp(chips, ((0.2, "#3f5b2a"), (0.8, "#8fa84a"))), moss * 0.85), h * 0


def planks(w: int) -> Surface:
    """Weathered boards with knots and iron nails."""
    x, y = c.grid(w, w)
    row = np.floor(x * 5).astype(int)
    rng = np.random.default_rng(2)
    tone, cut = rng.random(5).astype(np.float32)[row], rng.random(5).astype(np.float32)[row]
    u, v = x * 5 % 1, (y + cut) % 1
    warp = c.fbm(w, w, 5, 2, 6, 4) + 0.25 * c.fbm(w, w, 20, 3, 3, 3)
    knots = np.zeros_like(x)
    for _ in range(7):
        kx, ky = (rng.integers(0, 5) + rng.uniform(0.3, 0.7)) / 5, rng.random()
        dy = (y - ky + 0.5) % 1 - 0.5
        knots += np.exp(-(((x - kx) / 0.024) ** 2) - (dy / 0.045) ** 2)
    rings = np.abs(((u * 2.2 + warp * 2.4 + knots * 1.6 + tone * 9) * 2.6) % 1 - 0.5) * 2
    fine = c.fbm(w, w, 90, 4, 9, 3)
    edge = np.minimum(np.minimum(u, 1 - u) / 5, np.minimum(v, 1 - v) * 1.0)
    edge = edge + (c.fbm(w, w, 12, 12, 4, 3) - 0.5) * 0.006
    h = c.step(0.001, 0.012, edge) * 0.9 + 0.22 * rings + 0.16 * (fine - 0.5) - 0.25 * knots
    col = c.ramp(0.45 * tone + 0.35 * rings + 0.45 * (fine - 0.3),
        ((0, "#5a3622"), (0.45, "#9a6638"), (1, "#d6a765")))
    col = c.over(col, c.rgb("#3a2116"), np.clip(knots * 0.7, 0, 0.8))
    col = c.over(c.rgb("#1d120d") * np.ones_like(col), col, c.step(0.0, 0.006, edge))
    nail = c.step(0.0105, 0.0085, np.hypot((np.minimum(u, 1 - u) - 0.18) / 5,
        np.minimum(v, 1 - v) - 0.03))
    return h + nail * 0.5, c.over(col, c.rgb("#3d424d"), nail), h * 0


def scales(w: int) -> Surface:
    """Overlapping slate roof shingles."""
    x, y = c.grid(w, w)
    n = 6
    rng = np.random.default_rng(7)
    tones = rng.random((n * 2, n)).astype(np.float32)
    h, tint, done = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    for k in range(3):
        r = np.floor(y * 10).astype(int) + 1 - k
        fx = x * n + (r % 2) * 0.5 + (c.noise(w, w, 9, 9, 3) - 0.5) * 0.06
        u, v = fx % 1 - 0.5, y * 10 - r + 0.75
        arc = np.maximum(np.abs(u) - 0.47, np.hypot(u, np.maximum(v - 0.35, 0) * 0.8) - 0.47)
        inside = c.step(0.012, -0.012, arc) * (v > -0.9)
        fresh = (inside > 0.5) & (done < 0.5)
        body = 0.35 + 0.5 * v - 0.25 * u * u + 0.5 * c.step(0.0, -0.07, arc)
        h, tint = (np.where(fresh, body, h), np.where(fresh,
            tones[r % 10, np.floor(fx).astype(int) % n], tint))
        done = np.maximum(done, fresh)
    grit = c.fbm(w, w, 10, 24, 12, 5, 0.6)
    t = 0.75 * tint + 0.5 * (grit - 0.25)
    col = c.ramp(t, ((0, "#27374d"), (0.4, "#3f6076"), (0.7, "#6c8a94"), (0.92, "#b08a7a")))
    lichen = c.step(0.62, 0.7, c.fbm(w, w, 9, 9, 30, 5, 0.65))
    return ((h + 0.18 * (grit - 0.5)).astype(np.float32), c.over(col, c.rgb("#c9b45a"),
        lichen * 0.75), h * 0)


def brick(w: int) -> Surface:
    """Chipped bricks with moss in the joints."""
    x, y = c.grid(w, w)
    wob = c.fbm(w, w, 8, 8, 5, 4) - 0.5
    row = np.floor(y * 8 + wob * 0.12).astype(int) % 8
    fx = x * 4 + (row % 2) * 0.5 + wob * 0.1
    u, v = fx % 1, (y * 8 + wob * 0.12) % 1
    rng = np.random.default_rng(3)
    tint = rng.random((8, 4)).astype(np.float32)[row, np.floor(fx).astype(int) % 4]
    edge = np.minimum(np.minimum(u, 1 - u) * 2, np.minimum(v, 1 - v)) - 0.05
    grit = c.fbm(w, w, 14, 14, 6, 5, 0.6)
    edge = edge - np.clip(grit - 0.56, 0, 1) * 0.6
    h = c.step(0.0, 0.16, edge) * (0.75 + 0.35 * tint) + 0.28 * (grit - 0.5)
    col = c.ramp(tint * 0.75 + 0.5 * (grit - 0.25), ((0, "#7a3430"), (0.4, "#a84e3a"),
        (0.7, "#c8754c"), (1, "#dca578")))
    col = c.over(c.ramp(grit, ((0.2, "#6f6658"), (0.8, "#a89a80"))), col, c.step(0.0, 0.05, edge))
    moss = c.step(0.50, 0.62, c.fbm(w, w, 3, 3, 17, 6, 0.55) + 0.12 * c.step(0.1, -0.05, edge))
    fuzz = c.fbm(w, w, 48, 48, 8, 3, 0.7)
    col = c.over(col, c.ramp(fuzz, ((0.2, "#2f4a22"), (0.6, "#5f8434"), (0.9, "#a9bd55"))), moss)
    return h + moss * 0.35 * (0.6 + 0.6 * fuzz), col, h * 0


def basalt(w: int) -> Surface:
    """Cooling basalt plates over embers."""
    _, gap, tint = cells(w, 5, 11, 0.9)
    _, fine, _ = cells(w, 15, 12, 0.95)
    grit = c.fbm(w, w, 8, 8, 13, 6, 0.6)
    h = (c.step(0.02, 0.20, gap + (grit - 0.5) * 0.12) * (0.8 + 0.5 * tint) + 0.14 * c.step(0.0,
        0.15, fine) + 0.3 * (grit - 0.5))
    col = c.ramp(grit + 0.3 * (tint - 0.5), ((0.1, "#1d1a24"), (0.5, "#3b3640"), (0.9, "#6b6062")))
    heat = c.step(0.105, 0.0, gap + (grit - 0.5) * 0.10) * (0.55 + 0.8 * c.fbm(w, w, 3, 3, 14, 4))
    return h, col, np.clip(heat, 0, 1).astype(np.float32)


def mosaic(w: int) -> Surface:
    """Glazed eight-pointed star tiles with gold joints."""
    x, y = c.grid(w, w)
    n = 3
    u, v = np.abs(x * n % 1 - 0.5), np.abs(y * n % 1 - 0.5)
    square, turned = np.maximum(u, v), (u + v) / 2**0.5
    star = np.minimum(square, turned)
    cross = np.minimum(np.hypot(0.5 - u, 0.5 - v), 9)
    lines = (star - 0.335, np.abs(star - 0.24) + 0.004, cross - 0.145, np.hypot(u, v) - 0.11,
        np.abs(u - v) + 0.02 * (star < 0.34))
    joint = np.minimum.reduce([np.abs(k) for k in lines[:4]])
    joint = np.where(star > 0.335, np.minimum(joint, np.minimum(np.abs(u - v),
        np.minimum(0.5 - u, 0.5 - v))), joint)
    zone = np.select([np.hypot(u, v) < 0.11, star < 0.24, star < 0.335, cross < 0.145],
        [0.95, 0.3, 0.55, 0.75], 0.05)
    glaze = c.fbm(w, w, 7, 7, 3, 5)
    stops = ((0, "#12345c"), (0.3, "#1d7f8c"), (0.55, "#f0e6cf"), (0.75, "#b8452f"), (1, "#f0ab3c"))
    col = c.ramp(zone, stops) * (0.72 + 0.5 * glaze)[..., None]
    h = c.step(0.003, 0.020, joint) * 0.9 + 0.12 * c.fbm(w, w, 10, 10, 6, 3)
    gold = c.ramp(glaze, ((0.2, "#6d4a1c"), (0.8, "#e8c36a")))
    return h.astype(np.float32), c.over(gold, col, c.step(0.003, 0.008, joint)), h * 0


MAKERS = {"01": cobble, "02": planks, "03": scales, "04": brick, "05": basalt, "06": mosaic,
    "co": cobble}


def lit(surface: Surface) -> c.Array:
    """Light a surface: relief, cavity shadow, worn edges and embers."""
    h, col, glow = surface
    w = h.shape[0]
    soft = c.blur(h, w * 0.0012, wrap=True)
    shade = c.relief(soft, w * 0.016, (-0.55, -0.65, 0.75))
    cavity = np.clip(1 + 0.9 * (h - c.blur(h, w * 0.016, wrap=True)), 0.45, 1.25)
    edges = np.clip((soft - c.blur(h, w * 0.005, wrap=True)) * 1.6, -0.3, 0.3)
    warm = c.ramp(shade, ((0.0, "#262a42"), (0.5, "#c9c6c2"), (1.0, "#fff6e0"))) * 1.35
    out: c.Array = col * warm * cavity[..., None] + edges[..., None] * c.rgb("#ffe9c8") * 0.55
    fire = c.ramp(glow, ((0, "#000000"), (0.25, "#9a1f08"), (0.6, "#ff7a1a"), (1, "#fff0a8")))
    out = c.screen(c.over(out, fire, c.step(0.05, 0.4, glow)),
        c.blur(fire, w * 0.02, wrap=True) * 0.8)
    return np.clip(out, 0, 1)


def ball(texture: c.Array, n: int) -> c.Array:
    """Wrap a texture round a sphere on a dark stage."""
    x, y = c.grid(n, n)
    u, v = (x - 0.5) / 0.39, (y - 0.48) / 0.39
    r2 = u * u + v * v
    z = np.sqrt(np.clip(1 - r2, 0, 1))
    w = texture.shape[0]
    tx = ((np.arctan2(u, z + 1e-6) / np.pi * 1.15) * w).astype(int) % w
    ty = ((np.arcsin(np.clip(v, -1, 1)) / np.pi * 1.15) * w).astype(int) % w
    sun = np.clip(-0.55 * u - 0.6 * v + 0.58 * z, 0, 1)
    rim = (1 - z) ** 3 * np.clip(u * 0.7 + v * 0.2, 0, 1) * 1.6
    body = texture[ty, tx] * (0.16 + 1.25 * sun)[..., None] + rim[..., None] * c.rgb("#ff9a3c")
    out = c.ramp(y, ((0, "#262a3d"), (0.75, "#3b3f58"), (0.8, "#2a2d40"), (1, "#191b28")))
    out = c.screen(out, np.exp(-np.hypot(x - 0.3, y - 0.3) * 3)[..., None] * c.rgb("#6a7399") * 0.5)
    out = (out * (1 - 0.75 * c.blur(c.Pen(n, n).dot(0.54, 0.875, 0.30, 0.04).mask(), 0.02 * n))[...,
        None])
    return c.over(out, body, c.step(1.0, 0.988, r2))


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    texture = lit(MAKERS[scene[:2]](768 * c.SS))
    if scene == "cover":
        return c.finish(ball(texture, 640 * c.SS), 0.012, 0.25)
    return c.finish(texture, 0.0, 0.0)
