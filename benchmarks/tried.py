"""What the benchmarks of uploads share: a sink, files with their digests, and commands timed."""

import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.results import Run

HERE = Path(__file__).parent
CERTIFICATE = HERE.parent / "tests" / "scenario" / "localhost.pem"
OURS = (sys.executable, "-m", "benchmarks.senders.ours")
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
ENVIRONMENT = {name: value for name, value in os.environ.items() if "AWS_" not in name} | {
    "PATH": PATH,
    "AWS_ACCESS_KEY_ID": "k",
    "AWS_SECRET_ACCESS_KEY": "s",
    "AWS_REGION": "us-east-1",
    # s5cmd is told in no other way whom to trust; ours does not look at it.
    "SSL_CERT_FILE": str(CERTIFICATE),
}


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink: where the API is, and where parts go, over https if it has a certificate."""

    api: str
    store: str

    def totals(self) -> dict[str, float]:
        """Requests, bytes stored, and the seconds of that, since the last time."""
        with urllib.request.urlopen(f"{self.api}/totals") as answer:
            told: dict[str, float] = json.load(answer)
        return told


@contextmanager
def sink(latency: float = 0.0, *, encrypted: bool = False) -> Iterator[Sink]:
    """A sink in processes of its own; `latency` is in seconds."""
    command = [sys.executable, str(HERE / "sink.py"), "--latency", str(latency)]
    if encrypted:
        command += ["--certificate", str(CERTIFICATE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            api, store = process.stdout.readline().split()
            yield Sink(api, store)
        finally:
            process.terminate()


def run(command: Sequence[str]) -> Run:
    """Run a command to its end, and tell what it took."""
    with tempfile.NamedTemporaryFile(prefix="catalog-sync-bench-") as told:
        timed = (sys.executable, "-I", "-S", str(HERE / "timed.py"), told.name)
        # curl shows its progress even when it is told to be silent.
        done = subprocess.run([*timed, *command], env=ENVIRONMENT, capture_output=True, text=True)
        taken = json.load(told)
    if taken["code"]:
        raise click.ClickException(f"{shlex.join(command[:4])}: {done.stderr}")
    return Run(taken["wall"], taken["cpu"], taken["megabytes"])


def prepared(folder: Path, name: str, content: Iterable[bytes]) -> Path:
    """Write a file with its digest beside it."""
    path, digest = folder / name, hashlib.sha256()
    with path.open("wb") as file:
        for chunk in content:
            digest.update(chunk)
            file.write(chunk)
    path.with_name(f"{name}.sha256").write_text(digest.hexdigest(), encoding="ascii")
    return path
