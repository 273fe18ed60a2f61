"""A new manifest for a model of the server, as values and then as files."""

import json
from collections.abc import Collection, Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from catalogsync.diff import RESERVED_TAGS
from catalogsync.manifest.text import mentions
from catalogsync.marks import PROTECTED_TAG
from catalogsync.model import Concept, RemoteModel, Snapshot
from catalogsync.pull.pictures import Pictures, asset
from catalogsync.pull.training import training_value
from catalogsync.roundtrip.form import written
from catalogsync.values import dataclass

MODELINE = "# yaml-language-server: $schema=../../schemas/model.schema.json\n"
TEXTS = {"description": "description.md", "promptGuide": "prompt-guide.md"}
"""The fields whose text is a file of its own, and the file."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a model: the keys of the others, and what the catalog says of all.

    `pictures` are the files beside the manifest that hold an asset, by its id.
    """

    snapshot: Snapshot
    keys: Mapping[str, str]
    ignored_tags: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    pictures: Pictures = field(default_factory=dict)
    modeline: bool = False


def values(live: RemoteModel, around: Surroundings) -> dict[str, Any]:
    """The fields of a manifest for a model; what the server has not is empty."""
    names = around.snapshot.collections or {}
    paths = {asset_id: each.path for asset_id, each in around.pictures.items()}
    held = {names[held] for held in live.collection_ids if held in names}
    return {
        "name": live.name,
        "type": live.type,
        "shortDescription": live.short_description,
        "tags": sorted(managed_tags(live.tags, around.ignored_tags) - _default(around, "tags")),
        "description": own_words(live.description or "", around.keys, paths),
        "promptGuide": own_words(live.prompt_guide or "", around.keys, paths),
        "thumbnail": asset(live.thumbnail, around.pictures) if live.thumbnail else "",
        "examples": [asset(asset_id, around.pictures) for asset_id in live.examples],
        "collections": sorted(held - _default(around, "collections")),
        "classSlug": live.class_slug,
        "concepts": [concept(each, around.keys) for each in live.concepts],
        "epoch": live.epoch,
        "promptEmbedding": live.prompt_embedding or "",
        "negativePromptEmbedding": live.negative_prompt_embedding or "",
        "training": training_value(live, partial(asset, pictures=around.pictures)),
        "id": live.id,
        "protect": PROTECTED_TAG in live.tags,
    }


def files(
    found: Mapping[str, Any], *, explicit: Collection[str], modeline: bool
) -> dict[str, bytes]:
    """The files of a manifest in a folder of its own; what is empty is left out, if not asked for.

    Raises `UnicodeEncodeError` or `Uneditable` for what no file can hold.
    """
    asked = {"name", *explicit}
    kept = {name: held for name, held in found.items() if held or name in asked}
    json.dumps(kept, ensure_ascii=False).encode()
    texts = {TEXTS[name]: held.encode() for name, held in kept.items() if name in TEXTS and held}
    named = {name: {"file": TEXTS[name]} for name, held in kept.items() if name in TEXTS and held}
    manifest = written(kept | named, "model")
    return {"model.yaml": ((MODELINE if modeline else "") + manifest).encode(), **texts}


def own_words(text: str, keys: Mapping[str, str], files: Mapping[str, str]) -> str:
    """The server's text with keys and paths for ids, where the loader will look for them."""
    result, at = "", 0
    for found in mentions(text):
        known = {"model": keys, "asset": files}.get(found.kind, {}).get(found.argument)
        if known:
            result += f"{text[at : found.start]}{{{found.kind}:{known}}}"
            at = found.end
    return result + text[at:]


def concept(held: Concept, keys: Mapping[str, str]) -> dict[str, Any]:
    """A part of a composition."""
    found: dict[str, Any] = {"model": keys.get(held.model.id, held.model.id), "scale": held.scale}
    return found | ({"epoch": held.epoch} if held.epoch else {})


def managed_tags(tags: Collection[str], ignored: Collection[str]) -> set[str]:
    """The tags that a manifest can manage."""
    globs = (*RESERVED_TAGS, *ignored)
    return {tag for tag in tags if not any(fnmatchcase(tag, glob) for glob in globs)}


def _default(around: Surroundings, name: str) -> set[str]:
    return set(around.defaults.get(name, ()))
