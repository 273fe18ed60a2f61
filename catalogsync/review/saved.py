"""The saved plan: one file that people read, approve and hand to `apply`.

Its integrity digest is over every byte of the file, so that no change goes unnoticed; the digests
of the plan and its models are over what is approved. Neither is a signature.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import IO, NoReturn

from catalogsync import __version__
from catalogsync.codec import Mismatch, as_data, from_data
from catalogsync.diff import Change, Placed
from catalogsync.errors import BadPlan
from catalogsync.model import LARGEST_FILE, ReadBefore, TrainingImage
from catalogsync.plan import Plan
from catalogsync.review.document import FORMAT_VERSION, pieces, plan_document
from catalogsync.shard import Shard
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """Which models were planned, as --prune, --only, --exclude and --shard said.

    `only_mine`: and of them only what the change set changes, by the base of the plan;
    `changed_since`: only those that are not as they were at this commit; `restores`:
    the sha256 of the file that --restore named; `anew`: what was deleted is created, not restored.
    """

    prune: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only_mine: bool = False
    shard: Shard | None = None
    changed_since: str = ""
    restores: str = ""
    anew: bool = False

    def is_doomed(self, key: str) -> bool:
        """Whether the model of a key that has no manifest any more is to be deleted."""
        here = self.shard is None or self.shard.has(key)
        return self.prune and here and not self.restores


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan with when the live state was read (UTC), for which models, and by which version.

    `read_before` says what of it was not read then, but at an earlier time.
    """

    plan: Plan
    read_at: str = ""
    scope: Scope = Scope()
    tool_version: str = __version__
    read_before: ReadBefore | None = None


def saved_document(saved: SavedPlan) -> dict[str, object]:
    """The document of a saved plan; its integrity digest comes with `write_sealed`."""
    return {
        **plan_document(saved.plan),
        "read_at": saved.read_at,
        "scope": as_data(saved.scope),
        "tool_version": saved.tool_version,
        "read_before": as_data(saved.read_before),
    }


_BLANK = "sha256:" + "0" * 64
_LINE = '\n  "integrity": "'
"""How the digest's line begins: in no string could this line break and these quotes stand so."""

_SEAL = re.compile(_LINE.encode() + rb"(sha256:[0-9a-f]{64})\"")


def write_sealed(document: dict[str, object], file: IO[bytes]) -> None:
    """Write a document into an empty file, with the sha256 of its text, whose own digits are zeros.

    The digest is known at the end, and then put in its place.
    """
    digest, place = hashlib.sha256(), 0
    for piece in pieces({**document, "integrity": _BLANK}):
        data = piece.encode()
        digest.update(data)
        file.write(data)
        if piece.endswith(_LINE[:-1]):
            place = file.tell() + 1
    file.seek(place)
    file.write(f"sha256:{digest.hexdigest()}".encode())


def sealed(document: dict[str, object]) -> str:
    """The same as text."""
    file = BytesIO()
    write_sealed(document, file)
    return file.getvalue().decode()


def opened(content: bytes, name: str) -> SavedPlan:
    """The saved plan in a file's content; raises `BadPlan`, which calls the file by `name`."""
    document = _document(content, name)
    _check_version(document, name)
    if not _is_sealed(content):
        raise BadPlan(
            f"{name} is not as it was saved: its integrity digest does not fit",
            hint="take the file as `plan` wrote it, byte for byte, or plan again",
        )
    try:
        parts = {**document, "type": SavedPlan.__name__, "plan": document}
        saved = from_data(SavedPlan, parts)
    except Mismatch as mismatch:
        raise BadPlan(f"{name} is no plan: {mismatch}", hint=_AGAIN) from None
    if not all(0 <= file.size <= LARGEST_FILE for file in saved.plan.files):
        raise BadPlan(f"{name} is no plan: no file has such a size", hint=_AGAIN)
    if not all(_is_sound(change) for model in saved.plan.models for change in model.changes):
        raise BadPlan(f"{name} is no plan: it holds a change of nothing", hint=_AGAIN)
    if saved.scope.shard and not saved.scope.shard.is_sound:
        raise BadPlan(f"{name} is no plan: there is no shard {saved.scope.shard}", hint=_AGAIN)
    if not _fits(saved.plan, document):
        raise BadPlan(f"{name} says another digest than what it holds has", hint=_AGAIN)
    return saved


_AGAIN = "make a new one with `catalog-sync plan --out FILE`"


def _document(content: bytes, name: str) -> dict[str, object]:
    try:
        document = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "format_version" not in document:
        raise BadPlan(f"{name} is no saved plan", hint=_AGAIN)
    if "error" in document:
        raise BadPlan(f"{name} holds the error of a run that failed, no plan", hint=_AGAIN)
    return document


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _check_version(document: dict[str, object], name: str) -> None:
    """Another major number means another meaning; a minor one only adds names."""
    version, known = document["format_version"], FORMAT_VERSION.partition(".")[0]
    if not isinstance(version, str) or not re.fullmatch(rf"{known}\.[0-9]{{1,9}}", version):
        raise BadPlan(
            f"{name} has format {version!r:.60}, this version reads {known}.x",
            hint="plan again with this version of catalog-sync, or use the one that made it",
        )


def _is_sealed(content: bytes) -> bool:
    found = _SEAL.search(content)
    if not found:
        return False
    unsealed = content[: found.start(1)] + _BLANK.encode() + content[found.end(1) :]
    return found[1] == _digest(unsealed).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _is_sound(change: Change) -> bool:
    """Whether a change is one that can be told: of some field, in the values that it has."""
    kind = _KINDS.get(change.path[0]) if change.path else None
    if kind is None:
        return bool(change.path)
    values = [value for value in (change.before, change.after) if value is not None]
    return bool(values) and all(isinstance(value, kind) for value in values)


_KINDS: Mapping[str, type] = {
    "examples": Placed,
    "trainingImages": TrainingImage,
    "trainingImagePairs": tuple,
}
"""What stands before and after in the changes of the fields that are many assets."""


def _fits(plan: Plan, document: dict[str, object]) -> bool:
    """Whether the digests that the document tells are those of what it holds."""
    models = document.get("models", [])
    assert isinstance(models, list)
    told = [document.get("digest"), *(model.get("digest") for model in models)]
    return told == [plan.digest, *(model.digest for model in plan.models)]
