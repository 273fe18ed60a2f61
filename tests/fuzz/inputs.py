"""Runs the targets: for a number of inputs each, the same ones every time, or for some minutes."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.targets import TARGETS, Target

_ROUND = 500


def run(target: Target, folder: Path, *, examples: int, seed: int | None = None) -> int:
    """Give a target that many inputs and return how many it had; raises what it finds, shrunk."""
    folder.mkdir(parents=True, exist_ok=True)
    target.prepare(folder)
    count = 0

    @settings(
        max_examples=examples,
        derandomize=seed is None,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def checked(data: bytes) -> None:
        nonlocal count
        count += 1
        target.check(data, folder)

    if seed is not None:
        checked = seeded(seed)(checked)
    checked()
    return count


def run_all(
    folder: Path, *, minutes: float, seed: int, told: Callable[[str], object]
) -> Counter[str]:
    """Give all targets new inputs in turn until the time is over; count them by target."""
    counts: Counter[str] = Counter()
    ends = time.monotonic() + minutes * 60
    while time.monotonic() < ends:
        for target in TARGETS:
            told(f"seed {seed}: {target.name}")
            place = folder / f"{seed}-{target.name}"
            counts[target.name] += run(target, place, examples=_ROUND, seed=seed)
            if time.monotonic() > ends:
                break
        seed += 1
    return counts
