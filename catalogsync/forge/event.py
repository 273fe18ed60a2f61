"""What GitHub says of the event that a job runs for."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def event(environ: Mapping[str, str]) -> object:
    """The event's data; nothing where there is none to read."""
    with suppress(OSError, ValueError, RecursionError):
        return json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
    return {}


def within(data: object, name: str) -> dict[str, object]:
    """An object in another one; empty where it is not there."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
