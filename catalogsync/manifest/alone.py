"""Each YAML file of a catalog by itself: what it says, whatever it refers to."""

from collections.abc import Iterator
from pathlib import Path

from catalogsync.errors import Problem, UsageError
from catalogsync.manifest.build import accept_dates
from catalogsync.manifest.catalog import read_document
from catalogsync.manifest.discover import manifests
from catalogsync.manifest.files import Files
from catalogsync.manifest.folder import Folder
from catalogsync.manifest.root import CATALOG
from catalogsync.manifest.schemas import Name
from catalogsync.manifest.settings import settings
from catalogsync.manifest.valid import validate
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file of a catalog: its path, its text, and what is wrong with it by itself."""

    parts: tuple[str, ...]
    text: str
    problems: tuple[Problem, ...]

    @property
    def path(self) -> str:
        """The path below the catalog's folder."""
        return "/".join(self.parts)

    @property
    def kind(self) -> Name:
        """Which schema it follows."""
        return _kind(self.parts)


def yaml_files(root: Path) -> Iterator[YamlFile]:
    """Yield catalog.yaml, then every manifest; one that is in the wrong place has a problem."""
    try:
        folder = Folder(root.resolve())
    except OSError as error:
        raise UsageError(f"{root} cannot be opened: {error.strerror}") from None
    with folder:
        files = Files(folder)
        misplaced: list[Problem] = []
        found = [manifest.parts for manifest in manifests(files, misplaced)]
        for parts in ((CATALOG,), *found):
            yield _read(files, parts)
        for problem in misplaced:
            yield YamlFile(tuple(problem.path.split("/")), "", (problem,))


def _read(files: Files, parts: tuple[str, ...]) -> YamlFile:
    problems: list[Problem] = []
    document = read_document(files, parts, problems)
    if document is None:
        return YamlFile(parts, "", tuple(problems))
    if _kind(parts) == "catalog":
        settings(document)
    else:
        accept_dates(document.value)
        validate(document, "model")
    return YamlFile(parts, document.text, tuple(problems))


def _kind(parts: tuple[str, ...]) -> Name:
    return "catalog" if parts == (CATALOG,) else "model"
