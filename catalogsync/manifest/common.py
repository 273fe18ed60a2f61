"""What a catalog says of all its models at once, without them."""

from pathlib import Path

from catalogsync.errors import Problem
from catalogsync.manifest.catalog import read_document
from catalogsync.manifest.files import Files
from catalogsync.manifest.folder import Folder
from catalogsync.manifest.root import CATALOG
from catalogsync.manifest.settings import settings
from catalogsync.model import Catalog


def catalog_without_models(root: Path) -> Catalog | None:
    """What catalog.yaml says, or None where something is wrong with it, which `load` tells."""
    problems: list[Problem] = []
    with Folder(root.resolve()) as folder:
        document = read_document(Files(folder), (CATALOG,), problems)
    found = settings(document) if document else None
    if found is None or problems:
        return None
    return Catalog(
        name=found.name,
        models=(),
        files={},
        targets=found.targets,
        default_target=found.default_target,
    )
