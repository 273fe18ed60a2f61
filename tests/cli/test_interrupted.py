"""SIGINT and SIGTERM: what is under way is finished, the report is true, the rest is left."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import MODEL, Run, write
from tests.cli.holding import Held
from tests.cli.killing import Scene, scene
from tests.cli.mixed import APPLY, begin, described, write_mixed
from tests.cli.terminal import Terminal
from tests.cli.test_json import ended, started
from tests.cli.test_kinds import wav

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A sandbox and a catalog for all tests of a process."""
    folder = tmp_path_factory.mktemp("interrupted")
    write_mixed(folder / "catalog")
    with scene(folder) as found:
        yield found


def outcomes(text: str) -> dict[str, str]:
    """What became of every action, by its words."""
    return {each["what"]: each["status"] for each in json.loads(text).get("outcomes", ())}


def test_interrupted_at_any_request(place: Scene, tmp_path: Path) -> None:
    stay = begin(place, "proj_whole")
    place.reaper.arm()
    whole = place.run("proj_whole", *APPLY, "--jobs", "1", "--json")
    steps, held = len(place.reaper.requests), described(place, "proj_whole", stay)
    told = tmp_path / "told.json"
    for at in range(1, steps + 1, 3):
        project, number = f"proj_{at}", SIGNALS[at % 2]
        stay = begin(place, project)
        place.reaper.arm(at, "before" if at % 4 < 2 else "after", number)
        first = place.run(project, *APPLY, "--jobs", "1", "--json", "--json-into", str(told))
        place.reaper.arm()
        assert first.code == 130, first
        assert "Traceback" not in first.err
        assert json.loads(first.out)["error"]["kind"] == "Interrupted"
        became = outcomes(first.out)
        assert set(became.values()) <= {"done", "skipped"}
        if became:
            assert became.keys() == outcomes(whole.out).keys()
            assert told.read_text() == first.out
            told.unlink()
        second = place.run(project, *APPLY, "--json")
        assert second.code == 0, second
        check_rest(became, outcomes(whole.out), outcomes(second.out))
        assert described(place, project, stay) == held
        place.clear(project)


LOOKED_AT = ("upload ", "add training images to ")
"""Steps that end with a look: a run that is stopped before it cannot say that they are done."""


def check_rest(first: dict[str, str], whole: dict[str, str], second: dict[str, str]) -> None:
    """What was said to be done is not done again, and what was not is done now, or is there."""
    assert second.keys() <= whole.keys()
    done = {what for what, status in first.items() if status == "done"}
    captions = "set captions of training images of "
    for again in done & second.keys():
        # As long as an image is not in the set, no plan can know its caption.
        assert again.startswith(captions)
        assert f"add training images to {again.removeprefix(captions)}" in second
    there = whole.keys() - done - second.keys()
    assert len(there) <= 1  # the one that was under way; that it is there once is seen by its bytes
    assert all(what.startswith(LOOKED_AT) for what in there)


@pytest.fixture
def sounding(catalog: Path) -> Path:
    """A catalog of which one file is sent in two parts."""
    folder = catalog / "models/ink-heroes"
    (folder / "voice.wav").write_bytes(wav(9 * 1024 * 1024))
    write(folder / "model.yaml", MODEL.replace("images/3.webp]", "images/3.webp, voice.wav]"))
    return catalog


AT = {
    "a small request": ("PUT", "/tags"),
    "a part": ("PUT", "/parts/"),
    "a look at an upload": ("GET", "/uploads/"),
}


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("at", AT)
def test_what_is_under_way_is_finished_and_told(
    cli: Run, sounding: Path, tmp_path: Path, at: str, number: signal.Signals
) -> None:
    held = Held(*AT[at])
    with (
        running(tmp_path / "box", validate_s=0, import_s=0, middleware=(held,)) as server,
        started("apply", sounding, "--yes", "--jobs", 2, url=server.url) as process,
    ):
        assert held.arrived.wait(30)
        process.send_signal(number)
        held.let_go.set()
        found = ended(process)
        assert found.code == 130
        assert "Traceback" not in found.err
        skipped, what_to_do, summary = found.out.splitlines()[-3:]
        assert skipped.endswith(": interrupted")
        assert what_to_do == "Run it again to do what is left; nothing is done twice."
        assert summary.startswith("Applied: ")
        where = (sounding, "--base-url", server.url)
        assert cli("apply", *where, "--yes").code == 0
        assert cli("plan", *where, "--detailed-exitcode").code == 0
        made = server.control.requests()
        assert made["POST /models"] == 2
        assert made["POST /assets"] == 3


