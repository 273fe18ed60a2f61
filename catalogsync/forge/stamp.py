"""The hidden lines on top of a comment: whose plan it is, and which run wrote it."""

import json
import re
from enum import StrEnum

from catalogsync.values import dataclass

_HIDDEN = re.compile(r"<!-- catalog-sync[^{]*(\{.*\})\s*-->")


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """A run of the CI; a later one is greater, and of one run the later attempt."""

    number: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Subject:
    """What a comment speaks of; each has a comment of its own."""

    catalog: str
    target: str


class Kind(StrEnum):
    """What a text of ours tells."""

    PLAN = "plan"
    APPLY = "apply"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Marker:
    """The first line of a text of ours: what it speaks of, and what it tells.

    `changes` is how many models change, `digest` that of the plan or of the drift. A drift that
    is not `known` could not compare every model.
    """

    subject: Subject
    kind: Kind
    changes: int
    digest: str = ""
    known: bool = True


_NOBODY = Run(0, 0)
"""The run of a comment that does not tell: every run is later."""


def read_marker(text: str) -> Marker | None:
    """The marker on the first line of a text, or None if there is none."""
    data = _data(text.partition("\n")[0])
    catalog, target = data.get("catalog"), data.get("target")
    if not isinstance(catalog, str) or not isinstance(target, str):
        return None
    changes, digest, kind = data.get("changes"), data.get("digest"), data.get("kind")
    return Marker(
        Subject(catalog, target),
        Kind(str(kind)) if kind in tuple(Kind) else Kind.PLAN,
        changes if type(changes) is int else 0,
        digest if isinstance(digest, str) else "",
        data.get("known") is not False,
    )


def read_run(text: str) -> Run:
    """The run that wrote a comment, from its second line."""
    data = _data(text.partition("\n")[2].partition("\n")[0])
    number, attempt = data.get("run"), data.get("attempt")
    if type(number) is int and type(attempt) is int:
        return Run(number, attempt)
    return _NOBODY


def stamped(text: str, run: Run) -> str:
    """A text that begins with its marker, with a hidden line about the run below it."""
    marker, _, rest = text.partition("\n")
    data = json.dumps({"run": run.number, "attempt": run.attempt})
    return f"{marker}\n<!-- catalog-sync-run: {data} -->\n{rest}"


def _data(line: str) -> dict[str, object]:
    found = _HIDDEN.fullmatch(line.strip())
    try:
        data = json.loads(found[1]) if found else {}
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
