"""Exchanges some of which a second process has begun."""

import time

from catalogsync.ahead.process import Ahead
from catalogsync.scenario.exchanges import Exchanges
from catalogsync.scenario.request import Request
from catalogsync.web import Answer, Failure


class BegunAhead:
    """Exchanges some of which were begun ahead; the others follow when those are through."""

    def __init__(self, exchanges: Exchanges, ahead: Ahead) -> None:
        self._exchanges = exchanges
        self._ahead = ahead

    def exchange(self, request: Request, target: str, by: float) -> Answer | Failure:
        """The answer that came already or is about to, or else that to a request sent now."""
        if request.method == "GET":
            began = time.monotonic()
            if answer := self._ahead.take(target):
                return answer
            by += time.monotonic() - began
        return self._exchanges.exchange(request, target, by)

    def close(self) -> None:
        """Close all connections."""
        self._exchanges.close()
