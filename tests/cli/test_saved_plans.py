"""A plan that was saved and approved: what applying it does, and what it leaves alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from catalogsync.review.saved import sealed
from catalogsync.sandbox import running
from tests.cli.conftest import MODEL, Result, Run, live, write
from tests.cli.test_errors import answering, write_other_image
from tests.cli.test_plan_and_apply import NOTHING, last_line, rewrite, writes

THIRD = "name: Third\ntype: custom\n"


@pytest.fixture
def saved(cli: Run, catalog: Path, tmp_path: Path) -> Path:
    """A plan that creates both models, saved."""
    path = tmp_path / "plan.json"
    assert cli("plan", catalog, "--out", path).code == 0
    return path


def save(cli: Run, catalog: Path, path: Path, *arguments: object) -> dict[str, Any]:
    """Save another plan and return its document."""
    cli("plan", catalog, "--out", path, *arguments)
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def edit_by_hand(server: Any, project: str, name: str, **fields: object) -> None:
    """Change a model as somebody else would."""
    model = live(server, project)[name]
    server.control.set_fields(model["id"], **fields)


def reseal(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Change what a saved plan says, with an integrity digest that fits."""
    document = json.loads(path.read_bytes())
    edit(document)
    path.write_text(sealed(document), encoding="utf-8")


def refused(found: Result) -> list[str]:
    """The keys that were refused as changed."""
    lines = [line for line in found.out.splitlines() if line.endswith("[plan-changed]")]
    return [line.removeprefix("! refused ").partition(":")[0] for line in lines]


def test_what_was_approved_is_done_without_asking(
    cli: Run, catalog: Path, saved: Path, server: Any, project: str
) -> None:
    applied = cli("apply", catalog, saved)
    assert applied.code == 0
    assert last_line(applied.out).startswith("Applied: 2 created")
    assert set(live(server, project)) == {"Ink Heroes", "Both"}
    assert last_line(cli("plan", catalog).out) == NOTHING


def test_applying_it_again_does_nothing(cli: Run, catalog: Path, saved: Path, server: Any) -> None:
    cli("apply", catalog, saved)
    server.control.forget_requests()
    again = cli("apply", catalog, saved)
    assert (again.code, last_line(again.out)) == (0, NOTHING)
    assert writes(server) == {}


