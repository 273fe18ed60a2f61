"""The collection endpoints.

Chosen where nothing is documented: names need not be unique; a member that is not there is
removed without complaint; a change of membership is a change of the member too, and moves its
`updatedAt`; deleting a collection leaves its members.
"""

import json
from collections.abc import Sequence
from typing import Any

from catalogsync.sandbox import asset_records, checks, model_records, paging
from catalogsync.sandbox.checks import ListOf, Object, OrNull, Text, reference
from catalogsync.sandbox.errors import TOO_MANY_ASSETS, bad_request, not_found
from catalogsync.sandbox.world import Call, Json

_NAME = Text(longest=256, shortest=1)
CREATE = Object({"name": _NAME}, required=("name",))
UPDATE = Object({"name": _NAME, "thumbnail": OrNull(reference("asset"))})
_MODELS = ListOf(reference("model"), most=49, distinct=True)
_ASSETS = ListOf(reference("asset"), most=49, distinct=True, reason=TOO_MANY_ASSETS)
MODELS = Object({"modelIds": _MODELS}, required=("modelIds",))
ASSETS = Object({"assetIds": _ASSETS}, required=("assetIds",))
COLLECTIONS = ListOf(reference("collection"), most=100, distinct=True)
_FIELDS = (
    "id",
    "ownerId",
    "name",
    "thumbnail",
    "createdAt",
    "updatedAt",
    "assetCount",
    "modelCount",
)
_SELECT = """id, project, name, thumbnail, created, updated,
    (SELECT count(*) FROM members WHERE collection = collections.id AND kind = 'asset'),
    (SELECT count(*) FROM members WHERE collection = collections.id AND kind = 'model')"""
_LISTING = paging.Listing("collections", "collections", _SELECT, paging.Size(10, 100))
QUERY = Object(paging.query(_LISTING.size))


def read_list(call: Call) -> Json:
    """`GET /collections`."""
    where = [("project = ?", call.project)]
    return paging.read_page(call, _LISTING, "created", where, lambda row: _show(call, row))


def create(call: Call) -> Json:
    """`POST /collections`."""
    name = call.body["name"]
    identity, stamp = checks.new_id("collection"), call.world.clock.stamp()
    with call.world.store.writing() as db:
        db.execute(
            "INSERT INTO collections (id, project, name, created, updated) VALUES (?, ?, ?, ?, ?)",
            [identity, call.project, name, stamp, stamp],
        )
    return {"collection": _show(call, _row(call, identity))}


def read(call: Call) -> Json:
    """`GET /collections/{collectionId}`."""
    return {"collection": _show(call, _row(call, call.ids[0]))}


def update(call: Call) -> Json:
    """`PUT /collections/{collectionId}`: its name, its thumbnail; null unsets the latter."""
    with call.world.store.writing() as db:
        row = _row(call, call.ids[0])
        name = call.body.get("name", row[2])
        thumbnail = call.body.get("thumbnail", row[3])
        if call.body.get("thumbnail") is not None:
            asset_records.must_be_image(call, thumbnail, "thumbnail")
        db.execute(
            "UPDATE collections SET name = ?, thumbnail = ? WHERE id = ?", [name, thumbnail, row[0]]
        )
        _touch(call, row)
    return read(call)


def delete(call: Call) -> Json:
    """`DELETE /collections/{collectionId}`."""
    with call.world.store.writing() as db:
        row = _row(call, call.ids[0])
        db.execute("DELETE FROM members WHERE collection = ?", [row[0]])
        db.execute("DELETE FROM collections WHERE id = ?", [row[0]])
    return {}


def add_models(call: Call) -> Json:
    """`PUT /collections/{collectionId}/models`."""
    return _add(call, "model", call.body["modelIds"])


def add_assets(call: Call) -> Json:
    """`PUT /collections/{collectionId}/assets`."""
    return _add(call, "asset", call.body["assetIds"])


def remove_models(call: Call) -> Json:
    """`DELETE /collections/{collectionId}/models`: those named in the body."""
    return _remove(call, "model", call.body["modelIds"])


def remove_assets(call: Call) -> Json:
    """`DELETE /collections/{collectionId}/assets`: those named in the body."""
    return _remove(call, "asset", call.body["assetIds"])


def must_be_collections(call: Call, wanted: list[str]) -> list[str]:
    """The collections named by `collectionIds` in a body; 400 if one does not exist."""
    found = call.world.store.db.execute(
        "SELECT count(*) FROM collections WHERE project = ?"
        " AND id IN (SELECT value FROM json_each(?))",
        [call.project, json.dumps(wanted)],
    ).fetchone()
    if found[0] != len(wanted):
        raise bad_request("collectionIds: one of the collections does not exist")
    return wanted


def _add(call: Call, kind: str, members: list[str]) -> Json:
    with call.world.store.writing() as db:
        row = _row(call, call.ids[0])
        _must_be_members(call, kind, members)
        known = {
            item
            for (item,) in db.execute("SELECT item FROM members WHERE collection = ?", [row[0]])
        }
        for member in members:
            if member in known:
                raise bad_request(f"{member} is already in the collection")
            db.execute("INSERT INTO members VALUES (?, ?, ?)", [member, row[0], kind])
        _touch_members(call, kind, members)
        _touch(call, row)
    return read(call)


def _remove(call: Call, kind: str, members: list[str]) -> Json:
    with call.world.store.writing() as db:
        row = _row(call, call.ids[0])
        gone = [
            item
            for item in members
            if db.execute(
                "DELETE FROM members WHERE item = ? AND collection = ? AND kind = ?",
                [item, row[0], kind],
            ).rowcount
        ]
        _touch_members(call, kind, gone)
        _touch(call, row)
    return read(call)


def _must_be_members(call: Call, kind: str, members: list[str]) -> None:
    if kind == "model":
        model_records.must_exist(call, members, "modelIds")
    else:
        asset_records.must_exist(call, members, "assetIds")


def _touch_members(call: Call, kind: str, members: list[str]) -> None:
    """Move `updatedAt` of those whose membership changed."""
    save = model_records.save if kind == "model" else asset_records.save
    db = call.world.store.db
    for member in members:
        (doc,) = db.execute(f"SELECT doc FROM {kind}s WHERE id = ?", [member]).fetchone()
        save(call.world, json.loads(doc))


def _touch(call: Call, row: Sequence[Any]) -> None:
    stamp = call.world.clock.after(row[5])
    call.world.store.db.execute("UPDATE collections SET updated = ? WHERE id = ?", [stamp, row[0]])


def _row(call: Call, identity: str) -> Sequence[Any]:
    row: Sequence[Any] | None = call.world.store.db.execute(
        f"SELECT {_SELECT} FROM collections WHERE id = ? AND project = ?", [identity, call.project]
    ).fetchone()
    if row is None:
        raise not_found("Collection", identity)
    return row


def _show(call: Call, row: Sequence[Any]) -> Json:
    shown: Json = dict(zip(_FIELDS, row, strict=True))
    shown["itemCount"] = shown["assetCount"] + shown["modelCount"]
    thumbnail = shown.pop("thumbnail")
    if thumbnail is not None:
        shown["thumbnail"] = {"assetId": thumbnail, "url": call.file_url(thumbnail)}
    return shown
