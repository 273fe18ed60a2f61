"""`script/mutate`: breaks diff and plan in every small way and says what no test notices.

The mutants come in a random order that the seed decides: a run that ends early is a fair sample.
What became of each is kept in a file, and the next run goes on from there.
"""

import argparse
import random
import sys
import time
import tomllib
from pathlib import Path

from tests.mutation.making import made, make
from tests.mutation.results import ALIVE, Mutant, Verdict, read, table, write

_RESULTS = Path.home() / ".cache" / "catalog-sync" / "mutation.jsonl"


def main() -> int:
    """Make the mutants, or try them and print the table; 1 if a test is red without a mutant."""
    given = _parser().parse_args()
    if given.make:
        make(given.jobs)
        return 0
    given.results.parent.mkdir(parents=True, exist_ok=True)
    mutants = made(Path())
    random.Random(given.seed).shuffle(mutants)
    due = _due(mutants, given)
    code = _try(due, given) if due else 0
    sys.stdout.write(table(mutants, read(given.results)))
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/mutate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="script/mutate show NAME prints a mutant as a diff.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these, and again")
    parser.add_argument("--alive", action="store_true", help="try again what was alive")
    parser.add_argument("--jobs", type=int, default=2, help="at once (default: 2)")
    parser.add_argument(
        "--examples", type=int, default=20, help="of each property at most (default: 20)"
    )
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="begin no mutant after so long"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the order (default: 1)")
    parser.add_argument(
        "--results", type=Path, default=_RESULTS, help=f"kept there (default: {_RESULTS})"
    )
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    return parser


def _due(mutants: list[Mutant], given: argparse.Namespace) -> list[Mutant]:
    known = read(given.results)
    if given.names:
        return [mutant for mutant in mutants if mutant.name in given.names]
    if given.alive:
        return [each for each in mutants if each in known and known[each].outcome == ALIVE]
    return [mutant for mutant in mutants if mutant not in known]


def _try(due: list[Mutant], given: argparse.Namespace) -> int:
    # Loads pytest and the mutants, which only this needs.
    from tests.mutation.forks import Forks, run

    tools = tomllib.loads(Path("pyproject.toml").read_text())["tool"]
    tried = 0

    def told(verdict: Verdict) -> None:
        nonlocal tried
        tried += 1
        write(given.results, verdict)
        sys.stderr.write(f"{tried}/{len(due)} {verdict.outcome} {verdict.name} {verdict.by}\n")

    ends = time.monotonic() + given.minutes * 60
    forks = Forks(due, given.jobs, given.examples, ends, told)
    return run(forks, tools["mutmut"]["pytest_add_cli_args_test_selection"], Path.cwd())


if __name__ == "__main__":
    sys.exit(main())
