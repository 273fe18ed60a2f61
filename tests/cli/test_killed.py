"""SIGKILL at every request of an apply: one more run, and everything is there, once."""

import itertools
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.killing import MODELS, SOUNDS, Scene, scene, write_catalog
from tests.scenario.renaming import renaming

SHARES = 4
"""Into how many tests a loop over all requests is cut, so that several processes can share it."""

numbers = itertools.count()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A sandbox and a catalog for all tests of a process."""
    folder = tmp_path_factory.mktemp("killed")
    write_catalog(folder / "catalog", MODELS)
    with scene(folder) as found:
        assert len(found.digests) == 30
        yield found


@pytest.fixture(scope="module")
def steps(place: Scene) -> int:
    """How many requests an apply makes that is left alone."""
    place.reaper.arm()
    whole = place.run("proj_whole", "apply", "--yes", "--jobs", "1")
    assert whole.code == 0, whole
    assert place.stored("proj_whole") == place.digests
    return len(place.reaper.requests)


def check(place: Scene, project: str, home: str, jobs: int) -> None:
    """Run once more, and everything is there, once."""
    place.reaper.arm()
    applied = place.run(project, "apply", "--yes", "--jobs", str(jobs), home=home)
    assert applied.code == 0, applied
    left = place.run(project, "plan", "--detailed-exitcode", home=home)
    assert (left.code, left.out.splitlines()[-1]) == (0, "No changes. 4 models match.")
    assert place.stored(project) == place.digests
    models = place.read(project, "/models")["models"]
    assert len(models) == len(MODELS)
    assert [each["name"] for each in place.read(project, "/collections")["collections"]] == [
        "Brushes"
    ]
    place.clear(project)


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_request(place: Scene, steps: int, when: str, share: int) -> None:
    for at in range(1 + share, steps + 1, SHARES):
        project = f"proj_{next(numbers)}"
        place.reaper.arm(at, when)
        killed = place.run(project, "apply", "--yes", "--jobs", "1")
        assert killed.code == -signal.SIGKILL, killed
        check(place, project, "home", jobs=1)


@pytest.mark.parametrize(("when", "first"), [("before", 1), ("after", 2)])
def test_killed_at_every_third_request_and_run_again_on_another_machine(
    place: Scene, steps: int, when: str, first: int
) -> None:
    for at in range(first, steps + 1, 3):
        project = f"proj_{next(numbers)}"
        place.reaper.arm(at, when)
        killed = place.run(project, "apply", "--yes")
        assert killed.code == -signal.SIGKILL, killed
        # What only one machine knows about an upload is over once it is an asset.
        place.settle()
        check(place, project, "elsewhere", jobs=8)


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_a_file_without_its_name_is_tagged(tmp_path: Path, when: str) -> None:
    write_catalog(tmp_path / "catalog", SOUNDS)
    with scene(tmp_path, renaming) as place:
        place.reaper.arm()
        assert place.run("proj_whole", "apply", "--yes", "--jobs", "1").code == 0
        assert place.stored("proj_whole") == place.digests
        tags = [path.startswith("PUT /v1/assets/") for path in place.reaper.requests]
        assert sum(tags) == len(place.digests)
        for at in (at for at, tag in enumerate(tags, 1) if tag):
            project = f"proj_{at}"
            place.reaper.arm(at, when)
            assert place.run(project, "apply", "--yes", "--jobs", "1").code == -signal.SIGKILL
            place.reaper.arm()
            assert place.run(project, "apply", "--yes").code == 0
            assert place.run(project, "plan", "--detailed-exitcode").code == 0
            assert place.stored(project) == place.digests
