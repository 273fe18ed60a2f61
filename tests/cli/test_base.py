"""Edits on the server told apart from changes of the manifests, in real repositories."""

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from catalogsync.manifest.applied import Applied, newest_applied
from tests.cli.conftest import MODEL, Result, Run, Web, commit, live, write
from tests.cli.terminal import Terminal
from tests.cli.test_plan_and_apply import last_line, rewrite
from tests.manifest.support import pointer
from tests.manifest.test_commit import git

NOTES = "refs/notes/catalog-sync"
UNDOES_ONE = "⚠ 1 change would undo edits on the server, in 1 model."


def second_line(found: Result) -> str:
    return found.out.splitlines()[1]


def test_a_plan_tells_edits_from_changes_and_its_last_sentence_stays(
    cli: Run, applied: Path, web: Web, tmp_path: Path
) -> None:
    web.put("", {"shortDescription": "By hand."})
    rewrite(applied, "[comic, ink]", "[comic, ink, mine]")
    files = [tmp_path / name for name in ("p.md", "p.html", "p.json")]
    options = zip(("--markdown", "--html", "--json-into"), files, strict=True)
    found = cli("plan", applied, *(each for pair in options for each in pair))
    head = git(applied, "rev-parse", "HEAD")
    assert second_line(found).startswith(
        f"Edits on the server are told apart by commit {head[:12]}"
    )
    assert "    ⚠ shortDescription would undo an edit on the server\n" in found.out
    assert "⚠ tags" not in found.out
    assert found.out.splitlines()[-2] == UNDOES_ONE
    assert last_line(found.out).startswith("Plan: 0 to create, 1 to update,")
    markdown, html, text = (file.read_text() for file in files)
    assert "1 edit on the server undone" in markdown
    assert "⚠️ **shortDescription** would undo an edit on the server" in markdown
    assert "Short description: would undo an edit on the server" in html
    document = json.loads(text)
    assert document["base"]["commit"] == head
    assert document["counts"]["would_undo"] == 1
    came = {change["path"][0]: change["came"] for change in document["models"][0]["changes"]}
    assert came == {"shortDescription": "drift", "tags": "pending"}


def test_an_apply_says_what_it_undoes_before_and_after(
    cli: Run, applied: Path, web: Web, tmp_path: Path
) -> None:
    web.put("", {"shortDescription": "By hand."})
    done = cli("apply", applied, "--yes", "--markdown", tmp_path / "r.md")
    assert UNDOES_ONE in done.out
    assert "⚠ 1 edit on the server undone, as the plan said." in done.out
    assert "⚠️ 1 edit on the server undone" in (tmp_path / "r.md").read_text()
    assert web.model["shortDescription"] == "Hand-inked comic heroes."


def test_only_what_is_mine_is_applied(cli: Run, applied: Path, web: Web, tmp_path: Path) -> None:
    examples = web.model["exampleAssetIds"]
    web.put("/tags", {"add": ["by-hand"], "delete": ["ink"]})
    web.put("/description", {"description": web.description.replace("# Ink", "# By hand")})
    web.put("/examples", {"assetIds": [examples[2], *examples[:2]]})
    rewrite(applied, "[comic, ink]", "[comic, ink, mine]")
    text = (applied / "models/ink-heroes/description.md").read_text()
    write(applied / "models/ink-heroes/description.md", f"{text}\nMine.\n")
    plan = cli("plan", applied, "--only-mine", "--out", tmp_path / "p.json")
    assert plan.code == 0
    assert "edits on the server left alone." in plan.out
    assert "would undo" not in plan.out
    assert cli("apply", applied, tmp_path / "p.json").code == 0
    assert {"comic", "mine", "by-hand"} <= set(web.model["tags"])
    assert "ink" not in web.model["tags"]
    lines = web.description.splitlines()
    assert (lines[0], lines[-1]) == ("# By hand", "Mine.")
    assert web.model["exampleAssetIds"] == [examples[2], *examples[:2]]
    assert cli("plan", applied, "--only-mine").out.endswith(
        "left alone.\nNo changes. 1 model matches.\n"
    )


def test_what_both_changed_is_refused_by_name(cli: Run, applied: Path, web: Web) -> None:
    web.put("", {"shortDescription": "By hand."})
    rewrite(applied, "Hand-inked comic heroes.", "Mine.")
    found = cli("plan", applied, "--only-mine")
    assert found.code == 5
    assert "! refused ink-heroes: shortDescription was changed in the manifest and" in found.out