def test_the_catalog_is_found_as_usual_and_both_may_stand_in_any_order(
    cli: Run, catalog: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(catalog / "models")
    assert cli("apply", saved).code == 0
    assert cli("apply", saved, catalog).code == 0
    assert cli("apply", catalog / "catalog.yaml", saved).code == 0


def test_a_model_that_changed_meanwhile_is_refused_by_name_and_the_others_are_done(
    cli: Run, catalog: Path, tmp_path: Path, server: Any, project: str
) -> None:
    cli("apply", catalog, "--yes")
    rewrite(catalog, "[comic, ink]", "[comic, noir]")
    write(catalog / "models/third.yaml", THIRD)
    save(cli, catalog, tmp_path / "plan.json")
    edit_by_hand(server, project, "Ink Heroes", tags=["comic", "catalog-sync:acme/ink-heroes"])
    applied = cli("apply", catalog, tmp_path / "plan.json")
    assert applied.code == 4
    assert refused(applied) == ["ink-heroes"]
    assert "what is to be done is not what was approved: other changes of tags" in applied.out
    assert set(live(server, project)) == {"Ink Heroes", "Both", "Third"}
    assert "noir" not in live(server, project)["Ink Heroes"]["tags"]


def test_when_everything_changed_nothing_is_written(
    cli: Run, catalog: Path, saved: Path, server: Any
) -> None:
    rewrite(catalog, "[comic, ink]", "[comic, noir]")
    write(catalog / "models/both.yaml", "name: Both\ntype: custom\n")
    server.control.forget_requests()
    applied = cli("apply", catalog, saved)
    assert applied.code == 5
    assert refused(applied) == ["both", "ink-heroes"]
    assert writes(server) == {}


def test_a_model_that_the_plan_does_not_hold_is_refused_by_name(
    cli: Run, catalog: Path, saved: Path, server: Any, project: str
) -> None:
    write(catalog / "models/third.yaml", THIRD)
    applied = cli("apply", catalog, saved)
    assert applied.code == 4
    assert refused(applied) == ["third"]
    assert "the approved plan does not hold this model" in applied.out
    assert set(live(server, project)) == {"Ink Heroes", "Both"}


def test_an_edit_of_what_no_manifest_manages_changes_nothing(
    cli: Run, catalog: Path, tmp_path: Path, server: Any, project: str
) -> None:
    cli("apply", catalog, "--yes")
    rewrite(catalog, "[comic, ink]", "[comic, noir]")
    save(cli, catalog, tmp_path / "plan.json")
    edit_by_hand(server, project, "Ink Heroes", status="trained")
    assert cli("apply", catalog, tmp_path / "plan.json").code == 0


def test_what_depends_on_a_refused_model_is_refused_too(
    cli: Run, catalog: Path, saved: Path, server: Any, project: str
) -> None:
    rewrite(catalog, "Hand-inked", "Machine-inked")
    applied = cli("apply", catalog, saved)
    assert applied.code == 5
    assert refused(applied) == ["ink-heroes"]
    assert "! refused both: it refers to ink-heroes" in applied.out
    assert live(server, project) == {}


def test_only_what_approved_models_need_is_sent(
    cli: Run, catalog: Path, tmp_path: Path, server: Any
) -> None:
    write(catalog / "models/third.yaml", THIRD + "collections: [Approved]\n")
    save(cli, catalog, tmp_path / "plan.json")
    rewrite(catalog, "Hand-inked", "Machine-inked")
    write(
        catalog / "models/fourth.yaml", THIRD.replace("Third", "Fourth") + "collections: [Other]\n"
    )
    server.control.forget_requests()
    applied = cli("apply", catalog, tmp_path / "plan.json")
    assert applied.code == 4
    assert "0 files to upload" in applied.out
    sent = server.control.requests()
    assert (sent["POST /assets"], sent["POST /collections"], sent["POST /models"]) == (0, 1, 1)


def test_a_manifest_that_is_gone_is_told(
    cli: Run, catalog: Path, saved: Path, server: Any, project: str
) -> None:
    (catalog / "models/both.yaml").unlink()
    applied = cli("apply", catalog, saved)
    assert applied.code == 4
    assert refused(applied) == ["both"]
    assert "its manifest is gone" in applied.out
    assert set(live(server, project)) == {"Ink Heroes"}


def test_a_file_that_changed_is_another_change(cli: Run, catalog: Path, saved: Path) -> None:
    images = catalog / "models/ink-heroes/images"
    write_other_image(images / "3.webp")
    assert refused(cli("apply", catalog, saved)) == ["ink-heroes"]


def test_the_saved_scope_is_the_scope(
    cli: Run, catalog: Path, tmp_path: Path, server: Any, project: str
) -> None:
    plan = tmp_path / "plan.json"
    assert save(cli, catalog, plan, "--only", "ink-*")["scope"]["only"] == ["ink-*"]
    applied = cli("apply", catalog, plan)
    assert applied.code == 0
    assert set(live(server, project)) == {"Ink Heroes"}


def test_saved_deletes_are_done_and_stay_below_the_limit(
    cli: Run, catalog: Path, tmp_path: Path, server: Any, project: str
) -> None:
    for number in range(4):
        write(catalog / f"models/m{number}.yaml", f"name: M{number}\ntype: custom\n")
    cli("apply", catalog, "--yes")
    for number in range(4):
        (catalog / f"models/m{number}.yaml").unlink()
    plan = tmp_path / "plan.json"
    save(cli, catalog, plan, "--prune", "--allow-delete", "4")
    stopped = cli("apply", catalog, plan)
    assert stopped.code == 5
    assert "--allow-delete 4" in stopped.out
    assert len(live(server, project)) == 6
    allowed = cli("apply", catalog, plan, "--allow-delete", "4")
    assert (allowed.code, len(live(server, project))) == (0, 2)
    again = cli("apply", catalog, plan)
    assert (again.code, last_line(again.out)) == (0, NOTHING)


def test_the_brakes_hold_and_count_what_is_left_of_the_plan(
    cli: Run, catalog: Path, saved: Path, server: Any
) -> None:
    with (catalog / "catalog.yaml").open("a") as settings:
        settings.write("policy: {maxUpload: 200}\n")
    noise = Image.effect_noise((64, 64), 90)
    noise.save(catalog / "models/ink-heroes/images/noise.png")
    write(catalog / "models/third.yaml", THIRD + "thumbnail: ink-heroes/images/noise.png\n")
    assert cli("plan", catalog).out.count("[max-upload]") == 1
    stopped = cli("apply", catalog, saved, "--allow-upload", "10")
    assert stopped.code == 5
    assert "114 bytes to upload, but at most 10" in stopped.out
    applied = cli("apply", catalog, saved)
    assert (applied.code, refused(applied)) == (4, ["third"])


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("catalog", "other", "apply it to the catalog"),
        ("target", "other", "--target"),
        ("project", "proj_other", "--project"),
    ],
)
def test_a_plan_of_another_place_is_refused_before_anything_is_read(
    cli: Run,
    catalog: Path,
    saved: Path,
    server: Any,
    project: str,
    name: str,
    value: str,
    hint: str,
) -> None:
    settings = {"catalog": "acme", "target": "main", "project": project, name: value}
    write(
        catalog / "catalog.yaml",
        f"apiVersion: catalogsync/v1\nname: {settings['catalog']}\n"
        f"targets: {{{settings['target']}: {{project: {settings['project']}}}}}\n",
    )
    server.control.forget_requests()
    applied = cli("apply", catalog, saved)
    assert (applied.code, applied.out) == (5, "")
    assert f"the plan is for {name} " in applied.err
    assert hint in applied.err
    assert not server.control.requests()


