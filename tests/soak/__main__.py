"""`script/soak`: many schedules of faults, and one table of what became of them.

With --inputs or --api it sends generated input instead: to all that reads a file, or to the
sandbox by its own OpenAPI document. The first defect ends it, with the input that shows it.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.soak.schedule import Result
from tests.soak.soak import soak
from tests.soak.table import table


def main() -> int:
    """Soak, print the table, and fail if a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="script/soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--schedules", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="at most this long")
    parser.add_argument("--seed", type=int, default=1, help="where to begin (default: 1)")
    parser.add_argument(
        "--inputs", type=float, metavar="MINUTES", help="broken files instead, for so long"
    )
    parser.add_argument(
        "--api", type=int, metavar="N", help="instead N right and N wrong requests an operation"
    )
    given = parser.parse_args()
    if given.inputs is not None or given.api is not None:
        return _fuzz(given.inputs, given.api, given.seed)
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


def _fuzz(minutes: float | None, requests: int | None, seed: int) -> int:
    # schemathesis takes a second to import.
    from catalogsync.sandbox import running
    from tests.fuzz.api import fuzz
    from tests.fuzz.inputs import run_all

    with TemporaryDirectory(prefix="catalog-sync-soak.") as folder:
        if minutes is not None:
            counts = run_all(Path(folder), minutes=minutes, seed=seed, told=_say)
            rows = [*counts.items(), ("inputs", counts.total())]
        else:
            with running(Path(folder), validate_s=0, import_s=0) as server:
                tally = fuzz(server, examples=requests or 0, seed=seed, told=_say)
            rows = [(f"{mode} requests", tally.count(mode)) for mode in ("positive", "negative")]
    sys.stdout.write("".join(f"{name:<20}{number:>10}\n" for name, number in rows))
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _tell(result: Result) -> None:
    if result.good:
        return
    schedule = result.schedule
    sys.stderr.write(f"seed {schedule.seed}, schedule {schedule.number}, {schedule.mix.name}:\n")
    for what in ("unfinished", "duplicates", "lost", "wrong"):
        sys.stderr.writelines(f"  {what}: {each}\n" for each in getattr(result, what))


if __name__ == "__main__":
    sys.exit(main())
