"""`script/soak`: many schedules of faults, and one table of what became of them."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.soak.schedule import Result
from tests.soak.soak import soak
from tests.soak.table import table


def main() -> int:
    """Soak, print the table, and fail if a promise was broken."""
    parser = argparse.ArgumentParser(prog="script/soak", description=__doc__)
    parser.add_argument("--schedules", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="at most this long")
    parser.add_argument("--seed", type=int, default=1, help="where to begin (default: 1)")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="catalog-sync-soak.") as folder:
        results = soak(
            Path(folder),
            schedules=given.schedules,
            first_seed=given.seed,
            seconds=given.minutes * 60,
            told=_tell,
        )
    sys.stdout.write(table(results))
    return 0 if all(result.good for result in results) else 1


def _tell(result: Result) -> None:
    if result.good:
        return
    schedule = result.schedule
    sys.stderr.write(f"seed {schedule.seed}, schedule {schedule.number}, {schedule.mix.name}:\n")
    for what in ("unfinished", "duplicates", "lost", "wrong"):
        sys.stderr.writelines(f"  {what}: {each}\n" for each in getattr(result, what))


if __name__ == "__main__":
    sys.exit(main())
