"""Tells many stories in one sandbox."""

import time
import traceback
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults
from tests.soak.project import DRIP_S, WAIT_S
from tests.soak.soak import written_files
from tests.soak.story import Stage, Story

AT_ONCE = 25
"""The number of stories that one seed makes."""


def tell_stories(
    folder: Path, *, days: int, stories: int = AT_ONCE, number: int | None = None
) -> None:
    """Tell stories, the same ones each time or those of a seed; a broken promise raises.

    What led to it is told day by day.
    """
    faults = Faults(wait_s=WAIT_S, drip_s=DRIP_S)
    chosen = settings(
        max_examples=stories,
        stateful_step_count=days,
        derandomize=number is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    files = written_files(folder)
    with running(folder / "box", validate_s=0, import_s=0, middleware=(faults,)) as server:
        told = type("ToldStory", (Story,), {"stage": Stage(server, faults, files)})
        if number is not None:
            seed(number)(told)
        run_state_machine_as_test(told, settings=chosen)


def soak_stories(
    folder: Path,
    *,
    stories: int,
    days: int,
    first_seed: int,
    seconds: float,
    told: Callable[[int, str], None],
) -> tuple[int, int]:
    """How many stories were told until there are enough or the time is over, and broken seeds."""
    ends = time.monotonic() + seconds
    count = broken = 0
    while count < stories and time.monotonic() < ends:
        number = first_seed + count // AT_ONCE
        place = folder / f"stories{number}"
        place.mkdir()
        try:
            tell_stories(place, days=days, number=number)
        except Exception:
            told(number, traceback.format_exc())
            broken += 1
        count += AT_ONCE
    return count, broken
