"""Dataclasses become JSON and come back, whatever their fields are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogsync.codec import Mismatch, as_data, from_data, value_digest
from catalogsync.model import ModelSpec, RemoteModel, State
from tests.engine.catalogs import KEYS, specs, tags, words


@dataclass(frozen=True)
class Leaf:
    """Something small."""

    name: str
    weight: float = 1.0


@dataclass(frozen=True)
class Twig:
    """Something else, with a field that is called as the tag is."""

    type: str
    leaves: frozenset[Leaf] = frozenset()


@dataclass(frozen=True)
class Tree:
    """Something that holds all there is."""

    one: Leaf | None
    either: Leaf | Tree | str | bool | None
    pair: tuple[str, int]
    twig: Twig
    states: frozenset[State] = frozenset()
    shown: tuple[Leaf, ...] = field(default=(), compare=False)


leaves = st.builds(Leaf, words, st.floats(allow_nan=False, allow_infinity=False) | st.integers())
trees = st.recursive(
    st.none() | leaves | words | st.booleans(),
    lambda inner: st.builds(
        Tree,
        st.none() | leaves,
        inner,
        st.tuples(words, st.integers()),
        st.builds(Twig, words, st.frozensets(leaves, max_size=3)),
        st.frozensets(st.sampled_from(State)),
        st.lists(leaves, max_size=2).map(tuple),
    ),
).filter(lambda value: isinstance(value, Tree))


def through_json(value: object) -> object:
    return json.loads(json.dumps(as_data(value)))


@given(tree=trees)
def test_what_is_written_is_read_back(tree: Tree) -> None:
    read = from_data(Tree, through_json(tree))
    assert read == tree
    assert json.dumps(as_data(read)) == json.dumps(as_data(tree))


@given(spec=specs(KEYS[1], KEYS), held=tags)
def test_models_on_both_sides_are_read_back(spec: ModelSpec, held: frozenset[str]) -> None:
    live = RemoteModel(id="m", name="M", type="custom", status="new", updated_at="", tags=held)
    assert from_data(ModelSpec, through_json(spec)) == spec
    assert from_data(RemoteModel, through_json(live)) == live


def test_a_set_is_written_in_one_order() -> None:
    many = frozenset(Leaf(str(number)) for number in range(50))
    other = frozenset(sorted(many, key=lambda leaf: leaf.name[::-1]))
    assert as_data(Twig("t", many)) == as_data(Twig("t", other))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"type": "Twig", "name": "x"}, "an object of type 'Twig' is not allowed here"),
        ({"name": "x"}, "an object of type None is not allowed here"),
        ({"type": "Leaf"}, "`name` is missing"),
        ({"type": "Leaf", "name": 1}, "name: a number is not allowed here"),
        ({"type": "Leaf", "name": "x", "weight": True}, "weight: a boolean is not allowed here"),
        ([], "a list is not allowed here"),
    ],
)
def test_what_does_not_fit_is_refused_by_place(data: object, message: str) -> None:
    with pytest.raises(Mismatch) as caught:
        from_data(Leaf, data)
    assert str(caught.value) == message


def test_what_is_unknown_is_ignored_and_what_is_missing_takes_its_default() -> None:
    assert from_data(Leaf, {"type": "Leaf", "name": "x", "colour": "red"}) == Leaf("x")


@given(tree=trees)
def test_a_digest_is_that_of_the_whole_value_as_compact_json(tree: Tree) -> None:
    data = as_data(tree, compared_only=True)
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    assert value_digest(tree) == f"sha256:{sha256(text.encode()).hexdigest()}"
