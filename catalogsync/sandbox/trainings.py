"""The training of a model: its price, its start, its end and how it is canceled.

Chosen where nothing is documented: a training costs ten creative units an image; it needs one
image at least, estimated or not; a model can be trained again; parameters are merged into those of
the model; a model without a name or a short description gets one when its training starts; a
training leaves epochs where the type has some, as many as `nbEpochs` says, ten at most.
"""

import math
from datetime import datetime
from typing import Any

from catalogsync.sandbox import checks, job_records, model_changes, model_records
from catalogsync.sandbox.checks import Choice, Object
from catalogsync.sandbox.clock import iso
from catalogsync.sandbox.errors import bad_request, ceiling, cooldown
from catalogsync.sandbox.timing import Timing
from catalogsync.sandbox.vocabulary import EPOCH_TYPES, PARAMETERS, is_trainable
from catalogsync.sandbox.world import Call, Json, Reply, World

_COST_OF_AN_IMAGE = 10
_EPOCHS = 10
_WIDEST_FLUX = 64
TRAIN = Object({"parameters": Object(PARAMETERS, closed=True)})
TRAIN_QUERY = Object(
    {"dryRun": Choice(("true", "api"), "an estimate"), "trainingImagesCount": checks.Counted(1000)}
)
ACT = Object({"action": Choice(("cancel",), "an action")}, required=("action",))


def train(call: Call) -> Json | Reply:
    """`PUT /models/{modelId}/train`; with `dryRun`, what it would cost."""
    with call.world.store.writing():
        doc = model_records.kept(call)
        model_records.must_be_idle(doc)
        parameters = _parameters(call, doc)
        cost = _cost(call, doc)
        if "dryRun" in call.query:
            return Reply(269, {"creativeUnitsCost": cost})
        _stay_below_ceilings(call)
        _start(call, doc | {"parameters": parameters}, cost)
    return {
        "job": job_records.show(call, job_records.owned(call, _job_of(call))),
        "model": model_records.full(call, call.ids[0]),
        "creativeUnitsCost": cost,
    }


def act(call: Call) -> Json:
    """`POST /models/{modelId}/train/action`: `cancel`, the only one."""
    with call.world.store.writing():
        doc = model_records.kept(call)
        if doc["status"] != "training":
            raise bad_request("The action is only available while the model is training")
        stop(call.world, doc, "canceled")
        model_records.save(call.world, doc)
    return {"model": model_records.full(call, call.ids[0])}


def stop(world: World, doc: Json, status: str, error: str = "") -> None:
    """Let a training end now: in `canceled` or in `failure`."""
    model_changes.cancel(world, doc["id"])
    job_records.end(world, doc.get("jobId"), status, error)
    doc["status"] = "training-canceled" if status == "canceled" else "failed"
    doc.pop("training", None)


def _parameters(call: Call, doc: Json) -> Json:
    given: Json = doc.get("parameters", {}) | call.body.get("parameters", {})
    if not is_trainable(doc["type"]):
        raise bad_request(f"Training is not available for models of type {doc['type']}")
    if doc["type"].startswith("flux.1") and given.get("rank", 0) > _WIDEST_FLUX:
        raise bad_request(f"parameters.rank is only available up to {_WIDEST_FLUX} for this type")
    images, prompts = given.get("sampleSourceImages"), given.get("samplePrompts", [])
    if images is not None and len(images) != len(prompts):
        raise bad_request("sampleSourceImages is only available with as many samplePrompts")
    return given


def _cost(call: Call, doc: Json) -> int:
    images = len(doc.get("trainingImages", []))
    if not images and "dryRun" in call.query:
        images = int(call.query.get("trainingImagesCount", 0))
    if not images:
        raise bad_request("Training is only available with training images")
    return images * _COST_OF_AN_IMAGE


def _stay_below_ceilings(call: Call) -> None:
    world, limit = call.world, call.world.settings.max_training
    (count,) = world.store.db.execute(
        "SELECT count(*) FROM models WHERE project = ? AND status = 'training' AND deleted IS NULL",
        [call.project],
    ).fetchone()
    if limit and count >= limit:
        raise ceiling("parallel-training", limit)
    left = _cooling(call)
    if left > 0:
        raise cooldown(math.ceil(left))


def _cooling(call: Call) -> float:
    """How many seconds a project must wait after its last training."""
    (latest,) = call.world.store.db.execute(
        "SELECT max(created) FROM jobs WHERE project = ? AND type GLOB '*model-training'",
        [call.project],
    ).fetchone()
    if latest is None:
        return 0
    free = datetime.fromisoformat(latest).timestamp() + call.world.settings.train_cooldown_s
    return free - call.world.clock.now()


def _start(call: Call, doc: Json, cost: int) -> None:
    world, settings = call.world, call.world.settings
    timing = Timing(world.clock.now(), settings.queue_s, settings.train_s)
    job_id = job_records.start(call, _job_type(doc["type"]), timing, cost, modelId=doc["id"])
    started, ended = iso(timing.since + timing.queue), iso(timing.end)
    doc |= {
        "status": "training",
        "jobId": job_id,
        "training": {"since": timing.since, "queue": timing.queue, "run": timing.run},
        "trainingStats": {"startedAt": started, "queueDuration": timing.queue},
    }
    doc.setdefault("name", f"Model {doc['id'][-6:]}")
    doc.setdefault("shortDescription", f"Trained on {len(doc['trainingImages'])} images.")
    model_records.save(world, doc)
    stats = doc["trainingStats"] | {"endedAt": ended, "trainDuration": timing.run}
    left: Json = {"status": "trained", "training": None, "trainingStats": stats}
    model_changes.schedule(world, doc["id"], timing.end, left | _epochs(doc))


def _epochs(doc: Json) -> dict[str, Any]:
    if doc["type"] not in EPOCH_TYPES:
        return {}
    count = int(min(_EPOCHS, max(1, doc["parameters"].get("nbEpochs", 1))))
    epochs = [{"epoch": f"{number:06}", "assets": []} for number in range(1, count + 1)]
    return {"epochs": epochs, "epoch": None}


def _job_type(model_type: str) -> str:
    if model_type.startswith("flux.1"):
        return "flux-model-training"
    return "model-training" if model_type == "elevenlabs-voice" else "musubi-model-training"


def _job_of(call: Call) -> str:
    return str(model_records.kept(call)["jobId"])
