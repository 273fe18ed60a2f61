"""The catalog as it is in a Git commit; nothing but Git is asked, nothing is checked out."""

import re
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from shlex import quote

from catalogsync.errors import CatalogSyncError, ManifestError, Problem, UsageError
from catalogsync.manifest.blobs import Blobs, GitFile
from catalogsync.manifest.catalog import read
from catalogsync.manifest.git import ask, complaint, work_tree
from catalogsync.manifest.index import Unchanged, compared_with
from catalogsync.manifest.root import CATALOG, MODELS
from catalogsync.manifest.tree import KnownBlobs, TreeFiles, folders_in, listed
from catalogsync.manifest.words import visible
from catalogsync.model import Catalog
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Committed:
    """The catalog in a commit, or None where the commit has none; `commit` is the full id.

    `files` are those that its models refer to, by their sha256, as far as they were read.
    """

    commit: str
    catalog: Catalog | None
    files: Mapping[str, GitFile] = field(default_factory=dict, compare=False)


def load_commit(root: Path, ref: str, *, known: KnownBlobs | None = None) -> Committed:
    """What a catalog's folder held at a commit.

    Raises `UsageError` if `ref` names no commit that is here, `ManifestError` with everything
    that is wrong with the catalog there.
    """
    return _loaded(root.resolve(), ref, known, frozenset())


def load_beside(
    root: Path,
    ref: str,
    now: Catalog,
    *,
    unchanged: Unchanged | None = None,
    known: KnownBlobs | None = None,
) -> Committed:
    """What a catalog's folder held at a commit, where it holds another catalog now.

    Models that are `unchanged` since are taken from there. Raises as `load_commit` does.
    """
    keys = (unchanged or unchanged_since(root, ref)).keys
    found = _loaded(root.resolve(), ref, known, keys)
    if found.catalog is None:
        return found
    same = (spec for spec in now.models if spec.key in keys)
    models = sorted((*found.catalog.models, *same), key=lambda spec: spec.key)
    return replace(found, catalog=replace(found.catalog, models=tuple(models)))


def _loaded(
    root: Path, ref: str, known: KnownBlobs | None, leaving_out: frozenset[str]
) -> Committed:
    """The catalog in a commit but for some models."""
    commit = commit_of(root, ref)
    tree = _tree(root, commit)
    found = listed(root, tree, _needed(root, tree, leaving_out)) if tree else {(): {}}
    if CATALOG not in found[()]:
        return Committed(commit, None)
    # Git keeps no empty folder.
    if MODELS not in found[()]:
        found[(MODELS,)] = {}
    problems: list[Problem] = []
    with Blobs(root) as blobs:
        files = TreeFiles(found, blobs, known)
        catalog = read(files, problems, may_be_empty=True, others=leaving_out)
    if problems:
        raise ManifestError(
            tuple(dict.fromkeys(_in_commit(ref, problem) for problem in problems)),
            where=f"the catalog at {ref}",
            hint="it cannot have been applied like that: choose another commit",
        )
    return Committed(commit, catalog, files.held)


_MOST_FOLDERS = 1000
"""How many folders Git is asked for by name."""


def _needed(root: Path, tree: str, leaving_out: frozenset[str]) -> tuple[str, ...]:
    """What must be listed of a tree of which some models are left out.

    All of it where there are manifests without a folder of their own: they may name any file.
    """
    whole = (CATALOG, MODELS)
    if not leaving_out:
        return whole
    folders = folders_in(root, tree, MODELS)
    if folders is None or len(folders - leaving_out) > _MOST_FOLDERS:
        return whole
    return (CATALOG, *(f"{MODELS}/{name}/" for name in sorted(folders - leaving_out)))


def unchanged_since(root: Path, ref: str) -> Unchanged:
    """The models of the files here that are as in the commit that `ref` names.

    Raises `UsageError` if it names none that is here.
    """
    root = root.resolve()
    index = compared_with(root, commit_of(root, ref))
    return index.unchanged() if index else Unchanged()


def merge_base(root: Path, *others: str) -> str | None:
    """Where HEAD left the first of the others that is in this clone; None if nothing tells."""
    for other in others:
        commit = _parsed(root, f"{other}^{{commit}}")
        answer = ask(root, "merge-base", "HEAD", commit) if commit else None
        if answer and answer.returncode == 0:
            return answer.stdout.decode().strip()
    return None


def _in_commit(ref: str, found: Problem) -> Problem:
    path = f"{visible(ref)}:{found.path}"
    return Problem(path, found.line, found.column, found.message, found.hint)


def commit_of(root: Path, ref: str) -> str:
    """The id of the commit that `ref` names; raises `UsageError` if it names none that is here."""
    if not ref or ref.startswith("-"):
        raise UsageError(f"{ref!r} is no commit", hint="name a branch, a tag or a commit")
    if work_tree(root) is None:
        raise UsageError(
            f"{root} is in no Git repository", hint="run it in a clone, or plan against live"
        )
    try:
        answer = _parsed(root, f"{ref}^{{commit}}")
    except FileNotFoundError:
        raise UsageError("there is no git", hint="install it: apt-get install git") from None
    if answer is None:
        raise UsageError(f"there is no commit {ref!r} in this clone", hint=_fetch_hint(root, ref))
    if len(names := _names(root, ref)) > 1:
        raise UsageError(
            f"{ref!r} can mean {' or '.join(map(visible, names))}", hint="write the one you mean"
        )
    return answer


def _names(root: Path, ref: str) -> list[str]:
    """What a short name stands for: whoever may push a tag could put it before a branch."""
    short = re.split(r"[~^@:]", ref)[0]
    full = [f"refs/{kind}{short}" for kind in ("", "tags/", "heads/", "remotes/") if short]
    found = ask(root, "for-each-ref", "--format=%(refname)", *full).stdout.decode().split("\n")
    return [name for name in found if name in full]


def _fetch_hint(root: Path, ref: str) -> str:
    if ask(root, "rev-parse", "--is-shallow-repository").stdout.strip() != b"true":
        return f"fetch it, and see that git rev-parse {quote(ref)} knows it"
    named = ref if re.fullmatch("[0-9a-f]{40,64}", ref) else "COMMIT"
    return (
        "the clone is shallow, fetch the rest: git fetch --unshallow (in GitHub Actions "
        f"fetch-depth: 0), or just that commit: git fetch --depth=1 origin {named}"
    )


def _tree(root: Path, commit: str) -> str | None:
    """The id of the catalog's folder in the commit, or None if it is not there."""
    prefix = ask(root, "rev-parse", "--show-prefix").stdout.decode("utf-8", "surrogateescape")
    return _parsed(root, f"{commit}:{prefix.removesuffix(chr(10)).removesuffix('/')}")


def _parsed(root: Path, name: str) -> str | None:
    answer = ask(root, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
    if answer.returncode > 1:
        raise CatalogSyncError(
            f"git cannot read the repository: {complaint(answer)}", hint="run git status here"
        )
    return answer.stdout.decode().strip() or None
