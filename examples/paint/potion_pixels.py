"""Pixel-art items: few colours, hard edges, a dark outline, ordered dithering."""

# fmt: off
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from . import canvas as c

LOSSLESS = True
SCENES = ("01-apothecary", "02-gem-vault", "03-forager", "04-armoury", "05-great-elixir", "cover")
Bits = npt.NDArray[np.bool_]
RAMPS = (("#4a1030", "#97183f", "#e0364a", "#ff7b6b", "#ffd0b0"),
    ("#123a5a", "#1a6f9c", "#2fb4d6", "#86e8ee", "#e8fff4"),
    ("#173f2c", "#23774a", "#4fb65a", "#a6e06a", "#f2ffb8"),
    ("#3a1a5e", "#6a2c9c", "#a555d6", "#dd94f2", "#ffe0ff"),
    ("#5a2a10", "#a8541a", "#f0902a", "#ffc860", "#fff4c0"),
    ("#4a2038", "#96386c", "#e0609c", "#ffa4c4", "#ffe8f0"),
    ("#10343a", "#17666a", "#2aa890", "#7fe0b4", "#e4ffdc"),
    ("#27284a", "#454c80", "#7684b8", "#b4c4e4", "#f4faff"),
    ("#4a3a10", "#8c741a", "#d6bc30", "#fff070", "#fffbd0"))
GLASS = ("#2b3358", "#56688f", "#8fb0c8", "#cfe8ee", "#ffffff")
WOOD = ("#2e1a1c", "#56302a", "#8a5236", "#b97c48", "#e0ad6a")
STEEL = ("#232740", "#464f72", "#7f8fae", "#bfd0de", "#ffffff")
GOLD = ("#4f2a12", "#935418", "#d8942a", "#ffd052", "#fff6b8")
OUTLINE, NIGHT = "#15101f", ("#1b1830", "#262345", "#332e5c", "#423c74")
BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.47


