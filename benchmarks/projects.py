"""Projects to measure on: a catalog in Git, and a server that looks as an apply would leave it."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.cases import PROGRAM, Project, access
from benchmarks.catalogs import PROJECT, generate, manifest
from benchmarks.served import Server, served
from catalogsync.assumed import as_applied
from catalogsync.manifest import load
from catalogsync.marks import OWNER_PREFIX
from catalogsync.model import RemoteModel
from catalogsync.scenario import Connection, ScenarioClient, Transport
from catalogsync.scenario.wire import upload_name

Beginning = Callable[[Server, Path], None]
"""Brings about what is on the server in the beginning, given the catalog."""

_LONG_AGO = "2026-01-01T00:00:00.000Z"
_UNSURE_S = 2.1
"""Files that were touched a moment ago are hashed again in the next run."""


@contextmanager
def project(models: int, examples: int, begin: Beginning) -> Iterator[Project]:
    """A project for the length of a `with`, with a server that knows no answers yet."""
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as name:
        folder = Path(name)
        generate(folder / "catalog", models=models, examples=examples)
        commit(folder / "catalog")
        with served(folder / "sandbox") as server:
            begin(server, folder / "catalog")
        with served(folder / "sandbox") as server:
            settle()
            yield Project(models, models * examples, folder, server)


def settle() -> None:
    """Wait until the stamps of files that were just written can be relied on."""
    time.sleep(_UNSURE_S)


def commit(catalog: Path) -> None:
    """Put a catalog into a repository of its own."""
    # Git would pack so many files in the background, while they are measured.
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0")
    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "-m", "all")):
        subprocess.run(["git", *command], cwd=catalog, check=True)


def empty(server: Server, folder: Path) -> None:
    """There is nothing."""


def applied(server: Server, folder: Path) -> None:
    """What an apply would leave is there; that a plan finds nothing to do proves it.

    An apply of 10,000 models takes minutes. The pictures have no content.
    """
    catalog = load(folder)
    there = as_applied(catalog, catalog)
    names = {asset_id: upload_name(asset) for asset_id, asset in there.assets.items()}
    server.control.create_assets(names, PROJECT)
    server.control.create_models(map(_as_kept, there.models.values()), PROJECT)


def made_by_hand(server: Server, folder: Path) -> None:
    """The models are there, content and all, but bear no mark: nobody manages them yet."""
    environment = os.environ | access(server) | {"XDG_CACHE_HOME": str(folder.parent / "unused")}
    command = (*PROGRAM, "apply", str(folder), "--yes", "--quiet", "--jobs", "16")
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    connection = Connection(server.url, "k", "s", PROJECT)
    with closing(Transport(connection, read_only=True)) as transport:
        models = list(ScenarioClient(transport).list_models())
    for model in models:
        tags = sorted(tag for tag in model.tags if not tag.startswith(OWNER_PREFIX))
        server.control.set_fields(model.id, tags=tags)


def _as_kept(model: RemoteModel) -> dict[str, object]:
    return {
        "id": model.id,
        "name": model.name,
        "type": model.type,
        "status": "trained",
        "createdAt": _LONG_AGO,
        "updatedAt": _LONG_AGO,
        "shortDescription": model.short_description,
        "tags": sorted(model.tags),
        "description": model.description or "",
        "thumbnail": model.thumbnail,
        "exampleAssetIds": list(model.examples),
    }


def touch(catalog: Path, models: int) -> None:
    """Give every hundredth of so many manifests another time, as an edit that changes nothing."""
    for number in range(0, models, 100):
        manifest(catalog, number).touch()
    settle()


def edit(catalog: Path, count: int) -> None:
    """Change the first manifests, as a pull request would."""
    for number in range(count):
        path = manifest(catalog, number)
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("Generated", "Edited", 1), encoding="utf-8")
    settle()
