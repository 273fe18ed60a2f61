"""Edits of a YAML text that leave every other byte as it is.

Every edit names a path, as `("defaults", "tags")` or `("examples", 3)`, and gives a new text. The
strict parser looks at each result: it must mean the old value with the edit, and nothing else.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from catalogsync.manifest.schemas import Name
from catalogsync.roundtrip.editor import At, Editor, Kept
from catalogsync.roundtrip.judge import Uneditable, meaning, value_of
from catalogsync.roundtrip.layout import json_text
from catalogsync.roundtrip.shape import shape


def with_value(text: str, at: At, value: Any, kind: Name) -> str:
    """The text with a value at a path; a field that is not there is put in its canonical place.

    Of a list, the items that stay keep their lines and comments, and of a mapping the fields.
    """
    before = value_of(text)
    found = _lookup(before, at)
    if found is not _MISSING and _same(found, value):
        return text
    if isinstance(found, list) and isinstance(value, list) and found and value:
        return with_items(text, at, _matched(found, value), kind)
    if isinstance(found, dict) and isinstance(value, dict) and found.keys() & value.keys():
        return _with_fields(text, at, found, value, kind)
    expected = _changed(before, at, value)
    editor = Editor(text, kind)
    result = editor.insert(at, value) if found is _MISSING else editor.replace(at, value)
    return _judged(result, expected, kind)


def without(text: str, at: At, kind: Name) -> str:
    """The text without the field or item at a path, and without the comment that belongs to it."""
    before = value_of(text)
    if _lookup(before, at) is _MISSING:
        return text
    parent = _lookup(before, at[:-1])
    if len(parent) == 1 and len(at) > 1:
        return with_value(text, at[:-1], type(parent)(), kind)
    return _judged(Editor(text, kind).remove(at), _changed(before, at, _MISSING), kind)


def with_items(text: str, at: At, items: Sequence[Any], kind: Name) -> str:
    """The text with a list's items as given: `Kept` ones with their comments, or new values."""
    before = value_of(text)
    found = _lookup(before, at)
    wanted = [found[item.index] if isinstance(item, Kept) else item for item in items]
    if not wanted or not found:
        return with_value(text, at, wanted, kind)
    return _judged(Editor(text, kind).arrange(at, items), _changed(before, at, wanted), kind)


_MISSING = object()


def _lookup(value: Any, at: At) -> Any:
    try:
        for part in at:
            value = value[part]
    except (KeyError, IndexError, TypeError):
        return _MISSING
    return value


def _changed(value: Any, at: At, new: Any) -> Any:
    if not at:
        return new
    result = deepcopy(value)
    holder = _lookup(result, at[:-1])
    if type(holder) not in (dict, list):
        raise Uneditable("there is nothing at that path to change")
    if new is _MISSING:
        del holder[at[-1]]
    else:
        holder[at[-1]] = new
    return result


def _same(one: Any, other: Any) -> bool:
    return json_text(one) == json_text(other)


def _matched(found: list[Any], wanted: list[Any]) -> list[Any]:
    left = list(range(len(found)))
    items: list[Any] = []
    for value in wanted:
        at = next((index for index in left if _same(found[index], value)), None)
        if at is not None:
            left.remove(at)
        items.append(value if at is None else Kept(at))
    return items


def _with_fields(
    text: str, at: At, found: dict[str, Any], wanted: dict[str, Any], kind: Name
) -> str:
    for name in found.keys() - wanted.keys():
        text = without(text, [*at, name], kind)
    for name, value in wanted.items():
        text = with_value(text, [*at, name], value, kind)
    return text


def _judged(result: str, expected: Any, kind: Name) -> str:
    form = shape(kind)
    if meaning(value_of(result), form) != meaning(expected, form):
        raise Uneditable("its notation does not allow the change", hint="edit it by hand")
    return result
