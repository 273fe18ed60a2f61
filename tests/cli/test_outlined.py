"""With `--changed-since` the other models are only outlined: the plan is the whole catalog's."""

import json
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cli.conftest import Run, Web, commit, write
from tests.manifest.test_commit import git

ASH, ELM, OAK = "models/ash", "models/elm", "models/oak"
TREE = "name: {}\ntype: custom\nexamples: [a.webp]\n"


def picture(path: Path, shade: int) -> None:
    Image.new("RGB", (8, 8), (shade, 9, 9)).save(path, lossless=True)


@pytest.fixture
def catalog(catalog: Path) -> Path:
    """The usual two models, and three in folders of their own with a picture each."""
    for shade, key in enumerate((ASH, ELM, OAK)):
        (catalog / key).mkdir()
        write(catalog / key / "model.yaml", TREE.format(key[7:].title()))
        picture(catalog / key / "a.webp", shade)
    write(catalog / ELM / "model.yaml", TREE.format("Elm") + "description: Like {model:oak}.\n")
    return catalog


def add(path: Path, text: str) -> None:
    write(path, path.read_text() + text)


def takes(root: Path, source: str, name: str) -> None:
    """Let ash show a picture that another model has."""
    shutil.copy(root / source, root / ASH / name)
    edited = (root / ASH / "model.yaml").read_text().replace("[a.webp]", f"[a.webp, {name}]")
    write(root / ASH / "model.yaml", edited)


def unstaged(root: Path) -> None:
    """Let ash show what another model has, in a file of which Git has only the old content."""
    shutil.copy(root / OAK / "a.webp", root / ASH / "a.webp")


def leaves(root: Path) -> None:
    """Delete a model that the text of another one names by its id."""
    add(root / ASH / "model.yaml", "state: absent\n")


def concept(root: Path) -> None:
    write(root / ASH / "model.yaml", "name: Ash\ntype: flux.1-composition\n")
    add(root / ASH / "model.yaml", "concepts: [{model: oak, scale: 0.5}]\n")


def two(root: Path) -> None:
    for key in (ASH, OAK):
        add(root / key / "model.yaml", "tags: [x]\n")


def renamed(root: Path) -> None:
    (root / ASH).rename(root / "models/yew")
    add(root / "models/yew/model.yaml", "renamedFrom: ash\n")


EDITS: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "a text": (
        lambda root: add(root / ASH / "model.yaml", "description: '{model:elm}'\n"),
        {"ash"},
    ),
    "a picture of another model": (lambda root: takes(root, f"{OAK}/a.webp", "b.webp"), {"ash"}),
    "a picture of one without a folder": (
        lambda root: takes(root, "models/ink-heroes/images/3.webp", "b.webp"),
        {"ash"},
    ),
    "a picture that is not staged": (unstaged, {"ash"}),
    "a new picture": (lambda root: picture(root / ASH / "a.webp", 99), {"ash"}),
    "a concept": (concept, {"ash"}),
    "a model to delete": (leaves, {"ash"}),
    "another key": (renamed, {"yew"}),
    "two": (two, {"ash", "oak"}),
    "a model that is named by others": (
        lambda root: add(root / "models/ink-heroes/model.yaml", "epoch: '1'\n"),
        {"ink-heroes"},
    ),
}


def planned(cli: Run, root: Path, *options: str) -> dict[str, Any]:
    """What a plan says of the models, and what it takes."""
    document = json.loads(cli("plan", root, *options, "--json").out)
    return {name: document[name] for name in ("models", "refusals", "counts")}


@pytest.mark.parametrize(("edit", "keys"), EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("staged", [True, False])
def test_what_changed_is_planned_as_with_the_whole_catalog(
    cli: Run, clone: Path, web: Web, edit: Callable[[Path], object], keys: set[str], staged: bool
) -> None:
    add(clone / OAK / "model.yaml", "description: See {model:ash}.\n")
    commit(clone)
    assert cli("apply", clone, "--yes").code == 0
    pinned = web.models["Ash"]["id"]
    write(clone / OAK / "model.yaml", TREE.format("Oak") + f"description: '{{model:{pinned}}}'\n")
    commit(clone)
    assert cli("apply", clone, "--yes").code == 0
    edit(clone)
    git(clone, "add", "-A", *([] if staged else ["-N"]))
    chosen = [word for key in sorted(keys) for word in ("--only", key)]
    assert planned(cli, clone, "--changed-since", "HEAD") == planned(cli, clone, *chosen)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("id: model_taken\n", 'id: "model_taken" is claimed by'),
        ("renamedFrom: elm\n", 'renamedFrom: "elm" still exists'),
        ("description: '{model:nobody}'\n", '"nobody" is no key of this catalog'),
    ],
)
def test_what_contradicts_a_model_that_did_not_change_is_an_error(
    cli: Run, clone: Path, more: str, words: str
) -> None:
    add(clone / OAK / "model.yaml", "id: model_taken\n")
    commit(clone)
    add(clone / ASH / "model.yaml", more)
    found = cli("plan", clone, "--changed-since", "HEAD")
    assert found.code == 1
    assert words in found.err


def test_another_caption_of_an_asset_is_an_error(cli: Run, clone: Path) -> None:
    trains = "training:\n  images: [{{asset: asset_1, caption: {}}}]\n"
    write(clone / OAK / "model.yaml", "name: Oak\ntype: flux.1-lora\n" + trains.format("ink"))
    commit(clone)
    write(clone / ASH / "model.yaml", "name: Ash\ntype: flux.1-lora\n" + trains.format("wash"))
    found = cli("plan", clone, "--changed-since", "HEAD")
    assert found.code == 1
    assert "has another caption in models/ash/model.yaml:4" in found.err