def test_a_plan_of_another_format_is_refused_before_anything_is_read(
    cli: Run, catalog: Path, saved: Path, server: Any
) -> None:
    reseal(saved, lambda document: document.update(format_version="2.0"))
    server.control.forget_requests()
    applied = cli("apply", catalog, saved)
    assert applied.code == 1
    assert "has format '2.0', this version reads 1.x" in applied.err
    assert not server.control.requests()


def test_a_tampered_plan_gets_nobody_further_than_the_manifests(
    cli: Run, catalog: Path, saved: Path, server: Any, project: str
) -> None:
    """Whoever can write a plan can make its digests fit: but what it says is never sent."""
    content = saved.read_text().replace("Hand-inked", "Evil")
    saved.write_text(content)
    assert cli("apply", catalog, saved).code == 1
    rewrite(catalog, "Hand-inked", "Evil")
    save(cli, catalog, saved)
    rewrite(catalog, "Hand-inked", "Hand-inked")
    applied = cli("apply", catalog, saved)
    assert applied.code == 5
    assert "ink-heroes" in refused(applied)
    assert live(server, project) == {}


def test_a_digest_alone_approves_the_whole_plan(
    cli: Run, catalog: Path, tmp_path: Path, server: Any, project: str
) -> None:
    digest = save(cli, catalog, tmp_path / "plan.json")["digest"]
    applied = cli("apply", catalog, "--expect", digest)
    assert applied.code == 0
    assert set(live(server, project)) == {"Ink Heroes", "Both"}


