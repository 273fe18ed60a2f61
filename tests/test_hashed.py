"""A digest is believed again only where no write can have gone without a trace."""

import ctypes
import fcntl
import hashlib
import mmap
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from catalogsync.cache import open_cache
from catalogsync.cli import main
from catalogsync.hashed import Hashed, Stamp, file_system_of, nobody_writes, read_lease, stamp_of
from catalogsync.manifest import load
from tests.manifest.support import Folder, png, pointer
from tests.media import sound

HOUR_NS = 3600 * 10**9
CONTENT = b"planned." * 4096
LONG = sound(600_000)


def later() -> int:
    """An hour from now, when what was just written has been at rest for long."""
    return time.time_ns() + HOUR_NS


def on(name: str) -> Callable[[int], str]:
    """A file system of this name."""
    return lambda descriptor: name


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that was planned."""
    path = tmp_path / "large.wav"
    path.write_bytes(CONTENT)
    return path


def stamp(path: Path) -> Stamp:
    return stamp_of(path.stat())


def can_tell(hashed: Hashed, path: Path) -> bool:
    """Whether a file's stamp can be relied on, asked as an apply does."""
    with path.open("rb") as file:
        return hashed.can_tell(file.fileno(), stamp_of(os.fstat(file.fileno())))


def noted(path: Path, **how: Callable[..., object]) -> Hashed:
    """What is known of a file after it was hashed, if that may count at all."""
    hashed = Hashed(**{"now_ns": later, "file_system": on("ext4"), **how})  # type: ignore[arg-type]
    with path.open("rb") as file:
        before = stamp_of(os.fstat(file.fileno()))
        tells = hashed.can_tell(file.fileno(), before)
        digest = hashlib.sha256(file.read()).hexdigest()
    if tells:
        hashed.note(before, digest)
    return hashed


def holds(hashed: Hashed, path: Path, content: bytes = CONTENT) -> bool:
    """Whether the file certainly has the content, as far as is known."""
    return hashed.holds(stamp(path), hashlib.sha256(content).hexdigest())


def test_a_file_at_rest_is_known_by_its_stamp_and_content(path: Path) -> None:
    hashed = noted(path)
    assert holds(hashed, path)
    assert not holds(hashed, path, b"other")
    assert not holds(Hashed(), path)


@pytest.mark.parametrize("name", ["ext4", "xfs", "btrfs"])
def test_local_file_systems_are_relied_on(path: Path, name: str) -> None:
    assert holds(noted(path, file_system=on(name)), path)


@pytest.mark.parametrize(
    "name",
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "fuse.sshfs",
        "fuseblk",
        "9p",
        "virtiofs",
        "tmpfs",
        "overlay",
        "ntfs3",
        "vfat",
        "zfs",
    ],
)
def test_no_other_file_system_is_relied_on(path: Path, name: str) -> None:
    assert not holds(noted(path, file_system=on(name)), path)


def test_a_file_that_was_just_written_is_not_relied_on(path: Path) -> None:
    assert not holds(noted(path, now_ns=time.time_ns), path)


def test_the_time_of_its_inode_counts_which_nobody_can_set(path: Path) -> None:
    os.utime(path, (1, 1))
    assert not holds(noted(path, now_ns=time.time_ns), path)


def test_a_time_in_the_future_is_not_relied_on(path: Path) -> None:
    os.utime(path, ns=(0, later() + HOUR_NS))
    assert not holds(noted(path), path)


def rewrite(path: Path) -> None:
    """Write something as long, and set the mtime back."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"swapped!")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap(path: Path) -> None:
    """Put another file of the same size and times in its place."""
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"swapped!" * (len(CONTENT) // 8))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def store(path: Path) -> None:
    """Change it through a mapping."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[:8] = b"swapped!"


def truncate(path: Path) -> None:
    """Cut its end off and let zeros grow there."""
    os.truncate(path, 8)
    os.truncate(path, len(CONTENT))


@pytest.mark.parametrize("change", [rewrite, swap, store, truncate])
def test_whoever_changes_a_file_leaves_a_trace(path: Path, change: Callable[[Path], None]) -> None:
    # The real file system decides: one that sees no stores must not be relied on at all.
    hashed = noted(path, file_system=file_system_of)
    change(path)
    assert path.read_bytes() != CONTENT
    assert path.stat().st_size == len(CONTENT)
    assert not holds(hashed, path)


LIBC = ctypes.CDLL(None)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


@contextmanager
def open_to_write(path: Path) -> Iterator[None]:
    """Somebody who could write at any moment."""
    with path.open("r+b"):
        yield


@contextmanager
def open_to_append(path: Path) -> Iterator[None]:
    """Somebody who writes a log, say."""
    with path.open("ab"):
        yield


@contextmanager
def mapped_and_closed(path: Path) -> Iterator[None]:
    """Somebody who holds no descriptor any more, only the memory, and has written to it before."""
    descriptor = os.open(path, os.O_RDWR)
    address = LIBC.mmap(
        None, 4096, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, descriptor, 0
    )
    os.close(descriptor)
    ctypes.memmove(address, CONTENT, 8)
    try:
        yield
    finally:
        LIBC.munmap(address, 4096)


