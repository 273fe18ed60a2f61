"""The long texts of a model: its description and its prompt guide.

Chosen where nothing is documented: an unset text reads as `""`; a text is kept exactly as sent, up
to 100,000 characters; a reference to something that does not exist is left out of the answer.
"""

import re

from catalogsync.sandbox import asset_records, model_records
from catalogsync.sandbox.checks import Object, OrNull, Text
from catalogsync.sandbox.errors import not_found
from catalogsync.sandbox.world import Call, Json

_LONG = OrNull(Text(longest=100_000))
UPDATE_DESCRIPTION = Object({"description": _LONG}, required=("description",))
UPDATE_PROMPT_GUIDE = Object({"promptGuide": _LONG}, required=("promptGuide",))
_REFERENCE = re.compile(r"\{(asset|model):([A-Za-z0-9_.-]+)\}")
_TOLD = ("id", "privacy", "type", "authorId", "name", "ownerId", "shortDescription")


def read_description(call: Call) -> Json:
    """`GET /models/{modelId}/description`."""
    return {"description": _resolved(call, _read(call, "description"))}


def update_description(call: Call) -> Json:
    """`PUT /models/{modelId}/description`; null deletes it."""
    return {"description": _resolved(call, _write(call, "description", "description"))}


def read_prompt_guide(call: Call) -> Json:
    """`GET /models/{modelId}/prompt-guide`."""
    return {"promptGuide": {"value": _read(call, "guide")}}


def update_prompt_guide(call: Call) -> Json:
    """`PUT /models/{modelId}/prompt-guide`; null deletes it."""
    return {"promptGuide": {"value": _write(call, "guide", "promptGuide")}}


def references(text: str, kind: str) -> list[str]:
    """The ids that a text refers to as `{kind:id}`, each once, in order."""
    return list(dict.fromkeys(each for what, each in _REFERENCE.findall(text) if what == kind))


def _read(call: Call, column: str) -> str:
    row = call.world.store.db.execute(
        f"SELECT {column} FROM models WHERE id = ? AND project = ? AND deleted IS NULL",
        [call.ids[0], call.project],
    ).fetchone()
    if row is None:
        raise not_found("Model", call.ids[0])
    return str(row[0])


def _write(call: Call, column: str, field: str) -> str:
    with call.world.store.writing() as db:
        model_records.edit(call, lambda doc: None)  # its updatedAt moves
        value = call.body[field] or ""
        db.execute(f"UPDATE models SET {column} = ? WHERE id = ?", [value, call.ids[0]])
    return value


def _resolved(call: Call, value: str) -> Json:
    if "{" not in value:  # most texts: no query is worth it
        return {"value": value, "assets": [], "models": []}
    asset_ids, model_ids = references(value, "asset"), references(value, "model")
    assets = asset_records.find(call, asset_ids)
    models = model_records.exist(call, model_ids)
    return {
        "value": value,
        "assets": [
            asset_records.show_in_description(call, assets[each])
            for each in asset_ids
            if each in assets
        ],
        "models": [
            {name: models[each][name] for name in _TOLD if name in models[each]}
            for each in model_ids
            if each in models
        ],
    }
