"""Files to a validated `Catalog`: strict YAML, JSON Schema, safe paths, checked media."""

from catalogsync.manifest.alone import YamlFile, yaml_files
from catalogsync.manifest.catalog import find_catalog, load
from catalogsync.manifest.commit import load_commit
from catalogsync.manifest.folder import open_file
from catalogsync.manifest.ready import make_ready
from catalogsync.manifest.schemas import schema, schema_text
from catalogsync.manifest.tree import KnownBlobs

__all__ = [
    "KnownBlobs",
    "YamlFile",
    "find_catalog",
    "load",
    "load_commit",
    "make_ready",
    "open_file",
    "schema",
    "schema_text",
    "yaml_files",
]
