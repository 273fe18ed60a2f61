"""Layered paper-cut dioramas with soft shadows between the sheets."""

# fmt: off
from __future__ import annotations

import numpy as np
from PIL import Image

from . import canvas as c

# Scene: seed, sheet colours from the back to the front, what grows on the sheets, light colour.
SCENES: dict[str, tuple[int, c.Stops, str, str]] = {"01-moon-forest": (3,
    ((0, "#f7e3b0"), (0.3, "#7fb6a8"), (0.6, "#2f6f78"), (1, "#12303f")), "pines", "#fff6d8"),
    "02-ember-dunes": (8, ((0, "#ffe2a6"), (0.35, "#f39a5a"), (0.7, "#b8443f"), (1, "#4a1a33")),
    "dunes", "#fff3cc"), "03-deep-reef": (14, ((0, "#d6f5ea"), (0.35, "#55b9c4"), (0.7, "#1f5f94"),
    (1, "#15224f")), "kelp", "#ffffff"), "04-paper-city": (21,
    ((0, "#ffd9c2"), (0.35, "#e88f9a"), (0.7, "#7c4a8a"), (1, "#2a2050")), "towers", "#fff0dd"),
    "05-sakura-hill": (33, ((0, "#fff4ea"), (0.35, "#f6bfc6"), (0.7, "#c96a86"), (1, "#5b2a4e")),
    "blossom", "#ffffff"), "cover": (5, ((0, "#ffe3a8"), (0.3, "#f2a65e"), (0.55, "#c2506a"),
    (1, "#2c1d52")), "pines", "#fff6d8")}
SHEETS = 7


def opening(w: int, h: int, t: float, seed: int) -> c.Array:
    """Cut the wavy hole of one sheet; 1 is paper."""
    x, y = c.grid(w, h)
    cx, cy = w / h / 2, 0.47
    a = np.arctan2(y - cy, (x - cx) * 0.92)
    wave = c.fbm(1024, 8, 5, 1, seed, 4, 0.45)[4][((a / 6.2832 + 0.5) * 1023).astype(int)] - 0.5
    d = np.hypot((x - cx) * h / w * 1.02, y - cy)
    radius = 0.20 + 0.27 * t + wave * 0.15
    return c.step(-0.0008, 0.0008, d - radius)


def pine(pen: c.Pen, x: float, y: float, s: float, rng: np.random.Generator) -> None:
    """Cut a fir of stacked triangles."""
    pen.poly([(x - s * 0.04, y), (x - s * 0.04, y - s), (x + s * 0.04, y - s), (x + s * 0.04, y)])
    for k in range(4):
        top, half = y - s * (1.05 - k * 0.2), s * (0.12 + 0.055 * k)
        pen.poly([(x, top), (x + half, top + s * 0.32), (x, top + s * 0.27),
            (x - half, top + s * 0.32)])


def kelp(pen: c.Pen, x: float, y: float, s: float, rng: np.random.Generator) -> None:
    """Cut a waving weed with leaves."""
    phase = rng.random() * 6
    stem = [(x + np.sin(k * 0.75 + phase) * s * 0.07, y - s * k / 10) for k in range(11)]
    pen.taper(c.smooth(stem, n=4), s * 0.05, s * 0.012)
    for k in range(2, 10):
        (px, py), side = stem[k], 1 if k % 2 else -1
        leaf = [(px, py), (px + side * s * 0.09, py - s * 0.08),
            (px + side * s * 0.17, py - s * 0.07), (px + side * s * 0.10, py - s * 0.015)]
        pen.poly(c.smooth(leaf, closed=True, n=6))


def tower(pen: c.Pen, x: float, y: float, s: float, rng: np.random.Generator) -> None:
    """Cut a house with a pitched roof and windows."""
    half, tall = s * rng.uniform(0.13, 0.2), s * rng.uniform(0.6, 1.0)
    pen.poly([(x - half, y), (x - half, y - tall), (x + half, y - tall), (x + half, y)])
    pen.poly([(x - half * 1.25, y - tall), (x, y - tall - half * rng.uniform(1.4, 2.6)),
        (x + half * 1.25, y - tall)])
    for row in range(int(tall / (half * 0.9))):
        for side in (-0.45, 0.45):
            wy = y - tall + half * (0.35 + row * 0.9)
            if rng.random() < 0.7:
                pen.poly([(x + half * (side - 0.2), wy), (x + half * (side + 0.2), wy),
                    (x + half * (side + 0.2), wy + half * 0.5),
                    (x + half * (side - 0.2), wy + half * 0.5)], 0)


