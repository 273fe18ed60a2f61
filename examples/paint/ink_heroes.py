"""Hand-inked comic heroes: bold shapes, engraved shading, halftone and one spot colour."""

# fmt: off
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from . import canvas as c

INK, PAPER = "#14121a", "#f4ead6"
Limb = tuple[Sequence[c.Point], float, float]
# Scene: spot colour, second colour, centre and radius of the sun.
SCENES: dict[str, tuple[str, str, float, float, float]] = {"01-vigil": ("#e0452f", "#f2b134", 0.36,
    0.37, 0.25), "02-skyfall": ("#1f8a8c", "#f2b134", 0.33, 0.45, 0.27),
    "03-lantern-witch": ("#6a4fb3", "#ffb347", 0.38, 0.33, 0.23),
    "04-archer": ("#3f7d3a", "#f0c04a", 0.30, 0.42, 0.25), "05-duel": ("#d8402a", "#f4ead6", 0.8,
    0.40, 0.28), "cover": ("#e0452f", "#f2b134", 0.5, 0.5, 0.40)}
STAND: list[Limb] = [([(0.335, 0.50), (0.318, 0.66)], 0.080, 0.050),
    ([(0.318, 0.66), (0.300, 0.85)], 0.056, 0.030), ([(0.385, 0.50), (0.402, 0.66)], 0.080, 0.050),
    ([(0.402, 0.66), (0.425, 0.85)], 0.056, 0.030), ([(0.300, 0.86), (0.270, 0.872)], 0.032, 0.022),
    ([(0.425, 0.86), (0.460, 0.872)], 0.032, 0.022), ([(0.272, 0.315), (0.245, 0.42)], 0.062,
    0.042), ([(0.245, 0.42), (0.300, 0.485)], 0.046, 0.030),
    ([(0.448, 0.315), (0.477, 0.42)], 0.062, 0.042), ([(0.477, 0.42), (0.420, 0.485)], 0.046,
    0.030)]
LEAP: list[Limb] = [([(0.345, 0.52), (0.455, 0.585)], 0.080, 0.050),
    ([(0.455, 0.585), (0.435, 0.72)], 0.054, 0.026), ([(0.435, 0.725), (0.462, 0.755)], 0.026,
    0.016), ([(0.315, 0.53), (0.225, 0.63)], 0.080, 0.048), ([(0.225, 0.63), (0.105, 0.70)], 0.052,
    0.024), ([(0.105, 0.70), (0.075, 0.725)], 0.024, 0.014),
    ([(0.290, 0.345), (0.205, 0.415)], 0.058, 0.040), ([(0.205, 0.415), (0.145, 0.36)], 0.042,
    0.026), ([(0.425, 0.335), (0.505, 0.275)], 0.058, 0.040),
    ([(0.505, 0.275), (0.535, 0.175)], 0.042, 0.028)]
KNEEL: list[Limb] = [([(0.300, 0.62), (0.400, 0.655)], 0.084, 0.054),
    ([(0.400, 0.655), (0.395, 0.84)], 0.056, 0.030), ([(0.395, 0.85), (0.435, 0.865)], 0.032,
    0.020), ([(0.270, 0.63), (0.245, 0.80)], 0.084, 0.054), ([(0.245, 0.815), (0.105, 0.845)],
    0.054, 0.028), ([(0.355, 0.42), (0.470, 0.405)], 0.056, 0.040),
    ([(0.470, 0.405), (0.575, 0.392)], 0.042, 0.028), ([(0.255, 0.42), (0.155, 0.385)], 0.058,
    0.042), ([(0.155, 0.385), (0.325, 0.380)], 0.042, 0.028)]


def hatch(x: c.Array, y: c.Array, angle: float, pitch: float, seed: int) -> c.Array:
    """Make hand-drawn parallel lines as a 0..1 tent."""
    h, w = x.shape
    wobble = (c.fbm(w, h, 3, 3, seed, 3) - 0.5) * 0.02
    s = (x * np.cos(angle) + y * np.sin(angle) + wobble) / pitch
    return np.asarray(np.abs((s % 1) * 2 - 1), np.float32)


