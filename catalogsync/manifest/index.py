"""What Git has staged of a catalog, model by model, and which of its files differ from a commit.

Of ten thousand models Git tells a hundred thousand lines: what may be done to all of them is done
by regular expressions, one match for a model.
"""

import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from catalogsync.manifest.discover import MANIFESTS, USUAL
from catalogsync.manifest.git import ask, without_filters
from catalogsync.manifest.root import CATALOG, MODELS
from catalogsync.manifest.words import Unfit
from catalogsync.values import dataclass

_NOT_LOOKED_AT = re.compile(rb"\0[a-zS] ")
"""A file, behind a NUL, of which Git was told to assume that it never changes, or to skip it."""

_BELOW = f"{MODELS}/".encode()
_IN_FOLDER = re.compile(
    rb"[^\t\0]+\t%b([^/\0]+)/[^\0]+\0(?:[^\t\0]+\t%b\1/[^\0]+\0)*" % (_BELOW, _BELOW)
)
"""All lines of one folder below models/, which stand together."""

_IN_FILE = re.compile(rb"[^\t\0]+\t%b([^/\t\0]+)\.yaml\0" % _BELOW)
"""The line of a manifest without a folder of its own."""

_NEVER_NAMED = rb"%b(?:[^/\t\0]+(?:/model)?\.ya?ml|(?:[^\t\0]+/)?\.[^\t\0]+)" % _BELOW
_IS_NEVER_NAMED = re.compile(_NEVER_NAMED)
"""The path of a file that no manifest may name: a manifest, or what is hidden."""

_MAY_BE_NAMED = re.compile(rb"\t(?!%b\0)%b" % (_NEVER_NAMED, _BELOW))
"""The line of any other file below models/."""

_OF_ONE = re.compile(rb"%b([^/\0]+?)(?:\.yaml|/[^\0]+)" % _BELOW)
"""The path of a file that may be one model's own."""

_FILE = re.compile(rb"[^ \0] [0-7]+ ([0-9a-f]+) \d\t([^\0]+)\0")
"""A tracked file: the id of its content as it was staged, and its path."""

_DIFFERS = re.compile(rb":[0-7]+ [0-7]+ [0-9a-f]+ ([0-9a-f]+) \w+\0([^\0]+)\0")
"""A file that differs: the id of its content now, and its path."""

_UNKNOWN = re.compile(rb"0+")
"""What Git says for the content of a file that is not the one that was staged."""