def test_any_other_digest_refuses_everything(
    cli: Run, catalog: Path, tmp_path: Path, server: Any
) -> None:
    digest = save(cli, catalog, tmp_path / "plan.json")["digest"]
    write(catalog / "models/third.yaml", THIRD)
    server.control.forget_requests()
    applied = cli("apply", catalog, "--expect", digest)
    assert applied.code == 5
    assert "! refused the whole plan: it is not the plan that was approved" in applied.out
    assert writes(server) == {}
    now = save(cli, catalog, tmp_path / "plan.json")["digest"]
    assert f"its digest is {now}" in applied.out


def test_a_plan_must_have_the_digest_that_is_given_with_it(
    cli: Run, catalog: Path, saved: Path, server: Any
) -> None:
    digest = json.loads(saved.read_bytes())["digest"]
    server.control.forget_requests()
    other = cli("apply", catalog, saved, "--expect", "sha256:" + "0" * 64)
    assert (other.code, other.out) == (5, "")
    assert not server.control.requests()
    assert cli("apply", catalog, saved, "--expect", digest).code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["{catalog}", "{catalog}"],
        ["{saved}", "{saved}"],
        ["{catalog}", "missing.json"],
        ["{catalog}", "{saved}", "--only", "both"],
        ["{catalog}", "{saved}", "--exclude", "both"],
        ["{catalog}", "{saved}", "--prune"],
        ["{catalog}", "--expect", "sha256:abc"],
        ["{catalog}", "--expect", "0" * 64],
        ["{catalog}", "--out", "x.json"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_64(
    cli: Run, catalog: Path, saved: Path, server: Any, arguments: list[str]
) -> None:
    server.control.forget_requests()
    found = cli("apply", *(each.format(catalog=catalog, saved=saved) for each in arguments))
    assert (found.code, found.out) == (64, "")
    assert not server.control.requests()


def test_a_conflict_after_the_approval_is_still_a_conflict(
    cli: Run, catalog: Path, saved: Path, server: Any, project: str
) -> None:
    """A namesake that somebody made meanwhile is never taken over."""
    params, made = {"projectId": project}, {"name": "Ink Heroes", "type": "custom"}
    httpx.post(f"{server.url}/models", params=params, json=made, auth=("k", "s"))
    applied = cli("apply", catalog, saved)
    assert applied.code == 5
    assert "a model of this name exists" in applied.out


def test_nothing_in_a_saved_plan_is_a_time_of_the_server_or_an_address(
    cli: Run, catalog: Path, tmp_path: Path, server: Any, project: str
) -> None:
    cli("apply", catalog, "--yes")
    order = "examples: [images/1.webp, images/2.webp, images/3.webp]"
    changed = MODEL.replace(order, "examples: [images/3.webp]").replace("thumbnail", "# ")
    write(catalog / "models/ink-heroes/model.yaml", changed.replace("[comic, ink]", "[noir]"))
    save(cli, catalog, tmp_path / "plan.json")
    text = (tmp_path / "plan.json").read_text()
    assert '"counts"' in text
    assert "http" not in text
    assert live(server, project)["Ink Heroes"]["updatedAt"] not in text


def test_a_model_that_was_left_half_done_needs_a_new_plan(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    plan, box = tmp_path / "plan.json", tmp_path / "box"
    write(catalog / "models/third.yaml", THIRD)
    middleware = (answering("/description", 400, "application/json", b'{"reason": "no"}'),)
    with running(box, middleware=middleware) as broken:
        save(cli, catalog, plan, "--base-url", broken.url)
        assert cli("apply", catalog, plan, "--base-url", broken.url).code == 4
    with running(box) as server:
        again = cli("apply", catalog, plan, "--base-url", server.url)
        assert (again.code, refused(again)) == (5, ["both", "ink-heroes"])
        save(cli, catalog, plan, "--base-url", server.url)
        assert cli("apply", catalog, plan, "--base-url", server.url).code == 0