def ink(
    out: c.Array,
    mask: c.Array,
    fill: str,
    light: c.Point = (-0.6, -0.7),
    deep: float = 0.0,
    round_: float = 0.016,
) -> None:
    """Ink a shape in place: contour, flat colour, engraved shadow."""
    h = out.shape[0]
    ys, xs = np.nonzero(mask > 0.02)
    if not len(ys):
        return
    pad = int(h * 0.03)
    y0, y1, x0, x1 = max(ys.min() - pad, 0), ys.max() + pad, max(xs.min() - pad, 0), xs.max() + pad
    view, m = out[y0:y1, x0:x1], mask[y0:y1, x0:x1]
    x, y = c.grid(m.shape[1], m.shape[0])
    x, y = x * m.shape[0] / h + x0 / h, y * m.shape[0] / h + y0 / h
    body = c.blur(m, round_ * h) * m
    gy, gx = np.gradient(c.blur(body, 0.004 * h))
    lit = 0.5 - (gx * light[0] + gy * light[1]) * h * -0.035 - deep
    lines = hatch(x, y, 0.9, 0.0105, 5)
    lit = np.full_like(lit, 0.7) if deep <= -1 else lit
    dark = (lines < np.clip((0.56 - lit) / 0.34, 0, 1)).astype(np.float32) * (lit < 0.54)
    view[:] = c.over(view, c.rgb(INK), c.step(0.06, 0.2, c.blur(m, 0.0028 * h)))
    flat = c.over(np.broadcast_to(c.rgb(fill), (*m.shape, 3)), c.rgb(PAPER), (lit > 0.80) * 0.85)
    view[:] = c.over(view, c.over(flat, c.rgb(INK), dark), c.step(0.4, 0.9, c.blur(m, 0.0016 * h)))


def shape(out: c.Array, points: Sequence[c.Point]) -> c.Array:
    """Cut a mask from a smooth closed outline."""
    return c.Pen(out.shape[1], out.shape[0]).poly(c.smooth(points, closed=True)).mask()


def stroke(out: c.Array, points: Sequence[c.Point], w0: float, w1: float) -> c.Array:
    """Cut a mask from a tapered stroke."""
    pen = c.Pen(out.shape[1], out.shape[0])
    return pen.taper(c.smooth(points, n=8) if len(points) > 2 else points, w0, w1).mask()


def page(w: int, h: int, scene: str) -> c.Array:
    """Print the paper, the halftone sky and the sun."""
    spot, second, sx, sy, r = SCENES[scene]
    x, y = c.grid(w, h)
    out = np.broadcast_to(c.rgb(PAPER), (h, w, 3)) * (0.95 + 0.07 * c.fbm(w, h, 8, 8, 3)[..., None])
    d = np.hypot(x - sx, y - sy)
    u, v = (x + y) / 0.016, (x - y) / 0.016
    dots = np.hypot(u % 1 - 0.5, v % 1 - 0.5)
    tone = (np.clip(1.15 - (d - r) * 1.9, 0, 1) if scene != "05-duel" else np.clip(y * 1.3 - 0.2, 0,
        1))
    out = c.over(out, c.rgb(spot), ((dots < 0.62 * (1 - tone) ** 0.7) & (d > r)).astype(np.float32))
    rng = np.random.default_rng(len(scene))
    pen = c.Pen(w, h)
    for t in np.arange(0, 6.28, 0.055) + rng.normal(0, 0.02, 115):
        near, half = r * rng.uniform(1.5, 2.6), rng.uniform(0.003, 0.016)
        tip = (sx + near * np.cos(t), sy + near * np.sin(t))
        ends = [(sx + 2 * np.cos(t + k), sy + 2 * np.sin(t + k)) for k in (-half, half)]
        pen.poly([tip, *ends])
    out = c.over(out, c.rgb(INK), pen.mask())
    disc = c.step(r + 0.001, r - 0.001, d + (c.fbm(w, h, 9, 9, 8) - 0.5) * 0.006)
    out = c.over(out, c.rgb(spot if second == PAPER else second), disc)
    low = dots < 0.8 * np.clip((y - sy) / r * 0.55, 0, 1)
    return c.over(out, c.rgb(spot), low * disc * (0.0 if second == PAPER else 0.9))


def ground(out: c.Array, seed: int, level: float) -> None:
    """Sweep a rocky ledge of black ink under the feet."""
    h, w = out.shape[:2]
    x, y = c.grid(w, h)
    edge = level + (c.fbm(w, 64, 7, 1, seed, 6, 0.6)[32] - 0.5) * 0.07
    depth = y - edge[None, :]
    fade = 0.075 * c.step(0.3, 0.75, c.fbm(w, 64, 22, 1, seed + 1, 3)[32])[None, :]
    out[:] = c.over(out, c.rgb(INK), c.step(-0.001, 0.001, depth))
    left = (fade - depth) / 0.075
    strokes = (hatch(x, y, 0.35, 0.011, seed) > 1 - 0.55 * np.clip(left, 0, 1)) & (depth > 0.007)
    out[:] = c.over(out, c.rgb(PAPER), strokes.astype(np.float32) * 0.92)


