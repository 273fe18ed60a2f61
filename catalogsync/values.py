"""Frozen dataclasses that are cheap to define.

`dataclasses` writes and compiles six functions for each class: that was nearly half of the time
it took to start the program. Here `__init__` alone is written, as it is what all values go through;
what else a value can do is the same for all, and asks for the fields.

Type checkers take it for `dataclasses.dataclass`, and to `fields`, `replace` and `asdict` it is.
"""

import dataclasses
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


def _value(cls: type, *, kw_only: bool, order: bool) -> type:
    made: Any = dataclasses.dataclass(
        init=False, repr=False, eq=False, slots=True, kw_only=kw_only
    )(cls)
    held = fields(made)
    compared = _getter([each.name for each in held if each.compare])
    shown = [each.name for each in held if each.repr]

    def equal(self: Any, other: object) -> bool:
        return compared(self) == compared(other) if type(other) is made else NotImplemented

    def less(self: Any, other: object) -> bool:
        return compared(self) < compared(other) if type(other) is made else NotImplemented

    def hashed(self: Any) -> int:
        return hash(compared(self))

    def repeated(self: Any) -> str:
        return f"{made.__qualname__}({', '.join(f'{n}={getattr(self, n)!r}' for n in shown)})"

    made.__init__ = _written_init(made, held)
    made.__eq__, made.__hash__ = equal, hashed
    if "__repr__" not in cls.__dict__:
        made.__repr__ = repeated
    made.__setattr__ = made.__delattr__ = _refused
    made.__setstate__ = _filled
    if order:
        made.__lt__ = less
        total_ordering(made)
    value: type = made
    return value


def _getter(names: list[str]) -> Callable[[Any], Any]:
    """What gets the values of some fields, to be compared."""
    return attrgetter(*names) if names else lambda _: ()


def _written_init(made: type, held: "tuple[Field[Any], ...]") -> Callable[..., None]:
    """An `__init__` that sets every slot, past what keeps others from it."""
    scope: dict[str, Any] = {"__missing": MISSING}
    places: list[str] = []
    names: list[str] = []
    lines: list[str] = []
    for each in held:
        name, value = each.name, each.name
        if each.default_factory is not MISSING:
            scope[f"__made_{name}"] = each.default_factory
            value = f"__made_{name}() if {name} is __missing else {name}"
        default = each.default if each.default_factory is MISSING else MISSING
        optional = default is not MISSING or each.default_factory is not MISSING
        scope[f"__default_{name}"] = default
        scope[f"__set_{name}"] = getattr(made, name).__set__
        (names if each.kw_only else places).append(f"{name}=__default_{name}" if optional else name)
        lines.append(f"    __set_{name}(self, {value})")
    parameters = ["self", *places, *(["*"] if names else []), *names]
    exec(f"def __init__({', '.join(parameters)}):\n" + ("\n".join(lines) or "    pass"), scope)
    init: Callable[..., None] = scope["__init__"]
    init.__annotations__ = {each.name: each.type for each in held} | {"return": None}
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _refused(self: object, name: str, *_: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _filled(self: object, state: tuple[None, dict[str, object]]) -> None:
    """What copies and pickles fill a value with."""
    for name, value in state[1].items():
        object.__setattr__(self, name, value)
