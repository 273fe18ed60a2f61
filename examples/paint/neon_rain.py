"""Neon streets in the rain: true perspective, wet reflections, bloom."""

# fmt: off
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from . import canvas as c


@dataclass(frozen=True)
class Street:
    """The mood of one street."""

    seed: int
    sky: c.Stops
    neon: tuple[str, ...]
    half: float = 3.4
    wide: tuple[int, int] = (640, 896)
    walker: float = 0.0


SCENES = {"01-last-train": Street(3, ((0, "#0a0b22"), (0.6, "#3a1550"), (1, "#ff5ea8")),
    ("#ff3d8b", "#29e0ff", "#ffb347", "#a259ff")), "02-tea-quarter": Street(8,
    ((0, "#07151c"), (0.6, "#0f3c46"), (1, "#ffb765")), ("#ffb347", "#ff7a3c", "#3fe0c5",
    "#ffe08a"), 2.9, walker=0.5), "03-crossing": Street(14, ((0, "#10081c"), (0.6, "#4a1030"),
    (1, "#ff6a4d")), ("#ff3b4f", "#ff9a3c", "#ff5ea8", "#5ad1ff"), 5.2, (1024, 640), -1.4),
    "04-acid-market": Street(22, ((0, "#06101a"), (0.6, "#123a3a"), (1, "#8dff9a")),
    ("#7dff6a", "#c04dff", "#2affd5", "#ffe34d"), 3.0, walker=-0.6),
    "05-blue-hour": Street(31, ((0, "#0a1734"), (0.6, "#24508a"), (1, "#ffc9a0")),
    ("#5ab8ff", "#ff8fb0", "#ffd28a", "#7f8cff"), 4.8, (1024, 640), 1.2),
    "cover": Street(9, ((0, "#0a0b22"), (0.6, "#3a1550"), (1, "#ff5ea8")),
    ("#ff3d8b", "#29e0ff", "#ffb347", "#a259ff"), 3.0, (640, 640), 0.3)}
EYE, FOCAL, HORIZON = 1.5, 0.78, 0.60


class Camera:
    """Projects the street, upright or mirrored in the wet ground."""

    def __init__(self, w: int, h: int, flip: bool) -> None:
        """Start with black walls and no light."""
        self.w, self.h, self.flip = w, h, flip
        self.base = np.zeros((h, w, 3), np.float32)
        self.light = np.zeros((h, w, 3), np.float32)

    def at(self, x: float, y: float, z: float) -> c.Point:
        """Project one point."""
        y = -y if self.flip else y
        return self.w / self.h / 2 + FOCAL * x / z, HORIZON - FOCAL * (y - EYE) / z

    def box(self, a: tuple[float, ...], b: tuple[float, ...]) -> list[c.Point]:
        """Project a rectangle that stands upright between two points."""
        (x0, y0, z0), (x1, y1, z1) = a, b
        return [self.at(x0, y0, z0), self.at(x1, y0, z1), self.at(x1, y1, z1), self.at(x0, y1, z0)]

    def pen(self) -> c.Pen:
        """Start a mask."""
        return c.Pen(self.w, self.h)

    def put(self, pen: c.Pen, wall: c.Array | None, light: c.Array, most: bool = False) -> None:
        """Lay a wall colour and a light through a mask, touching only its own box."""
        if not (box := pen.im.getbbox()):
            return
        at = np.s_[box[1] : box[3], box[0] : box[2]]
        m = np.asarray(pen.im.crop(box), np.float32) / 255
        if wall is not None:
            self.base[at] = c.over(self.base[at], wall, m)
        if most:
            self.light[at] = np.maximum(self.light[at], m[..., None] * light)
        else:
            self.light[at] = c.over(self.light[at], light, m)


def glyphs(
    cam: Camera, pen: c.Pen, a: tuple[float, ...], b: tuple[float, ...], rng: np.random.Generator
) -> None:
    """Write strokes that look like signs but say nothing."""
    (x0, y0, z), (x1, y1, _) = a, b
    count = max(2, int(abs(y1 - y0) / abs(x1 - x0)))
    for k in range(count):
        lo, hi = y0 + (y1 - y0) * (k + 0.14) / count, y0 + (y1 - y0) * (k + 0.86) / count
        for _ in range(4):
            u, v, m = rng.uniform(0.15, 0.85, 3)
            if rng.random() < 0.5:
                ends = [(x0 + (x1 - x0) * 0.15, lo + (hi - lo) * m),
                    (x0 + (x1 - x0) * 0.85, lo + (hi - lo) * m)]
            else:
                ends = [(x0 + (x1 - x0) * u, lo), (x0 + (x1 - x0) * (u * 0.6 + v * 0.4), hi)]
            pen.line([cam.at(px, py, z) for px, py in ends], 0.045 * FOCAL / z)


