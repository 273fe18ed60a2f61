"""The gist of a manifest: what its model is called, where it says nothing of other models.

Most manifests do not, and one can see that without parsing them.
"""

import re
from collections.abc import Mapping
from typing import Any

from catalogsync.manifest.discover import Manifest
from catalogsync.manifest.scalars import plain
from catalogsync.model import ModelSpec, Source

_OF_FILES = frozenset({"description", "promptGuide", "thumbnail", "examples", "training", "source"})
"""Fields that may name files."""

_ITS_OWN = frozenset(
    {"shortDescription", "tags", "description", "promptGuide", "thumbnail", "examples"}
)
"""Fields that neither claim another model nor say what is to become of this one."""

_CALLED = frozenset({"name", "type"})

_BREAK = re.compile("[\r\x85\u2028\u2029]")
"""What else is the end of a line to YAML."""

_INDENTED = re.compile(r"(?:#.*\n|\n)* ")
"""How a manifest begins of which no line need be at the margin."""

_TOP = re.compile(r"^(?![ \n#]|- )(.+)(\n+ )?", re.MULTILINE)
"""A line that belongs to no line above it, and whether one below may belong to it.

A list may begin where its field does.
"""

_SIMPLE = re.compile(r""""([^"\\]*)"|'([^']*)'|(\w[\w .,()/+&-]*)""")
"""A scalar on one line: in quotes, or without anything in it that YAML may take for a sign."""


def without_files(value: dict[str, Any]) -> dict[str, Any]:
    """A manifest without the fields that may name files."""
    return {name: field for name, field in value.items() if name not in _OF_FILES}


def gist(manifest: Manifest, text: str, defaults: Mapping[str, Any]) -> ModelSpec | None:
    """The model of a manifest that says nothing of others, nor of its end; None where it may.

    It has a name and a type, and of the `defaults` those that no field of its own can set. What is
    wrong with the rest is not seen.
    """
    if _BREAK.search(text) or _INDENTED.match(text):
        return None
    found: dict[str, str] = {}
    for line, goes_on in _TOP.findall(text):
        field, colon, rest = line.partition(":")
        if not colon or rest[:1].strip(" "):
            return None
        if field in _CALLED and field not in found and not goes_on:
            value = _text(rest.strip(" "))
            if value is None:
                return None
            found[field] = value
        elif field not in _ITS_OWN:
            return None
    if len(found) < len(_CALLED):
        return None
    collections = defaults.get("collections")
    return ModelSpec(
        key=manifest.key,
        name=found["name"],
        type=found["type"],
        collections=None if collections is None else frozenset(collections),
        protect=defaults.get("protect") or False,
        source=Source(manifest.path),
    )


def _text(written: str) -> str | None:
    """The text that stands for itself; None where it may be something else."""
    simple = _SIMPLE.fullmatch(written)
    if simple is None:
        return None
    double, single, bare = simple.groups()
    value = plain(bare) if bare else double or single
    return value if isinstance(value, str) else None
