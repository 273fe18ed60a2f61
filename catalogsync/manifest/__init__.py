"""Files to a validated `Catalog`: strict YAML, JSON Schema, safe paths, checked media.

Here is what nearly everybody needs; the rest is imported from its own file.
"""

from catalogsync.manifest.catalog import find_catalog, load
from catalogsync.manifest.folder import open_file
from catalogsync.manifest.git import work_tree
from catalogsync.manifest.schemas import schema, schema_text

__all__ = ["find_catalog", "load", "open_file", "schema", "schema_text", "work_tree"]
