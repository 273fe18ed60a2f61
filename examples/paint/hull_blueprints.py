"""Ship drawings on drafting paper: plan, elevation and section from one random hull."""

# fmt: off
from __future__ import annotations

import numpy as np
from PIL import Image

from . import canvas as c

# Scene: seed, paper, line, accent, length and beam of the hull. The number is the ship's mass.
SCENES: dict[str, tuple[int, str, str, str, float, float]] = {"hull-4": (3, "#12407c", "#e8f4ff",
    "#ffc25c", 0.86, 0.10), "hull-9": (12, "#0f3a6e", "#dff0ff", "#ffb347", 0.98, 0.13),
    "hull-12": (7, "#efe3c8", "#5a3420", "#c0392b", 0.94, 0.12),
    "hull-30": (23, "#0e4a55", "#e2fff6", "#ffd166", 1.03, 0.142),
    "hull-120": (31, "#14151d", "#ffb85c", "#7fe3ff", 1.06, 0.155)}
CX, PLAN_Y, SIDE_Y, SECTION_X = 0.10, 0.35, 0.765, 1.435


class Ship:
    """The outline of one ship as half widths along its length."""

    def __init__(self, rng: np.random.Generator, length: float, beam: float) -> None:
        """Grow a hull from nose to engines."""
        self.rng, self.length, self.beam = rng, length, beam
        stations = np.array([0, 0.06, 0.18, 0.32, 0.46, 0.60, 0.74, 0.88, 1.0])
        shape = np.array([0.08, 0.30, 0.52, 0.66, 0.72, 0.92, 1.0, 0.86, 0.70]) * rng.uniform(0.82,
            1.15, 9)
        self.t = np.linspace(0, 1, 200)
        self.half = np.interp(self.t, stations, shape)
        self.half = np.convolve(np.pad(self.half, 6, "edge"), np.ones(13) / 13, "valid") * beam
        for at in rng.uniform(0.2, 0.85, 4):
            self.half *= np.where((self.t > at) & (self.t < at + 0.05), rng.uniform(0.82, 0.92),
                1.0)
        self.half[0] = 0.0

    def at(self, t: float) -> float:
        """Give the half width at a station."""
        return float(np.interp(t, self.t, self.half))

    def outline(self, y: float, scale: float, lo: float = 1.0) -> list[c.Point]:
        """Trace both sides; lo squashes the lower one."""
        xs = CX + self.t * self.length
        up = [(float(a), y - float(b) * scale) for a, b in zip(xs, self.half, strict=True)]
        down = [(float(a), y + float(b) * scale * lo) for a, b in zip(xs, self.half, strict=True)]
        return [*up, *reversed(down)]


def closed(pen: c.Pen, points: list[c.Point], width: float, fill: int = 255) -> None:
    """Draw a closed line."""
    pen.line([*points, points[0]], width, fill)


def plan(pen: c.Pen, solid: c.Pen, ship: Ship) -> None:
    """Draw the view from above, mirrored about the keel."""
    rng, y, fine = ship.rng, PLAN_Y, 0.0014
    wing = [(0.50, 0.6), (0.70, rng.uniform(1.5, 1.75)), (0.80, rng.uniform(1.6, 1.8)),
        (0.92, rng.uniform(1.3, 1.6)), (0.88, 0.7)]
    for s in (-1, 1):
        pts = [(CX + t * ship.length, y + s * k * ship.beam * 0.98) for t, k in wing]
        solid.poly(pts)
        closed(pen, pts, 0.0030)
        for k in (0.25, 0.5, 0.75):
            a = [pts[0][i] + (pts[1][i] - pts[0][i]) * k for i in (0, 1)]
            b = [pts[4][i] + (pts[3][i] - pts[4][i]) * k for i in (0, 1)]
            pen.line([(a[0], a[1]), (b[0], b[1])], fine, 190)
        gun = y + s * ship.beam * wing[1][1] * 0.98
        pen.line([(pts[1][0] - 0.11, gun), (pts[1][0] + 0.03, gun)], 0.0042)
    solid.poly(ship.outline(y, 1.0))
    hull = c.Pen(pen.w, pen.h).poly(ship.outline(y, 1.0))
    pen.draw.bitmap((0, 0), hull.im, fill=0)
    closed(pen, ship.outline(y, 1.0), 0.0042)
    closed(pen, ship.outline(y, 0.82), fine, 170)
    for t in np.sort(rng.uniform(0.08, 0.97, 17)):
        x, r = CX + t * ship.length, ship.at(t)
        lo = rng.choice([0.0, 0.3, 0.0, 0.55])
        for s in (-1, 1):
            pen.line([(x, y + s * r * lo), (x, y + s * r)], fine, 210)
    for _ in range(26):
        t, k, dt = rng.uniform(0.12, 0.88), rng.uniform(0.12, 0.62), rng.uniform(0.012, 0.05)
        r = min(ship.at(t), ship.at(t + dt))
        for s in (-1, 1):
            box = [(CX + (t + a) * ship.length, y + s * r * b) for a,
                b in ((0, k), (dt, k), (dt, k + 0.16), (0, k + 0.16))]
            closed(pen, box, fine, 200)
    pen.line([(CX - 0.04, y), (CX + ship.length + 0.10, y)], 0.0011, 150)
    for t, r in ((0.24, 0.34), (0.52, 0.42), (0.76, 0.5)):
        for k in (1.0, 0.72, 0.3):
            pen.ring(CX + t * ship.length, y, ship.at(t) * r * k, 0.0020 if k == 1 else fine)
        pen.line([(CX + t * ship.length, y), (CX + (t - 0.09) * ship.length, y)], 0.0032)
    engines(pen, solid, ship, y, 1.0)


