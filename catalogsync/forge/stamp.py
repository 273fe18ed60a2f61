"""The hidden lines on top of a comment: whose plan it is, and which run wrote it."""

import json
import re
from dataclasses import dataclass

_HIDDEN = re.compile(r"<!--[^{]*(\{.*\})\s*-->")


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


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a comment speaks of, which run wrote it, and whether it is closed.

    A comment is closed when it tells what an apply did.
    """

    subject: Subject
    run: Run
    closed: bool


_NOBODY = Run(0, 0)
"""The run of a comment that does not tell: every run is later."""


def split(body: str) -> tuple[str, str]:
    """The marker line, and what comes below it and the line about the run."""
    marker, _, rest = body.partition("\n")
    line, _, below = rest.partition("\n")
    return marker.rstrip("\r"), below if "run" in _data(line) else rest


def read_stamp(body: str) -> Stamp | None:
    """The stamp of a comment, or None if its first line is not a marker of ours."""
    first, _, rest = body.partition("\n")
    marker, run = _data(first), _data(rest.partition("\n")[0])
    catalog, target = marker.get("catalog"), marker.get("target")
    if not isinstance(catalog, str) or not isinstance(target, str):
        return None
    return Stamp(Subject(catalog, target), _run(run), run.get("closed") is True)


def run_line(run: Run, *, closed: bool) -> str:
    """The hidden line that tells who wrote a comment; it stands below the marker."""
    data = {"run": run.number, "attempt": run.attempt, "closed": closed}
    return f"<!-- catalog-sync-run: {json.dumps(data)} -->"


def _data(line: str) -> dict[str, object]:
    found = _HIDDEN.fullmatch(line.strip())
    try:
        data = json.loads(found[1]) if found else {}
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _run(data: dict[str, object]) -> Run:
    number, attempt = data.get("run"), data.get("attempt")
    if type(number) is int and type(attempt) is int:
        return Run(number, attempt)
    return _NOBODY
