"""Alien night gardens lit only by their own plants."""

# fmt: off
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from . import canvas as c

Rng = np.random.Generator
# Scene: seed, deep colour, haze colour, two lights, species from the back to the front, size.
Garden = tuple[int, str, str, tuple[str, str], tuple[str, ...], tuple[int, int]]
SCENES: dict[str, Garden] = {"01-lantern-bulbs": (4, "#04121a", "#1d5a5e", ("#ffb347", "#8dffd8"),
    ("fern", "bulb", "bulb"), (640, 896)), "02-moth-ferns": (7, "#050b22", "#1f4f86",
    ("#38b8ff", "#ffb0e4"), ("bulb", "fern", "fern"), (640, 896)),
    "03-mooncaps": (12, "#0d0620", "#5a2f86", ("#b25cff", "#6cf2ff"), ("fern", "shroom", "shroom"),
    (768, 768)), "04-bell-drift": (18, "#070a26", "#2b3f96", ("#ff5fa8", "#8fd0ff"),
    ("fern", "bell", "bell"), (640, 896)), "05-spiral-marsh": (25, "#04140f", "#2a6a48",
    ("#6dff8a", "#ffd75e"), ("shroom", "coil", "coil"), (1024, 640)),
    "cover": (12, "#060a1e", "#1f5f78", ("#36e6d8", "#ffb0e8"), ("fern", "shroom", "bulb"),
    (640, 640))}


@dataclass
class Bed:
    """One depth of the garden: its silhouettes and its two lights."""

    w: int
    h: int
    body: c.Pen = field(init=False)
    glow: tuple[c.Pen, c.Pen] = field(init=False)

    def __post_init__(self) -> None:
        """Start empty."""
        self.body = c.Pen(self.w, self.h)
        self.glow = (c.Pen(self.w, self.h), c.Pen(self.w, self.h))


def orb(bed: Bed, x: float, y: float, r: float) -> None:
    """Hang a glowing berry."""
    bed.body.dot(x, y, r * 1.15, r * 1.3)
    for k, (size, level) in enumerate(((1.0, 110), (0.8, 170), (0.58, 225))):
        bed.glow[0].dot(x, y + r * 0.08 * k, r * size, r * size * 1.15, level)
    bed.glow[1].dot(x, y + r * 0.25, r * 0.42, r * 0.48)


def bulb(bed: Bed, x: float, y: float, s: float, rng: Rng) -> None:
    """Grow a stalk that bows under a row of lantern fruits."""
    side = 1 if rng.random() < 0.5 else -1
    stem = c.smooth([(x, y), (x + side * s * 0.02, y - s * 0.5),
        (x + side * s * 0.16, y - s * 0.92), (x + side * s * 0.38, y - s * 0.95),
        (x + side * s * 0.50, y - s * 0.80)], n=14)
    bed.body.taper(stem, s * 0.035, s * 0.010)
    for k in (8, 16, 23):
        px, py = stem[k]
        way = -side if k % 2 else side
        leaf = [(px, py), (px + way * s * 0.13, py - s * 0.11),
            (px + way * s * 0.25, py - s * 0.06), (px + way * s * 0.12, py - s * 0.02)]
        bed.body.poly(c.smooth(leaf, closed=True, n=6))
        bed.glow[0].taper([(px, py), (px + way * s * 0.12, py - s * 0.062),
            (px + way * s * 0.22, py - s * 0.06)], s * 0.005, s * 0.001, 110)
    for k, r in ((32, 0.035), (41, 0.045), (49, 0.055), (len(stem) - 1, 0.07)):
        px, py = stem[k]
        bed.body.line([(px, py), (px, py + s * 0.06)], s * 0.006)
        orb(bed, px, py + s * (0.06 + r), s * r)


