"""Canvases, and what can be said of an asset after it was made.

Chosen where nothing is documented: a canvas is an asset of kind `json` whose content is the text
that was sent; its thumbnail is a hidden image of its own; only canvases can be renamed and changed,
any asset can be described; a description is the caption of the training images of that asset.
"""

import json
from collections.abc import Sequence

from catalogsync.sandbox import asset_records, checks, model_records, pictures
from catalogsync.sandbox.asset_records import NewAsset
from catalogsync.sandbox.checks import Object, Text
from catalogsync.sandbox.errors import bad_request
from catalogsync.sandbox.world import Call, Json

CANVAS = Text(longest=10_000_000, form="canvas")
_OF_A_CANVAS = ("name", "canvas", "thumbnail")
UPDATE = Object(
    {
        "description": Text(longest=8192),
        "name": Text(longest=1024, shortest=1),
        "canvas": CANVAS,
        "thumbnail": pictures.IMAGE,
    }
)


def add(
    call: Call,
    name: str,
    text: str,
    *,
    hidden: bool,
    parent: str | None,
    collections: Sequence[str],
) -> str:
    """Make an asset of a canvas and its thumbnail; return its id."""
    content = _checked(text)
    asset_id = checks.new_id("asset")
    new = NewAsset(
        project=call.project,
        author=call.author,
        name=name,
        kind="json",
        mime="application/json",
        size=len(content),
        type="canvas",
        hidden=hidden,
        parent=parent,
        collections=collections,
    )
    pictures.write_content(call.world, asset_id, content)
    doc = asset_records.insert(call.world, new, asset_id)
    if call.body.get("thumbnail"):
        doc["thumbnail"] = _thumbnail(call, name)
        asset_records.save(call.world, doc)
    return asset_id


def update(call: Call) -> Json:
    """`PUT /assets/{assetId}`: what the body names, nothing else."""
    body = call.body
    with call.world.store.writing():
        doc = asset_records.kept(call)
        if doc["source"] != "canvas" and any(name in body for name in _OF_A_CANVAS):
            raise bad_request(f"{', '.join(_OF_A_CANVAS)} are only available for canvases")
        metadata = doc["metadata"]
        metadata["name"] = body.get("name", metadata["name"])
        if "canvas" in body:
            content = _checked(body["canvas"])
            pictures.write_content(call.world, doc["id"], content)
            metadata["size"] = doc["properties"]["size"] = len(content)
        if "thumbnail" in body:
            doc["thumbnail"] = _thumbnail(call, metadata["name"])
        if "description" in body:
            doc["description"] = body["description"]
            model_records.caption(call, doc["id"], body["description"])
        asset_records.save(call.world, doc)
    return {"asset": asset_records.one(call, doc["id"])}


def _checked(text: str) -> bytes:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise bad_request("Invalid canvas") from None
    if not isinstance(content, dict):
        raise bad_request("Invalid canvas")
    return text.encode()


def _thumbnail(call: Call, name: str) -> str:
    return pictures.add(call, f"{name}-thumbnail", call.body["thumbnail"], hidden=True)