@pytest.mark.parametrize("number", SIGNALS)
def test_files_that_are_being_hashed_are_given_up(catalog: Path, number: signal.Signals) -> None:
    large_files(catalog)
    with started("validate", catalog, url="") as process:
        while not any(map(is_large, Path(f"/proc/{process.pid}/fd").iterdir())):
            assert process.poll() is None
        process.send_signal(number)
        found = ended(process)
    assert found.code == 130
    assert "Traceback" not in found.err


DROPPING = """
import signal, sys, weakref
from catalogsync.cli.main import main

class Dropping:
    def find_spec(self, name, path=None, target=None):
        if name == "concurrent.futures.thread":
            held = Dropping()
            self.reference = weakref.ref(held, lambda _: signal.raise_signal(int(sys.argv[2])))
            del held

sys.meta_path.insert(0, Dropping())
main(["validate", sys.argv[1]])
"""


# As a shell has it for what it runs in the background.
IGNORING_SIGINT = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")


@pytest.mark.parametrize(
    ("number", "begun_by"),
    [(signal.SIGINT, ()), (signal.SIGTERM, ()), (signal.SIGTERM, IGNORING_SIGINT)],
)
def test_a_signal_where_python_drops_what_it_raises_ends_the_run(
    catalog: Path, number: signal.Signals, begun_by: tuple[str, ...]
) -> None:
    large_files(catalog)
    command = (*begun_by, sys.executable, "-c", DROPPING, str(catalog), str(int(number)))
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, "Exception ignored" in done.stderr) == (130, False)


def large_files(catalog: Path) -> None:
    """Have the catalog name files that take minutes to hash."""
    folder = catalog / "models/ink-heroes"
    for name in ("one.fbx", "two.fbx", "three.fbx"):
        (folder / name).write_text("; FBX 7")
        os.truncate(folder / name, 1 << 40)
    write(folder / "model.yaml", MODEL.replace("images/3.webp]", "one.fbx, two.fbx, three.fbx]"))


def is_large(descriptor: Path) -> bool:
    """Whether it is that of a file which takes minutes to hash; it may be closed by now."""
    with contextlib.suppress(FileNotFoundError):
        return descriptor.stat().st_size == 1 << 40
    return False


def test_a_file_that_the_server_does_not_get_done_with_is_left_to_the_next_run(
    cli: Run, sounding: Path, tmp_path: Path
) -> None:
    with (
        running(tmp_path / "box", validate_s=3600) as server,
        started("apply", sounding, "--yes", url=server.url) as process,
    ):
        while not server.control.requests()["GET /uploads/{}"]:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert ended(process).code == 130
        server.control.advance(4000)
        assert cli("apply", sounding, "--base-url", server.url, "--yes").code == 0
        assert server.control.requests()["PUT part"] == 2


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_signal_ends_at_once_and_shows_the_cursor(
    sounding: Path, tmp_path: Path, number: signal.Signals
) -> None:
    held = Held("PUT", "/parts/")
    with (
        running(tmp_path / "box", middleware=(held,)) as server,
        Terminal("apply", sounding, "--yes", url=server.url) as terminal,
    ):
        terminal.until("\x1b[?25l")
        assert held.arrived.wait(30)
        terminal.process.send_signal(number)
        terminal.until("Interrupted: what is under way is finished. Ctrl-C again ends it at once.")
        terminal.process.send_signal(number)
        assert terminal.end() == 130
        held.let_go.set()
    assert terminal.raw.rindex("\x1b[?25h") > terminal.raw.rindex("\x1b[?25l")
    assert "Traceback" not in terminal.shown


def test_one_signal_shows_the_cursor_too(sounding: Path, tmp_path: Path) -> None:
    held = Held("PUT", "/parts/")
    with (
        running(tmp_path / "box", middleware=(held,)) as server,
        Terminal("apply", sounding, "--yes", url=server.url) as terminal,
    ):
        terminal.until("\x1b[?25l")
        assert held.arrived.wait(30)
        terminal.process.send_signal(signal.SIGINT)
        held.let_go.set()
        assert terminal.end() == 130
    assert terminal.raw.rindex("\x1b[?25h") > terminal.raw.rindex("\x1b[?25l")
    assert "Run it again to do what is left" in terminal.shown


WAITING = """
import os, sys
from catalogsync.cli.session import stop_on_signal

number, main = int(sys.argv[1]), os.getpid()
heard, told = os.pipe()
if os.fork() == 0:
    os.close(told)
    while os.read(heard, 1):
        os.kill(main, number)
    os._exit(0)
for _ in range(300):
    with stop_on_signal() as stop:
        os.write(told, b"x")
        while not stop.wait(0):
            pass
"""
"""Waits for a signal of another process by doing nothing but locking and unlocking the event."""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_in_the_middle_of_a_wait_does_not_hang(
    number: signal.Signals,
) -> None:
    command = [sys.executable, "-c", WAITING, str(number.value)]
    assert subprocess.run(command, timeout=60, stderr=subprocess.DEVNULL).returncode == 0
