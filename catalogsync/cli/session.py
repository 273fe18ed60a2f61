"""Wires the engine together: catalog, target, credentials, API."""

import importlib
import os
import signal
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from types import FrameType, ModuleType
from typing import TYPE_CHECKING

from catalogsync.cli.ahead import reading_ahead
from catalogsync.cli.changed import Changed, open_changed, say_changed
from catalogsync.cli.choices import Choices, chosen_target, credentials, selected
from catalogsync.cli.log import Log
from catalogsync.cli.opening import complete, open_catalog, opened_cache
from catalogsync.cli.progress import Relay
from catalogsync.cli.root import catalog_root
from catalogsync.errors import Interrupted, UsageError
from catalogsync.events import Tell
from catalogsync.hashed import Hashed
from catalogsync.manifest.common import catalog_without_models
from catalogsync.model import Catalog, Target
from catalogsync.ports import KnownAssets, KnownUploads
from catalogsync.sending import Watcher
from catalogsync.values import dataclass

if TYPE_CHECKING:
    from catalogsync.ahead import Ahead
    from catalogsync.cache import DigestCache, ModelReads
    from catalogsync.cli.insync import AtRest
    from catalogsync.manifest.commit import Committed
    from catalogsync.manifest.folder import KnownFiles
    from catalogsync.manifest.tree import KnownBlobs
    from catalogsync.scenario import Connection, Direct, ScenarioClient
    from catalogsync.scenario.exchanges import Exchanges


def log_of(choices: Choices) -> Log:
    """What tells of requests, waits and what was known already."""
    level = choices.verbose or (-1 if choices.quiet else 0)
    return Log(level, as_json=choices.log_json)


@dataclass(frozen=True, slots=True)
class Session:
    """A loaded catalog, a way to its project, and what is known of its files and assets.

    `keys` are the models that count, None for all; `changed` is what chose them. Those at `rest`
    are outlined.
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
    ahead: "Ahead | None" = None
    rest: "AtRest | None" = None
    hashed: Hashed | None = None

    @property
    def before(self) -> "Committed | None":
        """What the commit held that the models are compared with, if there is one."""
        return self.changed.before if self.changed else None

    def once_listed(self) -> "Session":
        """The same, with those of the outlined models in whole whose records moved."""
        if self.rest is None:
            return self
        rest = self.rest.once_listed(self.client.list_models())
        return replace(self.in_whole(self.rest.keys - rest.keys), rest=rest)

    def in_whole(self, keys: frozenset[str]) -> "Session":
        """The same, with some of the outlined models in whole."""
        assert self.rest
        catalog = complete(self.root, self.catalog, keys, self.files, self.hashed)
        return replace(self, catalog=catalog, rest=self.rest.but_for(keys))

    @contextmanager
    def first_look(self) -> "Iterator[ScenarioClient]":
        """The client for the length of a `with` in which answers may be as old as the session."""
        try:
            yield self.client
        finally:
            if self.ahead:
                self.ahead.close()


@contextmanager
def session(
    choices: Choices,
    *,
    read_only: bool,
    may_be_empty: bool = False,
    lists: bool = False,
    rests: bool = False,
) -> Iterator[Session]:
    """Load the catalog and connect to its project for the length of a `with`.

    Of a command that `lists` the project the reads begin while the catalog is loaded. One that
    `rests` may leave those models outlined that are known to be in sync.
    """
    log = log_of(choices)
    if choices.sandbox is not None:
        check_sandbox_folder(Path(choices.sandbox))
    root = catalog_root(choices.catalog)
    with (
        opened_cache(no_cache=choices.no_cache) as cache,
        # Without what earlier runs learned, every file is looked into.
        reading_ahead(root, choices, yields=cache.is_empty) if lists else nullcontext() as ahead,
    ):
        hashed = None if read_only else Hashed()
        blobs, files = cache.blobs(root), cache.files(root)
        rest = _at_rest(root, choices, cache) if rests else None
        load = partial(
            open_catalog,
            root,
            cache,
            tell=log,
            may_be_empty=may_be_empty,
            hashed=hashed,
            outlined=rest.keys if rest else frozenset(),
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
                ahead=ahead,
            ) as client,
        ):
            reads = cache.models(
                target.server,
                target.project,
                recalls=choices.recalls,
                clock=lambda: client.listed_at,
                tell=log,
            )
            opened = Session(
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
                ahead,
                rest,
                hashed,
            )
            yield opened.once_listed()


def _at_rest(root: Path, choices: Choices, cache: "DigestCache") -> "AtRest | None":
    """What `--refresh changed` need not look at; what is wrong with catalog.yaml `load` tells."""
    if not choices.recalls or choices.changed_since:
        return None
    catalog = catalog_without_models(root)
    if catalog is None:
        return None
    from catalogsync.cli.insync import at_rest

    target = chosen_target(catalog, choices)
    reads = cache.models(target.server, target.project, recalls=True, clock=lambda: None)
    return at_rest(root, reads)


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
    ahead: "Ahead | None" = None,
) -> "Iterator[ScenarioClient]":
    """A client of the target's project for the length of a `with`.

    What was begun `ahead` is not asked again.
    """
    # It takes long to import, and bad manifests should be told at once.
    from catalogsync.scenario import (
        Bounds,
        Direct,
        PartBounds,
        ScenarioClient,
        Transport,
        Uploader,
    )

    bounds = Bounds(longest_wait=choices.max_wait).within(choices.timeout)
    with _connection(choices, target) as connection:
        transport = Transport(
            connection,
            read_only=read_only,
            bounds=bounds,
            stop=stop,
            tell=tell,
            exchanges=_begun(ahead, Direct(connection, bounds), stop),
        )
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


def _begun(ahead: "Ahead | None", direct: "Direct", stop: Event | None) -> "Exchanges":
    if ahead is None:
        return direct
    from catalogsync.ahead import BegunAhead

    return BegunAhead(direct, ahead, stop or Event())


@contextmanager
def _connection(choices: Choices, target: Target) -> Iterator["Connection"]:
    """Where to connect to: the embedded sandbox, or the API with the user's credentials."""
    from catalogsync.scenario import Connection

    if choices.sandbox is not None:
        with _sandbox(Path(choices.sandbox)) as url:
            yield Connection(url, "sandbox", "sandbox", target.project)
        return
    key, secret = credentials()
    yield Connection(choices.address, key, secret, target.project)


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
