"""Wires the engine together: catalog, target, credentials, API."""

import importlib
import os
import signal
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from threading import Event
from types import FrameType, ModuleType
from typing import TYPE_CHECKING

from catalogsync.cli.changed import Changed, open_changed, say_changed
from catalogsync.cli.log import Log
from catalogsync.cli.opening import open_catalog, opened_cache
from catalogsync.cli.progress import Relay
from catalogsync.cli.root import catalog_root
from catalogsync.errors import AccessDenied, Interrupted, UnknownKey, UsageError
from catalogsync.events import Tell
from catalogsync.hashed import Hashed
from catalogsync.model import SCENARIO, Catalog, Target
from catalogsync.ports import KnownAssets, KnownUploads
from catalogsync.sending import Watcher
from catalogsync.shard import Shard

if TYPE_CHECKING:
    from catalogsync.cache import ModelReads
    from catalogsync.manifest.commit import Committed
    from catalogsync.manifest.folder import KnownFiles
    from catalogsync.manifest.tree import KnownBlobs
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
    no_cache: bool = False
    verbose: int = 0
    log_json: bool = False
    quiet: bool = False
    max_wait: float = 300.0
    timeout: float = 120.0
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    shard: Shard | None = None
    changed_since: str | None = None
    refresh: str = "full"

    @property
    def recalls(self) -> bool:
        """Whether what was read before is taken for models that did not change since."""
        return self.refresh == "changed"


def log_of(choices: Choices) -> Log:
    """What tells of requests, waits and what was known already."""
    level = choices.verbose or (-1 if choices.quiet else 0)
    return Log(level, as_json=choices.log_json)


@dataclass(frozen=True, slots=True)
class Session:
    """A loaded catalog, a way to its project, and what is known of its files and assets.

    `keys` are the models that count, None for all; `changed` is what chose them.
    """

    root: Path
    catalog: Catalog
    target: Target
    keys: frozenset[str] | None
    client: "ScenarioClient"
    known: KnownAssets
    reads: "ModelReads"
    blobs: "KnownBlobs"
    files: "KnownFiles"
    stop: Event
    uploads: Relay
    changed: Changed | None = None

    @property
    def before(self) -> "Committed | None":
        """What the commit held that the models are compared with, if there is one."""
        return self.changed.before if self.changed else None


@contextmanager
def session(choices: Choices, *, read_only: bool, may_be_empty: bool = False) -> Iterator[Session]:
    """Load the catalog and connect to its project for the length of a `with`."""
    log = log_of(choices)
    if choices.sandbox is not None:
        check_sandbox_folder(Path(choices.sandbox))
    with opened_cache(no_cache=choices.no_cache) as cache:
        hashed = None if read_only else Hashed()
        root = catalog_root(choices.catalog)
        blobs, files = cache.blobs(root), cache.files(root)
        load = partial(
            open_catalog, root, cache, tell=log, may_be_empty=may_be_empty, hashed=hashed
        )
        catalog, changed = open_changed(load, root, choices.changed_since, blobs)
        target = chosen_target(catalog, choices)
        say_changed(changed, quiet=choices.quiet)
        keys = selected(catalog, choices, changed)
        known = cache.assets(target.server, target.project, tell=log)
        sent = cache.uploads(target.server, target.project)
        uploads = Relay()
        with (
            stop_on_signal() as stop,
            connect(
                choices,
                target,
                read_only=read_only,
                tell=log,
                stop=stop,
                sent=sent,
                watcher=uploads,
                hashed=hashed,
            ) as client,
        ):
            reads = cache.models(
                target.server,
                target.project,
                recalls=choices.recalls,
                clock=lambda: client.server_time,
                tell=log,
            )
            yield Session(
                root,
                catalog,
                target,
                keys,
                client,
                known,
                reads,
                blobs,
                files,
                stop,
                uploads,
                changed,
            )


def _server(choices: Choices) -> str:
    """What tells one server from another: the embedded one has another address in every run."""
    if choices.sandbox is not None:
        return f"sandbox:{Path(choices.sandbox).resolve()}"
    return (choices.base_url or SCENARIO).rstrip("/")


@contextmanager
def connect(
    choices: Choices,
    target: Target,
    *,
    read_only: bool,
    tell: Tell,
    stop: Event | None = None,
    watcher: Watcher | None = None,
    sent: KnownUploads | None = None,
    hashed: Hashed | None = None,
) -> "Iterator[ScenarioClient]":
    """A client of the target's project for the length of a `with`."""
    # httpx takes long to import, and bad manifests should be told at once.
    from catalogsync.scenario import Bounds, PartBounds, ScenarioClient, Transport, Uploader

    bounds = Bounds(longest_wait=choices.max_wait).within(choices.timeout)
    with _connection(choices, target) as connection:
        transport = Transport(connection, read_only=read_only, bounds=bounds, stop=stop, tell=tell)
        uploader = Uploader(
            transport,
            stop=stop,
            jobs=choices.jobs,
            bounds=PartBounds(longest_wait=choices.max_wait).within(choices.timeout),
            sent=sent,
            hashed=hashed,
            watcher=watcher,
            tell=tell,
        )
        with closing(transport), closing(uploader):
            yield ScenarioClient(transport, uploader)


