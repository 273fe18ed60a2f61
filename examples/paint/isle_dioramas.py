"""Floating low-poly islands, rasterised with real shadows in a small 3D renderer."""

# fmt: off
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

from . import canvas as c

Vec = c.Array
Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Isle:
    """The look of one island."""

    seed: int
    sky: tuple[str, str]
    ground: c.Stops
    rock: str
    sun: str
    peak: float = 0.5
    trees: tuple[str, int] = ("#3f8f4f", 40)
    props: tuple[str, ...] = ()
    water: str = ""
    night: bool = False


SCENES = {"01-lighthouse": Isle(4, ("#bfe6ea", "#fdf3dc"), ((0, "#f0dca6"), (0.12, "#9ccb5c"),
    (0.6, "#5fae57"), (1, "#8f9a86")), "#b98a63", "#fff0cf", 0.34, ("#2f8f63", 34),
    ("lighthouse", "house"), "#4fbfc4"), "02-autumn-village": Isle(9, ("#f6d7b8", "#fff3e2"),
    ((0, "#d9b25f"), (0.3, "#c9a04a"), (0.8, "#a8813f"), (1, "#8b7355")), "#8c5f4c", "#ffe3b0",
    0.28, ("#d9652b", 46), ("house", "house2", "house3")), "03-snow-peak": Isle(15,
    ("#b9cdee", "#f4f3fb"), ((0, "#8fb39a"), (0.25, "#a9bfc0"), (0.4, "#e9f2fb"), (1, "#ffffff")),
    "#6d7796", "#ffeede", 1.15, ("#2d6d6d", 44), ("house",)),
    "04-ember-crater": Isle(22, ("#2a1430", "#7c2f3d"), ((0, "#8a5a5c"), (0.4, "#6b4654"),
    (1, "#7d5560")), "#5e3b4a", "#ffb08a", 0.95, ("#a04a3f", 22), ("crater",), "", True),
    "05-crystal-night": Isle(31, ("#0d1336", "#39306e"), ((0, "#3b5d86"), (0.4, "#3d7a8a"),
    (1, "#6f7fb5")), "#38345f", "#a9b8ff", 0.36, ("#2c5f7d", 26), ("crystals", "house"), "#2f8fc4",
    True), "cover": Isle(12, ("#ffd0a0", "#fff1d9"), ((0, "#f0dca6"), (0.12, "#9ccb5c"),
    (0.6, "#5fae57"), (1, "#8f9a86")), "#b0765a", "#ffe2b0", 0.34, ("#2f8f63", 34),
    ("lighthouse", "house", "house3"), "#4fbfc4")}


def up(y: float) -> Vec:
    """Give a step straight up."""
    return np.array([0, y, 0])


@dataclass
class Mesh:
    """A growing soup of coloured triangles."""

    tris: list[Vec] = field(default_factory=list)
    tint: list[Vec] = field(default_factory=list)
    glow: list[float] = field(default_factory=list)

    def add(self, a: Vec, b: Vec, d: Vec, colour: Vec, glow: float = 0.0) -> None:
        """Add one triangle."""
        self.tris.append(np.stack([a, b, d]).astype(np.float32))
        self.tint.append(colour)
        self.glow.append(glow)

    def cone(
        self,
        at: Vec,
        r0: float,
        r1: float,
        tall: float,
        colour: Vec,
        n: int = 6,
        glow: float = 0.0,
        turn: float = 0.3,
    ) -> None:
        """Add a cone or a cylinder standing at a point."""
        a = np.arange(n + 1) / n * 2 * np.pi + turn
        ring = np.stack([np.cos(a), np.zeros(n + 1), np.sin(a)], 1)
        top = up(tall)
        for k in range(n):
            p, q = at + ring[k] * r0, at + ring[k + 1] * r0
            s, t = at + top + ring[k] * r1, at + top + ring[k + 1] * r1
            self.add(p, q, s, colour, glow)
            self.add(q, t, s, colour, glow)
            self.add(s, t, at + top, colour, glow)

    def house(self, at: Vec, s: float, wall: Vec, roof: Vec) -> None:
        """Add a cottage with a pitched roof and a lit window."""
        self.cone(at, s, s, s * 1.1, wall, 4, turn=np.pi / 4)
        self.cone(at + up(s * 1.1), s * 1.3, 0.02, s * 1.1, roof, 4, turn=np.pi / 4)
        for dx, dz in ((1, 0), (0, 1)):
            m, side = at + np.array([dx, 0, dz]) * s * 0.715, np.array([dz, 0, dx]) * s * 0.2
            lo, hi = m + up(s * 0.35), m + up(s * 0.85)
            self.add(lo - side, lo + side, hi + side, c.rgb("#ffc860"), 1.0)
            self.add(lo - side, hi + side, hi - side, c.rgb("#ffc860"), 1.0)

    def ball(self, at: Vec, r: float, colour: Vec) -> None:
        """Add a squashed eight-sided cloud puff."""
        for k in range(-2, 2):
            r0, r1 = (float(np.cos(v * np.pi / 4)) * r for v in (k, k + 1))
            y0, y1 = (float(np.sin(v * np.pi / 4)) * r * 0.8 for v in (k, k + 1))
            self.cone(at + up(y0), r0, r1, y1 - y0, colour, 8, 0.25)