def fern(bed: Bed, x: float, y: float, s: float, rng: Rng) -> None:
    """Grow a frond whose leaflets end in sparks."""
    for lean in np.array([-0.55, 0.6]) + rng.normal(0, 0.12, 2):
        rib = c.smooth([(x, y), (x + lean * s * 0.25, y - s * 0.5),
            (x + lean * s * 0.75, y - s * 0.85), (x + lean * s * 1.25, y - s * 0.88)], n=12)
        bed.body.taper(rib, s * 0.022, s * 0.004)
        bed.glow[0].taper(rib[4:], s * 0.007, s * 0.002, 150)
        for k in range(8, len(rib) - 1, 2):
            (px, py), (qx, qy) = rib[k], rib[k + 1]
            norm = float(np.hypot(qx - px, qy - py)) + 1e-6
            tx, ty = (qx - px) / norm, (qy - py) / norm
            reach = s * (0.17 * float(np.sin(np.pi * (k / len(rib)) ** 0.8)) + 0.02)
            for way in (-1, 1):
                dx, dy = -ty * way * 0.85 + tx * 0.5, tx * way * 0.85 + ty * 0.5
                tip = (px + dx * reach, py + dy * reach + reach * 0.25)
                mid = (px + dx * reach * 0.5, py + dy * reach * 0.5)
                side = (-dy * reach * 0.13, dx * reach * 0.13)
                leaf = [(px, py), (mid[0] + side[0], mid[1] + side[1]), tip,
                    (mid[0] - side[0], mid[1] - side[1])]
                bed.body.poly(c.smooth(leaf, closed=True, n=5))
                bed.glow[0].taper([(px, py), mid, tip], s * 0.003, s * 0.005, 70)
                bed.glow[1].dot(*tip, s * 0.008, fill=200)


def shroom(bed: Bed, x: float, y: float, s: float, rng: Rng) -> None:
    """Grow a mushroom with burning gills."""
    tall, r, lean = (s * rng.uniform(0.5, 0.85), s * rng.uniform(0.24, 0.34),
        rng.uniform(-0.12, 0.12) * s)
    top = (x + lean, y - tall)
    bed.body.taper(c.smooth([(x, y), (x + lean * 0.1, y - tall * 0.5), top]), s * 0.085, s * 0.05)
    cap = [(top[0] + r * float(np.cos(t)), top[1] - r * 0.92 * float(np.sin(t)) ** 0.8) for t in
        np.linspace(0, np.pi, 30)]
    bed.body.poly([*cap, (top[0] - r * 0.5, top[1] + r * 0.16),
        (top[0] + r * 0.5, top[1] + r * 0.16)])
    for shrink, level in ((1.0, 22), (0.8, 38), (0.55, 58)):
        bed.glow[0].poly([(top[0] + (px - top[0]) * shrink, top[1] + (py - top[1]) * shrink) for px,
            py in cap], level)
    bed.glow[0].dot(top[0], top[1] + r * 0.03, r * 0.94, r * 0.17, 70)
    bed.glow[1].dot(top[0], top[1] + r * 0.05, r * 0.5, r * 0.08, 70)
    bed.body.dot(top[0], top[1] + r * 0.06, s * 0.028, r * 0.09)
    for t in np.linspace(0.06, 0.94, 17):
        px = top[0] + r * 0.92 * float(np.cos(t * np.pi))
        bed.glow[0].line([(top[0] + (px - top[0]) * 0.3, top[1] + r * 0.1),
            (px, top[1] + r * 0.01)], s * 0.004, 200)
    for _ in range(9):
        a, q = rng.uniform(0.15, 0.85) * np.pi, rng.uniform(0.25, 0.85)
        bed.glow[1].dot(top[0] + r * q * float(np.cos(a)),
            top[1] - r * 0.85 * q * float(np.sin(a)) - r * 0.04, s * rng.uniform(0.008, 0.022),
            fill=200)
    bed.glow[0].line(cap, s * 0.004, 120)
    bed.glow[0].taper([(x, y), (x + lean * 0.5, y - tall * 0.6), top], s * 0.004, s * 0.035, 90)


