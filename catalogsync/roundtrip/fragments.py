"""New values as text."""

from typing import Any

from catalogsync.manifest.outline import outline
from catalogsync.roundtrip.layout import json_text, laid_out
from catalogsync.roundtrip.scalars import one_line
from catalogsync.roundtrip.shape import Shape


def flow_text(value: Any) -> str:
    """A value inside [] or {}."""
    if isinstance(value, str):
        return one_line(value, flow=True)
    if isinstance(value, dict):
        fields = (f"{one_line(key, flow=True)}: {flow_text(item)}" for key, item in value.items())
        return f"{{{', '.join(fields)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow_text, value))}]"
    return json_text(value)


def entry_lines(value: dict[str, Any], form: Shape, list_indent: int) -> list[str]:
    """The canonical lines of an entry of a mapping."""
    return laid_out(outline(json_text(value) + "\n"), form, list_indent=list_indent)


def item_lines(value: Any, form: Shape) -> list[str]:
    """The lines of an item; as an example it stands in lines of its own."""
    around = Shape({"properties": {"examples": {"items": form.schema}}})
    return entry_lines({"examples": [value]}, around, 0)[1:]
