"""Models as they are kept, and as the API shows them.

A kept model has asset ids where a shown one has objects with signed URLs, and says nothing of its
collections.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence

from catalogsync.sandbox.checks import new_id
from catalogsync.sandbox.errors import ALREADY_TRAINING, bad_request, ceiling, not_found
from catalogsync.sandbox.timing import Timing
from catalogsync.sandbox.vocabulary import MODEL_CAPABILITIES
from catalogsync.sandbox.world import Call, Json, World

RESTORABLE_S = 30 * 24 * 3600
"""For how long a deleted model is listed and can be restored."""

# A document, and the ids of its collections separated by commas.
SELECT = "doc, (SELECT group_concat(collection) FROM members WHERE item = models.id)"

_PREVIEW = 3
# Real records carry such an object; no documentation mentions it.
_COMPLIANCE = {"licenses": [], "trainingDataOptOut": True}


def blank(world: World, project: str, author: str, type_: str) -> Json:
    """A new model as it is kept, before anything is said of it."""
    stamp = world.clock.stamp()
    return {
        "id": new_id("model"),
        "type": type_,
        "status": "new",
        "privacy": "private",
        "source": "scenario",
        "custom": type_ == "custom",
        "capabilities": list(MODEL_CAPABILITIES),
        "ownerId": project,
        "authorId": author,
        "userId": author,
        "createdAt": stamp,
        "updatedAt": stamp,
        "tags": [],
        "exampleAssetIds": [],
    }


def parsed(text: str) -> Json:
    """A kept model from its text."""
    doc: Json = json.loads(text)
    return doc


def insert(world: World, doc: Json, collections: Sequence[str] = ()) -> None:
    """Record a new model and its collections."""
    with world.store.writing() as db:
        db.execute(
            "INSERT INTO models (id, project, status, created, doc) VALUES (?, ?, ?, ?, ?)",
            [doc["id"], doc["ownerId"], doc["status"], doc["createdAt"], json.dumps(doc)],
        )
        rows = [(doc["id"], collection, "model") for collection in collections]
        db.executemany("INSERT INTO members (item, collection, kind) VALUES (?, ?, ?)", rows)


def save(world: World, doc: Json) -> None:
    """Write a model back, with a later `updatedAt`."""
    doc["updatedAt"] = world.clock.after(doc["updatedAt"])
    write(world, doc)


def write(world: World, doc: Json) -> None:
    """Write a model back as it is."""
    world.store.db.execute(
        "UPDATE models SET status = ?, deleted = ?, doc = ? WHERE id = ?",
        [doc["status"], doc.get("deletedAt"), json.dumps(doc), doc["id"]],
    )


def edit(call: Call, change: Callable[[Json], None]) -> Json:
    """Change the kept form of the model in the path; it is saved unless `change` raises."""
    with call.world.store.writing():
        doc = kept(call)
        change(doc)
        save(call.world, doc)
    return doc


def kept(call: Call) -> Json:
    """The model in the path, in its kept form; 404 if the project has none such."""
    row = call.world.store.db.execute(
        "SELECT doc FROM models WHERE id = ? AND project = ? AND deleted IS NULL",
        [call.ids[0], call.project],
    ).fetchone()
    if row is None:
        raise not_found("Model", call.ids[0])
    doc: Json = json.loads(row[0])
    return doc


def stay_below_ceiling(call: Call, project: str) -> None:
    """Refuse one model more where the plan has no room for it."""
    limit = call.world.settings.max_models
    if not limit:
        return
    (count,) = call.world.store.db.execute(
        "SELECT count(*) FROM models WHERE project = ? AND deleted IS NULL", [project]
    ).fetchone()
    if count >= limit:
        raise ceiling("create-model", limit)


def must_be_idle(doc: Json) -> None:
    """Refuse to touch a model that trains or is being copied."""
    if doc["status"] == "training":
        raise bad_request(ALREADY_TRAINING)
    if doc["status"] == "copying":
        raise bad_request("Model is not available while it is being copied")


def full(call: Call, model_id: str) -> Json:
    """One model as `GET /models/{modelId}` shows it."""
    row = call.world.store.db.execute(
        f"SELECT {SELECT} FROM models WHERE id = ? AND project = ? AND deleted IS NULL",
        [model_id, call.project],
    ).fetchone()
    if row is None:
        raise not_found("Model", model_id)
    shown = show(call, row, training_images=None)
    shown["inputs"] = shown.get("inputs", [])
    return shown


def show(call: Call, row: Sequence[str | None], *, training_images: int | None = _PREVIEW) -> Json:
    """The Model of the API, from a row of `SELECT`; without `inputs`, as in lists."""
    doc: Json = json.loads(row[0] or "")
    doc["collectionIds"] = row[1].split(",") if row[1] else []
    if "thumbnail" in doc:
        doc["thumbnail"] = _linked(call, doc["thumbnail"])
    if "epochs" in doc:
        doc["epochs"] = [_epoch(call, epoch) for epoch in doc["epochs"]]
    images = doc.get("trainingImages", [])
    doc["trainingImagesNumber"] = len(images)
    if images:
        doc["trainingImages"] = [
            image | {"downloadUrl": call.file_url(image["id"])}
            for image in images[:training_images]
        ]
    if training_images is not None:
        doc.pop("inputs", None)
    timing = doc.pop("training", None)
    if timing and doc["status"] == "training":
        doc["trainingProgress"] = Timing(**timing).progress(call.world.clock.now())
    if call.world.settings.fidelity == "real":
        doc = {"trainingProgress": {}, "parameters": {}, "complianceMetadata": _COMPLIANCE} | doc
    return doc


def exist(call: Call, model_ids: Iterable[str]) -> dict[str, Json]:
    """The kept forms of the project's models among those ids."""
    rows = call.world.store.db.execute(
        "SELECT id, doc FROM models WHERE id IN (SELECT value FROM json_each(?))"
        " AND +project = ? AND deleted IS NULL",
        [json.dumps(list(model_ids)), call.project],
    )
    return {model_id: json.loads(doc) for model_id, doc in rows}


