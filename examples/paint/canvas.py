"""Shared brushes: noise, gradients, masks, light, film grain and saving.

A picture is a float array of shape (height, width, 3) between 0 and 1, painted at SS times its
final size. Lengths are in units of the picture's height; x grows right, y grows down.
"""

# fmt: off
from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

SS = 2
Array = npt.NDArray[np.floating[Any]]
Point = tuple[float, float]
Stops = Sequence[tuple[float, str]]


def rgb(code: str) -> Array:
    """Turn '#rrggbb' into three floats."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)


def mix(a: Array, b: Array, t: float) -> Array:
    """Blend two colours."""
    return (a + (b - a) * np.float32(t)).astype(np.float32)


def size(width: int, height: int) -> tuple[int, int]:
    """Give the working size of a picture."""
    return width * SS, height * SS


def grid(w: int, h: int) -> tuple[Array, Array]:
    """Give the x and y of every pixel centre."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    return (x + 0.5) / h, (y + 0.5) / h


def step(a: float | Array, b: float | Array, x: float | Array) -> Array:
    """Ease from 0 at a to 1 at b."""
    t = np.clip((x - a) / (b - a), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def ramp(t: Array, stops: Stops) -> Array:
    """Map values to colours, blended in a roughly linear light."""
    at = [p for p, _ in stops]
    cols = np.stack([rgb(c) ** 2.0 for _, c in stops])
    return np.stack([np.interp(t, at, cols[:, k]) ** 0.5 for k in range(3)], -1).astype(np.float32)


def scale(a: Array, w: int, h: int, how: int = Image.Resampling.BICUBIC) -> Array:
    """Resize an array of one or three channels."""
    if a.ndim == 3:
        return np.stack([scale(a[..., k], w, h, how) for k in range(a.shape[2])], -1)
    im = Image.fromarray(np.ascontiguousarray(a, np.float32))
    return np.asarray(im.resize((w, h), how), np.float32)


def noise(w: int, h: int, nx: int, ny: int, seed: int) -> Array:
    """Make smooth value noise in 0..1 that repeats at the edges."""
    cells = np.random.default_rng(seed).random((ny, nx)).astype(np.float32)
    im = Image.fromarray(np.pad(cells, 3, mode="wrap"))
    out = im.resize((w, h), Image.Resampling.BICUBIC, box=(3, 3, 3 + nx, 3 + ny))
    return np.asarray(out, np.float32)


def fbm(w: int, h: int, nx: int, ny: int, seed: int, octaves: int = 5, gain: float = 0.5) -> Array:
    """Sum octaves of noise into clouds in about 0..1."""
    if w > 600 and h > 600:
        return scale(fbm(w // 2, h // 2, nx, ny, seed, octaves, gain), w, h)
    total, amp, norm = np.zeros((h, w), np.float32), 1.0, 0.0
    for k in range(octaves):
        if nx << k > w or ny << k > h:
            break
        total += np.float32(amp) * noise(w, h, nx << k, ny << k, seed * 31 + k)
        norm, amp = norm + amp, amp * gain
    return total / np.float32(norm)


def _slide(a: Array, kernel: Array, wrap: bool) -> Array:
    """Convolve along the first axis."""
    r = len(kernel) // 2
    pad = [(r, r)] + [(0, 0)] * (a.ndim - 1)
    p = np.pad(a, pad, mode="wrap" if wrap else "edge")
    out = np.zeros_like(a)
    for k, weight in enumerate(kernel):
        out += weight * p[k : k + a.shape[0]]
    return out


def blur(a: Array, r: float, wrap: bool = False) -> Array:
    """Blur with a Gaussian whose sigma is r pixels."""
    h, w = a.shape[:2]
    k = max(1, int(r // 2))
    small = scale(a, max(1, w // k), max(1, h // k), Image.Resampling.BOX) if k > 1 else a
    s = r / k
    taps = np.arange(-int(3 * s + 1), int(3 * s + 1) + 1)
    kernel = np.exp(-((taps / s) ** 2) / 2).astype(np.float32)
    kernel /= kernel.sum()
    small = _slide(small, kernel, wrap)
    small = _slide(small.swapaxes(0, 1), kernel, wrap).swapaxes(0, 1)
    return scale(small, w, h) if k > 1 else small


def over(base: Array, colour: Array, mask: Array | float) -> Array:
    """Lay a colour or picture over the base through a mask."""
    m = mask[..., None] if isinstance(mask, np.ndarray) else np.float32(mask)
    return base + (colour - base) * m


def screen(base: Array, light: Array) -> Array:
    """Add light without burning out."""
    return 1 - (1 - np.clip(base, 0, 1)) * (1 - np.clip(light, 0, 1))


def bloom(base: Array, light: Array, radii: Iterable[float], gain: float = 1.0) -> Array:
    """Screen a light layer and its halos (radii in heights) over the base."""
    h = base.shape[0]
    out = screen(base, light)
    for r in radii:
        out = screen(out, blur(light, max(r * h, 0.6)) * gain)
    return out


def shift(a: Array, dx: float, dy: float) -> Array:
    """Move an array by a part of its height, repeating at the edges."""
    h = a.shape[0]
    return np.roll(a, (round(dy * h), round(dx * h)), (0, 1))


def relief(height: Array, strength: float, light: tuple[float, float, float]) -> Array:
    """Light a height field that repeats at the edges, 0.5 on the flat."""
    gx = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * strength
    gy = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) * strength
    lx, ly, lz = np.array(light) / np.linalg.norm(light)
    lit = (-gx * lx - gy * ly + lz) / np.sqrt(gx * gx + gy * gy + 1)
    return np.asarray(0.5 + (lit - lz) * 0.9, np.float32)


def smooth(points: Sequence[Point], closed: bool = False, n: int = 12) -> list[Point]:
    """Run a Catmull-Rom curve through points."""
    p = np.array(points, float)
    q = np.vstack([p[-1], p, p[:2]]) if closed else np.vstack([p[0], p, p[-1]])
    t = np.linspace(0, 1, n, endpoint=False)[:, None]
    out: list[Point] = []
    for a, b, c, d in zip(q, q[1:], q[2:], q[3:], strict=False):
        m, k = c - a, 2 * a - 5 * b + 4 * c - d
        s = 0.5 * (2 * b + m * t + k * t**2 + (3 * b - a - 3 * c + d) * t**3)
        out += [(float(x), float(y)) for x, y in s]
    return out if closed else [*out, (float(p[-1][0]), float(p[-1][1]))]


class Pen:
    """Draws white shapes on a black mask."""

    def __init__(self, w: int, h: int) -> None:
        """Start with an empty mask."""
        self.w, self.h = w, h
        self.im = Image.new("L", (w, h))
        self.draw = ImageDraw.Draw(self.im)

    def poly(self, points: Sequence[Point], fill: int = 255) -> Pen:
        """Fill a polygon."""
        self.draw.polygon([(x * self.h, y * self.h) for x, y in points], fill=fill)
        return self

    def line(self, points: Sequence[Point], width: float, fill: int = 255) -> Pen:
        """Draw a line with round joints."""
        px = max(1, round(width * self.h))
        self.draw.line([(x * self.h, y * self.h) for x, y in points], fill, px, joint="curve")
        return self

    def taper(self, points: Sequence[Point], w0: float, w1: float, fill: int = 255) -> Pen:
        """Draw a stroke whose width runs from w0 to w1."""
        n = max(1, len(points) - 1)
        for i, (a, b) in enumerate(pairwise(points)):
            reach = np.hypot(b[0] - a[0], b[1] - a[1])
            for s in np.linspace(0, 1, 3 + int(reach / max(0.12 * min(w0, w1), 0.7 / self.h))):
                r = (w0 + (w1 - w0) * (i + s) / n) / 2
                self.dot(a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s, r, fill=fill)
        return self

    def dot(self, x: float, y: float, r: float, ry: float | None = None, fill: int = 255) -> Pen:
        """Fill a disc or an upright ellipse."""
        s, v = self.h, r if ry is None else ry
        self.draw.ellipse(((x - r) * s, (y - v) * s, (x + r) * s, (y + v) * s), fill=fill)
        return self

    def ring(self, x: float, y: float, r: float, width: float, fill: int = 255) -> Pen:
        """Draw a circle."""
        s, px = self.h, max(1, round(width * self.h))
        box = ((x - r) * s, (y - r) * s, (x + r) * s, (y + r) * s)
        self.draw.ellipse(box, outline=fill, width=px)
        return self

    def mask(self) -> Array:
        """Give the mask as floats."""
        return np.asarray(self.im, np.float32) / 255


def vignette(a: Array, strength: float) -> Array:
    """Darken the corners."""
    h, w = a.shape[:2]
    x, y = grid(w, h)
    d = ((x - w / h / 2) / (w / h)) ** 2 + (y - 0.5) ** 2
    return a * (1 - np.float32(strength) * step(0.1, 0.55, d))[..., None]


def finish(a: Array, grain: float = 0.02, corners: float = 0.3, seed: int = 1) -> Image.Image:
    """Bring a painting down to its final size, with corners and film grain."""
    h, w = a.shape[0] // SS, a.shape[1] // SS
    out = scale(np.clip(vignette(a, corners), 0, 1).astype(np.float32), w, h, Image.Resampling.BOX)
    speck = np.random.default_rng(seed).normal(0, grain, (h, w, 1)).astype(np.float32)
    return Image.fromarray((np.clip(out + speck, 0, 1) * 255 + 0.5).astype(np.uint8))


def save(image: Image.Image, path: Path, limit: int = 62_000, lossless: bool = False) -> int:
    """Write a WebP no larger than the limit and give its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in (90, 86, 82, 78, 74, 70, 65, 60, 54, 48, 40, 32, 24):
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=quality, method=6, lossless=lossless)
        if lossless or buffer.tell() <= limit:
            break
    path.write_bytes(buffer.getvalue())
    return buffer.tell()
