"""What a sandbox can be asked to do differently."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Middleware = Callable[[Asgi], Asgi]
Fidelity = Literal["strict", "real"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of one server; durations in seconds unless the name says otherwise.

    `key` and `secret` restrict the credentials accepted. `rate` is a limit in requests per second
    with room for `burst` at once (0 = none). `max_models` is a plan ceiling per project (0 = none).
    `validate_s` and `import_s` are how long an upload stays `validating` and `validated`.
    `middleware` wraps every request, outermost first: the seam for injected faults.
    """

    port: int = 0
    latency_ms: float = 0
    key: str | None = None
    secret: str | None = None
    fidelity: Fidelity = "strict"
    rate: float = 0
    burst: int = 0
    max_models: int = 0
    part_ttl_s: float = 3600
    url_ttl_s: float = 3600
    validate_s: float = 0.2
    import_s: float = 0.2
    middleware: tuple[Middleware, ...] = ()


class Options(TypedDict, total=False):
    """The fields of `Settings` as keyword arguments."""

    port: int
    latency_ms: float
    key: str | None
    secret: str | None
    fidelity: Fidelity
    rate: float
    burst: int
    max_models: int
    part_ttl_s: float
    url_ttl_s: float
    validate_s: float
    import_s: float
    middleware: tuple[Middleware, ...]
