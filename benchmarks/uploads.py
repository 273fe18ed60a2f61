"""`script/bench uploads`: our upload engine beside other senders, against the same sink."""

import hashlib
import importlib.util
import json
import os
import platform
import random
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

MIB = 1024 * 1024
PART = 8 * MIB
IMAGE = 20_000
HERE = Path(__file__).parent
OURS = (sys.executable, "-m", "benchmarks.senders.ours")
HASHING = "catalog-sync, sha256 included"
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
ENVIRONMENT = {name: value for name, value in os.environ.items() if "AWS_" not in name} | {
    "PATH": PATH,
    "AWS_ACCESS_KEY_ID": "k",
    "AWS_SECRET_ACCESS_KEY": "s",
    "AWS_REGION": "us-east-1",
}


@dataclass(frozen=True, slots=True)
class Work:
    """A file to send, also as files of one part each, and where to."""

    file: Path
    parts: Sequence[Path]
    origin: str
    connections: int


@dataclass(frozen=True, slots=True)
class Sender:
    """A command that sends the file of the work; `missing` says what it lacks on this machine."""

    name: str
    command: tuple[str, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run took: wall and processor time in seconds, peak memory in MB."""

    wall: float
    cpu: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink."""

    origin: str

    def totals(self) -> dict[str, int]:
        """Requests and bytes stored since the last time."""
        with urllib.request.urlopen(f"{self.origin}/totals") as answer:
            told: dict[str, int] = json.load(answer)
        return told


@contextmanager
def sink(latency: float = 0.0) -> Iterator[Sink]:
    """A sink in a process of its own; `latency` is in seconds."""
    command = [sys.executable, str(HERE / "sink.py"), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Sink(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()


def senders(work: Work) -> list[Sender]:
    """Everybody who is compared, in the order of the table."""
    file, count = str(work.file), str(work.connections)
    curl = _curl(work)
    by_s3 = (work.origin, file, count)
    s5cmd = ("--endpoint-url", work.origin, "cp", "--part-size", "8", "--concurrency", count)
    openssl = _beside(("openssl", "dgst", "-sha256", file), curl)
    return [
        Sender(HASHING, (*OURS, f"{work.origin}/v1", file, "--jobs", count)),
        Sender(
            "catalog-sync, hash left out",
            (*OURS, f"{work.origin}/v1", file, "--jobs", count, "--bytes-alone"),
        ),
        _program("curl --parallel", "curl", curl),
        _program("curl beside openssl sha256", "openssl", openssl),
        _program("curl beside sha256sum", "curl", _beside(("sha256sum", file), curl)),
        _package("aiohttp", "with_aiohttp.py", by_s3),
        _package("boto3", "with_boto3.py", by_s3),
        _program("s5cmd", "s5cmd", ("s5cmd", "--log", "error", *s5cmd, file, "s3://bucket/key")),
        _program("rclone", "rclone", ("rclone", "copyto", file, ":s3:bucket/key", *_rclone(work))),
    ]


def _curl(work: Work) -> tuple[str, ...]:
    """curl sends no piece of a file, so that it gets every part as a file, ready before."""
    config = work.file.with_suffix(".curl")
    config.write_text(
        "".join(
            f'upload-file="{part}"\nurl="{work.origin}/parts/{part.name}"\noutput="/dev/null"\n'
            for part in work.parts
        ),
        encoding="utf-8",
    )
    at_once = ("--parallel", "--parallel-max", str(work.connections))
    return ("curl", "--silent", *at_once, "--header", "Expect:", "--config", str(config))


def _rclone(work: Work) -> tuple[str, ...]:
    """It checks nothing and hashes nothing that it can be told to leave out."""
    return (
        *("--config", os.devnull, "--s3-provider", "Other", "--s3-endpoint", work.origin),
        *("--s3-access-key-id", "k", "--s3-secret-access-key", "s"),
        *("--s3-chunk-size", "8M", "--s3-upload-cutoff", "8M"),
        *("--s3-upload-concurrency", str(work.connections), "--s3-no-check-bucket"),
        *("--s3-no-head", "--s3-disable-checksum", "--ignore-checksum", "--no-check-dest"),
    )


def _beside(other: tuple[str, ...], command: tuple[str, ...]) -> tuple[str, ...]:
    return ("sh", "-c", f"{shlex.join(other)} & {shlex.join(command)}; wait")


def _program(name: str, program: str, command: tuple[str, ...]) -> Sender:
    missing = "" if shutil.which(program, path=PATH) else f"no {program} in PATH"
    return Sender(name, command, missing)


def _package(name: str, script: str, arguments: tuple[str, ...]) -> Sender:
    missing = "" if importlib.util.find_spec(name) else f"no package {name} in .venv"
    return Sender(name, (sys.executable, str(HERE / "senders" / script), *arguments), missing)


def run(command: Sequence[str]) -> Taken:
    """Run a command to its end, and tell what it took."""
    with tempfile.NamedTemporaryFile(prefix="catalog-sync-bench-") as told:
        timed = (sys.executable, "-I", "-S", str(HERE / "timed.py"), told.name)
        # curl shows its progress even when it is told to be silent.
        done = subprocess.run([*timed, *command], env=ENVIRONMENT, capture_output=True, text=True)
        taken = json.load(told)
    if taken["code"]:
        raise click.ClickException(f"{shlex.join(command[:4])}: {done.stderr}")
    return Taken(taken["wall"], taken["cpu"], taken["megabytes"])


def prepared(folder: Path, name: str, content: Iterable[bytes]) -> Path:
    """Write a file with its digest beside it."""
    path, digest = folder / name, hashlib.sha256()
    with path.open("wb") as file:
        for chunk in content:
            digest.update(chunk)
            file.write(chunk)
    path.with_name(f"{name}.sha256").write_text(digest.hexdigest(), encoding="ascii")
    return path


def sparse(folder: Path, name: str, size: int) -> Path:
    """A file of zeros that takes no space, with its digest beside it."""
    path, digest = folder / name, hashlib.sha256()
    with path.open("wb") as file:
        file.truncate(size)
    for at in range(0, size, PART):
        digest.update(bytes(min(PART, size - at)))
    path.with_name(f"{name}.sha256").write_text(digest.hexdigest(), encoding="ascii")
    return path


def one_large_file(folder: Path, size: int, connections: int, runs: int) -> None:
    """The table of all senders of one file."""
    parts = [folder / f"part-{at:05}" for at in range(-(-size // PART))]
    for part in parts:
        part.write_bytes(random.randbytes(PART))
    file = prepared(folder, "large.wav", (part.read_bytes() for part in parts))
    with sink() as server:
        work = Work(file, parts, server.origin, connections)
        everybody = senders(work)
        present = [sender for sender in everybody if not sender.missing]
        found: dict[str, list[Taken]] = {sender.name: [] for sender in present}
        for at in range(runs):
            for sender in present:
                click.echo(f"run {at + 1} of {runs}: {sender.name}", err=True)
                server.totals()
                found[sender.name].append(run(sender.command))
                stored = server.totals()["stored"]
                if stored < file.stat().st_size:
                    raise click.ClickException(f"{sender.name} sent {stored:,} bytes only")
    click.echo(
        f"\n{size / MIB:,.0f} MiB in parts of 8 MiB over {connections} connections, {runs} runs in "
        f"turn; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}"
    )
    click.echo("GB/s of the median; ours/its = our throughput as a multiple of its\n")
    click.echo(
        f"{'sender':<30} {'wall s':>7} {'min - max':>13} {'GB/s':>6} {'ours/its':>8} "
        f"{'cpu s':>6} {'MB':>5}"
    )
    ours = statistics.median(taken.wall for taken in found[HASHING])
    for sender in everybody:
        click.echo(
            _row(sender.name, found[sender.name], file.stat().st_size, ours)
            if sender.name in found
            else f"{sender.name:<30} absent: {sender.missing}"
        )


def _row(name: str, runs: Sequence[Taken], size: int, ours: float) -> str:
    wall = statistics.median(taken.wall for taken in runs)
    walls = [taken.wall for taken in runs]
    return (
        f"{name:<30} {wall:>7.2f} {min(walls):>6.2f}-{max(walls):<6.2f} {size / wall / 1e9:>6.2f} "
        f"{wall / ours:>7.2f}x {statistics.median(taken.cpu for taken in runs):>6.2f} "
        f"{max(taken.megabytes for taken in runs):>5.0f}"
    )


def memory(folder: Path, sizes: Sequence[int], connections: int) -> None:
    """Our peak memory by the size of the file."""
    click.echo("\nour peak memory")
    for size in sizes:
        file = sparse(folder, f"sparse-{size}.wav", size)
        with sink() as server:
            command = (*OURS, f"{server.origin}/v1", str(file), "--jobs", str(connections))
            click.echo(f"{size / MIB:>8,.0f} MiB {run(command).megabytes:>5.0f} MB")


def many_images(folder: Path, count: int, latency: float, runs: int) -> None:
    """Small images beside the bound that the latency sets."""
    images = folder / "images"
    images.mkdir()
    for number in range(count):
        prepared(images, f"{number:05}.png", [random.randbytes(IMAGE)])
    click.echo(
        f"\n{count} images of 20 KB at {latency * 1000:g} ms; bound = requests x latency / jobs"
    )
    click.echo(f"{'jobs':>4} {'requests':>8} {'bound s':>8} {'wall s':>7} {'/bound':>7} {'MB':>5}")
    for jobs in (8, 16, 32):
        with sink(latency) as server:
            command = (*OURS, f"{server.origin}/v1", str(images), "--jobs", str(jobs))
            taken = [run(command) for _ in range(runs)]
            requests = server.totals()["requests"] // runs
        wall = statistics.median(each.wall for each in taken)
        bound = requests * latency / jobs
        click.echo(
            f"{jobs:>4} {requests:>8} {bound:>8.2f} {wall:>7.2f} {wall / bound:>6.2f}x "
            f"{max(each.megabytes for each in taken):>5.0f}"
        )


@click.command()
@click.option("--size", default=1024, show_default=True, help="MiB of the large file.")
@click.option("--connections", default=8, show_default=True)
@click.option("--images", default=1000, show_default=True)
@click.option("--latency", default=20.0, show_default=True, help="Milliseconds for an image.")
@click.option("--runs", default=3, show_default=True)
def uploads(size: int, connections: int, images: int, latency: float, runs: int) -> None:
    """Time the sending of a large file beside other senders, and of many small images.

    Everybody sends to the same sink on this machine and starts as a process of its own. The other
    senders come with `pip install -e '.[peers]'` and the system's packages for curl and rclone.
    """
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as name:
        folder = Path(name)
        one_large_file(folder, size * MIB, connections, runs)
        memory(folder, [size * MIB, 4 * size * MIB], connections)
        many_images(folder, images, latency / 1000, runs)