def test_a_saved_plan_of_only_mine_brings_its_base_along(
    cli: Run, clone: Path, web: Web, tmp_path: Path
) -> None:
    cli("apply", clone, "--yes")
    web.put("", {"shortDescription": "By hand."})
    rewrite(clone, "[comic, ink]", "[comic, ink, mine]")
    saved = tmp_path / "p.json"
    cli("plan", clone, "--base", "HEAD", "--only-mine", "--out", saved)
    assert "1 edit on the server left alone." in cli("show", saved).out
    assert cli("apply", clone, saved, "--base", "HEAD").code == 64
    commit(clone)
    assert cli("apply", clone, saved).code == 0
    assert (web.model["shortDescription"], "mine" in web.model["tags"]) == ("By hand.", True)


def test_what_is_accepted_is_left_alone_until_its_day_is_over(
    cli: Run, catalog: Path, web: Web
) -> None:
    cli("apply", catalog, "--yes")
    web.put("", {"shortDescription": "By hand."})
    manifest = catalog / "models/ink-heroes/model.yaml"
    entry = "ignore: [{field: shortDescription, reason: A test of words, until: %s}]\n"
    write(manifest, MODEL + entry % "2999-12-31")
    applied = cli("apply", catalog, "--yes")
    assert "  ink-heroes  shortDescription  until 2999-12-31: A test of words\n" in applied.out
    assert web.model["shortDescription"] == "By hand."
    write(manifest, MODEL + entry % "2020-12-31")
    cli("apply", catalog, "--yes")
    assert web.model["shortDescription"] == "Hand-inked comic heroes."


def test_only_mine_needs_a_base(cli: Run, catalog: Path) -> None:
    found = cli("plan", catalog, "--only-mine")
    assert (found.code, "--only-mine needs a base" in found.err) == (64, True)


def test_without_a_record_or_a_pull_request_a_plan_only_says_that_there_is_none(
    cli: Run, clone: Path, web: Web
) -> None:
    unknown = "Nothing records what was applied last: an update may undo an edit on the server."
    first = cli("apply", clone, "--yes")
    assert unknown not in first.err
    assert unknown not in cli("plan", clone).err
    web.put("", {"shortDescription": "By hand."})
    found = cli("plan", clone)
    assert second_line(found) == ""
    assert "⚠" not in found.out
    assert unknown in found.err
    assert unknown not in cli("plan", clone, "--quiet").err


def test_outside_of_git_a_base_that_was_asked_for_is_an_error(cli: Run, catalog: Path) -> None:
    found = cli("plan", catalog, "--base", "HEAD")
    assert (found.code, "is in no Git repository" in found.err) == (64, True)
    plain = cli("plan", catalog)
    told = "Edits on the server are not told apart: there is no Git repository"
    assert (plain.code, second_line(plain)) == (0, told)


def test_a_base_without_the_catalog_makes_everything_pending(cli: Run, catalog: Path) -> None:
    git(catalog.parent, "init", "-q", "-b", "main")
    git(catalog.parent, "commit", "-q", "-m", "empty", "--allow-empty")
    git(catalog, "add", "-A")
    found = cli("plan", catalog, "--base", "HEAD")
    assert "where this catalog does not exist" in second_line(found)
    assert "⚠" not in found.out


def test_a_renamed_manifest_is_told_apart_by_what_it_was(cli: Run, applied: Path, web: Web) -> None:
    web.put("/tags", {"add": ["by-hand"], "delete": []})
    (applied / "models/ink-heroes").rename(applied / "models/heroes")
    write(applied / "models/heroes/model.yaml", f"{MODEL}renamedFrom: ink-heroes\n")
    write(
        applied / "models/both.yaml",
        (applied / "models/both.yaml").read_text().replace("ink-heroes", "heroes"),
    )
    git(applied, "add", "-A")
    found = cli("plan", applied)
    assert "    ⚠ tags would undo an edit on the server (by-hand)\n" in found.out
    assert found.out.splitlines()[-2] == UNDOES_ONE


