"""The files by which a job of GitHub Actions tells its runner something: summary and outputs."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from catalogsync.forge.comment import opening

SUMMARY_BUDGET = 900 * 1024
"""Bytes; GitHub takes 1 MiB for a step and shows nothing at all of more."""

_OUTPUTS = {
    "to-create": "create",
    "to-update": "update",
    "to-delete": "delete",
    "refused": "refused",
    "upload-bytes": "upload_bytes",
}
"""Outputs with the count of the plan's document that each one tells."""


def add_summary(file: Path, markdown: str) -> None:
    """Add a plan or an apply to the page of the run; only its title and sentence if too long."""
    text = markdown
    if len(text.encode()) > SUMMARY_BUDGET:
        text = f"{opening(markdown)}\n\nThe whole is too long for this page.\n"
    _append(file, f"{text.rstrip()}\n\n")


def plan_outputs(document: Mapping[str, object]) -> dict[str, str]:
    """What the steps that follow may want to know of a plan; nothing for an error's document.

    Of drift they get to know how many models changed.
    """
    edited = document.get("edited")
    if isinstance(edited, list):
        return {"changes": str(len(edited))}
    counts, models = document.get("counts"), document.get("models")
    if not isinstance(counts, dict) or not isinstance(models, list):
        return {}
    told = {name: str(int(counts[count])) for name, count in _OUTPUTS.items()}
    told |= {"undo-path": undo} if isinstance(undo := document.get("undo"), str) and undo else {}
    return {"changes": str(len(models)), **told, "plan-digest": str(document["digest"])}


def add_outputs(file: Path, values: Mapping[str, str]) -> None:
    """Set outputs of the step; no value can end itself and begin another output."""
    _append(file, "".join(_output(name, value) for name, value in values.items()))


def _output(name: str, value: str) -> str:
    end = secrets.token_hex(16)
    while end in value:
        end = secrets.token_hex(16)
    return f"{name}<<{end}\n{value}\n{end}\n"


def _append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
