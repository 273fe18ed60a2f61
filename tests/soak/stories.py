"""Tells many stories in one sandbox."""

from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults
from tests.soak.project import DRIP_S, WAIT_S
from tests.soak.soak import written_files
from tests.soak.story import Stage, Story


def tell_stories(folder: Path, *, stories: int, days: int, first_seed: int | None = None) -> None:
    """Tell stories, the same ones each time or those of a seed; a broken promise raises.

    What led to it is printed step by step.
    """
    faults = Faults(wait_s=WAIT_S, drip_s=DRIP_S)
    chosen = settings(
        max_examples=stories,
        stateful_step_count=days,
        derandomize=first_seed is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    files = written_files(folder)
    with running(folder / "box", validate_s=0, import_s=0, middleware=(faults,)) as server:
        told = type("ToldStory", (Story,), {"stage": Stage(server, faults, files)})
        if first_seed is not None:
            seed(first_seed)(told)
        run_state_machine_as_test(told, settings=chosen)