def must_exist(call: Call, model_ids: Sequence[str], field: str) -> None:
    """Refuse a field of a body that names a model the project does not have."""
    found = exist(call, model_ids)
    for model_id in model_ids:
        if model_id not in found:
            raise bad_request(f"{field}: model {model_id} does not exist")


def forget_assets(call: Call, asset_ids: Sequence[str]) -> None:
    """Take deleted assets out of the examples, thumbnails and training sets that used them."""
    db, removed = call.world.store.db, set(asset_ids)
    rows = db.execute(
        "SELECT doc FROM models WHERE project = ? AND deleted IS NULL AND EXISTS ("
        " SELECT 1 FROM json_each(?) AS gone WHERE instr(models.doc, gone.value))",
        [call.project, json.dumps(list(asset_ids))],
    ).fetchall()
    for (text,) in rows:
        doc = json.loads(text)
        doc["exampleAssetIds"] = [each for each in doc["exampleAssetIds"] if each not in removed]
        if doc.get("thumbnail") in removed:
            del doc["thumbnail"]
        drop_training_images(doc, removed)
        save(call.world, doc)
    db.execute(
        "UPDATE collections SET thumbnail = NULL"
        " WHERE thumbnail IN (SELECT value FROM json_each(?))",
        [json.dumps(list(asset_ids))],
    )


def caption(call: Call, asset_id: str, text: str) -> None:
    """Let the training images of an asset be described as it is."""
    rows = call.world.store.db.execute(
        "SELECT doc FROM models WHERE project = ? AND instr(doc, ?)", [call.project, asset_id]
    ).fetchall()
    for (kept_text,) in rows:
        doc = parsed(kept_text)
        images = [each for each in doc.get("trainingImages", []) if each["id"] == asset_id]
        for image in images:
            image["description"] = text
        if images:
            save(call.world, doc)


def drop_training_images(doc: Json, removed: Collection[str]) -> None:
    """Take images out of a training set, and with them the pairs that they are in."""
    if "trainingImages" in doc:
        doc["trainingImages"] = [
            each for each in doc["trainingImages"] if each["id"] not in removed
        ]
    if "trainingImagePairs" in doc:
        doc["trainingImagePairs"] = [
            pair
            for pair in doc["trainingImagePairs"]
            if pair["sourceId"] not in removed and pair["targetId"] not in removed
        ]


def _linked(call: Call, asset_id: str) -> Json:
    return {"assetId": asset_id, "url": call.file_url(asset_id)}


def _epoch(call: Call, epoch: Json) -> Json:
    return epoch | {"assets": [_linked(call, asset_id) for asset_id in epoch.get("assets", [])]}