@pytest.mark.parametrize("writer", [open_to_write, open_to_append, mapped_and_closed])
def test_while_anybody_can_write_nothing_is_relied_on(
    path: Path, writer: Callable[[Path], AbstractContextManager[None]]
) -> None:
    with writer(path):
        assert not holds(noted(path), path)
    assert holds(noted(path), path)


def test_readers_do_not_matter(path: Path) -> None:
    with path.open("rb"):
        assert holds(noted(path), path)


def test_nobody_is_kept_from_writing_afterwards(path: Path) -> None:
    with path.open("rb") as file:
        assert nobody_writes(file.fileno())
        assert fcntl.fcntl(file.fileno(), fcntl.F_GETLEASE) == fcntl.F_UNLCK
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        os.close(descriptor)


def test_who_opens_it_at_that_moment_waits_and_does_not_end_the_program(path: Path) -> None:
    told, tell = socket.socketpair()
    tell.setblocking(False)
    ignored = signal.getsignal(signal.SIGURG)
    signal.signal(signal.SIGURG, lambda number, frame: None)
    before = signal.set_wakeup_fd(tell.fileno())
    writer = threading.Thread(target=lambda: path.open("r+b").close())
    try:
        with path.open("rb") as file, read_lease(file.fileno()):
            writer.start()
            assert select.select([told], [], [], 10)[0]
            assert told.recv(1) == bytes([signal.SIGURG])
            assert writer.is_alive()
        writer.join(10)
        assert not writer.is_alive()
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGURG, ignored)
        told.close()
        tell.close()
    assert ignored is signal.SIG_DFL


def test_the_file_system_of_a_descriptor_is_told_by_its_mount(path: Path, tmp_path: Path) -> None:
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    known = {line.partition(" - ")[2].split(" ")[0] for line in mounts.splitlines()}
    with path.open("rb") as file, Path("/proc/self/stat").open("rb") as process:
        assert file_system_of(file.fileno()) in known
        assert file_system_of(process.fileno()) == "proc"


def test_what_has_no_mount_is_on_no_file_system_that_is_known() -> None:
    reading, writing = os.pipe()
    anonymous = os.memfd_create("anonymous")
    found = [file_system_of(each) for each in (reading, anonymous)]
    for each in (reading, writing, anonymous):
        os.close(each)
    assert found == ["", ""]
    assert file_system_of(reading) == ""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A catalog with a sound that is read by way of its descriptor, a picture, and a pointer."""
    folder = Folder(tmp_path / "catalog")
    folder.write("models/ink/long.wav", LONG)
    folder.write("models/ink/a.png", png(2, 3))
    folder.write("models/ink/b.png", pointer())
    folder.model("thumbnail: a.png\nexamples: [long.wav, b.png]\n")
    return folder


def at_rest() -> Hashed:
    """What takes files for ones at rest, on a file system that can be relied on."""
    return Hashed(now_ns=later, file_system=on("ext4"))


def test_a_large_file_that_a_load_reads_is_noted_and_nothing_else(folder: Folder) -> None:
    hashed = at_rest()
    load(folder.root, hashed=hashed)
    known = {
        path.name: holds(hashed, path, path.read_bytes())
        for path in (folder.root / "models/ink").iterdir()
    }
    assert known == {"long.wav": True, "a.png": False, "b.png": False, "model.yaml": False}


def test_a_large_file_that_was_just_written_is_not_noted(folder: Folder) -> None:
    hashed = Hashed(file_system=on("ext4"))
    load(folder.root, hashed=hashed)
    assert not holds(hashed, folder.root / "models/ink/long.wav", LONG)


def test_what_only_the_cache_knows_is_not_noted(folder: Folder, tmp_path: Path) -> None:
    for expected in (True, False):
        hashed = at_rest()
        with open_cache(tmp_path / "cache" / "digests.sqlite", now_ns=later()) as cache:
            load(folder.root, known=cache.files(folder.root), hashed=hashed)
        assert holds(hashed, folder.root / "models/ink/long.wav", LONG) is expected


def test_an_apply_asks_what_its_own_load_has_hashed(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []

    class Telling(Hashed):
        def __init__(self) -> None:
            super().__init__(now_ns=later, file_system=on("ext4"))

        def can_tell(self, descriptor: int, stamp: Stamp) -> bool:
            answers.append(super().can_tell(descriptor, stamp))
            return answers[-1]

        def holds(self, stamp: Stamp, sha256: str) -> bool:
            answers.append(super().holds(stamp, sha256))
            return answers[-1]

    monkeypatch.setattr("catalogsync.cli.session.Hashed", Telling)
    (folder.root / "models/ink/b.png").write_bytes(png(4, 5))
    for command, expected in (["plan"], []), (["apply", "--yes"], [True, True]):
        with pytest.raises(SystemExit) as stop:
            main([*command, str(folder.root), "--sandbox", str(tmp_path / "box"), "--no-cache"])
        assert not stop.value.code
        assert answers == expected
