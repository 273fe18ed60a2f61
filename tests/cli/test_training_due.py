"""Which models a plan says are due for training, and at what cost; over HTTP, with the sandbox."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import Result, Run, live, write
from tests.cli.test_training import PAIRS, TRAINING, manifest

NEW = "it is not trained yet; 2 images, "
TRAIN = "(catalog-sync train ink-heroes)"
AGAIN = "(catalog-sync train ink-heroes --again)"


Sent = tuple[bool, Any]
"""Whether a request only asks for the price of a training, and its body."""


class Listening:
    """A middleware that notes what trainings are priced and started with."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            if not scope["path"].endswith("/train"):
                await app(scope, receive, send)
                return
            body = b""

            async def heard() -> Any:
                nonlocal body
                message = await receive()
                body += message.get("body", b"")
                return message

            await app(scope, heard, send)
            self.sent.append((b"dryRun" in scope["query_string"], json.loads(body)))

        return serve


@pytest.fixture(scope="module")
def listening() -> Listening:
    return Listening()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, listening: Listening) -> Iterator[Any]:
    """A sandbox in which a training is over at once."""
    box = tmp_path_factory.mktemp("sandbox")
    with running(box, queue_s=0, train_s=0, middleware=(listening,)) as found:
        yield found


@pytest.fixture
def sent(listening: Listening) -> list[Sent]:
    """What trainings are priced and started with during the test."""
    listening.sent.clear()
    return listening.sent


@pytest.fixture
def declared(cli: Run, catalog: Path) -> Path:
    """A catalog with a training set that was applied."""
    manifest(catalog, TRAINING)
    assert cli("apply", catalog, "--yes").code == 0
    return catalog


@pytest.fixture
def trained(cli: Run, declared: Path) -> Path:
    """The same with its model trained."""
    assert cli("train", "ink-heroes", "-C", declared, "--yes", "--quiet").code == 0
    return declared


def due(found: Result) -> list[str]:
    """What a plan says of training."""
    return [line for line in found.out.splitlines() if "catalog-sync train" in line]


def total(found: Result) -> str:
    return next((line for line in found.out.splitlines() if line.startswith("Training due")), "")


def prices(server: Any) -> int:
    return sum(each == "PUT /models/{}/train" for each in server.control.requests())


def test_a_new_model_is_due_and_has_its_price_once_it_is_there(
    cli: Run, catalog: Path, server: Any
) -> None:
    manifest(catalog, TRAINING)
    planned = cli("plan", catalog)
    (line,) = due(planned)
    assert f"{NEW}the cost is known once the model is there {TRAIN}" in line
    assert total(planned) == "Training due: 1 model, at an unknown cost; an apply trains nothing."
    applied = cli("apply", catalog, "--yes").out.splitlines()
    assert applied[-2] == (
        "Training due: 1 model; to see the cost and be asked: "
        f"catalog-sync train ink-heroes -C {catalog}"
    )
    planned = cli("plan", catalog, "--detailed-exitcode")
    assert planned.code == 0
    assert f"{NEW}20 creative units {TRAIN}" in due(planned)[0]
    assert planned.out.splitlines()[-2:] == [
        "Training due: 1 model, 20 creative units; an apply trains nothing.",
        "No changes. 2 models match.",
    ]


def test_a_trained_model_is_not_due(cli: Run, trained: Path, server: Any) -> None:
    server.control.forget_requests()
    planned = cli("plan", trained, "--detailed-exitcode")
    assert (planned.code, due(planned), total(planned)) == (0, [], "")
    assert not prices(server)


