"""Files of every kind, by real parts to the sandbox, with faults in between and bytes compared."""

import hashlib
import os
import random
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalogsync.errors import (
    BadResponse,
    FileChanged,
    Interrupted,
    OutcomeUnknown,
    Rejected,
    Unreachable,
    UploadFailed,
    UploadStuck,
)
from catalogsync.hashed import Hashed, stamp_of
from catalogsync.model import AssetKind, AssetRef, Weights, WeightsSource
from catalogsync.polling import Patience
from catalogsync.sandbox import running
from catalogsync.scenario import Connection, Transport, Uploader
from catalogsync.scenario.exchanges import Bounds
from catalogsync.scenario.parts import Part, PartBounds, PartSender
from catalogsync.scenario.planned_file import PlannedFile
from catalogsync.scenario.tally import Tally
from catalogsync.sending import NoWatcher, Watcher

MIB = 1024 * 1024
App = Callable[..., Awaitable[None]]


@dataclass
class Faults:
    """A middleware of the sandbox: acts before or after the nth request to a path.

    `before` and `after` map (method, part of the path) to actions; each is used once. An action
    may return a status to answer with instead: before the request takes effect, or after.
    """

    before: list[tuple[str, str, Callable[[], int | None]]] = field(default_factory=list)
    after: list[tuple[str, str, Callable[[], int | None]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, app: App) -> App:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status = self._act(self.before, scope)
            if status is None:
                later = self._taken(self.after, scope)
                if later is None:
                    await app(scope, receive, send)
                    return

                async def swallow(message: Any) -> None:
                    pass

                await app(scope, receive, swallow)
                status = later() or 200
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"reason": "a fault"}'})

        return serve

    def _act(self, actions: list[tuple[str, str, Callable[[], int | None]]], scope: Any) -> Any:
        action = self._taken(actions, scope)
        return action() if action else None

    def _taken(self, actions: list[tuple[str, str, Callable[[], int | None]]], scope: Any) -> Any:
        with self.lock:
            for at, (method, path, action) in enumerate(actions):
                if scope["method"] == method and path in scope["path"]:
                    del actions[at]
                    return action
        return None


@dataclass
class Desk:
    """A sandbox with faults, an uploader, and files to send."""

    server: Any
    faults: Faults
    transport: Transport
    uploader: Uploader
    folder: Path

    def wav(self, size: int, seed: int = 1) -> AssetRef:
        """Write a WAV file of a size and return its reference."""
        body = random.Random(seed).randbytes(size - 44)
        header = (
            b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
        )
        form = b"\1\0\1\0" + (8000).to_bytes(4, "little") * 2 + b"\1\0\x08\0"
        data = header + form + b"data" + (size - 44).to_bytes(4, "little") + body
        return self.file("sound.wav", data, AssetKind.AUDIO, "audio/wav")

    def file(self, name: str, data: bytes, kind: AssetKind, media_type: str) -> AssetRef:
        """Write a file and return its reference."""
        (self.folder / name).write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        return AssetRef(sha256, "", name, kind, media_type, len(data))

    def send(self, asset: AssetRef) -> str:
        """Send the file of a reference."""
        with (self.folder / asset.name).open("rb") as file:
            return self.uploader.send(asset, file)

    def held(self, asset_id: str) -> bytes:
        """The bytes that the server holds for an asset."""
        url = self.transport.get(f"/assets/{asset_id}")["asset"]["url"]  # type: ignore[index]
        return httpx.get(url).content

    def names(self) -> list[str]:
        """The names of all assets of the server."""
        assets = self.transport.get("/assets")["assets"]
        return [asset["metadata"]["name"] for asset in assets]  # type: ignore[attr-defined]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk of one's own."""
    with opened(tmp_path) as desk:
        yield desk


@contextmanager
def opened(folder: Path, *, jobs: int = 3, watcher: Watcher | None = None) -> Iterator[Desk]:
    """A desk in a folder, for the length of a `with`."""
    faults = Faults()
    quick = PartBounds(idle=5, first_wait=0.01)
    patience = Patience(first_poll=0.01, longest_poll=0.05, deadline=5)
    settings: dict[str, Any] = {"validate_s": 0.01, "import_s": 0.01, "middleware": (faults,)}
    with running(folder / "box", **settings) as server:
        bounds = Bounds(read=5, first_wait=0.01)
        connection = Connection(server.url, "k", "s", "proj_uploads")
        transport = Transport(connection, read_only=False, bounds=bounds)
        uploader = Uploader(transport, jobs=jobs, bounds=quick, patience=patience, watcher=watcher)
        yield Desk(server, faults, transport, uploader, folder)
        uploader.close()
        transport.close()


