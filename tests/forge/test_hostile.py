"""Whatever a plan holds, what GitHub and GitLab get of it commands nothing and shows no more."""

import json
import re
from pathlib import Path

import pytest

from catalogsync.forge.runner import add_outputs
from catalogsync.forge.stamp import Kind, Marker, Subject, read_marker
from catalogsync.review.document import dumped, plan_document
from catalogsync.review.markdown import render_markdown
from tests.forge.action import read_outputs
from tests.forge.conftest import Run
from tests.forge.fakes import FakeForge
from tests.review.forge import extras, page, quick_actions, skeleton
from tests.review.hostile import HOSTILE
from tests.review.plans import plan_of
from tests.review.runner import commands

GITHUB = {
    "GITHUB_REPOSITORY": "acme/catalog",
    "GITHUB_RUN_ID": "10",
    "GITHUB_TOKEN": "job-token-1",
    "GITHUB_SHA": "8b2f0c5d" * 5,
}
GITLAB = {
    "CI_PROJECT_ID": "12",
    "CI_PIPELINE_ID": "10",
    "CI_PIPELINE_URL": "https://gitlab.com/acme/catalog/-/pipelines/10",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_COMMIT_SHA": "8b2f0c5d" * 5,
    "GITLAB_TOKEN": "project-token",
}


def reading(text: str) -> dict[str, str]:
    """The Markdown of a plan with a foreign text in every place, as a file."""
    return {"plan.md": render_markdown(plan_of(text))}


def inert(body: str, plain: str) -> None:
    """The comment has the elements of the one about a harmless plan, and its two hidden lines."""
    assert quick_actions(body) == []
    assert commands(body) == []
    assert len(page(body).comments) == 2
    assert [found for rule, found in extras(body).items() if rule != "commit"] == []
    if "Left out to fit" not in body:
        assert skeleton(body) == skeleton(plain)


def test_one_comment_of_github_shows_any_plan(run: Run, github: FakeForge) -> None:
    arguments = ("github", "comment", "--markdown", "plan.md", "--pull-request", "7")
    env = GITHUB | {"GITHUB_API_URL": github.url}
    run(*arguments, env=env, **reading("harmless"))
    (plain,) = github.bodies
    for text in HOSTILE.values():
        github.comments.clear()
        told = [run(*arguments, env=env, **reading(text)) for _ in range(2)]
        assert [(each.code, commands(each.out + each.err)) for each in told] == [(0, [])] * 2
        (body,) = github.bodies
        inert(body, plain)


def test_one_note_of_gitlab_shows_any_plan(run: Run, gitlab: FakeForge) -> None:
    arguments = ("gitlab", "note", "--markdown", "plan.md")
    env = GITLAB | {"CI_API_V4_URL": gitlab.url}
    run(*arguments, env=env, **reading("harmless"))
    (plain,) = gitlab.bodies
    for text in HOSTILE.values():
        gitlab.comments.clear()
        told = [run(*arguments, env=env, **reading(text)) for _ in range(2)]
        assert [(each.code, commands(each.out + each.err)) for each in told] == [(0, [])] * 2
        (body,) = gitlab.bodies
        inert(body, plain)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_outputs_of_any_plan_are_numbers_and_a_digest(
    run: Run, tmp_path: Path, text: str
) -> None:
    arguments = ("github", "outputs", "--plan", "plan.json", "--exitcode", 5)
    document = dumped(plan_document(plan_of(text)))
    env = {"GITHUB_OUTPUT": str(tmp_path / "out")}
    assert run(*arguments, env=env, **{"plan.json": document}).code == 0
    found = read_outputs((tmp_path / "out").read_text(encoding="utf-8"))
    assert found.pop("plan-path") == "plan.json"
    assert found.pop("plan-digest") == json.loads(document)["digest"]
    assert len(found) == 7
    assert all(re.fullmatch("[0-9]+", value) for value in found.values())


def test_no_hostile_value_ends_its_own_output(tmp_path: Path) -> None:
    held = {name: text for name, text in HOSTILE.items() if name != "lone surrogates"}
    values = {str(number): text for number, text in enumerate(held.values())}
    add_outputs(tmp_path / "out", values)
    assert read_outputs((tmp_path / "out").read_bytes().decode()) == values


@pytest.mark.parametrize("kind", [[], {}, 7, None, "poem"])
def test_a_marker_may_hold_anything_for_its_kind(kind: object) -> None:
    data = json.dumps({"kind": kind, "catalog": "acme", "target": "main", "changes": []})
    found = read_marker(f"<!-- catalog-sync {data} -->\n")
    assert found == Marker(Subject("acme", "main"), Kind.PLAN, 0)
