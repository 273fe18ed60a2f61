"""Running the application: in the main thread until a signal, or in a thread of its own."""

import asyncio
import logging
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from catalogsync.sandbox import app
from catalogsync.sandbox.clock import Clock
from catalogsync.sandbox.control import Control
from catalogsync.sandbox.settings import Settings
from catalogsync.sandbox.signing import Signer
from catalogsync.sandbox.store import Store
from catalogsync.sandbox.world import World

_HOST = "127.0.0.1"
_NO_FAREWELL = struct.pack("ii", 1, 0)
_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is up: the API's base URL, the gallery's URL, the control handle."""

    url: str
    gallery: str
    control: Control


class _Connection(H11Protocol):
    """A connection that tells the application, in the state of its scope, how to `reset` it.

    Also there is how to `refuse` new connections for some seconds.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)

        def reset() -> None:
            connected: socket.socket = transport.get_extra_info("socket")
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_FAREWELL)
            transport.abort()

        self.app_state = {**self.app_state, "reset": reset}


class _Server(uvicorn.Server):
    """A server that says when it accepts connections, and leaves signals to its caller."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._refuses = False
        self._reopening: tuple[socket.socket, asyncio.Task[None]] | None = None

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]  # same protocol
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.lifespan.state["refuse"] = self.refuse
        await super().startup(sockets)
        self._on_started()

    async def refuse(self, seconds: float) -> None:
        """Accept no connection for a while; those that are there stay."""
        if self._refuses:
            return
        self._refuses = True
        (listener,) = (held for server in self.servers for held in server.sockets)
        asyncio.get_running_loop().remove_reader(listener)
        # What was accepted a moment ago has to find the server open.
        await asyncio.sleep(0)
        address = listener.getsockname()
        self.servers[0].close()
        # Bound, it keeps the port from others; a connection is refused until it listens.
        bound = _bound(address)
        self._reopening = bound, asyncio.create_task(self._reopen(bound, seconds))

    async def _reopen(self, bound: socket.socket, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await super().startup([bound])
        self._reopening = None
        self._refuses = False

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._reopening:
            bound, reopening = self._reopening
            reopening.cancel()
            bound.close()
        await super().shutdown(sockets)


def serve_until_signal(
    directory: Path, settings: Settings, on_ready: Callable[[str], None]
) -> None:
    """Serve from the main thread; SIGINT and SIGTERM end it quietly."""
    with _world(directory, settings) as world, _listening(settings.port) as listener:
        server = _server(world, lambda: on_ready(f"{_origin(listener)}/v1"))

        def stop(_number: int, _frame: FrameType | None) -> None:
            server.should_exit = True

        before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            server.run([listener])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def serve_in_thread(directory: Path, settings: Settings) -> Iterator[Running]:
    """Serve from a background thread for the length of a `with`."""
    with _world(directory, settings) as world, _listening(settings.port) as listener:
        origin, started = _origin(listener), threading.Event()
        server = _server(world, started.set)
        thread = threading.Thread(target=server.run, args=[[listener]], name="sandbox", daemon=True)
        thread.start()
        started.wait()
        try:
            yield Running(f"{origin}/v1", f"{origin}/", Control(world))
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _world(directory: Path, settings: Settings) -> Iterator[World]:
    store, clock = Store(directory), Clock()
    workers = ThreadPoolExecutor(4, thread_name_prefix="sandbox")
    try:
        yield World(settings, store, clock, Signer(store.secret(), clock), workers)
    finally:
        workers.shutdown()
        store.close()


def _server(world: World, on_started: Callable[[], None]) -> _Server:
    # It would speak through the root logger of whoever embeds the sandbox.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        app.build(world),
        loop="asyncio",
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    return _Server(config, on_started)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with _bound((_HOST, port)) as listener:
        listener.listen(_BACKLOG)
        yield listener


def _bound(address: tuple[str, int]) -> socket.socket:
    # With the protocol named, asyncio turns off Nagle's algorithm; without, a reply waits 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _origin(listener: socket.socket) -> str:
    return f"http://{_HOST}:{listener.getsockname()[1]}"
