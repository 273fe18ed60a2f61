"""Runs the tests of each mutant in a fork of one process that collected all tests once."""

import gc
import json
import os
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

from tests.mutation.results import ALIVE, KILLED, TIMED_OUT, Mutant, Verdict

_MEMORY = 4 * 2**30
_CPU_S, _CPU_TIMES = 5, 10
_WALL_TIMES = 10
_OUT_OF_TIME = (signal.SIGPROF, signal.SIGALRM)


@dataclass(frozen=True, slots=True)
class Covered:
    """Which tests call a function that has mutants, what CPU time each takes, and which are red."""

    tests: dict[str, list[str]]
    seconds: dict[str, float]
    red: list[str]


@dataclass(slots=True)
class Running:
    """A mutant whose tests run in another process, which says through a pipe which one is red."""

    mutant: Mutant
    red: int
    folder: str


@dataclass(slots=True, eq=False)
class Forks:
    """A plug-in of pytest that has mutants run one after the other, `jobs` at a time.

    The tests that turned most mutants red come first, those of the same function before all.
    """

    mutants: Sequence[Mutant]
    jobs: int
    examples: int
    ends: float
    told: Callable[[Verdict], None]
    _red: bool = False
    _running: dict[int, Running] = field(default_factory=dict)
    _killers: dict[str, Counter[str]] = field(default_factory=dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant until the time is over."""
        items = {item.nodeid: item for item in session.items}
        for item in items.values():
            _with_few_examples(item, self.examples)
        gc.freeze()  # so that no fork copies all of it
        covered = self._covered(items)
        for mutant in self.mutants:
            if time.monotonic() > self.ends:
                break
            if len(self._running) >= self.jobs:
                self._wait_for_one()
            tests = self._in_order(mutant, covered)
            self._begin(mutant, [items[test] for test in tests], covered)
        while self._running:
            self._wait_for_one()
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test is red; only ever called in a fork."""
        self._red = self._red or report.failed

    def _covered(self, items: dict[str, pytest.Item]) -> Covered:
        """Run every test without a mutant, in a fork as well. Raises `UsageError` if one is red."""
        pid, told, folder = _forked(lambda out: self._watch(items, out))
        with os.fdopen(told) as lines:
            text = lines.read()
        os.waitpid(pid, 0)
        shutil.rmtree(folder, ignore_errors=True)
        if not text:
            raise pytest.UsageError("the tests cannot be run here: see script/test")
        covered = Covered(**json.loads(text))
        if covered.red:
            raise pytest.UsageError("\n".join(["red without any mutant:", *covered.red]))
        return covered

    def _watch(self, items: dict[str, pytest.Item], out: int) -> None:
        set_mutant_under_test("stats")
        covered = Covered({}, {}, [])
        for test, item, following in _with_next(items):
            began = time.process_time()
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            covered.seconds[test] = time.process_time() - began
            for function in state()._stats:
                covered.tests.setdefault(function, []).append(test)
            state()._stats.clear()
            covered.red.extend([test] if self._red else [])
            self._red = False
        with os.fdopen(out, "w") as lines:
            json.dump(asdict(covered), lines)

    def _in_order(self, mutant: Mutant, covered: Covered) -> list[str]:
        near = self._killers.get(mutant.function, Counter())
        overall = sum(self._killers.values(), Counter[str]())

        def rank(test: str) -> tuple[int, float]:
            return -near[test], covered.seconds[test] / (1 + overall[test])

        return sorted(covered.tests.get(mutant.function, []), key=rank)

    def _begin(self, mutant: Mutant, items: Sequence[pytest.Item], covered: Covered) -> None:
        pid, red, folder = _forked(lambda out: self._try(mutant, items, covered, out))
        self._running[pid] = Running(mutant, red, folder)

    def _try(
        self, mutant: Mutant, items: Sequence[pytest.Item], covered: Covered, out: int
    ) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        set_mutant_under_test(mutant.name)
        for test, item, following in _with_next({item.nodeid: item for item in items}):
            # Either of the two ends the process: one loops, the other waits for ever.
            cpu_s = _CPU_S + _CPU_TIMES * covered.seconds[test]
            signal.setitimer(signal.ITIMER_PROF, cpu_s)
            signal.setitimer(signal.ITIMER_REAL, _WALL_TIMES * cpu_s)
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._red:
                os.write(out, test.encode())
                return

    def _wait_for_one(self) -> None:
        pid, status = os.wait()
        ended = self._running.pop(pid)
        with os.fdopen(ended.red) as lines:
            red = lines.read()
        shutil.rmtree(ended.folder, ignore_errors=True)
        mutant, code = ended.mutant, os.waitstatus_to_exitcode(status)
        if red:
            self._killers.setdefault(mutant.function, Counter())[red] += 1
            outcome, by = KILLED, red
        elif code:
            outcome, by = TIMED_OUT if -code in _OUT_OF_TIME else KILLED, f"exit {code}"
        else:
            outcome, by = ALIVE, ""
        self.told(Verdict(mutant.name, mutant.digest, outcome, by, self.examples))


def _forked(work: Callable[[int], None]) -> tuple[int, int, str]:
    """A fork that does some work: its process id, the pipe it tells by, its temporary folder."""
    ours, theirs = os.pipe()
    folder = mkdtemp(prefix="catalog-sync-mutant.")
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours, folder
    code = 1
    try:
        # Where pytest makes its folders: many processes at once would clear away each other's.
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        work(theirs)
        code = 0
    finally:
        os._exit(code)


def _with_next(
    items: dict[str, pytest.Item],
) -> Iterator[tuple[str, pytest.Item, pytest.Item | None]]:
    following = [*list(items.values())[1:], None]
    for (test, item), after in zip(items.items(), following, strict=True):
        yield test, item, after


def _with_few_examples(item: pytest.Item, examples: int) -> None:
    """Have a property tried with no more examples than that, the same ones each time."""
    # pytest wants to be the first to load a plug-in of its own.
    from hypothesis import Phase, settings

    test: Any = getattr(item, "obj", None)
    held = getattr(test, "_hypothesis_internal_use_settings", None)
    if held is None:
        return
    target = getattr(test, "__func__", test)
    target._hypothesis_internal_use_settings = settings(
        held,
        max_examples=min(held.max_examples, examples),
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
    )


def run(forks: Forks, selection: Sequence[str], folder: Path) -> int:
    """Collect the tests of the folder and try the mutants; the exit code of pytest."""
    # Not captured: what forks share of that, one would read of another. And why a test is red,
    # nobody reads: to say it costs more than to find out.
    options = ["-q", "-s", "--tb=no", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
    with redirect_stdout(sys.stderr):
        return int(pytest.main([*options, f"--rootdir={folder}", *selection], plugins=[forks]))
