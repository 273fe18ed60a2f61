"""A plan with uncommitted changes and no record: HEAD tells them from the rest, and no more."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cli.conftest import MODEL, Run, Web, commit, write
from tests.cli.terminal import Terminal
from tests.cli.test_base import second_line
from tests.cli.test_plan_and_apply import last_line, rewrite
from tests.manifest.test_commit import git

MAY_UNDO_ONE = "⚠ 1 change may undo edits on the server, in 1 model."


@pytest.fixture
def unrecorded(cli: Run, clone: Path, web: Web) -> Path:
    """A clone that was applied and says so nowhere, with an edit of the web page since."""
    assert cli("apply", clone, "--yes").code == 0
    web.put("", {"shortDescription": "By hand."})
    return clone


def test_what_is_not_committed_is_pending_and_the_rest_is_called_what_it_may_be(
    cli: Run, unrecorded: Path, tmp_path: Path
) -> None:
    rewrite(unrecorded, "[comic, ink]", "[comic, ink, mine]")
    files = [tmp_path / name for name in ("p.md", "p.html", "p.json")]
    options = zip(("--markdown", "--html", "--json-into"), files, strict=True)
    found = cli("plan", unrecorded, *(each for pair in options for each in pair))
    head = git(unrecorded, "rev-parse", "HEAD")
    assert second_line(found) == (
        f"Uncommitted changes are told apart by HEAD, commit {head[:12]}. The rest are edits on "
        "the server, or commits that wait: none is recorded as applied."
    )
    assert "    ⚠ shortDescription may undo an edit on the server\n" in found.out
    assert "⚠ tags" not in found.out
    assert found.out.splitlines()[-2] == MAY_UNDO_ONE
    assert last_line(found.out).startswith("Plan: 0 to create, 1 to update,")
    markdown, html, text = (file.read_text() for file in files)
    assert "up to 1 edit on the server undone" in markdown
    assert "may undo 1" in markdown
    assert "Short description: may undo an edit on the server" in html
    assert "would undo" not in f"{found.out}{markdown}{html}"
    document = json.loads(text)
    assert (document["base"]["commit"], document["base"]["guessed"]) == (head, True)
    came = {change["path"][0]: change["came"] for change in document["models"][0]["changes"]}
    assert came == {"shortDescription": "drift", "tags": "pending"}


def test_a_commit_that_waits_for_its_apply_is_not_called_an_edit(cli: Run, clone: Path) -> None:
    cli("apply", clone, "--yes")
    rewrite(clone, "Hand-inked comic heroes.", "Committed.")
    commit(clone)
    assert second_line(cli("plan", clone)) == ""
    edited = MODEL.replace("Hand-inked comic heroes.", "Committed.").replace("ink]", "ink, mine]")
    write(clone / "models/ink-heroes/model.yaml", edited)
    found = cli("plan", clone)
    assert "or commits that wait" in second_line(found)
    assert "shortDescription may undo an edit on the server\n" in found.out
    assert "would undo" not in found.out


def test_an_edit_of_what_was_changed_here_too_is_a_conflict(cli: Run, unrecorded: Path) -> None:
    rewrite(unrecorded, "Hand-inked comic heroes.", "Mine.")
    told = "shortDescription may undo an edit on the server; the manifest has changed it too\n"
    assert told in cli("plan", unrecorded).out


@pytest.mark.parametrize("staged", [False, True], ids=["on disk", "staged"])
def test_a_new_manifest_is_a_change_of_mine(cli: Run, unrecorded: Path, staged: bool) -> None:
    write(unrecorded / "models/new.yaml", "name: New\ntype: flux.1-lora\n")
    if staged:
        git(unrecorded, "add", "-A")
    found = cli("plan", unrecorded)
    assert second_line(found).startswith("Uncommitted changes are told apart by HEAD")
    assert found.out.count("⚠") == 2
    assert found.out.splitlines()[-2] == MAY_UNDO_ONE


def test_another_picture_is_a_change_of_mine(cli: Run, unrecorded: Path) -> None:
    images = unrecorded / "models/ink-heroes/images"
    Image.new("RGB", (20, 20), (1, 2, 3)).save(images / "3.webp", lossless=True)
    found = cli("plan", unrecorded)
    assert second_line(found).startswith("Uncommitted changes are told apart by HEAD")
    assert "⚠ examples" not in found.out


@pytest.mark.parametrize("path", ["models/both.yaml", "notes.txt", "models/notes.txt"])
def test_what_changes_nothing_of_an_apply_tells_nothing(
    cli: Run, unrecorded: Path, path: str
) -> None:
    with (unrecorded / path).open("a", encoding="utf-8") as file:
        file.write("# Only a word to the reader\n")
    found = cli("plan", unrecorded)
    assert (second_line(found), "⚠" in found.out) == ("", False)


def test_before_the_first_apply_nothing_passes_for_an_edit(cli: Run, clone: Path) -> None:
    rewrite(clone, "[comic, ink]", "[comic, ink, mine]")
    found = cli("plan", clone)
    assert (second_line(found), "⚠" in found.out) == ("", False)
    assert last_line(found.out).startswith("Plan: 2 to create")


def test_an_apply_asks_and_reports_what_may_be_undone(
    cli: Run, unrecorded: Path, server: Any, project: str
) -> None:
    rewrite(unrecorded, "[comic, ink]", "[comic, ink, mine]")
    terminal = Terminal("apply", unrecorded, url=server.url)
    question = f"Apply to 1 model in main {project}, may UNDO 1 edit on the server? [y/N]"
    terminal.until(question)
    terminal.type("n\n")
    assert terminal.end() == 1
    done = cli("apply", unrecorded, "--yes")
    assert "⚠ up to 1 edit on the server undone, as the plan said." in done.out


def test_a_saved_plan_keeps_that_its_base_was_guessed(
    cli: Run, unrecorded: Path, tmp_path: Path
) -> None:
    rewrite(unrecorded, "[comic, ink]", "[comic, ink, mine]")
    saved = tmp_path / "p.json"
    assert cli("plan", unrecorded, "--out", saved).code == 0
    assert MAY_UNDO_ONE in cli("show", saved).out
    commit(unrecorded)
    assert cli("apply", unrecorded, saved).code == 0


def test_what_is_left_alone_never_hangs_on_a_guess(cli: Run, unrecorded: Path) -> None:
    rewrite(unrecorded, "[comic, ink]", "[comic, ink, mine]")
    found = cli("plan", unrecorded, "--only-mine")
    assert (found.code, "--only-mine needs a base" in found.err) == (64, True)
    assert cli("plan", unrecorded, "--only-mine", "--base", "HEAD").code == 0


def test_what_an_apply_recorded_goes_before_head(cli: Run, applied: Path, web: Web) -> None:
    web.put("", {"shortDescription": "By hand."})
    rewrite(applied, "[comic, ink]", "[comic, ink, mine]")
    found = cli("plan", applied)
    assert "applied last, as a Git note says" in second_line(found)
    assert "would undo an edit on the server" in found.out


def test_a_worktree_and_a_shallow_clone_have_their_own_head(
    cli: Run, unrecorded: Path, tmp_path: Path
) -> None:
    git(unrecorded, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{unrecorded.parent}", str(shallow))
    for root in (tmp_path / "side/catalog", shallow / "catalog"):
        assert second_line(cli("plan", root)) == ""
        rewrite(root, "[comic, ink]", "[comic, ink, mine]")
        assert MAY_UNDO_ONE in cli("plan", root).out


def test_without_any_commit_two_sides_are_compared(cli: Run, catalog: Path, web: Web) -> None:
    git(catalog.parent, "init", "-q", "-b", "main")
    git(catalog, "add", "-A")
    assert cli("apply", catalog, "--yes").code == 0
    web.put("", {"shortDescription": "By hand."})
    found = cli("plan", catalog)
    assert (found.code, second_line(found), "⚠" in found.out) == (0, "", False)
    assert "No commit is known to be applied: all that differs" in cli("drift", catalog).out


def test_a_catalog_that_no_commit_has_yet_is_compared_with_the_server_alone(
    cli: Run, catalog: Path
) -> None:
    git(catalog.parent, "init", "-q", "-b", "main")
    git(catalog.parent, "commit", "-q", "-m", "empty", "--allow-empty")
    git(catalog, "add", "-A")
    assert cli("apply", catalog, "--yes").code == 0
    rewrite(catalog, "[comic, ink]", "[comic, ink, mine]")
    assert second_line(cli("plan", catalog)) == ""


def test_a_head_that_cannot_be_read_is_told_with_the_reason(cli: Run, unrecorded: Path) -> None:
    write(unrecorded / "models/ink-heroes/model.yaml", "name: [\n")
    commit(unrecorded)
    write(unrecorded / "models/ink-heroes/model.yaml", MODEL)
    found = cli("plan", unrecorded)
    assert found.code == 0
    assert second_line(found).startswith("Edits on the server are not told apart: ")


def test_an_offline_plan_takes_head_too(cli: Run, unrecorded: Path, tmp_path: Path) -> None:
    assert cli("snapshot", unrecorded, "--out", tmp_path / "s.json").code == 0
    rewrite(unrecorded, "[comic, ink]", "[comic, ink, mine]")
    found = cli("plan", unrecorded, "--against", f"snapshot:{tmp_path / 's.json'}")
    assert (found.code, MAY_UNDO_ONE in found.out) == (0, True)


def base_of_drift(cli: Run, catalog: Path, *options: object) -> dict[str, Any]:
    """The base in the JSON of `drift`."""
    found: dict[str, Any] = json.loads(cli("drift", catalog, "--json", *options).out)["base"]
    return found


def test_a_base_that_is_named_or_recorded_is_no_guess(cli: Run, clone: Path) -> None:
    assert cli("apply", clone, "--yes", "--record", "git-note").code == 0
    assert base_of_drift(cli, clone)["guessed"] is False
    assert base_of_drift(cli, clone, "--base", "HEAD")["guessed"] is False


def test_pull_and_drift_say_that_nothing_is_recorded(cli: Run, unrecorded: Path) -> None:
    assert "(HEAD: nothing is recorded as applied)" in cli("drift", unrecorded).out
    assert base_of_drift(cli, unrecorded)["guessed"] is True
    assert "(HEAD: nothing is recorded as applied)" in cli("pull", unrecorded, "--dry-run").err


def test_head_is_read_once_where_it_is_also_what_chose_the_models(
    cli: Run, unrecorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(unrecorded, "[comic, ink]", "[comic, ink, mine]")
    whole = cli("plan", unrecorded)
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    found = cli("plan", unrecorded, "--changed-since", "HEAD")
    assert second_line(found) == second_line(whole) != ""
    assert MAY_UNDO_ONE in found.out
    asked = (tmp_path / "trace").read_text(encoding="utf-8")
    assert (asked.count("built-in: git diff-index"), asked.count("--others")) == (1, 0)


def test_head_is_read_again_where_it_was_read_for_fewer_models(cli: Run, unrecorded: Path) -> None:
    write(unrecorded / "models/other.yaml", "name: Other\ntype: flux.1-lora\n")
    commit(unrecorded)
    write(unrecorded / "models/other.yaml", "name: Other\ntype: flux.1-lora\nstate: absent\n")
    whole, found = cli("plan", unrecorded), cli("plan", unrecorded, "--changed-since", "HEAD")
    assert second_line(found) == second_line(whole) != ""
    assert [found.code, "ink-heroes" in found.out] == [0, False]
