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
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from catalogsync.hashed import Hashed, stamp_of

MIB = 1024 * 1024
PART = 8 * MIB
IMAGE = 20_000
HERE = Path(__file__).parent
OURS = (sys.executable, "-m", "benchmarks.senders.ours")
KNOWN = "catalog-sync, digest known and certain"
HASHING = "catalog-sync, hashed while sent"
LOADING = "catalog-sync, hashed, then sent"
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
    """A command that sends the file of the work.

    `against` is which of ours does the same work, `missing` what it lacks on this machine, `tool`
    what it is called when one asks for it alone.
    """

    name: str
    command: tuple[str, ...]
    against: str = KNOWN
    missing: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run took: wall and processor time in seconds, peak memory in MB.

    `arriving` is how long it took from the first to the last byte of a part, as the sink saw it.
    """

    wall: float
    cpu: float
    megabytes: float
    arriving: float = 0.0


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink."""

    origin: str

    def totals(self) -> dict[str, float]:
        """Requests, bytes stored, and the seconds of that, since the last time."""
        with urllib.request.urlopen(f"{self.origin}/totals") as answer:
            told: dict[str, float] = json.load(answer)
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
    ours = (*OURS, f"{work.origin}/v1", file, "--jobs", count, "--digest")
    by_s3 = (work.origin, file, count)
    s5cmd = ("--endpoint-url", work.origin, "cp", "--part-size", "8", "--concurrency", count)
    sha256 = ("openssl", "dgst", "-sha256", file)
    uncertain = "" if _at_rest(work.file) else "set TMPDIR to a folder of yours on ext4, xfs, btrfs"
    return [
        Sender(KNOWN, (*ours, "known"), KNOWN, uncertain),
        Sender(HASHING, (*ours, "sending"), HASHING),
        Sender(LOADING, (*ours, "loading"), LOADING, uncertain),
        _program("curl --parallel", "curl", curl),
        _program("curl beside openssl sha256", "curl", _beside(sha256, curl), HASHING),
        _program("curl after openssl sha256", "curl", _after(sha256, curl), LOADING),
        _package("aiohttp", "with_aiohttp.py", by_s3),
        _package("boto3", "with_boto3.py", by_s3),
        _program("s5cmd", "s5cmd", ("s5cmd", "--log", "error", *s5cmd, file, "s3://bucket/key")),
        _program("rclone", "rclone", ("rclone", "copyto", file, ":s3:bucket/key", *_rclone(work))),
    ]


def _at_rest(file: Path) -> bool:
    """Whether a file's stamp can be relied on, once it is old enough."""
    hashed = Hashed()
    with file.open("rb") as stream:
        for _ in range(30):
            if hashed.can_tell(stream.fileno(), stamp_of(file.stat())):
                return True
            time.sleep(0.1)
    return False


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


def _after(other: tuple[str, ...], command: tuple[str, ...]) -> tuple[str, ...]:
    return ("sh", "-c", f"{shlex.join(other)} && {shlex.join(command)}")


def _program(name: str, program: str, command: tuple[str, ...], against: str = KNOWN) -> Sender:
    needed = [program, "openssl"] if "openssl" in name else [program]
    missing = [each for each in needed if not shutil.which(each, path=PATH)]
    why = f"no {' and no '.join(missing)} in PATH" if missing else ""
    return Sender(name, command, against, why, program)


def _package(name: str, script: str, arguments: tuple[str, ...]) -> Sender:
    missing = "" if importlib.util.find_spec(name) else f"no package {name} in .venv"
    command = (sys.executable, str(HERE / "senders" / script), *arguments)
    return Sender(name, command, KNOWN, missing, name)


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