def test_a_file_in_parts_arrives_whole_under_a_name_that_tells_its_content(desk: Desk) -> None:
    asset = desk.wav(20 * MIB + 123)
    asset_id = desk.send(asset)
    assert desk.server.control.requests()["PUT part"] == 3
    assert desk.held(asset_id) == (desk.folder / asset.name).read_bytes()
    assert desk.names() == [f"sound.{asset.digest}.wav"]


def test_a_small_file_that_is_no_image_goes_in_one_part(desk: Desk) -> None:
    asset = desk.wav(100)
    assert desk.held(desk.send(asset)) == (desk.folder / asset.name).read_bytes()
    assert desk.server.control.requests()["PUT part"] == 1


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_part_that_fails_is_sent_again_by_itself(desk: Desk, status: int) -> None:
    desk.faults.before.append(("PUT", "/parts/", lambda: status))
    asset = desk.wav(17 * MIB)
    assert desk.held(desk.send(asset)) == (desk.folder / asset.name).read_bytes()
    assert desk.server.control.requests()["POST /uploads"] == 1


def test_a_part_whose_answer_is_lost_is_sent_again(desk: Desk) -> None:
    desk.faults.after.append(("PUT", "/parts/", lambda: 502))
    asset = desk.wav(17 * MIB)
    assert desk.held(desk.send(asset)) == (desk.folder / asset.name).read_bytes()


def test_a_part_that_is_refused_for_good_ends_the_upload(desk: Desk) -> None:
    desk.faults.before.append(("PUT", "/parts/", lambda: 400))
    with pytest.raises(BadResponse, match=r"part \d was refused \(400\)") as caught:
        desk.send(desk.wav(17 * MIB))
    assert "signature" not in str(caught.value).lower()
    assert desk.names() == []


def test_an_address_that_has_expired_is_renewed(desk: Desk) -> None:
    desk.faults.before.append(("PUT", "/parts/", lambda: desk.server.control.advance(7200)))
    asset = desk.wav(17 * MIB)
    assert desk.held(desk.send(asset)) == (desk.folder / asset.name).read_bytes()
    assert desk.server.control.requests()["POST /uploads"] == 1


def test_addresses_that_cannot_be_renewed_begin_the_upload_anew(desk: Desk) -> None:
    desk.faults.before += [("PUT", "/parts/", lambda: 403)] * 3
    asset = desk.wav(100)
    assert desk.held(desk.send(asset)) == (desk.folder / asset.name).read_bytes()
    assert desk.server.control.requests()["POST /uploads"] == 2
    assert len(desk.names()) == 1


def test_addresses_that_always_expire_are_said_so(desk: Desk) -> None:
    desk.faults.before += [("PUT", "/parts/", lambda: 403)] * 9
    with pytest.raises(Rejected, match="expire before they are sent"):
        desk.send(desk.wav(100))


@pytest.mark.parametrize("path", ["/uploads", "/action"])
@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_answer_makes_no_second_asset(desk: Desk, path: str, lost: str) -> None:
    faults = desk.faults.before if lost == "before" else desk.faults.after
    faults.append(("POST", path, lambda: 502))
    asset = desk.wav(17 * MIB)
    assert desk.held(desk.send(asset)) == (desk.folder / asset.name).read_bytes()
    assert len(desk.names()) == 1


def test_a_file_that_the_server_cannot_use_is_told_in_its_words(desk: Desk) -> None:
    asset = desk.file("sound.wav", b"no sound at all", AssetKind.AUDIO, "audio/wav")
    with pytest.raises(Rejected, match=r"could not use the file: .*audio/wav"):
        desk.send(asset)
    assert desk.names() == []


def test_a_file_that_stays_in_validation_is_given_up_with_what_to_do(
    desk: Desk, tmp_path: Path
) -> None:
    asset = desk.wav(100)
    with running(tmp_path / "slow", validate_s=3600) as server:
        transport = Transport(Connection(server.url, "k", "s"), read_only=False)
        impatient = Uploader(transport, patience=Patience(first_poll=0.01, deadline=0.05))
        with (desk.folder / asset.name).open("rb") as file, pytest.raises(UploadStuck) as caught:
            impatient.send(asset, file)
        impatient.close()
        transport.close()
    assert "still validating" in str(caught.value)
    assert caught.value.hint
    assert not caught.value.may_have_been_applied


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
def test_a_file_that_changes_while_it_is_sent_is_not_completed(desk: Desk, change: str) -> None:
    asset = desk.wav(17 * MIB)
    path = desk.folder / asset.name

    def tamper() -> None:
        with path.open("r+b") as file:
            if change == "grow":
                file.seek(0, 2)
                file.write(b"more")
            elif change == "shrink":
                file.truncate(9 * MIB)
            else:
                file.seek(16 * MIB)
                file.write(b"other")

    desk.faults.before.append(("POST", "/uploads", tamper))
    with pytest.raises(FileChanged):
        desk.send(asset)
    assert not desk.server.control.requests()["POST /uploads/{}/action"]
    assert desk.names() == []


