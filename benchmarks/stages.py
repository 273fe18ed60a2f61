"""Times every stage of the program in this process, over a catalog and the server at an address.

Prints JSON: for each stage the seconds of processor time, or with --memory the peak of its memory
in MB, which takes longer to find out than the stage itself.
"""

import argparse
import gc
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol, TypeVar

from benchmarks.catalogs import PROJECT
from benchmarks.processor import forget
from catalogsync.cache import open_cache
from catalogsync.cli.main import collect_seldom
from catalogsync.diff import diff
from catalogsync.manifest import load
from catalogsync.model import Catalog, Snapshot
from catalogsync.observe import observe
from catalogsync.plan import Plan, build_plan
from catalogsync.review.html import render_html
from catalogsync.review.markdown import render_markdown
from catalogsync.review.saved import SavedPlan, Scope, saved_document, write_sealed
from catalogsync.review.text import render_plan
from catalogsync.scenario import Connection, ScenarioClient, Transport

T = TypeVar("T")


class Measure(Protocol):
    """Runs a stage: what it gives, and what it took."""

    def __call__(self, stage: Callable[[], T], /) -> tuple[T, float]: ...


_DAY = date(2026, 1, 1)
_EMPTY = Snapshot({})


def seconds(stage: Callable[[], T]) -> tuple[T, float]:
    """What a stage gives, and its processor time, with nothing of it in the processor's caches."""
    gc.collect()
    forget()
    began = time.process_time()
    found = stage()
    return found, time.process_time() - began


def megabytes(stage: Callable[[], T]) -> tuple[T, float]:
    """What a stage gives, and how much memory it had at most, in MB."""
    gc.collect()
    tracemalloc.start()
    found = stage()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return found, peak / 1e6


def stages(root: Path, cache: Path, timed: Measure) -> Iterator[tuple[str, float]]:
    """Every stage with what it took."""
    catalog, took = timed(lambda: _loaded(root, None))
    yield "load, cold cache", took
    _loaded(root, cache)
    _, took = timed(lambda: _loaded(root, cache))
    yield "load, warm cache", took
    snapshot, took = timed(lambda: _observed(catalog))
    yield "observe", took
    _, took = timed(lambda: diff(catalog, snapshot, today=_DAY))
    yield "diff, nothing differs", took
    edited, took = timed(lambda: diff(catalog, _edited(snapshot), today=_DAY))
    yield "diff, every model edited", took
    plan, took = timed(lambda: build_plan(catalog, edited, project=PROJECT))
    yield "plan, every model edited", took
    fresh, took = timed(lambda: diff(catalog, _EMPTY, today=_DAY))
    yield "diff, every model new", took
    plan, took = timed(lambda: build_plan(catalog, fresh, project=PROJECT))
    yield "plan, every model new", took
    for name, review in _REVIEWS.items():
        _, took = timed(partial(review, plan))
        yield f"review as {name}, every model new", took


def _loaded(root: Path, cache: Path | None) -> Catalog:
    with open_cache(cache) as known:
        return load(root, known=known.files(root))


def _observed(catalog: Catalog) -> Snapshot:
    connection = Connection(os.environ["SCENARIO_BASE_URL"], "k", "s", PROJECT)
    with closing(Transport(connection, read_only=True)) as transport:
        return observe(ScenarioClient(transport), catalog, jobs=8)


def _edited(snapshot: Snapshot) -> Snapshot:
    edited = {
        model_id: replace(model, short_description="Edited by hand.")
        for model_id, model in snapshot.models.items()
    }
    return replace(snapshot, models=edited)


def _saved(plan: Plan) -> None:
    with TemporaryFile() as file:
        write_sealed(saved_document(SavedPlan(plan, "", Scope())), file)


def _printed(plan: Plan) -> None:
    with TemporaryFile("w") as file:
        file.writelines(f"{line.text}\n" for line in render_plan(plan))


_REVIEWS: dict[str, Callable[[Plan], object]] = {
    "text": _printed,
    "JSON": _saved,
    "Markdown": render_markdown,
    "HTML": lambda plan: render_html(plan, {}),
}


def main() -> None:
    """Measure all stages once."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("catalog", type=Path)
    parser.add_argument("cache", type=Path, help="file for the warm cache")
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    collect_seldom()
    timed: Measure = megabytes if given.memory else seconds
    json.dump(dict(stages(given.catalog, given.cache, timed)), sys.stdout)


if __name__ == "__main__":
    main()