def one_large_file(
    folder: Path, size: int, connections: int, runs: int, peers: Sequence[str]
) -> None:
    """The table of all senders of one file, or of ours and of some peers."""
    parts = [folder / f"part-{at:05}" for at in range(-(-size // PART))]
    for part in parts:
        part.write_bytes(random.randbytes(PART))
    file = prepared(folder, f"large-{size}.wav", (part.read_bytes() for part in parts))
    # What is still to be written to the disk would take its time from whoever runs just then.
    os.sync()
    with sink() as server:
        work = Work(file, parts, server.origin, connections)
        everybody = [each for each in senders(work) if each.tool in ("", *peers) or not peers]
        present = [sender for sender in everybody if not sender.missing]
        found: dict[str, list[Taken]] = {sender.name: [] for sender in present}
        for at in range(runs):
            for sender in present:
                click.echo(f"run {at + 1} of {runs}: {sender.name}", err=True)
                server.totals()
                taken, told = run(sender.command), server.totals()
                if told["stored"] < file.stat().st_size:
                    raise click.ClickException(f"{sender.name} sent {told['stored']:,} bytes only")
                found[sender.name].append(replace(taken, arriving=told["seconds"]))
    click.echo(
        f"\n{size / MIB:,.0f} MiB in parts of 8 MiB over {connections} connections, {runs} runs in "
        f"turn, medians; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}\n"
    )
    click.echo(
        f"{'sender':<38} {'wall s':>7} {'min - max':>13} {'sink s':>7} {'GB/s':>6} "
        f"{'ours/its':>8} {'in sink':>8} {'cpu s':>6} {'MB':>5}"
    )
    for sender in everybody:
        click.echo(
            _row(sender.name, found[sender.name], size, found.get(sender.against, []))
            if sender.name in found
            else f"{sender.name:<38} absent: {sender.missing}"
        )


def _row(name: str, runs: Sequence[Taken], size: int, ours: Sequence[Taken]) -> str:
    walls = [taken.wall for taken in runs]
    wall, arriving = statistics.median(walls), _median(runs, "arriving")
    return (
        f"{name:<38} {wall:>7.2f} {min(walls):>6.2f}-{max(walls):<6.2f} {arriving:>7.2f} "
        f"{size / arriving / 1e9:>6.2f} {_times(runs, ours, 'wall')} "
        f"{_times(runs, ours, 'arriving')} {_median(runs, 'cpu'):>6.2f} "
        f"{max(taken.megabytes for taken in runs):>5.0f}"
    )


def _median(runs: Sequence[Taken], what: str) -> float:
    return float(statistics.median(getattr(taken, what) for taken in runs))


def _times(runs: Sequence[Taken], ours: Sequence[Taken], what: str) -> str:
    """Our throughput as a multiple of theirs."""
    return f"{_median(runs, what) / _median(ours, what):>7.2f}x" if ours else f"{'':>8}"


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
            requests = round(server.totals()["requests"] / runs)
        wall = statistics.median(each.wall for each in taken)
        bound = requests * latency / jobs
        click.echo(
            f"{jobs:>4} {requests:>8} {bound:>8.2f} {wall:>7.2f} {wall / bound:>6.2f}x "
            f"{max(each.megabytes for each in taken):>5.0f}"
        )


NOTES = f"""
wall s    the whole process, from its start to its end
sink s    from the first byte of a part that arrives at the sink to the last; GB/s is of that
ours/its  our throughput as a multiple of its, of the whole process and in the sink, where ours is
          - "{KNOWN}" beside senders that hash nothing;
            an apply has hashed the file when it loaded the catalog, and that is not in the row;
          - "{HASHING}" beside curl with openssl at the same time;
          - "{LOADING}" beside curl with openssl before it.
cpu s     of the sender and its children, user and system"""


@click.command()
@click.option("--size", default=1024, show_default=True, help="MiB of the large file.")
@click.option("--connections", default=8, show_default=True)
@click.option(
    "--peers", default="", help="Only these, with commas: curl,aiohttp,boto3,s5cmd,rclone."
)
@click.option("--images", default=1000, show_default=True, help="0 leaves them out.")
@click.option("--latency", default=20.0, show_default=True, help="Milliseconds for an image.")
@click.option("--runs", default=3, show_default=True)
def uploads(
    size: int, connections: int, peers: str, images: int, latency: float, runs: int
) -> None:
    """Time the sending of a large file beside other senders, and of many small images.

    Everybody sends to the same sink on this machine and starts as a process of its own. The other
    senders come with `pip install -e '.[peers]'` and the system's packages for curl and rclone. A
    file four times as large is sent by us and by curl.
    """
    chosen = [peer.strip() for peer in peers.split(",") if peer.strip()]
    for factor, wanted in (1, chosen), (4, ["curl"]):
        with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as name:
            one_large_file(Path(name), factor * size * MIB, connections, runs, wanted)
    click.echo(NOTES)
    if images:
        with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as name:
            many_images(Path(name), images, latency / 1000, runs)
