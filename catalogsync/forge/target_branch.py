"""What a pull or merge request is to be merged into, as the variables of its job tell."""

import re
from collections.abc import Iterator, Mapping

from catalogsync.forge.event import event, within
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class TargetBranch:
    """A branch, by its name and by what a clone may know of it, the best first.

    `merge_base` is the commit at which the request left it, where the job is told so.
    """

    name: str
    refs: tuple[str, ...]
    merge_base: str = ""


def target_branch(environ: Mapping[str, str]) -> TargetBranch | None:
    """The branch that this job's pull or merge request goes into; None in any other job."""
    if name := environ.get("GITHUB_BASE_REF"):
        return TargetBranch(name, (*_merged_onto(environ), *_refs(name), *_base_of(environ)))
    if name := environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"):
        # The first is told where the job has the merge checked out, not the branch.
        told = (environ.get(f"CI_MERGE_REQUEST_{each}_SHA") for each in _GITLAB)
        merge_base = next(filter(None, map(_commit, told)), "")
        return TargetBranch(name, _refs(name), merge_base)
    return None


_GITLAB = ("TARGET_BRANCH", "DIFF_BASE")


def _merged_onto(environ: Mapping[str, str]) -> Iterator[str]:
    """The first parent of the merge that GitHub makes to try a pull request."""
    commit = _commit(environ.get("GITHUB_SHA"))
    if commit and re.fullmatch("refs/pull/[0-9]+/merge", environ.get("GITHUB_REF", "")):
        yield f"{commit}^1"


def _base_of(environ: Mapping[str, str]) -> Iterator[str]:
    told = within(within(event(environ), "pull_request"), "base").get("sha")
    if commit := _commit(told):
        yield commit


def _refs(branch: str) -> tuple[str, ...]:
    return f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"


def _commit(told: object) -> str:
    return told if isinstance(told, str) and re.fullmatch("[0-9a-f]{40,64}", told) else ""