def chosen_target(catalog: Catalog, choices: Choices) -> Target:
    """The target by name, else the catalog's default; --project goes before its project."""
    name = choices.target or catalog.default_target
    if not name and len(catalog.targets) > 1 and not choices.project:
        raise UsageError(
            "catalog.yaml has several targets and no default",
            hint=f"choose one with --target: {', '.join(t.name for t in catalog.targets)}",
        )
    if not name and len(catalog.targets) == 1:
        name = catalog.targets[0].name
    known = {target.name: target for target in catalog.targets}
    if name and name not in known:
        raise UsageError(
            f"there is no target {name!r} in catalog.yaml",
            hint=f"it has: {', '.join(sorted(known)) or 'none'}",
        )
    target = known.get(name, Target(""))
    return Target(target.name, choices.project or target.project, _server(choices))


def selected(
    catalog: Catalog, choices: Choices, changed: Changed | None = None
) -> frozenset[str] | None:
    """The keys that the options and what changed leave, or those of a shard, or None for all."""
    if choices.shard:
        if choices.only or choices.exclude or choices.changed_since:
            raise UsageError(
                "--shard divides the whole catalog and cannot go with --only, --exclude or "
                "--changed-since",
                hint="give one or the other",
            )
        return choices.shard.keys(catalog)
    named = _named(catalog, choices)
    if changed is None or changed.keys is None:
        return named
    return changed.keys if named is None else named & changed.keys


def _named(catalog: Catalog, choices: Choices) -> frozenset[str] | None:
    if choices.keys:
        return _known_keys(catalog, choices.keys)
    if not (choices.only or choices.exclude):
        return None
    keys = [spec.key for spec in catalog.models]
    for glob in choices.only:
        if not any(fnmatchcase(key, glob) for key in keys):
            raise UsageError(
                f"--only {glob} matches no model",
                hint=f"give --only once for each glob; keys: {', '.join(keys)}",
            )
    chosen = frozenset(
        key
        for key in keys
        if (not choices.only or _any_matches(key, choices.only))
        and not _any_matches(key, choices.exclude)
    )
    if not chosen:
        raise UsageError("--only and --exclude leave no model", hint=f"keys: {', '.join(keys)}")
    return chosen


def _known_keys(catalog: Catalog, keys: tuple[str, ...]) -> frozenset[str]:
    specs = [spec.key for spec in catalog.models]
    unknown = [key for key in dict.fromkeys(keys) if key not in specs]
    if unknown:
        raise UnknownKey(
            f"there is no manifest {', '.join(unknown)}", hint=f"keys: {', '.join(specs)}"
        )
    return frozenset(keys)


def _any_matches(key: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key, glob) for glob in globs)


@contextmanager
def _connection(choices: Choices, target: Target) -> Iterator["Connection"]:
    """Where to connect to: the embedded sandbox, or the API with the user's credentials."""
    from catalogsync.scenario import Connection

    if choices.sandbox is not None:
        with _sandbox(Path(choices.sandbox)) as url:
            yield Connection(url, "sandbox", "sandbox", target.project)
        return
    key, secret = os.environ.get(KEY_VARIABLE, ""), os.environ.get(SECRET_VARIABLE, "")
    check_credentials(key, secret)
    yield Connection(choices.base_url or SCENARIO, key, secret, target.project)


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
    check_sandbox_folder(directory)
    with sandbox_module().running(directory) as server:
        yield server.url


def check_sandbox_folder(directory: Path) -> None:
    """Raise `UsageError` for a folder that is somebody's already."""
    if (directory / "catalog.yaml").exists():
        raise UsageError(
            f"{directory} is a catalog, not a place for the sandbox",
            hint=f"put the catalog before --sandbox: `{directory} --sandbox`",
        )
    ours = (directory / "sandbox.sqlite3").exists()
    if directory.is_dir() and any(directory.iterdir()) and not ours:
        raise UsageError(
            f"{directory} holds other things, the sandbox wants a folder of its own",
            hint="name an empty folder, or one that is not there yet",
        )


def sandbox_module() -> ModuleType:
    """The embedded API, which needs packages that an installation may lack."""
    try:
        importlib.import_module("uvicorn")
        importlib.import_module("starlette")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the sandbox needs {error.name}",
            hint="install it with its extra, in the checkout: pip install '.[sandbox]'",
        ) from error
    return importlib.import_module("catalogsync.sandbox")


@contextmanager
def stop_on_signal() -> Iterator[Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the second ends the program at once."""
    stop = Event()
    begun = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal begun
        if begun:
            # Whatever hangs in a thread, the user has waited for it: every prefix is sound.
            _tell_terminal(_CURSOR)
            os._exit(Interrupted.exit_code)
        begun = True
        # Whom the signal interrupts may just then hold the event's own lock, and would wait for
        # itself here.
        start_new_thread(stop.set, ())
        _tell_terminal(
            "\nInterrupted: what is under way is finished. Ctrl-C again ends it at once.\n"
        )

    with _handling(handle):
        yield stop


@contextmanager
def interruptible() -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the program while it waits for an answer of the user."""
    with _handling(signal.default_int_handler):
        yield


@contextmanager
def _handling(handle: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_CURSOR = "\x1b[?25h"
"""What shows the cursor again, which bars have hidden."""


def _tell_terminal(text: str) -> None:
    """Write past all buffers: a signal may come in the middle of a write."""
    with suppress(OSError):
        if os.isatty(2):
            os.write(2, text.encode())
