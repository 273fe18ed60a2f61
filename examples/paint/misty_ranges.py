"""Misty mountain ranges at several hours of the day."""

# fmt: off
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from . import canvas as c


@dataclass(frozen=True)
class Hour:
    """The light of one hour."""

    seed: int
    sky: c.Stops
    haze: str
    mid: str
    near: str
    sun: tuple[float, float, float, str]
    wide: bool = True
    stars: bool = False
    lake: float = 0.0
    lanterns: int = 0
    birds: int = 0


SCENES = {"01-first-light": Hour(11, ((0, "#35507e"), (0.35, "#8c8fb0"), (0.6, "#f0b49a"),
    (0.8, "#ffe2b8")), "#fbd3b4", "#7d7fa8", "#14233d", (1.08, 0.36, 0.045, "#fff1cf"), birds=9),
    "02-lantern-lake": Hour(27, ((0, "#141d3f"), (0.4, "#3b3f75"), (0.65, "#a4638b"),
    (0.85, "#f2a27c")), "#e39a8e", "#5d4380", "#0d1030", (0.62, 0.34, 0.05, "#ffdca8"), lake=0.74,
    lanterns=34), "03-green-noon": Hour(35, ((0, "#4f9bb5"), (0.4, "#a5d0cd"), (0.75, "#eaf2dc")),
    "#e0efda", "#62a79f", "#0b3437", (1.25, 0.2, 0.0, "#ffffff"), birds=14),
    "04-aurora": Hour(44, ((0, "#050b1e"), (0.5, "#0e2a44"), (0.8, "#2a5b6c")), "#2a6f7c",
    "#10394f", "#030812", (0.36, 0.2, 0.0, "#c8ffe8"), stars=True, lake=0.78, lanterns=3),
    "05-red-dusk": Hour(52, ((0, "#2b1636"), (0.35, "#8a2c4a"), (0.6, "#ec6a45"), (0.8, "#ffc56b")),
    "#ffb063", "#b23c4b", "#1b0a22", (0.9, 0.4, 0.17, "#ffe7a8"), birds=7),
    "cover": Hour(61, ((0, "#23335f"), (0.35, "#6d6c9c"), (0.62, "#e89f8c"), (0.85, "#ffd9a0")),
    "#ffc9a0", "#7a6396", "#10183a", (0.56, 0.34, 0.12, "#fff0cc"), wide=False, lanterns=7)}


def ridge(w: int, h: int, seed: int, cells: int, amp: float, jag: float) -> c.Array:
    """Make one skyline: a height above its base for every column."""
    soft = c.fbm(w, 2, cells, 1, seed, 1)[0] + c.fbm(w, 256, cells, 1, seed + 1, 8, jag)[128]
    sharp = 1 - np.abs(2 * c.fbm(w, 256, cells * 2, 1, seed + 2, 8, jag)[60] - 1)
    line = 0.5 * soft + 0.8 * sharp
    line = (line - line.min()) / (line.max() - line.min())
    return np.asarray(amp * line, np.float32)


def conifers(pen: c.Pen, line: c.Array, rng: np.random.Generator, n: int, tall: float) -> None:
    """Plant ragged firs along a skyline."""
    for x in np.sort(rng.random(n)) * pen.w / pen.h:
        y0 = float(line[min(int(x * pen.h), pen.w - 1)]) + tall * 0.1
        t = tall * rng.uniform(0.45, 1.0)
        side = t * rng.uniform(0.15, 0.21)
        tiers = 8
        left: list[c.Point] = []
        right: list[c.Point] = []
        for k in range(tiers):
            a, b = k / tiers, (k + 1) / tiers
            for pts, sign in ((left, -1), (right, 1)):
                reach = side * b * rng.uniform(0.8, 1.15)
                pts += [(x + sign * side * a * 0.55, y0 - t * (1 - a)),
                    (x + sign * reach, y0 - t * (1 - b) + t * 0.02)]
        pen.poly([(x, y0 - t), *left, *reversed(right)])


