"""The vendor's JSON to our values and back; pure, tolerant of extra keys and of null."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from catalogsync.errors import BadResponse
from catalogsync.model import (
    AssetKind,
    AssetRef,
    Concept,
    ModelRef,
    RemoteModel,
    Weights,
    WeightsSource,
)
from catalogsync.scenario.fields import (
    mapping,
    number,
    optional_text,
    required_strings,
    strings,
    text,
)
from catalogsync.sending import part_count

_DIGEST_IN_NAME = re.compile(r"\.([0-9a-f]{32})(?=(?:\.[A-Za-z0-9]{1,8})?\Z)")
_DIGEST_TAG = re.compile(r"sha256:([0-9a-f]{64})")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}")
_LONGEST_STEM = 80
_ADDRESSES = {
    WeightsSource.HUGGING_FACE: "huggingFaceModelName",
    WeightsSource.CIVITAI: "civitaiModelUrl",
    WeightsSource.URL: "url",
}
_KINDS = {str(kind): kind for kind in AssetKind}

_EXACT = 1 << 53
"""Whole numbers up to here are the same as a float."""


def upload_name(asset: AssetRef) -> str:
    """The name a file is sent under: its own, with the digest before the extension.

    Whatever the file is called, the name is one part of a path and its digest can be read back.
    """
    path = PurePosixPath(asset.name.replace("\\", "/"))
    known = _EXTENSION.fullmatch(path.suffix)
    stem = path.stem if known else path.name
    safe = "".join(c if c.isprintable() and c not in '/:*?"<>|' else "_" for c in stem)
    short = safe.encode("utf-8", "replace")[:_LONGEST_STEM].decode("utf-8", "ignore").strip(" .")
    return f"{short or 'file'}.{asset.digest}{path.suffix if known else ''}"


def digest_tag(asset: AssetRef) -> str:
    """The tag that tells a file's digest where the server does not keep its name."""
    return f"sha256:{asset.sha256}"


def upload_request(asset: AssetRef) -> dict[str, object]:
    """What begins the upload of a file in parts (POST /uploads)."""
    return {
        "fileName": upload_name(asset),
        "contentType": asset.media_type,
        "kind": str(asset.kind),
        "parts": part_count(asset.size),
        "fileSize": asset.size,
    }


def import_request(weights: Weights) -> dict[str, object]:
    """What begins the import of a model (POST /uploads)."""
    if weights.file:
        return upload_request(weights.file)
    kind = {"kind": str(AssetKind.WEIGHTS)} if weights.source is WeightsSource.URL else {}
    return {_ADDRESSES[weights.source]: weights.address, **kind}


def asset_from(data: Mapping[str, object]) -> AssetRef:
    """An asset as listed or read; its `sha256` from our name or tag, empty if it has neither.

    One without metadata is refused: it must not pass for another file than ours.
    """
    metadata = _required_object(data, "metadata", "an asset")
    properties = mapping(data, "properties")
    name, in_name = _named(text(metadata, "name"))
    return AssetRef(
        sha256=_tagged(strings(data, "tags")) or in_name,
        id=_required(data, "id", "an asset"),
        name=name,
        kind=_KINDS.get(text(data, "kind"), AssetKind.IMAGE),
        media_type=text(data, "mimeType"),
        size=_whole(properties, "size"),
        width=_whole(properties, "width"),
        height=_whole(properties, "height"),
    )


def is_there(data: Mapping[str, object]) -> bool:
    """Whether an asset is there and whole: neither deleted nor failed."""
    return not data.get("deletedAt") and data.get("status") != "error"


def _named(name: str) -> tuple[str, str]:
    """A name without the digest that we put into it, and that digest."""
    found = _DIGEST_IN_NAME.search(name)
    return (name[: found.start()] + name[found.end() :], found[1]) if found else (name, "")


def _tagged(tags: list[str]) -> str:
    """The digest that a tag tells."""
    for tag in tags:
        if found := _DIGEST_TAG.fullmatch(tag):
            return found[1]
    return ""


def model_from(data: Mapping[str, object]) -> RemoteModel:
    """A model as every answer tells it, without training data (the API's Model object)."""
    return RemoteModel(
        id=_required(data, "id", "a model"),
        name=text(data, "name"),
        type=_required(data, "type", "a model"),
        status=_required(data, "status", "a model"),
        updated_at=_required(data, "updatedAt", "a model"),
        author_id=text(data, "authorId"),
        short_description=text(data, "shortDescription"),
        tags=frozenset(required_strings(data, "tags")),
        thumbnail=text(mapping(data, "thumbnail"), "assetId"),
        examples=tuple(required_strings(data, "exampleAssetIds")),
        collection_ids=frozenset(strings(data, "collectionIds")),
        class_slug=text(mapping(data, "class"), "slug"),
        concepts=tuple(_concept(item) for item in _objects(data, "concepts")),
        epoch=text(data, "epoch"),
        epochs=tuple(text(item, "epoch") for item in _objects(data, "epochs")),
        prompt_embedding=optional_text(data, "promptEmbedding"),
        negative_prompt_embedding=optional_text(data, "negativePromptEmbedding"),
        training_count=_whole(data, "trainingImagesNumber"),
        deleted_at=text(data, "deletedAt"),
    )


def _concept(data: Mapping[str, object]) -> Concept:
    scale = number(data, "scale")
    return Concept(
        model=ModelRef(id=text(data, "modelId")),
        scale=1.0 if scale is None else scale,
        epoch=text(data, "modelEpoch"),
    )


def _required(data: Mapping[str, object], key: str, what: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise BadResponse(f"the server describes {what} without {key}")
    return value


def _required_object(data: Mapping[str, object], key: str, what: str) -> Mapping[str, object]:
    value = data.get(key)
    if not isinstance(value, dict):
        raise BadResponse(f"the server describes {what} without {key}")
    return value


def _whole(data: Mapping[str, object], key: str) -> int:
    value = data.get(key)
    if type(value) is int and 0 <= value <= _EXACT:
        return value
    return int(number(data, key) or 0)


def _objects(data: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = data.get(key)
    if not value or not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]