def blossom(pen: c.Pen, x: float, y: float, s: float, rng: np.random.Generator) -> None:
    """Cut a round tree with petals falling."""
    pen.taper([(x, y), (x + s * 0.03, y - s * 0.6)], s * 0.09, s * 0.04)
    for _ in range(16):
        a, r = rng.random() * 6.28, s * 0.27 * rng.random() ** 0.5
        pen.dot(x + np.cos(a) * r * 1.25, y - s * 0.75 + np.sin(a) * r, s * rng.uniform(0.08, 0.14))
    for _ in range(7):
        pen.dot(x + rng.normal(0, s * 0.5), y - s * rng.random(), s * 0.022, s * 0.014)


def sheet(w: int, h: int, i: int, what: str, seed: int) -> c.Array:
    """Cut one sheet: the hole, the hill and what grows on it."""
    t = i / (SHEETS - 1)
    rng = np.random.default_rng(seed * 100 + i)
    _, y = c.grid(w, h)
    amp = 0.20 if what == "dunes" else 0.10
    hill = (0.60 + (0.08 if what == "towers" else 0) + 0.30 * t + (c.fbm(w, 64, 3, 1, seed * 7 + i,
        3, 0.4)[32] - 0.5) * amp)
    pen = c.Pen(w, h)
    draw = {"pines": pine, "kelp": kelp, "towers": tower, "blossom": blossom}.get(what)
    if draw and t < 0.95:
        for px in np.linspace(0.0, w / h, 6 + (3 if what == "towers" else 1) * 3 - i):
            px = float(px + rng.normal(0, 0.03))
            if abs(px - w / h / 2) < (0.02 if what == "towers" else 0.05) + 0.11 * t:
                continue
            base = float(hill[int(np.clip(px * h, 0, w - 1))]) + 0.02
            draw(pen, px, base, (0.15 + (0.07 if what == "towers" else 0.19) * t)
                * rng.uniform(0.75, 1.2), rng)
    ground = c.step(-0.0008, 0.0008, y - hill[None, :])
    return np.maximum(np.maximum(opening(w, h, t, seed * 13 + i), ground), pen.mask())


def guest(w: int, h: int, what: str) -> c.Array:
    """Cut the small thing the eye is led to."""
    pen, cx = c.Pen(w, h), w / h / 2
    if what == "kelp":
        pen.poly(c.smooth([(cx - 0.15, 0.44), (cx - 0.05, 0.375), (cx + 0.08, 0.40),
            (cx + 0.15, 0.445), (cx + 0.21, 0.40), (cx + 0.20, 0.46), (cx + 0.22, 0.50),
            (cx + 0.14, 0.47), (cx + 0.03, 0.50), (cx - 0.10, 0.495)], closed=True))
        pen.poly(c.smooth([(cx - 0.03, 0.48), (cx + 0.03, 0.56), (cx + 0.06, 0.48)], closed=True))
        pen.dot(cx - 0.10, 0.44, 0.007, fill=0)
    elif what == "dunes":
        for k, s in ((-0.08, 0.6), (0.02, 1.0), (0.12, 0.45)):
            x, y = cx + k, 0.61
            pen.taper([(x, y), (x, y - 0.19 * s)], 0.042 * s, 0.034 * s)
            for side, low in ((-1, 0.07), (1, 0.10)):
                arm = [(x, y - low * s), (x + side * 0.055 * s, y - low * s),
                    (x + side * 0.058 * s, y - (low + 0.06) * s)]
                pen.taper(c.smooth(arm, n=6), 0.028 * s, 0.022 * s)
    elif what in ("towers", "blossom"):
        for k, s in ((-0.13, 0.7), (0.02, 1.2), (0.14, 0.85)):
            x, y = cx + k, 0.36 - s * 0.05 + abs(k) * 0.5
            pen.dot(x, y, 0.04 * s, 0.046 * s).poly([(x - 0.022 * s, y + 0.035 * s),
                (x + 0.022 * s, y + 0.035 * s), (x + 0.010 * s, y + 0.066 * s),
                (x - 0.010 * s, y + 0.066 * s)])
            pen.poly([(x - 0.012 * s, y + 0.075 * s), (x + 0.012 * s, y + 0.075 * s),
                (x + 0.010 * s, y + 0.094 * s), (x - 0.010 * s, y + 0.094 * s)])
    else:
        deer(pen, cx - 0.01, 0.665)
    return pen.mask()