@pytest.mark.parametrize("edited", [False, True], ids=["as it was", "edited"])
@pytest.mark.parametrize("how", ["--prune", "state: absent"])
def test_a_delete_is_told_apart_by_all_that_goes(
    cli: Run, applied: Path, web: Web, server: Any, how: str, edited: bool
) -> None:
    if edited:
        text = web.description.replace("# Ink", "# By hand")
        server.control.set_description(web.model["id"], text)
    (applied / "models/both.yaml").unlink()
    if how == "--prune":
        shutil.rmtree(applied / "models/ink-heroes")
        write(applied / "models/other.yaml", "name: Other\ntype: custom\n")
    else:
        write(applied / "models/ink-heroes/model.yaml", f"{MODEL}state: absent\n")
        write(applied / "models/both.yaml", "name: Both\ntype: flux.1-composition\nstate: absent\n")
    found = cli("plan", applied, *([how] if how == "--prune" else []))
    assert "2 to delete." in found.out
    assert ("would delete a model that was edited on the server" in found.out) is edited


def test_an_edit_after_the_plan_keeps_a_model_from_being_deleted(
    applied: Path, web: Web, server: Any
) -> None:
    write(applied / "models/both.yaml", "name: Both\ntype: flux.1-composition\nstate: absent\n")
    model_id = web.models["Both"]["id"]
    terminal = Terminal("apply", applied, url=server.url)
    terminal.until("DELETE 1 of them")
    server.control.set_description(model_id, "Still needed.")
    terminal.type("y\n")
    terminal.until(
        "! conflict delete both: somebody changed the description after this plan read it"
    )
    assert terminal.end() == 5
    assert "Both" in web.models


def test_a_catalog_that_was_moved_since_it_was_applied_is_not_taken_for_clean(
    cli: Run, clone: Path, web: Web
) -> None:
    assert cli("apply", clone, "--yes", "--record", "git-note").code == 0
    web.put("", {"shortDescription": "By hand."})
    elsewhere = clone / "elsewhere"
    elsewhere.mkdir()
    for name in ("catalog.yaml", "models"):
        git(clone, "mv", name, f"elsewhere/{name}")
    git(clone, "commit", "-q", "-m", "moved")
    found = cli("drift", elsewhere)
    assert (found.code, "has no catalog in this folder" in found.out) == (2, True)
    assert "By hand." in found.out


def test_a_worktree_knows_the_notes_of_its_repository(
    cli: Run, applied: Path, web: Web, tmp_path: Path
) -> None:
    web.put("", {"shortDescription": "By hand."})
    git(applied, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    assert UNDOES_ONE in cli("plan", tmp_path / "side/catalog").out


def pull_request(upstream: Path, to: Path, *options: str) -> tuple[Path, dict[str, str]]:
    """A clone with the merge of a pull request, as GitHub's checkout leaves it, and its job."""
    git(upstream, "checkout", "-q", "-b", "topic")
    rewrite(upstream, "[comic, ink]", "[comic, ink, mine]")
    commit(upstream)
    git(upstream, "checkout", "-q", "main")
    git(upstream, "checkout", "-q", "--detach")
    git(upstream, "merge", "-q", "--no-ff", "-m", "merge", "topic")
    merge = git(upstream, "rev-parse", "HEAD")
    git(upstream, "update-ref", "refs/pull/7/merge", merge)
    git(upstream, "checkout", "-q", "main")
    to.mkdir()
    git(to, "init", "-q")
    git(to, "fetch", "-q", *options, f"file://{upstream.parent}", "refs/pull/7/merge")
    git(to, "checkout", "-q", "FETCH_HEAD")
    job = {"GITHUB_BASE_REF": "main", "GITHUB_SHA": merge, "GITHUB_REF": "refs/pull/7/merge"}
    return to / "catalog", job


def test_a_pull_request_is_compared_with_where_it_left_its_branch(
    cli: Run, clone: Path, web: Web, tmp_path: Path
) -> None:
    cli("apply", clone, "--yes")
    web.put("", {"shortDescription": "By hand."})
    catalog, job = pull_request(clone, tmp_path / "job", "--depth=2")
    found = cli("plan", catalog, env=job)
    main = git(clone, "rev-parse", "main")
    assert second_line(found) == (
        f"Edits on the server are told apart by commit {main[:12]} (where this left main)."
    )
    assert UNDOES_ONE in found.out


def test_a_shallow_clone_says_what_to_fetch_and_compares_two_sides(
    cli: Run, clone: Path, tmp_path: Path
) -> None:
    cli("apply", clone, "--yes")
    catalog, job = pull_request(clone, tmp_path / "job", "--depth=1")
    found = cli("plan", catalog, env=job)
    assert found.code == 0
    assert "not told apart: this clone does not tell where this left main; fetch" in found.out
    assert "fetch-depth: 0" in found.out
    assert "⚠" not in found.out
    assert cli("plan", catalog, "--only-mine", env=job).code == 64


def test_a_merge_request_is_told_its_merge_base(cli: Run, clone: Path, web: Web) -> None:
    cli("apply", clone, "--yes")
    web.put("", {"shortDescription": "By hand."})
    base = git(clone, "rev-parse", "HEAD")
    rewrite(clone, "[comic, ink]", "[comic, ink, mine]")
    commit(clone)
    job = {
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
    }
    assert UNDOES_ONE in cli("plan", clone, env=job).out
    gone = job | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "0" * 40}
    assert "not told apart: there is no commit" in cli("plan", clone, env=gone).out