@contextmanager
def opened_knowing(desk: Desk, asset: AssetRef, sha256: str) -> Iterator[Uploader]:
    """An uploader of a process that has hashed the file as it is now, to this digest."""
    hashed = Hashed()
    hashed.note(stamp_of((desk.folder / asset.name).stat()), sha256)
    patience = Patience(first_poll=0.01, longest_poll=0.05, deadline=5)
    with closing(Uploader(desk.transport, hashed=hashed, patience=patience)) as uploader:
        yield uploader


def test_a_file_that_was_hashed_already_is_not_hashed_again(desk: Desk) -> None:
    asset = desk.wav(17 * MIB)
    # A digest that only the process itself can have told: to hash the file would refuse it.
    told = replace(asset, sha256="0" * 64)
    path = desk.folder / asset.name
    with opened_knowing(desk, asset, told.sha256) as uploader, path.open("rb") as file:
        asset_id = uploader.send(told, file)
    assert desk.held(asset_id) == (desk.folder / asset.name).read_bytes()


def test_what_was_hashed_to_something_else_is_hashed_while_it_is_sent(desk: Desk) -> None:
    asset = desk.wav(17 * MIB)
    path = desk.folder / asset.name
    with opened_knowing(desk, asset, "0" * 64) as uploader, path.open("rb") as file:
        asset_id = uploader.send(asset, file)
    assert desk.held(asset_id) == (desk.folder / asset.name).read_bytes()


def rewritten(path: Path) -> None:
    """Write something as long, and set the mtime back."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(16 * MIB)
        file.write(b"other")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swapped(path: Path) -> None:
    """Put another file of the same size and mtime in its place."""
    before, other = path.stat(), path.with_name("other.wav")
    other.write_bytes(bytes(before.st_size))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [rewritten, swapped])
def test_a_file_that_changed_since_it_was_hashed_is_not_completed(
    desk: Desk, change: Callable[[Path], None]
) -> None:
    asset = desk.wav(17 * MIB)
    path = desk.folder / asset.name
    with opened_knowing(desk, asset, asset.sha256) as uploader:
        change(path)
        with path.open("rb") as file, pytest.raises(FileChanged):
            uploader.send(asset, file)
    assert not desk.server.control.requests()["POST /uploads/{}/action"]
    assert desk.names() == []


def test_a_file_that_was_hashed_and_changes_while_it_is_sent_is_not_completed(desk: Desk) -> None:
    asset = desk.wav(17 * MIB)
    path = desk.folder / asset.name
    desk.faults.after.append(("PUT", "/parts/", lambda: rewritten(path)))
    with (
        opened_knowing(desk, asset, asset.sha256) as uploader,
        path.open("rb") as file,
        pytest.raises(FileChanged),
    ):
        uploader.send(asset, file)
    assert desk.server.control.requests()["PUT part"] == 3
    assert not desk.server.control.requests()["POST /uploads/{}/action"]
    assert desk.names() == []


def test_a_file_that_is_not_the_planned_one_is_not_begun(desk: Desk) -> None:
    asset = desk.wav(1000)
    (desk.folder / asset.name).write_bytes(b"swapped")
    with pytest.raises(FileChanged):
        desk.send(asset)
    assert not desk.server.control.requests()


@pytest.mark.parametrize("at", [0, 20 * MIB - 1])
def test_a_file_of_the_same_size_with_other_content_is_not_completed(desk: Desk, at: int) -> None:
    asset = desk.wav(20 * MIB)
    with (desk.folder / asset.name).open("r+b") as file:
        file.seek(at)
        file.write(b"?")
    with pytest.raises(FileChanged, match=r"sound\.wav changed"):
        desk.send(asset)
    assert not desk.server.control.requests()["POST /uploads/{}/action"]
    assert desk.names() == []


@pytest.mark.parametrize(("size", "most"), [(8 * MIB, 0), (20 * MIB, 2)])
def test_the_last_part_of_another_file_is_not_sent(desk: Desk, size: int, most: int) -> None:
    asset = desk.wav(size)
    with (desk.folder / asset.name).open("r+b") as file:
        file.write(b"?")
    with pytest.raises(FileChanged):
        desk.send(asset)
    assert desk.server.control.requests()["PUT part"] <= most


def test_an_image_of_the_same_size_with_other_content_is_not_sent(desk: Desk) -> None:
    asset = desk.file("a.png", b"planned", AssetKind.IMAGE, "image/png")
    (desk.folder / asset.name).write_bytes(b"swapped")
    with pytest.raises(FileChanged):
        desk.send(asset)
    assert not desk.server.control.requests()


def test_addresses_are_renewed_as_often_as_that_lets_some_part_through(desk: Desk) -> None:
    def through() -> None:
        pass

    def expired() -> int:
        return 403

    desk.faults.before += [("PUT", "/parts/", each) for each in (through, expired) * 4]
    asset = desk.wav(40 * MIB)
    with opened_with(desk, jobs=1) as uploader, (desk.folder / asset.name).open("rb") as file:
        asset_id = uploader.send(asset, file)
    assert desk.held(asset_id) == (desk.folder / asset.name).read_bytes()
    requests = desk.server.control.requests()
    assert requests["POST /uploads"] == 1
    assert requests["GET /uploads/{}"] >= 4


def test_no_further_part_is_sent_to_addresses_that_have_expired(desk: Desk) -> None:
    seen: list[str] = []

    def expired() -> int:
        seen.append("expired")
        return 403

    def through() -> None:
        seen.append("through")

    desk.faults.before += [("PUT", "/parts/", expired), *[("PUT", "/parts/", through)] * 3]
    asset = desk.wav(24 * MIB)
    with opened_with(desk, jobs=1) as uploader, (desk.folder / asset.name).open("rb") as file:
        uploader.send(asset, file)
    assert seen == ["expired", "through", "through", "through"]


@contextmanager
def opened_with(desk: Desk, *, jobs: int) -> Iterator[Uploader]:
    """An uploader of the desk's server with so many jobs."""
    patience = Patience(first_poll=0.01, longest_poll=0.05, deadline=5)
    with closing(Uploader(desk.transport, jobs=jobs, patience=patience)) as uploader:
        yield uploader