def height(isle: Isle, x: Vec, z: Vec) -> tuple[Vec, Vec]:
    """Give the ground height and how far inside the shore a point is."""
    field_ = c.fbm(256, 256, 3, 3, isle.seed, 5)
    ix, iz = (np.clip((v * 0.4 + 0.5) * 255, 0, 255).astype(int) for v in (x, z))
    n = field_[iz, ix]
    inside = 1 - np.hypot(x, z) / (0.86 + 0.28 * (n - 0.5))
    dome = np.clip(inside, 0, 1)
    y = 0.05 + isle.peak * (n * 1.1 - 0.15) * dome**0.8
    if isle.peak > 0.6:
        d = np.hypot(x + 0.12, z + 0.12)
        y = (0.05 + isle.peak * np.clip(1 - d / 0.62, 0, 1) ** 1.25 * (0.55 + 0.6 * n) + 0.1
            * (n - 0.4) * dome)
        if "crater" in isle.props:
            y = np.where(d < 0.2, np.minimum(y, 0.40), y)
    if isle.water:
        pond = np.hypot(x - 0.28, z - 0.22)
        y = np.where(pond < 0.40, np.minimum(y, 0.045 + (pond - 0.30) * 0.6), y)
    return y.astype(np.float32), inside


def terrain(isle: Isle, mesh: Mesh, n: int = 46) -> None:
    """Add the ground, the water and the hanging rock below."""
    rng = np.random.default_rng(isle.seed)
    g = np.linspace(-1.05, 1.05, n)
    x, z = np.meshgrid(g, g)
    x, z = x + rng.normal(0, 0.011, x.shape), z + rng.normal(0, 0.011, z.shape)
    y, inside = height(isle, x, z)
    wet = (y < 0.035) & bool(isle.water)
    y = np.where(wet, 0.03, y)
    under = -0.05 - 0.85 * np.clip(inside, 0, 1) ** 0.75 * (0.6 + 0.8 * rng.random(x.shape))
    top, low = np.stack([x, y, z], -1), np.stack([x * 0.96, under, z * 0.96], -1)
    rock = c.rgb(isle.rock)
    for i in range(n - 1):
        for j in range(n - 1):
            for ids in (((i, j), (i + 1, j), (i, j + 1)), ((i + 1, j), (i + 1, j + 1), (i, j + 1))):
                if min(inside[k] for k in ids) < 0:
                    continue
                a, b, d = (top[k] for k in ids)
                normal = np.cross(b - a, d - a)
                steep = 1 - abs(normal[1]) / np.linalg.norm(normal)
                level = float((a + b + d)[1] / 3)
                tone = c.ramp(np.array([level / max(isle.peak, 0.3)]), isle.ground)[0]
                grip = 0.75 if isle.peak > 1 and level > 0.3 else 1.6
                tone = c.mix(tone, rock, min(1.0, float(steep) * grip)) * (0.94 + 0.12
                    * rng.random())
                hot = ("crater" in isle.props and level < 0.405 and np.hypot(a[0] + 0.12,
                    a[2] + 0.12) < 0.2)
                if all(wet[k] for k in ids):
                    tone = c.rgb(isle.water) * (0.93 + 0.12 * rng.random())
                mesh.add(a, b, d, c.rgb("#ff7a1f") if hot else tone, 1.2 if hot else 0.0)
                shade = rock * (0.75 + 0.35 * rng.random())
                mesh.add(low[ids[0]], low[ids[1]], low[ids[2]], shade)
                if min(inside[k] for k in ids) < 0.11:
                    for p, q in zip(ids, (*ids[1:], ids[0]), strict=True):
                        mesh.add(top[p], top[q], low[p], shade)
                        mesh.add(top[q], low[q], low[p], shade)


