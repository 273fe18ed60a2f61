"""Generated catalogs: models with a description and small images of their own."""

import io
from pathlib import Path

from PIL import Image

PROJECT = "proj_bench"

_CATALOG = f"""\
apiVersion: catalogsync/v1
name: bench
targets: {{main: {{project: {PROJECT}}}}}
default: main
"""

_MODEL = """\
name: Model {number}
type: flux.1-lora
shortDescription: Generated model number {number}.
tags: [bench, group-{group}]
description: |
  # Model {number}

  Some words about it, and a picture: ![first](images/0.webp)
thumbnail: images/0.webp
examples: [{{glob: "images/*.webp"}}]
"""


def generate(folder: Path, *, models: int, examples: int) -> None:
    """Write a catalog of `models` models with `examples` distinct images each."""
    (folder / "models").mkdir(parents=True)
    (folder / "catalog.yaml").write_text(_CATALOG, encoding="utf-8")
    for number in range(models):
        images = folder / f"models/m{number:05}/images"
        images.mkdir(parents=True)
        text = _MODEL.format(number=number, group=number % 10)
        (images.parent / "model.yaml").write_text(text, encoding="utf-8")
        for example in range(examples):
            (images / f"{example}.webp").write_bytes(_image(number * examples + example))


def _image(number: int) -> bytes:
    """A tiny picture that no other number gives."""
    image = Image.new("RGB", (4, 4), (number & 255, number >> 8 & 255, number >> 16 & 255))
    out = io.BytesIO()
    image.save(out, "webp", lossless=True)
    return out.getvalue()


_PLAIN = """\
name: Model {number}
type: flux.1-lora
shortDescription: Generated model number {number}.
tags: [bench, group-{group}]
description: |
{text}"""


def plain(folder: Path, *, models: int) -> None:
    """Write a catalog of `models` models with a text each and no file."""
    (folder / "models").mkdir(parents=True)
    (folder / "catalog.yaml").write_text(_CATALOG, encoding="utf-8")
    for number in range(models):
        text = "".join(f"  {line}" for line in plain_text(number).splitlines(keepends=True))
        manifest = _PLAIN.format(number=number, group=number % 10, text=text)
        (folder / f"models/m{number:07}.yaml").write_text(manifest, encoding="utf-8")


def plain_text(number: int) -> str:
    """The text of a plain model, which has no empty line."""
    return f"# Model {number}\n" + "Some words about it, as they stand on its page.\n" * 8
