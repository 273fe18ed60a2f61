"""The endpoints for one model: create, retrieve, update, delete.

Chosen where nothing is documented: a model without a type is a `flux.1-lora`; names need not be
unique; a deleted model leaves its collections and keeps everything else, but for its tags when it
is restored; a model that trains can be deleted, which cancels the training.
"""

from datetime import datetime

from catalogsync.sandbox import model_fields, model_records, trainings
from catalogsync.sandbox.collections import COLLECTIONS, must_be_collections
from catalogsync.sandbox.errors import bad_request, forbidden, gone, not_found
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
        model_records.stay_below_ceiling(call, call.project)
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
        if doc["status"] == "training":
            trainings.stop(call.world, doc, "canceled")
        doc["deletedAt"] = call.world.clock.stamp()

    with call.world.store.writing() as db:
        model_records.edit(call, mark)
        db.execute("DELETE FROM members WHERE item = ?", [call.ids[0]])
    return {}


def restore(call: Call) -> Json:
    """`POST /models/{modelId}/restore`: within 30 days, without its tags and collections."""
    if not call.world.settings.restores:
        raise forbidden("Restoring a model requires the Max plan or above")
    with call.world.store.writing() as db:
        row = db.execute(
            "SELECT doc FROM models WHERE id = ? AND project = ?", [call.ids[0], call.project]
        ).fetchone()
        if row is None:
            raise not_found("Model", call.ids[0])
        doc = model_records.parsed(row[0])
        if "deletedAt" not in doc:
            raise bad_request("The model is not deleted, or was restored already")
        deleted = datetime.fromisoformat(doc.pop("deletedAt")).timestamp()
        if call.world.clock.now() - deleted > model_records.RESTORABLE_S:
            raise gone("The model was deleted more than 30 days ago")
        model_records.stay_below_ceiling(call, call.project)
        doc["tags"] = []
        model_records.save(call.world, doc)
    return {"model": model_records.full(call, doc["id"])}
