"""An apply keeps what it is about to change, and `--restore` brings it back."""

import json
import shlex
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import MODEL, OTHER, Result, Run, write
from tests.cli.conftest import live as listed
from tests.cli.test_restore import delete

EDITED = """\
name: Pen Heroes
type: flux.1-lora
shortDescription: Other heroes.
tags: [comic, pen]
collections: [Comics]
description: Short.
promptGuide: ""
thumbnail: ""
examples: [images/3.webp, images/1.webp]
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder for what applies changed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/catalog-sync/undo"


@pytest.fixture
def applied(cli: Run, catalog: Path, state: Path) -> Path:
    """The catalog, applied once."""
    assert cli("apply", catalog, "--yes", "-q").code == 0
    return catalog


def live(cli: Run, catalog: Path) -> Any:
    """All that the server tells of the project's models, but for the time."""
    cli("snapshot", catalog, "--out", "live.json")
    models = json.loads(Path("live.json").read_bytes())["snapshot"]["models"]
    return {id: {**model, "updated_at": ""} for id, model in models.items()}


def names(server: Any, project: str) -> dict[str, str]:
    """The ids of the project's models by their names."""
    return {name: model["id"] for name, model in listed(server, project).items()}


def edit(catalog: Path) -> None:
    write(catalog / "models/ink-heroes/model.yaml", EDITED)


def test_the_last_line_says_how_to_go_back_and_that_works(cli: Run, applied: Path) -> None:
    before = live(cli, applied)
    edit(applied)
    done = cli("apply", applied, "--yes")
    after = live(cli, applied)
    assert after != before
    last = done.err.splitlines()[-1]
    assert last.startswith("To go back: catalog-sync apply ")
    command = shlex.split(last.removeprefix("To go back: catalog-sync "))
    planned = cli("plan", *command[1:])
    assert "Back to what was read" in planned.err
    assert "Pen Heroes" in planned.out
    assert "Plan: 0 to create, 1 to update, 0 files to upload (0 B), 1 reorder" in planned.out
    assert json.loads(cli("plan", *command[1:], "--json").out)["orphans"] == []
    back = cli(*command, "--yes")
    assert back.code == 0
    assert live(cli, applied) == before
    assert "revert the commit too" in back.err
    assert "revert the commit too" not in done.err
    again = shlex.split(back.err.splitlines()[-1].removeprefix("To go back: catalog-sync "))
    assert cli(*again, "--yes").code == 0
    assert live(cli, applied) == after


def test_nothing_is_written_unless_the_file_is(cli: Run, applied: Path) -> None:
    before = live(cli, applied)
    edit(applied)
    assert cli("apply", applied, "--yes", "--undo-into", "nowhere/undo.json").code == 64
    full = cli("apply", applied, "--yes", "--undo-into", "/dev/full")
    assert (full.code, "No space left" in full.err) == (1, True)
    assert live(cli, applied) == before


@pytest.mark.parametrize(
    ("options", "place"),
    [
        (
            ["--html", "c.html", "--markdown", "b.md", "--json-into", "out/a.json"],
            "out/a.undo.json",
        ),
        (["--html", "c.html", "--markdown", "b.md"], "b.undo.json"),
        (["--html", "c.html"], "c.undo.json"),
        (["--json-into", "a.json", "--undo-into", "way/back.json"], "way/back.json"),
    ],
)
def test_the_way_back_lies_beside_the_report(
    cli: Run, applied: Path, options: list[str], place: str
) -> None:
    for folder in ("out", "way"):
        Path(folder).mkdir()
    before = live(cli, applied)
    edit(applied)
    done = cli("apply", applied, "--yes", "--json", *options)
    (way_back,) = (line for line in done.err.splitlines() if line.startswith("To go back: "))
    assert way_back.endswith(f"--restore {place}")
    assert json.loads(done.out)["undo"] == place
    assert [str(path) for path in Path().rglob("*back.json")] + [
        str(path) for path in Path().rglob("*.undo.json")
    ] == [place]
    assert cli("apply", applied, "--yes", "-q", "--restore", place).code == 0
    assert live(cli, applied) == before