def backdrop(hour: Hour, w: int, h: int) -> c.Array:
    """Paint the sky, its sun or moon and its clouds."""
    x, y = c.grid(w, h)
    out = c.ramp(y, hour.sky)
    sx, sy, radius, tint = hour.sun
    d = np.hypot(x - sx, y - sy)
    clouds = c.step(0.5, 0.8, c.fbm(w, h, 2, 9, hour.seed, 6)) * c.step(0.75, 0.2, y)
    lit = c.mix(c.rgb(hour.haze), c.rgb(tint), 0.5)
    if hour.stars:
        out = aurora(out, x, y, hour.seed)
    else:
        out = c.over(out, lit, clouds * (0.25 + 0.5 * np.exp(-d * 2.2)))
        out = c.screen(out, np.exp(-(d**1.2) * 4.2)[..., None] * c.rgb(tint) * 0.75)
    if radius:
        out = c.over(out, c.rgb(tint), c.step(radius + 0.002, radius - 0.002, d) * 0.96)
    return out


def aurora(sky: c.Array, x: c.Array, y: c.Array, seed: int) -> c.Array:
    """Hang stars and curtains of northern light."""
    h, w = x.shape
    rng = np.random.default_rng(seed)
    pen = c.Pen(w, h)
    for _ in range(420):
        r = 0.0006 + 0.0016 * rng.random() ** 5
        pen.dot(rng.random() * w / h, rng.random() * 0.6, r, fill=int(rng.integers(60, 255)))
    sky = c.bloom(sky, pen.mask()[..., None] * c.rgb("#dff2ff"), (0.003,), 0.8)
    for k, (tint, top) in enumerate((("#37e8a0", 0.40), ("#4fc3ff", 0.30), ("#b06cff", 0.22))):
        wave = (c.fbm(w, 64, 3, 1, seed + k, 5)[32] - 0.5) * 0.55
        drop = top + wave[None, :] - y
        rays = 0.35 + 0.9 * c.fbm(w, 64, 24, 1, seed + 9 + k, 4)[20][None, :] ** 2
        veil = np.where(drop > 0, np.exp(-drop * 7), np.exp(drop * 40)) * rays
        sky = c.screen(sky, veil[..., None] * c.rgb(tint) * 0.75)
    return sky


