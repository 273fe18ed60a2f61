"""Models that somebody deleted come back: by the plan, by their key, by their id."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults, Rule
from tests.cli.conftest import Run, live, write
from tests.cli.holding import Held
from tests.cli.terminal import Terminal
from tests.cli.test_hanging import Hanging, silent

COLLECTIONS = "collections: [Best]\n"


@pytest.fixture
def deleted(cli: Run, catalog: Path, server: Any, project: str) -> str:
    """The catalog is applied, and somebody deleted a model; its id."""
    manifest = catalog / "models/ink-heroes/model.yaml"
    write(manifest, manifest.read_text(encoding="utf-8") + COLLECTIONS)
    assert cli("apply", catalog, "--yes").code == 0
    return delete(server.url, project, "Ink Heroes")


def delete(url: str, project: str, name: str) -> str:
    params = {"projectId": project, "pageSize": "500"}
    models = httpx.get(f"{url}/models", params=params, auth=("k", "s")).json()["models"]
    (model_id,) = (str(model["id"]) for model in models if model["name"] == name)
    httpx.delete(
        f"{url}/models/{model_id}", params={"projectId": project}, auth=("k", "s")
    ).raise_for_status()
    return model_id


def test_a_plan_offers_to_restore_what_was_deleted(
    cli: Run, catalog: Path, deleted: str, server: Any, project: str
) -> None:
    shown = cli("plan", catalog)
    assert f'= restore ink-heroes  "Ink Heroes"  {deleted}\n    (deleted 20' in shown.out
    assert ", restorable until 20" in shown.out
    assert "tags              +comic +ink" in shown.out
    assert "collections       +Best" in shown.out
    assert "1 to restore." in shown.out
    assert "examples" not in shown.out
    done = cli("apply", catalog, "--yes")
    assert (done.code, "1 restored" in done.out) == (0, True)
    model = live(server, project)["Ink Heroes"]
    assert (model["id"], len(model["collectionIds"])) == (deleted, 1)
    assert cli("plan", catalog, "--detailed-exitcode").code == 0


def test_a_saved_plan_restores_what_was_approved(
    cli: Run, catalog: Path, deleted: str, server: Any, project: str, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    assert cli("plan", catalog, "--out", plan).code == 0
    assert "= restore ink-heroes" in cli("show", plan).out
    assert cli("apply", catalog, plan).code == 0
    assert live(server, project)["Ink Heroes"]["id"] == deleted


def test_a_saved_plan_that_makes_a_model_anew_does_so(
    cli: Run, catalog: Path, deleted: str, server: Any, project: str, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    assert cli("plan", catalog, "--anew", "--out", plan).code == 0
    assert cli("apply", catalog, plan).code == 0
    assert live(server, project)["Ink Heroes"]["id"] != deleted


def test_every_reading_tells_of_a_restore(
    cli: Run, catalog: Path, deleted: str, tmp_path: Path
) -> None:
    markdown, page = tmp_path / "plan.md", tmp_path / "plan.html"
    shown = cli("plan", catalog, "--markdown", markdown, "--html", page, "--json")
    document = json.loads(shown.out)
    assert document["counts"]["restore"] == 1
    (model,) = document["models"]
    assert model["actions"][0]["type"] == "RestoreModel"
    assert model["actions"][0]["id"] == deleted
    for path in (markdown, page):
        text = path.read_text(encoding="utf-8")
        assert "restore" in text
        assert "restorable until" in text


def test_a_snapshot_tells_what_can_be_restored(
    cli: Run, catalog: Path, deleted: str, tmp_path: Path
) -> None:
    taken = tmp_path / "snapshot.json"
    assert cli("snapshot", catalog, "--out", taken).code == 0
    shown = cli("plan", catalog, "--against", f"snapshot:{taken}")
    assert f'= restore ink-heroes  "Ink Heroes"  {deleted}' in shown.out


def test_drift_calls_it_gone(cli: Run, catalog: Path, deleted: str) -> None:
    found = cli("drift", catalog)
    assert (found.code, "gone" in found.out) == (2, True)
    assert "catalog-sync restore KEY" in found.out


def test_a_model_is_restored_by_its_key(
    cli: Run, catalog: Path, deleted: str, server: Any, project: str
) -> None:
    done = cli("restore", "ink-heroes", "-C", catalog, "--yes")
    assert (done.code, "1 restored" in done.out) == (0, True)
    assert live(server, project)["Ink Heroes"]["id"] == deleted
    again = cli("restore", "ink-heroes", "-C", catalog, "--yes")
    assert (again.code, f"ink-heroes is there ({deleted})" in again.err) == (1, True)
    assert "restore --list" in again.err
    manifest = catalog / "models/ink-heroes/model.yaml"
    write(manifest, manifest.read_text(encoding="utf-8").replace("comic, ink", "comic"))
    other = cli("restore", "ink-heroes", "-C", catalog, "--yes")
    assert (other.code, "`catalog-sync apply --only ink-heroes`" in other.err) == (1, True)


def test_nothing_is_restored_unasked(
    cli: Run, catalog: Path, deleted: str, server: Any, project: str
) -> None:
    shown = cli("restore", "ink-heroes", "-C", catalog)
    assert shown.code == 64
    assert "= restore ink-heroes" in shown.out
    assert "Ink Heroes" not in live(server, project)


def test_only_what_is_named_is_restored(
    cli: Run, catalog: Path, deleted: str, server: Any, project: str
) -> None:
    delete(server.url, project, "Both")
    assert cli("restore", "ink-heroes", "-C", catalog, "--yes", "--json").code == 0
    assert list(live(server, project)) == ["Ink Heroes"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("both",), 1, "both is there"),
        (("nobody",), 64, "--id takes what has no manifest any more"),
        ((), 64, "name KEYs"),
        (("ink-heroes", "--list"), 64, "name KEYs"),
        (("--id", "model_none"), 1, "not among the deleted models"),
    ],
)
def test_what_cannot_be_restored_is_said(
    cli: Run, catalog: Path, deleted: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    found = cli("restore", *arguments, "-C", catalog, "--yes")
    assert (found.code, said in found.err) == (code, True), found.err


def test_the_list_says_what_can_be_restored_and_for_how_long(
    cli: Run, catalog: Path, deleted: str
) -> None:
    shown = cli("restore", "--list", "-C", catalog)
    assert f'{deleted}  "Ink Heroes"  acme/ink-heroes  deleted 20' in shown.out
    assert "30 days left" in shown.out
    (row,) = json.loads(cli("restore", "--list", "-C", catalog, "--json").out)["restorable"]
    assert (row["id"], row["days_left"], row["keys"]) == (deleted, 30, ["acme/ink-heroes"])


def test_an_empty_list_is_said(cli: Run, catalog: Path) -> None:
    assert cli("restore", "--list", "-C", catalog).out == "Nothing can be restored.\n"


def test_a_model_without_manifest_is_restored_by_its_id(
    cli: Run, catalog: Path, deleted: str, server: Any, project: str
) -> None:
    refused = cli("restore", "--id", deleted, "-C", catalog, "--yes")
    assert (refused.code, "catalog-sync restore ink-heroes" in refused.err) == (64, True)
    for path in sorted((catalog / "models/ink-heroes").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    write(catalog / "models/both.yaml", "name: Both\ntype: flux.1-lora\n")
    done = cli("restore", "--id", deleted, "-C", catalog, "--yes", "--json")
    assert done.code == 0
    assert json.loads(done.out)["restored"] == [
        {"id": deleted, "name": "Ink Heroes", "tags": ["comic", "ink"]}
    ]
    assert live(server, project)["Ink Heroes"]["tags"] == ["comic", "ink"]


DEFAULT = "proj_default"


def two_gone(server: Any) -> list[str]:
    """Two deleted models that no manifest describes; their ids."""
    ids = []
    for name in ("One", "Two"):
        server.control.create_model(name=name, tags=["comic"])
        ids.append(delete(server.url, DEFAULT, name))
    return ids


def by_id(catalog: Path, *ids: str) -> list[object]:
    named = [word for model_id in ids for word in ("--id", model_id)]
    return ["restore", *named, "-C", catalog, "--project", DEFAULT, "--yes"]


def test_a_signal_ends_a_restore_by_id_after_the_model_that_was_begun(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    held = Held("POST", "/restore")
    with running(tmp_path / "box", middleware=(held,)) as own:
        ids = two_gone(own)
        with Terminal(*by_id(catalog, *ids), url=own.url) as terminal:
            assert held.arrived.wait(30)
            terminal.process.send_signal(signal.SIGINT)
            terminal.until("Interrupted: what is under way is finished.")
            held.let_go.set()
            assert terminal.end() == 130
        shown = " ".join(terminal.shown.split())
        assert f'Restored "One" {ids[0]}: nobody\'s' in shown
        assert f'! not restored: "Two" {ids[1]}: interrupted' in shown
        assert list(live(own, DEFAULT)) == ["One"]
        found = cli(*by_id(catalog, *ids), "--base-url", own.url)
        assert (found.code, f"nothing to restore: {ids[0]} is there" in found.err) == (0, True)
        assert sorted(live(own, DEFAULT)) == ["One", "Two"]
        again = cli(*by_id(catalog, *ids), "--base-url", own.url)
        assert (again.code, f"{ids[1]} is there" in again.err) == (1, True)


def test_what_came_back_is_told_though_another_model_is_refused(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    with running(tmp_path / "box", max_models=1) as own:
        ids = two_gone(own)
        found = cli(*by_id(catalog, *ids), "--json", "--base-url", own.url)
        assert list(live(own, DEFAULT)) == ["One"]
    told = json.loads(found.out)
    assert found.code == 4
    assert told["restored"] == [{"id": ids[0], "name": "One", "tags": ["comic"]}]
    assert [(each["id"], each["tags"]) for each in told["failed"]] == [(ids[1], ["comic"])]
    assert f'! not restored: "Two" {ids[1]}: ' in found.err
    assert "a restored model counts as a model" in found.err


def test_a_model_that_is_back_without_its_tags_is_told_with_them(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    faults = Faults(0, [Rule(("401",), "PUT /models/{}/tags", times=1)])
    with running(tmp_path / "box", middleware=(faults,)) as own:
        one, _ = two_gone(own)
        found = cli(*by_id(catalog, one), "--base-url", own.url)
    assert found.code == 4
    assert f'! restored "One" {one}, but without its tags comic: ' in found.out
    assert "put them on in the web page" in found.out


def test_the_json_of_a_restore_by_id_that_fails_tells_the_error(
    cli: Run, catalog: Path, without_restore: Any
) -> None:
    one, _ = two_gone(without_restore)
    found = cli(*by_id(catalog, one), "--json", "--base-url", without_restore.url)
    told = json.loads(found.out)
    assert (found.code, told["error"]["exit_code"], told["restored"]) == (3, 3, [])
    assert told["failed"][0]["reason"] == told["error"]["message"]


@pytest.fixture
def without_restore(tmp_path: Path) -> Iterator[Any]:
    with running(tmp_path / "box", restores=False) as own:
        yield own


def test_a_plan_of_scenario_without_restore_is_explained(
    cli: Run, catalog: Path, project: str, without_restore: Any
) -> None:
    url = without_restore.url
    here = ("--base-url", url)
    assert cli("apply", catalog, "--yes", *here).code == 0
    model_id = delete(url, project, "Ink Heroes")
    refused = cli("apply", catalog, "--yes", *here)
    assert refused.code == 3
    assert "Max plan or above" in refused.out
    assert "apply with --anew to create it anew" in refused.out
    by_id = cli("restore", "--id", model_id, "-C", catalog, "--yes", *here)
    assert by_id.code == 64
    assert cli("apply", catalog, "--yes", "--anew", *here).code == 0
    assert cli("plan", catalog, "--detailed-exitcode", *here).code == 0


def test_what_is_too_old_is_explained(
    cli: Run, catalog: Path, project: str, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    with running(tmp_path / "box") as own:
        here = ("--base-url", own.url)
        assert cli("apply", catalog, "--yes", *here).code == 0
        delete(own.url, project, "Ink Heroes")
        assert cli("plan", catalog, "--out", plan, *here).code == 0
        own.control.advance(31 * 24 * 3600)
        assert "+ create ink-heroes" in cli("plan", catalog, *here).out
        assert "plan again" in cli("apply", catalog, plan, *here).out


def test_an_undo_of_a_deleted_model_says_how_to_bring_it_back(
    cli: Run, catalog: Path, deleted: str, tmp_path: Path
) -> None:
    assert cli("restore", "ink-heroes", "-C", catalog, "--yes").code == 0
    (catalog / "models/both.yaml").unlink()
    manifest = catalog / "models/ink-heroes/model.yaml"
    write(manifest, manifest.read_text(encoding="utf-8").replace("comic, ink", "comic"))
    undo = tmp_path / "undo.json"
    assert cli("apply", catalog, "--yes", "--prune", "--undo-into", undo).code == 0
    write(manifest, manifest.read_text(encoding="utf-8") + "state: absent\n")
    assert cli("apply", catalog, "--yes").code == 0
    shown = cli("plan", catalog, "--restore", undo)
    assert f"catalog-sync restore --id {deleted}" in shown.out


REQUESTS = (
    "GET /models",
    "GET /collections",
    "GET /models/{}",
    "POST /collections",
    "POST /models/{}/restore",
    "PUT /models/{}/tags",
    "DELETE /collections/{}",
    "PUT /collections/{}/models",
    "PUT /models/{}/description",
    "PUT /models/{}/prompt-guide",
    "POST /assets/get-bulk",
)
"""The requests of a restore that may hang or be its last."""


def test_the_table_holds_every_request(cli: Run, catalog: Path, deleted: str, server: Any) -> None:
    server.control.forget_requests()
    assert cli("restore", "ink-heroes", "-C", catalog, "--yes").code == 0
    assert set(server.control.requests()) == set(REQUESTS)


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_that_hangs_ends_it_and_the_next_run_goes_on(
    cli: Run, catalog: Path, project: str, tmp_path: Path, request_: str
) -> None:
    manifest = catalog / "models/ink-heroes/model.yaml"
    write(manifest, manifest.read_text(encoding="utf-8") + COLLECTIONS)
    with running(tmp_path / "box") as own:
        assert cli("apply", catalog, "--yes", "--base-url", own.url).code == 0
        model_id = delete(own.url, project, "Ink Heroes")
    hanging = Hanging(request_, silent)
    command = ("restore", "ink-heroes", "-C", catalog, "--yes")
    with running(tmp_path / "box", middleware=(hanging,)) as own:
        quick = ("--timeout", "0.6", "--jobs", "2")
        found = cli(*command, "--base-url", own.url, *quick)
        assert hanging.hung
        assert found.code in (1, 4), found.out + found.err
        assert "no answer in time" in found.out + found.err
    with running(tmp_path / "box") as own:
        assert cli("apply", catalog, "--yes", "--base-url", own.url).code == 0
        models = live(own, project)
        assert models["Ink Heroes"]["id"] == model_id
        assert sorted(models) == ["Both", "Ink Heroes"]
        assert models["Ink Heroes"]["tags"] == ["catalog-sync:acme/ink-heroes", "comic", "ink"]
        found = cli("plan", catalog, "--detailed-exitcode", "--base-url", own.url)
        assert found.code == 0, found.out


def test_a_list_that_hangs_ends(cli: Run, catalog: Path, tmp_path: Path) -> None:
    hanging = Hanging("GET /models", silent)
    with running(tmp_path / "box", middleware=(hanging,)) as own:
        where = ("-C", catalog, "--base-url", own.url, "--timeout", "0.6")
        found = cli("restore", "--list", *where)
    assert (found.code, "no answer in time" in found.err) == (1, True)