def cape(
    out: c.Array, outline: Sequence[c.Point], fill: str, folds: Sequence[Sequence[c.Point]]
) -> None:
    """Ink a cape and its folds."""
    ink(out, shape(out, outline), fill, round_=0.03, deep=0.06)
    for fold in folds:
        out[:] = c.over(out, c.rgb(INK), stroke(out, fold, 0.014, 0.001))


def hero(
    out: c.Array,
    limbs: Sequence[Limb],
    torso: Sequence[c.Point],
    head: c.Point,
    fill: str,
    trim: str,
) -> None:
    """Ink legs, torso, arms and head in that order."""
    legs = [k for k in limbs if max(p[1] for p in k[0]) > 0.56 or k[1] > 0.075]
    for points, w0, w1 in legs:
        ink(out, stroke(out, points, w0, w1), trim if w0 < 0.058 else fill)
    ink(out, shape(out, torso), fill, round_=0.03)
    for limb in [k for k in limbs if k not in legs]:
        ink(out, stroke(out, limb[0], limb[1], limb[2]), trim if limb[1] < 0.05 else fill)
    x, y = head
    mask = c.Pen(out.shape[1], out.shape[0]).dot(x, y, 0.033, 0.043).dot(x, y + 0.022, 0.021, 0.03)
    ink(out, mask.mask(), trim)


def vigil(out: c.Array, spot: str, second: str) -> None:
    """A caped guardian stands over the city."""
    cape(out, [(0.28, 0.28), (0.44, 0.28), (0.49, 0.45), (0.60, 0.60), (0.69, 0.78), (0.55, 0.75),
        (0.46, 0.83), (0.36, 0.78), (0.22, 0.84), (0.20, 0.62), (0.24, 0.42)], spot,
        [[(0.47, 0.40), (0.53, 0.56), (0.63, 0.75)], [(0.44, 0.45), (0.50, 0.62), (0.55, 0.74)],
        [(0.25, 0.48), (0.23, 0.64), (0.235, 0.80)], [(0.36, 0.56), (0.36, 0.68), (0.37, 0.77)]])
    hero(out, STAND, [(0.262, 0.285), (0.36, 0.255), (0.458, 0.285), (0.448, 0.36), (0.405, 0.44),
        (0.414, 0.50), (0.36, 0.55), (0.306, 0.50), (0.315, 0.44), (0.272, 0.36)], (0.36, 0.205),
        "#4a5a78", INK)
    w, h = out.shape[1], out.shape[0]
    ink(out, c.Pen(w, h).poly([(0.36, 0.31), (0.385, 0.35), (0.36, 0.39), (0.335, 0.35)]).mask(),
        second)
    eyes = c.Pen(w, h).poly([(0.340, 0.202), (0.357, 0.209), (0.342, 0.212)])
    eyes.poly([(0.380, 0.202), (0.363, 0.209), (0.378, 0.212)])
    out[:] = c.over(out, c.rgb("#fff3c4"), eyes.mask())


def skyfall(out: c.Array, spot: str, second: str) -> None:
    """A swordswoman leaps down through the sun."""
    cape(out, [(0.33, 0.30), (0.24, 0.33), (0.15, 0.28), (0.05, 0.32), (0.07, 0.21), (0.17, 0.19),
        (0.28, 0.25)], spot, [[(0.29, 0.29), (0.18, 0.24), (0.09, 0.26)]])
    sword = c.Pen(out.shape[1], out.shape[0])
    sword.poly([(0.545, 0.16), (0.525, 0.145), (0.30, 0.035), (0.515, 0.165)])
    hero(out, LEAP, [(0.28, 0.32), (0.36, 0.29), (0.44, 0.32), (0.41, 0.41), (0.385, 0.50),
        (0.34, 0.56), (0.285, 0.53), (0.30, 0.44)], (0.385, 0.235), "#2f4f63", spot)
    ink(out, sword.mask(), PAPER, deep=-1)
    ink(out, stroke(out, [(0.505, 0.185), (0.57, 0.125)], 0.018, 0.018), second, deep=-1)
    ink(out, shape(out, [(0.35, 0.20), (0.39, 0.17), (0.43, 0.20), (0.42, 0.235), (0.36, 0.235),
        (0.29, 0.20), (0.22, 0.15), (0.20, 0.10), (0.27, 0.155)]), INK)


