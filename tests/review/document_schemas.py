"""The JSON Schemas of the documents, made from the dataclasses that they hold."""

import json
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from inspect import getdoc
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from catalogsync.drift import Drift
from catalogsync.model import ReadBefore
from catalogsync.plan import ModelPlan, Plan
from catalogsync.review.downloaded import DownloadReport
from catalogsync.review.saved import SavedPlan, Scope
from catalogsync.review.training import TrainingReport

Schema = dict[str, Any]

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_COUNTS = "The numbers that the summary tells, and how many requests it would take."

_ABOUT = """\
What an apply would do, as `plan --out`, `--json` and `--json-into` write it. `type` names a \
value's kind. Readers refuse another major format_version and ignore names that they do not know; \
a minor one adds nothing that a digest covers."""


def plan_schema() -> str:
    """The text of schemas/plan.schema.json."""
    parts: dict[type, Schema] = {}
    plan = _object(Plan, parts)
    models = {"allOf": [_ref(ModelPlan, parts)], "properties": {"digest": _DIGEST}}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:catalog-sync:schema:plan:1",
        "title": "catalog-sync saved plan",
        "description": _ABOUT,
        "type": "object",
        "properties": {
            "format_version": {"type": "string", "pattern": "^1\\.[0-9]{1,9}$"},
            "integrity": {
                **_DIGEST,
                "description": "The sha256 of the whole file, with zeros for these 64 digits.",
            },
            "digest": {**_DIGEST, "description": "What `apply --expect` takes."},
            "read_at": {
                "type": "string",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
                "description": "When the live state was read, in UTC.",
            },
            "tool_version": {"type": "string"},
            "read_before": {
                **_schema(ReadBefore | None, parts),
                "description": "What of the live state was read earlier: --refresh changed.",
            },
            "scope": _ref(Scope, parts),
            "summary": {"type": "string", "description": "The plan in one sentence."},
            "counts": {
                "type": "object",
                "description": _COUNTS,
                "additionalProperties": {"type": ["number", "null"], "minimum": 0},
            },
            **plan["properties"],
            "models": {"type": "array", "items": {**models, "required": ["digest"]}},
        },
        "required": [
            *("format_version", "integrity", "digest", "summary", "counts"),
            *(f.name for f in fields(SavedPlan) if f.name != "plan"),
            *("type", *(f.name for f in fields(Plan))),
        ],
        "$defs": {kind.__name__: parts[kind] for kind in sorted(parts, key=lambda k: k.__name__)},
    }
    return json.dumps(schema, indent=2) + "\n"


_ABOUT_DRIFT = """\
What was changed on the server since the last apply, as `drift --json` and `--json-into` write it. \
`before` is what Git says and `after` what the server has. Readers refuse another major \
format_version and ignore names that they do not know."""


def drift_schema() -> str:
    """The text of schemas/drift.schema.json."""
    parts: dict[type, Schema] = {}
    drift = _object(Drift, parts)
    counts = "How many models were edited, are gone, are in conflict, and so on."
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:catalog-sync:schema:drift:1",
        "title": "catalog-sync drift",
        "description": _ABOUT_DRIFT,
        "type": "object",
        "properties": {
            "format_version": {"type": "string", "pattern": "^1\\.[0-9]{1,9}$"},
            "fingerprint": {**_DIGEST, "description": "The same for the same drift."},
            "read_at": {"type": "string", "description": "When the server was read, in UTC."},
            "summary": {"type": "string", "description": "The drift in one sentence."},
            "counts": {
                "type": "object",
                "description": counts,
                "additionalProperties": {"type": "integer", "minimum": 0},
            },
            **drift["properties"],
        },
        "required": [
            *("format_version", "fingerprint", "read_at", "summary", "counts", "type"),
            *(f.name for f in fields(Drift)),
        ],
        "$defs": {kind.__name__: parts[kind] for kind in sorted(parts, key=lambda k: k.__name__)},
    }
    return json.dumps(schema, indent=2) + "\n"


_READERS = "Readers refuse another major format_version and ignore names that they do not know."
_SENTENCE = {"type": "string", "description": "The trainings in one sentence."}


def train_schema() -> str:
    """The text of schemas/train.schema.json."""
    about = f"What `train --json` found and did. {_READERS}"
    return _of_report("train", TrainingReport, about, {"summary": _SENTENCE})


def download_schema() -> str:
    """The text of schemas/download.schema.json."""
    about = f"The file that `download --json` fetched. {_READERS}"
    return _of_report("download", DownloadReport, about, {})


def _of_report(name: str, kind: type, about: str, more: Schema) -> str:
    """The schema of a document that is one value and little else."""
    parts: dict[type, Schema] = {}
    report = _object(kind, parts)
    version = {"format_version": {"type": "string", "pattern": "^1\\.[0-9]{1,9}$"}}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:catalog-sync:schema:{name}:1",
        "title": f"catalog-sync {name}",
        "description": about,
        "type": "object",
        "properties": {**version, **more, **report["properties"]},
        "required": [*version, *more, *report["required"]],
    }
    if parts:
        schema["$defs"] = {kind.__name__: parts[kind] for kind in parts}
    return json.dumps(schema, indent=2) + "\n"


def _object(kind: type, parts: dict[type, Schema]) -> Schema:
    assert is_dataclass(kind)
    kinds = get_type_hints(kind)
    tag = {} if "type" in kinds else {"type": {"const": kind.__name__}}
    needed = [f for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    return {
        "description": " ".join((getdoc(kind) or "").split()),
        "type": "object",
        "properties": {**tag, **{f.name: _schema(kinds[f.name], parts) for f in fields(kind)}},
        "required": [*tag, *(f.name for f in needed)],
    }


def _schema(kind: Any, parts: dict[type, Schema]) -> Schema:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [_schema(each, parts) for each in inner]}
    if origin is frozenset:
        return {"type": "array", "items": _schema(inner[0], parts), "uniqueItems": True}
    if origin is tuple and inner[-1] is Ellipsis:
        return {"type": "array", "items": _schema(inner[0], parts)}
    if origin is tuple:
        items = [_schema(each, parts) for each in inner]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    if is_dataclass(kind):
        assert isinstance(kind, type)
        return _ref(kind, parts)
    if issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    return {"type": _PLAIN[kind]}


def _ref(kind: type, parts: dict[type, Schema]) -> Schema:
    if kind not in parts:
        parts[kind] = {}
        parts[kind] |= _object(kind, parts)
    return {"$ref": f"#/$defs/{kind.__name__}"}
