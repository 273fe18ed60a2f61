"""A local Scenario API over real HTTP, for tests, benchmarks and demonstrations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

if TYPE_CHECKING:
    from catalogsync.sandbox.server import Running
    from catalogsync.sandbox.settings import Options

__all__ = ["running", "serve"]


def serve(
    directory: Path, *, on_ready: Callable[[str], None], **options: "Unpack[Options]"
) -> None:
    """Serve the API kept in `directory` until SIGINT or SIGTERM; `on_ready` receives its URL."""
    # The web framework is imported only by those who run a server.
    from catalogsync.sandbox.server import serve_until_signal
    from catalogsync.sandbox.settings import Settings

    serve_until_signal(directory, Settings(**options), on_ready)


@contextmanager
def running(directory: Path, **options: "Unpack[Options]") -> "Iterator[Running]":
    """Serve the API kept in `directory` from a background thread for the length of a `with`."""
    from catalogsync.sandbox.server import serve_in_thread
    from catalogsync.sandbox.settings import Settings

    with serve_in_thread(directory, Settings(**options)) as server:
        yield server
