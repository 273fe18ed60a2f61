"""Wires the engine together: catalog, target, credentials, API."""

import importlib
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Event
from types import FrameType, ModuleType
from typing import TYPE_CHECKING

from catalogsync.cli.output import say
from catalogsync.errors import AccessDenied, UsageError
from catalogsync.manifest import find_catalog, load
from catalogsync.model import Catalog, Target

if TYPE_CHECKING:
    from catalogsync.scenario import Connection, ScenarioClient

KEY_VARIABLE = "SCENARIO_SDK_API_KEY"
SECRET_VARIABLE = "SCENARIO_SDK_API_SECRET"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the common options said."""

    catalog: Path | None = None
    target: str | None = None
    project: str | None = None
    base_url: str | None = None
    sandbox: str | None = None
    jobs: int = 8
    verbose: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """A loaded catalog and a way to its project."""

    catalog: Catalog
    target: Target
    keys: frozenset[str] | None
    client: "ScenarioClient"
    stop: Event


def open_catalog(path: Path | None) -> Catalog:
    """Load the catalog at `path`, or the nearest one upward from here."""
    return load(catalog_root(path))


def catalog_root(path: Path | None) -> Path:
    """The folder of the catalog at `path`, or of the nearest one upward from here."""
    if path is None:
        return find_catalog(Path.cwd())
    root = path.parent if path.name == "catalog.yaml" else path
    if not (root / "catalog.yaml").is_file():
        raise UsageError(
            f"{path} holds no catalog.yaml",
            hint=f"name a catalog's folder, or start one with `catalog-sync init {path}`",
        )
    return root


@contextmanager
def session(choices: Choices, *, read_only: bool) -> Iterator[Session]:
    """Load the catalog and connect to its project for the length of a `with`."""
    catalog = open_catalog(choices.catalog)
    target = chosen_target(catalog, choices)
    keys = selected(catalog, choices)
    with (
        _stop_on_signal() as stop,
        connect(choices, target, read_only=read_only, stop=stop) as client,
    ):
        yield Session(catalog, target, keys, client, stop)


@contextmanager
def connect(
    choices: Choices, target: Target, *, read_only: bool, stop: Event | None = None
) -> "Iterator[ScenarioClient]":
    """A client of the target's project for the length of a `with`."""
    # httpx takes long to import, and bad manifests should be told at once.
    from catalogsync.scenario import ScenarioClient, Transport, Uploader

    trace = say if choices.verbose else lambda line: None
    with _connection(choices, target) as connection:
        transport = Transport(connection, read_only=read_only, stop=stop, trace=trace)
        uploader = Uploader(transport, stop=stop, jobs=choices.jobs)
        with closing(transport), closing(uploader):
            yield ScenarioClient(transport, uploader)


def chosen_target(catalog: Catalog, choices: Choices) -> Target:
    """The target by name, else the catalog's default; --project goes before its project."""
    name = choices.target or catalog.default_target
    known = {target.name: target for target in catalog.targets}
    if name and name not in known:
        raise UsageError(
            f"there is no target {name!r} in catalog.yaml",
            hint=f"it has: {', '.join(sorted(known)) or 'none'}",
        )
    target = known.get(name, Target(""))
    return Target(target.name, choices.project) if choices.project else target


def selected(catalog: Catalog, choices: Choices) -> frozenset[str] | None:
    """The keys that --only and --exclude leave, or None for all."""
    if not (choices.only or choices.exclude):
        return None
    keys = [spec.key for spec in catalog.models]
    chosen = frozenset(
        key
        for key in keys
        if (not choices.only or _any_matches(key, choices.only))
        and not _any_matches(key, choices.exclude)
    )
    if not chosen:
        raise UsageError("--only and --exclude leave no model", hint=f"keys: {', '.join(keys)}")
    return chosen


def _any_matches(key: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key, glob) for glob in globs)


@contextmanager
def _connection(choices: Choices, target: Target) -> Iterator["Connection"]:
    """Where to connect to: the embedded sandbox, or the API with the user's credentials."""
    from catalogsync.scenario import DEFAULT_BASE_URL, Connection

    if choices.sandbox is not None:
        with _sandbox(Path(choices.sandbox)) as url:
            yield Connection(url, "sandbox", "sandbox", target.project)
        return
    key, secret = os.environ.get(KEY_VARIABLE, ""), os.environ.get(SECRET_VARIABLE, "")
    check_credentials(key, secret)
    yield Connection(choices.base_url or DEFAULT_BASE_URL, key, secret, target.project)


def check_credentials(key: str, secret: str) -> None:
    """Raise `AccessDenied` unless both are there and can be sent."""
    missing = [n for n, v in ((KEY_VARIABLE, key), (SECRET_VARIABLE, secret)) if not v]
    if missing:
        raise AccessDenied(
            f"{' and '.join(missing)} not set",
            hint="export an API key of your project, or try it with --sandbox",
        )
    if not (key.isascii() and secret.isascii() and (key + secret).isprintable()) or ":" in key:
        raise AccessDenied(
            f"{KEY_VARIABLE} or {SECRET_VARIABLE} holds characters that no key has",
            hint="copy them again, without quotes or line ends",
        )


@contextmanager
def _sandbox(directory: Path) -> Iterator[str]:
    if (directory / "catalog.yaml").exists():
        raise UsageError(
            f"--sandbox {directory} names a catalog, not a place for the sandbox",
            hint=f"put the catalog first: `{directory} --sandbox`",
        )
    with sandbox_module().running(directory) as server:
        yield server.url


def sandbox_module() -> ModuleType:
    """The embedded API, which needs packages that an installation may lack."""
    try:
        importlib.import_module("uvicorn")
        importlib.import_module("starlette")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the sandbox needs {error.name}", hint="pip install 'catalog-sync[sandbox]'"
        ) from error
    return importlib.import_module("catalogsync.sandbox")


@contextmanager
def _stop_on_signal() -> Iterator[Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the second ends the program at once."""
    stop = Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
