"""`train` as a user sees it: what it costs, what it starts, how it ends, and what it leaves."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults, Rule
from tests.cli.conftest import Result, Run
from tests.cli.holding import Held
from tests.cli.terminal import Terminal
from tests.cli.trainings import Api, past_prices, priced, write_catalog

SOON = {"queue_s": 0.05, "train_s": 0.05}
LONG = {"queue_s": 1000.0, "train_s": 9000.0}

Train = Callable[..., Result]


class Studio:
    """A sandbox with models that can be trained, and the program in a catalog of them."""

    def __init__(self, cli: Run, server: Any, catalog: Path) -> None:
        self._cli = cli
        self.server = server
        self.api = Api(server)
        self.ids = self.api.make()
        self.catalog = write_catalog(catalog, self.ids)

    def __call__(self, *arguments: object) -> Result:
        return self._cli("train", *arguments, "-C", self.catalog, "--base-url", self.server.url)

    def document(self, *arguments: object) -> dict[str, Any]:
        found = self(*arguments, "--json")
        document: dict[str, Any] = json.loads(found.out)
        validator().validate(document)
        return document

    def starts(self) -> int:
        """How many trainings were started."""
        return len(self.api.jobs())


@cache
def validator() -> Draft202012Validator:
    schema = Path(__file__).parents[2] / "schemas/train.schema.json"
    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


@pytest.fixture
def studio(cli: Run, tmp_path: Path) -> Callable[..., Any]:
    @contextmanager
    def opened(**settings: Any) -> Iterator[Studio]:
        with running(tmp_path / "box", **{**SOON, **settings}) as server:
            found = Studio(cli, server, tmp_path / "catalog")
            try:
                yield found
            finally:
                found.api.close()

    return opened


def test_a_training_is_priced_started_followed_and_told(studio: Any) -> None:
    with studio() as train:
        found = train("ink", "paint", "--yes", "--max-cost", "50")
        ink = train.api.model(train.ids["ink"])
        assert (found.code, ink["status"], train.starts()) == (0, "trained", 2)
    lines = found.out.splitlines()
    assert lines[0] == f'+ train ink  "Ink"  {train.ids["ink"]}  3 images, 30 creative units'
    assert lines[2] == "Cost of 2 trainings: 50 creative units."
    assert lines[3].startswith(
        f'= trained  ink  "Ink"  {train.ids["ink"]}  30 creative units, job_'
    )
    assert lines[-1] == "Trainings: 2 trained; 50 creative units."
    assert "ink: trained" in found.err.splitlines()


def test_a_run_that_is_repeated_pays_for_nothing_twice(studio: Any) -> None:
    with studio() as train:
        train("ink", "--yes")
        again = train("ink", "--yes")
        assert train.starts() == 1
        assert train("ink", "--yes", "--again").code == 0
        assert train.starts() == 2
    assert again.code == 0
    assert "--again trains it anew" in again.out
    assert again.out.splitlines()[-1] == "Trainings: 1 trained."


def test_everything_that_cannot_be_trained_is_refused_at_once_by_name(studio: Any) -> None:
    with studio(**LONG) as train:
        assert train("ink", "--yes", "--detach").code == 0
        (train.catalog / "models/new.yaml").write_text("name: New\ntype: flux.1-lora\n")
        found = train("ink", "paint", "pose", "bare", "new", "--yes")
        document = train.document("ink", "paint", "pose", "bare", "new", "--yes")
        assert train.starts() == 1
    assert found.code == 5
    refused = [line for line in found.out.splitlines() if line.startswith("! refused")]
    assert [line.split()[2] for line in refused] == ["new:", "ink:", "pose:", "bare:"]
    assert "Training is not available for models of type custom" in refused[2]
    assert found.out.splitlines()[-1] == "Nothing is started: 4 models cannot be trained."
    assert [each["code"] for each in document["refusals"]] == [
        "not-there",
        "training",
        "not-trainable",
        "no-training-images",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody", "--yes"],
        ["ink", "--status", "--cancel"],
        ["ink", "--status", "--again"],
        ["ink", "--follow", "--detach"],
        ["ink", "--max-cost", "-1"],
        ["ink"],
        [],
    ],
    ids=" ".join,
)
def test_wrong_usage_starts_nothing(studio: Any, arguments: list[str]) -> None:
    with studio() as train:
        found = train(*arguments)
        assert (found.code, train.starts()) == (64, 0)
    assert found.err


def test_without_anybody_to_ask_the_cost_is_shown_and_nothing_started(studio: Any) -> None:
    with studio() as train:
        found = train("ink")
        assert (found.code, train.starts()) == (64, 0)
    assert "Cost of 1 training: 30 creative units." in found.out
    assert "--yes to train without asking" in found.err


def test_a_brake_on_the_cost_is_kept(studio: Any) -> None:
    with studio() as train:
        found = train("ink", "paint", "--yes", "--max-cost", "49.5")
        assert (found.code, train.starts()) == (5, 0)
    assert "this costs 50 creative units, more than --max-cost 49.5" in found.err


@pytest.mark.parametrize("options", [["--yes"], ["--yes", "--max-cost", "99"], ["--max-cost", "9"]])
def test_an_unknown_cost_is_agreed_to_by_nobody_but_a_person(
    studio: Any, options: list[str]
) -> None:
    with studio(middleware=(priced(None),)) as train:
        found = train("ink", *options)
        assert (found.code, train.starts()) == (5, 0)
    assert "Cost of 1 training: unknown." in found.out
    assert "agree to it at a terminal" in found.err


def test_a_person_is_asked_with_the_cost_and_the_place(studio: Any) -> None:
    with (
        studio() as train,
        Terminal("train", "ink", "paint", "-C", train.catalog, url=train.server.url) as terminal,
    ):
        terminal.until("Train 2 models in main proj_train for 50 creative units? [y/N]")
        assert train.starts() == 0
        terminal.type("y\n")
        assert terminal.end() == 0
        assert train.starts() == 2
    assert "Trainings: 2 trained; 50 creative units." in terminal.shown


def test_no_starts_nothing(studio: Any) -> None:
    with (
        studio() as train,
        Terminal("train", "ink", "-C", train.catalog, url=train.server.url) as terminal,
    ):
        terminal.until("[y/N]")
        terminal.type("n\n")
        assert (terminal.end(), train.starts()) == (1, 0)
    assert "Nothing was started." in terminal.shown


def test_a_terminal_shows_a_bar_with_stage_place_and_time_left(studio: Any) -> None:
    with (
        studio(**LONG) as train,
        Terminal(
            "train", "ink", "paint", "-C", train.catalog, "--yes", url=train.server.url
        ) as terminal,
    ):
        terminal.until("waiting to begin, 3 h left")
        train.server.control.advance(500)
        terminal.until("in the queue, 2 before it")
        train.server.control.advance(5000)
        terminal.until("running, 50 %")
        train.server.control.advance(9000)
        assert terminal.end() == 0
    assert "Trainings: 2 trained" in terminal.shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_trainings_running_and_says_how_to_come_back(
    studio: Any, number: signal.Signals
) -> None:
    with (
        studio(**LONG) as train,
        Terminal(
            "train", "ink", "-C", train.catalog, "--yes", "--project", "proj_train",
            url=train.server.url,
        ) as terminal,
    ):  # fmt: skip
        terminal.until("waiting to begin")
        terminal.process.send_signal(number)
        assert terminal.end() == 130
        assert train.api.model(train.ids["ink"])["status"] == "training"
    assert "Left running on the server: ink." in terminal.shown
    again = f"train ink --catalog {train.catalog} --project proj_train"
    shown = "".join(terminal.shown.split())
    assert "".join(f"To follow: catalog-sync {again} --follow".split()) in shown
    assert "".join(f"To cancel: catalog-sync {again} --cancel".split()) in shown


def test_programs_get_events_and_one_document(studio: Any) -> None:
    with studio() as train:
        found = train("ink", "--yes", "--json")
        document = json.loads(found.out)
        validator().validate(document)
        job_id = train.api.model(train.ids["ink"])["jobId"]
    events = [json.loads(line) for line in found.err.splitlines() if line.startswith("{")]
    assert [event["key"] for event in events] == ["ink"] * len(events)
    assert {event["event"] for event in events} == {"training"}
    assert (events[0]["fate"], events[-1]["fate"]) == ("training", "trained")
    (entry,) = document["trainings"]
    told = {name: entry[name] for name in ("key", "fate", "status", "units", "job_id", "images")}
    assert told == {
        "key": "ink",
        "fate": "trained",
        "status": "trained",
        "units": 30,
        "job_id": job_id,
        "images": 3,
    }
    assert (document["units"], document["project"]) == (30, "proj_train")


def test_who_detaches_finds_it_again_by_its_status(studio: Any) -> None:
    with studio(**LONG) as train:
        started = train("ink", "--yes", "--detach")
        train.server.control.advance(5500)
        status = train("--status", "ink", "paint")
        document = train.document("--status", "ink")
        assert train.starts() == 1
        train.server.control.advance(9000)
        ended = train("--status", "ink")
    assert started.code == status.code == ended.code == 0
    assert started.out.splitlines()[-1] == "Trainings: 1 training; 30 creative units."
    assert "--follow" in started.err
    first, second = status.out.splitlines()[:2]
    assert "running, 50 %, 75 min left, 30 creative units, job_" in first
    assert second.startswith(". not started  paint")
    assert (document["trainings"][0]["stage"], document["trainings"][0]["progress"]) == (
        "running-train",
        0.5,
    )
    assert ended.out.startswith("= trained  ink")


def test_the_catalog_is_the_nearest_one_upward(
    studio: Any, cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio() as train:
        monkeypatch.chdir(train.catalog / "models")
        found = cli("train", "--status", "ink", "--base-url", train.server.url)
    assert (found.code, found.out.splitlines()[-1]) == (0, "Trainings: 1 not started.")


def test_a_status_and_a_follow_cannot_write(studio: Any) -> None:
    with studio() as train:
        train("--status", "ink")
        train("--follow", "ink")
        writes = [name for name in train.server.control.requests() if "train" in name]
        assert [name for name in writes if "training-images" not in name] == []


def test_a_training_that_runs_is_followed_without_starting_one(studio: Any) -> None:
    with studio(queue_s=0.3, train_s=0.3) as train:
        train("ink", "--yes", "--detach")
        found = train("--follow", "ink")
        assert train.starts() == 1
    assert (found.code, found.out.splitlines()[-1]) == (
        0,
        "Trainings: 1 trained; 30 creative units.",
    )


def test_a_training_that_takes_too_long_is_left_running(studio: Any) -> None:
    with studio(**LONG) as train:
        found = train("ink", "--yes", "--deadline", "0.2")
        assert train.api.model(train.ids["ink"])["status"] == "training"
    assert found.code == 1
    assert "it still runs after 0.2 s and is left running" in found.out


def test_a_training_is_canceled_once_that_is_agreed_to(studio: Any) -> None:
    with studio(**LONG) as train:
        train("ink", "--yes", "--detach")
        assert train("--cancel", "ink").code == 64
        assert train.api.model(train.ids["ink"])["status"] == "training"
        found = train("--cancel", "ink", "--yes")
        assert train.api.model(train.ids["ink"])["status"] == "training-canceled"
        nothing = train("--cancel", "ink", "--yes")
    assert (found.code, found.out.splitlines()[-1]) == (0, "Trainings: 1 canceled.")
    assert nothing.code == 0


def test_a_signal_cancels_no_other_training_and_tells_how_each_of_them_stands(studio: Any) -> None:
    held = Held("POST", "/train/action")
    with studio(**LONG, middleware=(held,)) as train:
        train("ink", "paint", "--yes", "--detach")
        with Terminal(
            "train", "--cancel", "ink", "paint", "-C", train.catalog, "--yes", url=train.server.url
        ) as terminal:
            assert held.arrived.wait(30)
            terminal.process.send_signal(signal.SIGINT)
            terminal.until("what is under way is finished")
            held.let_go.set()
            assert terminal.end() == 130
        became = {key: train.api.model(train.ids[key])["status"] for key in ("ink", "paint")}
    assert became == {"ink": "training-canceled", "paint": "training"}
    assert "interrupted before it was canceled" in terminal.shown
    assert "Trainings: 1 canceled, 1 training." in terminal.shown


def test_a_training_that_fails_is_told_in_the_words_of_the_server(studio: Any) -> None:
    with studio(**LONG) as train:
        train("ink", "paint", "--yes", "--detach")
        train.server.control.fail_training(train.ids["ink"], "out of memory ##[group]")
        train.server.control.advance(20_000)
        found = train("--follow", "ink", "paint")
        document = train.document("--follow", "ink")
        alone = train("--follow", "ink")
    assert (found.code, alone.code) == (4, 1)
    assert "the training failed: out of memory" in found.out
    assert "##[" not in found.out
    assert "out of memory" in document["trainings"][0]["reason"]


def test_where_one_fails_and_another_does_not_it_is_exit_4(studio: Any) -> None:
    with studio(max_training=1, **LONG) as train:
        found = train("ink", "paint", "--yes", "--detach")
        assert train.starts() == 1
    assert found.code == 4
    assert "The limit of your plan for parallel-training is reached" in found.out
    assert "the subscription allows 1 for parallel-training" in found.out
    assert "wait until one that runs has ended" in found.out
    assert "trace id of the API: " in found.out


def test_a_cool_down_that_is_longer_than_allowed_is_told_with_its_length(studio: Any) -> None:
    with studio(train_cooldown_s=900) as train:
        train("ink", "--yes")
        found = train("paint", "--yes", "--max-wait", "1")
        assert train.starts() == 1
    assert found.code == 1
    assert "the server asks to wait 900 s" in found.out
    assert "--max-wait 900" in found.out


def test_a_cool_down_that_is_short_is_waited_for(studio: Any) -> None:
    with studio(train_cooldown_s=1.0) as train:
        assert train("ink", "paint", "--yes").code == 0
        assert train.starts() == 2


def at_starts(fault: str) -> Faults:
    return Faults(1, [Rule((fault,), "PUT /models/{}/train", times=1)])


@pytest.mark.parametrize("fault", ["lost", "reset-after", "cut-off", "truncated", "wrong-type"])
def test_a_lost_answer_to_a_start_starts_no_second_one(studio: Any, fault: str) -> None:
    faults = at_starts(fault)
    with studio(middleware=(past_prices(faults),)) as train:
        found = train("ink", "--yes", "--timeout", "2")
        assert train.starts() == 1
    assert faults.injected[fault] == 1
    assert found.code == 0, found
    assert "the answer to its start got lost" in found.out
    assert "but the server runs it as job_" in found.out


@pytest.mark.parametrize("fault", ["reset-before", "reset-during", "500", "502"])
def test_where_nothing_tells_of_a_start_a_person_decides(studio: Any, fault: str) -> None:
    faults = at_starts(fault)
    with studio(middleware=(past_prices(faults),)) as train:
        found = train("ink", "paint", "--yes", "--timeout", "2")
        document = train.document("--status", "ink")
        assert train.starts() == 1
    assert found.code == 4, found
    assert "it is not known whether the training was started" in found.out
    assert "train --status ink" in found.out
    assert "Trainings: 1 trained, 1 unknown" in found.out
    assert document["trainings"][0]["fate"] == "not started"
