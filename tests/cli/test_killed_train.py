"""SIGKILL at every request of a training and of a download: nothing is paid for twice."""

import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.cli.killing import Ended, Reaper, Scene, process_id, scene
from tests.cli.trainings import Api, write_catalog

SIZE = 2_000_000
AT_ONCE = {"queue_s": 0, "train_s": 0, "pack_s": 0, "weights_bytes": SIZE}

numbers = itertools.count()


class Cut:
    """A middleware that kills the run whose file is on its way, after so many bytes."""

    def __init__(self) -> None:
        self.after: int | None = None
        self.reaper = Reaper()

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            left = self.after if scope["path"].startswith("/weights/") else None

            async def cut(message: Any) -> None:
                nonlocal left
                body = message.get("body", b"")
                if left is not None and len(body) > left:
                    await send({**message, "body": body[:left], "more_body": True})
                    os.kill(process_id(self.reaper.run), signal.SIGKILL)
                    self.after = left = None
                    raise ConnectionError
                left = None if left is None else left - len(body)
                await send(message)

            await app(scope, receive, cut)

        return serve


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A sandbox whose trainings and downloads are done at once, and a catalog."""
    folder = tmp_path_factory.mktemp("killed-train")
    write_catalog(folder / "catalog")
    with scene(folder, **AT_ONCE) as found:
        yield found


def prepared(place: Scene, status: str) -> str:
    """A project of its own with the models of the catalog, marked as the catalog's."""
    project = f"proj_{next(numbers)}"
    place.reaper.arm()
    with closing(Api(place.server, project)) as api:
        for key, model_id in api.make(status).items():
            tags = {"add": [f"catalog-sync:acme/{key}"], "delete": [], "strict": False}
            api.http.put(f"/models/{model_id}/tags", json=tags).raise_for_status()
    return project


def train(place: Scene, project: str) -> Ended:
    where = ("-C", str(place.catalog), "--project", project)
    return place.call(project, "train", "ink", "paint", "--yes", *where)


def download(place: Scene, project: str) -> Ended:
    out = str(place.folder / project / "out")
    where = ("-C", str(place.catalog), "--project", project, "--out", out)
    return place.call(project, "download", "ink", *where)


def jobs(place: Scene, project: str) -> int:
    return len(place.read(project, "/jobs")["jobs"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_training_that_was_killed_at_any_request_is_paid_for_once(
    place: Scene, when: str
) -> None:
    project = prepared(place, "new")
    assert train(place, project).code == 0
    steps = len(place.reaper.requests)
    assert jobs(place, project) == 2
    for at in range(1, steps + 1):
        project = prepared(place, "new")
        place.reaper.arm(at, when)
        assert train(place, project).code == -signal.SIGKILL
        place.reaper.arm()
        again = train(place, project)
        assert again.code == 0, again
        assert jobs(place, project) == 2
        models = place.read(project, "/models")["models"]
        assert {m["name"]: m["status"] for m in models if m["name"] in ("Ink", "Paint")} == {
            "Ink": "trained",
            "Paint": "trained",
        }


def check_file(place: Scene, project: str) -> None:
    """The file is there whole, with its digest, of the one job that there is."""
    out = place.folder / project / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "ink.safetensors",
        "ink.safetensors.sha256",
    ]
    content = (out / "ink.safetensors").read_bytes()
    assert len(content) > SIZE
    said = f"{sha256(content).hexdigest()}  ink.safetensors\n"
    assert (out / "ink.safetensors.sha256").read_text() == said
    assert jobs(place, project) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_download_that_was_killed_at_any_request_is_begun_once_and_whole(
    place: Scene, when: str
) -> None:
    project = prepared(place, "trained")
    assert download(place, project).code == 0
    check_file(place, project)
    for at in range(1, len(place.reaper.requests) + 1):
        project = prepared(place, "trained")
        place.reaper.arm(at, when)
        assert download(place, project).code == -signal.SIGKILL
        place.reaper.arm()
        again = download(place, project)
        assert again.code == 0, again
        check_file(place, project)


@pytest.mark.parametrize("after", [0, 1, 100_000, 1_999_999])
def test_a_download_that_was_killed_in_the_middle_of_its_file_goes_on(
    tmp_path: Path, after: int
) -> None:
    write_catalog(tmp_path / "catalog")
    cut = Cut()
    with scene(tmp_path, cut, **AT_ONCE) as made:
        cut.reaper = made.reaper
        project = prepared(made, "trained")
        cut.after = after
        assert download(made, project).code == -signal.SIGKILL
        left = list((tmp_path / project / "out").glob(".*.part"))
        assert len(left) == 1
        again = download(made, project)
        assert again.code == 0, again
        check_file(made, project)
