"""`--refresh changed` looks at no model that was in sync and did not move: the plan is the same."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from catalogsync.cli import opening, session
from tests.cli.conftest import Run, Web, commit, write
from tests.cli.test_outlined import ASH, ELM, OAK, TREE, add, picture
from tests.cli.test_plan_and_apply import last_line
from tests.manifest.test_commit import git

pytestmark = pytest.mark.usefixtures("at_rest")

CHANGED = ("--refresh", "changed")
TEXT = "description: A tree.\n"

COLLECTION = "collections: [Trees]\n"
DEFAULTS = "{protect: true, shortDescription: One., tags: [tree], collections: [Trees]}"
SAID = {"by the manifests": (COLLECTION, "{}"), "by catalog.yaml": ("", DEFAULTS)}
"""Where it is said which collection a model is in: a manifest that says so is parsed."""


@pytest.fixture(params=list(SAID.values()), ids=list(SAID))
def catalog(catalog: Path, request: pytest.FixtureRequest) -> Path:
    """The usual two models, and three trees with a picture each; the last two share one more."""
    own, defaults = request.param
    add(catalog / "catalog.yaml", f"defaults: {defaults}\n")
    for shade, key in enumerate((ASH, ELM, OAK)):
        (catalog / key).mkdir()
        write(catalog / key / "model.yaml", TREE.format(key[7:].title()) + TEXT + own)
        picture(catalog / key / "a.webp", shade)
    for key in (ELM, OAK):
        write(catalog / key / "model.yaml", TREE.format(key[7:].title()) + TEXT + own)
        listed = (catalog / key / "model.yaml").read_text().replace("[a.webp]", "[a.webp, b.webp]")
        write(catalog / key / "model.yaml", listed)
        picture(catalog / key / "b.webp", 50)
    return catalog


@pytest.fixture
def settle(cli: Run, server: Any) -> Iterator[Callable[[Path], None]]:
    """Applies a catalog, and a minute later finds it in sync."""
    minutes = 0

    def settled(root: Path) -> None:
        nonlocal minutes
        assert cli("apply", root, "--yes").code == 0
        server.control.advance(60)
        minutes += 1
        assert last_line(cli("plan", root, *CHANGED).out) == "No changes. 5 models match."

    yield settled
    server.control.advance(-60 * minutes)


@pytest.fixture
def still(clone: Path, settle: Callable[[Path], None]) -> Path:
    """An applied catalog that `--refresh changed` has found in sync."""
    settle(clone)
    return clone


_OF_THE_LOOK = ("read_at", "read_before", "integrity")
"""What a plan says of when it was made, and not of what is to be done."""


def planned(cli: Run, root: Path, *options: str) -> dict[str, Any]:
    """All that a plan says of what is to be done, and why."""
    document: dict[str, Any] = json.loads(cli("plan", root, *options, "--json").out)
    return {name: told for name, told in document.items() if name not in _OF_THE_LOOK}


def stray(root: Path) -> None:
    """A manifest's neighbour that Git does not know, which no manifest may name."""
    shutil.copy(root / OAK / "a.webp", root / OAK / "c.webp")


def test_files_and_texts_of_models_in_sync_are_not_looked_at(
    cli: Run, still: Path, server: Any
) -> None:
    """Models that refer to others are; the trees do not."""
    path = still / OAK / "model.yaml"
    server.control.forget_requests()
    assert "texts of 5 models as read before" in cli("plan", still, *CHANGED).out
    sent = server.control.requests()
    assert not [told for told in sent if "/description" in told or "get-bulk" in told]
    # Something that would be told of if anybody looked.
    write(path, path.read_text().replace("[a.webp, b.webp]", "[{glob: '*.webp'}]"))
    commit(still)
    assert cli("plan", still, *CHANGED).code == 0
    stray(still)
    assert last_line(cli("plan", still, *CHANGED).out) == "No changes. 5 models match."
    assert "not tracked by Git" in cli("plan", still).err