def furnish(isle: Isle, mesh: Mesh) -> None:
    """Plant trees and set the houses, crystals and clouds."""
    rng = np.random.default_rng(isle.seed + 1)

    def on(x: float, z: float) -> Vec:
        return np.array([x, float(height(isle, np.array(x), np.array(z))[0]) - 0.01, z])

    spots = {"house": (-0.32, 0.38), "house2": (0.18, 0.2), "house3": (0.42, -0.2),
        "lighthouse": (0.5, -0.42)}
    for _ in range(isle.trees[1] * 3):
        x, z = rng.uniform(-0.85, 0.85, 2)
        y, inside = height(isle, np.array(x), np.array(z))
        busy = any(k in isle.props and np.hypot(x - v[0], z - v[1]) < 0.17 for k,
            v in spots.items())
        if inside < 0.12 or busy or (isle.water and y < 0.07) or y > 0.42 + 0.1 * isle.night:
            continue
        s, tone = rng.uniform(0.07, 0.125), c.rgb(isle.trees[0]) * rng.uniform(0.85, 1.2)
        mesh.cone(on(x, z), s * 0.16, s * 0.14, s * 0.6, c.rgb("#6b4a3a"), 5)
        for k in range(3):
            mesh.cone(on(x, z) + up(s * (0.5 + 0.55 * k)), s * (0.78 - 0.2 * k), 0.0, s, tone, 6,
                turn=x * 9 + k)
    for name, (x, z) in spots.items():
        if name in isle.props and name != "lighthouse":
            mesh.house(on(x, z), 0.095, c.rgb("#f6ead2"), c.rgb("#c8553d"))
    if "lighthouse" in isle.props:
        at = on(*spots["lighthouse"])
        for k in range(4):
            r = 0.085 - 0.011 * k
            mesh.cone(at + up(k * 0.13), r, r - 0.011, 0.13,
                c.rgb("#f7f2e6" if k % 2 else "#d9483b"), 10)
        mesh.cone(at + up(0.52), 0.065, 0.065, 0.02, c.rgb("#3b3f4c"), 10)
        mesh.cone(at + up(0.54), 0.036, 0.036, 0.07, c.rgb("#ffd27a"), 8, 1.4)
        mesh.cone(at + up(0.61), 0.055, 0.0, 0.06, c.rgb("#3b3f4c"), 10)
    for k in range(11 if "crystals" in isle.props else 0):
        x, z, s = -0.3 + rng.normal(0, 0.2), -0.12 + rng.normal(0, 0.14), rng.uniform(0.035, 0.08)
        tone = c.rgb(("#58f0e0", "#b48cff", "#ff8fd0")[k % 3])
        mesh.cone(on(x, z), s * 0.6, s, s * 2.8, tone, 6, 0.75)
        mesh.cone(on(x, z) + up(s * 2.8), s, 0.0, s * 1.5, tone * 1.05, 6, 0.8)
    for side, high in ((-1, 0.62), (1, 0.85)):
        shift = side * rng.uniform(0.56, 0.63)
        for k in range(4):
            at = (np.array([shift, high + rng.uniform(-0.1, 0.1) * (k == 0), -shift]) + np.array([1,
                0, -1]) * (k - 1.5) * 0.085)
            mesh.ball(at, (0.08, 0.13, 0.11, 0.07)[k], c.mix(c.rgb(isle.sky[1]), c.rgb("#ffffff"),
                0.4))


def basis(azimuth: float, elevation: float) -> Vec:
    """Give right, up and forward of a camera that looks at the origin."""
    ca, sa, ce, se = np.cos(azimuth), np.sin(azimuth), np.cos(elevation), np.sin(elevation)
    return np.array([[ca, 0, -sa], [-sa * se, ce, -ca * se], [-sa * ce, -se, -ca * ce]], np.float32)