def engines(pen: c.Pen, solid: c.Pen, ship: Ship, y: float, squash: float) -> None:
    """Draw nozzles and their plumes."""
    x, r, n = CX + ship.length, ship.at(1.0) * squash, 3
    for k in range(n):
        cy, q = y + (k - 1) * r * 0.66, r * 0.26
        bell = [(x, cy - q * 0.6), (x + 0.045, cy - q), (x + 0.045, cy + q), (x, cy + q * 0.6)]
        solid.poly(bell)
        closed(pen, bell, 0.0026)
        pen.line([(x + 0.018, cy - q * 0.76), (x + 0.018, cy + q * 0.76)], 0.0012, 200)
        for j in range(4):
            pen.line([(x + 0.055 + j * 0.018, cy - q * (0.8 - j * 0.2)),
                (x + 0.055 + j * 0.018, cy + q * (0.8 - j * 0.2))], 0.0012, 170 - j * 35)


def side(pen: c.Pen, solid: c.Pen, ship: Ship) -> None:
    """Draw the elevation with its decks, bridge and windows."""
    rng, y, fine = ship.rng, SIDE_Y, 0.0013
    tower = [(0.56, -0.4), (0.60, -0.95), (0.68, -1.0), (0.71, -0.72), (0.82, -0.68), (0.85, -0.4)]
    pts = [(CX + t * ship.length, y + k * ship.beam) for t, k in tower]
    solid.poly(pts)
    closed(pen, pts, 0.0030)
    for k in range(7):
        pen.dot(pts[1][0] + 0.012 + k * 0.011, pts[1][1] + 0.016, 0.0026)
    pen.line([(pts[2][0] - 0.01, pts[2][1]), (pts[2][0] - 0.01, pts[2][1] - 0.055)], 0.0022)
    pen.line([(pts[2][0] - 0.03, pts[2][1] - 0.04), (pts[2][0] + 0.01, pts[2][1] - 0.04)], 0.0016)
    solid.poly(ship.outline(y, 0.55, 0.75))
    pen.draw.bitmap((0, 0), c.Pen(pen.w, pen.h).poly(ship.outline(y, 0.55, 0.75)).im, fill=0)
    closed(pen, ship.outline(y, 0.55, 0.75), 0.0040)
    for level in (-0.30, -0.08, 0.13, 0.27):
        deck = [(CX + t * ship.length, y + level * ship.beam) for t in np.linspace(0.04, 0.99,
            80) if (0.52 if level < 0 else 0.38) * ship.at(t) > abs(level) * ship.beam]
        pen.line(deck, fine, 180)
        for px, py in deck[:: int(rng.integers(3, 6))]:
            if rng.random() < 0.6:
                pen.line([(px, py), (px, py + 0.022 * ship.beam / 0.13)], fine, 170)
    for t in np.arange(0.2, 0.93, 0.0125):
        if rng.random() < 0.7:
            pen.dot(CX + t * ship.length, y - 0.18 * ship.beam, 0.0021)
    engines(pen, solid, ship, y + 0.02, 0.62)


def section(pen: c.Pen, solid: c.Pen, ship: Ship) -> None:
    """Draw the view from the front and a cut through a ring frame."""
    r = min(ship.beam * 0.9, 0.118)
    for y in (PLAN_Y - 0.01, SIDE_Y - 0.01):
        solid.dot(SECTION_X, y, r)
        for k in (1.0, 0.93, 0.62, 0.34, 0.14):
            pen.ring(SECTION_X, y, r * k, 0.0034 if k == 1 else 0.0015)
        n = 8 if y < 0.5 else 12
        for a in np.arange(n) / n * 2 * np.pi:
            u, v = float(np.cos(a)), float(np.sin(a))
            pen.line([(SECTION_X + u * r * 0.34, y + v * r * 0.34),
                (SECTION_X + u * r * 0.93, y + v * r * 0.93)], 0.0014, 210)
            pen.ring(SECTION_X + u * r * 0.78, y + v * r * 0.78, r * 0.085, 0.0014)
        pen.line([(SECTION_X - r * 1.25, y), (SECTION_X + r * 1.25, y)], 0.0010, 140)
        pen.line([(SECTION_X, y - r * 1.25), (SECTION_X, y + r * 1.25)], 0.0010, 140)


