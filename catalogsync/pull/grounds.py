"""The values of a pull: what is known before anything is written, and what is to be written."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from typing import Any

from catalogsync.diff import Diff
from catalogsync.manifest.authored import Authored
from catalogsync.model import AssetRef, Catalog, ModelSpec, Snapshot
from catalogsync.pull.pictures import Pictures
from catalogsync.pull.selection import Note, Selection
from catalogsync.values import dataclass

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grounds:
    """What is known before anything is written.

    `written` has the manifests that differ, `gone` are those that let their models go;
    `pictures`, by key, the files below the manifest's folder that hold an asset, and `stored`
    what is in them.
    """

    catalog: Catalog
    snapshot: Snapshot
    selection: Selection
    found: Diff
    written: Mapping[str, Authored]
    gone: tuple[ModelSpec, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    modeline: bool = False
    pictures: Mapping[str, Pictures] = field(default_factory=dict)
    stored: Mapping[Parts, AssetRef] = field(default_factory=dict)
    base: Catalog | None = None
    today: date = date.max


@dataclass(frozen=True, slots=True)
class FileText:
    """A file as it is (None for a new one) and as it is to be."""

    parts: Parts
    before: bytes | None
    after: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything to be written for each key, with the fields of an edited one, and the rest.

    `fields` is empty for a new manifest.
    """

    files: Mapping[str, tuple[FileText, ...]]
    fields: Mapping[str, tuple[str, ...]]
    names: Mapping[str, tuple[str, str]]
    notes: tuple[Note, ...]
    remarks: tuple[tuple[str, str], ...] = ()