def at(web: Web, name: str, path: str, body: dict[str, Any]) -> None:
    web._send("PUT", f"/models/{web.models[name]['id']}{path}", body)


def renamed_collection(root: Path, web: Web) -> None:
    """No record of a model tells of it."""
    for found in web._send("GET", "/collections", {}).json()["collections"]:
        if found["name"] == "Trees":
            web._send("PUT", f"/collections/{found['id']}", {"name": "Woods"})


def taken_from_one(root: Path, web: Web) -> None:
    """What one of two models shows that share a picture is away; the other still has it."""
    examples = web.models["Elm"]["exampleAssetIds"]
    at(web, "Elm", "/examples", {"assetIds": examples[:1]})


def takes_what_another_has(root: Path, web: Web) -> None:
    shutil.copy(root / OAK / "a.webp", root / ASH / "z.webp")
    write(root / ASH / "model.yaml", TREE.format("Ash").replace("[a.webp]", "[a.webp, z.webp]"))
    git(root, "add", "-A")


def deleted_by_hand(root: Path, web: Web) -> None:
    web._send("DELETE", f"/models/{web.models['Oak']['id']}", {})


def marked_twice(root: Path, web: Web) -> None:
    """A second model bears the mark of one that is in sync."""
    new = web._send("POST", "/models", {"name": "Twin", "type": "custom"}).json()["model"]["id"]
    web._send("PUT", f"/models/{new}/tags", {"add": web.models["Oak"]["tags"], "delete": []})


def without_manifest(root: Path, web: Web) -> None:
    shutil.rmtree(root / OAK)
    git(root, "add", "-A")


def another_key(root: Path, web: Web) -> None:
    (root / OAK).rename(root / "models/yew")
    add(root / "models/yew/model.yaml", "renamedFrom: oak\n")
    git(root, "add", "-A")


def replaced(root: Path, web: Web) -> None:
    """A picture that is not the one that was staged."""
    picture(root / OAK / "a.webp", 99)


def retagged(root: Path, web: Web) -> None:
    add(root / OAK / "model.yaml", "tags: [x]\n")


def retagged_and_staged(root: Path, web: Web) -> None:
    retagged(root, web)
    git(root, "add", "-A")


def retagged_and_committed(root: Path, web: Web) -> None:
    retagged(root, web)
    commit(root)


def other_defaults(root: Path, web: Web) -> None:
    path = root / "catalog.yaml"
    write(path, path.read_text().partition("defaults:")[0] + "defaults: {tags: [x]}\n")


def other_defaults_committed(root: Path, web: Web) -> None:
    other_defaults(root, web)
    commit(root)


def both_sides(root: Path, web: Web) -> None:
    add(root / ASH / "model.yaml", "shortDescription: Mine.\n")
    at(web, "Ash", "", {"shortDescription": "By hand."})
    at(web, "Elm", "/description", {"description": "By hand."})


def of_oak(path: str, body: dict[str, Any]) -> Callable[[Path, Web], None]:
    """What somebody does to oak in the web page."""
    return lambda root, web: at(web, "Oak", path, body)


def in_oak(line: str) -> Callable[[Path, Web], None]:
    """What somebody adds to oak's manifest."""
    return lambda root, web: add(root / OAK / "model.yaml", line)