def test_a_note_has_a_line_for_every_project_and_the_newest_counts(
    cli: Run, clone: Path, project: str
) -> None:
    for number in (1, 2, 1):
        place = ["--project", f"{project}_{number}"]
        assert cli("apply", clone, "--yes", "--record", "git-note", *place).code == 0
    note = git(clone, "notes", f"--ref={NOTES}", "show", "HEAD")
    assert [json.loads(line)["project"] for line in note.splitlines()] == [
        f"{project}_2",
        f"{project}_1",
    ]
    first = git(clone, "rev-parse", "HEAD")
    rewrite(clone, "[comic, ink]", "[comic, ink, mine]")
    second = commit(clone)
    one, two = (["--project", f"{project}_{number}"] for number in (1, 2))
    done = cli("apply", clone, "--yes", "--record", "git-note", *one)
    assert done.err.endswith(f"Recorded in {NOTES}: commit {second[:12]} was applied.\n")
    assert second[:12] in second_line(cli("plan", clone, *one))
    assert first[:12] in second_line(cli("plan", clone, *two))


def test_a_note_counts_on_its_own_server_alone(
    cli: Run, clone: Path, server: Any, tmp_path: Path
) -> None:
    trial = ["--sandbox", tmp_path / "trial"]
    first = git(clone, "rev-parse", "HEAD")
    assert cli("apply", clone, "--yes", "--record", "git-note").code == 0
    rewrite(clone, "[comic, ink]", "[comic, ink, mine]")
    second = commit(clone)
    assert cli("apply", clone, "--yes", "--record", "git-note", *trial).code == 0
    note = git(clone, "notes", f"--ref={NOTES}", "show", second)
    assert json.loads(note)["server"] == f"sandbox:{tmp_path / 'trial'}"
    assert first[:12] in second_line(cli("plan", clone))
    assert second[:12] in second_line(cli("plan", clone, *trial))
    assert second_line(cli("plan", clone, "--sandbox", tmp_path / "other")) == ""


def test_a_note_of_an_older_version_counts_for_no_server_that_needs_a_name(
    cli: Run, applied: Path, server: Any, tmp_path: Path
) -> None:
    note = json.loads(git(applied, "notes", f"--ref={NOTES}", "show", "HEAD"))
    assert note.pop("server") == server.url
    text = json.dumps(note)
    git(applied, "notes", f"--ref={NOTES}", "add", "--force", "--message", text, "HEAD")
    assert second_line(cli("plan", applied)) == ""
    assert second_line(cli("plan", applied, "--sandbox", tmp_path / "trial")) == ""
    place = Applied("acme", note["target"], note["project"])
    assert newest_applied(applied, place) == git(applied, "rev-parse", "HEAD")
    assert newest_applied(applied, replace(place, server=server.url)) is None


def test_a_tag_is_not_moved_by_a_trial_on_another_server(
    cli: Run, clone: Path, tmp_path: Path
) -> None:
    record = ["--record", "git-tag:applied"]
    assert cli("apply", clone, "--yes", *record).code == 0
    first = git(clone, "rev-parse", "applied^{commit}")
    rewrite(clone, "[comic, ink]", "[comic, ink, mine]")
    commit(clone)
    trial = cli("apply", clone, "--yes", *record, "--sandbox", tmp_path / "trial")
    assert (trial.code, "the tag applied says what was applied on http" in trial.err) == (64, True)
    assert git(clone, "rev-parse", "applied^{commit}") == first


