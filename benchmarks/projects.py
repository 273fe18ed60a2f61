"""Projects to measure on: a catalog in Git, and a server that looks as an apply would leave it."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.cases import Project
from benchmarks.catalogs import PROJECT, generate
from benchmarks.served import Server, served
from catalogsync.assumed import as_applied
from catalogsync.manifest import load
from catalogsync.model import RemoteModel
from catalogsync.scenario.wire import upload_name

_UNSURE_S = 2.1
"""Files that were touched a moment ago are hashed again in the next run."""


@contextmanager
def project(models: int, examples: int, *, applied: bool = True) -> Iterator[Project]:
    """A project for the length of a `with`; one that is not applied is empty on the server."""
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as name:
        folder = Path(name)
        generate(folder / "catalog", models=models, examples=examples)
        commit(folder / "catalog")
        with served(folder / "sandbox") as server:
            if applied:
                fill(server, folder / "catalog")
            settle()
            yield Project(models, models * examples, folder, server)


def settle() -> None:
    """Wait until the stamps of files that were just written can be relied on."""
    time.sleep(_UNSURE_S)


def commit(catalog: Path) -> None:
    """Put a catalog into a repository of its own."""
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "-m", "all")):
        subprocess.run(["git", *command], cwd=catalog, check=True)


def fill(server: Server, folder: Path) -> None:
    """Give the server what an apply would leave there; that a plan finds nothing to do proves it.

    An apply of 10,000 models takes minutes.
    """
    catalog = load(folder)
    there = as_applied(catalog, catalog)
    names = {asset_id: upload_name(asset) for asset_id, asset in there.assets.items()}
    server.control.create_assets(names, PROJECT)
    server.control.create_models(map(_as_kept, there.models.values()), PROJECT)


def _as_kept(model: RemoteModel) -> dict[str, object]:
    return {
        "id": model.id,
        "name": model.name,
        "type": model.type,
        "status": "trained",
        "shortDescription": model.short_description,
        "tags": sorted(model.tags),
        "description": model.description or "",
        "thumbnail": model.thumbnail,
        "exampleAssetIds": list(model.examples),
    }


def edit(catalog: Path, count: int) -> None:
    """Change the first manifests, as a pull request would."""
    for number in range(count):
        manifest = catalog / f"models/m{number:05}/model.yaml"
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text.replace("Generated", "Edited", 1), encoding="utf-8")
    settle()
