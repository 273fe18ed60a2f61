"""What a pull or merge request goes into, as the variables of its job tell."""

import json
from pathlib import Path

import pytest

from catalogsync.forge.target_branch import TargetBranch, target_branch

A, B = "a" * 40, "b" * 40
MAIN = ("refs/remotes/origin/main", "refs/heads/main")
GITHUB = {"GITHUB_BASE_REF": "main", "GITHUB_SHA": A}
GITLAB = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": A}


@pytest.mark.parametrize(
    ("environ", "branch"),
    [
        ({}, None),
        ({"GITHUB_BASE_REF": "", "GITHUB_SHA": A, "CI_COMMIT_SHA": A}, None),
        (GITHUB, TargetBranch("main", MAIN)),
        (
            GITHUB | {"GITHUB_REF": "refs/pull/7/merge"},
            TargetBranch("main", (f"{A}^1", *MAIN)),
        ),
        (GITHUB | {"GITHUB_REF": "refs/pull/7/head"}, TargetBranch("main", MAIN)),
        (GITLAB, TargetBranch("main", MAIN, A)),
        (GITLAB | {"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": B}, TargetBranch("main", MAIN, B)),
        (GITLAB | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "--all"}, TargetBranch("main", MAIN)),
    ],
)
def test_the_variables_of_a_job(environ: dict[str, str], branch: TargetBranch | None) -> None:
    assert target_branch(environ) == branch


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ({"pull_request": {"base": {"sha": B}}}, (B,)),
        ({"pull_request": {"base": {"sha": "main; rm"}}}, ()),
        ({"pull_request": None}, ()),
        ([], ()),
    ],
)
def test_github_also_tells_in_the_event(
    tmp_path: Path, event: object, more: tuple[str, ...]
) -> None:
    (tmp_path / "event.json").write_text(json.dumps(event), encoding="utf-8")
    found = target_branch(GITHUB | {"GITHUB_EVENT_PATH": str(tmp_path / "event.json")})
    assert found == TargetBranch("main", (*MAIN, *more))
