"""Somebody else writes while an apply runs: at each of its requests, one after another."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catalogsync.apply import noticing_twins
from catalogsync.errors import NotFound
from catalogsync.identity import twins
from catalogsync.manifest import load, open_file
from catalogsync.outcome import Outcome, Status
from catalogsync.sandbox import running
from catalogsync.scenario import Connection, ScenarioClient, Transport
from tests.cli.conftest import Result, Run, write
from tests.cli.pausing import HELD, Pause, Refused, refuse
from tests.engine.run import run

Changed = Mapping[tuple[str, str], str]
Live = Mapping[tuple[str, str], Sequence[str]]

MANIFESTS = {
    "fresh": """\
name: Fresh
type: flux.1-lora
tags: [new]
description: |
  Fresh.
  ![one](1.png)
""",
    "ink": """\
name: Ink
type: flux.1-lora
shortDescription: ours
tags: [ours]
collections: [Best]
examples: [1.png, 2.png]
description: ours
promptGuide: ours
""",
    "old": "name: Old\ntype: flux.1-lora\nstate: absent\n",
    "taken": "id: PINNED\nname: Taken\ntype: flux.1-lora\nshortDescription: ours\n",
}
"""A model to create, one to change in every way, one to delete and one to adopt."""

WRITES = {
    "shortDescription": "",
    "examples": "/examples",
    "description": "/description",
    "promptGuide": "/prompt-guide",
}
"""The end of the path of the request that sets a field."""

projects = count(1)


@dataclass
class Place:
    """A sandbox that can hold a run."""

    server: Any
    pause: Pause
    folder: Path
    cli: Run

    @contextmanager
    def client(self, project: str) -> Iterator[ScenarioClient]:
        """Somebody else, over the API."""
        connection = Connection(self.server.url, "other", "s", project)
        transport = Transport(connection, read_only=False)
        yield ScenarioClient(transport)
        transport.close()


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Pause]]:
    """One sandbox for all tests of this file."""
    pause = Pause()
    with running(tmp_path_factory.mktemp("box"), validate_s=0, middleware=(pause,)) as server:
        yield server, pause


@pytest.fixture
def place(held: tuple[Any, Pause], tmp_path: Path, cli: Run) -> Place:
    """The sandbox, and a folder for catalogs."""
    return Place(*held, tmp_path, cli)


class Try:
    """One apply that is held at a request, in a project of its own."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.project = f"proj_at_once_{next(projects)}"
        control = place.server.control
        self.ids = dict(
            zip(
                ("ink", "old", "taken"),
                control.create_models(
                    [
                        {
                            "name": "Ink",
                            "status": "trained",
                            "tags": ["catalog-sync:acme/ink", "before"],
                            "exampleAssetIds": ["asset_before"],
                            "shortDescription": "before",
                            "description": "before",
                            "promptGuide": "before",
                        },
                        {"name": "Old", "tags": ["catalog-sync:acme/old"]},
                        {"name": "Taken", "status": "trained", "shortDescription": "before"},
                    ],
                    self.project,
                ),
                strict=True,
            )
        )
        self.catalog = self.written("ours")

    def written(self, word: str) -> Path:
        """A catalog whose values are a word."""
        folder = self.place.folder / self.project / word
        (folder / "models").mkdir(parents=True)
        write(folder / "catalog.yaml", "apiVersion: catalogsync/v1\nname: acme\n")
        for key, text in MANIFESTS.items():
            text = text.replace("PINNED", self.ids["taken"]).replace("ours", word)
            write(folder / f"models/{key}.yaml", text)
        for number in (1, 2):
            picture = Image.new("RGB", (8, 8), (number * 90, 20, len(word) * 20))
            picture.save(folder / f"models/{number}.png")
        return folder

    def apply(self) -> tuple[Result, Any]:
        """Apply by the program, one request after another, and its document."""
        env = {
            "SCENARIO_SDK_API_KEY": HELD,
            "SCENARIO_BASE_URL": self.place.server.url,
        }
        words = ("--project", self.project, "--yes", "--json", "--jobs", "1", "--no-cache")
        result = self.place.cli("apply", self.catalog, *words, env=env)
        return result, json.loads(result.out)

    def live(self) -> Live:
        """The values of the models that were there at first, by key and field."""
        found: dict[tuple[str, str], Sequence[str]] = {}
        with self.place.client(self.project) as client:
            models = {model.id: model for model in client.list_models()}
            for key, model_id in self.ids.items():
                if model_id in models:
                    model = models[model_id]
                    found[key, "shortDescription"] = model.short_description
                    found[key, "examples"] = model.examples
                    found[key, "tags"] = sorted(model.tags)
            found["ink", "description"] = client.get_description(self.ids["ink"])
            found["ink", "promptGuide"] = client.get_prompt_guide(self.ids["ink"])
        return found

    def named(self, name: str) -> list[str]:
        """The models of a name."""
        with self.place.client(self.project) as client:
            return sorted(model.id for model in client.list_models() if model.name == name)

    def marked(self) -> dict[str, list[str]]:
        """The keys that several models bear."""
        with self.place.client(self.project) as client:
            return twins("acme", client.list_models())


