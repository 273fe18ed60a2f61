"""Files to a validated `Catalog`: strict YAML, JSON Schema, safe paths, checked media."""

from catalogsync.manifest.alone import YamlFile, yaml_files
from catalogsync.manifest.applied import (
    NOTES,
    Applied,
    check_tag,
    move_tag,
    newest_applied,
    write_note,
)
from catalogsync.manifest.authored import Authored, Example, authored, defaults
from catalogsync.manifest.catalog import find_catalog, load
from catalogsync.manifest.commit import Committed, load_commit, merge_base
from catalogsync.manifest.folder import open_file
from catalogsync.manifest.git import work_tree
from catalogsync.manifest.overlay import load_with
from catalogsync.manifest.ready import make_ready
from catalogsync.manifest.schemas import schema, schema_text
from catalogsync.manifest.tree import KnownBlobs
from catalogsync.manifest.uncommitted import uncommitted

__all__ = [
    "NOTES",
    "Applied",
    "Authored",
    "Committed",
    "Example",
    "KnownBlobs",
    "YamlFile",
    "authored",
    "check_tag",
    "defaults",
    "find_catalog",
    "load",
    "load_commit",
    "load_with",
    "make_ready",
    "merge_base",
    "move_tag",
    "newest_applied",
    "open_file",
    "schema",
    "schema_text",
    "uncommitted",
    "work_tree",
    "write_note",
    "yaml_files",
]
