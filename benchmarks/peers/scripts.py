"""The scripts on the vendor's client, as cases."""

import importlib.util
import sys
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.catalogs import PROJECT

_SCRIPT = (sys.executable, str(Path(__file__).with_name("official.py")))
_LONG_S = 5
_LONGEST_S = 41
"""A script that latency alone would hold up for longer is left out."""


def script_cases(models: int, latency: float) -> tuple[Case, ...]:
    """The scripts that end in time; those that take long are run twice, the others as ours are."""
    missing = "" if importlib.util.find_spec("scenario_sdk") else "no package scenario-sdk"
    return tuple(
        Case(
            f"vendor's client, {what}, {how}",
            (*_SCRIPT, reads, way, PROJECT),
            jobs,
            most=2 if models * calls * latency / 1000 / jobs > _LONG_S else 0,
            missing=missing,
        )
        for reads, what, calls in (("retrieve", "retrieve each", 2), ("list", "list", 1))
        for way, how, jobs in (
            ("one-by-one", "one by one", 1),
            ("async", "async, semaphore of 32", 32),
            ("threads", "32 threads", 32),
        )
        if models * calls * latency / 1000 / jobs <= _LONGEST_S
    )
