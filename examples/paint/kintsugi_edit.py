"""Porcelain repaired with gold, before and after."""

# fmt: off
from __future__ import annotations

import numpy as np
from PIL import Image

from . import canvas as c
from .hewn_tiles import cells

# Profiles: (height from the top, half width), in picture heights.
VASE = [(0.17, 0.085), (0.20, 0.062), (0.25, 0.055), (0.30, 0.085), (0.38, 0.175), (0.47, 0.215),
    (0.57, 0.195), (0.68, 0.135), (0.76, 0.105), (0.79, 0.115)]
JAR = [(0.24, 0.13), (0.27, 0.115), (0.31, 0.165), (0.40, 0.245), (0.50, 0.275), (0.60, 0.255),
    (0.69, 0.185), (0.76, 0.13), (0.79, 0.135)]
BOWL = [(0.42, 0.30), (0.47, 0.293), (0.55, 0.268), (0.63, 0.215), (0.70, 0.135), (0.73, 0.10),
    (0.79, 0.112)]
GOURD = [(0.14, 0.045), (0.18, 0.038), (0.24, 0.075), (0.31, 0.108), (0.38, 0.095), (0.43, 0.085),
    (0.50, 0.155), (0.59, 0.205), (0.69, 0.175), (0.77, 0.115), (0.79, 0.12)]
Scene = tuple[list[tuple[float, float]], str, int, str, str]  # profile, glaze, seed, wall, floor
SCENES: dict[str, Scene] = {"01-cobalt-vase": (VASE, "cobalt", 5, "#c9bfae", "#8f8272"),
    "02-moon-jar": (JAR, "moon", 9, "#5d6a72", "#39434a"), "03-celadon-bowl": (BOWL, "celadon", 14,
    "#d8c9b4", "#a08c76"), "04-raku-gourd": (GOURD, "raku", 21, "#8c4a3a", "#542a26"),
    "05-before-after": (VASE, "cobalt", 33, "#b9c0bd", "#7d8683"),
    "cover": (JAR, "cobalt", 28, "#2f3d52", "#1d2635")}
TILT = 0.30
Coat = tuple[c.Array, c.Array]


def glaze(kind: str, theta: c.Array, v: c.Array) -> Coat:
    """Give the colour and the gloss of the glaze at an angle and a height."""
    h, w = theta.shape
    cloud = c.fbm(w, h, 5, 5, 41, 5)
    if kind == "celadon":
        col = c.ramp(0.35 + 0.5 * cloud, ((0, "#5f8f7c"), (0.5, "#9cc4aa"), (1, "#d6e6cf")))
        petals = np.abs(np.sin(theta * 7)) * 0.07 - (0.70 - v)
        carve = np.exp(-((petals / 0.006) ** 2)) + np.exp(-(((v - 0.46) / 0.003) ** 2))
        return c.over(col, c.rgb("#55826f"), np.clip(carve, 0, 1) * 0.65), np.full_like(v, 0.9)
    if kind == "raku":
        col = c.ramp(cloud + 0.9 * (v - 0.5), ((0.1, "#b8402a"), (0.4, "#5a1f1d"), (0.6, "#241a1e"),
            (1, "#15131a")))
        return col, np.full_like(v, 0.7)
    base = c.ramp(cloud, ((0.2, "#e9e4d8"), (0.8, "#fbf8f0")))
    if kind == "moon":
        return c.over(base, c.rgb("#d9c4a8"), c.step(0.58, 0.75, cloud) * 0.5), np.full_like(v, 0.8)
    wash = 0.55 + 0.7 * cloud
    motif = np.zeros_like(v)
    for at, thick in ((0.225, 0.004), (0.325, 0.003), (0.335, 0.0016), (0.665, 0.0016),
        (0.675, 0.003), (0.765, 0.004)):
        motif = np.maximum(motif, c.step(thick * 1.3, thick * 0.7, np.abs(v - at)))
    lotus = 0.745 - 0.062 * np.abs(np.cos(theta * 6)) ** 0.6
    motif = np.maximum(motif, 0.75 * c.step(0.0035, 0.0015, np.abs(v - lotus)) * (v < 0.76))
    motif = np.maximum(motif, 0.55 * (v > lotus + 0.014) * (v < 0.752))
    for k in range(9):
        u0, v0, r = (k - 4) * 0.62, 0.50 + 0.07 * float(np.sin(k * 2.4)), 0.052 + 0.012 * (k % 2)
        du, dv = (theta - u0) * 0.2, v - v0
        rad, ang = np.hypot(du, dv), np.arctan2(dv, du)
        petal = rad / r - (0.62 + 0.38 * np.abs(np.cos(ang * 3 + k)))
        motif = np.maximum(motif, np.where(petal < 0, 0.45 + 0.45 * (rad / r) ** 2,
            0) * (rad > r * 0.17))
        vine = np.abs(dv - 0.03 * np.sin(theta * 5 + k) - 0.055) + 0.004 * np.abs(np.sin(theta
            * 20))
        motif = np.maximum(motif, 0.7 * c.step(0.006, 0.003, vine) * (np.abs(du) < 0.06))
    ink = c.mix(c.rgb("#1d3f9a"), c.rgb("#12265f"), 0.4)
    return c.over(base, ink, np.clip(motif * wash * 1.25, 0, 0.95)), np.full_like(v, 1.0)


