"""A plan and what became of it as one JSON document."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from json.encoder import encode_basestring_ascii as _quoted
from types import NoneType
from typing import IO, Any

from catalogsync.codec import as_data
from catalogsync.diff import Verb
from catalogsync.drift import Drift
from catalogsync.errors import CatalogSyncError, ManifestError
from catalogsync.outcome import Outcome
from catalogsync.plan import ModelPlan, Plan
from catalogsync.review.checked import Checked
from catalogsync.review.drift_text import drift_summary
from catalogsync.review.report import described, past_summary
from catalogsync.review.text import summary
from catalogsync.values import dataclass

FORMAT_VERSION = "1.3"
"""Readers refuse another major number and ignore keys they do not know."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of a document: its items are made into data one by one, when they are written.

    The data of a whole plan takes several times the memory of the plan.
    """

    items: tuple[Any, ...]
    made: Callable[[Any], object]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[object]:
        return map(self.made, self.items)


def plan_document(plan: Plan) -> dict[str, object]:
    """The plan as JSON data, with its digests, counts and the sentence that sums it up."""
    lists = {f.name: held for f in fields(plan) if type(held := getattr(plan, f.name)) is tuple}
    rest: Any = dict.fromkeys(lists, ())
    return {
        **as_data(replace(plan, **rest)),
        **{name: Listed(items, as_data) for name, items in lists.items()},
        "format_version": FORMAT_VERSION,
        "digest": plan.digest,
        "summary": summary(plan),
        "counts": {
            **{verb.value: plan.count(verb) for verb in Verb},
            "uploads": len(plan.files),
            "fetches": plan.fetches,
            "imports": len(plan.imports),
            "creative_units": plan.creative_units,
            "upload_bytes": plan.upload_bytes,
            "reorders": plan.reorders,
            "refused": len(plan.refusals),
            "unchanged": plan.unchanged,
            "training_due": len(plan.training),
            "training_units": plan.training_units,
            "requests": plan.requests,
            **({"would_undo": plan.would_undo} if plan.base and plan.base.commit else {}),
        },
        "models": Listed(plan.models, _model),
    }


def _model(model: ModelPlan) -> dict[str, object]:
    return {**as_data(model), "digest": model.digest}


def drift_document(drift: Drift, *, read_at: str) -> dict[str, object]:
    """The drift as JSON data, with its fingerprint, counts and the sentence that sums it up."""
    return {
        **as_data(drift),
        "format_version": FORMAT_VERSION,
        "read_at": read_at,
        "fingerprint": drift.fingerprint,
        "summary": drift_summary(drift),
        "counts": {
            "edited": drift.count(Verb.UPDATE),
            "gone": drift.count(Verb.DELETE),
            "there_again": drift.count(Verb.CREATE) + drift.count(Verb.ADOPT),
            "conflicts": drift.conflicts,
            "accepted": len(drift.accepted),
            "could_not_tell": len(drift.refusals),
            "pending": drift.pending,
            "unchanged": drift.unchanged,
        },
    }


def outcome_document(
    plan: Plan, outcomes: Sequence[Outcome], ids: Mapping[str, str]
) -> dict[str, object]:
    """The outcome of every action of a plan, and the model id of every key."""
    results = sorted(
        (
            {
                "action": as_data(outcome.action),
                "what": described(outcome.action),
                "status": outcome.status.value,
                "reason": outcome.reason,
                "trace_id": outcome.error.trace_id if outcome.error else "",
            }
            for outcome in outcomes
        ),
        key=lambda result: json.dumps(result, sort_keys=True),
    )
    return {"result": past_summary(plan, outcomes), "outcomes": results, "ids": dict(ids)}


def error_document(error: CatalogSyncError) -> dict[str, object]:
    """An error as JSON data, with every problem of the files."""
    return {
        "format_version": FORMAT_VERSION,
        "error": {
            "kind": type(error).__name__,
            "message": error.message,
            "hint": error.hint,
            "exit_code": error.exit_code,
            "trace_id": error.trace_id,
            "problems": [as_data(problem) for problem in error.problems],
        },
    }


def check_document(checked: Checked) -> dict[str, object]:
    """What checking a catalog found: its numbers, or the error document with every problem."""
    if checked.problems:
        return error_document(ManifestError(checked.problems))
    return {
        "format_version": FORMAT_VERSION,
        "problems": [],
        "manifests": checked.manifests,
        "files": checked.files,
    }


def as_check_json(checked: Checked) -> str:
    """What checking a catalog found, as text."""
    return dumped(check_document(checked))


def dumped(document: object) -> str:
    """A document as text: the same document, the same bytes; pure ASCII, so that it is inert."""
    return "".join(pieces(document))


def write_dumped(document: object, file: IO[bytes]) -> None:
    """Write the same text, piece by piece."""
    file.writelines(map(str.encode, pieces(document)))


def pieces(document: object) -> Iterator[str]:
    """The text of a document, the items of its own lists each by itself."""
    if not isinstance(document, dict):
        yield _inert(_laid_out(document)) + "\n"
        return
    before = "{\n"
    for name in sorted(document):
        value = document[name]
        yield f"{before}  {_inert(_quoted(name))}: "
        if isinstance(value, list | Listed):
            yield from _items(value)
        else:
            yield _inert(_laid_out(value, "\n  "))
        before = ",\n"
    yield "\n}\n" if document else "{}\n"


def _items(items: list[Any] | Listed) -> Iterator[str]:
    for at, item in enumerate(items):
        yield (",\n    " if at else "[\n    ") + _inert(_laid_out(item, "\n    "))
    yield "\n  ]" if items else "[]"


def _laid_out(value: object, line: str = "\n") -> str:
    """A value as JSON with a line for each item; `line` is a line break with its indentation.

    It is what the standard library makes with `indent=2`, token by token and so more slowly.
    """
    if scalar := _SCALARS.get(type(value)):
        return scalar(value)
    inner = line + "  "
    if isinstance(value, dict) and value:
        held = [f"{_quoted(name)}: {_laid_out(value[name], inner)}" for name in sorted(value)]
        return f"{{{inner}{f',{inner}'.join(held)}{line}}}"
    if isinstance(value, list | tuple) and value:
        return f"[{inner}{f',{inner}'.join([_laid_out(each, inner) for each in value])}{line}]"
    return json.dumps(value)


_SCALARS: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    int: repr,
    bool: lambda value: "true" if value else "false",
    NoneType: lambda value: "null",
}
"""How what a document is mostly made of is written."""


def dumped_line(event: dict[str, object]) -> str:
    """An event as one line of JSON, without the line's end."""
    return _inert(json.dumps(event, sort_keys=True, ensure_ascii=True))


def _inert(text: str) -> str:
    # A CI runner would take a command out of any line; inside a string this means the same.
    return re.sub(r"##(?=\w*\[)", r"#\\u0023", text)
