"""Values are dataclasses that never change: they do what those of Python do."""

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any, ClassVar, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogsync import values

Define = Callable[..., Any]


def three(define: Define) -> tuple[Any, Any, Any]:
    """Classes with all that ours have, defined one way or the other."""

    @define(frozen=True, slots=True)
    class Part:
        """A part."""

        name: str
        size: int = 0
        note: str = field(default="", compare=False)
        secret: str = field(default="", repr=False)
        held: list[int] = field(default_factory=list, compare=False)

        @property
        def double(self) -> int:
            return 2 * self.size

    @define(frozen=True, slots=True, kw_only=True, order=True)
    class Ordered:
        """An ordered one."""

        first: int
        last: str = ""

        def __str__(self) -> str:
            return f"{self.first}!"

    @define(frozen=True, slots=True)
    class Empty:
        """Nothing."""

    return Part, Ordered, Empty


OURS, PYTHONS = three(values.dataclass), three(dataclasses.dataclass)
BOTH = list(zip(OURS, PYTHONS, strict=True))

texts = st.sampled_from(["", "a", "b"])
numbers = st.integers(0, 2)
arguments: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just(0), st.tuples(texts, numbers, texts, texts), st.just({})),
    st.tuples(st.just(0), st.tuples(texts), st.fixed_dictionaries({}, optional={"size": numbers})),
    st.tuples(st.just(1), st.just(()), st.fixed_dictionaries({"first": numbers, "last": texts})),
    st.tuples(st.just(2), st.just(()), st.just({})),
)


@given(arguments, arguments)
def test_they_compare_hash_and_show_as_pythons_do(one: Any, other: Any) -> None:
    (a, b), (c, d) = (
        [classes[which](*given, **named) for which, given, named in (one, other)]
        for classes in (OURS, PYTHONS)
    )
    assert (a == b, a != b, repr(a), str(a)) == (c == d, c != d, repr(c), str(c))
    assert asdict(a) == asdict(c)
    assert a != c
    if a == b:
        assert hash(a) == hash(b)
    if one[0] == other[0] == 1:
        assert (a < b, a <= b, a > b, a >= b) == (c < d, c <= d, c > d, c >= d)


@pytest.mark.parametrize(("ours", "pythons"), BOTH)
def test_they_are_made_as_pythons_are(ours: Any, pythons: Any) -> None:
    assert [(f.name, f.type, f.compare) for f in fields(ours)] == [
        (f.name, f.type, f.compare) for f in fields(pythons)
    ]
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(pythons).parameters)
    assert ours.__match_args__ == pythons.__match_args__
    assert ours.__init__.__annotations__ == pythons.__init__.__annotations__
    assert not hasattr(ours, "__dict__") or "__slots__" in vars(ours)


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), (("a", 1, "", "", [], 2), {}), (("a",), {"other": 1})]
)
@pytest.mark.parametrize("classes", [OURS, PYTHONS], ids=["ours", "pythons"])
def test_what_is_missing_or_too_much_is_an_error(classes: Any, given: Any, named: Any) -> None:
    with pytest.raises(TypeError):
        classes[0](*given, **named)
    with pytest.raises(TypeError):
        classes[1](1)


@pytest.mark.parametrize("classes", [OURS, PYTHONS], ids=["ours", "pythons"])
def test_nothing_of_them_changes(classes: Any) -> None:
    value = classes[0]("a", 1)
    with pytest.raises(FrozenInstanceError, match="size"):
        value.size = 2
    with pytest.raises(FrozenInstanceError, match="size"):
        del value.size
    with pytest.raises((FrozenInstanceError, TypeError)):
        value.anything = 2
    assert replace(value, size=2).double == 4
    assert value == classes[0]("a", 1)


def test_each_has_what_was_made_for_it() -> None:
    part, other = OURS[0]("a"), OURS[0]("a")
    part.held.append(1)
    assert (part.held, other.held) == ([1], [])
    assert OURS[0]("a", held=[3]).held == [3]


@values.dataclass(frozen=True, slots=True)
class Travelling:
    """Where a pickle finds it."""

    name: str
    parts: tuple[int, ...] = ()


def test_they_are_copied_and_pickled() -> None:
    value = Travelling("a", (1, 2))
    for same in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert same == value


def test_what_changes_is_none() -> None:
    with pytest.raises(TypeError, match="no value"):
        values.dataclass(frozen=False, slots=True)


REFUSED: dict[str, tuple[object, object]] = {
    "__post_init__": (int, lambda self: None),
    "__eq__": (int, lambda self, other: True),
    "__init__": (int, lambda self: None),
    "__setstate__": (int, lambda self, state: None),
    "later": (int, field(init=False)),
    "unhashed": (int, field(hash=False)),
    "given": (dataclasses.InitVar[int], 1),
    "shared": (ClassVar[int], 1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_value_needs_is_refused_and_not_forgotten(name: str) -> None:
    kind, value = REFUSED[name]
    annotations = {} if name.startswith("__") else {name: kind}
    plain = type("Plain", (), {"__doc__": "One.", "__annotations__": annotations, name: value})
    with pytest.raises(TypeError, match=name):
        values.dataclass(frozen=True, slots=True)(plain)


def test_a_class_below_one_is_another() -> None:
    class Other(Travelling):
        """Another."""

    assert Other("a") == Other("a") != Travelling("a")
    assert repr(Other("a")).endswith("Other(name='a', parts=())")


def test_a_value_is_itself_whatever_it_holds() -> None:
    value = Travelling("a", (float("nan"),))  # type: ignore[arg-type]
    assert value == value  # that is the point


def test_what_its_fields_are_can_be_found_out() -> None:
    assert get_type_hints(Linked.__init__) == {"next": Linked | None, "return": type(None)}


@values.dataclass(frozen=True, slots=True)
class Linked:
    """One that names itself."""

    next: "Linked | None" = None
