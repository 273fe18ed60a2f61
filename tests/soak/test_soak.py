"""The short form of `script/soak`: whatever goes wrong on the way, the catalog arrives once."""

from pathlib import Path

import pytest

from tests.soak.killed import kill_again_and_again
from tests.soak.soak import soak
from tests.soak.table import table

SCHEDULES, AT_ONCE = 200, 25
"""What a run of the tests has time for, and how many share a project; `script/soak` has more."""

KILLED = 3


def test_runs_killed_again_and_again_converge(tmp_path: Path) -> None:
    results = kill_again_and_again(tmp_path, projects=KILLED, first_seed=1)
    assert not [result for result in results if not result.good], table(results)
    assert (len(results), sum(result.kills for result in results) >= KILLED) == (KILLED, True)


@pytest.mark.parametrize("first_seed", range(1, SCHEDULES, AT_ONCE))
def test_schedules_of_faults_converge_without_duplicates_losses_or_lies(
    tmp_path: Path, first_seed: int
) -> None:
    results = soak(tmp_path, schedules=AT_ONCE, first_seed=first_seed)
    assert not [result for result in results if not result.good], table(results)
    injected = {name for result in results for name in result.injected}
    assert (len(results), len(injected) > 15) == (AT_ONCE, True)
