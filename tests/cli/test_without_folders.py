"""A catalog of manifests alone: `--changed-since` and `--refresh changed` plan what a plan does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, Web, commit, write
from tests.cli.test_changed_since import updates_alone
from tests.cli.test_in_sync import CHANGED, planned
from tests.cli.test_outlined import add, picture
from tests.cli.test_plan_and_apply import last_line
from tests.manifest.test_commit import git

pytestmark = pytest.mark.usefixtures("at_rest")

KEYS = ("ash", "elm", "oak")


@pytest.fixture
def catalog(tmp_path: Path, project: str) -> Path:
    """Three models with a text each."""
    folder = tmp_path / "catalog"
    (folder / "models").mkdir(parents=True)
    settings = f"targets: {{main: {{project: {project}}}}}\ndefault: main\n"
    write(folder / "catalog.yaml", f"apiVersion: catalogsync/v1\nname: acme\n{settings}")
    for key in KEYS:
        told = f"name: {key.title()}\ntype: custom\ndescription: A tree.\n"
        write(folder / f"models/{key}.yaml", told)
    return folder


def unread(root: Path) -> None:
    """Commit what would be told of if anybody looked."""
    add(root / "models/elm.yaml", "tags: [3]\n")
    commit(root)


def test_of_what_did_not_change_only_the_gist_is_read(cli: Run, applied: Path, server: Any) -> None:
    unread(applied)
    add(applied / "models/oak.yaml", "shortDescription: Old.\n")
    server.control.forget_requests()
    updates_alone(cli, applied, "oak", server)
    assert "models/elm.yaml" in cli("validate", applied).out


def with_a_text_of_its_own(root: Path) -> None:
    write(root / "models/oak.md", "An old tree.\n")
    edited = (root / "models/oak.yaml").read_text().replace("A tree.", "{file: oak.md}")
    write(root / "models/oak.yaml", edited)
    git(root, "add", "-A")


def with_a_picture(root: Path) -> None:
    picture(root / "models/oak.webp", 9)
    add(root / "models/oak.yaml", "examples: [oak.webp]\n")
    git(root, "add", "-A")


def in_a_folder(root: Path) -> None:
    (root / "models/oak").mkdir()
    (root / "models/oak.yaml").rename(root / "models/oak/model.yaml")
    add(root / "models/oak/model.yaml", "tags: [x]\n")
    git(root, "add", "-A")


def to_go(root: Path) -> None:
    """Another model's text shows it."""
    edited = (root / "models/elm.yaml").read_text().replace("A tree.", "Like {model:oak}.")
    write(root / "models/elm.yaml", edited)
    commit(root)
    add(root / "models/oak.yaml", "state: absent\n")


EDITS: list[Callable[[Path], None]] = [
    lambda root: None,
    lambda root: add(root / "models/oak.yaml", "tags: [x]\n"),
    lambda root: write(root / "models/yew.yaml", "name: Yew\ntype: custom\n"),
    with_a_text_of_its_own,
    with_a_picture,
    in_a_folder,
]


@pytest.mark.parametrize("edit", EDITS)
def test_what_changed_is_planned_as_in_a_plan_of_all(
    cli: Run, applied: Path, edit: Callable[[Path], None]
) -> None:
    edit(applied)
    some = planned(cli, applied, "--changed-since", "HEAD")
    all_of_it = planned(cli, applied)
    assert some["models"] == all_of_it["models"]
    assert some["refusals"] == all_of_it["refusals"]


def test_a_model_that_goes_is_looked_for_in_every_text(cli: Run, applied: Path) -> None:
    to_go(applied)
    told = cli("plan", applied, "--changed-since", "HEAD")
    assert told.code == 1
    assert told.err == cli("plan", applied).err


@pytest.fixture
def still(cli: Run, applied: Path, server: Any) -> Any:
    """A catalog that `--refresh changed` has found in sync."""
    server.control.advance(60)
    assert last_line(cli("plan", applied, *CHANGED).out) == "No changes. 3 models match."
    yield applied
    server.control.advance(-60)


def test_what_is_in_sync_is_not_looked_at(cli: Run, still: Path, server: Any) -> None:
    unread(still)
    told = cli("plan", still, *CHANGED)
    assert "models/elm.yaml" in told.err, "it is another one than it was"
    git(still, "reset", "-q", "--hard", "HEAD~")
    server.control.forget_requests()
    assert "texts of 3 models as read before" in cli("plan", still, *CHANGED).out
    assert not [told for told in server.control.requests() if "/description" in told]


@pytest.mark.parametrize("edit", EDITS)
def test_what_moved_here_is_planned_as_in_a_plan_of_all(
    cli: Run, still: Path, edit: Callable[[Path], None]
) -> None:
    edit(still)
    assert planned(cli, still, *CHANGED) == planned(cli, still)


def test_what_moved_there_is_read_from_its_own_manifest(cli: Run, still: Path, web: Web) -> None:
    path = f"/models/{web.models['Oak']['id']}"
    web._send("PUT", path, {"shortDescription": "Felled."})
    web._send("PUT", f"{path}/description", {"description": "Gone."})
    add(still / "models/ash.yaml", "shortDescription: Old.\n")
    commit(still)
    found = planned(cli, still, *CHANGED)
    assert [model["key"] for model in found["models"]] == ["ash", "oak"]
    assert found == planned(cli, still)


def test_the_plan_of_all_says_so_too(cli: Run, applied: Path) -> None:
    """The edits above are such that a plan has something to say of them."""
    for edit in EDITS[1:]:
        edit(applied)
        document: dict[str, Any] = json.loads(cli("plan", applied, "--json").out)
        assert document["models"]
        git(applied, "reset", "-q", "--hard", "HEAD")
        git(applied, "clean", "-fdq")