def test_the_next_report_of_that_name_loses_no_way_back(
    cli: Run, applied: Path, state: Path
) -> None:
    (folder,) = state.iterdir()
    kept = len(list(folder.iterdir()))
    for words in ("One.", "Two."):
        write(applied / "models/ink-heroes/model.yaml", EDITED.replace("Other heroes.", words))
        assert cli("apply", applied, "--yes", "-q", "--json-into", "r.json").code == 0
    last = json.loads(Path("r.undo.json").read_bytes())["snapshot"]["models"]
    assert [model["short_description"] for model in last.values()] == ["One."]
    assert len(list(folder.iterdir())) == kept + 2
    edit(applied)
    nobodys = {"XDG_STATE_HOME": "/dev/null/state"}
    done = cli("apply", applied, "--yes", "--json-into", "r.json", env=nobodys)
    assert (done.code, "kept nowhere" in done.err) == (0, False)


def test_a_report_that_is_no_file_has_nothing_beside_it(
    cli: Run, applied: Path, state: Path
) -> None:
    edit(applied)
    done = cli("apply", applied, "--yes", "--json-into", "/dev/null")
    assert str(state) in done.err.splitlines()[-1]


def test_nothing_is_applied_where_nothing_can_lie_beside_the_report(
    cli: Run, applied: Path
) -> None:
    before = live(cli, applied)
    edit(applied)
    Path("r.undo.json").mkdir()
    folder = cli("apply", applied, "--yes", "--json-into", "r.json")
    assert (folder.code, "r.undo.json is a folder" in folder.err) == (64, True)
    twice = cli("apply", applied, "--yes", "--json-into", "s.json", "--html", "s.undo.json")
    assert (twice.code, "is where the way back goes" in twice.err) == (64, True)
    assert live(cli, applied) == before


def test_a_way_back_is_not_written_over_the_one_that_is_gone(cli: Run, applied: Path) -> None:
    edit(applied)
    assert cli("apply", applied, "--yes", "-q", "--json-into", "r.json").code == 0
    kept = Path("r.undo.json").read_bytes()
    same = cli("apply", applied, "--yes", "--restore", "r.undo.json", "--json-into", "r.json")
    assert (same.code, "over the file that is restored" in same.err) == (64, True)
    other = cli("apply", applied, "--yes", "--restore", "r.undo.json", "--json-into", "back.json")
    assert (other.code, Path("back.undo.json").is_file()) == (0, True)
    assert Path("r.undo.json").read_bytes() == kept


def test_it_names_the_models_and_the_fields(cli: Run, applied: Path) -> None:
    edit(applied)
    done = cli("apply", applied, "--yes", "--undo-into", "undo.json")
    assert done.code == 0
    assert "--restore undo.json" in done.err
    kept = json.loads(Path("undo.json").read_bytes())
    (touched,) = kept["undo"]["touched"].values()
    assert touched["key"] == "ink-heroes"
    assert set(touched["fields"]) >= {"name", "tags", "examples", "thumbnail", "collections"}


def test_it_holds_no_secret_and_is_for_the_user_alone(cli: Run, applied: Path, state: Path) -> None:
    edit(applied)
    secrets = {"SCENARIO_SDK_API_KEY": "key-5ecret", "SCENARIO_SDK_API_SECRET": "s3cret-5ecret"}
    assert cli("apply", applied, "--yes", env=secrets).code == 0
    (folder,) = state.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not [path for path in folder.iterdir() if b"5ecret" in path.read_bytes()]


def test_a_user_without_such_a_folder_is_told(cli: Run, applied: Path) -> None:
    edit(applied)
    done = cli("apply", applied, "--yes", env={"XDG_STATE_HOME": "/dev/null/state"})
    assert done.code == 0
    assert "What is changed now is kept nowhere: Not a directory" in done.err
    assert "To go back" not in done.err


