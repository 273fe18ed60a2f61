"""What became of many schedules, as one table."""

from collections import Counter
from collections.abc import Sequence

from catalogsync.sandbox.faults import FAULTS
from tests.soak.result import Result


def table(results: Sequence[Result]) -> str:
    """One line a number: schedules, requests, faults by kind, kills, and what must be 0."""
    faults = sum((result.injected for result in results), Counter[str]())
    rows = [
        ("schedules", len(results)),
        ("run again, slow", sum(result.again for result in results)),
        ("applies", sum(result.applies for result in results)),
        ("requests", sum(result.requests for result in results)),
        ("faults", faults.total()),
        *((f"  {name}", faults[name]) for name in FAULTS if faults[name]),
        ("kills", sum(result.kills for result in results)),
        ("converged", sum(not result.unfinished for result in results)),
        ("duplicates", sum(len(result.duplicates) for result in results)),
        ("lost", sum(len(result.lost) for result in results)),
        ("wrong reports", sum(len(result.wrong) for result in results)),
    ]
    return "".join(row(name, number) for name, number in rows)


def row(name: str, number: int) -> str:
    """One line of the table."""
    return f"{name:<20}{number:>10}\n"
