"""What costs units, deletes or writes says its number first, and does nothing without a yes."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import Run, write
from tests.cli.terminal import Terminal
from tests.cli.test_gc import Project
from tests.cli.trainings import Api, priced, write_catalog

TARGETS = (
    "targets: {staging: {project: proj_train}, production: {project: proj_production}}\n"
    "default: staging\n"
)
IMPORTED = "name: New\ntype: flux.1-lora\nsource: {huggingFace: owner/flux}\n"


class Writes:
    """A middleware that keeps what the program asked for that writes; prices and looks do not."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            request = f"{scope['method']} {scope['path']}"
            looks = scope["method"] == "GET" or request == "POST /v1/assets/get-bulk"
            if not looks and b"dryRun" not in scope["query_string"]:
                self.seen.append(request)
            await app(scope, receive, send)

        return serve


@dataclass(frozen=True)
class Place:
    """A catalog of models that are trained, a sandbox that has them, and what wrote to it."""

    catalog: Path
    server: Any
    api: Api
    writes: Writes


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    writes = Writes()
    slow: dict[str, Any] = {"queue_s": 100, "train_s": 100}
    catalog = write_catalog(tmp_path / "named")
    write(catalog / "catalog.yaml", f"apiVersion: catalogsync/v1\nname: acme\n{TARGETS}")
    with (
        running(tmp_path / "box", middleware=(writes, priced(7)), **slow) as server,
        closing(Api(server)) as api,
    ):
        yield Place(catalog, server, api, writes)


def made(status: str) -> Callable[[Place], None]:
    """The models are there and bear the marks of the catalog."""

    def prepare(place: Place) -> None:
        for key, model_id in place.api.make(status).items():
            mark = {"add": [f"catalog-sync:acme/{key}"], "delete": [], "strict": False}
            place.api.http.put(f"/models/{model_id}/tags", json=mark).raise_for_status()

    return prepare


def training(place: Place) -> None:
    """One of them is being trained."""
    made("new")(place)
    place.api.http.put(f"/models/{place.api.ids['ink']}/train", json={}).raise_for_status()


def deleted(place: Place) -> None:
    """One of them was deleted."""
    made("trained")(place)
    place.api.http.delete(f"/models/{place.api.ids['ink']}").raise_for_status()


def deleted_for_good(place: Place) -> None:
    """One of them was deleted, and its manifest too."""
    deleted(place)
    (place.catalog / "models/ink.yaml").unlink()


def left_behind(place: Place) -> None:
    """There are two uploads that nothing uses."""
    place.server.control.advance(-3 * 24 * 3600)
    project = Project(place.server, "proj_train")
    project.upload((9, 9, 9))
    project.upload((8, 8, 8))


def to_be_deleted(place: Place) -> None:
    """Two manifests are gone."""
    made("trained")(place)
    for key in ("bare", "pose"):
        (place.catalog / f"models/{key}.yaml").unlink()


def imported(place: Place) -> None:
    """One manifest wants weights from elsewhere."""
    made("trained")(place)
    write(place.catalog / "models/new.yaml", IMPORTED)


def nothing(place: Place) -> None:
    """The project is empty."""


@dataclass(frozen=True)
class Case:
    """A command, what is there before, the number that it shows, and what it asks."""

    words: tuple[str, ...]
    before: Callable[[Place], None]
    shown: str
    asked: str