def test_a_part_is_not_taken_for_sent_when_its_answer_comes_too_early(tmp_path: Path) -> None:
    path = tmp_path / "large.wav"
    path.touch()
    os.truncate(path, 32 * MIB)
    sha256 = hashlib.sha256(bytes(32 * MIB)).hexdigest()
    asset = AssetRef(sha256, "", path.name, AssetKind.AUDIO, "audio/wav", 32 * MIB)

    def answer_and_leave(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    stop = threading.Event()
    sender = PartSender(stop=stop, bounds=PartBounds(attempts=1))
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        ThreadPoolExecutor() as pool,
        path.open("rb") as file,
    ):
        done = pool.submit(answer_and_leave, listener)
        planned = PlannedFile(asset, file, stop=stop, hashing=pool)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/part"
        with pytest.raises(Unreachable, match="part 1 was not taken"):
            sender.send(Part(1, 0, asset.size), url, planned, Tally(asset, NoWatcher()))
        planned.give_up()
        done.result()
    sender.close()


def test_once_stopped_parts_are_given_up(desk: Desk) -> None:
    stop = threading.Event()
    uploader = Uploader(desk.transport, stop=stop, jobs=2)
    asset = desk.wav(40 * MIB)
    desk.faults.after.append(("PUT", "/parts/", lambda: stop.set() or 200))  # type: ignore[func-returns-value]
    with (desk.folder / asset.name).open("rb") as file, pytest.raises(Interrupted):
        uploader.send(asset, file)
    uploader.close()
    assert desk.names() == []


@pytest.mark.parametrize("url", ["http://example.com/part", "ftp://127.0.0.1/part", "//", "\0"])
def test_an_address_that_others_could_read_along_is_not_used(desk: Desk, url: str) -> None:
    asset = desk.wav(100)
    stop = threading.Event()
    sender = PartSender(stop=stop)
    with (
        ThreadPoolExecutor() as pool,
        (desk.folder / asset.name).open("rb") as file,
        PlannedFile(asset, file, stop=stop, hashing=pool) as planned,
        pytest.raises(BadResponse, match="cannot be used"),
    ):
        sender.send(Part(1, 0, 100), url, planned, Tally(asset, NoWatcher()))


