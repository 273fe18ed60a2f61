"""Models go from staging to production: planned, asked for, each once, also when it is killed."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import Result, Run, live, write
from tests.cli.test_hanging import Hanging, silent
from tests.cli.test_training import TRAINING

STAGING, PRODUCTION = "proj_staging", "proj_production"
BOTH = ("--from", "staging", "--to", "production")
SERVERS = [
    pytest.param({"transfer": transfer, "copies_tags": tags}, id=f"{transfer}-{tags}")
    for transfer in ("copy", "move")
    for tags in (False, True)
]
Promote = Callable[..., Result]


@pytest.fixture
def options() -> dict[str, Any]:
    """How the sandbox is to behave."""
    return {}


@pytest.fixture
def box(tmp_path: Path, options: dict[str, Any]) -> Iterator[Any]:
    with running(tmp_path / "box", copy_s=0.05, train_s=0, queue_s=0, **options) as own:
        yield own


@pytest.fixture
def two(cli: Run, catalog: Path, box: Any) -> Path:
    """A catalog with two targets, applied to staging."""
    targets = f"{{staging: {{project: {STAGING}}}, production: {{project: {PRODUCTION}}}}}"
    settings = f"apiVersion: catalogsync/v1\nname: acme\ntargets: {targets}\ndefault: staging\n"
    write(catalog / "catalog.yaml", settings)
    (catalog / "models/both.yaml").unlink()
    manifest = catalog / "models/ink-heroes/model.yaml"
    write(manifest, manifest.read_text(encoding="utf-8") + "collections: [Best]\n")
    assert cli("apply", catalog, "--yes", "--base-url", box.url).code == 0
    box.control.set_status(live(box, STAGING)["Ink Heroes"]["id"], "trained")
    return catalog


@pytest.fixture
def promote(cli: Run, two: Path, box: Any) -> Promote:
    def run(*more: object) -> Result:
        return cli("promote", "ink-heroes", *BOTH, "-C", two, "--base-url", box.url, *more)

    return run


def as_declared(cli: Run, catalog: Path, box: Any) -> None:
    """Production has the model once, as the manifest says, and nothing is left of the way."""
    models = live(box, PRODUCTION)
    assert list(models) == ["Ink Heroes"]
    model = models["Ink Heroes"]
    assert model["status"] == "trained"
    assert model["tags"] == ["catalog-sync:acme/ink-heroes", "comic", "ink"]
    assert (len(model["exampleAssetIds"]), len(model["collectionIds"])) == (3, 1)
    assert names(box, PRODUCTION) == ["Best"]
    here = ("--base-url", box.url, "--detailed-exitcode")
    assert cli("plan", catalog, "--target", "production", *here).code == 0


def names(box: Any, project: str) -> list[str]:
    answer = httpx.get(
        f"{box.url}/collections", params={"projectId": project}, auth=("k", "s")
    ).json()
    return [each["name"] for each in answer["collections"]]


@pytest.mark.parametrize("options", SERVERS)
@pytest.mark.parametrize("by", ["copy", "transfer"])
def test_a_model_is_promoted(
    cli: Run, two: Path, box: Any, promote: Promote, by: str, options: dict[str, Any]
) -> None:
    before = live(box, STAGING)
    shown = promote("--by", by, "--dry-run")
    way = "copy and transfer" if by == "copy" else "transfer"
    assert f'+ create by {way} from staging  ink-heroes  "Ink Heroes"' in shown.out
    assert (shown.code, live(box, PRODUCTION)) == (0, {})
    done = promote("--by", by, "--yes")
    assert (done.code, "Applied: 1 created" in done.out) == (0, True), done.out + done.err
    as_declared(cli, two, box)
    moved = by == "transfer" and options["transfer"] == "move"
    assert live(box, STAGING).keys() == ({} if moved else before).keys()
    if not moved:
        assert live(box, STAGING)["Ink Heroes"]["id"] == before["Ink Heroes"]["id"]
        assert cli("plan", two, "--base-url", box.url, "--detailed-exitcode").code == 0
    assert ("is not there any more" in done.err) == moved
    again = promote("--by", by, "--yes")
    if not moved:
        assert (again.code, "No changes" in again.out) == (0, True)
        assert "its weights stay as they are" in again.err


def test_what_is_there_is_updated(cli: Run, two: Path, box: Any, promote: Promote) -> None:
    assert promote("--yes").code == 0
    manifest = two / "models/ink-heroes/model.yaml"
    write(manifest, manifest.read_text(encoding="utf-8").replace("comic, ink", "comic"))
    done = promote("--yes")
    assert (done.code, "1 updated" in done.out) == (0, True)
    assert "its weights stay as they are" in done.err
    assert live(box, PRODUCTION)["Ink Heroes"]["tags"] == ["catalog-sync:acme/ink-heroes", "comic"]


@pytest.fixture
def trained(cli: Run, two: Path, box: Any) -> Path:
    """The catalog with a training set, its model trained in staging."""
    manifest = two / "models/ink-heroes/model.yaml"
    write(manifest, manifest.read_text(encoding="utf-8") + TRAINING)
    box.control.set_status(live(box, STAGING)["Ink Heroes"]["id"], "new")
    here = ("--base-url", box.url)
    assert cli("apply", two, "--yes", *here).code == 0
    assert cli("train", "ink-heroes", "-C", two, "--yes", "--quiet", *here).code == 0
    return two


@pytest.mark.parametrize("options", SERVERS)
def test_what_comes_over_trained_is_not_due_for_training(
    trained: Path, promote: Promote, options: dict[str, Any]
) -> None:
    assert "catalog-sync train" not in promote("--dry-run").out
    done = promote("--yes")
    assert (done.code, "Training due" in done.out) == (0, False), done.out


def test_what_its_manifest_trains_otherwise_is_due_once_it_came_over(
    trained: Path, promote: Promote
) -> None:
    manifest = trained / "models/ink-heroes/model.yaml"
    text = manifest.read_text(encoding="utf-8").replace("full body", "bust")
    write(manifest, text)
    shown = promote("--dry-run").out
    assert '  ink-heroes  "Ink Heroes": its training data changes; 2 images, the cost' in shown
    done = promote("--yes")
    assert "Training due: 1 model; to see the cost and be asked: " in done.out


def test_the_list_of_deleted_models_says_what_a_copy_was(
    cli: Run, two: Path, box: Any, promote: Promote
) -> None:
    assert promote("--yes").code == 0
    shown = cli("restore", "--list", "-C", two, "--base-url", box.url)
    assert '"Ink Heroes"  a promotion\'s copy of acme/ink-heroes  deleted 20' in shown.out


def test_nothing_is_promoted_unasked(box: Any, promote: Promote) -> None:
    refused = promote()
    assert (refused.code, "nobody to ask" in refused.err) == (64, True)
    assert live(box, PRODUCTION) == {}
    assert names(box, PRODUCTION) == []


def test_the_json_is_one_document(box: Any, promote: Promote, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = promote("--yes", "--json", "--html", page)
    document = json.loads(done.out)
    assert document["models"][0]["actions"][0]["type"] == "PromoteModel"
    assert document["ids"] == {"ink-heroes": live(box, PRODUCTION)["Ink Heroes"]["id"]}
    assert {each["status"] for each in document["outcomes"]} == {"done"}
    assert "stays in staging" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ink-heroes", "--from", "staging", "--to", "staging"), "are the same project"),
        (("ink-heroes", "--from", "nowhere", "--to", "staging"), "no target 'nowhere'"),
        (("nobody", *BOTH), "there is no manifest nobody"),
    ],
)
def test_what_makes_no_sense_is_said(
    cli: Run, two: Path, box: Any, arguments: tuple[str, ...], said: str
) -> None:
    found = cli("promote", *arguments, "-C", two, "--base-url", box.url, "--yes")
    assert (found.code, said in found.err) == (64, True), found.err


def test_what_staging_lacks_is_refused(cli: Run, two: Path, box: Any) -> None:
    write(two / "models/new.yaml", "name: New\ntype: custom\n")
    found = cli("promote", "new", *BOTH, "-C", two, "--base-url", box.url, "--yes")
    assert (found.code, "staging has no model of it" in found.out) == (5, True)
    assert live(box, PRODUCTION) == {}


def test_what_must_come_along_is_named_all_at_once(cli: Run, two: Path, box: Any) -> None:
    for key, other in (("first", "second"), ("second", "ink-heroes")):
        text = f"name: {key}\ntype: custom\ndescription: See {{model:{other}}}.\n"
        write(two / f"models/{key}.yaml", text)
    assert cli("apply", two, "--yes", "--base-url", box.url).code == 0
    where = (*BOTH, "-C", two, "--base-url", box.url, "--dry-run")
    found = cli("promote", "first", *where)
    assert (found.code, "name also: ink-heroes second\n" in found.err) == (5, True), found
    assert "name also" not in cli("promote", "first", "second", "ink-heroes", *where).err


REQUESTS = (
    "GET /models",
    "GET /models/{}",
    "GET /models/{}/description",
    "GET /models/{}/prompt-guide",
    "GET /assets",
    "GET /collections",
    "POST /assets/get-bulk",
    "POST /collections",
    "PUT /collections/{}",
    "POST /models/{}/copy",
    "POST /models/{}/transfer",
    "PUT /models/{}/tags",
    "PUT /collections/{}/models",
    "DELETE /collections/{}",
    "DELETE /models/{}",
    "PUT /models/{}/description",
    "PUT /models/{}/prompt-guide",
)
"""The requests of a promotion that may hang or be its last."""


def test_the_table_holds_every_request(box: Any, promote: Promote) -> None:
    box.control.forget_requests()
    assert promote("--yes").code == 0
    assert set(box.control.requests()) == set(REQUESTS)


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_that_hangs_ends_it_and_the_next_run_goes_on(
    cli: Run, two: Path, tmp_path: Path, request_: str
) -> None:
    hanging = Hanging(request_, silent)
    with running(tmp_path / "box2", copy_s=0.05) as other:
        here = ("--base-url", other.url)
        assert cli("apply", two, "--yes", *here).code == 0
        other.control.set_status(live(other, STAGING)["Ink Heroes"]["id"], "trained")
    arguments = ("promote", "ink-heroes", *BOTH, "-C", two, "--yes")
    quick = ("--timeout", "0.6", "--jobs", "2")
    with running(tmp_path / "box2", copy_s=0.05, middleware=(hanging,)) as other:
        found = cli(*arguments, "--base-url", other.url, *quick)
        assert hanging.hung
        assert found.code in (1, 4), found.out + found.err
        assert "no answer in time" in found.out + found.err
    with running(tmp_path / "box2", copy_s=0.05) as other:
        done = cli(*arguments, "--base-url", other.url)
        assert done.code == 0, done.out + done.err
        as_declared(cli, two, other)
        assert list(live(other, STAGING)) == ["Ink Heroes"]


def test_a_copy_that_arrived_with_its_mark_is_taken_up_by_an_apply(
    cli: Run, two: Path, box: Any, promote: Promote
) -> None:
    source = live(box, STAGING)["Ink Heroes"]["id"]
    project = {"projectId": PRODUCTION}
    made = httpx.post(
        f"{box.url}/models/{source}/transfer",
        params={"projectId": STAGING},
        json={"destinationProjectId": PRODUCTION},
        auth=("k", "s"),
    ).json()["model"]["id"]
    httpx.post(
        f"{box.url}/collections",
        params=project,
        json={"name": f"catalog-sync promoting acme/ink-heroes from {source} as {made}"},
        auth=("k", "s"),
    ).raise_for_status()
    box.control.advance(60)
    shown = cli("plan", two, "--target", "production", "--base-url", box.url)
    assert re.search(f"= adopt ink-heroes .* {made}", shown.out)
    assert promote("--yes").code == 0
    as_declared(cli, two, box)
