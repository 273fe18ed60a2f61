"""The commands of everybody who sends a large file, each beside those that do the same work."""

import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tried import CERTIFICATE, OURS, PATH, Sink


@dataclass(frozen=True, slots=True)
class Work:
    """A file to send, also as files of one part each, and where to."""

    file: Path
    parts: Sequence[Path]
    sink: Sink
    connections: int


@dataclass(frozen=True, slots=True)
class Sender:
    """A command that sends the file of the work.

    `missing` is what it lacks on this machine, `tool` what it is called when one asks for it alone.
    """

    name: str
    command: tuple[str, ...]
    missing: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """Senders that do the same work, which has a name; the first is ours."""

    name: str
    title: str
    senders: tuple[Sender, ...]


OWN = "catalog-sync"
KNOWN = "digest known"
CHECKED = "hashed while it is sent"


def known(work: Work) -> Case:
    """Bytes are sent, and nothing else."""
    return Case(
        KNOWN,
        "the digest is known and certain, as after the load of the same apply: bytes are only sent",
        (
            ours(work, "known"),
            _program("curl --parallel", "curl", _curl(work)),
            _package("aiohttp", "with_aiohttp", work),
            _package("boto3", "with_boto3", work),
            # Over http it hashes each part to sign it, and cannot be told not to.
            _program("s5cmd", "s5cmd", _s5cmd(work)),
            _program("rclone, no checksums", "rclone", _rclone(work, *_UNCHECKED)),
        ),
    )


def checked(work: Work) -> Case:
    """What is sent is hashed at the same time."""
    return Case(
        CHECKED,
        CHECKED,
        (
            ours(work, "sending"),
            _program("curl beside openssl sha256", "curl", _beside(_sha256(work), _curl(work))),
            _package("aiohttp, a thread hashes", "with_aiohttp", work, "--sha256"),
            _package("boto3, SHA256 of each part", "with_boto3", work, "--sha256"),
            _program("rclone, MD5 before sending", "rclone", _rclone(work)),
        ),
    )


def loaded(work: Work) -> Case:
    """An apply that has to hash the file when it loads the catalog, and then sends it."""
    return Case(
        "hashed first",
        "hashed first, then sent",
        (
            ours(work, "loading"),
            _program("curl after openssl sha256", "curl", _after(_sha256(work), _curl(work))),
        ),
    )


def ours(work: Work, digest: str) -> Sender:
    """Our engine; for what `digest` means see `ours.py`."""
    where = (f"{work.sink.api}/v1", str(work.file))
    how = ("--jobs", str(work.connections), "--digest", digest)
    return Sender(OWN, (*OURS, *where, *how, *_trusting(work, "--ca")))


_UNCHECKED = ("--s3-disable-checksum", "--ignore-checksum")


def _trusting(work: Work, option: str) -> tuple[str, ...]:
    return (option, str(CERTIFICATE)) if work.sink.store.startswith("https:") else ()


def _sha256(work: Work) -> tuple[str, ...]:
    return ("openssl", "dgst", "-sha256", str(work.file))


def _curl(work: Work) -> tuple[str, ...]:
    """curl sends no piece of a file, so that it gets every part as a file, ready before."""
    config = work.file.with_suffix(".curl")
    config.write_text(
        "".join(
            f'upload-file="{part}"\nurl="{work.sink.store}/parts/{part.name}"\noutput="/dev/null"\n'
            for part in work.parts
        ),
        encoding="utf-8",
    )
    at_once = ("--parallel", "--parallel-max", str(work.connections))
    how = ("--silent", "--http1.1", "--header", "Expect:", *_trusting(work, "--cacert"))
    return ("curl", *how, *at_once, "--config", str(config))


def _s5cmd(work: Work) -> tuple[str, ...]:
    parts = ("--part-size", "8", "--concurrency", str(work.connections))
    where = ("--endpoint-url", work.sink.store)
    return ("s5cmd", "--log", "error", *where, "cp", *parts, str(work.file), "s3://bucket/key")


def _rclone(work: Work, *how: str) -> tuple[str, ...]:
    return (
        *("rclone", "copyto", str(work.file), ":s3:bucket/key", "--config", os.devnull),
        *("--s3-provider", "Other", "--s3-endpoint", work.sink.store),
        *("--s3-access-key-id", "k", "--s3-secret-access-key", "s"),
        *("--s3-chunk-size", "8M", "--s3-upload-cutoff", "8M"),
        *("--s3-upload-concurrency", str(work.connections), "--s3-no-check-bucket"),
        *("--s3-no-head", "--no-check-dest", *how, *_trusting(work, "--ca-cert")),
    )


def _beside(other: tuple[str, ...], command: tuple[str, ...]) -> tuple[str, ...]:
    return ("sh", "-c", f"{shlex.join(other)} & {shlex.join(command)}; wait")


def _after(other: tuple[str, ...], command: tuple[str, ...]) -> tuple[str, ...]:
    return ("sh", "-c", f"{shlex.join(other)} && {shlex.join(command)}")


def _program(name: str, program: str, command: tuple[str, ...]) -> Sender:
    needed = [program, "openssl"] if "openssl" in name else [program]
    missing = [each for each in needed if not shutil.which(each, path=PATH)]
    why = f"no {' and no '.join(missing)} in PATH" if missing else ""
    return Sender(name, command, why, program)


def _package(name: str, module: str, work: Work, *how: str) -> Sender:
    package = name.split(",")[0]
    missing = "" if importlib.util.find_spec(package) else f"no package {package} in .venv"
    what = (work.sink.store, str(work.file), str(work.connections))
    command = (
        sys.executable,
        "-m",
        f"benchmarks.senders.{module}",
        *what,
        *how,
        *_trusting(work, "--ca"),
    )
    return Sender(name, command, missing, package)