def fetched(url: str) -> AssetRef:
    """An asset that the server is to fetch."""
    return AssetRef(hashlib.sha256(url.encode()).hexdigest(), name="a.png", url=url)


def test_what_the_server_fetches_is_known_by_a_tag_that_tells_its_address(desk: Desk) -> None:
    asset = fetched("https://example.org/a.png")
    made = desk.transport.get(f"/assets/{desk.uploader.fetch(asset)}")["asset"]
    assert made["tags"] == [f"sha256:{asset.sha256}"]  # type: ignore[index]
    assert made["metadata"]["name"] == "a.png"  # type: ignore[index]


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_fetch_whose_answer_is_lost_is_not_repeated(desk: Desk, lost: str) -> None:
    faults = desk.faults.before if lost == "before" else desk.faults.after
    faults.append(("POST", "/uploads", lambda: 502))
    with pytest.raises(OutcomeUnknown, match="not known whether the server fetches it") as caught:
        desk.uploader.fetch(fetched("https://example.org/a.png"))
    assert not caught.value.may_have_been_applied
    assert desk.server.control.requests()["POST /uploads"] == (0 if lost == "before" else 1)


def test_an_address_that_the_server_cannot_fetch_is_told_in_its_words(desk: Desk) -> None:
    desk.server.control.publish("https://example.org/gone.png", None)
    with pytest.raises(Rejected, match="could not be downloaded"):
        desk.uploader.fetch(fetched("https://example.org/gone.png"))


FLUX = Weights(WeightsSource.HUGGING_FACE, "black-forest-labs/FLUX.1-dev")


@pytest.mark.parametrize("lost", ["before", "after"])
def test_an_import_whose_answer_is_lost_is_not_begun_again(desk: Desk, lost: str) -> None:
    faults = desk.faults.before if lost == "before" else desk.faults.after
    faults.append(("POST", "/uploads", lambda: 502))
    with pytest.raises(OutcomeUnknown):
        desk.uploader.begin_import(FLUX)
    assert desk.server.control.requests()["POST /uploads"] == (0 if lost == "before" else 1)


def test_an_upload_that_cannot_be_completed_has_failed_for_good(desk: Desk) -> None:
    asset = desk.file("ink.safetensors", b"x", AssetKind.WEIGHTS, "application/octet-stream")
    with (desk.folder / asset.name).open("rb") as file:
        upload = desk.uploader.deliver(asset, file, "ink")
    desk.faults.before.append(("POST", "/action", lambda: 400))
    with pytest.raises(UploadFailed, match="a fault"):
        desk.uploader.finish_import(upload, Weights(WeightsSource.FILE, asset.name, asset))


def test_an_upload_that_another_run_completes_is_waited_for(desk: Desk) -> None:
    content = b"\2\0\0\0\0\0\0\0{}"
    asset = desk.file("i.safetensors", content, AssetKind.WEIGHTS, "application/octet-stream")
    with (desk.folder / asset.name).open("rb") as file:
        upload = desk.uploader.deliver(asset, file, "ink")
    desk.faults.after.append(("POST", "/action", lambda: 400))
    weights = Weights(WeightsSource.FILE, asset.name, asset)
    assert desk.uploader.finish_import(upload, weights).startswith("model_")


def test_an_import_can_be_waited_for_again_and_makes_one_model(desk: Desk) -> None:
    upload = desk.uploader.begin_import(FLUX)
    models = {desk.uploader.finish_import(upload, FLUX) for _ in range(2)}
    assert len(desk.transport.get("/models")["models"]) == len(models) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("lost", ["", "before", "after"])
def test_weights_from_a_file_become_a_model_once_their_upload_is_completed(
    desk: Desk, lost: str
) -> None:
    content = b"\2\0\0\0\0\0\0\0{}" + bytes(9 * MIB)
    kind, media_type = AssetKind.WEIGHTS, "application/octet-stream"
    asset = desk.file("ink.safetensors", content, kind, media_type)
    weights = Weights(WeightsSource.FILE, "ink.safetensors", asset)
    with (desk.folder / asset.name).open("rb") as file:
        upload = desk.uploader.deliver(asset, file, "ink")
    assert desk.transport.get("/models")["models"] == []
    if lost:
        faults = desk.faults.before if lost == "before" else desk.faults.after
        faults.append(("POST", "/action", lambda: 502))
    models = {desk.uploader.finish_import(upload, weights) for _ in range(2)}
    assert len(models) == 1
    found: Any = desk.transport.get("/models")["models"]
    assert {model["id"] for model in found} == models
    assert desk.names() == []
