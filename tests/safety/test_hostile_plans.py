"""Promise 7: a saved plan is only an expectation: it reads, sends and deletes nothing."""

import json
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from catalogsync.codec import from_data
from catalogsync.errors import BadPlan
from catalogsync.review.saved import SavedPlan, opened, sealed
from tests.cli.conftest import Run, write
from tests.cli.test_errors import program
from tests.cli.test_plan_and_apply import rewrite, writes
from tests.safety.canary import PICTURE, Recorder, left_in, seen

Edit = Callable[[dict[str, Any]], object]


def forged(path: Path, edit: Edit) -> None:
    """Change what a saved plan says, with all its digests made to fit."""
    document = json.loads(path.read_bytes())
    edit(document)
    parts = {**document, "type": SavedPlan.__name__, "plan": document}
    plan = from_data(SavedPlan, parts).plan
    document["digest"] = plan.digest
    for model, read in zip(document["models"], plan.models, strict=True):
        model["digest"] = read.digest
    path.write_text(sealed(document), encoding="utf-8")


def each_asset(value: Any) -> Iterator[dict[str, Any]]:
    """Every file that a document speaks of."""
    if isinstance(value, dict):
        if "sha256" in value:
            yield value
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from each_asset(each)


def files_named(**fields: object) -> Edit:
    """An edit that gives every file other facts."""

    def edit(document: dict[str, Any]) -> None:
        for asset in each_asset(document):
            asset.update(fields)

    return edit


def models_named(**fields: object) -> Edit:
    """An edit that gives every model other facts."""
    return lambda document: [model.update(fields) for model in document["models"]]


SECRET = sha256(PICTURE).hexdigest()
FORGERIES: dict[str, Edit] = {
    "files by a path outside": files_named(name="../../../outside/x.png"),
    "files by an absolute path": files_named(name="/etc/passwd"),
    "files by an address": files_named(url="file:///etc/passwd"),
    "the digest of a file outside": files_named(sha256=SECRET, media_type="image/png"),
    "the digest of a hidden file": files_named(sha256=SECRET, name=".env", size=len(PICTURE)),
    "no digest": files_named(sha256=""),
    "a digest that is a path": files_named(sha256="../../outside/x.png"),
    "a large size": files_named(size=10**12, width=10**9, height=10**9),
    "models by a path": models_named(key="../../outside/x"),
    "models of somebody else": models_named(model_id="model_of_somebody"),
    "models that go": models_named(verb="delete"),
    "nothing at all": lambda document: document.update(models=[], uploads=[]),
}


@pytest.fixture
def saved(cli: Run, catalog: Path, tmp_path: Path) -> Path:
    """A saved plan; beside it a secret, and in the catalog another one that nobody named."""
    path = tmp_path / "plan.json"
    assert cli("plan", catalog, "--out", path).code == 0
    for place in (tmp_path / "outside/x.png", catalog / ".env", catalog / "models/other.png"):
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(PICTURE)
    (tmp_path / "made").mkdir()
    return path