EDITS: dict[str, Callable[[Path, Web], None]] = {
    "nothing": lambda root, web: None,
    "a manifest": retagged,
    "a manifest, staged": retagged_and_staged,
    "a manifest, committed": retagged_and_committed,
    "a picture": replaced,
    "a picture of another model": takes_what_another_has,
    "the defaults": other_defaults,
    "the defaults, committed": other_defaults_committed,
    "a model to delete": in_oak("state: absent\n"),
    "a model to forget": in_oak("state: unmanaged\n"),
    "a manifest less": without_manifest,
    "another key": another_key,
    "a name on the server": of_oak("", {"name": "By hand"}),
    "a tag on the server": of_oak("/tags", {"add": ["by-hand"], "delete": []}),
    "a text on the server": of_oak("/description", {"description": "By hand."}),
    "a picture less on the server": taken_from_one,
    "a collection with another name": renamed_collection,
    "a model that is gone": deleted_by_hand,
    "a mark on two models": marked_twice,
    "both sides": both_sides,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--prune",),
        ("--base", "HEAD"),
        ("--only-mine",),
        ("--exclude", "elm"),
        ("--shard=1/2",),
    ],
)
def test_whatever_moved_the_plan_is_that_of_a_look_at_everything(
    cli: Run, still: Path, web: Web, edit: Callable[[Path, Web], None], options: tuple[str, ...]
) -> None:
    git(still, "tag", "before")
    base = ("--base", "before") if options == ("--only-mine",) else ()
    edit(still, web)
    quick = planned(cli, still, *CHANGED, *options, *base)
    assert quick == planned(cli, still, *options, *base)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_what_was_applied_with_it_leaves_nothing_for_a_look_at_everything(
    cli: Run, still: Path, web: Web, server: Any, edit: Callable[[Path, Web], None]
) -> None:
    edit(still, web)
    git(still, "add", "-A")
    done = cli("apply", still, *CHANGED, "--yes", "--allow-delete", "5")
    again = cli("plan", still, *CHANGED)
    assert last_line(again.out) == last_line(cli("plan", still).out)
    if done.code == 0:
        assert last_line(again.out).startswith("No changes.")


def test_the_page_shows_all_of_a_model_that_only_its_collection_tells_of(
    cli: Run, clone: Path, settle: Callable[[Path], None], web: Web
) -> None:
    for key in (ASH, ELM, OAK):
        add(clone / key / "model.yaml", "thumbnail: a.webp\n")
    commit(clone)
    settle(clone)
    renamed_collection(clone, web)
    for name, options in (("quick", CHANGED), ("whole", ())):
        assert cli("plan", clone, *options, "--html", f"{name}.html").code == 0
    quick, whole = (Path(f"{name}.html").read_text() for name in ("quick", "whole"))
    assert quick.count("data:image") == whole.count("data:image") > 0


def test_a_text_that_moved_without_its_date_is_seen_by_everything_after_a_full_look(
    cli: Run, still: Path, web: Web, server: Any
) -> None:
    """What the API does not promise: an edit that leaves `updatedAt` as it is."""
    server.control.set_description(web.models["Oak"]["id"], "By hand.")
    assert last_line(cli("plan", still, *CHANGED).out) == "No changes. 5 models match."
    assert cli("drift", still).code == 2
    assert "-By hand." in cli("plan", still, *CHANGED).out


def test_an_edit_that_was_left_alone_once_is_told_by_the_next_plan(
    cli: Run, still: Path, web: Web, server: Any
) -> None:
    """What --only-mine leaves alone is not in sync."""
    at(web, "Oak", "/description", {"description": "By hand."})
    server.control.advance(60)
    mine = cli("plan", still, *CHANGED, "--only-mine", "--base", "HEAD")
    assert "update" not in mine.out
    assert "-By hand." in cli("plan", still, *CHANGED).out
    server.control.advance(-60)


def test_another_checkout_with_the_same_content_is_known(
    cli: Run, still: Path, server: Any, tmp_path: Path
) -> None:
    """In CI every run has a folder of its own, with new stamps."""
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{still.parent}", "other")
    server.control.forget_requests()
    found = cli("plan", tmp_path / "other/catalog", *CHANGED)
    assert "texts of 5 models as read before" in found.out
    assert not [told for told in server.control.requests() if "get-bulk" in told]