def bell(bed: Bed, x: float, y: float, s: float, rng: Rng) -> None:
    """Let a tethered bell float over its root."""
    tall, r = s * rng.uniform(0.65, 1.05), s * rng.uniform(0.14, 0.2)
    top = (x + rng.uniform(-0.1, 0.1) * s, y - tall)
    bed.body.taper(c.smooth([(x, y), (x + 0.05 * s, y - tall * 0.4), top], n=14), s * 0.012,
        s * 0.006)
    dome = [(top[0] + r * float(np.cos(t)), top[1] - r * 1.15 * float(np.sin(t)) ** 0.75) for t in
        np.linspace(0, np.pi, 28)]
    skirt = [(top[0] - r + 2 * r * k / 12, top[1] + r * (0.14 if k % 2 else 0.02)) for k in
        range(13)]
    bed.body.poly([*dome, *skirt])
    for shrink, level in ((1.0, 60), (0.8, 100), (0.55, 150)):
        bed.glow[0].poly([(top[0] + (px - top[0]) * shrink,
            top[1] - r * 0.1 + (py - top[1]) * shrink) for px, py in [*dome, *skirt]], level)
    bed.glow[0].line([*dome, *skirt, dome[0]], s * 0.006, 230)
    for k in range(5):
        px = top[0] + r * (k - 2) * 0.36
        bed.glow[0].line(c.smooth([(top[0], top[1] - r), (px * 0.6 + top[0] * 0.4,
            top[1] - r * 0.6), (px, top[1])], n=6), s * 0.003, 140)
        wave = [(px + np.sin(j * 0.9 + k) * r * 0.10, top[1] + r * 0.1 + j * r * 0.22) for j in
            range(9 - abs(k - 2))]
        bed.glow[1].taper(c.smooth(wave, n=4), s * 0.007, s * 0.002, 170)
        bed.glow[1].dot(*wave[-1], s * 0.010)
    bed.glow[1].dot(top[0], top[1] - r * 0.35, r * 0.22, r * 0.3, 230)


def coil(bed: Bed, x: float, y: float, s: float, rng: Rng) -> None:
    """Grow a fiddlehead that rolls up into a lit spiral."""
    side, r = (1 if rng.random() < 0.5 else -1), s * rng.uniform(0.17, 0.24)
    tall = s * rng.uniform(0.6, 1.0)
    cx, cy = x + side * r, y - tall
    turns = [(cx - side * r * (1 - t / 16.5) * float(np.cos(t)),
        cy - r * (1 - t / 16.5) * float(np.sin(t))) for t in np.linspace(0, 14.5, 110)]
    path = [*c.smooth([(x + side * r * 0.4, y), (x + side * r * 0.15, y - tall * 0.5), turns[0]],
        n=16)[:-1], *turns]
    bed.body.taper(path, s * 0.06, s * 0.012)
    bed.glow[0].taper(path[6:], s * 0.004, s * 0.007, 170)
    for k in range(34, len(path), 5):
        px, py = path[k]
        out = 1 + 0.14 * (1 - k / len(path))
        bed.glow[1].dot(cx + (px - cx) * out, cy + (py - cy) * out,
            s * 0.013 * (1.2 - k / len(path)), fill=230)
    bed.glow[1].dot(cx, cy, s * 0.03)


GROW: dict[str, Callable[[Bed, float, float, float, Rng], None]] = {"bulb": bulb, "fern": fern,
    "shroom": shroom, "bell": bell, "coil": coil}