def test_what_is_at_an_address_is_not_fetched_twice(
    cli: Run, clone: Path, server: Any, project: str
) -> None:
    shown = "name: {}\ntype: custom\nexamples: [{{url: 'https://example.org/far.png'}}]\n"
    image = BytesIO()
    Image.new("RGB", (9, 9), (1, 2, 3)).save(image, "PNG")
    server.control.publish("https://example.org/far.png", image.getvalue())
    write(clone / OAK / "model.yaml", shown.format("Oak"))
    commit(clone)
    assert cli("apply", clone, "--yes", "--no-cache").code == 0
    # So many newer assets that nobody looks for another one among them.
    names = {f"asset_{project[-40:]}{number}": "image" for number in range(3000)}
    server.control.create_assets(names, project)
    write(clone / ASH / "model.yaml", shown.format("Ash"))
    found = planned(cli, clone, "--changed-since", "HEAD", "--no-cache")
    assert found == planned(cli, clone, "--only", "ash", "--no-cache")
    assert found["counts"]["uploads"] == 0


def test_files_of_models_that_did_not_change_are_not_opened(cli: Run, clone: Path) -> None:
    """A picture that is none was committed: whoever changes another model is not kept up."""
    write(clone / OAK / "a.webp", "no picture")
    commit(clone)
    assert cli("plan", clone).code == 1
    add(clone / ASH / "model.yaml", "tags: [x]\n")
    found = cli("plan", clone, "--changed-since", "HEAD")
    assert found.code == 0
    assert "create ash" in found.out
    add(clone / OAK / "model.yaml", "tags: [x]\n")
    assert "oak/model.yaml:3" in cli("plan", clone, "--changed-since", "HEAD").err


def test_a_manifest_that_did_not_change_is_not_judged(cli: Run, clone: Path) -> None:
    """Unless it speaks of others: what it says of them may contradict one that changed."""
    add(clone / OAK / "model.yaml", "tags: none\n")
    commit(clone)
    add(clone / ASH / "model.yaml", "tags: [x]\n")
    assert "oak/model.yaml:4" in cli("plan", clone).err
    assert "create ash" in cli("plan", clone, "--changed-since", "HEAD").out
    add(clone / OAK / "model.yaml", "renamedFrom: yew\n")
    commit(clone)
    add(clone / ASH / "model.yaml", "shortDescription: x\n")
    assert "oak/model.yaml:4" in cli("plan", clone, "--changed-since", "HEAD").err


NAMED = "name: Tree\ntype: flux.1-lora\n"
SHORT = "shortDescription: s\n"
FROM = "source: {civitai: 'https://civitai.com/models/1'}\n"
LEFT: dict[str, tuple[str, str, str]] = {
    "nothing more": ("", "", ""),
    "a short description of both": (SHORT, SHORT, ""),
    "a short description of one": (SHORT, "", ""),
    "that of the other": ("", SHORT, ""),
    "a default": ("", "", "{shortDescription: s}"),
    "a place to import from": (FROM, "", ""),
}


@pytest.mark.parametrize(("ash", "oak", "defaults"), LEFT.values(), ids=LEFT)
def test_which_model_of_two_of_one_name_was_left_by_an_interrupted_run(
    cli: Run, clone: Path, web: Web, ash: str, oak: str, defaults: str
) -> None:
    """What did not change may have left it just as well: all that is said of both decides."""
    if defaults:
        add(clone / "catalog.yaml", f"defaults: {defaults}\n")
    write(clone / ASH / "model.yaml", NAMED + ash)
    write(clone / OAK / "model.yaml", NAMED + oak)
    commit(clone)
    short = {"shortDescription": "s"} if "s" in ash + defaults and ash != FROM else {}
    web._send("POST", "/models", {"name": "Tree", "type": "flux.1-lora", **short})
    add(clone / OAK / "model.yaml", "tags: [x]\n")
    found = planned(cli, clone, "--changed-since", "HEAD")
    assert found == planned(cli, clone, "--only", "oak")
    assert found["models"]


BRACES = " {{{more},\nname: Oak,\ntype: custom,\nshortDescription: x,\n tags: []}}\n"


@pytest.mark.parametrize(
    ("hidden", "more", "words"),
    [
        ("id: model_taken", "id: model_taken\n", "is claimed by"),
        ("renamedFrom: yew", "renamedFrom: yew\n", "is claimed by"),
        ("state: absent", "description: '{model:oak}'\n", "nothing can refer to it"),
    ],
)
def test_a_manifest_in_braces_hides_nothing(
    cli: Run, clone: Path, hidden: str, more: str, words: str
) -> None:
    write(clone / ELM / "model.yaml", TREE.format("Elm"))
    write(clone / OAK / "model.yaml", BRACES.format(more=hidden))
    assert cli("validate", clone).code == 0
    commit(clone)
    add(clone / ASH / "model.yaml", more)
    found = cli("plan", clone, "--changed-since", "HEAD")
    assert found.code == 1
    assert words in found.err


def test_a_changed_catalog_file_looks_at_everything(cli: Run, clone: Path) -> None:
    write(clone / OAK / "a.webp", "no picture")
    commit(clone)
    add(clone / "catalog.yaml", "ignoreTags: [x]\n")
    assert "oak/model.yaml:3" in cli("plan", clone, "--changed-since", "HEAD").err