def test_without_git_the_files_are_looked_at(cli: Run, still: Path) -> None:
    (still.parent / ".git").rename(still.parent / "git")
    assert last_line(cli("plan", still, *CHANGED).out) == "No changes. 5 models match."
    replaced(still, None)  # type: ignore[arg-type]
    assert "update oak" in cli("plan", still, *CHANGED).out


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_where_git_was_told_not_to_look_everything_is_looked_at(
    cli: Run, still: Path, flag: str
) -> None:
    git(still, "update-index", flag, f"{OAK}/a.webp")
    replaced(still, None)  # type: ignore[arg-type]
    assert "update oak" in cli("plan", still, *CHANGED).out


def test_a_model_that_accepts_a_difference_for_a_while_is_looked_at_every_day(
    cli: Run, still: Path, web: Web, server: Any
) -> None:
    until = "ignore: [{field: description, reason: trial, until: 2999-01-01}]\n"
    add(still / OAK / "model.yaml", until)
    commit(still)
    at(web, "Oak", "/description", {"description": "By hand."})
    server.control.advance(60)
    for _ in range(2):
        assert planned(cli, still, *CHANGED) == planned(cli, still)
    write(still / OAK / "model.yaml", (still / OAK / "model.yaml").read_text().replace(until, ""))
    commit(still)
    assert "-By hand." in cli("plan", still, *CHANGED).out
    server.control.advance(-60)


def swap(path: Path, old: str, new: str) -> None:
    """Write another word in a file."""
    text = path.read_text()
    assert old in text
    write(path, text.replace(old, new))


@pytest.mark.parametrize("committed", [False, True])
def test_what_is_edited_while_a_plan_runs_is_not_taken_for_what_it_saw(
    cli: Run,
    clone: Path,
    settle: Callable[[Path], None],
    server: Any,
    monkeypatch: pytest.MonkeyPatch,
    committed: bool,
) -> None:
    """The server has what somebody brings back for a moment, after Git was asked."""
    path = clone / OAK / "model.yaml"
    swap(path, "A tree.", "Old oak")
    commit(clone)
    settle(clone)
    swap(path, "Old oak", "A tree.")
    commit(clone)
    load = opening.open_catalog

    def edited(*given: Any, **named: Any) -> Any:
        swap(path, "A tree.", "Old oak")
        if committed:
            commit(clone)
        loaded = load(*given, **named)
        swap(path, "Old oak", "A tree.")
        if committed:
            git(clone, "reset", "-q", "--hard", "HEAD^")
        return loaded

    with monkeypatch.context() as during:
        during.setattr(session, "open_catalog", edited)
        assert last_line(cli("plan", clone, *CHANGED).out) == "No changes. 5 models match."
    assert "-Old oak" in cli("plan", clone, *CHANGED).out


def test_a_picture_that_a_text_shows_is_looked_for(
    cli: Run, clone: Path, settle: Callable[[Path], None], server: Any, project: str, web: Web
) -> None:
    swap(clone / OAK / "model.yaml", "A tree.", "'See ![x](c.webp)'")
    picture(clone / OAK / "c.webp", 77)
    commit(clone)
    settle(clone)
    path = f"/models/{web.models['Oak']['id']}/description"
    shown = re.findall(r"asset_[\w-]+", web._send("GET", path, {}).text)
    web._send("DELETE", "/assets", {"assetIds": shown[:1]})
    quick = planned(cli, clone, *CHANGED)
    assert quick["counts"]["uploads"] == 1
    assert quick == planned(cli, clone)


def many(server: Any, project: str) -> None:
    """So many newer assets that nobody looks for another one among them."""
    names = {f"asset_{project[-40:]}{number}": "image" for number in range(3000)}
    server.control.create_assets(names, project)


def named_from_outside(root: Path, web: Web) -> None:
    """A manifest without a folder of its own may name what is in another one's."""
    add(root / "models/both.yaml", "examples: [oak/a.webp]\n")
    commit(root)