@pytest.mark.parametrize(
    "other",
    [
        TRAINING.replace("full body", "bust"),
        TRAINING.replace("rank: 16", "rank: 8"),
        TRAINING.replace("images/2.webp", "images/3.webp"),
        TRAINING + PAIRS.replace("3.webp", "2.webp"),
    ],
    ids=["caption", "parameter", "image", "pair"],
)
def test_what_changes_the_data_makes_a_training_due_until_there_was_one(
    cli: Run, trained: Path, server: Any, project: str, other: str
) -> None:
    manifest(trained, other)
    (line,) = due(cli("plan", trained))
    assert f"its training data changes; 2 images, 20 creative units {AGAIN}" in line
    applied = cli("apply", trained, "--yes")
    assert applied.out.splitlines()[-2].endswith(
        f"catalog-sync train ink-heroes -C {trained} --again"
    )
    planned = cli("plan", trained, "--detailed-exitcode")
    assert planned.code == 0
    assert (
        f"was changed after it was trained; 2 images, 20 creative units {AGAIN}"
        in (due(planned)[0])
    )
    again = ("train", "ink-heroes", "-C", trained, "--again", "--yes", "--quiet")
    assert cli(*again).code == 0
    assert due(cli("plan", trained)) == []
    manifest(trained, TRAINING.replace("full body", "knees"))
    assert cli("apply", trained, "--yes").code == 0
    tags = live(server, project)["Ink Heroes"]["tags"]
    assert len([tag for tag in tags if "data-changed-after" in tag]) == 1
    assert len(due(cli("plan", trained))) == 1


def test_a_set_that_grows_has_the_price_of_the_one_that_is_there(
    cli: Run, trained: Path, server: Any
) -> None:
    more = TRAINING.replace("    - images/2.webp\n", "    - images/2.webp\n    - images/3.webp\n")
    manifest(trained, more)
    (line,) = due(cli("plan", trained))
    assert "3 images, 20 creative units for the 2 it has now" in line


def test_what_is_no_training_data_makes_no_training_due(
    cli: Run, trained: Path, server: Any
) -> None:
    manifest(trained, TRAINING + "classSlug: style\n")
    planned = cli("plan", trained)
    assert (due(planned), total(planned)) == ([], "")
    assert "Training" not in cli("apply", trained, "--yes").out


def test_a_training_that_failed_is_due(cli: Run, declared: Path, server: Any, project: str) -> None:
    model_id = live(server, project)["Ink Heroes"]["id"]
    for status, words in (("failed", "failed"), ("training-canceled", "was canceled")):
        server.control.set_fields(model_id, status=status)
        assert f"its last training {words}; 2 images" in due(cli("plan", declared))[0]


def test_a_catalog_without_training_data_asks_nothing_more(
    cli: Run, catalog: Path, server: Any
) -> None:
    assert cli("apply", catalog, "--yes").code == 0
    server.control.forget_requests()
    planned = cli("plan", catalog)
    assert total(planned) == ""
    assert not {"PUT /models/{}/train", "GET /models/{}"} & set(server.control.requests())


def test_the_manifests_parameters_are_what_is_priced_and_trained_with(
    cli: Run, declared: Path, server: Any, sent: list[Sent]
) -> None:
    manifest(declared, TRAINING.replace("rank: 16", "rank: 12"))
    assert due(cli("plan", declared))
    train = ("train", "ink-heroes", "-C", declared, "--yes", "--quiet")
    assert cli(*train).code == 0
    wanted = {"parameters": {"rank": 12, "nbEpochs": 10, "learningRate": 0.0001}}
    assert sent == [(True, wanted), (True, wanted), (False, wanted)]


def test_offline_no_price_is_asked_and_that_is_said(cli: Run, declared: Path, server: Any) -> None:
    seen = declared / "live.json"
    assert cli("snapshot", declared, "--out", str(seen)).code == 0
    server.control.forget_requests()
    planned = cli("plan", declared, "--against", f"snapshot:{seen}")
    assert f"{NEW}the cost was not asked: the live project tells it {TRAIN}" in due(planned)[0]
    assert not server.control.requests()


def test_what_is_due_is_in_every_reading_and_in_saved_plans(
    cli: Run, trained: Path, tmp_path: Path, server: Any
) -> None:
    write(trained / "models/late.yaml", "name: Late\ntype: flux.1-lora\n")
    manifest(trained, TRAINING.replace("rank: 16", "rank: 8"))
    files = {name: tmp_path / name for name in ("out", "markdown", "html")}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    planned = cli("plan", trained, *options)
    document = json.loads(files["out"].read_text())
    (each,) = document["training"]
    assert (each["key"], each["why"], each["price"]["units"]) == ("ink-heroes", "changes", 20)
    assert document["counts"]["training_due"] == 1
    for name in ("markdown", "html"):
        assert "catalog-sync train ink-heroes --again" in files[name].read_text()
        assert "1 model, 20 creative units; an apply trains nothing" in files[name].read_text()
    assert due(cli("show", files["out"])) == due(planned)
    assert cli("apply", trained, files["out"]).code == 0
