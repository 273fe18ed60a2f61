"""The whole way over real HTTP: plan, apply, nothing left to do."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import MODEL, Run, live, write

NOTHING = "No changes. 2 models match."


def last_line(text: str) -> str:
    return text.rstrip("\n").rpartition("\n")[2]


def rewrite(catalog: Path, before: str, after: str) -> None:
    """Edit the manifest of ink-heroes."""
    assert before in MODEL
    write(catalog / "models/ink-heroes/model.yaml", MODEL.replace(before, after))


def test_an_apply_leaves_nothing_to_do(cli: Run, catalog: Path) -> None:
    planned = cli("plan", catalog)
    assert planned.code == 0
    assert last_line(planned.out) == (
        "Plan: 2 to create, 0 to update, 3 files to upload (114 B), 0 reorders, 0 to delete."
    )
    applied = cli("apply", catalog, "--yes")
    assert (applied.code, last_line(applied.out)) == (
        0,
        "Applied: 2 created, 0 updated, 3 files uploaded (114 B), 0 deleted.",
    )
    again = cli("plan", catalog, "--detailed-exitcode")
    assert (again.code, last_line(again.out)) == (0, NOTHING)


def test_what_was_sent_is_what_is_on_disk(
    cli: Run, catalog: Path, server: Any, project: str
) -> None:
    cli("apply", catalog, "--yes")
    model = live(server, project)["Ink Heroes"]
    body = {"assetIds": model["exampleAssetIds"]}
    assets = httpx.post(
        f"{server.url}/assets/get-bulk", params={"projectId": project}, json=body, auth=("k", "s")
    ).json()["assets"]
    urls = {asset["id"]: asset["url"] for asset in assets}
    images = sorted((catalog / "models/ink-heroes/images").iterdir())
    for asset_id, image in zip(model["exampleAssetIds"], images, strict=True):
        assert httpx.get(urls[asset_id]).content == image.read_bytes()


def test_an_edit_is_planned_applied_and_gone(
    cli: Run, catalog: Path, server: Any, project: str
) -> None:
    cli("apply", catalog, "--yes")
    rewrite(catalog, "[comic, ink]", "[comic, noir]")
    planned = cli("plan", catalog, "--detailed-exitcode")
    assert planned.code == 2
    assert "tags              -ink +noir" in planned.out
    assert cli("apply", catalog, "--yes").code == 0
    assert set(live(server, project)["Ink Heroes"]["tags"]) >= {"comic", "noir"}
    assert last_line(cli("plan", catalog).out) == NOTHING


def test_a_reorder_sends_the_order_and_no_file(cli: Run, catalog: Path, server: Any) -> None:
    cli("apply", catalog, "--yes")
    rewrite(
        catalog,
        "[images/1.webp, images/2.webp, images/3.webp]",
        "[images/3.webp, images/1.webp, images/2.webp]",
    )
    server.control.forget_requests()
    applied = cli("apply", catalog, "--yes")
    assert "> move   3.webp" in applied.out
    assert "3 -> 1" in applied.out
    sent = server.control.requests()
    assert sent["PUT /models/{}/examples"] == 1
    assert not sent["POST /assets"]


@pytest.mark.parametrize(
    "text",
    [
        "crlf\r\nlines\r\n\r\n\r\n",
        "no line end",
        "NFC é and NFD e\u0301",
        "emoji 🎨👩\u200d🎤 and \u202ebidi",
        "{model:model_nowhere}",
        "```\n![not](an/image.webp)\n```\n",
        " leading and trailing ",
        "\n\n\n",
        "| a | b |\n|---|---|\n<script>alert(1)</script>\n",
    ],
)
def test_hostile_texts_make_the_round_trip(cli: Run, catalog: Path, text: str) -> None:
    write(catalog / "models/ink-heroes/description.md", text)
    assert cli("apply", catalog, "--yes").code == 0
    assert last_line(cli("plan", catalog).out) == NOTHING


def test_hostile_tags_and_names_make_the_round_trip(cli: Run, catalog: Path) -> None:
    tags = '["Ink", "ink", "INK", "café", "cafe\u0301", "🎨", "a b", "::add-mask::x", "no"]'
    rewrite(catalog, "[comic, ink]", tags)
    assert cli("apply", catalog, "--yes").code == 0
    assert last_line(cli("plan", catalog).out) == NOTHING


def test_a_second_apply_sends_no_write(cli: Run, catalog: Path, server: Any) -> None:
    cli("apply", catalog, "--yes")
    server.control.forget_requests()
    again = cli("apply", catalog, "--yes")
    assert (again.code, last_line(again.out)) == (0, NOTHING)
    assert writes(server) == {}


def writes(server: Any) -> dict[str, int]:
    """The requests that could change something."""
    reads = ("POST /models/get-bulk", "POST /assets/get-bulk")
    return {
        name: count
        for name, count in server.control.requests().items()
        if not name.startswith("GET ") and name not in reads
    }


@pytest.mark.parametrize("command", ["plan", "doctor"])
def test_a_command_that_reads_cannot_write(
    cli: Run, catalog: Path, server: Any, command: str
) -> None:
    server.control.forget_requests()
    assert cli(command, catalog).code == 0
    assert server.control.requests()
    assert writes(server) == {}


@pytest.mark.parametrize("command", [["validate"], ["schema"], ["schema", "catalog"], ["init"]])
def test_a_command_that_talks_to_nothing_talks_to_nothing(
    cli: Run, catalog: Path, server: Any, command: list[str]
) -> None:
    server.control.forget_requests()
    argument = [catalog] if command == ["validate"] else []
    assert cli(*command, *argument).code == 0
    assert not server.control.requests()


def test_deletes_need_prune_and_stay_below_the_limit(
    cli: Run, catalog: Path, server: Any, project: str
) -> None:
    many = [f"m{number}" for number in range(4)]
    for key in many:
        write(catalog / f"models/{key}.yaml", f"name: {key}\ntype: custom\n")
    cli("apply", catalog, "--yes")
    for key in many:
        (catalog / f"models/{key}.yaml").unlink()
    shown = cli("plan", catalog)
    assert "4 models bear this catalog's mark and have no manifest" in shown.out
    stopped = cli("apply", catalog, "--prune", "--yes")
    assert stopped.code == 5
    assert "--allow-delete 4" in stopped.out
    assert len(live(server, project)) == 6
    allowed = cli("apply", catalog, "--prune", "--allow-delete", "4", "--yes")
    assert (allowed.code, len(live(server, project))) == (0, 2)


def test_only_selected_models_are_touched(
    cli: Run, catalog: Path, server: Any, project: str
) -> None:
    assert cli("apply", catalog, "--only", "ink-*", "--yes").code == 0
    assert set(live(server, project)) == {"Ink Heroes"}
    assert cli("apply", catalog, "--exclude", "ink-*", "--yes").code == 0
    assert set(live(server, project)) == {"Ink Heroes", "Both"}


def test_a_dependency_that_is_left_out_is_refused(cli: Run, catalog: Path) -> None:
    found = cli("plan", catalog, "--only", "both")
    assert found.code == 5
    assert "! refused both: it refers to ink-heroes" in found.out


def test_refusals_do_not_stop_the_others(
    cli: Run, catalog: Path, server: Any, project: str
) -> None:
    write(
        catalog / "models/lent.yaml",
        "name: Lent\ntype: flux.1-lora\nepoch: '000001'\n",
    )
    applied = cli("apply", catalog, "--yes")
    assert applied.code == 4
    assert "epoch 000001 cannot be set" in applied.out
    assert set(live(server, project)) == {"Ink Heroes", "Both"}


def test_targets_keep_projects_apart(cli: Run, catalog: Path, project: str) -> None:
    text = (
        "apiVersion: catalogsync/v1\nname: acme\n"
        f"targets: {{one: {{project: {project}_1}}, two: {{project: {project}_2}}}}\n"
    )
    write(catalog / "catalog.yaml", text + "default: one\n")
    cli("apply", catalog, "--yes")
    assert last_line(cli("plan", catalog).out) == NOTHING
    assert "2 to create" in last_line(cli("plan", catalog, "--target", "two").out)
    assert "2 to create" in last_line(cli("plan", catalog, "--project", f"{project}_3").out)
    assert last_line(cli("plan", catalog, env={"CATALOG_SYNC_TARGET": "one"}).out) == NOTHING


def test_json_is_one_document_for_plan_and_apply(cli: Run, catalog: Path) -> None:
    planned = cli("plan", catalog, "--json")
    document = json.loads(planned.out)
    assert document["format_version"] == "1.3"
    assert document["counts"]["create"] == 2
    assert [model["key"] for model in document["models"]] == ["both", "ink-heroes"]
    applied = json.loads(cli("apply", catalog, "--json", "--yes").out)
    assert applied["digest"] == document["digest"]
    assert {outcome["status"] for outcome in applied["outcomes"]} == {"done"}
    assert set(applied["ids"]) == {"both", "ink-heroes"}


def test_the_embedded_sandbox_keeps_its_state(cli: Run, catalog: Path, tmp_path: Path) -> None:
    assert cli("apply", catalog, "--sandbox", tmp_path / "box", "--yes").code == 0
    assert last_line(cli("plan", catalog, "--sandbox", tmp_path / "box").out) == NOTHING
    assert "2 to create" in cli("plan", catalog, "--sandbox").out
    assert (tmp_path / ".catalog-sync/sandbox").is_dir()
