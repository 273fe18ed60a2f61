"""Parts on the wire, against a scripted server: what is sent, and when a part is given up."""

import hashlib
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from catalogsync.errors import AskedToWait, BadResponse, Unreachable
from catalogsync.events import CoolingDown, Event, Tell, tell_nobody
from catalogsync.model import AssetKind, AssetRef
from catalogsync.scenario.parts import Part, PartBounds, PartSender
from catalogsync.scenario.planned_file import PlannedFile
from catalogsync.scenario.tally import Tally
from catalogsync.sending import NoWatcher
from tests.scenario.server import Exchange, Server, close, drip, raw, reply, reset

MIB = 1024 * 1024
PART = Part(2, 300_000, MIB)
ONCE = PartBounds(attempts=1)
AGAIN = PartBounds(first_wait=0.001)
IMPATIENT = PartBounds(idle=0.3, slowest=1e9, attempts=1)

FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CERTIFICATE = str(Path(__file__).with_name("localhost.pem"))

Send = Callable[[str], None]


@contextmanager
def sender(
    path: Path,
    bounds: PartBounds,
    part: Part = PART,
    tell: Tell = tell_nobody,
    trusted: ssl.SSLContext | None = None,
) -> Iterator[Send]:
    """What sends a part of a file to an address."""
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    asset = AssetRef(sha256, "", path.name, AssetKind.AUDIO, "audio/wav", len(content))
    stop = threading.Event()
    with (
        ThreadPoolExecutor() as pool,
        closing(PartSender(stop=stop, bounds=bounds, tell=tell, trusted=trusted)) as parts,
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


def whole(server: Server, path: Path) -> bool:
    """Whether every request that came had the whole part as its body."""
    expected = path.read_bytes()[PART.start : PART.start + PART.length]
    return all(received.body == expected for received in server.requests)


def test_parts_share_a_connection(server: Server, path: Path) -> None:
    with sender(path, ONCE) as send:
        for number in range(5):
            send(f"{server.url}/part/{number}?signature=s%2B")
    assert server.connections == 1
    assert [received.target for received in server.requests] == [
        f"/v1/part/{number}?signature=s%2B" for number in range(5)
    ]
    assert whole(server, path)


def test_every_server_gets_a_connection_of_its_own(server: Server, path: Path) -> None:
    with Server() as other, sender(path, ONCE) as send:
        for _ in range(2):
            send(f"{server.url}/part")
            send(f"{other.url}/part")
    assert [len(each.requests) for each in (server, other)] == [2, 2]
    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"
    assert other.requests[0].headers["host"] == f"127.0.0.1:{other.port}"


def test_a_connection_that_was_closed_after_an_answer_costs_no_attempt(
    server: Server, path: Path
) -> None:
    def answer_and_end(exchange: Exchange) -> None:
        # Corked, the answer and the end leave in one segment.
        exchange.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        exchange.socket.sendall(FINE)
        exchange.socket.shutdown(socket.SHUT_WR)

    server.script(answer_and_end)
    with sender(path, ONCE) as send:
        send(f"{server.url}/part")
        send(f"{server.url}/part")
    assert server.connections == 2
    assert whole(server, path)


def test_a_connection_that_the_server_wants_to_close_is_not_used_again(
    server: Server, path: Path
) -> None:
    server.script(reply(200, connection="close"))
    with sender(path, ONCE) as send:
        send(f"{server.url}/part")
        send(f"{server.url}/part")
    assert server.connections == 2


def test_what_was_said_too_much_is_no_answer_to_the_next_part(server: Server, path: Path) -> None:
    server.script(raw(FINE * 2, close=False), reply(400))
    with sender(path, ONCE) as send:
        send(f"{server.url}/part")
        with pytest.raises(BadResponse, match=r"part 2 was refused \(400\)"):
            send(f"{server.url}/part")
    assert server.connections == 2


def test_what_comes_before_the_answer_is_not_the_answer(server: Server, path: Path) -> None:
    informed = b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n"
    server.script(raw(informed * 3 + b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), reply(200))
    with sender(path, AGAIN) as send:
        send(f"{server.url}/part")
    assert len(server.requests) == 2


def test_an_answer_with_a_body_that_has_no_end_is_read_no_further(
    server: Server, path: Path
) -> None:
    def endless(exchange: Exchange) -> None:
        exchange.close()
        exchange.socket.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            exchange.socket.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    server.script(endless, reply(200))
    with sender(path, ONCE) as send:
        send(f"{server.url}/part")
        send(f"{server.url}/part")
    assert server.connections == 2
    assert whole(server, path)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\1\2\3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: x\r\n" * 20_000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    ],
    ids=["nothing", "noise", "two lengths", "cut off", "endless head", "another protocol"],
)
def test_an_answer_that_is_none_is_asked_for_again(
    server: Server, path: Path, answer: bytes
) -> None:
    server.script(raw(answer), reply(200))
    with sender(path, AGAIN) as send:
        send(f"{server.url}/part")
    assert len(server.requests) == 2
    assert whole(server, path)


def test_a_refusal_that_comes_before_the_end_of_the_part_is_heard(
    server: Server, path: Path
) -> None:
    def refuse(exchange: Exchange) -> None:
        exchange.socket.recv(1000)
        exchange.socket.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        exchange.reset()

    server.on_connect = refuse
    with sender(path, ONCE) as send, pytest.raises(BadResponse, match=r"part 2 .* \(413\)"):
        send(f"{server.url}/part")


@pytest.mark.parametrize(("host", "trusts"), [("127.0.0.1", False), ("127.0.0.2", True)])
def test_no_part_goes_over_https_to_a_server_without_a_certificate_for_its_name(
    path: Path, host: str, trusts: bool
) -> None:
    trusted = ssl.create_default_context(cafile=CERTIFICATE) if trusts else None
    with (
        Server(certificate=CERTIFICATE, host=host) as server,
        sender(path, ONCE, trusted=trusted) as send,
    ):
        with pytest.raises(Unreachable, match="part 2 was not taken: ConnectError"):
            send(f"{server.url}/part")
        assert not server.requests


def test_parts_go_over_https_to_a_server_with_one(path: Path) -> None:
    trusted = ssl.create_default_context(cafile=CERTIFICATE)
    with Server(certificate=CERTIFICATE) as server:
        with sender(path, ONCE, trusted=trusted) as send:
            for _ in range(3):
                send(f"{server.url}/part")
        assert server.connections == 1
        assert len(server.requests) == 3
        assert whole(server, path)
