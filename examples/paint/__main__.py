"""Paints every picture of the example catalog: python -m examples.paint [model ...]."""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "examples" / "catalog" / "models"
STYLES = (
    "ink_heroes",
    "misty_ranges",
    "ink_wanderers",
    "isle_dioramas",
    "potion_pixels",
    "hewn_tiles",
    "neon_rain",
    "glow_flora",
    "kintsugi_edit",
    "hull_blueprints",
    "glass_sigils",
    "paper_theatre",
)


def main(wanted: list[str]) -> None:
    """Paint the wanted models, or all of them."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    save = importlib.import_module("examples.paint.canvas").save
    for name in STYLES:
        key = name.replace("_", "-")
        if wanted and key not in wanted:
            continue
        style = importlib.import_module(f"examples.paint.{name}")
        for scene in style.SCENES:
            start = time.perf_counter()
            path = MODELS / key / "images" / f"{scene}.webp"
            limit = 40_000 if scene == "cover" else 62_000
            written = save(style.paint(scene), path, limit, getattr(style, "LOSSLESS", False))
            took = time.perf_counter() - start
            sys.stdout.write(f"{path.relative_to(ROOT)}  {written // 1000} kB  {took:.1f} s\n")


if __name__ == "__main__":
    main(sys.argv[1:])
