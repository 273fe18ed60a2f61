"""A run that does a bit of everything: it creates, edits, sends, imports, adopts and deletes."""

import base64
import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tests.cli.killing import Scene, write_models
from tests.cli.test_sources import SAFETENSORS
from tests.media import sound

_WEIGHTS_BYTES = 4096
_SAMPLES_OF_TWO_PARTS = 4_300_000
_OWNED = "catalog-sync:acme"

_AFTER = {
    "ink": """\
name: Ink Two
type: flux.1-lora
shortDescription: After.
tags: [ink, new]
collections: [New]
thumbnail: files/0.png
examples: [files/x.wav, files/0.png]
training:
  images: [{file: files/0.png, caption: "ink, wet"}]
  pairs: [{source: files/0.png, target: files/2.png, instruction: wash it}]
  parameters: {rank: 16}
""",
    "fresh": """\
name: Fresh
type: flux.1-lora
shortDescription: Made by this run.
tags: [fresh]
collections: [New]
thumbnail: files/1.png
examples: [files/1.png, files/0.png]
promptGuide: "As {model:ink}."
training: {images: [{file: files/1.png, caption: fresh}]}
description: |
  Strokes.
  ![stroke](files/2.png)
""",
    "both": """\
name: Both
type: flux.1-composition
concepts: [{model: ink, scale: 0.8}, {model: fresh, scale: 0.2}]
""",
    "moved": "name: Moved\ntype: custom\nrenamedFrom: old-key\n",
    "kept": "name: Kept\ntype: custom\nprotect: true\n",
    "gone": "name: Gone\ntype: custom\nstate: absent\n",
    "let-go": "name: Let Go\ntype: custom\nstate: unmanaged\n",
    "lora": "name: Lora\ntype: flux.1-lora\nsource: {file: files/lora.safetensors}\n",
}

_BEFORE: tuple[dict[str, Any], ...] = (
    {"name": "Ink", "shortDescription": "Before.", "tags": [f"{_OWNED}/ink", "ink", "old"]},
    {"name": "Moved", "type": "custom", "tags": [f"{_OWNED}/old-key"]},
    {"name": "Gone", "type": "custom", "tags": [f"{_OWNED}/gone"]},
    {"name": "Let Go", "type": "custom", "tags": [f"{_OWNED}/let-go"]},
    {"name": "Orphan", "type": "custom", "tags": [f"{_OWNED}/orphan"]},
    {"name": "Theirs", "type": "custom", "shortDescription": "By hand."},
    {"name": "Kept", "type": "custom", "tags": [f"{_OWNED}/kept", "catalog-sync:protected"]},
    {"name": "Foreign", "type": "custom", "tags": ["somebody"]},
    {"name": "Of Another Catalog", "type": "custom", "tags": ["catalog-sync:other/ink"]},
)
"""What the project holds before: the models of the catalog, and two that are none of its own."""

_GO = ("Gone", "Orphan")

APPLY = ("apply", "--yes", "--prune")


def write_mixed(folder: Path) -> None:
    """Write the catalog and its files, all but the manifest that pins an id."""
    files = write_models(folder, _AFTER)
    for number in range(3):
        Image.new("RGB", (16, 12), (number * 10, 40, 90)).save(files / f"{number}.png")
    (files / "x.wav").write_bytes(sound(_SAMPLES_OF_TWO_PARTS))
    (files / "lora.safetensors").write_bytes(SAFETENSORS + bytes(_WEIGHTS_BYTES))


def begin(place: Scene, project: str) -> dict[str, str]:
    """Make a project as it was before, and return the ids of the models that stay, by name."""
    made = place.http.post("/collections", params={"projectId": project}, json={"name": "Old"})
    old = made.raise_for_status().json()["collection"]["id"]
    first, *others = ({"status": "trained", **fields} for fields in _BEFORE)
    models = [first | {"collectionIds": [old]}, *others]
    ids = place.server.control.create_models(models, project)
    place.server.control.set_training_images(ids[0], [_old_picture(place, project)])
    by_name = dict(zip((str(fields["name"]) for fields in _BEFORE), ids, strict=True))
    text = f"name: Theirs\ntype: custom\nid: {by_name['Theirs']}\nshortDescription: Ours.\n"
    (place.catalog / "models/theirs.yaml").write_text(text)
    return {name: id for name, id in by_name.items() if name not in _GO}


def _old_picture(place: Scene, project: str) -> str:
    """An asset that the first model is trained on before, and that no manifest knows."""
    out = BytesIO()
    Image.new("RGB", (16, 12), (1, 2, 3)).save(out, "png")
    body = {"name": "old.png", "image": base64.b64encode(out.getvalue()).decode()}
    made = place.http.post("/assets", params={"projectId": project}, json=body)
    return str(made.raise_for_status().json()["asset"]["id"])


def described(place: Scene, project: str, stay: dict[str, str]) -> list[str]:
    """All that a project holds, without what differs between two of the same.

    A model that was there before is called by its name of then, an asset by its content.
    """
    models = place.read(project, "/models")["models"]
    assets = place.read(project, "/assets")["assets"]
    collections = place.read(project, "/collections")["collections"]
    names = {model["id"]: f"a new {model['name']}" for model in models}
    names |= {model_id: f"the old {name}" for name, model_id in stay.items()}
    names |= {asset["id"]: asset["metadata"].get("name", "") for asset in assets}
    names |= {each["id"]: each["name"] for each in collections}
    held = [
        *({"model": _model(place, project, model)} for model in models),
        *({"asset": asset["id"]} for asset in assets),
        *({"collection": each["id"]} for each in collections),
    ]
    text = [json.dumps(each, sort_keys=True) for each in held]
    return sorted(re.sub(r"\w+_\w+", lambda id: names.get(id[0], id[0]), each) for each in text)


_PLAIN = ("id", "name", "type", "shortDescription", "tags", "collectionIds", "exampleAssetIds")


def _model(place: Scene, project: str, listed: dict[str, Any]) -> dict[str, Any]:
    path = f"/models/{listed['id']}"
    model = place.read(project, path)["model"]
    return {name: model.get(name) for name in (*_PLAIN, "concepts")} | {
        "thumbnail": model.get("thumbnail", {}).get("assetId"),
        "training": sorted(
            [image["description"], image["id"]] for image in model.get("trainingImages", ())
        ),
        "pairs": model.get("trainingImagePairs", []),
        "parameters": model.get("parameters", {}),
        "description": place.read(project, f"{path}/description")["description"]["value"],
        "promptGuide": place.read(project, f"{path}/prompt-guide")["promptGuide"]["value"],
    }