def pot(out: c.Array, scene: Scene, cx: float, gold: bool) -> c.Array:
    """Throw, glaze, break and mend one pot."""
    profile, kind, seed, _, _ = scene
    h, w = out.shape[:2]
    x, y = c.grid(w, h)
    curve = np.array(c.smooth(profile, n=24))
    top, foot = curve[0, 0], curve[-1, 0]

    def radius(v: c.Array) -> c.Array:
        return np.asarray(np.interp(v, curve[:, 0], curve[:, 1]), np.float32)

    v = y.copy()
    for _ in range(6):
        u = np.clip((x - cx) / radius(v), -1, 1)
        v = y - TILT * radius(v) * np.sqrt(1 - u * u) * 0.55
    r = radius(v)
    u = (x - cx) / r
    body = c.step(1.0, 0.992, np.abs(u)) * (v > top) * (v < foot)
    z = np.sqrt(np.clip(1 - u * u, 0, 1))
    theta = np.arctan2(np.clip(u, -1, 1), z + 1e-4)
    slope = (radius(v + 0.004) - radius(v - 0.004)) / 0.008
    norm = np.sqrt(1 + slope**2)
    nx, ny, nz = u / norm, -slope / norm, z / norm
    colour, gloss = glaze(kind, theta, v)
    n = 1024
    _, gap, tint = cells(n, 4, seed, 0.95, 4)
    ti = ((theta / np.pi * 0.62 + 0.55) * n).astype(int) % n
    vi = ((v * 1.15) * n).astype(int) % n
    crack, shard = c.blur(gap[vi, ti], 1.2), tint[vi, ti]
    near = c.step(0.62, 0.40, c.fbm(w, h, 3, 3, seed + 2, 3))
    width: c.Array = (0.030 if gold else 0.016) * (0.35 + 0.65 * near)
    seam = c.step(width * 1.15, width * 0.8, crack) * body
    light = np.clip(-0.55 * nx - 0.50 * ny + 0.62 * nz, 0, 1)
    shade = 0.24 + 0.86 * light + 0.10 * np.clip(nx, 0, 1) ** 2
    colour = colour * (1 + (0.06 if gold else 0.16) * (shard - 0.5))[..., None]
    out_pot = (colour * shade[..., None] * c.ramp(light, ((0, "#b4bfd6"), (0.6, "#fff8ee"),
        (1, "#ffffff"))))
    box = c.step(0.10, 0.04, np.abs(nx + 0.52 - 0.05 * ny)) * c.step(0.62, 0.45, np.abs(ny + 0.05))
    pane = 1 - 0.8 * c.step(0.020, 0.008, np.abs(nx + 0.53))
    strip = c.step(0.94, 0.985, nx) * 0.35
    sharp = (box * pane * 0.62 + strip + np.exp(-((nx + 0.4) ** 2 + (ny + 0.45) ** 2) * 9)
        * 0.22) * gloss
    out_pot = c.screen(out_pot, sharp[..., None] * c.rgb("#fffaf0"))
    if gold:
        lump = c.step(width * 1.2, 0.0, crack)
        gy, gx = np.gradient(c.blur(lump, 1.5))
        shine = np.clip(0.40 + 0.45 * light - (gx + gy) * 3.0 + 0.5 * (c.fbm(w, h, 90, 90, 3,
            2) - 0.5), 0, 1)
        metal = c.ramp(shine, ((0, "#5a3208"), (0.35, "#b97a1c"), (0.65, "#f0be4a"),
            (0.85, "#ffe79a"), (1, "#fffbe6")))
        out_pot = c.over(out_pot * (1 - 0.35 * c.step(width * 2.2, width, crack))[..., None], metal,
            seam)
    else:
        out_pot = c.over(out_pot * 0.96, c.rgb("#2a211d"), seam * 0.92)
        chip = c.step(0.93, 0.95, shard)[..., None]
        out_pot = (out_pot * (1 - chip) + chip * c.rgb("#b59a80")
            * (0.3 + 0.5 * light + 0.5 * c.fbm(w, h, 40, 40, 9, 3) - 0.2)[..., None])
    out = grounded(out, cx, float(curve[-1, 1]), float(foot))
    out = c.over(out, np.clip(out_pot, 0, 1), body)
    rim_r = float(curve[0, 1])
    cy = float(top) + 0.001
    hole = np.hypot((x - cx) / rim_r, (y - cy) / (rim_r * TILT * 0.55))
    inner = c.ramp(np.clip((y - cy) / (rim_r * TILT) + 0.5, 0, 1), ((0, "#1b1512"), (1, "#8a7d6c")))
    lip = colour[int(min(top + 0.06, 0.95) * h), int(cx * h)] * 1.02
    out = c.over(out, lip, c.step(1.03, 1.0, hole))
    deep = hole + (0.03 if profile is BOWL else 0.12) + 0.05 * (y < cy)
    return c.over(out, c.over(inner, lip, 0.55) if profile is BOWL else inner,
        c.step(1.0, 0.98, deep))