def notes(pen: c.Pen, accent: c.Pen, ship: Ship) -> None:
    """Add dimension lines, callouts and a title block of bars."""
    rng = ship.rng
    left, right = CX, CX + ship.length
    for y, ends in ((0.585, (left, right)), (0.93, (left, left + ship.length * 0.56)),
        (0.93, (left + ship.length * 0.58, right))):
        accent.line([(ends[0], y), (ends[1], y)], 0.0015)
        for x, s in ((ends[0], 1), (ends[1], -1)):
            accent.poly([(x, y), (x + s * 0.014, y - 0.0045), (x + s * 0.014, y + 0.0045)])
            accent.line([(x, y - 0.018), (x, y + 0.018)], 0.0012)
    for t, up in ((0.16, 0.075), (0.40, 0.07), (0.62, 0.06)):
        x, y = left + t * ship.length, PLAN_Y - ship.at(t) * 0.5
        accent.line([(x, y), (x + 0.03, up), (x + 0.10, up)], 0.0015)
        accent.dot(x, y, 0.005)
        accent.ring(x + 0.114, up, 0.013, 0.0018)
    for x0, y0 in ((1.305, 0.545), (1.305, 0.945)):
        for k in range(3):
            pen.line([(x0, y0 + k * 0.014), (x0 + rng.uniform(0.08, 0.25), y0 + k * 0.014)],
                0.0044 if k == 0 else 0.0022, 200)
    for k in range(11):
        pen.line([(1.30 + k * 0.026, 0.60), (1.30 + k * 0.026,
            0.60 + (0.02 if k % 5 == 0 else 0.010))], 0.0016)
    pen.line([(1.30, 0.60), (1.56, 0.60)], 0.0016)


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    seed, paper, line, tint, length, beam = SCENES[scene]
    w, h = c.size(1024, 640)
    x, y = c.grid(w, h)
    ship = Ship(np.random.default_rng(seed), length, beam)
    pen, solid, accent, rules = (c.Pen(w, h) for _ in range(4))
    plan(pen, solid, ship)
    side(pen, solid, ship)
    section(pen, solid, ship)
    notes(pen, accent, ship)
    for k in range(1, 64):
        level = 70 if k % 5 == 0 else 28
        rules.line([(k * 0.025, 0), (k * 0.025, 1)], 0.001, level).line([(0, k * 0.025),
            (1.6, k * 0.025)], 0.001, level)
    frame = [(0.022, 0.022), (1.578, 0.022), (1.578, 0.978), (0.022, 0.978)]
    closed(pen, frame, 0.0030)
    closed(pen, [(a + (0.008 if a < 1 else -0.008), b + (0.008 if b < 0.5 else -0.008)) for a,
        b in frame], 0.0012, 180)
    pen.line([(1.275, 0.03), (1.275, 0.97)], 0.0014, 190)
    wear = c.fbm(w, h, 5, 5, seed, 6, 0.6)
    dark = float(c.rgb(paper).mean()) < 0.5
    out = np.broadcast_to(c.rgb(paper), (h, w, 3)) * (0.80 + 0.4 * wear)[..., None]
    out = out * (1 - 0.35 * c.step(0.0, 1.0, np.hypot(x - 0.6, y - 0.4)))[..., None]
    ink = c.rgb(line)
    out = c.over(out, ink, rules.mask() * 0.5)
    lines = (np.abs(((x + y) / 0.0075) % 1 * 2 - 1) < 0.16).astype(np.float32)
    shape = solid.mask()
    out = c.over(out, c.mix(c.rgb(paper), ink, 0.13 if dark else 0.06), shape * 0.75)
    shadow = (np.clip(shape - c.shift(shape, -0.004, -0.012), 0, 1) + shape * c.step(0.0, 0.10,
        np.where(y < 0.585, y - PLAN_Y, y - SIDE_Y)) * 0.5)
    out = c.over(out, ink, lines * shape * np.clip(shadow, 0, 1) * 0.55)
    faded = 0.72 + 0.5 * wear
    strokes = np.clip(pen.mask() * faded, 0, 1)
    if dark:
        out = c.screen(out, c.blur(pen.mask(), 0.006 * h)[..., None] * ink * 0.35)
    out = c.over(out, ink, strokes * 0.95)
    out = c.over(out, c.rgb(tint), np.clip(accent.mask() * faded, 0, 1))
    for fold in (0.535, 1.07):
        crease = np.exp(-(((x - fold) / 0.0016) ** 2)) - 0.8 * np.exp(-(((x - fold - 0.003) /
            0.002) ** 2))
        out = (out + (crease * 0.05 + 0.018 * np.sign(x - fold)
            * np.exp(-np.abs(x - fold) * 8))[..., None])
    return c.finish(out.astype(np.float32), 0.014, 0.22, seed)
