"""Assets as they are kept, and as the API shows them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalogsync.sandbox.checks import new_id
from catalogsync.sandbox.errors import bad_request, not_found
from catalogsync.sandbox.vocabulary import EDIT_CAPABILITIES
from catalogsync.sandbox.world import Call, Json, World

# A document, and the ids of its collections separated by commas.
SELECT = "doc, (SELECT group_concat(collection) FROM members WHERE item = assets.id)"

# What a description tells of an asset.
_DESCRIBED = ("id", "authorId", "kind", "mimeType", "ownerId", "privacy", "properties", "source")


@dataclass(frozen=True, slots=True)
class NewAsset:
    """What is known of an asset when it is made; one to be `created` later is not seen before."""

    project: str
    author: str
    name: str
    kind: str
    mime: str
    size: int
    width: int | None = None
    height: int | None = None
    type: str = ""
    hidden: bool = False
    parent: str | None = None
    collections: Sequence[str] = ()
    created: str = ""


def insert(world: World, new: NewAsset, asset_id: str | None = None) -> Json:
    """Record an asset whose content is in place; `asset_id` if the content has one already."""
    type_ = new.type or ("uploaded" if new.kind == "image" else f"uploaded-{new.kind}")
    stamp = new.created or world.clock.stamp()
    size = {"width": new.width, "height": new.height} if new.width is not None else {}
    metadata: Json = {"type": type_, "name": new.name, "kind": new.kind, "size": new.size, **size}
    if new.parent:
        metadata |= {"parentId": new.parent, "rootParentId": new.parent}
    doc: Json = {
        "id": asset_id or new_id("asset"),
        "mimeType": new.mime,
        "metadata": metadata,
        "properties": {"size": new.size, **size},
        "kind": new.kind,
        "source": type_,
        "ownerId": new.project,
        "authorId": new.author,
        "createdAt": stamp,
        "updatedAt": stamp,
        "privacy": "private",
        "tags": [],
        "status": "success",
        "isHidden": new.hidden,
        "editCapabilities": list(EDIT_CAPABILITIES) if new.kind == "image" else [],
    }
    with world.store.writing() as db:
        _insert(world, doc)
        rows = [(doc["id"], collection, "asset") for collection in new.collections]
        db.executemany("INSERT INTO members (item, collection, kind) VALUES (?, ?, ?)", rows)
    return doc


def _insert(world: World, doc: Json) -> None:
    told, stamp = doc["metadata"], doc["createdAt"]
    world.store.db.execute(
        "INSERT INTO assets (id, project, type, parent, author, created, updated, doc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            doc["id"],
            doc["ownerId"],
            told["type"],
            told.get("parentId"),
            doc["authorId"],
            stamp,
            stamp,
            json.dumps(doc),
        ],
    )


def insert_copy(call: Call, original: Json) -> str:
    """Record a copy of an asset for the caller's project, content and all; return its id."""
    store, stamp = call.world.store, call.world.clock.stamp()
    doc = original | {
        "id": new_id("asset"),
        "ownerId": call.project,
        "authorId": call.author,
        "createdAt": stamp,
        "updatedAt": stamp,
        "tags": [],
    }
    of_a_parent = ("parentId", "rootParentId")
    told = {name: each for name, each in doc["metadata"].items() if name not in of_a_parent}
    doc["metadata"] = told
    target = store.content(doc["id"])
    target.parent.mkdir(exist_ok=True)
    target.hardlink_to(store.content(original["id"]))
    _insert(call.world, doc)
    return str(doc["id"])


def save(world: World, doc: Json) -> None:
    """Write an asset back, with a later `updatedAt`."""
    doc["updatedAt"] = world.clock.after(doc["updatedAt"])
    world.store.db.execute(
        "UPDATE assets SET updated = ?, deleted = ?, doc = ? WHERE id = ?",
        [doc["updatedAt"], doc.get("deletedAt"), json.dumps(doc), doc["id"]],
    )


def show(call: Call, row: Sequence[str | None]) -> Json:
    """The Asset of the API, from a row of `SELECT`."""
    doc: Json = json.loads(row[0] or "")
    doc["collectionIds"] = row[1].split(",") if row[1] else []
    doc["url"] = call.file_url(doc["id"])
    if "thumbnail" in doc:
        picture = {"assetId": doc["thumbnail"], "url": call.file_url(doc["thumbnail"])}
        doc["thumbnail"] = doc["metadata"]["thumbnail"] = picture
    return doc


def show_in_description(call: Call, asset: Json) -> Json:
    """The shorter form of an asset that descriptions list."""
    return {name: asset[name] for name in _DESCRIBED} | {"url": call.file_url(asset["id"])}


def find(call: Call, asset_ids: Iterable[str]) -> dict[str, Json]:
    """The assets of the project among those ids, as the API shows them."""
    rows = call.world.store.db.execute(
        f"SELECT {SELECT} FROM assets WHERE id IN (SELECT value FROM json_each(?))"
        " AND +project = ? AND deleted IS NULL AND created <= ?",
        [json.dumps(list(asset_ids)), call.project, call.world.clock.stamp()],
    )
    found = [show(call, row) for row in rows]
    return {asset["id"]: asset for asset in found}


def kept(call: Call) -> Json:
    """The asset in the path, in its kept form; 404 if the project has none such."""
    one(call, call.ids[0])
    row = call.world.store.db.execute("SELECT doc FROM assets WHERE id = ?", [call.ids[0]])
    doc: Json = json.loads(row.fetchone()[0])
    return doc


def one(call: Call, asset_id: str) -> Json:
    """One asset as the API shows it; 404 if the project has none such."""
    found = find(call, [asset_id])
    if not found:
        raise not_found("Asset", asset_id)
    return found[asset_id]


def must_exist(call: Call, asset_ids: Sequence[str], field: str) -> dict[str, Json]:
    """The assets named by a field of a body; 400 if one is missing."""
    found = find(call, asset_ids)
    for asset_id in asset_ids:
        if asset_id not in found:
            raise bad_request(f"{field}: asset {asset_id} does not exist")
    return found


def must_be_image(call: Call, asset_id: str, field: str) -> None:
    """Refuse a field that does not name an image of the project."""
    if must_exist(call, [asset_id], field)[asset_id]["kind"] != "image":
        raise bad_request(f"{field}: asset {asset_id} is not an image")
