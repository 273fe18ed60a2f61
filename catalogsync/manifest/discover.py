"""Finding the manifests of a catalog, and the key of each."""

import re

from catalogsync.errors import Problem
from catalogsync.manifest.files import Entry, Files
from catalogsync.manifest.root import MODELS
from catalogsync.manifest.words import Unfit, quote, visible
from catalogsync.values import dataclass

USUAL = "model.yaml"
"""What the manifest in a folder of its own is mostly called."""

MANIFESTS = frozenset({USUAL, "model.yml"})
"""What it may be called."""

_YAML = (".yaml", ".yml")
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_KEY_RULE = "use a-z 0-9 . _ -, begin with a letter or digit, at most 63 characters"
_PLACES = "a manifest is models/<key>.yaml or models/<key>/model.yaml"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest file: its key and the parts of its path."""

    key: str
    parts: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path below the catalog's folder."""
        return "/".join(self.parts)


def manifests(
    files: Files, problems: list[Problem], known: frozenset[str] = frozenset()
) -> list[Manifest]:
    """Every manifest in the order of the keys; what is in the wrong place is reported.

    A folder of a `known` key is taken to hold one of the usual name, unless there is a manifest of
    that key beside it.
    """
    try:
        paths = _yaml_files(files, (MODELS,), problems, known)
    except Unfit as unfit:
        problems.append(Problem(MODELS, 1, 1, unfit.message, f"put manifests there: {_PLACES}"))
        return []
    found: dict[str, Manifest] = {}
    for parts in paths:
        key = _key(parts, problems)
        if key is None:
            continue
        manifest = Manifest(key, parts)
        twin = found.setdefault(key.casefold(), manifest)
        if twin is not manifest:
            message = f"the key {quote(key)} is also that of {visible(twin.path)}"
            _report(problems, parts, message, "rename one; upper and lower case are the same")
    return sorted(found.values(), key=lambda manifest: manifest.key)


def _yaml_files(
    files: Files,
    folder: tuple[str, ...],
    problems: list[Problem],
    known: frozenset[str] = frozenset(),
) -> list[tuple[str, ...]]:
    result: list[tuple[str, ...]] = []
    folders, others = files.entries(folder)
    for entry in others:
        name = entry.name
        if name.startswith("."):
            continue
        if name.lower().endswith(_YAML):
            result.append((*folder, name))
        elif entry.is_symlink() and _leads_to_folder(entry):
            parts = (*folder, name)
            _report(problems, parts, "a link to a folder", "put the folder itself there")
    without_folder = {parts[-1].rpartition(".")[0] for parts in result} if known else set()
    for name in folders:
        if name in known and name not in without_folder:
            result.append((*folder, name, USUAL))
        elif not name.startswith("."):
            result += _yaml_files(files, (*folder, name), problems)
    return result


def _leads_to_folder(entry: Entry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # such as a link to itself
        return False


def _key(parts: tuple[str, ...], problems: list[Problem]) -> str | None:
    stem, _, extension = parts[-1].rpartition(".")
    if f".{extension}" not in _YAML:
        _report(problems, parts, f"the extension .{extension}", "write it in lower case")
        return None
    if len(parts) == 2:
        key = stem
    elif len(parts) == 3 and stem == "model":
        key = parts[1]
    else:
        _report(problems, parts, "a YAML file that is no manifest", _PLACES)
        return None
    if not _KEY.fullmatch(key):
        _report(problems, parts, f"{quote(key)} cannot be a key", _KEY_RULE)
    return key


def _report(problems: list[Problem], parts: tuple[str, ...], message: str, hint: str) -> None:
    problems.append(Problem(visible("/".join(parts)), 1, 1, message, hint))
