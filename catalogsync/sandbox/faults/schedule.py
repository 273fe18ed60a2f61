"""Which request meets which fault: that is up to the seed, the endpoint and the call of it."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random

from catalogsync.sandbox import routes
from catalogsync.sandbox.faults.exchange import Exchange, Gone, Memory
from catalogsync.sandbox.faults.kinds import FAULTS, PART
from catalogsync.sandbox.settings import Asgi, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Rule:
    """At `endpoint` one of the faults named happens with a probability of `rate`.

    Faults and endpoint may have wildcards; an endpoint is named as `PUT /models/{}`, a part of an
    upload as `PUT part`. With `times`, it happens that often and then no more.
    """

    faults: tuple[str, ...] = ("*",)
    endpoint: str = "*"
    rate: float = 1.0
    times: int | None = None

    def choices(self, label: str) -> list[str]:
        """The faults that can happen at an endpoint."""
        if not fnmatchcase(label, self.endpoint):
            return []
        return [
            name
            for name, fault in FAULTS.items()
            if label in fault.at and any(fnmatchcase(name, glob) for glob in self.faults)
        ]


class Faults:
    """A middleware of the sandbox. The same seed, rules and calls of an endpoint: the same faults.

    `injected` counts them by name. A throttled client is asked to wait `wait_s`; an answer in
    small pieces takes `drip_s`.
    """

    def __init__(
        self, seed: int = 0, rules: Sequence[Rule] = (), *, wait_s: float = 1.0, drip_s: float = 60
    ) -> None:
        self._wait_s = wait_s
        self._drip_s = drip_s
        self._memory = Memory()
        self.injected: Counter[str] = Counter()
        self.requests = 0
        self.start(seed, rules)

    def start(self, seed: int, rules: Sequence[Rule]) -> None:
        """Follow another schedule from here."""
        self._seed = seed
        self._rules = tuple(rules)
        self._left = [rule.times for rule in rules]
        self._calls: Counter[str] = Counter()

    def stop(self) -> None:
        """Let everything go well from here."""
        self.start(0, ())
        self._memory.held.clear()

    def __call__(self, app: Asgi) -> Asgi:
        """Stand before an application."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            label = _label(scope)
            if not label:
                await app(scope, receive, send)
                return
            self.requests += 1
            random = self._random(label)
            exchange = Exchange(
                label, app, scope, receive, send, self._memory, random, self._wait_s, self._drip_s
            )
            with suppress(Gone):
                await self._serve(exchange)

        return serve

    async def _serve(self, exchange: Exchange) -> None:
        name = self._chosen(exchange.label, exchange.random)
        if name:
            self.injected[name] += 1
            await FAULTS[name].act(exchange)
        else:
            await exchange.answer(await exchange.passed_on())

    def _random(self, label: str) -> Random:
        """Threads of a client may overtake each other, but not change what an endpoint does."""
        self._calls[label] += 1
        return Random(f"{self._seed} {label} {self._calls[label]}")

    def _chosen(self, label: str, random: Random) -> str:
        for at, rule in enumerate(self._rules):
            choices = rule.choices(label)
            if choices and self._left[at] != 0 and random.random() < rule.rate:
                left = self._left[at]
                self._left[at] = None if left is None else left - 1
                return random.choice(choices)
        return ""


def _label(scope: Scope) -> str:
    """The endpoint a request is for; empty for the pages, which nothing happens to."""
    segments = scope["path"].split("/")[1:]
    if segments[0] == "v1":
        route, _ = routes.find(scope["method"], segments[1:])
        return route.label if route else ""
    return PART if (scope["method"], segments[0]) == ("PUT", "parts") else ""