def deer(pen: c.Pen, x: float, y: float) -> None:
    """Cut a stag on the hill."""
    pen.poly(c.smooth([(x - 0.07, y - 0.115), (x - 0.02, y - 0.12), (x + 0.035, y - 0.125),
        (x + 0.065, y - 0.185), (x + 0.085, y - 0.19), (x + 0.118, y - 0.165),
        (x + 0.088, y - 0.155), (x + 0.07, y - 0.09), (x + 0.03, y - 0.075), (x - 0.03, y - 0.08),
        (x - 0.068, y - 0.07)], closed=True))
    for foot, top in ((-0.066, -0.055), (-0.045, -0.045), (0.04, 0.045), (0.062, 0.055)):
        pen.taper([(x + top, y - 0.09), (x + foot, y - 0.04), (x + foot, y + 0.01)], 0.018, 0.007)
    for s in (-1, 1):
        beam = c.smooth([(x + 0.08, y - 0.185), (x + 0.08 + s * 0.035, y - 0.225),
            (x + 0.08 + s * 0.028, y - 0.28)])
        pen.taper(beam, 0.008, 0.004)
        for k in (10, 16, 20):
            px, py = beam[k]
            pen.taper([(px, py), (px + s * 0.012, py - 0.03)], 0.006, 0.002)


def lay(out: c.Array, mask: c.Array, colour: c.Array, t: float) -> c.Array:
    """Lay one sheet over the scene with its shadow and its lit edge."""
    h, w = mask.shape
    for r, drop, dark in ((0.022, 0.018, 0.42), (0.006, 0.005, 0.30)):
        shade = c.blur(c.shift(mask, drop * 0.6, drop), r * h)
        out = out * (1 - dark * (shade * (1 - mask))[..., None])
    fibre = c.fbm(w, h, 40, 40, int(t * 90) + 2, 5, 0.8) - 0.5
    paper = colour * (1 + 0.13 * fibre[..., None])
    edge = np.clip(mask - c.shift(mask, 0.0016, 0.0022), 0, 1)
    return c.over(c.over(out, paper, mask), c.mix(colour, c.rgb("#ffffff"), 0.45), edge * 0.8)


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    seed, stops, what, light = SCENES[scene]
    w, h = c.size(640, 640) if scene == "cover" else c.size(768, 768)
    x, y = c.grid(w, h)
    cx = w / h / 2
    d = np.hypot(x - cx, y - 0.38)
    out = c.over(np.broadcast_to(c.ramp(np.array([0.0]), stops)[0], (h, w, 3)), c.rgb(light),
        np.exp(-d * 4) * 0.7)
    disc = c.Pen(w, h).dot(cx + 0.03, 0.36, 0.125).mask()
    out = lay(out, disc, c.rgb(light), 0.0)
    for i in range(SHEETS):
        t = i / (SHEETS - 1)
        colour = c.ramp(np.array([0.14 + 0.86 * t]), stops)[0]
        out = lay(out, sheet(w, h, i, what, seed), colour, t)
        if i == 1:
            tint = c.rgb("#ffcf70" if what in ("towers", "blossom") else "#2a1c2e")
            tint = c.ramp(np.array([0.8]), stops)[0] if what in ("kelp", "pines") else tint
            out = lay(out, guest(w, h, what), tint, 0.5)
        glow = np.exp(-(d**1.5) * (5 + 5 * t))[..., None] * c.rgb(light) * 0.10 * (1 - t)
        out = c.screen(out, glow)
    return c.finish(out, 0.012, 0.22, seed)