def every_request(place: Place) -> int:
    """How many requests an apply makes that nobody disturbs."""
    place.pause.arm(0)
    result, _ = Try(place).apply()
    assert result.code == 0, result.err
    return len(place.pause.requests)


def edit_by_hand(this: Try, theirs: dict[tuple[str, str], str]) -> None:
    """What somebody writes in the web page, in every model that is there."""
    with this.place.client(this.project) as person:
        for key, model_id in this.ids.items():
            with suppress(NotFound):
                person.update_model(model_id, {"shortDescription": f"theirs of {key}"})
                theirs[key, "shortDescription"] = f"theirs of {key}"
        ink = this.ids["ink"]
        person.edit_tags(ink, add=["theirs"], delete=[])
        person.set_description(ink, "their text")
        person.set_prompt_guide(ink, "their guide")
    this.place.server.control.set_fields(ink, exampleAssetIds=["asset_theirs"])
    theirs["ink", "tags"] = "theirs"
    theirs["ink", "description"] = "their text"
    theirs["ink", "promptGuide"] = "their guide"
    theirs["ink", "examples"] = "asset_theirs"


def lost(theirs: Changed, live: Live) -> set[tuple[str, str]]:
    """What somebody wrote that is not there any more."""

    return {place for place, value in theirs.items() if value not in live.get(place, "")}


def in_conflict(document: Any) -> set[str]:
    """The models that a report says somebody else changed or made as well."""
    found = (each for each in document["outcomes"] if each["status"] == "conflict")
    return {each["action"]["model"] for each in found}


def told(document: Any, key: str, value: str) -> bool:
    """Whether a report says that a model was changed, or shows the value as what it replaces."""
    shown = [json.dumps(model) for model in document["models"] if model["key"] == key]
    return key in in_conflict(document) or any(value in each for each in shown)


def check_report(result: Result, document: Any) -> None:
    """What is in conflict is named, and the exit code says that not all was done."""
    named = all(f" {key}: " in result.err for key in in_conflict(document))
    unfinished = {each["status"] for each in document["outcomes"]} - {"done"}
    assert named, result.err
    assert (result.code in (4, 5)) == bool(unfinished or document["refusals"]), result


def overwrites(request: str, this: Try, place: tuple[str, str]) -> bool:
    """Whether a request is the one that writes a field, or deletes the model that has it."""
    path = f"/models/{this.ids[place[0]]}"
    ends = WRITES.get(place[1])
    return request in (f"PUT {path}{ends}", f"DELETE {path}")


def silently_lost(this: Try, document: Any, theirs: Changed) -> set[tuple[str, str]]:
    """What somebody wrote that is neither there nor in the report of the run that was held.

    Between its last look at a field and its write of it no run can know.
    """
    held = this.place.pause.held
    gone = {place for place in lost(theirs, this.live()) if not overwrites(held, this, place)}
    return {place for place in gone if not told(document, place[0], theirs[place])}


