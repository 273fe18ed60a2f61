"""What becomes of a model by itself, and when: the end of a training, of a copy.

Kept until it is due, and made before the next request is answered.
"""

import json

from catalogsync.sandbox import model_records
from catalogsync.sandbox.clock import iso
from catalogsync.sandbox.world import Json, World


def schedule(world: World, model_id: str, due: float, fields: Json) -> None:
    """Let fields of a model change at a moment; null takes one away."""
    world.store.db.execute(
        "INSERT OR REPLACE INTO changes VALUES (?, ?, ?)", [model_id, due, json.dumps(fields)]
    )


def cancel(world: World, model_id: str) -> None:
    """Let nothing become of a model."""
    world.store.db.execute("DELETE FROM changes WHERE model = ?", [model_id])


def settle(world: World) -> None:
    """Make the changes that are due."""
    now = world.clock.now()
    due = "FROM changes WHERE due <= ?"
    if world.store.db.execute(f"SELECT 1 {due} LIMIT 1", [now]).fetchone() is None:
        return
    with world.store.writing() as db:
        rows = db.execute(
            "SELECT doc, due, fields FROM changes JOIN models ON models.id = model WHERE due <= ?",
            [now],
        ).fetchall()
        for text, moment, fields in rows:
            doc = model_records.parsed(text) | json.loads(fields)
            doc["updatedAt"] = max(doc["updatedAt"], iso(moment))
            kept = {name: value for name, value in doc.items() if value is not None}
            model_records.write(world, kept)
        db.execute(f"DELETE {due}", [now])