PROMOTE = ("promote", "ink", "--from", "staging", "--to", "production")
CASES = {
    "train": Case(
        ("train", "ink", "paint"),
        made("new"),
        r"14 creative units",
        r"Train 2 models in staging proj_train for 14 creative units\?",
    ),
    "train --cancel": Case(
        ("train", "ink", "--cancel"),
        training,
        "ink",
        r"Cancel 1 training in staging proj_train\?",
    ),
    "download": Case(
        ("download", "ink"),
        made("trained"),
        r"Download of ink \(model_\w+\): 7 creative units",
        r"Download ink for 7 creative units\?",
    ),
    "promote by copy": Case(
        PROMOTE,
        made("trained"),
        "a copy of it is transferred, and deleted there should the transfer leave it behind",
        r"Apply to 1 model in production proj_production, 1 of them brought over from "
        r"staging proj_train, DELETING up to 1 copy left there\?",
    ),
    "promote by transfer": Case(
        (*PROMOTE, "--by", "transfer"),
        made("trained"),
        "transfer from staging",
        "1 of them brought over from staging proj_train, which MAY LOSE what is brought over",
    ),
    "restore": Case(
        ("restore", "ink"), deleted, "1 to restore", r"Apply to 1 model in staging proj_train\?"
    ),
    "restore --id": Case(
        ("restore", "--id", "ID"),
        deleted_for_good,
        '= restore "Ink"',
        r"Restore 1 model in staging proj_train\?",
    ),
    "gc --delete": Case(
        ("gc", "--delete"),
        left_behind,
        r"Unused: 2 uploads \(\d+ B\)",
        r"DELETE 2 uploads \(\d+ B\) from staging proj_train\?",
    ),
    "apply": Case(
        ("apply",), nothing, "Plan: 4 to create", r"Apply to 4 models in staging proj_train\?"
    ),
    "apply --prune": Case(
        ("apply", "--prune"),
        to_be_deleted,
        "2 to delete",
        r"Apply to 2 models in staging proj_train, DELETE 2 of them\?",
    ),
    "apply with an import": Case(
        ("apply",),
        imported,
        r"Cost of imports: 7 creative units",
        r"Apply to 1 model in staging proj_train, cost of imports: 7 creative units\?",
    ),
}


def prepared(place: Place, case: Case) -> list[object]:
    """Make what is there before, and return the words of the command."""
    case.before(place)
    place.writes.seen.clear()
    words = [place.api.ids["ink"] if word == "ID" else word for word in case.words]
    named = case.words[0] in ("apply", "gc")
    return [*words, *([] if named else ["-C"]), place.catalog]


@pytest.mark.parametrize("name", CASES)
def test_without_anybody_to_ask_the_number_is_shown_and_nothing_is_written(
    cli: Run, place: Place, name: str
) -> None:
    case = CASES[name]
    words = prepared(place, case)
    found = cli(*words, "--base-url", place.server.url)
    assert (found.code, "nobody to ask" in found.err) == (64, True), found
    assert re.search(case.shown, found.out + found.err), found
    assert place.writes.seen == []


@pytest.mark.parametrize("name", CASES)
def test_a_no_at_the_terminal_writes_nothing(place: Place, name: str) -> None:
    case = CASES[name]
    words = prepared(place, case)
    with Terminal(*words, url=place.server.url) as terminal:
        terminal.until("[y/N]")
        assert re.search(case.shown, terminal.shown), terminal.shown
        assert re.search(case.asked, terminal.shown), terminal.shown
        terminal.type("n\n")
        assert terminal.end() == 1
    assert place.writes.seen == []


@pytest.mark.parametrize("name", ["train", "download"])
def test_in_ci_what_costs_more_than_its_flag_allows_is_refused(
    cli: Run, place: Place, name: str
) -> None:
    words = prepared(place, CASES[name])
    found = cli(*words, "--base-url", place.server.url, "--yes", "--max-cost", "6")
    assert (found.code, "more than --max-cost 6" in found.err) == (5, True), found
    assert place.writes.seen == []


def test_without_its_flag_gc_only_reads(cli: Run, place: Place) -> None:
    left_behind(place)
    place.writes.seen.clear()
    assert cli("gc", place.catalog, "--base-url", place.server.url, "--yes").code == 0
    assert place.writes.seen == []


def test_without_prune_an_apply_deletes_nothing(cli: Run, place: Place) -> None:
    to_be_deleted(place)
    place.writes.seen.clear()
    assert cli("apply", place.catalog, "--base-url", place.server.url, "--yes").code == 0
    assert not [request for request in place.writes.seen if request.startswith("DELETE")]


def test_every_write_of_a_yes_would_have_been_seen(cli: Run, place: Place) -> None:
    words = prepared(place, CASES["train"])
    assert cli(*words, "--base-url", place.server.url, "--yes", "--detach").code == 0
    assert [request.rpartition("/")[2] for request in place.writes.seen] == ["train", "train"]
