"""Frozen dataclasses that are cheap to define.

`dataclasses` writes and compiles six functions for each class: that was nearly half of the time
it took to start the program. Here `__init__` alone is written, as it is what all values go through;
what else a value can do is the same for all, and asks for the fields.

Type checkers take it for `dataclasses.dataclass`, and to `fields`, `replace` and `asdict` it is.
What values have no need of, it refuses.
"""

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from functools import partial, total_ordering
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen, slots, kw_only=False, order=False):
        """A decorator for classes of values that are compared by their fields, and never change."""
        if not (frozen and slots):
            raise TypeError("what changes is no value: use `dataclasses`")
        return partial(_value, kw_only=kw_only, order=order)


__all__ = ["dataclass"]

_OURS = frozenset({"__init__", "__post_init__", "__eq__", "__hash__", "__setstate__"})
"""What no class of values has of its own."""


def _value(cls: type, *, kw_only: bool, order: bool) -> type:
    made: Any = dataclasses.dataclass(
        init=False, repr=False, eq=False, slots=True, kw_only=kw_only
    )(cls)
    held = fields(made)
    _check(cls, held)
    compared = _getter([each.name for each in held if each.compare])
    shown = [each.name for each in held if each.repr]

    def equal(self: Any, other: Any) -> bool:
        if self is other:
            return True
        return compared(self) == compared(other) if type(other) is type(self) else NotImplemented

    def less(self: Any, other: Any) -> bool:
        return compared(self) < compared(other) if type(other) is type(self) else NotImplemented

    def hashed(self: Any) -> int:
        return hash(compared(self))

    def repeated(self: Any) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({inside})"

    made.__init__ = _written_init(made, held)
    made.__eq__, made.__hash__ = equal, hashed
    if "__repr__" not in vars(cls):
        made.__repr__ = repeated
    made.__setattr__, made.__delattr__ = _not_set, _not_deleted
    made.__setstate__ = _fill
    if order:
        made.__lt__ = less
        total_ordering(made)
    value: type = made
    return value


def _check(cls: type, held: "tuple[Field[Any], ...]") -> None:
    """Raise `TypeError` for what `dataclasses` knows and this does not."""
    own = sorted(_OURS & vars(cls).keys())
    odd = [each.name for each in held if not each.init or each.hash is not None]
    beside = set(vars(cls).get("__dataclass_fields__", ())) - {each.name for each in held}
    if unknown := [*own, *odd, *sorted(beside)]:
        raise TypeError(f"{cls.__qualname__}: no value has {', '.join(unknown)}")


def _getter(names: list[str]) -> Callable[[Any], tuple[object, ...]]:
    """What gets the values of some fields, to be compared."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _written_init(made: type, held: "tuple[Field[Any], ...]") -> Callable[..., None]:
    """An `__init__` that sets every slot, past what keeps others from it.

    For `a: int`, `b: str = ""` and `c: list = field(default_factory=list)` this is written, in a
    function whose parameters hold what is behind the names with two underscores:

        def __init__(self, a, b=__default_b, c=__missing):
            __set_a(self, a)
            __set_b(self, b)
            __set_c(self, __make_c() if c is __missing else c)
    """
    known: dict[str, object] = {"__missing": MISSING}
    places: list[str] = []
    names: list[str] = []
    lines: list[str] = []
    for each in held:
        name = value = parameter = each.name
        if each.default is not MISSING:
            known[f"__default_{name}"] = each.default
            parameter = f"{name}=__default_{name}"
        elif each.default_factory is not MISSING:
            known[f"__make_{name}"] = each.default_factory
            parameter = f"{name}=__missing"
            value = f"__make_{name}() if {name} is __missing else {name}"
        known[f"__set_{name}"] = getattr(made, name).__set__
        lines.append(f"  __set_{name}(self, {value})")
        (names if each.kw_only else places).append(parameter)
    parameters = ", ".join(["self", *places, *(["*"] if names else []), *names])
    body = "\n".join(lines) or "  pass"
    written = (
        f"def write({', '.join(known)}):\n def __init__({parameters}):\n{body}\n return __init__"
    )
    found: dict[str, Any] = {}
    exec(written, vars(sys.modules[made.__module__]), found)
    init: Callable[..., None] = found["write"](**known)
    init.__annotations__ = {each.name: each.type for each in held} | {"return": None}
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _not_set(_: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _not_deleted(_: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _fill(self: object, state: tuple[None, dict[str, object]]) -> None:
    """What copies and pickles fill a value with."""
    for name, value in state[1].items():
        object.__setattr__(self, name, value)
