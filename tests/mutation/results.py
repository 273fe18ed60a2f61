"""What became of mutants, kept line by line so that a run can go on where it ended."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path

_Z = 1.96
"""Of the normal distribution: 95 % lie within so many standard deviations."""

KILLED, TIMED_OUT, ALIVE = "killed", "timed out", "alive"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small break of one function; `digest` is that of the function it was made from."""

    name: str
    digest: str

    @property
    def function(self) -> str:
        """The function that is broken, as mutmut spells it."""
        return self.name.partition("__mutmut_")[0]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant, `by` which test, with so many `examples` of each property."""

    name: str
    digest: str
    outcome: str
    by: str
    examples: int


def read(file: Path) -> dict[Mutant, Verdict]:
    """The last verdict of each mutant; of a function that has changed since there is none."""
    lines = file.read_text().splitlines() if file.exists() else []
    verdicts = [Verdict(**json.loads(line)) for line in lines]
    return {Mutant(verdict.name, verdict.digest): verdict for verdict in verdicts}


def write(file: Path, verdict: Verdict) -> None:
    """Add a verdict to those of the file."""
    with file.open("a") as out:
        out.write(json.dumps(asdict(verdict)) + "\n")


def table(mutants: Sequence[Mutant], verdicts: Mapping[Mutant, Verdict]) -> str:
    """How many were tried and how many are alive, and those by function."""
    tried = [verdicts[mutant] for mutant in mutants if mutant in verdicts]
    counts = Counter(verdict.outcome for verdict in tried)
    low, high = share(counts[ALIVE], len(tried))
    rows = [
        ("mutants", len(mutants)),
        ("tried", len(tried)),
        *((outcome, counts[outcome]) for outcome in (KILLED, TIMED_OUT, ALIVE)),
    ]
    lines = [f"{name:<20}{number:>10}" for name, number in rows]
    alive = f"{100 * counts[ALIVE] / max(1, len(tried)):.1f} %"
    between = f"95 % confidence: {100 * low:.1f} to {100 * high:.1f} %"
    lines += [f"{'alive of the tried':<20}{alive:>10}  ({between})", ""]
    return "\n".join([*lines, *_alive(tried)]) + "\n"


def _alive(tried: Iterable[Verdict]) -> list[str]:
    by_function: dict[str, list[str]] = {}
    for verdict in tried:
        if verdict.outcome == ALIVE:
            function, _, number = verdict.name.partition("__mutmut_")
            by_function.setdefault(function, []).append(number)
    return [
        f"{function}__mutmut_: {', '.join(sorted(numbers, key=int))}"
        for function, numbers in sorted(by_function.items())
    ]


def share(some: int, of: int) -> tuple[float, float]:
    """Between what shares the true one lies if `some` `of` so many drawn have it (Wilson, 95 %)."""
    if not of:
        return 0.0, 1.0
    part, spread = some / of, 1 + _Z**2 / of
    middle = (part + _Z**2 / (2 * of)) / spread
    off = _Z * sqrt(part * (1 - part) / of + _Z**2 / (4 * of**2)) / spread
    return max(0.0, middle - off), min(1.0, middle + off)
