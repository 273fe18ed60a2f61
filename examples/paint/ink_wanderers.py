"""Inked heroes in misty ranges: the two styles of this catalog in one picture."""

# fmt: off
from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from . import canvas as c
from . import ink_heroes as ink
from . import misty_ranges as misty

# Scene: the hour, a new seed for it, who stands there, where, how tall, spot and second colour.
SCENES = {"01-vigil-at-dusk": ("05-red-dusk", 71, ink.vigil, 0.16, 0.86, "#d8402a", "#f2b134"),
    "02-witch-and-aurora": ("04-aurora", 83, ink.witch, 0.88, 0.80, "#5b47a8", "#ffb347"),
    "03-archer-at-dawn": ("01-first-light", 94, ink.archer, 0.10, 0.84, "#b5483a", "#f0c04a"),
    "04-duel-at-the-lake": ("02-lantern-lake", 58, ink.duel, 0.16, 0.80, "#d8402a", "#f4ead6"),
    "cover": ("cover", 77, ink.witch, 0.16, 0.74, "#c8402f", "#ffb347")}


def engrave(out: c.Array, seed: int, sky: float) -> c.Array:
    """Turn a painted valley into a print: flat tones, ridge lines, halftone and hatching."""
    h, w = out.shape[:2]
    x, y = c.grid(w, h)
    tone = c.blur(out.mean(-1), 2.0)
    gy, gx = np.gradient(c.blur(tone, 3.0))
    edges = c.step(0.006, 0.014, np.hypot(gx, gy)) * (y > sky)
    dots = np.hypot((x + y) / 0.011 % 1 - 0.5, (x - y) / 0.011 % 1 - 0.5)
    shade = (dots < 0.60 * np.clip(0.62 - tone, 0, 1) ** 0.8).astype(np.float32)
    lines = (ink.hatch(x, y, 0.9, 0.010, seed) < np.clip((0.24 - tone) * 2.4, 0,
        0.8)).astype(np.float32)
    flat = np.round(out * 11) / 11 * 0.5 + out * 0.5
    flat = flat * 1.04 + 0.01
    flat = c.over(flat, c.rgb(ink.INK), shade * 0.22)
    return c.over(c.over(flat, c.rgb(ink.INK), lines * 0.75), c.rgb(ink.INK), edges * 0.8)


def paint(scene: str) -> Image.Image:
    """Paint one scene."""
    hour, seed, who, left, tall, spot, second = SCENES[scene]
    view = replace(misty.SCENES[hour], seed=seed, lake=0.0 if "lake" not in hour else 0.8)
    valley = misty.landscape(replace(view, lanterns=0, birds=0))
    valley = engrave(valley, seed, 0.42 if view.stars else 0.0)
    valley = valley if view.stars else misty.lights(valley, view)
    out = np.array(misty.flock(valley, view), np.float32)
    h = out.shape[0]
    ink.ground(out, seed, 0.885)
    part = int(h * tall)
    top = int(h * 0.90) - int(part * 0.875)
    stage = np.array(out[top : top + part, int(left * h) :], np.float32)
    who(stage, spot, second)
    out[top : top + part, int(left * h) :] = stage
    return c.finish(ink.border(out), 0.016, 0.15, seed)
