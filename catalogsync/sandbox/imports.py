"""What happens to an upload after `complete`: its parts become one file, the file an entity.

Parts are joined where they lie: the others are appended to the first, so that a single part is
never copied. A part of 5 MiB (5 x 1024 x 1024 bytes, what S3 asks) or more may be followed by
another one.
"""

import mimetypes
import shutil
from pathlib import Path

from catalogsync.sandbox import (
    asset_records,
    checks,
    downloads,
    media,
    model_records,
    upload_records,
    web,
)
from catalogsync.sandbox.asset_records import NewAsset
from catalogsync.sandbox.world import Json, World

_SMALLEST_PART = 5 * 1024 * 1024
_CHUNK = 4 * 1024 * 1024
_SAME = {"image/jpg": "image/jpeg", "image/heif": "image/heic"}
_ASSET_KINDS = {"image": "image", "audio": "audio", "video": "video", "model": "3d", "text": "text"}


class Rejected(Exception):
    """An upload whose content cannot be imported, and why."""


def finish(world: World, upload_id: str) -> None:
    """Import a completed upload, and record its entity or what is wrong with it."""
    doc = upload_records.load(world, upload_id)
    if doc is None:
        return
    try:
        outcome = {"entityId": _import(world, doc)}
    except Rejected as error:
        outcome = {"errorMessage": str(error)}
    except OSError as error:  # a full disk, say: better said than left validating for ever
        outcome = {"errorMessage": f"The upload could not be read: {error.strerror}"}
    upload_records.amend(world, upload_id, outcome=outcome)
    shutil.rmtree(world.store.parts(upload_id), ignore_errors=True)


def _import(world: World, doc: Json) -> str:
    file = _joined(_complete_parts(world, doc))
    if not media.fits_kind(doc["kind"], doc["contentType"]):
        raise Rejected(f"Content type {doc['contentType']} does not match kind {doc['kind']}")
    if doc["kind"] == "model":
        return _model(world, doc, file)
    kind = str(_ASSET_KINDS.get(doc["contentType"].partition("/")[0], doc["kind"]))
    if kind == "asset":
        raise Rejected(f"Unsupported content type {doc['contentType']}")
    return _asset(world, doc, kind, file)


def fetched(world: World, doc: Json) -> str:
    """Import what is downloaded from an address; return the new asset's id."""
    content = web.content(world, doc["url"], doc["kind"])
    if content is None:
        raise Rejected("The file could not be downloaded")
    picture = media.recognise(content)
    guessed = mimetypes.guess_type(doc["originalFileName"])[0] or "application/octet-stream"
    mime = picture.mime if picture else guessed
    if not media.fits_kind(doc["kind"], mime):
        raise Rejected(f"Content type {mime} does not match kind {doc['kind']}")
    folder = world.store.parts(doc["id"])
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "1"
    file.write_bytes(content)
    kind = str(_ASSET_KINDS.get(mime.partition("/")[0], doc["kind"]))
    return _asset(world, doc | {"contentType": mime, "fileSize": len(content)}, kind, file)


def _asset(world: World, doc: Json, kind: str, file: Path) -> str:
    picture = _checked(doc, kind, file)
    asset_id = checks.new_id("asset")
    target = world.store.content(asset_id)
    target.parent.mkdir(exist_ok=True)
    file.replace(target)
    options = doc.get("assetOptions", {})
    new = NewAsset(
        project=doc["ownerId"],
        author=doc["authorId"],
        name=doc["originalFileName"],
        kind=kind,
        mime=picture.mime if picture else doc["contentType"],
        size=doc["fileSize"],
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        hidden=options.get("hide", False),
        parent=options.get("parentId"),
        collections=options.get("collectionIds", ()),
        created=upload_records.imported_at(world, doc),
    )
    asset_records.insert(world, new, asset_id)
    return asset_id


def _complete_parts(world: World, doc: Json) -> list[Path]:
    """The parts in order, if all are there and of the sizes they must have."""
    folder = world.store.parts(doc["id"])
    paths = [folder / str(number) for number in range(1, doc["partsCount"] + 1)]
    sizes = []
    for number, path in enumerate(paths, 1):
        if not path.is_file():
            raise Rejected(f"Part {number} is missing")
        sizes.append(path.stat().st_size)
    for number, size in enumerate(sizes[:-1], 1):
        if size < _SMALLEST_PART:
            raise Rejected(f"Part {number} is smaller than the minimum of {_SMALLEST_PART} bytes")
    if sum(sizes) != doc["fileSize"]:
        raise Rejected(f"The parts have {sum(sizes)} bytes, not the {doc['fileSize']} announced")
    return paths


def _joined(parts: list[Path]) -> Path:
    whole, *others = parts
    with whole.open("ab") as target:
        for path in others:
            with path.open("rb") as source:
                shutil.copyfileobj(source, target, _CHUNK)
            path.unlink()
    return whole


def _checked(doc: Json, kind: str, file: Path) -> media.Picture | None:
    """The image in the file if it should be one; refuses what is not what it claims to be."""
    declared = str(_SAME.get(doc["contentType"], doc["contentType"]))
    if kind == "image":
        picture = media.recognise_file(file)
        if picture is None or picture.mime != declared:
            raise Rejected(f"The content is not {declared}")
        return picture
    if not media.holds(file, doc["kind"], declared):
        raise Rejected(f"The content is not {declared}")
    return None


def _model(world: World, doc: Json, file: Path) -> str:
    if not media.holds(file, "model", doc["contentType"]):
        raise Rejected("The content is not a model")
    model = model_records.blank(world, doc["ownerId"], doc["authorId"], "flux.1-lora")
    name = Path(doc["originalFileName"]).stem[:64]
    model |= {"name": name, "status": "trained", "source": "other"}
    model_records.insert(world, model)
    downloads.keep(world, model["id"], file)
    return str(model["id"])