def tower(
    cam: Camera, street: Street, side: int, z: float, deep: float, rng: np.random.Generator
) -> None:
    """Raise one building with its windows and its signs."""
    x, tall = side * (street.half + rng.uniform(0, 0.9)), rng.uniform(7, 17)
    haze = c.ramp(np.array([0.45]), street.sky)[0]
    far = float(np.clip(z / 46, 0, 1)) ** 0.7
    wall = c.mix(c.rgb("#0b0c16"), haze, 0.10 + 0.62 * far)
    front, street_side = cam.pen(), cam.pen()
    front.poly(cam.box((x, 0, z), (x + side * 9, tall, z)))
    street_side.poly(cam.box((x, 0, z), (x, tall, z + deep)))
    for pen, k in ((street_side, 1.0), (front, 0.72)):
        cam.put(pen, wall * k, c.rgb("#000000"))
    colours = [c.rgb(v) for v in (street.neon[0], street.neon[1], "#ffd9a0", "#fff0d0")]
    lit = [cam.pen() for _ in colours]
    step_z, step_y = deep / 6, 0.62
    for i in range(6):
        for j in range(int(tall / step_y) - 1):
            if rng.random() > 0.34:
                continue
            z0, y0 = z + step_z * (i + 0.2), 0.9 + step_y * j
            lit[min(3, int(rng.exponential(1.0)) + (rng.random() < 0.55) * 2)].poly(cam.box((x, y0,
                z0), (x, y0 + 0.34, z0 + step_z * 0.6)), int(rng.integers(60, 210)))
    lit[rng.integers(0, 3)].poly(cam.box((x, 0.15, z + deep * 0.1), (x, 0.95, z + deep * 0.9)), 150)
    for pen, colour in zip(lit, colours, strict=True):
        cam.put(pen, None, colour * (0.85 - 0.4 * far), most=True)
    for _ in range(rng.integers(1, 4)):
        sign(cam, street, x, side, z + rng.uniform(0, deep * 0.7), rng, far)


def sign(
    cam: Camera, street: Street, x: float, side: int, z: float, rng: np.random.Generator, far: float
) -> None:
    """Hang one neon sign over the pavement."""
    tint = c.rgb(street.neon[int(rng.integers(0, len(street.neon)))])
    width, tall, y = rng.uniform(0.55, 1.0), rng.uniform(1.0, 3.6), rng.uniform(1.9, 5.5)
    a, b = (x - side * width, y, z), (x - side * 0.08, y + tall, z)
    board, tubes = cam.pen().poly(cam.box(a, b)), cam.pen()
    corners = cam.box(a, b)
    tubes.line([*corners, corners[0]], 0.05 * FOCAL / z)
    glyphs(cam, tubes, a, b, rng)
    solid = rng.random() < 0.4
    ground, stroke = ((tint * 0.85, tint * 0.12) if solid else (tint * 0.10,
        c.mix(tint, c.rgb("#ffffff"), 0.45)))
    cam.put(board, tint * 0.10, ground * (1 - 0.4 * far))
    cam.put(tubes, None, stroke)


def city(street: Street, w: int, h: int, flip: bool) -> c.Array:
    """Build the street from far to near and let it glow."""
    cam = Camera(w, h, flip)
    rng = np.random.default_rng(street.seed)
    _, y = c.grid(w, h)
    rise = (HORIZON - y if not flip else y - HORIZON) / HORIZON
    cam.base = c.ramp(1 - np.clip(rise, 0, 1), street.sky)
    spots = [(side, z, 3.4) for z in np.arange(30, 3.0, -3.6) for side in (-1, 1)]
    for k, (side, z, deep) in enumerate(spots):
        tower(cam, street, side, float(z), deep, rng)
        if k % 4 == 3:
            fog = (np.exp(-np.abs(y - HORIZON) * 9)[..., None] * c.ramp(np.array([0.85]),
                street.sky)[0])
            cam.base = c.screen(cam.base, fog * 0.11)
    for _ in range(7):
        z, top = rng.uniform(5, 16), rng.uniform(5, 8)
        wire = [cam.at(street.half * 1.2 * t, top - 0.8 * (1 - t * t), z) for t in np.linspace(-1,
            1, 17)]
        cam.put(cam.pen().line(wire, 0.03 * FOCAL / z), c.rgb("#07070f"), c.rgb("#000000"))
    return c.bloom(cam.base, cam.light, (0.004, 0.016, 0.05, 0.12), 0.75)


