"""Files to a validated `Catalog`: strict YAML, JSON Schema, safe paths, checked media."""

from catalogsync.manifest.catalog import find_catalog, load
from catalogsync.manifest.files import open_file
from catalogsync.manifest.ready import make_ready
from catalogsync.manifest.schemas import schema, schema_text

__all__ = ["find_catalog", "load", "make_ready", "open_file", "schema", "schema_text"]
