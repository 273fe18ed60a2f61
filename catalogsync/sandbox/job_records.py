"""Jobs as they are kept, and as the API shows them: where one is, is a function of time."""

import json
from typing import Any

from catalogsync.sandbox.checks import new_id
from catalogsync.sandbox.clock import iso
from catalogsync.sandbox.errors import not_found
from catalogsync.sandbox.timing import Timing
from catalogsync.sandbox.world import Call, Json, World


def start(call: Call, job_type: str, timing: Timing, cost: float, **told: Any) -> str:
    """Record a new job and return its id; `told` is its input."""
    job_id, stamp = new_id("job"), iso(timing.since)
    doc = {
        "jobId": job_id,
        "jobType": job_type,
        "ownerId": call.project,
        "authorId": call.author,
        "createdAt": stamp,
        "timing": {"since": timing.since, "queue": timing.queue, "run": timing.run},
        "cost": cost,
        "input": told,
    }
    with call.world.store.writing() as db:
        db.execute(
            "INSERT INTO jobs (id, project, type, created, doc) VALUES (?, ?, ?, ?, ?)",
            [job_id, call.project, job_type, stamp, json.dumps(doc)],
        )
    return job_id


def end(world: World, job_id: str | None, status: str, error: str = "") -> None:
    """End a job now, before its time."""
    with world.store.writing() as db:
        doc = load(world, job_id or "")
        if doc is not None:
            doc["ended"] = {"status": status, "at": world.clock.now(), "error": error}
            db.execute("UPDATE jobs SET doc = ? WHERE id = ?", [json.dumps(doc), job_id])


def load(world: World, job_id: str) -> Json | None:
    """A job in its kept form."""
    row = world.store.db.execute("SELECT doc FROM jobs WHERE id = ?", [job_id]).fetchone()
    return None if row is None else json.loads(row[0])


def owned(call: Call, job_id: str) -> Json:
    """A job of the project; 404 if it has none such."""
    doc = load(call.world, job_id)
    if doc is None or doc["ownerId"] != call.project:
        raise not_found("Job", job_id)
    return doc


def show(call: Call, doc: Json) -> Json:
    """The Job of the API; the address of a packed download is in its `metadata.output`."""
    history = _history(call.world, doc)
    status, moment = history[-1]
    timing, ended = Timing(**doc["timing"]), doc.get("ended")
    metadata: Json = {"input": doc["input"]}
    if ended and ended["error"]:
        metadata["error"] = ended["error"]
    if status == "success" and doc["jobType"] == "model-download":
        metadata["output"] = {"url": call.weights_url(doc["jobId"])}
    shown = ("jobId", "jobType", "ownerId", "authorId", "createdAt")
    return {name: doc[name] for name in shown} | {
        "metadata": metadata,
        "progress": round(timing.done(ended["at"] if ended else call.world.clock.now()), 4),
        "status": status,
        "statusHistory": [{"status": each, "date": iso(at)} for each, at in history],
        "updatedAt": iso(moment),
        "billing": {"cuCost": doc["cost"], "cuDiscount": 0},
    }


def _history(world: World, doc: Json) -> list[tuple[str, float]]:
    timing, ended = Timing(**doc["timing"]), doc.get("ended")
    if ended is None:
        return timing.history(world.clock.now())
    return [*timing.history(ended["at"]), (ended["status"], ended["at"])]
