"""`script/bench scale`: every stage of the engine without network, from hundreds to many models.

The server is played at the port, its list as the JSON that the API sends. Each size runs in a
process of its own, whose peak memory is told too.
"""

import gc
import json
import math
import os
import platform
import resource
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import click

from benchmarks.catalogs import key, plain, plain_text
from benchmarks.processor import HELD_MB, forget
from catalogsync.cli.main import collect_seldom
from catalogsync.diff import diff
from catalogsync.manifest import load
from catalogsync.marks import owner_tag
from catalogsync.model import AssetRef, Catalog, Price, RemoteModel, Snapshot, Weights
from catalogsync.observe import observe
from catalogsync.plan import build_plan
from catalogsync.review.document import plan_document, write_dumped
from catalogsync.review.text import render_plan
from catalogsync.scenario.wire import model_from

_PER_PAGE = 500
_EXAMPLES = 8

T = TypeVar("T")


@dataclass(slots=True)
class Stages:
    """Processor seconds of the stages, in their order."""

    seconds: dict[str, float] = field(default_factory=dict)

    def time(self, name: str, work: Callable[[], T]) -> T:
        """Run a stage and note what it took."""
        gc.collect()
        forget()
        started = time.process_time()
        result = work()
        self.seconds[name] = time.process_time() - started
        return result


@dataclass(frozen=True, slots=True)
class Server:
    """A project that looks like a plain catalog of so many models; it only reads."""

    models: int

    def list_models(self) -> Iterator[RemoteModel]:
        """The models, each page read from its JSON."""
        for start in range(0, self.models, _PER_PAGE):
            numbers = range(start, min(start + _PER_PAGE, self.models))
            page = json.dumps({"models": [_listed(number) for number in numbers]})
            yield from map(model_from, json.loads(page)["models"])

    def list_deleted(self) -> Iterator[RemoteModel]:
        """None."""
        yield from ()

    def get_model(self, model_id: str) -> RemoteModel:
        """One model."""
        return model_from(_listed(int(model_id.removeprefix("model_"))))

    def came_ahead(self, model_id: str, field: str) -> bool:
        """Nothing comes before it is asked for."""
        return False

    def get_description(self, model_id: str) -> str:
        """The text that the manifest has."""
        return plain_text(int(model_id.removeprefix("model_")))

    def get_prompt_guide(self, model_id: str) -> str:
        """No model has one."""
        return ""

    def get_assets(self, asset_ids: Sequence[str]) -> Mapping[str, AssetRef]:
        """Nothing asks for any."""
        return {}

    def newest_assets(self) -> Iterator[Sequence[AssetRef]]:
        """There are none."""
        return iter(())

    def list_collections(self) -> Mapping[str, str]:
        """There are none."""
        return {}

    def price_import(self, weights: Weights) -> Price:
        """Nothing is imported."""
        return Price()


def _listed(number: int) -> dict[str, object]:
    """A model as the API lists it, of the usual length."""
    asset = f"asset_{number:022}"
    return {
        "id": f"model_{number:022}",
        "name": f"Model {number}",
        "type": "flux.1-lora",
        "status": "trained",
        "privacy": "private",
        "source": "scenario",
        "ownerId": "proj_bench",
        "authorId": "user_bench",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "capabilities": ["txt2img", "img2img", "inpaint", "controlnet"],
        "tags": ["bench", f"group-{number % 10}", owner_tag("bench", key(number))],
        "shortDescription": f"Generated model number {number}.",
        "exampleAssetIds": [f"{asset}{at}" for at in range(_EXAMPLES)],
        "thumbnail": {
            "assetId": asset,
            "url": f"https://cdn.example.org/{asset}?Expires=1&Sig=xxxx",
        },
        "collectionIds": [],
        "trainingImagesNumber": 0,
    }


def measured(models: int) -> tuple[dict[str, float], float]:
    """Processor seconds of every stage for a catalog of that size, and the peak memory in MB."""
    collect_seldom()
    stages = Stages()
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as folder:
        plain(Path(folder), models=models)
        catalog = stages.time("load", lambda: load(Path(folder)))
    server = Server(models)
    stages.time("list", lambda: sum(1 for _ in server.list_models()))
    plan_of_the_same(stages, catalog, server)
    new = stages.time("diff, all new", lambda: diff(catalog, Snapshot(models={})))
    plan = stages.time("plan, all new", lambda: build_plan(catalog, new, target="", project=""))
    stages.time("text, all new", lambda: deque(render_plan(plan), maxlen=0))
    with tempfile.TemporaryFile() as file:
        stages.time("JSON, all new", lambda: write_dumped(plan_document(plan), file))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - HELD_MB
    return stages.seconds, peak


def plan_of_the_same(stages: Stages, catalog: Catalog, server: Server) -> None:
    """Time a plan that has nothing to do, and let go of what it needed."""
    live = stages.time("observe", lambda: observe(server, catalog, jobs=8))
    found = stages.time("diff", lambda: diff(catalog, live))
    plan = stages.time("plan", lambda: build_plan(catalog, found, target="", project=""))
    stages.time("text", lambda: deque(render_plan(plan), maxlen=0))
    if plan.models:
        raise click.ClickException(f"{len(plan.models)} of {len(catalog.models)} models differ")


@click.command()
@click.option("--models", default=(1000, 10_000, 100_000), show_default=True, multiple=True)
def scale(models: Sequence[int]) -> None:
    """Time the stages for catalogs of several sizes, and print how they grow."""
    found = {}
    for size in sorted(models):
        click.echo(f"{size} models", err=True)
        # Forked, a process would begin with the peak memory of this one.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found[size] = pool.submit(measured, size).result()
    sizes = list(found)
    click.echo(f"\nProcessor seconds; {os.cpu_count()} cores, Python {platform.python_version()}")
    click.echo(f"growth = the exponent from {sizes[0]} to {sizes[-1]} models\n")
    click.echo(f"{'stage':<16}" + "".join(f"{size:>10}" for size in sizes) + f"{'growth':>10}")
    for stage in found[sizes[0]][0]:
        click.echo(_row(stage, {size: seconds[stage] for size, (seconds, _) in found.items()}))
    click.echo(_row("peak MB", {size: peak for size, (_, peak) in found.items()}, digits=0))


def _row(name: str, values: Mapping[int, float], digits: int = 3) -> str:
    first, last = min(values), max(values)
    least, most = values[first], values[last]
    cells = "".join(f"{value:>10.{digits}f}" for value in values.values())
    growth = math.log(most / least) / math.log(last / first) if least and last > first else math.nan
    return f"{name:<16}{cells}{growth:>10.2f}"