@pytest.mark.parametrize("edit", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_plan_shows_no_file_and_sends_nothing(
    cli: Run,
    catalog: Path,
    saved: Path,
    server: Any,
    recorder: Recorder,
    tmp_path: Path,
    edit: Edit,
) -> None:
    page = tmp_path / "made/page.html"
    assert cli("show", saved, catalog, "--html", page).code == 0
    drawn = page.read_text().count("data:image/webp")
    forged(saved, edit)
    shown = [
        cli("show", saved),
        cli("show", saved, "--json"),
        cli("show", saved, catalog, "--html", page, "--markdown", tmp_path / "made/page.md"),
    ]
    assert [found.code for found in shown] == [0, 0, 0]
    assert (drawn, page.read_text().count("data:image/webp") <= drawn) == (3, True)
    server.control.forget_requests()
    recorder.taken()
    applied = cli("apply", catalog, saved)
    # A file is known by its digest alone: what is said of it otherwise changes nothing.
    assert applied.code in (0, 5)
    assert writes(server).get("POST /assets", 0) == (0 if applied.code else 3)
    assert applied.code == 0 or writes(server) == {}
    told = [found.out + found.err for found in (*shown, applied)]
    assert not seen("".join(told))
    assert not seen(left_in(tmp_path / "made"))
    assert not seen(recorder.taken())


def test_a_plan_draws_only_what_a_manifest_names(
    cli: Run, catalog: Path, saved: Path, tmp_path: Path
) -> None:
    """The digest of a file that lies in the catalog, and that no manifest names, draws nothing."""
    page = tmp_path / "made/page.html"
    forged(saved, files_named(sha256=SECRET, media_type="image/png", name="other.png"))
    assert cli("show", saved, catalog, "--html", page).code == 0
    assert "data:image/webp" not in page.read_text()


@pytest.mark.parametrize("size", [-1, 5 * 10**12 + 1, 10**18, 10**400])
@pytest.mark.parametrize("command", ["show", "apply"])
def test_a_plan_with_an_impossible_size_is_no_plan(
    cli: Run, catalog: Path, saved: Path, command: str, size: int
) -> None:
    forged(saved, files_named(size=size))
    found = cli(command, saved, *([catalog] if command == "apply" else []))
    assert (found.code, "no file has such a size" in found.err) == (1, True)


IMAGE = "models/ink-heroes/images/1.webp"
STALE: dict[str, Callable[[Run, Path], object]] = {
    "the manifests changed": lambda cli, catalog: rewrite(catalog, "Hand-inked", "Painted"),
    "a file changed": lambda cli, catalog: (
        catalog / "models/ink-heroes/images/1.webp"
    ).write_bytes((catalog / "models/ink-heroes/images/2.webp").read_bytes()),
    "it was applied before": lambda cli, catalog: cli("apply", catalog, "--yes"),
    "the catalog has another name": lambda cli, catalog: rename(catalog),
    "it is for another project": lambda cli, catalog: write(
        catalog / "catalog.yaml",
        (catalog / "catalog.yaml").read_text().replace("project: proj_", "project: other_"),
    ),
}


def rename(catalog: Path) -> None:
    """Give a catalog another name."""
    text = (catalog / "catalog.yaml").read_text()
    write(catalog / "catalog.yaml", text.replace("name: acme", "name: other"))


@pytest.mark.parametrize("what", STALE)
def test_a_plan_that_does_not_fit_any_more_does_nothing(
    cli: Run, catalog: Path, saved: Path, server: Any, what: str
) -> None:
    write(catalog / "models/both.yaml", "name: Both\ntype: custom\nstate: unmanaged\n")
    cli("plan", catalog, "--out", saved)
    STALE[what](cli, catalog)
    server.control.forget_requests()
    assert cli("apply", catalog, saved).code in (0, 1, 5)
    assert writes(server) == {}


VALUES: tuple[object, ...] = (
    None,
    True,
    -1,
    1e308,
    10**400,
    "x",
    "\ud800",
    "../../x",
    [],
    {},
    [[]],
    {"type": "Plan"},
)


def places(value: Any, *way: str | int) -> Iterator[tuple[str | int, ...]]:
    """The way to every value in a document."""
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in entries:
        yield (*way, key)
        if isinstance(each, dict | list):
            yield from places(each, *way, key)


def test_no_value_in_any_place_is_more_than_a_bad_plan(saved: Path) -> None:
    """Every value of a plan in turn by one of a dozen others: it is read, or refused by place."""
    text = saved.read_text()
    told = []
    for number, way in enumerate(places(json.loads(text))):
        document = holder = json.loads(text)
        for key in way[:-1]:
            holder = holder[key]
        holder[way[-1]] = VALUES[number % len(VALUES)]
        with suppress(BadPlan):
            opened(sealed(document).encode(), "plan.json")
            continue
        told.append(way)
    assert len(told) > 100


@pytest.mark.parametrize("field", ["type", "format_version", "x" * 10**6])
def test_a_bad_plan_is_told_in_few_words(cli: Run, saved: Path, field: str) -> None:
    document = json.loads(saved.read_text())
    document["models"][0]["actions"][0][field] = document[field] = "x" * 10**6
    document["models"][0]["actions"][0]["type"] = "y" * 10**6
    saved.write_text(sealed(document))
    found = cli("show", saved)
    assert found.code == 1
    assert len(found.err) < 2000


@pytest.mark.parametrize(
    "content",
    [b'{"format_version": "1.0", "models": ' + b"[" * 10**6, b"[" * 10**6, b'{"a":' * 10**6],
)
@pytest.mark.parametrize("command", ["show", "apply"])
def test_a_deep_plan_is_no_plan(
    cli: Run, catalog: Path, tmp_path: Path, command: str, content: bytes
) -> None:
    (tmp_path / "deep.json").write_bytes(content)
    found = cli(command, tmp_path / "deep.json", *([catalog] if command == "apply" else []))
    assert (found.code, "is no saved plan" in found.err) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "huge.json"),
        ("apply", "huge.json"),
        ("plan", "--against", "snapshot:huge.json"),
        ("plan", "--restore", "huge.json", "--sandbox"),
    ],
)
def test_a_huge_plan_is_not_taken_into_memory(
    catalog: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(1 << 40)
    places = () if arguments[0] == "show" else (catalog,)
    done = subprocess.run(
        program(arguments[0], *places, *arguments[1:]),
        capture_output=True,
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
    )
    assert done.returncode == 64
    assert b"huge.json is larger than 256 MiB" in done.stderr