def test_the_last_twenty_are_kept(cli: Run, applied: Path, state: Path) -> None:
    (folder,) = state.iterdir()
    for number in range(30):
        write(folder / f"2020010{number // 10}T{number:06}.json", "{}")
    edit(applied)
    cli("apply", applied, "--yes", "-q")
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 20
    assert len([name for name in names if name > "2021"]) == 2


def test_a_trial_pushes_no_way_back_out_of_the_last_twenty(
    cli: Run, applied: Path, state: Path
) -> None:
    (folder,) = state.iterdir()
    kept = list(folder.iterdir())
    for sandbox in ("one", "two", "one"):
        assert cli("apply", applied, "--sandbox", sandbox, "--yes", "-q").code == 0
        edit(applied)
    assert list(folder.iterdir()) == kept
    assert sorted(len(list(each.iterdir())) for each in state.iterdir()) == [1, 1, 2]


def test_what_the_apply_created_stays_unless_it_is_asked_for(cli: Run, applied: Path) -> None:
    before = live(cli, applied)
    write(applied / "models/new.yaml", "name: New\ntype: custom\n")
    cli("apply", applied, "--yes", "-q", "--undo-into", "undo.json")
    back = cli("plan", applied, "--restore", "undo.json")
    assert "No changes." in back.out
    assert "new was created by that apply and stays; --prune deletes it." in back.err
    pruned = cli("plan", applied, "--restore", "undo.json", "--prune")
    assert '- delete new  "New"  model_' in pruned.out
    assert "0 reorders, 1 to delete." in pruned.out
    braked = ("apply", applied, "--restore", "undo.json", "--prune", "--yes")
    assert cli(*braked, "--allow-delete", "0").code == 5
    assert cli(*braked).code == 0
    assert live(cli, applied) == before


def test_what_the_apply_created_is_deleted_and_no_other_model(
    cli: Run, applied: Path, server: Any, project: str
) -> None:
    write(applied / "models/new.yaml", "name: New\ntype: custom\n")
    cli("apply", applied, "--yes", "-q", "--json-into", "r.json")
    made = delete(server.url, project, "New")
    assert json.loads(Path("r.undo.json").read_bytes())["undo"]["made"] == {"new": made}
    assert cli("apply", applied, "--yes", "-q", "--anew").code == 0
    before = live(cli, applied)
    back = cli("apply", applied, "--restore", "r.undo.json", "--prune", "--yes")
    assert (back.code, "No changes." in back.out) == (0, True)
    assert "new stays: nothing tells that it is the model which that apply created." in back.err
    assert live(cli, applied) == before


def test_every_copy_of_the_file_says_what_was_created(cli: Run, applied: Path, state: Path) -> None:
    write(applied / "models/new.yaml", "name: New\ntype: custom\n")
    cli("apply", applied, "--yes", "-q", "--json-into", "r.json")
    (folder,) = state.iterdir()
    last = max(folder.iterdir())
    assert last.read_bytes() == Path("r.undo.json").read_bytes()
    assert "- delete new" in cli("plan", applied, "--restore", last, "--prune").out


def of_an_older_version(path: Path) -> None:
    """Make an undo file one that says neither of which server it is nor what was created."""
    document = json.loads(path.read_bytes())
    del document["digest"], document["server"], document["undo"]["made"]
    rest = json.dumps(document | {"format_version": "1.1"}).removeprefix("{")
    digest = sha256(rest.encode()).hexdigest()
    write(path, f'{{"digest": "sha256:{digest}",\n{rest}')


def test_a_file_of_an_older_version_leads_back_and_deletes_nothing(cli: Run, applied: Path) -> None:
    edit(applied)
    write(applied / "models/new.yaml", "name: New\ntype: custom\n")
    cli("apply", applied, "--yes", "-q", "--undo-into", "undo.json")
    of_an_older_version(Path("undo.json"))
    back = cli("apply", applied, "--restore", "undo.json", "--prune", "--yes")
    assert (back.code, "1 updated" in back.out) == (0, True)
    assert "The file does not say which server it is of" in back.err
    assert "new stays: nothing tells that it is the model" in back.err
    assert sorted(m["name"] for m in live(cli, applied).values()) == ["Both", "Ink Heroes", "New"]