_CATALOG = CATALOG.encode()
_PATHS = ("--", CATALOG, MODELS)
_TEXTS = (b".yaml", b".yml", b".md", b".txt")


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The models that are what they are in a commit, and those of them with no asset of others.

    Both by their keys, and both empty where Git cannot tell, or catalog.yaml is another one. Of the
    second ones the manifest has its usual name.
    """

    keys: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Index:
    """The tracked files of a catalog, in Git's words, and where they are not as in a commit.

    `settings` is said of catalog.yaml, `own` by key of what only one model's manifest may name: a
    folder below models/ or, where there is no file that any may name, a manifest that has none; the
    keys of those are `lone`. `others` is said of the rest. Of models that are `touched` something
    differs. The content of a file that is no text is unknown if Git is `unsure`.
    """

    settings: bytes
    own: Mapping[str, bytes]
    lone: frozenset[str]
    others: bytes
    touched: frozenset[str]
    unsure: bool

    def unchanged(self) -> Unchanged:
        """The models of which nothing differs."""
        keys = frozenset(key for key in self._at_rest() if self._has(key, *MANIFESTS))
        return Unchanged(keys, frozenset() if self.unsure else self._alone(keys))

    def states(self) -> dict[str, bytes]:
        """What there is of models of which nothing differs, and in catalog.yaml, as digests.

        Their manifests have the usual name.
        """
        return {
            key: sha256(self.settings + self.own[key]).digest()
            for key in self._at_rest()
            if self._has(key, USUAL)
        }

    def rests(self, root: Path, key: str, since_ns: int) -> bool:
        """Whether nothing of a model, nor catalog.yaml, was touched since."""
        files = {path for _, path in _FILE.findall(self.own[key])}
        folders = {folder for path in files for folder in _folders(path)}
        try:
            times = [os.lstat(root / os.fsdecode(path)) for path in (_CATALOG, *files, *folders)]
        except OSError:
            return False
        return all(max(found.st_mtime_ns, found.st_ctime_ns) < since_ns for found in times)

    def _at_rest(self) -> Iterator[str]:
        return (key for key in self.own if key not in self.touched)

    def _has(self, key: str, *names: str) -> bool:
        """Whether there is a manifest, if in a folder then by one of these names."""
        return key in self.lone or any(_holds(self.own[key], key, name) for name in names)

    def _alone(self, keys: frozenset[str]) -> frozenset[str]:
        usual = {key for key in keys if self._has(key, USUAL)}
        elsewhere = {oid for files in self._but_for(keys) for oid in _assets(files)}
        if not elsewhere:
            return frozenset(usual)
        return frozenset(key for key in usual if elsewhere.isdisjoint(_assets(self.own[key])))

    def _but_for(self, keys: frozenset[str]) -> Iterator[bytes]:
        yield self.others
        yield from (files for key, files in self.own.items() if key not in keys)


def compared_with(root: Path, commit: str) -> Index | None:
    """The files of a catalog and which of them are not as in a commit: by stamps before contents.

    None where Git cannot tell, or catalog.yaml differs.
    """
    root = root.resolve()
    try:
        quiet = without_filters(root)
    except (Unfit, FileNotFoundError):
        return None
    how = ("--raw", "-z", "--abbrev=64", "--relative", "--no-renames", "--ignore-submodules=dirty")
    # Each takes Git a while, and what the first one says takes a while to read.
    with ThreadPoolExecutor(1, thread_name_prefix="git") as beside:
        compared = beside.submit(ask, root, *quiet, "diff-index", *how, commit, *_PATHS)
        listed = ask(root, "ls-files", "-v", "-s", "-z", *_PATHS)
        lone, folders, others = _by_model(listed.stdout)
    changed = compared.result()
    if listed.returncode or changed.returncode or _NOT_LOOKED_AT.search(b"\0" + listed.stdout):
        return None
    differing: list[tuple[bytes, bytes]] = _DIFFERS.findall(changed.stdout)
    settings = next((each[0] for each in _FILE.finditer(others) if each[2] == _CATALOG), b"")
    if not settings or any(path == _CATALOG for _, path in differing):
        return None
    if not all(_IS_NEVER_NAMED.fullmatch(path) for _, path in differing):
        # A file that is gone may have been named, too.
        lone = {}
    return Index(
        settings,
        lone | folders,
        frozenset(lone.keys() - folders.keys()),
        others,
        frozenset(_key(of[1]) for _, path in differing if (of := _OF_ONE.fullmatch(path))),
        any(_UNKNOWN.fullmatch(oid) and _is_asset(path) for oid, path in differing),
    )


def _by_model(listed: bytes) -> tuple[dict[str, bytes], dict[str, bytes], bytes]:
    """What Git lists of manifests that can only name themselves, of folders, and the rest."""
    lone: dict[str, bytes] = {}
    if not _MAY_BE_NAMED.search(listed):
        lone, listed = _apart(_IN_FILE, listed)
    return lone, *_apart(_IN_FOLDER, listed)


def _apart(pattern: re.Pattern[bytes], listed: bytes) -> tuple[dict[str, bytes], bytes]:
    """What is found in Git's lines, by the key that it tells, and the rest of them."""
    found, others, read = {}, [], 0
    for each in pattern.finditer(listed):
        others.append(listed[read : each.start()])
        read = each.end()
        found[_key(each[1])] = each[0]
    return found, b"".join((*others, listed[read:]))


def _key(folder: bytes) -> str:
    return folder.decode("utf-8", "surrogateescape")


def _folders(path: bytes) -> Iterator[bytes]:
    """The folders around a file, up to that of its model."""
    at = path.rfind(b"/")
    while path.find(b"/") < at:
        yield path[:at]
        at = path.rfind(b"/", 0, at)


def _holds(files: bytes, key: str, name: str) -> bool:
    path = f"\t{MODELS}/{key}/{name}\0"
    return path.encode("utf-8", "surrogateescape") in files


def _assets(files: bytes) -> Iterator[bytes]:
    """The ids of the contents of what may be an asset."""
    return (oid for oid, path in _FILE.findall(files) if _is_asset(path))


def _is_asset(path: bytes) -> bool:
    """Whether it may be an asset: everything but manifests, texts and what is hidden."""
    return not (path.lower().endswith(_TEXTS) or b"/." in path)
