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


def key(number: int) -> str:
    """The key of a model."""
    return f"m{number:05}"


def manifest(folder: Path, number: int) -> Path:
    """Where a model's manifest is, in a folder of its own or not."""
    own = folder / f"models/{key(number)}/model.yaml"
    return own if own.is_file() else folder / f"models/{key(number)}.yaml"


def generate(folder: Path, *, models: int, examples: int) -> None:
    """Write a catalog of `models` models with `examples` distinct images each."""
    if not examples:
        plain(folder, models=models)
        return
    (folder / "models").mkdir(parents=True)
    (folder / "catalog.yaml").write_text(_CATALOG, encoding="utf-8")
    for number in range(models):
        images = folder / f"models/{key(number)}/images"
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
        told = _PLAIN.format(number=number, group=number % 10, text=text)
        manifest(folder, number).write_text(told, encoding="utf-8")


def plain_text(number: int) -> str:
    """The text of a plain model, which has no empty line."""
    return f"# Model {number}\n" + "Some words about it, as they stand on its page.\n" * 8
