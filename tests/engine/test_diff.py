"""What counts as a difference, and how it is told."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogsync.diff import Came, Placed, Value, patched
from catalogsync.diff.lists import list_differences
from catalogsync.diff.values import Hunk
from catalogsync.marks import owner_tag
from catalogsync.model import (
    NO_ASSET,
    AssetRef,
    Catalog,
    Concept,
    Mention,
    ModelRef,
    ModelSpec,
    Text,
)
from tests.engine.catalogs import CONTENTS
from tests.engine.conftest import SHAS, image
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import plan, run

INK = ModelSpec(key="ink", name="Ink", type="flux.1-lora")
MARK = owner_tag("acme", "ink")
open_file = files_of(CONTENTS)


def told(
    server: FakeServer, spec: ModelSpec, **settings: object
) -> dict[tuple[str, ...], tuple[Value, Value]]:
    """The changes of the one model: path to (before, after)."""
    catalog = replace(Catalog(name="acme", models=(spec,)), **settings)  # type: ignore[arg-type]
    changes = [change for model in plan(server, catalog).models for change in model.changes]
    return {change.path: (change.before, change.after) for change in changes}


def owned(server: FakeServer, **fields: object) -> str:
    """A trained model with our mark on it."""
    tags = frozenset({MARK}) | fields.pop("tags", frozenset())  # type: ignore[operator]
    return server.add_model("Ink", tags=tags, **fields).id  # type: ignore[arg-type]


def test_a_field_that_is_not_managed_is_no_difference() -> None:
    server = FakeServer()
    owned(server, short_description="by hand", tags=frozenset({"x"}), class_slug="art")
    assert told(server, INK) == {}


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("short_description", "shortDescription"),
        ("class_slug", "classSlug"),
        ("prompt_embedding", "promptEmbedding"),
        ("negative_prompt_embedding", "negativePromptEmbedding"),
    ],
)
def test_an_empty_value_makes_the_field_empty(field: str, path: str) -> None:
    server = FakeServer()
    model = owned(server, **{field: "by hand"})
    spec = replace(INK, **{field: ""})  # type: ignore[arg-type]  # one of the text fields
    assert told(server, spec) == {(path,): ("by hand", "")}
    run(server, Catalog(name="acme", models=(spec,)), open_file)
    assert getattr(server.models[model], field) == ""


def test_tags_are_told_one_by_one_and_case_counts() -> None:
    server = FakeServer()
    owned(server, tags=frozenset({"Ink", "old"}))
    assert told(server, replace(INK, tags=frozenset({"ink", "old"}))) == {
        ("tags", "Ink"): ("Ink", None),
        ("tags", "ink"): (None, "ink"),
    }


def test_the_vendors_tags_and_ignored_ones_are_left_alone() -> None:
    server = FakeServer()
    owned(server, tags=frozenset({"sc:featured", "deprecated:model_x", "team:blue"}))
    spec = replace(INK, tags=frozenset({"team:red"}))
    assert told(server, spec, ignore_tags=("team:*",)) == {}


def test_a_concept_is_told_by_its_key_and_scale() -> None:
    server = FakeServer()
    base = server.add_model("Base", tags=frozenset({owner_tag("acme", "base")}))
    owned(server, concepts=(Concept(ModelRef(id=base.id), 1.0),))
    spec = replace(INK, concepts=(Concept(ModelRef(key="base"), 0.5),))
    catalog = Catalog(name="acme", models=(replace(INK, key="base", name="Base"), spec))
    (model,) = plan(server, catalog).models
    (change,) = model.changes
    assert (change.path, change.before, change.after) == (("concepts", "base", "scale"), 1.0, 0.5)


def test_the_order_of_concepts_is_no_difference() -> None:
    server = FakeServer()
    one, two = (Concept(ModelRef(id=server.add_model(n).id), 1.0) for n in ("One", "Two"))
    owned(server, concepts=(one, two))
    assert told(server, replace(INK, concepts=(two, one))) == {}


@pytest.mark.parametrize(
    ("live", "wanted", "same"),
    [
        ("a\nb", "a\r\nb\r\n", True),
        ("a\n\n\n", "a", True),
        ("", "\n", True),
        ("a", "a ", False),
        ("café", "cafe\u0301", False),
        ("a\nb", "a\n\nb", False),
    ],
)
def test_line_ends_and_lines_at_the_end_do_not_count(live: str, wanted: str, same: bool) -> None:
    server = FakeServer()
    server.descriptions[owned(server)] = live
    spec = replace(INK, description=Text((wanted,)))
    assert bool(told(server, spec)) is not same


def test_a_mention_equals_the_id_of_the_same_content() -> None:
    server = FakeServer()
    asset = server.add_asset(CONTENTS[SHAS[0]])
    server.descriptions[owned(server)] = f"See {{asset:{asset}}}."
    spec = replace(INK, description=Text(("See ", Mention("![a](0.webp)", image(0)), ".")))
    assert told(server, spec) == {}
    other = replace(INK, description=Text(("See ", Mention("![a](1.webp)", image(1)), ".")))
    before, after = told(server, other)[("description",)]
    assert (before, after) == (f"See {{asset:{asset}}}.", "See ![a](1.webp).")


def test_a_diff_shows_known_mentions_in_the_authors_words() -> None:
    server = FakeServer()
    asset = server.add_asset(CONTENTS[SHAS[0]])
    model = owned(server)
    server.descriptions[model] = f"Old {{asset:{asset}}} {{model:{model}}}"
    words = Mention("![a](0.webp)", image(0)), Mention("{model:ink}", ModelRef(key="ink"))
    spec = replace(INK, description=Text(("New ", words[0], " ", words[1])))
    before, after = told(server, spec)[("description",)]
    assert (before, after) == ("Old ![a](0.webp) {model:ink}", "New ![a](0.webp) {model:ink}")


def test_a_deleted_model_whose_manifest_went_is_called_by_the_key_that_it_had() -> None:
    server = FakeServer()
    model = owned(server)
    keys = {"catalog-sync:acme/oak": "oak", "catalog-sync:other/elm": ""}
    ids = [server.add_model(tag, tags=frozenset({tag})).id for tag in keys]
    server.descriptions[model] = "".join(f"{{model:{model_id}}}" for model_id in ids)
    for model_id in ids:
        server.delete(model_id)
    spec = replace(INK, description=Text(("Like nothing",)))
    # What was deleted is read where a manifest has no model yet.
    catalog = Catalog(name="acme", models=(spec, replace(INK, key="new", name="New")))
    changes = [change for model in plan(server, catalog).models for change in model.changes]
    (before,) = (change.before for change in changes if change.path == ("description",))
    assert before == f"{{model:oak}}{{model:{ids[1]}}}"


def test_a_model_whose_manifest_went_is_called_by_the_key_that_it_had() -> None:
    server = FakeServer()
    model = owned(server)
    old = server.add_model("Oak", tags=frozenset({"catalog-sync:acme/oak"})).id
    stranger = server.add_model("Elm").id
    server.descriptions[model] = f"Like {{model:{old}}} and {{model:{stranger}}}"
    spec = replace(INK, description=Text(("Like nothing",)))
    before, _ = told(server, spec)[("description",)]
    assert before == f"Like {{model:oak}} and {{model:{stranger}}}"
    for written in (Mention(f"{{model:{old}}}", ModelRef(id=old)), f"{{model:{old}}}"):
        spec = replace(INK, description=Text(("Like ", written)))
        before, after = told(server, spec)[("description",)]
        assert (before, after) == (server.descriptions[model], f"Like {{model:{old}}}")


def test_no_text_on_the_server_can_pass_for_a_mention() -> None:
    server = FakeServer()
    server.add_asset(CONTENTS[SHAS[0]])
    server.descriptions[owned(server)] = f"{{asset:sha256={SHAS[0][:32]}}}"
    spec = replace(INK, description=Text((Mention("![a](0.webp)", image(0)),)))
    assert ("description",) in told(server, spec)


def test_a_thumbnail_is_compared_by_content() -> None:
    server = FakeServer()
    asset = server.add_asset(CONTENTS[SHAS[0]], name="other-name.webp")
    model = owned(server, thumbnail=asset)
    assert told(server, replace(INK, thumbnail=image(0))) == {}
    assert told(server, replace(INK, thumbnail=AssetRef(id=asset))) == {}
    assert ("thumbnail",) in told(server, replace(INK, thumbnail=image(1)))
    run(server, Catalog(name="acme", models=(replace(INK, thumbnail=NO_ASSET),)), open_file)
    assert server.models[model].thumbnail == ""


def test_a_file_with_its_known_counterpart_is_not_sent_again() -> None:
    server = FakeServer()
    asset = server.add_asset(None)
    owned(server, examples=(asset,))
    spec = replace(INK, examples=(replace(image(0), id=asset),))
    assert told(server, spec) == {}


def test_a_counterpart_that_holds_something_else_does_not_count() -> None:
    server = FakeServer()
    asset = server.add_asset(CONTENTS[SHAS[1]])
    owned(server, examples=(asset,))
    catalog = Catalog(name="acme", models=(replace(INK, examples=(replace(image(0), id=asset),)),))
    (upload,) = plan(server, catalog).uploads
    assert upload.asset == image(0)


def test_examples_are_told_as_moves_additions_and_removals() -> None:
    server = FakeServer()
    ids = [server.add_asset(CONTENTS[sha]) for sha in SHAS[:4]]
    owned(server, examples=tuple(ids))
    spec = replace(INK, examples=(image(2), image(0), image(1), image(5)))
    changes = told(server, spec)
    positions = {
        tuple(side.position if isinstance(side, Placed) else None for side in sides)
        for sides in changes.values()
    }
    assert positions == {(3, 1), (None, 4), (4, None)}


def ref(name: str) -> tuple[str, AssetRef]:
    return name, AssetRef(id=name)


@given(st.lists(st.sampled_from("abcdefgh"), max_size=8), st.lists(st.sampled_from("abcdefgh")))
def test_the_list_differences_lead_from_one_list_to_the_other(
    old: list[str], new: list[str]
) -> None:
    changes = list_differences([ref(name) for name in old], [ref(name) for name in new])
    result = [
        name
        for position, name in enumerate(old, 1)
        if not any(before and before.position == position for _, before, _ in changes)
    ]
    placed = sorted((after.position, after.asset.id) for _, _, after in changes if after)
    for position, name in placed:
        result.insert(position - 1, name)
    assert result == new
    assert (changes == []) is (old == new)


@given(st.permutations("abcdefg"))
def test_no_more_items_move_than_must(order: list[str]) -> None:
    changes = list_differences([ref(n) for n in "abcdefg"], [ref(n) for n in order])
    best = max(len(run) for run in increasing(order))
    assert len(changes) == 7 - best


def increasing(items: list[str]) -> list[str]:
    """All increasing subsequences, the slow way."""
    found = [""]
    for item in items:
        found += [run + item for run in found if not run or run[-1] < item]
    return found


def test_a_key_that_somebody_typed_on_the_server_is_no_mention_of_its_model() -> None:
    server = FakeServer()
    server.descriptions[owned(server)] = "See {model:ink}."
    spec = replace(
        INK, description=Text(("See ", Mention("{model:ink}", ModelRef(key="ink")), "."))
    )
    assert ("description",) in told(server, spec)


def test_a_leaf_that_stays_the_same_is_no_change() -> None:
    server = FakeServer()
    a, b = (server.add_model(n).id for n in "ab")
    owned(server, concepts=(Concept(ModelRef(id=a), 1.0), Concept(ModelRef(id=b), 1.0)))
    spec = replace(INK, concepts=(Concept(ModelRef(id=a), 1.0), Concept(ModelRef(id=b), 0.5)))
    assert told(server, spec) == {("concepts", b, "scale"): (1.0, 0.5)}


def test_every_collection_of_a_name_counts() -> None:
    server = FakeServer()
    first, second = server.create_collection("Comics"), server.create_collection("Comics")
    model = owned(server, collection_ids=frozenset({second}))
    assert told(server, replace(INK, collections=frozenset({"Comics"}))) == {}
    nowhere = Catalog(name="acme", models=(replace(INK, collections=frozenset()),))
    run(server, nowhere, open_file)
    assert server.models[model].collection_ids == frozenset()
    assert {first, second} == set(server.collections)


def test_a_picture_of_another_size_is_not_what_the_file_holds() -> None:
    server = FakeServer()
    asset = server.add_asset(None)
    server.assets[asset] = replace(server.assets[asset], width=4000, height=3000)
    owned(server, examples=(asset,))
    pair = replace(image(0), id=asset, width=8, height=8)
    assert told(server, replace(INK, examples=(pair,))) != {}


def test_of_a_text_hunks_of_any_length_are_put_back_at_their_own_lines() -> None:
    hunks = (
        Hunk(Came.DRIFT, 1, ("x", "y"), ("a b",)),
        Hunk(Came.DRIFT, 3, (), ("d e",)),
        Hunk(Came.DRIFT, 4, ("z",), ()),
    )
    for order in permutations(hunks):
        assert patched("a b\nc\nd e\nf", order) == "x\ny\nc\nz\nf"