def grounded(out: c.Array, cx: float, r: float, foot: float) -> c.Array:
    """Drop a contact shadow and a long soft shadow."""
    h, w = out.shape[:2]
    for dx, wide, soft, dark in ((0.0, 1.15, 0.008, 0.6), (0.10, 2.2, 0.035, 0.42),
        (0.22, 3.4, 0.06, 0.25)):
        m = c.Pen(w, h).dot(cx + dx, foot + 0.02, r * wide, r * 0.22 * wide).mask()
        out = out * (1 - dark * c.blur(m, soft * h)[..., None])
    return out


def stage(w: int, h: int, wall: str, floor: str, seed: int) -> c.Array:
    """Set a plaster wall over a stone table in window light."""
    x, y = c.grid(w, h)
    plaster = 0.94 + 0.12 * c.fbm(w, h, 4, 4, seed, 6, 0.55)[..., None]
    out = np.broadcast_to(c.rgb(wall), (h, w, 3)) * plaster
    beam = np.exp(-(((x - 0.55 * w / h) + (y - 0.4) * 0.6) ** 2) / 0.10) * c.step(0.9, 0.2, y)
    out = c.screen(out * 0.86, (beam * 0.30)[..., None] * c.rgb("#fff0d6"))
    table = c.rgb(floor) * (0.85 + 0.3 * c.fbm(w, h, 3, 12, seed + 4, 5)[..., None])
    table = table * (1.1 - 0.5 * c.step(0.72, 1.0, y))[..., None]
    return c.over(out, table, c.step(0.722, 0.734, y))


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    look = SCENES[scene]
    wide = {"05-before-after": (1024, 640), "cover": (640, 640)}.get(scene, (640, 800))
    w, h = c.size(*wide)
    out = stage(w, h, look[3], look[4], look[2])
    if scene == "05-before-after":
        x, _ = c.grid(w, h)
        out = out * np.where(x < w / h / 2, 0.80, 1.0)[..., None]
        out = pot(pot(out, look, w / h * 0.25, False), look, w / h * 0.75, True)
        out = c.over(out, c.rgb("#e9b94f"), c.step(0.003, 0.0015, np.abs(x - w / h / 2)))
    else:
        out = pot(out, look, w / h / 2, True)
    return c.finish(out.astype(np.float32), 0.014, 0.28, look[2])
