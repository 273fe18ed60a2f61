"""Sends every file of a folder, or one file, with our engine, as an apply does.

The digests come from the plan in an apply, and here from the command line or beside the files.
"""

import argparse
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from catalogsync.model import AssetKind, AssetRef
from catalogsync.scenario import Connection, Transport, Uploader

T = TypeVar("T")


def planned(path: Path) -> AssetRef:
    """The file as a plan describes it; its digest is noted beside it."""
    sha256 = path.with_name(path.name + ".sha256").read_text(encoding="ascii")
    kind, media = (AssetKind.IMAGE, "image/png")
    if path.suffix == ".wav":
        kind, media = (AssetKind.AUDIO, "audio/wav")
    return AssetRef(sha256, "", path.name, kind, media, path.stat().st_size)


class Unhashed(ThreadPoolExecutor):
    """Takes every file for the planned one."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Do nothing."""
        nothing: Future[Any] = Future()
        nothing.set_result(None)
        return nothing


def main() -> None:
    """Send, with as many jobs as asked for."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("url")
    parser.add_argument("path", type=Path)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument(
        "--bytes-alone", action="store_true", help="leave out the hash, as the other senders do"
    )
    asked = parser.parse_args()
    single = asked.path.is_file()
    files = [asked.path] if single else sorted(asked.path.glob("*.png"))
    transport = Transport(Connection(asked.url, "k", "s"), read_only=False)
    uploader = Uploader(transport, jobs=asked.jobs)
    if asked.bytes_alone:
        # The engine has no way to leave it out, and is to have none.
        uploader._hashing = Unhashed()

    def send(path: Path) -> str:
        with path.open("rb") as file:
            return uploader.send(planned(path), file)

    with ThreadPoolExecutor(asked.jobs) as pool:
        list(pool.map(send, files))
    uploader.close()
    transport.close()


if __name__ == "__main__":
    main()
