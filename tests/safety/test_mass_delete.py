"""Promise 10: nothing is deleted because something could not be seen."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import Run, live, write

KEYS = tuple(f"m{number}" for number in range(6))
Break = Callable[[Path], object]


def edited(old: str, new: str) -> Break:
    """Another word in catalog.yaml."""

    def edit(catalog: Path) -> None:
        path = catalog / "catalog.yaml"
        write(path, path.read_text().replace(old, new))

    return edit


def keep(*kept: str) -> Break:
    """A checkout with only some of the manifests."""

    def cut(catalog: Path) -> None:
        for path in (catalog / "models").iterdir():
            if path.stem not in kept:
                path.unlink()

    return cut


def emptied(catalog: Path) -> None:
    """A checkout in which the manifests are there and empty."""
    for path in (catalog / "models").iterdir():
        write(path, "")


def renamed(rule: Callable[[str], str]) -> Break:
    """A checkout whose manifests have other names."""

    def rename(catalog: Path) -> None:
        for path in list((catalog / "models").iterdir()):
            path.rename(path.with_name(rule(path.name)))

    return rename


def unreadable(catalog: Path) -> None:
    """A manifest that is no YAML."""
    write(catalog / "models/m0.yaml", "a: [")


def whole(catalog: Path) -> None:
    """Nothing is wrong."""


BREAKS: dict[str, tuple[Break, tuple[str, ...], int]] = {
    "no folder of manifests": (lambda catalog: shutil.rmtree(catalog / "models"), (), 1),
    "an empty folder of manifests": (keep(), (), 1),
    "manifests of another extension": (renamed(lambda name: f"{name}.txt"), (), 1),
    "hidden manifests": (renamed(lambda name: f".{name}"), (), 1),
    "empty manifests": (emptied, (), 1),
    "one manifest that cannot be read": (unreadable, (), 1),
    "a checkout with one manifest": (keep("m0"), (), 5),
    "a checkout with two manifests": (keep("m0", "m1"), (), 5),
    "manifests of other keys": (renamed(lambda name: f"x{name}"), (), 5),
    "another name of the catalog": (edited("name: acme", "name: other"), (), 0),
    "another project": (edited("project: proj_", "project: other_"), (), 0),
    "a selection of nothing": (whole, ("--only", "nothing*"), 64),
    "a selection of one": (whole, ("--only", "m0"), 64),
    "a selection of one, and one that is there": (keep("m0"), ("--only", "m0"), 64),
    "all but one excluded": (keep("m0", "m1"), ("--exclude", "m1"), 64),
}
"""What went wrong before an apply with --prune, its options, and its exit code."""


@pytest.fixture
def many(cli: Run, catalog: Path, server: Any, project: str) -> Path:
    """A catalog of six models that are all on the server."""
    shutil.rmtree(catalog / "models")
    (catalog / "models").mkdir()
    for key in KEYS:
        write(catalog / f"models/{key}.yaml", f"name: Model {key}\ntype: custom\n")
    assert cli("apply", catalog, "--yes").code == 0
    assert len(live(server, project)) == 6
    return catalog


@pytest.mark.parametrize("what", BREAKS)
def test_a_checkout_that_is_not_whole_deletes_nothing(
    cli: Run, many: Path, server: Any, project: str, what: str
) -> None:
    act, options, code = BREAKS[what]
    act(many)
    server.control.forget_requests()
    found = cli("apply", many, "--yes", "--prune", *options)
    assert found.code == code
    assert [name for name in server.control.requests() if name.startswith("DELETE")] == []
    assert set(live(server, project)) >= {f"Model {key}" for key in KEYS}


def test_without_prune_a_missing_manifest_deletes_nothing(
    cli: Run, many: Path, server: Any, project: str
) -> None:
    keep("m0", "m1", "m2", "m3", "m4")(many)
    assert cli("apply", many, "--yes").code == 0
    assert len(live(server, project)) == 6
    assert cli("apply", many, "--yes", "--prune").code == 0
    assert len(live(server, project)) == 5


def answered(change: Callable[[dict[str, Any]], object]) -> Any:
    """A middleware that changes what the listing of models says."""

    def middleware(app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            if f"{scope['method']} {scope['path']}" != "GET /v1/models":
                await app(scope, receive, send)
                return
            parts: list[Any] = []

            async def hold(message: Any) -> None:
                parts.append(message)

            await app(scope, receive, hold)
            document = json.loads(b"".join(part.get("body", b"") for part in parts))
            change(document)
            body = json.dumps(document).encode()
            parts[0]["headers"] = [h for h in parts[0]["headers"] if h[0] != b"content-length"]
            await send(parts[0])
            await send({"type": "http.response.body", "body": body})

        return serve

    return middleware


LISTINGS: dict[str, tuple[Callable[[dict[str, Any]], object], tuple[int, ...]]] = {
    "no list": (lambda page: page.pop("models"), (1,)),
    "null": (lambda page: page.update(models=None), (1,)),
    "an object": (lambda page: page.update(models={}), (1,)),
    "a list of nulls": (lambda page: page.update(models=[None]), (1,)),
    "a model without an id": (lambda page: page["models"][0].pop("id"), (1,)),
    "a model without tags": (lambda page: page["models"][0].pop("tags"), (1,)),
    "an empty page with a token for ever": (
        lambda page: page.update(models=[], nextPaginationToken="again"),
        (1,),
    ),
    "a token that is a number": (lambda page: page.update(nextPaginationToken=7), (1,)),
    "an error with a list": (lambda page: page.update(models="forbidden"), (1,)),
    "models of other owners only": (
        lambda page: [m.update(tags=["catalog-sync:other/x"]) for m in page["models"]],
        (0,),
    ),
}


@pytest.mark.parametrize("what", LISTINGS)
def test_a_listing_that_is_not_whole_deletes_nothing(
    cli: Run, catalog: Path, tmp_path: Path, what: str
) -> None:
    change, codes = LISTINGS[what]
    with running(tmp_path / "box") as server:
        assert cli("apply", catalog, "--base-url", server.url, "--yes").code == 0
    (catalog / "models/both.yaml").unlink()
    with running(tmp_path / "box", middleware=(answered(change),)) as server:
        found = cli("apply", catalog, "--base-url", server.url, "--yes", "--prune")
        assert found.code in codes
        assert not [name for name in server.control.requests() if name.startswith("DELETE")]