def plant(bed: Bed, kind: str, t: float, rng: Rng) -> None:
    """Fill one depth of the garden."""
    span = bed.w / bed.h
    n = int((9, 6, 3)[round(t * 2)] * max(0.75, span) + 0.5)
    n = n // 2 + 1 if kind == "fern" else n
    hill = 0.76 + 0.2 * t
    noise = c.fbm(bed.w, 64, 3, 1, int(rng.integers(1, 99)), 3)[32]
    xs = np.linspace(0, span, bed.w)
    bed.body.poly([(0, 1.1), *zip(xs[::8].tolist(), (hill + 0.1 * (noise[::8] - 0.5)).tolist(),
        strict=True), (span, 1.1)])
    for k in range(n):
        x = span * (k + 0.5 + rng.uniform(-0.3, 0.3)) / n
        GROW[kind](bed, x, hill + 0.04, (0.36 + 0.46 * t) * rng.uniform(0.7, 1.15), rng)
    for _ in range(60):
        x, s = rng.uniform(0, span), rng.uniform(0.03, 0.07) * (0.6 + t)
        bed.body.taper(c.smooth([(x, hill + 0.05), (x, hill), (x + rng.normal(0, 0.02), hill - s)],
            n=4), 0.006, 0.001)


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    seed, deep, haze, tints, kinds, shape = SCENES[scene]
    w, h = c.size(*shape)
    rng = np.random.default_rng(seed)
    x, y = c.grid(w, h)
    mid = np.exp(-(((x - w / h / 2) / 0.55) ** 2) - ((y - 0.45) / 0.38) ** 2)
    fog = c.fbm(w, h, 3, 4, seed, 5)
    out = c.over(np.broadcast_to(c.rgb(deep), (h, w, 3)), c.rgb(haze), mid * (0.45 + 0.7 * fog))
    px, py, pr = w / h * 0.68, 0.27, 0.15
    disc = c.step(pr + 0.002, pr - 0.002, np.hypot(x - px, y - py))
    day = c.step(0.02, 0.30, np.hypot(x - px - 0.11, y - py - 0.08)) * (0.55 + 0.6 * c.fbm(w, h, 9,
        12, seed + 5, 5))
    out = c.screen(out, (disc * day)[..., None] * c.mix(c.rgb(haze), c.rgb(tints[1]), 0.45) * 0.75)
    light = np.zeros_like(out)
    for i, kind in enumerate(kinds):
        t, bed = i / 2, Bed(w, h)
        plant(bed, kind, t, rng)
        body = bed.body.mask()
        shine = bed.glow[0].mask()[..., None] * c.rgb(tints[0])
        shine = np.maximum(shine, bed.glow[1].mask()[..., None] * c.rgb(tints[1]))
        lamp = c.blur(shine, 0.022 * h) * 1.6 + c.blur(shine, 0.09 * h) * 1.8
        skin = c.mix(c.rgb(haze), c.rgb(deep), 0.30 + 0.55 * t)
        grain = 0.75 + 0.5 * c.fbm(w, h, 30, 30, seed + i, 3)[..., None]
        edge = np.clip(body - c.shift(body, 0.0, 0.003), 0, 1)[..., None]
        lit = skin * 0.55 * grain + lamp * (0.30 * grain + 0.5 * edge) * (c.rgb(haze) + 0.35)
        out = c.over(out, lit, body)
        light = light * (1 - body[..., None] * 0.9)
        light = np.maximum(light, c.blur(shine, 1.2 + 2.5 * (1 - t)) * (0.55 + 0.45 * t))
        out = c.screen(out, (c.rgb(haze) * 0.16 * (1 - t)) * np.exp(-np.abs(y - 0.72) * 6)[...,
            None])
    motes = c.Pen(w, h)
    for _ in range(150):
        motes.dot(rng.uniform(0, w / h), rng.uniform(0.05, 0.95),
            0.0008 + 0.0034 * rng.random() ** 4, fill=int(rng.integers(70, 255)))
    light = np.maximum(light, motes.mask()[..., None] * c.rgb(tints[1]))
    return c.finish(c.bloom(out, light, (0.004, 0.014, 0.045, 0.12), 0.85), 0.014, 0.45, seed)
