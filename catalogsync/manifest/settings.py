"""`catalog.yaml`: what holds for the whole catalog."""

import re
from dataclasses import field
from typing import Any

from catalogsync.manifest.document import Document
from catalogsync.manifest.strict_yaml import Hole
from catalogsync.manifest.tags import check_tags, unique
from catalogsync.manifest.valid import validate
from catalogsync.manifest.words import did_you_mean, quote
from catalogsync.model import Limit, Policy, Target
from catalogsync.values import dataclass

_UNITS: dict[str, int] = {
    "B": 1,
    "kB": 1000,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("KMGT", 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)},
}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `catalog.yaml` says."""

    name: str = ""
    targets: tuple[Target, ...] = ()
    default_target: str = ""
    policy: Policy = field(default_factory=Policy)
    ignore_tags: tuple[str, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict)


def settings(document: Document) -> Settings:
    """The settings in a document; what is wrong with it is reported."""
    value = document.value
    validate(document, "catalog")
    if not isinstance(value, dict):
        return Settings()
    value = _whole(value)
    targets = value.get("targets", {})
    default = value.get("default", "")
    if default and default not in targets:
        hint = did_you_mean(default, targets) or "name one of targets:"
        document.report(["default"], f"default: {quote(default)} is not a target", hint)
    ignored = value.get("ignoreTags", [])
    unique(document, ignored, ["ignoreTags"])
    defaults = value.get("defaults", {})
    check_tags(document, defaults.get("tags", []), ["defaults", "tags"], ignored)
    unique(document, defaults.get("collections", []), ["defaults", "collections"])
    return Settings(
        name=value.get("name", ""),
        targets=tuple(Target(name, body.get("project", "")) for name, body in targets.items()),
        default_target=default,
        policy=_policy(value.get("policy", {})),
        ignore_tags=tuple(ignored),
        defaults=defaults,
    )


def _whole(value: Any) -> Any:
    """The value without the holes in it."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items() if not isinstance(item, Hole)}
    if isinstance(value, list):
        return [_whole(item) for item in value if not isinstance(item, Hole)]
    return value


def _policy(value: dict[str, Any]) -> Policy:
    given = {}
    if "maxDelete" in value:
        given["max_delete"] = limit(value["maxDelete"])
    if "maxUpdate" in value:
        given["max_update"] = limit(value["maxUpdate"])
    upload = value.get("maxUpload")
    return Policy(**given, max_upload=None if upload is None else size(upload))


def limit(value: int | str) -> Limit:
    """The limit that a number or a share such as `5%` is."""
    return Limit(count=value) if isinstance(value, int) else Limit(percent=float(value[:-1]))


def size(value: int | str) -> int:
    """The bytes that a number or a size such as `2GB` is, rounded down."""
    if isinstance(value, int):
        return value
    found = _SIZE.fullmatch(value)
    if not found or found[2] not in _UNITS:
        raise ValueError(f"{quote(value)} is not a size")
    whole, _, decimals = found[1].partition(".")
    parts: int = 10 ** len(decimals)
    return int(whole + decimals) * _UNITS[found[2]] // parts
