"""The endpoints for one model: create, retrieve, update, delete.

Chosen where nothing is documented: a model without a type is a `flux.1-lora`; names need not be
unique; a deleted model leaves its collections and keeps everything else.
"""

from catalogsync.sandbox import model_fields, model_records
from catalogsync.sandbox.collections import COLLECTIONS, must_be_collections
from catalogsync.sandbox.errors import bad_request, ceiling
from catalogsync.sandbox.world import Call, Json

_DEFAULT_TYPE = "flux.1-lora"
CREATE = model_fields.form(model_fields.ON_CREATE, collectionIds=COLLECTIONS)
UPDATE = model_fields.form(model_fields.ON_UPDATE)


def create(call: Call) -> Json:
    """`POST /models`."""
    doc = model_records.blank(call.world, call.project, call.author, _DEFAULT_TYPE)
    with call.world.store.writing():
        model_fields.apply(call, doc, model_fields.ON_CREATE)
        if doc["type"] == "flux.1-composition" and not doc.get("concepts"):
            raise bad_request("concepts is required for composition models")
        collections = must_be_collections(call, call.body.get("collectionIds", []))
        _stay_below_ceiling(call)
        model_records.insert(call.world, doc, collections)
    return {"model": model_records.full(call, doc["id"])}


def read(call: Call) -> Json:
    """`GET /models/{modelId}`."""
    return {"model": model_records.full(call, call.ids[0])}


def update(call: Call) -> Json:
    """`PUT /models/{modelId}`: what the body names, nothing else."""
    model_records.edit(call, lambda doc: model_fields.apply(call, doc, model_fields.ON_UPDATE))
    return read(call)


def delete(call: Call) -> Json:
    """`DELETE /models/{modelId}`: out of sight, and listed as deleted."""

    def mark(doc: Json) -> None:
        doc["deletedAt"] = call.world.clock.stamp()

    with call.world.store.writing() as db:
        model_records.edit(call, mark)
        db.execute("DELETE FROM members WHERE item = ?", [call.ids[0]])
    return {}


def _stay_below_ceiling(call: Call) -> None:
    limit = call.world.settings.max_models
    if not limit:
        return
    (count,) = call.world.store.db.execute(
        "SELECT count(*) FROM models WHERE project = ? AND deleted IS NULL", [call.project]
    ).fetchone()
    if count >= limit:
        raise ceiling("create-model", limit)
