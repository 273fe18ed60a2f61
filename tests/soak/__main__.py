"""`script/soak`: many schedules of faults, lives and stories, and one table of what became of them.

With --inputs or --api it sends generated input instead: to all that reads a file, or to the
sandbox by its own OpenAPI document. The first defect ends it, with the input that shows it.
"""

import argparse
import random
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.soak.killed import kill_again_and_again
from tests.soak.lives import live_through
from tests.soak.result import Result
from tests.soak.soak import soak
from tests.soak.stories import AT_ONCE, soak_stories
from tests.soak.table import row, table


def main() -> int:
    """Soak, print the table, and fail if a promise was broken or nothing was run."""
    parser = argparse.ArgumentParser(
        prog="script/soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--schedules", type=int, default=2000, help="how many (default: 2000)")
    parser.add_argument("--stories", type=int, default=100, help="how many (default: 100)")
    parser.add_argument(
        "--kills", type=int, default=20, help="in how many projects runs are killed (default: 20)"
    )
    parser.add_argument(
        "--lives",
        type=int,
        default=40,
        help="how many models are promoted and restored under faults (default: 40)",
    )
    parser.add_argument("--days", type=int, default=25, help="of a story (default: 25)")
    parser.add_argument(
        "--minutes",
        type=float,
        default=float("inf"),
        help="at most this long for each",
    )
    parser.add_argument("--seed", type=int, help="where to begin (default: anywhere)")
    parser.add_argument(
        "--inputs", type=float, metavar="MINUTES", help="broken files instead, for so long"
    )
    parser.add_argument(
        "--api", type=int, metavar="N", help="instead N right and N wrong requests an operation"
    )
    given = parser.parse_args()
    first_seed = random.randrange(10**6) if given.seed is None else given.seed
    if given.inputs is not None or given.api is not None:
        return _fuzz(given.inputs, given.api, first_seed)
    with TemporaryDirectory(prefix="catalog-sync-soak.") as folder:
        limits: dict[str, Any] = {
            "first_seed": first_seed,
            "seconds": given.minutes * 60,
            "told": _teller(),
        }
        results = [
            *kill_again_and_again(Path(folder), projects=given.kills, **limits),
            *soak(Path(folder), schedules=given.schedules, **limits),
            *live_through(Path(folder), lives=given.lives, **limits),
        ]
        stories, broken = soak_stories(
            Path(folder),
            stories=given.stories,
            days=given.days,
            first_seed=first_seed,
            seconds=given.minutes * 60,
            told=lambda number, why: _tell_story(number, given.days, why),
        )
    sys.stdout.write(row("first seed", first_seed) + table(results))
    sys.stdout.write(row("stories", stories) + row("broken seeds", broken))
    # What did nothing has proved nothing.
    ran = len(results) + stories
    return 0 if ran and all(result.good for result in results) and not broken else 1


def _tell_story(number: int, days: int, why: str) -> None:
    only = "--schedules 0 --kills 0 --lives 0"
    again = f"script/soak {only} --stories {AT_ONCE} --days {days} --seed {number}"
    sys.stderr.write(f"{why}\nagain: {again}\n")


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


_OFTEN = 100


def _teller() -> Callable[[Result], None]:
    """Tells how far it is, and what went wrong, as soon as that is known; from any thread."""
    carried_out = count(1)

    def tell(result: Result) -> None:
        number = next(carried_out)
        if number % _OFTEN == 0:
            sys.stderr.write(f"{number} carried out\n")
        if result.good:
            return
        sys.stderr.write(f"{result.name}:\n")
        for what in ("unfinished", "duplicates", "lost", "wrong"):
            sys.stderr.writelines(f"  {what}: {each}\n" for each in getattr(result, what))

    return tell


if __name__ == "__main__":
    sys.exit(main())
