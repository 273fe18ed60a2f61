"""SIGKILL at every request of a run that does a bit of everything: the next one ends it."""

import itertools
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.killing import Scene, scene, write_models
from tests.cli.mixed import APPLY, begin, described, write_mixed

SHARES = 4
"""Into how many tests a loop over all requests is cut, so that several processes can share it."""

numbers = itertools.count()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A sandbox and a catalog for all tests of a process."""
    folder = tmp_path_factory.mktemp("mixed")
    write_mixed(folder / "catalog")
    with scene(folder) as found:
        yield found


@pytest.fixture(scope="module")
def whole(place: Scene) -> tuple[int, list[str]]:
    """How many requests a run makes that is left alone, and what the project holds then."""
    stay = begin(place, "proj_whole")
    place.reaper.arm()
    applied = place.run("proj_whole", *APPLY, "--jobs", "1")
    assert applied.code == 0, applied
    steps = len(place.reaper.requests)
    assert place.run("proj_whole", "plan", "--prune", "--detailed-exitcode").code == 0
    return steps, described(place, "proj_whole", stay)


def kill(place: Scene, project: str, at: int, when: str) -> dict[str, str]:
    """Begin a project and kill a run in it; the ids of the models that are to stay."""
    stay = begin(place, project)
    place.reaper.arm(at, when)
    killed = place.run(project, *APPLY, "--jobs", "1")
    assert killed.code == -signal.SIGKILL, killed
    return stay


def check(place: Scene, project: str, held: list[str], stay: dict[str, str], home: str) -> None:
    """Run once more, and the project holds what it holds after a run that is left alone."""
    place.reaper.arm()
    applied = place.run(project, *APPLY, home=home)
    assert applied.code == 0, applied
    left = place.run(project, "plan", "--prune", "--detailed-exitcode", home=home)
    assert left.code == 0, left
    assert described(place, project, stay) == held
    place.clear(project)


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_request(
    place: Scene, whole: tuple[int, list[str]], when: str, share: int
) -> None:
    steps, held = whole
    assert 60 <= steps <= 90
    for at in range(1 + share, steps + 1, SHARES):
        project = f"proj_{next(numbers)}"
        stay = kill(place, project, at, when)
        check(place, project, held, stay, "home")


@pytest.mark.parametrize(("when", "first"), [("before", 1), ("after", 3)])
def test_killed_and_run_again_on_another_machine(
    place: Scene, whole: tuple[int, list[str]], when: str, first: int
) -> None:
    steps, held = whole
    for at in range(first, steps + 1, 4):
        project = f"proj_{next(numbers)}"
        stay = kill(place, project, at, when)
        # What only one machine knows about an upload is over once it is an asset.
        place.settle()
        check(place, project, held, stay, "elsewhere")


def test_weights_that_were_sent_are_not_sent_again(
    place: Scene, whole: tuple[int, list[str]]
) -> None:
    place.reaper.arm()
    begin(place, "proj_weights")
    assert place.run("proj_weights", *APPLY, "--jobs", "1").code == 0
    note = place.reaper.requests.index("GET /v1/collections", 2)
    for number, when in enumerate(("before", "after")):
        project = f"proj_weights_{number}"
        stay = kill(place, project, note, when)
        check(place, project, whole[1], stay, "home")
        assert not [sent for sent in place.reaper.requests if sent.startswith("PUT /parts/")]


FLUX = "name: Flux\ntype: flux.1-lora\nsource: {huggingFace: owner/flux}\n"


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_imported_from_elsewhere_is_never_paid_twice(tmp_path: Path, when: str) -> None:
    write_models(tmp_path / "catalog", {"flux": FLUX})
    with scene(tmp_path) as place:
        place.reaper.arm()
        assert place.run("proj_whole", "apply", "--yes").code == 0
        requests = place.reaper.requests
        noted = requests.index("POST /v1/collections")
        named = next(at for at, sent in enumerate(requests) if sent.startswith("PUT /v1/coll"))
        for at in range(1, len(requests) + 1):
            project = f"proj_{at}"
            place.reaper.arm(at, when)
            assert place.run(project, "apply", "--yes").code == -signal.SIGKILL
            done = at if when == "after" else at - 1
            place.reaper.arm()
            again = place.run(project, "apply", "--yes")
            # Only while nobody can know whether it was begun is it left to a person.
            assert again.code == (5 if noted < done <= named else 0), again
            assert ("[import-unclear]" in again.out) is (again.code == 5)
            begun = noted < done <= named and "POST /v1/uploads" in requests[noted:done]
            models = place.read(project, "/models")["models"]
            assert len(models) == (0 if again.code == 5 and not begun else 1)