def figure(w: int, h: int, x: float, flip: bool) -> c.Array:
    """Stand a walker with an umbrella in the road."""
    cam, z = Camera(w, h, flip), 4.4
    pen = cam.pen()

    def p(u: float, v: float) -> c.Point:
        return cam.at(x + u, v, z)

    pen.poly([p(-0.16, 0.0), p(-0.05, 0.0), p(0, 0.75), p(0.07, 0.0), p(0.18, 0.0), p(0.2, 0.8),
        p(-0.2, 0.8)])
    pen.poly(c.smooth([p(-0.24, 0.45), p(-0.25, 1.1), p(-0.16, 1.42), p(0.16, 1.42), p(0.25, 1.1),
        p(0.26, 0.45)], True))
    hx, hy = p(0, 1.57)
    pen.dot(hx, hy, 0.115 * FOCAL / z, 0.14 * FOCAL / z)
    dome = [p(0.08 + 0.72 * float(np.cos(t)), 1.72 + 0.42 * float(np.sin(t))) for t in
        np.linspace(0, np.pi, 24)]
    pen.poly([*dome, p(-0.40, 1.79), p(-0.16, 1.72), p(0.08, 1.79), p(0.32, 1.72), p(0.56, 1.79)])
    pen.line([p(0.08, 2.26), p(0.14, 1.05)], 0.035 * FOCAL / z)
    return pen.mask()


def wet(scene: c.Array, mirrored: c.Array, street: Street) -> c.Array:
    """Lay the rippled reflection on the asphalt."""
    h, w = scene.shape[:2]
    x, y = c.grid(w, h)
    depth = np.clip((y - HORIZON) / (1 - HORIZON), 0, 1)
    ripple = (c.fbm(w, h, 7, 60, street.seed, 4) - 0.5) * (0.012 + 0.05 * depth)
    sway = (c.fbm(w, h, 16, 90, street.seed + 1, 3) - 0.5) * (0.006 + 0.04 * depth)
    iy = np.clip((y + ripple) * h, 0, h - 1).astype(int)
    ix = np.clip((x + sway) * h, 0, w - 1).astype(int)
    mirror = mirrored[iy, ix]
    tall = sum(c.shift(mirror, 0, k * 0.012) for k in range(-3, 4)) / 7
    puddle = c.step(0.40, 0.60, c.fbm(w, h, 4, 14, street.seed + 2, 5))[..., None]
    glints = c.step(0.66, 0.8, c.fbm(w, h, 60, 150, street.seed + 4, 2))[..., None]
    road = tall * 0.42 + c.rgb("#07080f") + tall * glints * 0.55
    road = road + (mirror * 0.92 - road) * puddle * 0.8
    road = c.over(road, c.ramp(np.array([0.97]), street.sky)[0], np.exp(-depth * 14) * 0.9)
    return c.over(scene, road.astype(np.float32), c.step(0, 0.004, y - HORIZON))


def rain(out: c.Array, seed: int) -> c.Array:
    """Streak the air with rain and splash the ground."""
    h, w = out.shape[:2]
    rng = np.random.default_rng(seed)
    pen, drops = c.Pen(w, h), c.Pen(w, h)
    for _ in range(620):
        x, y, long = rng.uniform(-0.1, w / h), rng.uniform(-0.1, 1), rng.uniform(0.02, 0.085)
        pen.line([(x, y), (x + long * 0.13, y + long)], 0.0011, int(rng.integers(40, 190)))
    for _ in range(150):
        y = HORIZON + 0.05 + (0.95 - HORIZON) * rng.random()
        s = 0.012 * (y - HORIZON) / 0.4
        drops.dot(rng.random() * w / h, y, s * 1.6, s * 0.5, int(rng.integers(30, 120)))
    tone = c.blur(out, 0.05 * h) * 0.8 + 0.25
    ring = np.clip(drops.mask() - c.shift(drops.mask(), 0, 0.002), 0, 1)
    return c.screen(out, tone * (c.blur(pen.mask(), 0.8) * 0.34 + ring * 0.5)[..., None])


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    street = SCENES[scene]
    w, h = c.size(*street.wide)
    upright, mirrored = city(street, w, h, False), city(street, w, h, True)
    x, y = c.grid(w, h)
    ground = c.step(-0.001, 0.001, mirrored_floor(street, x, y))
    out = c.over(upright, wet(upright, mirrored, street), ground)
    dark = c.rgb("#05050b")
    out = c.over(out, dark, c.blur(figure(w, h, street.walker, True), 0.006 * h) * 0.75)
    body = figure(w, h, street.walker, False)
    rim = np.clip(body - c.shift(body, 0.004, 0.004), 0, 1) + np.clip(body - c.shift(body, -0.004,
        0.004), 0, 1)
    out = c.over(out, dark, body)
    out = c.screen(out, c.blur(rim, 2.0)[..., None] * c.mix(c.rgb(street.neon[0]), c.rgb("#ffffff"),
        0.35) * 0.8)
    return c.finish(rain(out, street.seed), 0.014, 0.35, street.seed)


def mirrored_floor(street: Street, x: c.Array, y: c.Array) -> c.Array:
    """Tell how far a pixel lies below the foot of the walls."""
    reach = np.abs(x - x.mean()) / (street.half + 0.45)
    slope = HORIZON + EYE * np.where(reach < FOCAL / 30, 0, reach)
    return (y - np.minimum(slope, 1.2) + 0.004).astype(np.float32)
