"""Which upload holds a file is kept at once, and a cache that is no good keeps nothing out."""

import subprocess
import sys
from pathlib import Path

import pytest

from catalogsync.cache import open_cache
from tests.test_cache import FILES, SQL, damage

SHA = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the cache of a test is."""
    return tmp_path / "home/catalog-sync/digests.sqlite"


def recalled(path: Path, sha256: str = SHA, project: str = "proj") -> str:
    """What a run that begins now knows."""
    return open_cache(path).uploads("server", project).recall(sha256)


def test_it_is_there_for_the_next_run_before_this_one_ends(path: Path) -> None:
    known = open_cache(path).uploads("server", "proj")
    known.remember(SHA, "upload_1")
    known.remember(OTHER, "upload_2")
    known.remember(SHA, "upload_3")
    assert (recalled(path), recalled(path, OTHER)) == ("upload_3", "upload_2")
    assert recalled(path, "ef" * 32) == ""
    assert recalled(path, project="other") == ""


def test_what_is_forgotten_is_found_by_nobody(path: Path) -> None:
    known = open_cache(path).uploads("server", "proj")
    known.remember(SHA, "upload_1")
    known.remember(OTHER, "upload_2")
    open_cache(path).uploads("server", "other").forget("upload_2")
    known.forget("upload_1")
    assert (known.recall(SHA), recalled(path), recalled(path, OTHER)) == ("", "", "upload_2")


@pytest.mark.parametrize("upload_id", ["\ud800", "upload\0", "x" * 100_000])
def test_a_strange_id_is_no_error(path: Path, upload_id: str) -> None:
    open_cache(path).uploads("server", "proj").remember(SHA, upload_id)
    assert recalled(path) in (upload_id, "")


@pytest.mark.parametrize("how", [*FILES, *SQL])
def test_a_spoilt_cache_is_an_empty_one_that_can_be_written_again(path: Path, how: str) -> None:
    open_cache(path).uploads("server", "proj").remember(SHA, "upload_1")
    damage(path, how)
    assert recalled(path) in ("upload_1", "")
    open_cache(path).uploads("server", "proj").remember(OTHER, "upload_2")
    assert recalled(path, OTHER) == "upload_2"


def test_where_nothing_can_be_written_the_run_itself_still_knows(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    path = tmp_path / "home/catalog-sync/digests.sqlite"
    known = open_cache(path).uploads("server", "proj")
    known.remember(SHA, "upload_1")
    assert known.recall(SHA) == "upload_1"
    assert recalled(path) == ""


WRITER = """\
import sys
from pathlib import Path
from threading import Thread
from catalogsync.cache import open_cache
known = open_cache(Path(sys.argv[1])).uploads("server", "proj")
print("ready", flush=True)
sys.stdin.readline()
def write(thread):
    for turn in range(20):
        known.remember(f"{sys.argv[2]}{thread}{turn}", f"upload_{turn}")
threads = [Thread(target=write, args=[thread]) for thread in "xyz"]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_processes_and_threads_that_write_at_once_lose_nothing(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [subprocess.Popen([*command, name], text=True, **pipes) for name in "abc"]  # type: ignore[call-overload]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
    names = [
        (f"{a}{b}{turn}", f"upload_{turn}") for a in "abc" for b in "xyz" for turn in range(20)
    ]
    assert [recalled(path, name) for name, _ in names] == [upload for _, upload in names]