def raster(view: Vec, n: int, zoom: float, lift: float = 0.0) -> tuple[Vec, Ids]:
    """Fill a depth buffer and a triangle index with an orthographic camera."""
    z = np.full((n, n), 9e9, np.float32)
    ids = np.full((n, n), -1, np.int32)
    px = np.stack([view[..., 0] * zoom * n + n / 2, n / 2 - (view[..., 1] + lift) * zoom * n], -1)
    for k, (p, d) in enumerate(zip(px, view[..., 2], strict=True)):
        x0, y0 = np.maximum(np.floor(p.min(0)).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(p.max(0)).astype(int) + 1, n)
        (ax, ay), (bx, by), (ex, ey) = p
        area = (bx - ax) * (ey - ay) - (by - ay) * (ex - ax)
        if x0 >= x1 or y0 >= y1 or abs(area) < 1e-6:
            continue
        xs, ys = np.arange(x0, x1) + 0.5, (np.arange(y0, y1) + 0.5)[:, None]
        u = ((bx - xs) * (ey - ys) - (by - ys) * (ex - xs)) / area
        v = ((ex - xs) * (ay - ys) - (ey - ys) * (ax - xs)) / area
        deep = u * d[0] + v * d[1] + (1 - u - v) * d[2]
        hit = (u >= -1e-4) & (v >= -1e-4) & (u + v <= 1.0001) & (deep < z[y0:y1, x0:x1])
        z[y0:y1, x0:x1][hit] = deep[hit]
        ids[y0:y1, x0:x1][hit] = k
    return z, ids


def render(isle: Isle, n: int) -> c.Array:
    """Shade the island with sun, sky, shadows and ambient occlusion."""
    mesh = Mesh()
    terrain(isle, mesh)
    furnish(isle, mesh)
    tris, tint, glow = np.stack(mesh.tris), np.stack(mesh.tint), np.array(mesh.glow, np.float32)
    cam, sun, zoom, lift = basis(0.785, 0.56), basis(-0.35, 0.75), 0.42, 0.10
    z, ids = raster(tris @ cam.T, n, zoom, lift)
    solid = ids >= 0
    gx, gy = c.grid(n, n)
    sx, sy = (gx - 0.5) / zoom, (0.5 - gy) / zoom - lift
    world = np.stack([sx, sy, np.where(solid, z, 0)], -1) @ cam
    m = 1100
    zs, _ = raster(tris @ sun.T, m, 0.36)
    at = world @ sun.T
    lit = np.zeros((n, n), np.float32)
    for dx, dy in ((0, 0), (1.2, 0.5), (-1.2, -0.5), (0.5, -1.2), (-0.5, 1.2)):
        u = np.clip(at[..., 0] * 0.36 * m + m / 2 + dx, 0, m - 1).astype(int)
        v = np.clip(m / 2 - at[..., 1] * 0.36 * m + dy, 0, m - 1).astype(int)
        lit += (zs[v, u] > at[..., 2] - 0.012) / 5
    normal = np.cross(tris[:, 1] - tris[:, 0], tris[:, 2] - tris[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    normal *= -np.sign(normal @ cam[2])[:, None]
    lambert = np.clip(normal @ -sun[2], 0, 1)[ids] * lit
    depth = np.where(solid, z, z[solid].max())
    near = np.clip((depth - c.blur(depth, 0.012 * n)) * 5, 0,
        0.5) + np.clip((depth - c.blur(depth, 0.04 * n)) * 1.5, 0, 0.3)
    sky = c.mix(c.rgb(isle.sky[0]), c.rgb("#8090c0"), 0.4) * (0.95 if isle.night else 0.66)
    ambient = sky * (0.72 + 0.38 * normal[:, 1][ids])[..., None] * (1 - near)[..., None]
    light = ambient + c.rgb(isle.sun) * lambert[..., None] * (0.75 if isle.night else 0.86)
    e = glow[ids][..., None]
    colour = tint[ids] * (light * (1 - np.clip(e, 0, 1)) + e)
    down = c.blur(c.Pen(n, n).dot(0.5, 0.90, 0.24, 0.035).mask(), 0.02 * n)
    out = c.ramp(gy * 0.9 + 0.1 * gx, ((0, isle.sky[0]), (1, isle.sky[1])))
    halo = np.exp(-np.hypot(gx - 0.5, gy - 0.5) * 3.5)[..., None]
    out = c.screen(out, halo * c.rgb(isle.sun) * (0.22 if isle.night else 0.3)) * (1 - 0.22
        * down[..., None])
    out = c.over(out, colour, solid.astype(np.float32))
    return c.bloom(out, tint[ids] * (e > 0.5) * solid[..., None] * 0.6, (0.006, 0.025, 0.07), 1.3)


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    n = (640 if scene == "cover" else 768) * c.SS
    return c.finish(render(SCENES[scene], n), 0.010, 0.16)
