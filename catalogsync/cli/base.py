"""What was applied last, as far as Git knows: the base that tells a change set from edits."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from catalogsync.cli.options import option, together
from catalogsync.errors import CatalogSyncError, UsageError
from catalogsync.forge.target_branch import TargetBranch, target_branch
from catalogsync.manifest import work_tree
from catalogsync.manifest.applied import Applied, newest_applied
from catalogsync.manifest.commit import load_commit, merge_base
from catalogsync.manifest.tree import KnownBlobs
from catalogsync.model import Catalog, Target
from catalogsync.plan import Base


@dataclass(frozen=True, slots=True)
class Known:
    """A base: its catalog, None where there is none, and what is to be said of it."""

    catalog: Catalog | None
    base: Base | None


NO_BASE = Known(None, None)
_NOTED = "applied last, as a Git note says"

base_option = option(
    "--base",
    metavar="REF",
    help="The commit that was applied last: tells changes of the manifests from edits on the "
    "server. By default where a pull request left its branch, else what `apply --record` noted.",
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
    otherwise: str = "",
) -> Known:
    """The base that REF names, or without one the one that Git and the CI job tell.

    A base that nobody named may be missing: then its `Base` has no commit and says why. Without
    any hint of one there is none, or where it is given, the one that `otherwise` names.
    """
    if ref:
        return _loaded(root, catalog, ref, blobs, "")
    if not _is_in_git(root):
        return NO_BASE
    try:
        for found, said in _candidates(root, catalog, target, otherwise):
            known = _loaded(root, catalog, found, blobs, said)
            _check_was_here(known, said)
            return known
    except CatalogSyncError as error:
        return Known(None, Base("", f"{error.message}; {error.hint}"))
    return NO_BASE


def _is_in_git(root: Path) -> bool:
    return work_tree(root) is not None and which("git") is not None


def _candidates(
    root: Path, catalog: Catalog, target: Target, otherwise: str
) -> Iterator[tuple[str, str]]:
    """The commits that may be the base, the best first, each with why it is."""
    branch = target_branch(os.environ)
    if branch:
        yield _fork_point(root, branch), f"where this left {branch.name}"
    recorded = newest_applied(root, Applied(catalog.name, target.name, target.project))
    if recorded:
        yield recorded, _NOTED
    if otherwise:
        yield otherwise, otherwise


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


def _loaded(root: Path, catalog: Catalog, ref: str, blobs: KnownBlobs | None, said: str) -> Known:
    found = load_commit(root, ref, known=blobs)
    words = [said] if said else [] if found.commit.startswith(ref) else [ref]
    if found.catalog is None:
        words.append("where this catalog does not exist")
    return Known(found.catalog or Catalog(catalog.name), Base(found.commit, ", ".join(words)))