def pointer_elsewhere(root: Path, web: Web) -> None:
    """As when a catalog moves to Git LFS folder by folder: Git has two ids for one content."""
    data = (root / OAK / "a.webp").read_bytes()
    head = "version https://git-lfs.github.com/spec/v1\noid sha256:"
    write(root / ASH / "z.webp", f"{head}{sha256(data).hexdigest()}\nsize {len(data)}\n")
    swap(root / ASH / "model.yaml", "[a.webp]", "[a.webp, z.webp]")
    commit(root)


@pytest.mark.parametrize("edit", [taken_from_one, named_from_outside, pointer_elsewhere])
def test_a_picture_that_a_model_in_sync_holds_is_not_sent_again(
    cli: Run,
    still: Path,
    web: Web,
    server: Any,
    project: str,
    edit: Callable[[Path, Web], None],
) -> None:
    """However many assets came since, among which it would be looked for otherwise."""
    edit(still, web)
    many(server, project)
    quick = planned(cli, still, *CHANGED)
    assert quick["counts"]["uploads"] == 0
    assert quick == planned(cli, still)


@pytest.mark.parametrize("how", ["", ", hide: false"])
def test_an_address_that_a_model_in_sync_has_is_fetched_and_filed_as_ever(
    cli: Run,
    clone: Path,
    settle: Callable[[Path], None],
    server: Any,
    project: str,
    how: str,
) -> None:
    """One file can be filed in one way only."""
    shown = "examples: [a.webp, {{url: 'https://example.org/p.png'{}}}]\n".format
    swap(clone / ASH / "model.yaml", "examples: [a.webp]\n", shown(how and ", hide: true"))
    commit(clone)
    settle(clone)
    many(server, project)
    swap(clone / OAK / "model.yaml", "examples: [a.webp, b.webp]\n", shown(how))
    commit(clone)
    quick, whole = cli("plan", clone, *CHANGED), cli("plan", clone)
    assert (quick.code, quick.err) == (whole.code, whole.err)
    assert ("fetch" in quick.out) == ("fetch" in whole.out)


def test_what_is_staged_and_not_committed_is_recorded_and_told_apart_as_ever(
    cli: Run, still: Path
) -> None:
    add(still / OAK / "model.yaml", "# a comment\n")
    git(still, "add", "-A")
    cli("plan", still, *CHANGED)
    add(still / ASH / "model.yaml", "tags: [y]\n")
    git(still, "commit", "-qm", "y", str(still / ASH))
    assert "may undo an edit" not in cli("plan", still, *CHANGED).out
    applied = cli("apply", still, *CHANGED, "--yes", "--record", "git-note")
    assert "Recorded in" in applied.err


PARTS = {
    "some": (("--only", "oak"), 1),
    "mine": (("--only-mine", "--base", "HEAD"), 5),
}


@pytest.mark.parametrize(("options", "count"), PARTS.values(), ids=PARTS)
def test_a_plan_says_of_how_many_models_texts_were_read_before(
    cli: Run, still: Path, options: tuple[str, ...], count: int
) -> None:
    found = cli("plan", still, *CHANGED, *options)
    assert f"texts of {count} model{'s' * (count > 1)} as read before" in found.out


def test_shards_together_say_it_of_all_models_once(cli: Run, still: Path) -> None:
    saved = [f"{number}.json" for number in (1, 2, 3)]
    for number, name in enumerate(saved, 1):
        assert cli("plan", still, *CHANGED, f"--shard={number}/3", "--out", name).code == 0
    assert "texts of 5 models as read before" in cli("show", *saved).out


def test_a_full_look_makes_what_was_read_before_younger(
    cli: Run, still: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = time.time_ns() + 86_400 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: tomorrow)
    day = datetime.fromtimestamp(tomorrow // 10**9, UTC).strftime("%Y-%m-%d")
    assert f"the oldest at {day}" not in cli("plan", still, *CHANGED).out
    cli("plan", still)
    assert f"the oldest at {day}" in cli("plan", still, *CHANGED).out
