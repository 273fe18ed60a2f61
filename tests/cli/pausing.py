"""A sandbox that holds a run at one of its requests, and lets something else happen meanwhile."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

App = Callable[..., Awaitable[None]]
HELD = "held"
"""The key of the run that is held; everybody else has another."""


class Refused(Exception):
    """Raised meanwhile: the request that is held is answered with a status and does nothing."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def refuse() -> None:
    """Let the request that is held be refused."""
    raise Refused(401)


class Pause:
    """A middleware of the sandbox: before the nth request of a run takes effect, call something."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self._at = 0
        self._meanwhile: Callable[[], object] = lambda: None

    def arm(self, at: int, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Count from 1 again, and hold request `at`; 0 for none."""
        self.requests = []
        self._at, self._meanwhile = at, meanwhile

    @property
    def held(self) -> str:
        """The request that was held; empty if the run ended before."""
        return self.requests[self._at - 1] if self._at <= len(self.requests) else ""

    def __call__(self, app: App) -> App:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            if _key_of(scope) == HELD:
                self.requests.append(f"{scope['method']} {scope['path'].removeprefix('/v1')}")
                if len(self.requests) == self._at:
                    try:
                        await asyncio.to_thread(self._meanwhile)
                    except Refused as refused:
                        begin = {"type": "http.response.start", "status": refused.status}
                        await send({**begin, "headers": []})
                        await send({"type": "http.response.body", "body": b"{}"})
                        return
            await app(scope, receive, send)

        return serve


def _key_of(scope: Any) -> str:
    word = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")[2]
    return base64.b64decode(word).partition(b":")[0].decode()
