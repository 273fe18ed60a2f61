"""The fields of a manifest, as they are taken from the server one by one."""

from collections.abc import Iterator
from dataclasses import replace

from catalogsync.contents import Contents
from catalogsync.diff import SCALARS, TRAINING
from catalogsync.manifest.strict_yaml import locate
from catalogsync.model import ModelSpec
from catalogsync.pull.fresh import TEXTS
from catalogsync.pull.grounds import Parts

ATTRIBUTES = SCALARS | {
    "tags": "tags",
    "description": "description",
    "promptGuide": "prompt_guide",
    "thumbnail": "thumbnail",
    "examples": "examples",
    "collections": "collections",
    "concepts": "concepts",
    "protect": "protect",
    **TRAINING,
}
"""The fields by the names of the API, with those of a `ModelSpec`."""

FIELDS = tuple(ATTRIBUTES)
"""The fields that can be taken from the server one by one."""


def field_at(parts: Parts, data: bytes, line: int) -> str:
    """The field that a line of one of our files belongs to; empty for none."""
    names = {name: field for field, name in TEXTS.items()}
    if parts[-1] in names:
        return names[parts[-1]]
    if not parts[-1].endswith((".yaml", ".yml")):
        return ""
    value, places = locate(data.decode("utf-8"))
    if not isinstance(value, dict):
        return ""
    begins = [(places[id(value), name].key_line, name) for name in value]
    return max((found for found in begins if found[0] <= line), default=(0, ""))[1]


def fields_with_gone(spec: ModelSpec, contents: Contents) -> Iterator[str]:
    """The fields that refer to an asset which is not there."""
    for name in ("thumbnail", "examples", "description", "promptGuide", *TRAINING):
        alone = replace(
            ModelSpec(key=spec.key, name="", type=""),
            **{ATTRIBUTES[name]: getattr(spec, ATTRIBUTES[name])},
        )
        if any(ref.id and ref.id not in contents.assets for ref in alone.assets):
            yield in_manifest(name)


def in_manifest(field: str) -> str:
    """The manifest's own field that one of the API's is in."""
    return "training" if field in TRAINING else field