def test_a_deleted_model_is_refused_by_name(cli: Run, applied: Path) -> None:
    write(applied / "models/both.yaml", "name: Both\ntype: flux.1-composition\nstate: absent\n")
    cli("apply", applied, "--yes", "-q", "--undo-into", "undo.json")
    back = cli("apply", applied, "--yes", "--restore", "undo.json")
    assert back.code == 5
    assert "! refused both" in back.out
    assert "is not in the project any more" in back.out
    assert len(live(cli, applied)) == 1


def said(done: Result) -> list[list[str]]:
    """The commands that the last lines of an apply name, each without the program's name."""
    lines = [line.partition(": catalog-sync ") for line in done.err.splitlines()]
    return [shlex.split(command) for _, found, command in lines if found]


@pytest.mark.parametrize("how", ["--prune", "state: absent"])
def test_after_deletes_alone_the_last_line_brings_the_models_back(
    cli: Run, applied: Path, server: Any, project: str, how: str
) -> None:
    before = names(server, project)
    both = applied / "models/both.yaml"
    if how == "--prune":
        both.unlink()
    else:
        write(both, "name: Both\ntype: flux.1-composition\nstate: absent\n")
    done = cli("apply", applied, "--yes", *([how] if how == "--prune" else []))
    assert done.code == 0
    (command,) = said(done)
    assert command == ["restore", "-C", str(applied), "--id", before["Both"]]
    assert cli(*command, "--yes").code == 0
    assert names(server, project) == before


def test_after_deletes_and_changes_the_deleted_models_come_first(
    cli: Run, applied: Path, server: Any, project: str
) -> None:
    before, was = names(server, project), live(cli, applied)
    edit(applied)
    (applied / "models/both.yaml").unlink()
    done = cli("apply", applied, "--yes", "--prune")
    restore, back = said(done)
    assert restore[-2:] == ["--id", before["Both"]]
    assert back[:3] == ["apply", str(applied), "--restore"]
    assert "To go back with the rest: " in done.err.splitlines()[-1]
    assert [cli(*restore, "--yes").code, cli(*back, "--yes").code] == [0, 0]
    assert live(cli, applied)[before["Ink Heroes"]] == was[before["Ink Heroes"]]
    assert names(server, project) == before


def test_of_many_deleted_models_the_first_are_named(
    cli: Run, applied: Path, server: Any, project: str
) -> None:
    for number in range(7):
        write(applied / f"models/n{number}.yaml", f"name: N{number}\ntype: custom\n")
    cli("apply", applied, "--yes", "-q")
    there = names(server, project)
    for number in range(7):
        (applied / f"models/n{number}.yaml").unlink()
    done = cli("apply", applied, "--yes", "--prune", "--allow-delete", "7")
    restore, rest = said(done)
    ids = [there[f"N{number}"] for number in range(5)]
    assert restore[3:] == [word for model_id in ids for word in ("--id", model_id)]
    assert "and 2 more, which are in: catalog-sync restore" in done.err
    assert cli(*rest).out.count("deleted 20") == 7


def test_what_a_restore_deleted_comes_back_by_its_key_while_it_has_a_manifest(
    cli: Run, applied: Path, server: Any, project: str
) -> None:
    write(applied / "models/new.yaml", "name: New\ntype: custom\n")
    cli("apply", applied, "--yes", "-q", "--undo-into", "undo.json")
    before = names(server, project)
    done = cli("apply", applied, "--yes", "--restore", "undo.json", "--prune")
    (command,) = said(done)
    assert command == ["restore", "-C", str(applied), "new"]
    assert cli(*command, "--yes").code == 0
    assert names(server, project) == before


