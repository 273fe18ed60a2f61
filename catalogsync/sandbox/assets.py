"""The asset endpoints.

Chosen where nothing is documented: an image of 6,000,000 bytes or more is refused as
`Unhandled image format` (the vendor's guide names both messages for it); the declared type of a
data URL is ignored in favour of the bytes; get-bulk answers in the order
asked and leaves out what it does not know; deleting leaves unknown ids alone; hidden assets are
listed; a deleted asset also leaves the examples and thumbnails of models.
"""

import json

from catalogsync.sandbox import asset_records, canvases, checks, paging, pictures
from catalogsync.sandbox.checks import Choice, ListOf, Object, OrNull, Text, Truth, reference
from catalogsync.sandbox.collections import COLLECTIONS, must_be_collections
from catalogsync.sandbox.errors import (
    IMAGE_OR_CANVAS,
    TOO_MANY_ASSETS,
    bad_request,
)
from catalogsync.sandbox.model_records import forget_assets
from catalogsync.sandbox.world import Call, Json

_LISTING = paging.Listing("assets", "assets", asset_records.SELECT, paging.Size(50, 100))
_FILTERS = {
    "parentAssetId": "parent = ?",
    "rootAssetId": "parent = ?",
    "authorId": "author = ?",
    "type": "type = ?",
    "types": "instr(',' || ? || ',', ',' || type || ',') > 0",
    "collectionId": "id IN (SELECT item FROM members WHERE collection = ?)",
    # Nothing in a sandbox was ever generated.
    "modelId": "? IS NULL",
    "inferenceId": "? IS NULL",
}
_DATES = {
    "createdAfter": ("created", "created > ?"),
    "createdBefore": ("created", "created < ?"),
    "updatedAfter": ("updated", "updated > ?"),
    "updatedBefore": ("updated", "updated < ?"),
}
_ORDERS = {"createdAt": "created", "updatedAt": "updated"}
QUERY = Object(
    {
        **_LISTING.query(),
        **dict.fromkeys((*_FILTERS, *_DATES, "tags", "privacy"), checks.FILTER),
        "sortBy": Choice(_ORDERS, "an order"),
        "deleted": Choice(("true", "false"), "a boolean"),
    }
)
_FEW = ListOf(reference("asset"), most=100, reason=TOO_MANY_ASSETS)
_MANY = ListOf(reference("asset"), most=200, reason=TOO_MANY_ASSETS)
DELETE = Object({"assetIds": _FEW}, required=("assetIds",))
BULK = Object({"assetIds": _MANY})
UPLOAD = Object(
    {
        "name": Text(longest=1024, shortest=1),
        "image": pictures.IMAGE,
        "canvas": canvases.CANVAS,
        "thumbnail": pictures.IMAGE,
        "hide": Truth(),
        "parentId": OrNull(reference("asset")),
        "collectionIds": COLLECTIONS,
    },
    required=("name",),
)


def upload(call: Call) -> Json:
    """`POST /assets`: an image sent as base64, or a canvas."""
    image, canvas = call.body.get("image", ""), call.body.get("canvas")
    if not image and canvas is None:
        raise bad_request(IMAGE_OR_CANVAS)
    with call.world.store.writing():
        asset_id = (pictures.add if image else canvases.add)(
            call,
            call.body["name"],
            image or str(canvas),
            hidden=call.body.get("hide", False),
            parent=_parent(call),
            collections=must_be_collections(call, call.body.get("collectionIds", [])),
        )
    return {"asset": asset_records.one(call, asset_id)}


def read_list(call: Call) -> Json:
    """`GET /assets`."""
    if call.query.get("privacy", "private") == "public":
        return paging.answer(call, "assets", [], [], None)
    if "tags" in call.query:
        raise bad_request("tags is only available for public assets")
    order = call.query.get("sortBy", "createdAt")
    removed = call.query.get("deleted") == "true"
    where = [
        ("project = ?", call.project),
        (f"deleted IS {'NOT ' if removed else ''}NULL", ""),
        ("created <= ?", call.world.clock.stamp()),
        *((_FILTERS[name], value) for name, value in call.query.items() if name in _FILTERS),
        *_dates(call, _ORDERS[order]),
    ]
    return paging.read_page(
        call, _LISTING, _ORDERS[order], where, lambda row: asset_records.show(call, row)
    )


def read_bulk(call: Call) -> Json:
    """`POST /assets/get-bulk`."""
    wanted = call.body.get("assetIds", [])
    found = asset_records.find(call, wanted)
    return {"assets": [found[asset_id] for asset_id in dict.fromkeys(wanted) if asset_id in found]}


def read(call: Call) -> Json:
    """`GET /assets/{assetId}`."""
    return {"asset": asset_records.one(call, call.ids[0])}


def delete(call: Call) -> Json:
    """`DELETE /assets`: those named in the body."""
    with call.world.store.writing():
        remove(call, call.body["assetIds"])
    return {}


def remove(call: Call, asset_ids: list[str]) -> None:
    """Delete the assets of the project among those ids."""
    db = call.world.store.db
    rows = db.execute(
        "SELECT doc FROM assets WHERE id IN (SELECT value FROM json_each(?))"
        " AND +project = ? AND deleted IS NULL",
        [json.dumps(asset_ids), call.project],
    ).fetchall()
    removed = [json.loads(row[0]) for row in rows]
    for doc in removed:
        doc["deletedAt"] = call.world.clock.stamp()
        asset_records.save(call.world, doc)
        db.execute("DELETE FROM members WHERE item = ?", [doc["id"]])
    forget_assets(call, [doc["id"] for doc in removed])


def _parent(call: Call) -> str | None:
    parent = call.body.get("parentId")
    if parent is None:
        return None
    asset_records.must_exist(call, [parent], "parentId")
    return str(parent)


def _dates(call: Call, column: str) -> list[tuple[str, str]]:
    found = []
    for name, (needed, condition) in _DATES.items():
        if name not in call.query:
            continue
        if "sortBy" not in call.query or column != needed:
            raise bad_request(f"{name} requires sortBy={needed}At")
        found.append((condition, call.query[name]))
    return found
