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
Transfer = Literal["copy", "move"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of one server; durations in seconds unless the name says otherwise.

    `key` and `secret` restrict the credentials accepted. `rate` is a limit in requests per second
    with room for `burst` at once (0 = none). The ceilings of the plan (0 = none): `max_models` and
    `max_training` at once in a project, `max_training_images` of a model; a training may follow
    another of its project after `train_cooldown_s`; `restores` is off in plans without restore.
    `validate_s` and `import_s` are how long an upload stays `validating` and `validated`; a
    training waits for `queue_s` and runs for `train_s`; a copy takes `copy_s`, a download is
    packed in `pack_s` and has `weights_bytes`. What is not documented goes either way: whether
    copies keep their tags, and whether a transferred model is a copy or moves.
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
    max_training: int = 0
    max_training_images: int = 0
    train_cooldown_s: float = 0
    restores: bool = True
    part_ttl_s: float = 3600
    url_ttl_s: float = 3600
    validate_s: float = 0.2
    import_s: float = 0.2
    queue_s: float = 0.2
    train_s: float = 0.6
    copy_s: float = 0.2
    pack_s: float = 0.2
    weights_bytes: int = 65_536
    copies_tags: bool = False
    transfer: Transfer = "copy"
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
    max_training: int
    max_training_images: int
    train_cooldown_s: float
    restores: bool
    part_ttl_s: float
    url_ttl_s: float
    validate_s: float
    import_s: float
    queue_s: float
    train_s: float
    copy_s: float
    pack_s: float
    weights_bytes: int
    copies_tags: bool
    transfer: Transfer
    middleware: tuple[Middleware, ...]
