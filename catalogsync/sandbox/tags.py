"""Tags: on models, on assets, and the list of those in use.

Chosen where nothing is documented: `strict` is true unless told otherwise; a tag may not be added
and deleted in one call; a tag's dates are the first creation and the last update among what bears
it.
"""

import json
from collections.abc import Callable

from catalogsync.sandbox import asset_records, model_records, paging
from catalogsync.sandbox.checks import TAG, ListOf, Object, Truth
from catalogsync.sandbox.errors import bad_request, not_found
from catalogsync.sandbox.world import Call, Json, World

_TAGS = ListOf(TAG, most=500, distinct=True)
UPDATE = Object({"add": _TAGS, "delete": _TAGS, "strict": Truth()})
_SIZE = paging.Size(default=50, most=100)
QUERY = Object(paging.query(_SIZE))
_IN_USE = """
    SELECT tag, count(*), min(created), max(updated) FROM (
        SELECT value AS tag, created, json_extract(doc, '$.updatedAt') AS updated
        FROM models, json_each(models.doc, '$.tags')
        WHERE project = :project AND deleted IS NULL
        UNION ALL
        SELECT value, created, updated FROM assets, json_each(assets.doc, '$.tags')
        WHERE project = :project AND deleted IS NULL)
    WHERE tag > :after GROUP BY tag ORDER BY tag LIMIT :most"""


def read_list(call: Call) -> Json:
    """`GET /tags`."""
    size = paging.page_size(call.query, _SIZE)
    kind = ["tags", call.project]
    after = paging.read_token(call, kind)
    values = {"project": call.project, "after": after or "", "most": size + 1}
    rows = call.world.store.db.execute(_IN_USE, values).fetchall()
    shown = [
        {
            "tagName": tag,
            "itemCount": count,
            "ownerId": call.project,
            "createdAt": created,
            "updatedAt": updated,
        }
        for tag, count, created, updated in rows[:size]
    ]
    return paging.answer(call, "tags", shown, kind, rows[size - 1][0] if len(rows) > size else None)


def update_model(call: Call) -> Json:
    """`PUT /models/{modelId}/tags`."""
    return _update(call, "models", "Model", model_records.save)


def update_asset(call: Call) -> Json:
    """`PUT /assets/{assetId}/tags`."""
    return _update(call, "assets", "Asset", asset_records.save)


def _update(call: Call, table: str, what: str, save: Callable[[World, Json], None]) -> Json:
    with call.world.store.writing() as db:
        row = db.execute(
            f"SELECT doc FROM {table} WHERE id = ? AND project = ? AND deleted IS NULL",
            [call.ids[0], call.project],
        ).fetchone()
        if row is None:
            raise not_found(what, call.ids[0])
        doc = json.loads(row[0])
        added, deleted = _difference(call, set(doc["tags"]))
        # The service answers tags in the order of their code points.
        doc["tags"] = sorted((set(doc["tags"]) | set(added)) - set(deleted))
        save(call.world, doc)
    return {"added": added, "deleted": deleted}


def _difference(call: Call, present: set[str]) -> tuple[list[str], list[str]]:
    """What is really added and deleted; with `strict`, everything asked must be."""
    add, delete = call.body.get("add", []), call.body.get("delete", [])
    if set(add) & set(delete):
        raise bad_request("A tag cannot be added and deleted at once")
    added = [tag for tag in add if tag not in present]
    deleted = [tag for tag in delete if tag in present]
    if call.body.get("strict", True):
        if added != add:
            raise bad_request("One of the tags to add already exists")
        if deleted != delete:
            raise bad_request("One of the tags to delete is not found")
    return added, deleted