def test_what_somebody_writes_while_an_apply_runs_stays_or_is_told(place: Place) -> None:
    for at in range(1, every_request(place) + 1):
        this, theirs = Try(place), dict[tuple[str, str], str]()
        place.pause.arm(at, partial(edit_by_hand, this, theirs))
        result, document = this.apply()
        assert not (silent := silently_lost(this, document, theirs)), (place.pause.held, silent)
        check_report(result, document)
        converges(this)


def edit_and_be_busy(this: Try, theirs: dict[tuple[str, str], str]) -> None:
    """The same, while the server has no time for the request that is held."""
    edit_by_hand(this, theirs)
    raise Refused(503)


def test_what_somebody_writes_before_a_write_is_repeated_stays_or_is_told(place: Place) -> None:
    place.pause.arm(0)
    Try(place).apply()
    writes = [at for at, each in enumerate(place.pause.requests, 1) if each[:3] in ("PUT", "DEL")]
    for at in writes:
        this, theirs = Try(place), dict[tuple[str, str], str]()
        place.pause.arm(at, partial(edit_and_be_busy, this, theirs))
        result, document = this.apply()
        silent = [
            each for each in lost(theirs, this.live()) if not told(document, each[0], theirs[each])
        ]
        assert not silent, (place.pause.held, silent)
        check_report(result, document)
        converges(this)


def apply_a_newer_one(this: Try, theirs: dict[tuple[str, str], str], said: list[Outcome]) -> None:
    """Another run, of a newer commit, from its beginning to its end."""
    catalog = load(this.written("newer"))
    with this.place.client(this.project) as client:
        outcomes = run(client, catalog, lambda asset: open_file(catalog.files[asset.sha256]))
    said += noticing_twins(outcomes, this.marked())
    names = [("ink", field) for field in ("shortDescription", "tags", "description", "promptGuide")]
    theirs |= dict.fromkeys([*names, ("taken", "shortDescription")], "newer")
    theirs["ink", "examples"] = this.live()["ink", "examples"][0]


def test_of_two_applies_at_once_neither_loses_or_doubles_anything_untold(place: Place) -> None:
    for at in range(1, every_request(place) + 1):
        this, theirs, said = Try(place), dict[tuple[str, str], str](), list[Outcome]()
        place.pause.arm(at, partial(apply_a_newer_one, this, theirs, said))
        result, document = this.apply()
        assert not (silent := silently_lost(this, document, theirs)), (place.pause.held, silent)
        check_report(result, document)
        assert {outcome.status for outcome in said} <= {Status.DONE, Status.CONFLICT}, said
        double = this.marked()
        begun = place.pause.requests[: at - 1]
        seen_none = "GET /models" in begun and "POST /models" not in begun
        assert list(double) == (["fresh"] if seen_none else []), place.pause.held
        reports = [each.reason for each in said if each.status is Status.CONFLICT]
        reports += [each["reason"] for each in document["outcomes"] if each["status"] == "conflict"]
        for ids in double.values():
            assert any(all(each in reason for each in ids) for reason in reports), reports
        named = this.named("Fresh")
        assert named == double.get("fresh", named[:1])
        if double:
            place.pause.arm(0)
            result, document = this.apply()
            assert [each["code"] for each in document["refusals"]] == ["ambiguous"]
            assert (result.code in (4, 5), "fresh" in result.err) == (True, True)
            with place.client(this.project) as person:
                person.delete_model(named[1])
        converges(this)


def test_a_report_is_told_though_nobody_can_look_for_models_made_twice(place: Place) -> None:
    end = every_request(place)
    this = Try(place)
    place.pause.arm(end, refuse)
    result, document = this.apply()
    assert place.pause.held == "GET /models"
    assert "could not be read" in result.err
    assert {each["status"] for each in document["outcomes"]} == {"done"}
    assert (result.code, document["result"].split(",")[0]) == (0, "Applied: 1 created")


def converges(this: Try) -> None:
    """One more apply, and nothing is left to do."""
    this.place.pause.arm(0)
    result, _ = this.apply()
    assert result.code == 0, result.err
    _, document = this.apply()
    assert (document["models"], document["refusals"]) == ([], [])