class Sprite:
    """A small canvas whose unit square maps to n pixels."""

    def __init__(self, n: int) -> None:
        """Start transparent."""
        self.n = n
        self.rgb = np.zeros((n, n, 3), np.float32)
        self.used = np.zeros((n, n), bool)

    def cut(self, draw: Callable[[ImageDraw.ImageDraw, int], None]) -> Bits:
        """Draw a hard-edged mask."""
        im = Image.new("1", (self.n, self.n))
        draw(ImageDraw.Draw(im), self.n)
        return np.asarray(im)

    def poly(self, *points: c.Point) -> Bits:
        """Cut a polygon."""
        return self.cut(lambda d, n: d.polygon([(round(x * n), round(y * n)) for x, y in points],
            fill=1))

    def disc(self, x: float, y: float, rx: float, ry: float = 0) -> Bits:
        """Cut a disc."""
        ry = ry or rx
        gy, gx = (np.mgrid[0 : self.n, 0 : self.n] + 0.5) / self.n
        return np.asarray(((gx - x) / rx) ** 2 + ((gy - y) / ry) ** 2 <= 1)

    def fill(
        self, mask: Bits, ramp: tuple[str, ...], bias: float = 0.0, dither: float = 0.14
    ) -> None:
        """Shade a mask as if round, lit from the upper left, in the few colours of a ramp."""
        ys, xs = np.nonzero(mask)
        if not len(ys):
            return
        u = (np.arange(self.n) - xs.mean()) / max(np.ptp(xs) / 2, 1)
        v = (np.arange(self.n) - ys.mean()) / max(np.ptp(ys) / 2, 1)
        tone = 0.46 - 0.34 * u[None, :] - 0.36 * v[:, None] + bias
        tone = (tone + np.tile(BAYER, (self.n // 4 + 1, self.n // 4 + 1))[: self.n,
            : self.n] * dither)
        cols = np.stack([c.rgb(k) for k in ramp])
        shade = cols[np.clip((tone * len(ramp)).astype(int), 0, len(ramp) - 1)]
        self.rgb[mask], self.used = shade[mask], self.used | mask

    def flat(self, mask: Bits, colour: str) -> None:
        """Paint a mask with one colour."""
        self.rgb[mask], self.used = c.rgb(colour), self.used | mask

    def stamp(self, page: c.Array, x: int, y: int) -> None:
        """Put the sprite on a page with a shadow and a one-pixel outline."""
        grown = np.pad(self.used, 1)
        ring = grown.copy()
        for axis in (0, 1):
            for way in (-1, 1):
                ring |= np.roll(grown, way, axis)
        view = page[y - 1 : y + self.n + 1, x - 1 : x + self.n + 1]
        drop = np.roll(ring, (1, 1), (0, 1)) & ~ring
        view[drop] = view[drop] * 0.55
        view[ring] = c.rgb(OUTLINE)
        view[1:-1, 1:-1][self.used] = self.rgb[self.used]


def potion(s: Sprite, k: int) -> None:
    """A corked bottle, in one of three cuts."""
    ramp, cut = RAMPS[k % 9], k % 3
    if cut == 0:
        body, inner = s.disc(0.5, 0.64, 0.33, 0.31), s.disc(0.5, 0.64, 0.27, 0.25)
    elif cut == 1:
        body = s.poly((0.40, 0.36), (0.60, 0.36), (0.86, 0.88), (0.80, 0.94), (0.20, 0.94),
            (0.14, 0.88))
        inner = s.poly((0.42, 0.46), (0.58, 0.46), (0.77, 0.86), (0.74, 0.89), (0.26, 0.89),
            (0.22, 0.86))
    else:
        body = s.poly((0.30, 0.42), (0.70, 0.42), (0.78, 0.50), (0.78, 0.94), (0.22, 0.94),
            (0.22, 0.50))
        inner = s.poly((0.32, 0.50), (0.68, 0.50), (0.72, 0.55), (0.72, 0.88), (0.28, 0.88),
            (0.28, 0.55))
    s.fill(s.poly((0.40, 0.20), (0.60, 0.20), (0.60, 0.44), (0.40, 0.44)), GLASS)
    s.fill(body, GLASS)
    rows = np.arange(s.n)[:, None] / s.n
    s.flat(inner, GLASS[1])
    s.fill(inner & (rows > 0.56), ramp, -0.04)
    s.flat(inner & (rows > 0.555) & (rows < 0.59), ramp[4])
    s.fill(s.poly((0.39, 0.06), (0.60, 0.06), (0.60, 0.18), (0.39, 0.18)), WOOD)
    s.fill(s.poly((0.33, 0.20), (0.66, 0.20), (0.66, 0.25), (0.33, 0.25)), GOLD)
    s.flat(s.disc(0.36, 0.55, 0.045, 0.09) & body, "#ffffff")
    for x, y in ((0.58, 0.70), (0.46, 0.80), (0.62, 0.82)):
        s.flat(s.disc(x, y, 0.035), ramp[4])


def gem(s: Sprite, k: int) -> None:
    """A cut stone in flat facets."""
    r, cut = RAMPS[(k * 4 + 1) % 9], k % 3
    n = (6, 8, 4)[cut]
    a = np.arange(n + 1) / n * 2 * np.pi + (np.pi / 6, np.pi / 8, 0)[cut]
    tall = (0.44, 0.40, 0.46)[cut]
    outer = [(0.5 + 0.40 * float(np.cos(t)), 0.52 + tall * float(np.sin(t))) for t in a]
    inner = [(0.5 + 0.21 * float(np.cos(t)), 0.48 + tall * 0.5 * float(np.sin(t))) for t in a]
    for i in range(n):
        tone = int(np.clip(round(2.0 - 2.3 * float(np.cos(a[i] + np.pi / n - 0.9))), 0, 4))
        s.flat(s.poly(outer[i], outer[i + 1], inner[i + 1], inner[i]), r[tone])
    s.fill(s.poly(*inner[:n]), r, 0.16)
    s.flat(s.disc(0.42, 0.36, 0.05), "#ffffff")


def forage(s: Sprite, k: int) -> None:
    """A mushroom, a berry sprig or a leaf."""
    r = RAMPS[(0, 2, 4, 3, 6, 8, 5, 2, 1)[k]]
    if k % 3 == 0:
        s.fill(s.poly((0.40, 0.55), (0.60, 0.55), (0.66, 0.92), (0.34, 0.92)),
            ("#8a6a54", "#c4a47c", "#efdcb0", "#fff6da"))
        cap = s.disc(0.5, 0.56, 0.42, 0.44) & (np.arange(s.n)[:, None] / s.n < 0.60)
        s.fill(cap, r)
        for x, y, q in ((0.36, 0.34, 0.07), (0.60, 0.28, 0.06), (0.70, 0.47, 0.055),
            (0.48, 0.49, 0.045)):
            s.flat(s.disc(x, y, q) & cap, "#fff6da")
    elif k % 3 == 1:
        s.fill(s.poly((0.12, 0.88), (0.20, 0.42), (0.52, 0.14), (0.90, 0.08), (0.84, 0.46),
            (0.60, 0.78)), r)
        for i in range(5):
            x = 0.25 + 0.13 * i
            s.flat(s.poly((x, 1 - x), (x + 0.02, 0.98 - x), (x + 0.16, 0.96 - x),
                (x + 0.15, 0.95 - x)), r[1])
        s.flat(s.poly((0.08, 0.94), (0.12, 0.96), (0.86, 0.14), (0.84, 0.12)), r[4])
    else:
        s.fill(s.poly((0.46, 0.06), (0.54, 0.06), (0.56, 0.5), (0.46, 0.5)), RAMPS[2])
        s.fill(s.poly((0.54, 0.26), (0.70, 0.08), (0.94, 0.12), (0.80, 0.30)), RAMPS[2])
        for x, y in ((0.30, 0.50), (0.68, 0.52), (0.48, 0.74)):
            s.fill(s.disc(x, y, 0.21), r)
            s.flat(s.disc(x - 0.07, y - 0.08, 0.045), "#ffffff")


def arm(s: Sprite, k: int) -> None:
    """A sword, a shield or a lantern."""
    r = RAMPS[(1, 0, 4, 3, 6, 8, 5, 2, 4)[k]]
    if k % 3 == 0:
        s.fill(s.poly((0.95, 0.05), (0.80, 0.08), (0.32, 0.56), (0.44, 0.68), (0.92, 0.20)), STEEL,
            0.05)
        s.flat(s.poly((0.90, 0.10), (0.38, 0.60), (0.40, 0.63), (0.92, 0.12)), r[3])
        s.fill(s.poly((0.18, 0.48), (0.26, 0.42), (0.58, 0.74), (0.52, 0.82)), GOLD)
        s.fill(s.poly((0.28, 0.62), (0.38, 0.72), (0.18, 0.92), (0.08, 0.82)), WOOD)
        s.fill(s.disc(0.11, 0.89, 0.085), r)
    elif k % 3 == 1:
        edge = ((0.5, 0.04), (0.90, 0.14), (0.88, 0.54), (0.5, 0.97), (0.12, 0.54), (0.10, 0.14))
        s.fill(s.poly(*edge), STEEL)
        face = s.poly(*((0.5 + (x - 0.5) * 0.78, 0.47 + (y - 0.47) * 0.78) for x, y in edge))
        s.fill(face, r)
        s.flat(face & s.poly((0.44, 0), (0.56, 0), (0.56, 1), (0.44, 1)), GOLD[3])
        s.fill(s.disc(0.5, 0.42, 0.15), GOLD)
    else:
        s.fill(s.poly((0.42, 0.02), (0.58, 0.02), (0.58, 0.14), (0.42, 0.14)), STEEL)
        s.fill(s.poly((0.5, 0.10), (0.84, 0.30), (0.16, 0.30)), STEEL)
        s.flat(s.poly((0.24, 0.30), (0.76, 0.30), (0.70, 0.82), (0.30, 0.82)), r[3])
        s.fill(s.disc(0.5, 0.58, 0.17, 0.22), r, 0.3)
        s.flat(s.disc(0.5, 0.62, 0.08, 0.12), "#ffffff")
        for x in (0.26, 0.72):
            s.flat(s.poly((x, 0.30), (x + 0.05, 0.30), (x + 0.05, 0.82), (x, 0.82)), STEEL[1])
        s.fill(s.poly((0.18, 0.82), (0.82, 0.82), (0.88, 0.95), (0.12, 0.95)), STEEL)


def dithered(n: int, tone: c.Array, ramp: tuple[str, ...]) -> c.Array:
    """Quantise a tone field into a ramp with ordered dithering."""
    t = tone + np.tile(BAYER, (n // 4 + 1, n // 4 + 1))[:n, :n] / len(ramp)
    cols = np.stack([c.rgb(k) for k in ramp])
    return np.asarray(cols[np.clip((t * len(ramp)).astype(int), 0, len(ramp) - 1)], np.float32)


def board(draw: Callable[[Sprite, int], None], wall: tuple[str, ...], shelf: bool) -> c.Array:
    """Lay nine items out on a shelf or in slots."""
    n = 128
    x, y = c.grid(n, n)
    page = dithered(n, 0.95 - np.hypot(x - 0.5, y - 0.45) * 1.25, wall)
    for k in range(9):
        left, top = 5 + (k % 3) * 41, 4 + (k // 3) * 41
        if not shelf:
            page[top : top + 37, left : left + 36] = c.rgb(OUTLINE)
            u, v = c.grid(35, 35)
            well = dithered(35, 0.85 - np.hypot(u - 0.5, v - 0.5), wall[1:])
            page[top + 1 : top + 36, left + 1 : left + 35] = well[:, :34]
            page[top + 1, left + 1 : left + 35] = c.rgb(wall[-1]) * 1.25
            page[top + 1 : top + 36, left + 1] = c.rgb(wall[-1]) * 1.1
        elif k % 3 == 0:
            for row, tone in enumerate(WOOD[::-1]):
                page[top + 34 + row] = c.rgb(tone)
            page[top + 36 : top + 39, ::7] = c.rgb(WOOD[1])
            page[top + 40] = c.rgb(OUTLINE)
            page[top + 41 : top + 44] *= 0.6
        s = Sprite(30)
        draw(s, k)
        s.stamp(page, left + 3, top + 3)
    return page


def altar(draw: Callable[[Sprite, int], None], k: int, n: int, ramp: tuple[str, ...]) -> c.Array:
    """Show one item large in a blaze of dithered rays."""
    x, y = c.grid(n, n)
    d, a = np.hypot(x - 0.5, y - 0.5), np.arctan2(y - 0.5, x - 0.5)
    rays = 0.14 * (np.sin(a * 12) > 0.1) * c.step(0.62, 0.2, d)
    page = dithered(n, 0.98 - d * 1.5 + rays, (*NIGHT[:2], *ramp[:4]))
    rng = np.random.default_rng(k)
    for _ in range(26):
        sx, sy = rng.integers(2, n - 3, 2)
        page[sy, sx] = c.rgb(ramp[4])
        if rng.random() < 0.35:
            page[sy - 1 : sy + 2, sx] = page[sy, sx - 1 : sx + 2] = c.rgb(ramp[4])
    s = Sprite(int(n * 0.72))
    draw(s, k)
    s.stamp(page, int(n * 0.14), int(n * 0.14))
    return page


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    pages: dict[str, Callable[[], c.Array]] = {"01-apothecary": lambda: board(potion,
        ("#241b2e", "#33243c", "#46304a", "#5a3f58"), True),
        "02-gem-vault": lambda: board(gem, NIGHT, False), "03-forager": lambda: board(forage,
        ("#16261f", "#1f3a2c", "#2b4f38", "#3b6644"), False),
        "04-armoury": lambda: board(arm, ("#2a1a1a", "#402624", "#57332c", "#6e4436"), False),
        "05-great-elixir": lambda: altar(potion, 3, 64, RAMPS[3]),
        "cover": lambda: altar(arm, 2, 64, RAMPS[4])}
    page = (np.clip(pages[scene](), 0, 1) * 255 + 0.5).astype(np.uint8)
    side = 640 if scene == "cover" else 768
    return Image.fromarray(page).resize((side, side), Image.Resampling.NEAREST)