def test_a_snapshot_of_the_project_can_be_restored_too(cli: Run, applied: Path) -> None:
    before = live(cli, applied)
    Path("live.json").rename("nightly.json")
    edit(applied)
    cli("apply", applied, "--yes", "-q")
    only = cli("plan", applied, "--restore", "nightly.json", "--only", "both")
    assert "No changes." in only.out
    assert cli("apply", applied, "--restore", "nightly.json", "--yes").code == 0
    assert live(cli, applied) == before


def test_a_saved_way_back_is_applied_as_it_was_approved(cli: Run, applied: Path) -> None:
    before = live(cli, applied)
    edit(applied)
    cli("apply", applied, "--yes", "-q", "--undo-into", "undo.json")
    cli("plan", applied, "--restore", "undo.json", "--out", "plan.json")
    cli("snapshot", applied, "--out", "other.json")
    without = cli("apply", applied, "plan.json")
    assert (without.code, "--restore FILE" in without.err) == (64, True)
    another = cli("apply", applied, "plan.json", "--restore", "other.json")
    assert (another.code, "was not made with --restore" in another.err) == (5, True)
    assert live(cli, applied) != before
    write(applied / "models/ink-heroes/model.yaml", MODEL + "epoch: ''\n")
    assert cli("apply", applied, "plan.json", "--restore", "undo.json").code == 0
    assert live(cli, applied) == before
    cli("plan", applied, "--out", "plan.json")
    forward = cli("apply", applied, "plan.json", "--restore", "undo.json")
    assert (forward.code, "was not made with --restore" in forward.err) == (5, True)


def test_a_plan_against_it_is_what_that_apply_was_about(
    cli: Run, applied: Path, server: Any
) -> None:
    write(applied / "models/gone.yaml", "name: Gone\ntype: custom\ndescription: Last words.\n")
    assert cli("apply", applied, "--yes", "-q").code == 0
    (applied / "models/gone.yaml").unlink()
    write(applied / "models/both.yaml", OTHER.replace("0.8", "0.5"))
    write(applied / "models/new.yaml", "name: New\ntype: custom\n")
    before = json.loads(cli("plan", applied, "--prune", "--json").out)
    cli("apply", applied, "--prune", "--yes", "-q", "--undo-into", "undo.json")
    assert cli("plan", applied).out.endswith("No changes. 3 models match.\n")
    server.control.forget_requests()
    found = cli("plan", applied, "--against", "snapshot:undo.json")
    assert found.code == 0
    assert "against 3 models as one apply found them: a snapshot read" in found.out
    assert '- delete gone  "Gone"' in found.out
    assert "ink-heroes scale 0.8 -> 0.5" in found.out
    document = json.loads(cli("plan", applied, "--against", "snapshot:undo.json", "--json").out)
    assert [(model["key"], model["verb"], model["changes"]) for model in document["models"]] == [
        (model["key"], model["verb"], model["changes"]) for model in before["models"]
    ]
    assert document["against"].startswith("snapshot:sha256:")
    assert server.control.requests().total() == 0
    only = cli("plan", applied, "--against", "snapshot:undo.json", "--only", "both")
    assert ("~ update both" in only.out, "delete gone" in only.out) == (True, False)
    # A reading of its own, never a plan to apply.
    cli("plan", applied, "--against", "snapshot:undo.json", "--out", "plan.json")
    assert cli("apply", applied, "plan.json").code != 0


