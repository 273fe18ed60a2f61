"""A request that takes as long as a test wants."""

import asyncio
import threading
from typing import Any


class Held:
    """A middleware that holds every request of one kind until it is let go."""

    def __init__(self, method: str, path: str) -> None:
        self._wanted = method, path
        self.arrived = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            method, path = self._wanted
            if (scope["method"], path in scope["path"]) == (method, True):
                self.arrived.set()
                while not self.let_go.is_set():
                    await asyncio.sleep(0.01)
            await app(scope, receive, send)

        return serve
