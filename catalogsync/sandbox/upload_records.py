"""Uploads as they are kept, and as the API shows them.

The state of an upload after `complete` is a function of time and of what the import found, so that
it moves without anything having to move it.
"""

import json
from typing import Any

from catalogsync.sandbox.clock import iso
from catalogsync.sandbox.errors import not_found
from catalogsync.sandbox.world import Call, Json, World

# Kept for the sandbox's own use, never shown.
_PRIVATE = ("completed", "outcome", "held")
# The status of the job of an upload, and how far it is.
_AS_A_JOB = {
    "pending": ("pending", 0),
    "complete": ("in-progress", 0),
    "validating": ("in-progress", 0.5),
    "validated": ("finalizing", 0.9),
    "imported": ("success", 1),
    "failed": ("failure", 1),
}


def insert(world: World, doc: Json) -> None:
    """Record a new upload."""
    with world.store.writing() as db:
        values = [doc["id"], doc["ownerId"], json.dumps(doc)]
        db.execute("INSERT INTO uploads (id, project, doc) VALUES (?, ?, ?)", values)


def load(world: World, upload_id: str) -> Json | None:
    """An upload in its kept form."""
    row = world.store.db.execute("SELECT doc FROM uploads WHERE id = ?", [upload_id]).fetchone()
    return None if row is None else json.loads(row[0])


def owned(call: Call) -> Json:
    """The upload in the path; 404 if the project has none such."""
    doc = load(call.world, call.ids[0])
    if doc is None or doc["ownerId"] != call.project:
        raise not_found("Upload", call.ids[0])
    return doc


def amend(world: World, upload_id: str, **changes: Any) -> None:
    """Change an upload, with a later `updatedAt`."""
    with world.store.writing() as db:
        doc = load(world, upload_id)
        if doc is None:
            raise LookupError(upload_id)
        doc |= changes
        doc["updatedAt"] = world.clock.after(doc["updatedAt"])
        db.execute("UPDATE uploads SET doc = ? WHERE id = ?", [json.dumps(doc), upload_id])


def status(world: World, doc: Json) -> str:
    """Where an upload is now."""
    if "completed" not in doc:
        return "pending"
    if doc.get("held"):
        return str(doc["held"])
    outcome, elapsed = doc.get("outcome"), world.clock.now() - doc["completed"]
    if outcome is None or elapsed < world.settings.validate_s:
        return "validating"
    if "errorMessage" in outcome:
        return "failed"
    if elapsed < world.settings.validate_s + world.settings.import_s:
        return "validated"
    return "imported"


def imported_at(world: World, doc: Json) -> str:
    """When a completed upload becomes an asset, or became one."""
    return iso(doc["completed"] + world.settings.validate_s + world.settings.import_s)


def show(call: Call, doc: Json) -> Json:
    """The Upload of the API: part URLs while pending, an entity once imported."""
    now = status(call.world, doc)
    shown = {name: value for name, value in doc.items() if name not in _PRIVATE}
    shown["status"] = now
    if now == "pending":
        shown["parts"] = _parts(call, doc)
    elif now == "imported":
        shown["entityId"] = doc["outcome"]["entityId"]
    elif now == "failed":
        shown["errorMessage"] = doc["outcome"]["errorMessage"]
    shown["updatedAt"] = max(doc["updatedAt"], _reached(call.world, doc, now))
    return shown


def of_job(call: Call, job_id: str) -> Json | None:
    """The project's upload with that job, if there is one."""
    row = call.world.store.db.execute(
        "SELECT doc FROM uploads WHERE project = ? AND json_extract(doc, '$.jobId') = ?",
        [call.project, job_id],
    ).fetchone()
    return None if row is None else json.loads(row[0])


def show_job(call: Call, doc: Json) -> Json:
    """The Job of an upload; what it became is in `metadata.output`."""
    shown = show(call, doc)
    now, progress = _AS_A_JOB[shown["status"]]
    metadata: Json = {"input": {"uploadId": doc["id"]}}
    if "entityId" in shown:
        metadata["output"] = {"entityId": shown["entityId"]}
    if "errorMessage" in shown:
        metadata["error"] = shown["errorMessage"]
    told = ("jobId", "ownerId", "authorId", "createdAt", "updatedAt")
    return {name: shown[name] for name in told} | {
        "jobType": "model-import" if doc["kind"] == "model" else "upload",
        "metadata": metadata,
        "progress": progress,
        "status": now,
        "statusHistory": [{"status": now, "date": shown["updatedAt"]}],
        "billing": {"cuCost": 0, "cuDiscount": 0},
    }


def _reached(world: World, doc: Json, now: str) -> str:
    """When a state that comes by itself was reached."""
    if now == "imported":
        return imported_at(world, doc)
    validated = now in ("failed", "validated")
    return iso(doc["completed"] + world.settings.validate_s) if validated else ""


def _parts(call: Call, doc: Json) -> list[Json]:
    expires = call.world.clock.now() + call.world.settings.part_ttl_s
    return [
        {
            "number": number,
            "expires": iso(expires),
            "url": call.part_url(doc["id"], number, expires),
        }
        for number in range(1, doc["partsCount"] + 1)
    ]
