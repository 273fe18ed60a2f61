"""Files to a validated `Catalog`: strict YAML, JSON Schema, safe paths, checked media.

Here is what nearly everybody needs, imported when somebody does; the rest is imported from its own
file.
"""

from typing import TYPE_CHECKING

from catalogsync import on_demand

if TYPE_CHECKING:
    from catalogsync.manifest.catalog import completed, load
    from catalogsync.manifest.folder import open_file
    from catalogsync.manifest.git import work_tree
    from catalogsync.manifest.root import find_catalog
    from catalogsync.manifest.schemas import schema, schema_text

__all__ = ["completed", "find_catalog", "load", "open_file", "schema", "schema_text", "work_tree"]

__getattr__ = on_demand(
    __name__,
    {
        "completed": "catalog",
        "find_catalog": "root",
        "load": "catalog",
        "open_file": "folder",
        "schema": "schemas",
        "schema_text": "schemas",
        "work_tree": "git",
    },
)
