"""Copies of models, in their own project or for another one.

Chosen where nothing is documented: a copy has neither tags (but see `Settings.copies_tags`) nor
collections, description or prompt guide; it is `copying` for a while, then `trained` if its
training data was asked for (`copyAsTrained`) and there, and `new` otherwise; a transfer makes a
trained copy with examples, and leaves the model where it is, unless `Settings.transfer` says that
it moves, keeping its id, tags and texts. What a transferred model shows is copied along.
"""

import json
from collections.abc import Iterable
from dataclasses import replace

from catalogsync.sandbox import asset_records, downloads, model_changes, model_records
from catalogsync.sandbox.checks import Object, Text, Truth
from catalogsync.sandbox.errors import bad_request
from catalogsync.sandbox.world import Call, Json

COPY = Object({"copyAsTrained": Truth(), "copyExamples": Truth()})
TRANSFER = Object(
    {
        "destinationProjectId": Text(
            longest=100, form="other-project-id", pattern="^[A-Za-z0-9_-]{1,100}$"
        ),
        "destinationTeamId": Text(longest=200),
    },
    required=("destinationProjectId",),
)
_OF_THE_ORIGINAL = ("id", "createdAt", "updatedAt", "status", "ownerId", "authorId", "userId")
_OF_ITS_TRAINING = ("training", "trainingStats", "epochs", "epoch", "jobId")


def copy(call: Call) -> Json:
    """`POST /models/{modelId}/copy`: a new model of the same project."""
    with call.world.store.writing():
        doc = _idle(call)
        if not call.body.get("copyExamples", True):
            doc["exampleAssetIds"] = []
        made = _insert_copy(call, doc, trained=call.body.get("copyAsTrained", False))
    return {"model": model_records.full(call, made)}


def transfer(call: Call) -> Json:
    """`POST /models/{modelId}/transfer`: to another project."""
    there = replace(call, project=call.body["destinationProjectId"])
    if there.project == call.project:
        raise bad_request("The model already belongs to the destination project")
    with call.world.store.writing():
        doc = _idle(call)
        told = _renamed(doc, _copied_assets(there, _images(doc)))
        moves = call.world.settings.transfer == "move"
        made = _move(there, told) if moves else _insert_copy(there, told, trained=True)
    return {"model": model_records.full(there, made)}


def _idle(call: Call) -> Json:
    doc = model_records.kept(call)
    model_records.must_be_idle(doc)
    return doc


def _insert_copy(call: Call, doc: Json, *, trained: bool) -> str:
    """Record a copy of a model, which takes its time; return its id."""
    world = call.world
    model_records.stay_below_ceiling(call, call.project)
    left_out = {*_OF_THE_ORIGINAL, *([] if trained else _OF_ITS_TRAINING)}
    told = {name: value for name, value in doc.items() if name not in left_out}
    made = model_records.blank(world, call.project, call.author, doc["type"]) | told
    made |= {"parentModelId": doc["id"], "status": "copying"}
    if not world.settings.copies_tags:
        made["tags"] = []
    model_records.insert(world, made)
    becomes = "trained" if trained and doc["status"] == "trained" else "new"
    due = world.clock.now() + world.settings.copy_s
    model_changes.schedule(world, made["id"], due, {"status": becomes})
    downloads.share(world, doc["id"], made["id"])
    return str(made["id"])


def _move(there: Call, doc: Json) -> str:
    db = there.world.store.db
    db.execute("DELETE FROM members WHERE item = ?", [doc["id"]])
    db.execute("UPDATE models SET project = ? WHERE id = ?", [there.project, doc["id"]])
    model_records.save(there.world, doc | {"ownerId": there.project})
    return str(doc["id"])


def _images(doc: Json) -> list[str]:
    """The ids of all images that a kept model names."""
    named = [*doc["exampleAssetIds"], *(each["id"] for each in doc.get("trainingImages", []))]
    return list(dict.fromkeys(each for each in (*named, doc.get("thumbnail")) if each))


def _copied_assets(there: Call, asset_ids: Iterable[str]) -> dict[str, str]:
    """Copy assets into another project; their new ids by the old ones."""
    store = there.world.store
    copied = {}
    for asset_id in asset_ids:
        row = store.db.execute("SELECT doc FROM assets WHERE id = ?", [asset_id]).fetchone()
        if row is not None:
            copied[asset_id] = asset_records.insert_copy(there, json.loads(row[0]))
    return copied


def _renamed(doc: Json, ids: dict[str, str]) -> Json:
    """A kept model that names other images."""
    told = doc | {"exampleAssetIds": [ids.get(each, each) for each in doc["exampleAssetIds"]]}
    if "thumbnail" in doc:
        told["thumbnail"] = ids.get(doc["thumbnail"], doc["thumbnail"])
    if "trainingImages" in doc:
        told["trainingImages"] = [
            each | {"id": ids.get(each["id"], each["id"])} for each in doc["trainingImages"]
        ]
    if "trainingImagePairs" in doc:
        told["trainingImagePairs"] = [
            pair | {name: ids.get(pair[name], pair[name]) for name in ("sourceId", "targetId")}
            for pair in doc["trainingImagePairs"]
        ]
    return told