def test_a_plan_against_it_shows_texts_and_pictures_as_they_were(cli: Run, applied: Path) -> None:
    edit(applied)
    before = json.loads(cli("plan", applied, "--json").out)["models"]
    cli("apply", applied, "--yes", "-q", "--undo-into", "undo.json")
    document = json.loads(cli("plan", applied, "--against", "snapshot:undo.json", "--json").out)
    assert [model["changes"] for model in document["models"]] == [m["changes"] for m in before]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--restore", "undo.json", "--against", "git:HEAD"], "compares with the live project"),
        (["--restore", "undo.json", "--base", "HEAD"], "is not told apart from edits"),
        (["--against", "snapshot:undo.json", "--base", "HEAD"], "no edits on the server to tell"),
        (["--restore", "changed.json"], "the snapshot was changed, or is none"),
        (["--restore", "nowhere.json"], "does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_no_good_is_refused(
    cli: Run, applied: Path, arguments: list[str], says: str
) -> None:
    edit(applied)
    cli("apply", applied, "--yes", "-q", "--undo-into", "undo.json")
    text = Path("undo.json").read_text("utf-8")
    write(Path("changed.json"), text.replace("Ink Heroes", "Ink heroes"))
    refused = cli("plan", applied, *arguments)
    assert refused.code == 64
    assert says in refused.err


def test_a_file_of_another_project_is_refused(cli: Run, applied: Path) -> None:
    edit(applied)
    cli("apply", applied, "--yes", "-q", "--undo-into", "undo.json")
    refused = cli("plan", applied, "--restore", "undo.json", "--project", "proj_other")
    assert (refused.code, "the snapshot is of project" in refused.err) == (5, True)


def test_a_file_of_another_server_is_refused(cli: Run, applied: Path, server: Any) -> None:
    """The same catalog in the same project of two servers: what one created is not the other's."""
    before = live(cli, applied)
    done = cli("apply", applied, "--sandbox", "trial", "--yes", "-q", "--undo-into", "undo.json")
    assert done.code == 0
    trial = f"sandbox:{Path('trial').resolve()}"
    assert json.loads(Path("undo.json").read_bytes())["server"] == trial
    back = ("--restore", "undo.json", "--prune", "--yes")
    refused = cli("apply", applied, *back)
    assert refused.code == 5
    assert f"the file is of the server {trial}, this is {server.url}" in refused.err
    assert "--sandbox DIR" in refused.err
    assert live(cli, applied) == before
    # The embedded server has another address in every run, and is the same one.
    assert "2 to delete" in cli("plan", applied, *back[:-1], "--sandbox", "./trial").out


def test_a_file_of_the_same_server_need_not_be_spelled_the_same(
    cli: Run, applied: Path, server: Any
) -> None:
    edit(applied)
    cli("apply", applied, "--yes", "-q", "--undo-into", "undo.json", "--base-url", f"{server.url}/")
    assert cli("plan", applied, "--restore", "undo.json", "--base-url", server.url).code == 0


def test_a_snapshot_of_another_server_serves_a_plan_without_network_alone(
    cli: Run, applied: Path
) -> None:
    cli("snapshot", applied, "--out", "live.json")
    planned = cli("plan", applied, "--sandbox", "trial", "--against", "snapshot:live.json")
    assert planned.code == 0
    refused = cli("plan", applied, "--sandbox", "trial", "--restore", "live.json")
    assert (refused.code, "the file is of the server http" in refused.err) == (5, True)


def test_a_restore_does_not_write_over_what_it_reads(cli: Run, applied: Path) -> None:
    edit(applied)
    cli("apply", applied, "--yes", "-q", "--undo-into", "undo.json")
    kept = Path("undo.json").read_bytes()
    same = ("--restore", "undo.json", "--undo-into", "./undo.json")
    refused = cli("apply", applied, "--yes", *same)
    assert (refused.code, "name the same file" in refused.err) == (64, True)
    assert Path("undo.json").read_bytes() == kept


def test_json_stays_one_document(cli: Run, applied: Path) -> None:
    edit(applied)
    done = cli("apply", applied, "--yes", "--json", "--undo-into", "undo.json")
    document = json.loads(done.out)
    assert (document["counts"]["update"], document["undo"]) == (1, "undo.json")
    assert done.err.splitlines()[-1].startswith("To go back: ")
    assert "To go back" not in cli("apply", applied, "--yes", "-q", "--restore", "undo.json").err
