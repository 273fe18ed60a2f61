"""The short form of the soak's lives: promoted, deleted, restored, while requests go wrong."""

from pathlib import Path

from tests.soak.lives import SERVERS, live_through
from tests.soak.table import table

LIVES = 3 * len(SERVERS)


def test_lives_under_faults_converge_without_duplicates_losses_or_lies(tmp_path: Path) -> None:
    results = live_through(tmp_path, lives=LIVES, first_seed=1)
    assert not [result for result in results if not result.good], table(results)
    injected = {name for result in results for name in result.injected}
    assert (len(results), len(injected) > 15) == (LIVES, True)
