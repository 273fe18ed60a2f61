"""`--changed-since REF`: what counts as changed, and that nothing of the rest is read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cli.conftest import Run, Web, commit, live, write
from tests.cli.test_plan_and_apply import last_line
from tests.manifest.test_commit import git

INK = "models/ink-heroes"
ELM = "name: Elm\ntype: custom\nshortDescription: A tree.\ndescription: {file: elm/text.md}\n"


@pytest.fixture
def catalog(catalog: Path) -> Path:
    """The usual two models, of which one refers to the other, and one with a glob and a text."""
    (catalog / "models/elm").mkdir()
    write(catalog / "models/elm/text.md", "Elm.\n")
    write(catalog / "models/elm.yaml", ELM + "examples: [{glob: 'elm/*.webp'}]\n")
    for at, name in enumerate("ab"):
        picture(catalog / f"models/elm/{name}.webp", at)
    return catalog


def picture(path: Path, shade: int = 9) -> None:
    Image.new("RGB", (8, 8), (shade, shade, shade)).save(path, lossless=True)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    write(path, text.replace(old, new))


def moved(root: Path) -> None:
    """The same manifest in another place, with a text that changed on the way."""
    (root / f"{INK}/model.yaml").rename(root / f"{INK}.yaml")
    edit(root / f"{INK}.yaml", "Short prompts.", "Long prompts.")
    text = (root / f"{INK}.yaml").read_text()
    for name in ("description.md", "images/"):
        text = text.replace(name, f"ink-heroes/{name}")
    write(root / f"{INK}.yaml", text)


def renamed(root: Path) -> None:
    (root / "models/elm.yaml").rename(root / "models/oak.yaml")
    edit(root / "models/oak.yaml", "name: Elm", "renamedFrom: elm\nname: Elm")


EDITS: list[tuple[str, Callable[[Path], object], set[str]]] = [
    ("nothing", lambda root: None, set()),
    ("manifest", lambda root: edit(root / f"{INK}/model.yaml", "comic", "noir"), {"ink-heroes"}),
    ("comment", lambda root: edit(root / f"{INK}/model.yaml", "name:", "# x\nname:"), set()),
    ("text", lambda root: edit(root / f"{INK}/description.md", "# Ink", "# I"), {"ink-heroes"}),
    ("image", lambda root: picture(root / f"{INK}/images/2.webp"), {"ink-heroes"}),
    ("one more by a glob", lambda root: picture(root / "models/elm/c.webp", 7), {"elm"}),
    ("one less by a glob", lambda root: (root / "models/elm/a.webp").unlink(), {"elm"}),
    ("new", lambda root: write(root / "models/ash.yaml", "name: Ash\ntype: custom\n"), {"ash"}),
    ("gone", lambda root: (root / "models/both.yaml").unlink(), set()),
    ("moved", moved, {"ink-heroes"}),
    ("renamed", renamed, {"oak"}),
]


@pytest.mark.parametrize(("change", "keys"), [e[1:] for e in EDITS], ids=[e[0] for e in EDITS])
@pytest.mark.parametrize("committed", [True, False])
def test_only_what_changed_is_planned(
    cli: Run, clone: Path, change: Callable[[Path], object], keys: set[str], committed: bool
) -> None:
    git(clone, "tag", "before")
    change(clone)
    if committed:
        git(clone, "add", "-A")
        git(clone, "commit", "-q", "--allow-empty", "-m", "x")
    else:
        git(clone, "add", "-A", "-N")
    found = cli("plan", clone, "--changed-since", "before", "--json")
    document = json.loads(found.out)
    # Nothing is on the server: whatever counts is created, or needs what does not count.
    planned = {model["key"] for model in document["models"]}
    assert planned | {refusal["model"] for refusal in document["refusals"]} == keys
    assert f"{len(keys)} of " in found.err


def test_nothing_of_the_others_is_read(cli: Run, applied: Path, server: Any) -> None:
    edit(applied / "models/elm.yaml", "A tree.", "A big tree.")
    server.control.forget_requests()
    updates_alone(cli, applied, "elm", server)
    assert server.control.requests()["GET /models"] == 1


def updates_alone(cli: Run, root: Path, key: str, server: Any) -> None:
    """See that one model is updated, and that the text of no other is read."""
    found = cli("plan", root, "--changed-since", "HEAD", "--no-cache")
    assert f"~ update {key}" in found.out
    assert last_line(found.out).startswith("Plan: 0 to create, 1 to update")
    read = server.control.requests()
    assert sum(read[told] for told in read if told.endswith("/description")) == 1


def test_a_changed_catalog_file_makes_every_model_count(cli: Run, applied: Path, web: Web) -> None:
    web.put("", {"shortDescription": "By hand."})
    found = cli("plan", applied, "--changed-since", "HEAD")
    assert "0 of 3 models changed since" in found.err
    assert "update ink-heroes" not in found.out
    edit(applied / "catalog.yaml", "default: main", "default: main\nignoreTags: [x]")
    found = cli("plan", applied, "--changed-since", "HEAD")
    assert "catalog.yaml has changed since" in found.err
    assert "~ update ink-heroes" in found.out


def test_what_is_gone_is_said(cli: Run, applied: Path) -> None:
    (applied / "models/both.yaml").unlink()
    found = cli("plan", applied, "--changed-since", "HEAD")
    assert "Without manifest now: both; --prune looks at the whole catalog." in found.err
    assert "0 of 2 models changed" in found.err
    assert cli("plan", applied, "--changed-since", "HEAD", "--quiet").err == ""


def test_a_saved_plan_keeps_the_commit_and_not_its_name(
    cli: Run, applied: Path, web: Web, server: Any, project: str
) -> None:
    web.put("", {"shortDescription": "By hand."})
    before = git(applied, "rev-parse", "HEAD")
    edit(applied / "models/elm.yaml", "A tree.", "A big tree.")
    assert cli("plan", applied, "--changed-since", "main", "--out", "plan.json").code == 0
    assert json.loads(Path("plan.json").read_bytes())["scope"]["changed_since"] == before
    commit(applied)
    assert git(applied, "rev-parse", "main") != before
    assert cli("apply", applied, "plan.json").code == 0
    there = live(server, project)
    assert there["Elm"]["shortDescription"] == "A big tree."
    assert there["Ink Heroes"]["shortDescription"] == "By hand."
    again = cli("apply", applied, "plan.json", "--changed-since", "main")
    assert (again.code, "in the saved plan already" in again.err) == (64, True)


def test_drift_of_what_changed(cli: Run, applied: Path, web: Web) -> None:
    web.put("", {"shortDescription": "By hand."})
    assert cli("drift", applied, "--changed-since", "HEAD").code == 0
    edit(applied / f"{INK}/model.yaml", "comic", "noir")
    assert cli("drift", applied, "--changed-since", "HEAD").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--changed-since", "nowhere"], "there is no commit 'nowhere'"),
        (["--changed-since", "HEAD", "--prune"], "--prune looks at the whole catalog"),
        (["--changed-since", "HEAD", "--shard", "1/2"], "--shard divides the whole catalog"),
    ],
)
def test_what_cannot_be_told_is_refused(
    cli: Run, clone: Path, arguments: list[str], words: str
) -> None:
    found = cli("plan", clone, *arguments)
    assert (found.code, words in found.err) == (64, True)


def test_only_and_changed_since_choose_what_both_choose(cli: Run, clone: Path) -> None:
    edit(clone / "models/elm.yaml", "A tree.", "A big tree.")
    edit(clone / f"{INK}/model.yaml", "comic", "noir")
    for only, keys in (("elm", ["elm"]), ("both", [])):
        found = cli("plan", clone, "--changed-since", "HEAD", "--only", only, "--json")
        assert [model["key"] for model in json.loads(found.out)["models"]] == keys