def ranges(out: c.Array, hour: Hour) -> c.Array:
    """Stack the ridges from the far haze to the dark firs."""
    h, w = out.shape[:2]
    _, y = c.grid(w, h)
    rng = np.random.default_rng(hour.seed)
    haze, layers = c.rgb(hour.haze), 7
    tones = ((0, hour.haze), (0.5, hour.mid), (1, hour.near))
    mist = c.fbm(w, h, 3, 6, hour.seed + 5, 5)
    for i in range(layers):
        t = i / (layers - 1)
        amp = 0.22 * (1 - t) + 0.16
        line = 0.66 + 0.36 * t - ridge(w, h, hour.seed * 17 + i * 5, 2 + i // 2, amp, 0.52)
        pen = c.Pen(w, h)
        if t > 0.45:
            conifers(pen, line, rng, int(230 - 150 * t), 0.03 + 0.17 * (t - 0.45) ** 1.4)
        body = np.maximum(c.step(-0.001, 0.001, y - line[None, :]), pen.mask())
        below = c.step(0.0, 0.30 - 0.1 * t, y - line[None, :] + (mist - 0.5) * 0.16)
        colour = c.ramp(np.array([0.1 + 0.9 * t]), tones)[0]
        fog = below[..., None] * (1 - t) ** 0.6 * 0.85 if i < layers - 1 else 0
        shade = 1 - 0.16 * c.step(0.45, 0.7, c.fbm(w, h, 9, 7, hour.seed + 60 + i, 6))[..., None]
        thin = 0.72 + 0.28 * c.step(0, 0.35, t)
        out = c.over(out, colour * shade * (1 - fog) + haze * fog, body * thin)
        if i == 2 and not hour.stars:
            out = sunlight(out, hour)
    return out


def sunlight(out: c.Array, hour: Hour) -> c.Array:
    """Let the sun spill over the far ridges."""
    x, y = c.grid(out.shape[1], out.shape[0])
    d = np.hypot(x - hour.sun[0], (y - hour.sun[1]) * 1.3)
    return c.screen(out, np.exp(-d * 5)[..., None] * c.rgb(hour.sun[3]) * 0.5)


def mirror(out: c.Array, hour: Hour) -> c.Array:
    """Turn the foreground into still water."""
    h, w = out.shape[:2]
    cut = int(hour.lake * h)
    depth = np.arange(h - cut)
    ripple = c.fbm(w, h - cut, 5, 26, hour.seed + 3, 4) - 0.5
    rows = np.clip(cut - 1 - (depth * 1.5)[:, None] + ripple * depth[:, None] * 0.35, 0, cut - 1)
    water = out[rows.astype(int), np.arange(w)[None, :]] * 0.82
    shore = (depth[:, None] < h * 0.004 * (1 + 2 * ripple))[..., None]
    out[cut:] = np.where(shore, c.rgb(hour.near),
        water * np.float32(0.96) + c.rgb(hour.haze) * 0.03)
    return out


def lights(out: c.Array, hour: Hour) -> c.Array:
    """Let paper lanterns rise over the valley."""
    h, w = out.shape[:2]
    rng = np.random.default_rng(hour.seed + 8)
    pen, core = c.Pen(w, h), c.Pen(w, h)
    for _ in range(hour.lanterns):
        s = 0.004 + 0.013 * rng.random() ** 2.2
        x, y = rng.uniform(0.04, 0.96) * w / h, rng.uniform(0.12, 0.72)
        if hour.stars:
            x, y = rng.uniform(0.6, 0.7) * w / h, rng.uniform(0.755, 0.77)
        pen.poly([(x - s * 0.75, y + s), (x - s, y - s), (x + s, y - s), (x + s * 0.75, y + s)])
        core.dot(x, y + s * 0.5, s * 0.55)
    out = c.over(out, c.rgb("#f08a2e"), pen.mask())
    out = c.bloom(out, pen.mask()[..., None] * c.rgb("#ff9a3c"), (0.008, 0.03, 0.08), 0.9)
    return c.bloom(out, core.mask()[..., None] * c.rgb("#fff0b8"), (0.004,))


def flock(out: c.Array, hour: Hour) -> c.Array:
    """Draw a few birds far away."""
    h, w = out.shape[:2]
    rng = np.random.default_rng(hour.seed + 2)
    pen, cx = c.Pen(w, h), rng.uniform(0.35, 0.6)
    for _ in range(hour.birds):
        x, y, s = cx + rng.normal(0, 0.09), 0.24 + rng.normal(0, 0.04), rng.uniform(0.006, 0.013)
        lift = rng.uniform(0.2, 0.7) * s
        for side in (-1, 1):
            wing = [(x, y), (x + side * s * 0.5, y - lift), (x + side * s, y - lift * 0.5)]
            pen.taper(c.smooth(wing, n=5), 0.0028, 0.0008)
    return c.over(out, c.rgb(hour.near), pen.mask() * 0.8)


def landscape(hour: Hour) -> c.Array:
    """Paint a whole valley."""
    w, h = c.size(1024, 640) if hour.wide else c.size(640, 640)
    out = flock(ranges(backdrop(hour, w, h), hour), hour)
    if hour.lake and not hour.stars:
        return mirror(lights(out, hour), hour)
    out = mirror(out, hour) if hour.lake else out
    return lights(out, hour)


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    return c.finish(landscape(SCENES[scene]), 0.016, 0.25, SCENES[scene].seed)