def test_a_tag_moves_and_names_the_base(cli: Run, clone: Path, web: Web) -> None:
    record = ["--record", "git-tag:applied/main"]
    cli("apply", clone, "--yes", *record)
    first = git(clone, "rev-parse", "applied/main^{commit}")
    rewrite(clone, "[comic, ink]", "[comic, ink, mine]")
    second = commit(clone)
    assert cli("apply", clone, "--yes", *record).code == 0
    assert git(clone, "rev-parse", "applied/main^{commit}") == second != first
    web.put("", {"shortDescription": "By hand."})
    found = cli("plan", clone, "--base", "applied/main")
    assert second_line(found).endswith(f"{second[:12]} (applied/main).")
    assert UNDOES_ONE in found.out


@pytest.mark.parametrize(
    ("name", "said"), [("v1", "was not made by catalog-sync"), ("a..b", "is no name for a tag")]
)
def test_a_tag_that_is_not_ours_is_left_where_it_is(
    cli: Run, clone: Path, server: Any, project: str, name: str, said: str
) -> None:
    git(clone, "tag", "v1")
    found = cli("apply", clone, "--yes", "--record", f"git-tag:{name}")
    assert (found.code, said in found.err) == (64, True)
    assert live(server, project) == {}


@pytest.mark.parametrize(
    ("edit", "options", "said"),
    [
        ("", ["--only", "ink-*"], "only some of the models were to be applied"),
        ("tags: [late]\n", [], "are not those of the commit that is checked out"),
        ("epoch: '1'\n", [], "are not those of the commit"),
    ],
    ids=["only some", "a dirty tree", "refused"],
)
def test_what_is_not_whole_or_not_committed_is_not_recorded(
    cli: Run, clone: Path, edit: str, options: list[str], said: str
) -> None:
    both = clone / "models/both.yaml"
    write(both, both.read_text() + edit)
    found = cli("apply", clone, "--yes", "--record", "git-note", *options)
    assert found.err.splitlines()[-1].startswith("Not recorded: ")
    assert said in found.err
    assert git(clone, "for-each-ref", NOTES) == ""


def test_an_apply_in_part_is_not_recorded(cli: Run, clone: Path) -> None:
    both = clone / "models/both.yaml"
    write(both, both.read_text() + "epoch: '1'\n")
    commit(clone)
    found = cli("apply", clone, "--yes", "--record", "git-note")
    assert found.code == 4
    assert found.err.endswith("Not recorded: not everything was applied.\n")
    assert git(clone, "for-each-ref", NOTES) == ""


def test_recording_runs_no_hook_and_needs_no_name(
    cli: Run, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = clone.parent / ".git/hooks/reference-transaction"
    write(hook, f"#!/bin/sh\ntouch '{tmp_path}/hooked'\n")
    hook.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    git(clone, "config", "user.useConfigOnly", "true")
    (tmp_path / "hooked").unlink(missing_ok=True)
    assert cli("apply", clone, "--yes", "--record", "git-note").code == 0
    assert git(clone, "for-each-ref", "--format=%(refname)", NOTES) == NOTES
    assert not (tmp_path / "hooked").exists()


def test_lfs_pointers_are_the_files_they_stand_for(cli: Run, applied: Path, web: Web) -> None:
    for image in (applied / "models/ink-heroes/images").iterdir():
        content = image.read_bytes()
        blob = git(
            applied,
            *("hash-object", "-w", "--stdin"),
            given=pointer(sha256(content).hexdigest(), len(content)),
        )
        path = image.relative_to(applied.parent).as_posix()
        git(applied, "update-index", "--cacheinfo", f"100644,{blob},{path}")
    git(applied, "commit", "-q", "-m", "to LFS")
    web.put("/examples", {"assetIds": web.model["exampleAssetIds"][1:]})
    found = cli("plan", applied, "--base", "HEAD")
    assert "    ⚠ examples would undo an edit on the server (1.webp)\n" in found.out
    assert UNDOES_ONE in found.out


def test_the_question_says_what_would_be_undone(
    applied: Path, web: Web, server: Any, project: str
) -> None:
    web.put("", {"shortDescription": "By hand."})
    terminal = Terminal("apply", applied, url=server.url)
    terminal.until(f"Apply to 1 model in main {project}, UNDO 1 edit on the server? [y/N]")
    terminal.type("n\n")
    assert terminal.end() == 1
