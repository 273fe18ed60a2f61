"""Exchanges some of which a second process has begun."""

import threading

from catalogsync.ahead.process import Ahead
from catalogsync.scenario.exchanges import Exchanges
from catalogsync.scenario.paths import MODELS, TEXTS
from catalogsync.scenario.request import Request
from catalogsync.web import Answer, Failure

_TEXTS = tuple(f"/{where}" for where in TEXTS.values())


class BegunAhead:
    """Exchanges some of which were begun ahead, and are waited for until `stop` is set."""

    def __init__(self, exchanges: Exchanges, ahead: Ahead, stop: threading.Event) -> None:
        self._exchanges = exchanges
        self._ahead = ahead
        self._stop = stop

    def wait(self, request: Request, target: str) -> bool:
        """Wait for an answer that the second process may bring, and tell whether it did."""
        is_listing = request.path == MODELS and "status" not in request.params
        may_come = request.method == "GET" and (is_listing or request.path.endswith(_TEXTS))
        return may_come and self._ahead.wait(target, self._stop)

    def exchange(self, request: Request, target: str, by: float) -> Answer | Failure:
        """The answer that came already, or else that to a request sent now."""
        came = self._ahead.take(target) if request.method == "GET" else None
        return came or self._exchanges.exchange(request, target, by)

    def close(self) -> None:
        """Close all connections."""
        self._exchanges.close()
