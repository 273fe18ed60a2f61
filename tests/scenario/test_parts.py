"""Parts on the wire, against a scripted server: what is sent, and when a part is given up."""

import hashlib
import random
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from catalogsync.errors import AskedToWait, Unreachable
from catalogsync.events import CoolingDown, Event, Tell, tell_nobody
from catalogsync.model import AssetKind, AssetRef
from catalogsync.scenario.parts import Part, PartBounds, PartSender
from catalogsync.scenario.planned_file import PlannedFile
from catalogsync.scenario.tally import Tally
from catalogsync.sending import NoWatcher
from tests.scenario.server import Server, close, drip, reply, reset

MIB = 1024 * 1024
PART = Part(2, 300_000, MIB)
IMPATIENT = PartBounds(idle=0.3, slowest=1e9, attempts=1)

Send = Callable[[str], None]


@contextmanager
def sender(
    path: Path, bounds: PartBounds, part: Part = PART, tell: Tell = tell_nobody
) -> Iterator[Send]:
    """What sends a part of a file to an address."""
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    asset = AssetRef(sha256, "", path.name, AssetKind.AUDIO, "audio/wav", len(content))
    stop = threading.Event()
    with (
        ThreadPoolExecutor() as pool,
        closing(PartSender(stop=stop, bounds=bounds, tell=tell)) as parts,
        path.open("rb") as file,
        PlannedFile(asset, file, stop=stop, hashing=pool) as planned,
    ):
        yield lambda url: parts.send(part, url, planned, Tally(asset, NoWatcher()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "sound.wav"
    path.write_bytes(random.Random(1).randbytes(2 * MIB))
    return path


@pytest.mark.parametrize("fault", [reset, close], ids=["reset", "close"])
def test_a_part_whose_connection_breaks_is_sent_again_whole(
    server: Server, path: Path, fault: Callable[..., None]
) -> None:
    server.script(fault, fault, reply(200))
    with sender(path, PartBounds(first_wait=0.01)) as send:
        send(f"{server.url}/part?signature=s")
    expected = path.read_bytes()[PART.start : PART.start + PART.length]
    assert [received.body == expected for received in server.requests] == [True] * 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_part_waits_for_as_long_as_its_server_asks(
    server: Server, path: Path, status: int
) -> None:
    server.script(reply(status, retry_after_ms="100"), reply(status, retry_after="0.1"), reply(200))
    told: list[Event] = []
    with sender(path, PartBounds(first_wait=0), tell=told.append) as send:
        send(f"{server.url}/part?signature=s")
    waits = [event.seconds for event in told if isinstance(event, CoolingDown)]
    assert waits == [0.1, 0.1]
    assert [event.path for event in told if isinstance(event, CoolingDown)] == ["part 2"] * 2
    assert len(server.requests) == 3


@pytest.mark.parametrize("asked", [("900",), ("0.2", "0.2")], ids=["at once", "added up"])
def test_a_part_does_not_wait_for_longer_than_allowed(
    server: Server, path: Path, asked: tuple[str, ...]
) -> None:
    server.script(*(reply(429, retry_after=each) for each in asked))
    with (
        sender(path, PartBounds(longest_wait=0.3)) as send,
        pytest.raises(AskedToWait, match=r"part 2 was refused \(429\); .* asks to wait") as caught,
    ):
        send(f"{server.url}/part?signature=s")
    assert "--max-wait" in caught.value.hint
    assert "signature" not in str(caught.value)
    assert len(server.requests) == len(asked)


def test_a_signed_address_gets_no_credentials(server: Server, path: Path) -> None:
    with sender(path, PartBounds()) as send:
        send(f"{server.url}/part?signature=s")
    (received,) = server.requests
    assert received.headers["content-length"] == str(PART.length)
    assert received.headers["content-type"] == "audio/wav"
    assert not {"authorization", "cookie", "transfer-encoding"} & received.headers.keys()


def test_an_answer_that_drips_is_given_up(server: Server, path: Path) -> None:
    server.script(drip(b"HTTP/1.1 200 OK\r\n", b"X-Wait: more\r\n"))
    with (
        sender(path, IMPATIENT) as send,
        pytest.raises(Unreachable, match="part 2 was not taken: ReadTimeout"),
    ):
        send(f"{server.url}/part")


def test_a_server_that_takes_nothing_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(bytes(32 * MIB))
    whole = Part(1, 0, 32 * MIB)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/part"
        with (
            sender(path, IMPATIENT, whole) as send,
            pytest.raises(Unreachable, match="part 1 was not taken: WriteTimeout"),
        ):
            send(url)
