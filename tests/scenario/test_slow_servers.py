"""A server that answers a byte at a time does not hold an upload for ever."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from catalogsync.errors import Unreachable
from catalogsync.polling import Patience
from catalogsync.sandbox import running
from catalogsync.scenario import Connection, Transport, Uploader
from catalogsync.scenario.exchanges import Bounds
from catalogsync.scenario.parts import PartBounds
from tests.scenario.test_uploads import App, Desk, Faults

MIB = 1024 * 1024


@dataclass
class Drips:
    """A middleware of the sandbox whose answers to some requests never end."""

    due: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, app: App) -> App:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            request = next((r for r in self.due if self._fits(r, scope)), None)
            if request is None:
                await app(scope, receive, send)
                return
            self.due.remove(request)

            async def ignore(message: Any) -> None:
                pass

            await app(scope, receive, ignore)
            kind = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": kind})
            while (await _next(receive))["type"] != "http.disconnect":
                await send({"type": "http.response.body", "body": b" ", "more_body": True})

        return serve

    def _fits(self, request: tuple[str, str], scope: Any) -> bool:
        return bool(scope["method"] == request[0] and request[1] in scope["path"])


async def _next(receive: Any) -> Any:
    """What the client does next; nothing, if it just listens for a moment."""
    try:
        return await asyncio.wait_for(receive(), 0.02)
    except TimeoutError:
        return {"type": ""}


@pytest.fixture
def drips() -> Drips:
    """What is to drip."""
    return Drips()


@pytest.fixture
def desk(tmp_path: Path, drips: Drips) -> Iterator[Desk]:
    """A desk that loses its patience soon."""
    settings: dict[str, Any] = {"validate_s": 0.01, "import_s": 0.01, "middleware": (drips,)}
    with running(tmp_path / "box", **settings) as server:
        bounds = Bounds(read=0.5, whole=1, first_wait=0.01)
        transport = Transport(Connection(server.url, "k", "s"), read_only=False, bounds=bounds)
        part_bounds = PartBounds(idle=1, slowest=1e9, attempts=2, first_wait=0.01)
        patience = Patience(first_poll=0.01, longest_poll=0.05, deadline=5)
        uploader = Uploader(transport, jobs=3, bounds=part_bounds, patience=patience)
        yield Desk(server, Faults(), transport, uploader, tmp_path)
        uploader.close()
        transport.close()


@pytest.mark.parametrize(
    "request_", [("PUT", "/parts/"), ("POST", "/uploads"), ("POST", "/action")], ids=str
)
def test_a_dripping_answer_is_given_up_and_the_file_arrives(
    desk: Desk, drips: Drips, request_: tuple[str, str]
) -> None:
    drips.due.append(request_)
    asset = desk.wav(9 * MIB)
    assert desk.held(desk.send(asset)) == (desk.folder / asset.name).read_bytes()
    assert not drips.due
    assert len(desk.names()) == 1


def test_a_server_that_only_drips_is_unreachable(desk: Desk, drips: Drips) -> None:
    drips.due += [("PUT", "/parts/")] * 2
    with pytest.raises(Unreachable, match="part 1 was not taken"):
        desk.send(desk.wav(100))
    assert desk.names() == []
