"""Runs that are killed again and again, at requests that a seed draws, and then one that is not."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tests.cli.killing import Ended, Scene, scene
from tests.cli.mixed import APPLY, begin, described, write_mixed
from tests.soak.result import Result

_MOST_KILLS = 5
_HOMES = ("home", "home", "home", "elsewhere")
_JOBS = ("1", "2", "8")


def kill_again_and_again(
    folder: Path,
    *,
    projects: int,
    first_seed: int,
    seconds: float = float("inf"),
    told: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Kill runs in one project after another, until there are enough or the time is over."""
    if not projects:
        return []
    write_mixed(folder / "catalog")
    ends = time.monotonic() + seconds
    with scene(folder) as place:
        whole = _Whole(place)
        found = []
        for seed in range(first_seed, first_seed + projects):
            if time.monotonic() > ends:
                break
            found.append(whole.chain(seed))
            told(found[-1])
    return found


class _Whole:
    """What a run does that is left alone, which those that are killed are measured by."""

    def __init__(self, place: Scene) -> None:
        self._place = place
        stay = begin(place, "proj_whole")
        place.reaper.arm()
        applied = place.run("proj_whole", *APPLY)
        assert applied.code == 0, applied
        self._steps = len(place.reaper.requests)
        self._held = described(place, "proj_whole", stay)

    def chain(self, seed: int) -> Result:
        """Kill a few runs one after another, and see what one that is left alone makes of it."""
        random, place, result = Random(seed), self._place, Result(f"seed {seed}, killed")
        project = f"proj_{seed}"
        stay = begin(place, project)
        for _ in range(random.randint(1, _MOST_KILLS)):
            at, when = random.randint(1, self._steps), random.choice(("before", "after"))
            place.reaper.arm(at, when)
            ended = self._run(result, project, random)
            if ended.code == 0:
                break
            if ended.code != -signal.SIGKILL:
                result.wrong.append(f"exit {ended.code} when killed {when} request {at}: {ended}")
                break
            result.kills += 1
            # What only one machine knows about an upload is over once it is an asset.
            place.settle()
        place.reaper.arm()
        ended = self._run(result, project, random)
        left = place.run(project, "plan", "--prune", "--detailed-exitcode")
        if ended.code or left.code:
            result.unfinished.append(f"{ended} {left}")
        if ended.code == 0 and left.code:
            result.wrong.append(f"said to be done: {left.out}")
        self._compare(result, described(place, project, stay))
        place.clear(project)
        return result

    def _run(self, result: Result, project: str, random: Random) -> Ended:
        place = self._place
        home, jobs = random.choice(_HOMES), random.choice(_JOBS)
        ended = place.run(project, *APPLY, "--jobs", jobs, home=home)
        result.applies += 1
        result.requests += len(place.reaper.requests)
        return ended

    def _compare(self, result: Result, held: list[str]) -> None:
        result.lost += _without(self._held, held)
        result.duplicates += _without(held, self._held)


def _without(these: list[str], those: list[str]) -> Iterator[str]:
    """Those of the first that the second has not, or not as often."""
    left = list(those)
    for each in these:
        if each in left:
            left.remove(each)
        else:
            yield each
