"""The asset endpoints.

Chosen where nothing is documented: an image of 6,000,000 bytes or more is refused as
`Unhandled image format` (the vendor's guide names both messages for it); the declared type of a
data URL is ignored in favour of the bytes; canvases are refused; get-bulk answers in the order
asked and leaves out what it does not know; deleting leaves unknown ids alone; hidden assets are
listed; a deleted asset also leaves the examples and thumbnails of models.
"""

import base64
import binascii
import json

from catalogsync.sandbox import asset_records, checks, media, paging
from catalogsync.sandbox.asset_records import NewAsset
from catalogsync.sandbox.checks import Choice, ListOf, Object, OrNull, Text, Truth, reference
from catalogsync.sandbox.collections import COLLECTIONS, must_be_collections
from catalogsync.sandbox.errors import (
    IMAGE_OR_CANVAS,
    TOO_MANY_ASSETS,
    UNHANDLED_IMAGE,
    bad_request,
    not_found,
)
from catalogsync.sandbox.model_records import forget_assets
from catalogsync.sandbox.world import Call, Json, World

_IMAGE_BELOW = 6_000_000
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
_IMAGE = Text(longest=10_000_000, form="base64-image")
UPLOAD = Object(
    {
        "name": Text(longest=1024, shortest=1),
        "image": _IMAGE,
        "canvas": checks.Anything(),
        "hide": Truth(),
        "parentId": OrNull(reference("asset")),
        "collectionIds": COLLECTIONS,
    },
    required=("name",),
)


def upload(call: Call) -> Json:
    """`POST /assets`: an image sent as base64."""
    data = _image_bytes(call)
    picture = media.recognise(data) if len(data) < _IMAGE_BELOW else None
    if picture is None:
        raise bad_request(UNHANDLED_IMAGE)
    new = NewAsset(
        project=call.project,
        author=call.author,
        name=call.body["name"],
        kind="image",
        mime=picture.mime,
        size=len(data),
        width=picture.width,
        height=picture.height,
        hidden=call.body.get("hide", False),
        parent=_parent(call),
        collections=must_be_collections(call, call.body.get("collectionIds", [])),
    )
    asset_id = checks.new_id("asset")
    _write_content(call.world, asset_id, data)
    asset_records.insert(call.world, new, asset_id)
    return {"asset": _one(call, asset_id)}


def _write_content(world: World, asset_id: str, data: bytes) -> None:
    """Put the bytes of a new asset on disk, whole or not at all."""
    path = world.store.content(asset_id)
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_bytes(data)
    temporary.replace(path)


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
    return {"asset": _one(call, call.ids[0])}


def delete(call: Call) -> Json:
    """`DELETE /assets`: those named in the body."""
    wanted = call.body["assetIds"]
    with call.world.store.writing() as db:
        rows = db.execute(
            "SELECT doc FROM assets WHERE id IN (SELECT value FROM json_each(?))"
            " AND +project = ? AND deleted IS NULL",
            [json.dumps(wanted), call.project],
        ).fetchall()
        removed = [json.loads(row[0]) for row in rows]
        for doc in removed:
            doc["deletedAt"] = call.world.clock.stamp()
            asset_records.save(call.world, doc)
            db.execute("DELETE FROM members WHERE item = ?", [doc["id"]])
        forget_assets(call, [doc["id"] for doc in removed])
    return {}


def _one(call: Call, asset_id: str) -> Json:
    found = asset_records.find(call, [asset_id])
    if not found:
        raise not_found("Asset", asset_id)
    return found[asset_id]


def _image_bytes(call: Call) -> bytes:
    image = call.body.get("image")
    if not image:
        raise bad_request(IMAGE_OR_CANVAS if "canvas" not in call.body else "Invalid canvas")
    encoded = image.partition(",")[2] if image.startswith("data:") else image
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise bad_request(UNHANDLED_IMAGE) from None


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