def witch(out: c.Array, spot: str, second: str) -> None:
    """A lantern witch walks the ridge."""
    ink(out, stroke(out, [(0.545, 0.20), (0.535, 0.52), (0.55, 0.87)], 0.018, 0.014), "#a5794a",
        deep=-1)
    cape(out, [(0.30, 0.30), (0.42, 0.29), (0.46, 0.46), (0.48, 0.66), (0.54, 0.865), (0.40, 0.85),
        (0.27, 0.87), (0.12, 0.83), (0.02, 0.85), (0.14, 0.66), (0.22, 0.46)], spot,
        [[(0.42, 0.40), (0.43, 0.60), (0.46, 0.83)], [(0.34, 0.50), (0.32, 0.66), (0.33, 0.84)],
        [(0.26, 0.48), (0.20, 0.66), (0.12, 0.81)], [(0.30, 0.45), (0.26, 0.62), (0.23, 0.82)]])
    ink(out, stroke(out, [(0.41, 0.34), (0.48, 0.44), (0.54, 0.40)], 0.066, 0.034), spot)
    ink(out, shape(out, [(0.32, 0.30), (0.30, 0.25), (0.36, 0.20), (0.43, 0.24), (0.43, 0.30),
        (0.37, 0.33)]), INK)
    ink(out, shape(out, [(0.20, 0.255), (0.31, 0.205), (0.31, 0.13), (0.26, 0.045), (0.36, 0.08),
        (0.42, 0.19), (0.54, 0.235), (0.40, 0.255), (0.30, 0.265)]), "#3a3358")
    ink(out, stroke(out, [(0.308, 0.205), (0.36, 0.215), (0.42, 0.195)], 0.022, 0.022), second)
    lamp = c.Pen(out.shape[1], out.shape[0])
    lamp.poly([(0.51, 0.20), (0.58, 0.20), (0.567, 0.27), (0.523, 0.27)])
    ink(out, lamp.mask(), second, deep=-0.2)
    ink(out, lamp.dot(0, 0, 0) .__class__(lamp.w, lamp.h) .poly([(0.50, 0.20), (0.545, 0.15),
        (0.59, 0.20)]) .mask(), INK)
    glow = c.blur(lamp.mask(), 0.05 * out.shape[0])[..., None] * c.rgb("#ffb347") * 1.2
    out[:] = c.screen(out, glow)


def archer(out: c.Array, spot: str, second: str) -> None:
    """A ranger kneels and draws her bow."""
    cape(out, [(0.27, 0.36), (0.36, 0.37), (0.33, 0.52), (0.29, 0.68), (0.20, 0.84), (0.06, 0.86),
        (0.11, 0.70), (0.17, 0.52)], spot, [[(0.28, 0.46), (0.24, 0.62), (0.16, 0.82)],
        [(0.24, 0.46), (0.17, 0.64), (0.10, 0.82)]])
    hero(out, KNEEL, [(0.25, 0.395), (0.31, 0.37), (0.37, 0.39), (0.36, 0.48), (0.335, 0.56),
        (0.335, 0.65), (0.28, 0.68), (0.245, 0.64), (0.26, 0.52)], (0.325, 0.315), "#b9a57c",
        "#5a4a3a")
    ink(out, shape(out, [(0.27, 0.39), (0.265, 0.31), (0.31, 0.255), (0.365, 0.285), (0.345, 0.315),
        (0.325, 0.35), (0.35, 0.39)]), spot)
    bow = c.smooth([(0.47, 0.10), (0.535, 0.19), (0.585, 0.39), (0.535, 0.60), (0.47, 0.69)], n=14)
    ink(out, stroke(out, bow, 0.017, 0.017), "#a9692f", deep=-1)
    string = [(0.47, 0.10), (0.33, 0.385), (0.47, 0.69)]
    out[:] = c.over(out, c.rgb(INK), c.Pen(out.shape[1], out.shape[0]).line(string, 0.003).mask())
    ink(out, stroke(out, [(0.32, 0.385), (0.63, 0.385)], 0.008, 0.008), PAPER, deep=-1)
    tip = c.Pen(out.shape[1], out.shape[0]).poly([(0.62, 0.365), (0.69, 0.385), (0.62, 0.405)])
    ink(out, tip.mask(), second)


