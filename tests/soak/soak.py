"""Many schedules, drawn from one seed, and what became of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from threading import Lock

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from catalogsync.model import Catalog
from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults
from catalogsync.sandbox.server import Running
from tests.engine.catalogs import catalogs
from tests.soak.mixes import FILES, MIXES, Mix
from tests.soak.project import DRIP_S, READ_S, WAIT_S
from tests.soak.result import Result
from tests.soak.schedule import Run, Schedule, manageable

_AT_ONCE = 50
_WORKERS = 8
_PATIENCE_S = (READ_S, 8.0, 40.0)
_CLOCKS_OFF_S = (0.0, -9 * 3600.0, 5 * 3600.0, 30 * 3600.0)


def soak(
    folder: Path,
    *,
    schedules: int,
    first_seed: int,
    seconds: float = float("inf"),
    told: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Carry out schedules until there are enough of them or the time is over."""
    files = written_files(folder)
    due = _Due(schedules, first_seed, seconds)

    def work(number: int) -> list[Result]:
        results = []
        faults = Faults(wait_s=WAIT_S, drip_s=DRIP_S)
        box = folder / f"box{number}"
        with running(box, validate_s=0, import_s=0, middleware=(faults,)) as server:
            server.control.advance(_CLOCKS_OFF_S[number % len(_CLOCKS_OFF_S)])
            while schedule := due.take():
                results.append(carried_out(schedule, server, faults, files))
                told(results[-1])
        return results

    # A schedule waits most of its time, for answers that do not come.
    with ThreadPoolExecutor(_WORKERS) as pool:
        return [result for results in pool.map(work, range(_WORKERS)) for result in results]


def carried_out(
    schedule: Schedule,
    server: Running,
    faults: Faults,
    files: Path,
    *,
    patience_s: Sequence[float] = _PATIENCE_S,
) -> Result:
    """What became of a schedule; one that a slow machine spoilt is run again with more patience."""
    for again, read_s in enumerate(patience_s):
        run = Run(schedule, server, faults, files, read_s)
        result = run.carry_out()
        result.again = again
        if result.good or not run.was_too_slow:
            break
    return result


def written_files(folder: Path) -> Path:
    """The folder with every file that a catalog may use, each called by its sha256."""
    files = folder / "files"
    files.mkdir(parents=True)
    for sha, content in FILES.items():
        (files / sha).write_bytes(content)
    return files


class _Due:
    """The schedules that nobody has taken yet."""

    def __init__(self, schedules: int, first_seed: int, seconds: float) -> None:
        # All at once, before a thread runs: hypothesis seeds the random numbers of everybody.
        self._left = iter(list(islice(_schedules(first_seed), schedules)))
        # Drawing thousands takes minutes, which are none of theirs.
        self._ends = time.monotonic() + seconds
        self._lock = Lock()

    def take(self) -> Schedule | None:
        """The next one, or None when it is time to stop."""
        with self._lock:
            return None if time.monotonic() > self._ends else next(self._left, None)


def _schedules(first: int) -> Iterator[Schedule]:
    for number in count(first):
        yield from drawn(number)


def drawn(number: int) -> list[Schedule]:
    """The schedules of one seed: the same ones each time."""
    made: list[Schedule] = []

    @seed(number)
    @settings(
        max_examples=_AT_ONCE,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(before=catalogs(), after=catalogs(), mix=st.sampled_from(MIXES))
    def draw(before: Catalog, after: Catalog, mix: Mix) -> None:
        both = (_adapted(before, mix), _adapted(after, mix))
        made.append(Schedule(number, len(made), mix, both))

    draw()
    return made


def _adapted(catalog: Catalog, mix: Mix) -> Catalog:
    return replace(catalog, models=tuple(manageable(spec, mix) for spec in catalog.models))
