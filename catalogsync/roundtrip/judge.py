"""What the strict parser says of a text that is to be edited, before and after."""

from typing import Any

from catalogsync.errors import CatalogSyncError
from catalogsync.manifest.strict_yaml import parse
from catalogsync.roundtrip.shape import Shape


class Uneditable(CatalogSyncError):
    """A text that cannot be changed as asked without touching more than was asked."""


def value_of(text: str) -> Any:
    """The value of a text; raises `Uneditable` for what the loader would refuse as YAML."""
    if text.startswith("\ufeff"):
        raise Uneditable(
            "a byte order mark at the start", hint="save the file as UTF-8 without one"
        )
    value, flaws = parse(text)
    if flaws:
        flaw = flaws[0]
        raise Uneditable(f"{flaw.line}:{flaw.column}: {flaw.message}", hint=flaw.hint)
    return value


def meaning(value: Any, form: Shape) -> Any:
    """The value with its sets in one order."""
    if isinstance(value, dict):
        return {key: meaning(item, form.inside(key)) for key, item in value.items()}
    if isinstance(value, list):
        items = [meaning(item, form.inside(at)) for at, item in enumerate(value)]
        return sorted(items, key=str) if form.is_set else items
    return value
