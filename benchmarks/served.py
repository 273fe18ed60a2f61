"""The sandbox behind the server that replays it, for the length of a `with`."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from catalogsync.sandbox import running
from catalogsync.sandbox.control import Control

_REPLAY = Path(__file__).with_name("replay.py")


@dataclass(frozen=True, slots=True)
class Told:
    """What the server tells of a run: requests, how many were new, its processor time (s)."""

    requests: int
    new: int
    cpu: float


@dataclass(frozen=True, slots=True)
class Server:
    """A server that replays; `control` is that of the sandbox behind it."""

    url: str
    control: Control

    def begin(self, latency: float) -> Told:
        """Begin a run in which each answer takes `latency` seconds; tells of the one before."""
        origin = self.url.removesuffix("/v1")
        with urllib.request.urlopen(f"{origin}/bench/begin?latency={latency}") as answer:
            return Told(**json.load(answer))


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """Serve what a sandbox keeps in a folder, from a process of its own."""
    with running(folder) as sandbox:
        command = [sys.executable, str(_REPLAY), urlsplit(sandbox.url).netloc]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                port = int(process.stdout.readline())
                yield Server(f"http://127.0.0.1:{port}/v1", sandbox.control)
            finally:
                process.terminate()
