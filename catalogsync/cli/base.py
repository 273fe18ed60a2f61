"""What was applied last, as far as Git knows: the base that tells a change set from edits."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from shutil import which

from catalogsync.cli.options import option, together
from catalogsync.errors import CatalogSyncError, UsageError
from catalogsync.forge.target_branch import TargetBranch, target_branch
from catalogsync.identity import was_applied
from catalogsync.manifest import work_tree
from catalogsync.manifest.applied import Applied, newest_applied
from catalogsync.manifest.blobs import GitFile
from catalogsync.manifest.commit import Committed, commit_of, load_beside, merge_base
from catalogsync.manifest.tree import KnownBlobs
from catalogsync.manifest.uncommitted import has_commits, may_differ_from_head
from catalogsync.model import Catalog, Snapshot, Target
from catalogsync.plan import Base
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """A base: its catalog, None where there is none, and what is to be said of it.

    `files` are those of the catalog that Git holds and that may not be here any more.
    """

    catalog: Catalog | None
    base: Base | None
    files: Mapping[str, GitFile] = field(default_factory=dict, compare=False)


NO_BASE = Known(None, None)
_NO_GIT = Known(None, Base("", "there is no Git repository"))
_NOTED = "applied last, as a Git note says"
_HEAD = "HEAD"
_NOT_RECORDED = "HEAD: nothing is recorded as applied"

base_option = option(
    "--base",
    metavar="REF",
    help="The commit that was applied last: tells changes of the manifests from edits on the "
    "server. By default where a pull request left its branch, else what `apply --record` noted, "
    "else HEAD.",
)

base_options = together(
    base_option,
    option("--only-mine", is_flag=True, help="With a base: leave edits on the server alone."),
)


def known_base(
    root: Path,
    catalog: Catalog,
    target: Target,
    *,
    ref: str | None,
    blobs: KnownBlobs | None = None,
    read: Committed | None = None,
    takes_head: bool = False,
) -> Known:
    """The base that REF names, or without one the one that Git and the CI job tell.

    A base that nobody named may be missing: then its `Base` has no commit and says why, as outside
    of Git. Without any hint of one there is none, or where it `takes_head`, HEAD. What was `read`
    of a commit is not read again.
    """
    if ref:
        return _loaded(root, catalog, ref, blobs, read, "")
    if not _is_in_git(root):
        return _NO_GIT
    try:
        for found, said in _candidates(root, catalog, target, takes_head=takes_head):
            known = _loaded(root, catalog, found, blobs, read, said)
            _check_was_here(known, said)
            return known
    except CatalogSyncError as error:
        return Known(None, Base("", f"{error.message}; {error.hint}"))
    return NO_BASE


def base_of_desk(
    root: Path, catalog: Catalog, blobs: KnownBlobs | None, read: Committed | None = None
) -> Known:
    """HEAD, where the manifests or their files are not as it has them; else nothing is known.

    It tells what was changed here from the rest, and no more: nobody says that it was applied.
    What was `read` of a commit is not read again.
    """
    if not (_is_in_git(root) and has_commits(root)):
        return NO_BASE
    try:
        head = _known_already(root, _HEAD, read)
        if head is None and not may_differ_from_head(root):
            return NO_BASE
        head = head or load_beside(root, _HEAD, catalog, known=blobs)
    except CatalogSyncError as error:
        return Known(None, Base("", f"{error.message}; {error.hint}"))
    if head.catalog is None or is_applied_alike(head.catalog, catalog):
        return NO_BASE
    return Known(head.catalog, Base(head.commit, _NOT_RECORDED, guessed=True), head.files)


def unless_never_applied(known: Known, catalog: Catalog, snapshot: Snapshot) -> Known:
    """What is known, but for a guessed base that nothing in the project comes from."""
    if known.base is None or not known.base.guessed:
        return known
    return known if was_applied(catalog.name, snapshot.models.values()) else NO_BASE


def is_applied_alike(one: Catalog, other: Catalog) -> bool:
    """Whether two catalogs are the same in all that an apply goes by."""

    def matters(catalog: Catalog) -> tuple[object, ...]:
        return catalog.name, catalog.models, catalog.ignore_tags

    return matters(one) == matters(other)


def _is_in_git(root: Path) -> bool:
    return work_tree(root) is not None and which("git") is not None


def _candidates(
    root: Path, catalog: Catalog, target: Target, *, takes_head: bool
) -> Iterator[tuple[str, str]]:
    """The commits that may be the base, the best first, each with why it is."""
    branch = target_branch(os.environ)
    if branch:
        yield _fork_point(root, branch), f"where this left {branch.name}"
    place = Applied(catalog.name, target.name, target.project, target.server)
    recorded = newest_applied(root, place)
    if recorded:
        yield recorded, _NOTED
    if takes_head and has_commits(root):
        yield _HEAD, _NOT_RECORDED


def _check_was_here(known: Known, said: str) -> None:
    """Raise where a note says that a catalog was applied which is not in that commit, or not here.

    What somebody edited since would pass for a change that waits for its first apply.
    """
    if said == _NOTED and known.base and known.catalog and not known.catalog.models:
        raise UsageError(
            f"commit {known.base.commit[:12]} was applied last and has no catalog in this folder",
            hint="apply it from here with --record, or name another commit with --base",
        )


def _fork_point(root: Path, branch: TargetBranch) -> str:
    found = branch.merge_base or merge_base(root, *branch.refs)
    if not found:
        raise UsageError(
            f"this clone does not tell where this left {branch.name}",
            hint="fetch its history: fetch-depth: 0 in GitHub Actions, GIT_DEPTH: 0 in GitLab, "
            "else git fetch --unshallow",
        )
    return found


def _known_already(root: Path, ref: str, read: Committed | None) -> Committed | None:
    """What was read, if it is the commit that `ref` names."""
    return read if read and commit_of(root, ref) == read.commit else None


def _loaded(
    root: Path,
    catalog: Catalog,
    ref: str,
    blobs: KnownBlobs | None,
    read: Committed | None,
    said: str,
) -> Known:
    found = _known_already(root, ref, read) or load_beside(root, ref, catalog, known=blobs)
    words = [said] if said else [] if found.commit.startswith(ref) else [ref]
    if found.catalog is None:
        words.append("where this catalog does not exist")
    base = Base(found.commit, ", ".join(words), guessed=said == _NOT_RECORDED)
    return Known(found.catalog or Catalog(catalog.name), base, found.files)