def duel(out: c.Array, spot: str, second: str) -> None:
    """Two swordsmen wait for the first move."""
    for side in (-1, 1):

        def at(x: float, y: float, k: int = side) -> c.Point:
            return 0.8 + k * x, y

        robe = [(0.27, 0.40), (0.36, 0.38), (0.43, 0.42), (0.45, 0.58), (0.52, 0.84), (0.42, 0.83),
            (0.33, 0.86), (0.22, 0.85), (0.27, 0.66), (0.28, 0.52)]
        cape(out, [at(*p) for p in robe], INK if side > 0 else spot,
            [[at(0.36, 0.52), at(0.36, 0.68), at(0.34, 0.84)],
            [at(0.40, 0.5), at(0.43, 0.66), at(0.47, 0.82)]])
        sash = [at(0.52, 0.40), at(0.60, 0.46), at(0.70, 0.44)]
        ink(out, stroke(out, [at(0.42, 0.43), *sash], 0.03, 0.012), PAPER)
        ink(out, stroke(out, [at(0.41, 0.44), at(0.33, 0.52), at(0.22, 0.53)], 0.064, 0.036),
            "#51506a")
        ink(out, stroke(out, [at(0.25, 0.55), at(0.12, 0.40), at(-0.03, 0.17)], 0.013, 0.005),
            PAPER, deep=-1)
        head = c.Pen(out.shape[1], out.shape[0]).dot(*at(0.335, 0.335), 0.032, 0.042)
        ink(out, head.mask(), "#c9a58a")
        ink(out, shape(out, [at(0.18, 0.33), at(0.27, 0.285), at(0.34, 0.235), at(0.41, 0.285),
            at(0.50, 0.33), at(0.34, 0.322)]), "#d9b978" if side < 0 else "#5d5a72")


def portrait(out: c.Array, spot: str, second: str) -> None:
    """A hooded hero looks back from the shadow."""
    ink(out, shape(out, [(0.02, 1.1), (0.08, 0.80), (0.26, 0.69), (0.5, 0.66), (0.74, 0.69),
        (0.92, 0.80), (0.98, 1.1), (0.5, 1.2)]), spot, round_=0.06)
    ink(out, shape(out, [(0.5, 0.10), (0.68, 0.20), (0.76, 0.42), (0.77, 0.66), (0.66, 0.80),
        (0.5, 0.87), (0.34, 0.80), (0.23, 0.66), (0.24, 0.42), (0.32, 0.20)]), spot, round_=0.07)
    face = shape(out, [(0.5, 0.23), (0.62, 0.31), (0.66, 0.48), (0.62, 0.66), (0.5, 0.79),
        (0.38, 0.66), (0.34, 0.48), (0.38, 0.31)])
    ink(out, face, "#211d2b", round_=0.05, deep=-0.1)
    mask = shape(out, [(0.5, 0.56), (0.61, 0.53), (0.60, 0.66), (0.5, 0.77), (0.40, 0.66),
        (0.39, 0.53)])
    ink(out, mask, "#8d8f9e", round_=0.04)
    eyes = c.Pen(out.shape[1], out.shape[0])
    for s in (-1, 1):
        eyes.poly([(0.5 + s * 0.035, 0.485), (0.5 + s * 0.125, 0.435), (0.5 + s * 0.115, 0.475),
            (0.5 + s * 0.07, 0.495)])
    out[:] = c.over(out, c.rgb("#ffe9a0"), eyes.mask())
    out[:] = c.screen(out, c.blur(eyes.mask(), 0.02 * out.shape[0])[...,
        None] * c.rgb(second) * 0.9)
    fold = [(0.30, 0.74), (0.22, 0.86), (0.20, 1.0)]
    for s in (1, -1):
        side = [(0.5 + s * (x - 0.5), y) for x, y in fold]
        out[:] = c.over(out, c.rgb(INK), stroke(out, side, 0.022, 0.002))


def border(out: c.Array) -> c.Array:
    """Trim the page to a hand-cut panel."""
    h, w = out.shape[:2]
    x, y = c.grid(w, h)
    edge = (np.minimum(np.minimum(x, w / h - x), np.minimum(y, 1 - y)) + (c.fbm(w, h, 6, 6,
        4) - 0.5) * 0.006)
    out = c.over(out, c.rgb(INK), c.step(0.0285, 0.027, edge))
    return c.over(out, c.rgb(PAPER), c.step(0.021, 0.0195, edge))


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    spot, second = SCENES[scene][:2]
    wide = {"05-duel": (1024, 640), "cover": (640, 640)}.get(scene, (640, 896))
    w, h = c.size(*wide)
    out = np.array(page(w, h, scene), np.float32)
    draw = {"01-vigil": vigil, "02-skyfall": skyfall, "03-lantern-witch": witch,
        "04-archer": archer, "05-duel": duel, "cover": portrait}[scene]
    if scene != "cover":
        ground(out, len(scene) + 3, 0.86)
    draw(out, spot, second)
    return c.finish(border(out), 0.010, 0.12)
