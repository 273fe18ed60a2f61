"""The saved plan: what is written is read back, and nothing else is."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from catalogsync.codec import as_data
from catalogsync.errors import BadPlan, Rejected
from catalogsync.model import Catalog
from catalogsync.plan import Plan
from catalogsync.review.document import dumped, error_document
from catalogsync.review.saved import SavedPlan, Scope, opened, saved_document, sealed
from tests.engine.catalogs import words
from tests.engine.fake import FakeServer
from tests.engine.plans import plans
from tests.engine.run import plan
from tests.review.document_schemas import (
    download_schema,
    drift_schema,
    plan_schema,
    train_schema,
)
from tests.review.test_text import everything, spec

SCHEMA = Path(__file__).parents[2] / "schemas/plan.schema.json"
READ_AT = "2026-03-04T05:06:07Z"

thorough = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def saved(made: Plan, **fields: Any) -> SavedPlan:
    return SavedPlan(made, **{"read_at": READ_AT, **fields})


def text_of(plan: SavedPlan) -> str:
    return sealed(saved_document(plan))


@cache
def small() -> SavedPlan:
    """A plan to create one model."""
    return saved(plan(FakeServer(), Catalog(name="acme", models=(spec("fresh"),))))


@cache
def large() -> SavedPlan:
    """A plan with one of everything."""
    return saved(plan(*everything()), scope=Scope(prune=True))


def resealed(edit: Callable[[dict[str, Any]], object], of: SavedPlan) -> bytes:
    """A saved plan that somebody edited, with an integrity digest that fits."""
    document: dict[str, Any] = json.loads(text_of(of))
    edit(document)
    return sealed(document).encode()


@thorough
@given(made=plans(), only=st.lists(words).map(tuple))
def test_what_is_saved_is_read_back(made: Plan, only: tuple[str, ...]) -> None:
    before = saved(made, scope=Scope(only=only))
    text = text_of(before)
    after = opened(text.encode(), "plan.json")
    assert after == before
    # Equality leaves out what is for people only: that has to come back as well.
    assert as_data(after) == as_data(before)
    assert text_of(after) == text


@thorough
@given(made=plans())
def test_what_is_saved_is_as_the_schema_says(made: Plan) -> None:
    validator().validate(json.loads(text_of(saved(made))))


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("plan", plan_schema),
        ("drift", drift_schema),
        ("train", train_schema),
        ("download", download_schema),
    ],
)
def test_the_schema_is_that_of_the_values(name: str, made: Callable[[], str]) -> None:
    """`GOLDEN=write` writes it anew."""
    file = SCHEMA.with_name(f"{name}.schema.json")
    if os.environ.get("GOLDEN") == "write":
        file.write_text(made(), encoding="utf-8")
    assert made() == file.read_text(encoding="utf-8")
    Draft202012Validator.check_schema(json.loads(made()))


@pytest.mark.parametrize("name", ["digest", "models", "integrity", "read_at", "catalog"])
def test_the_schema_misses_what_is_missing(name: str) -> None:
    document = json.loads(text_of(large()))
    del document[name]
    assert [error.validator for error in validator().iter_errors(document)] == ["required"]


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80])
def test_a_flipped_byte_anywhere_is_noticed(flip: int) -> None:
    content = text_of(small()).encode()
    for at in range(len(content)):
        broken = content[:at] + bytes([content[at] ^ flip]) + content[at + 1 :]
        with pytest.raises(BadPlan):
            opened(broken, "plan.json")


@thorough
@given(data=st.data())
def test_bytes_that_come_or_go_are_noticed(data: st.DataObject) -> None:
    content = text_of(large()).encode()
    at = data.draw(st.integers(0, len(content)))
    come = data.draw(st.binary(max_size=3))
    gone = data.draw(st.integers(0 if come else 1, 50))
    broken = content[:at] + come + content[at + gone :]
    if broken != content:
        with pytest.raises(BadPlan):
            opened(broken, "plan.json")


@pytest.mark.parametrize("version", ["2.0", "0.9", "1", "1.", "1.x", "1.0.0", "", 1.0, None, "١.0"])
def test_another_major_version_is_refused(version: object) -> None:
    content = resealed(lambda document: document.update(format_version=version), large())
    with pytest.raises(BadPlan, match=r"has format .*, this version reads 1\.x"):
        opened(content, "plan.json")


def test_another_major_version_is_told_first_whatever_else_it_holds() -> None:
    with pytest.raises(BadPlan, match=r"has format '2\.0'"):
        opened(b'{"format_version": "2.0"}', "plan.json")


def test_names_that_a_minor_version_adds_are_ignored() -> None:
    def add(document: dict[str, Any]) -> None:
        document["format_version"] = "1.7"
        document["new"] = {"deep": [1]}
        document["models"][0]["new"] = "x"
        document["models"][0]["changes"][0]["new"] = None

    assert opened(resealed(add, large()), "plan.json") == large()


def test_fields_that_an_older_minor_version_lacks_take_their_default() -> None:
    def remove(document: dict[str, Any]) -> None:
        del document["scope"]
        for upload in document["uploads"]:
            del upload["asset"]["width"]

    read = opened(resealed(remove, large()), "plan.json")
    assert read.scope == Scope()
    assert {upload.asset.width for upload in read.plan.uploads} == {0}


def put(*path: str | int, value: object) -> Callable[[dict[str, Any]], None]:
    """An edit that sets what is at a path."""

    def edit(document: dict[str, Any]) -> None:
        place: Any = document
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (put("read_at", value=3), "read_at: a number is not allowed here"),
        (put("scope", "prune", value="yes"), "scope.prune: a text is not allowed here"),
        (put("models", value={}), "models: an object of type None is not allowed here"),
        (put("models", 0, value=None), r"models\[0\]: null is not allowed here"),
        (put("models", 0, "verb", value="burn"), "'burn' is none of create, restore"),
        (put("models", 0, "name", value=True), "name: a boolean is not allowed here"),
        (put("models", 0, "actions", 0, "type", value="Eval"), "of type 'Eval' is not allowed"),
        (put("models", 1, "actions", 0, "fields", 0, value=["a"]), "1 items instead of 2"),
        (put("uploads", 0, "asset", "size", value=1.5), r"uploads\[0\].asset.size: a number is"),
        (put("models", 0, "changes", 0, value={"type": "Change"}), r"\[0\]: `model` is missing"),
        (put("uploads", 0, value=[]), "a list is not allowed here"),
    ],
)
def test_what_is_no_plan_says_where(edit: Callable[[Any], None], message: str) -> None:
    with pytest.raises(BadPlan, match=f"^plan.json is no plan: .*{message}"):
        opened(resealed(edit, large()), "plan.json")


@pytest.mark.parametrize(
    "edit",
    [
        put("models", 0, "name", value="Another"),
        put("models", 0, "digest", value="sha256:" + "0" * 64),
        put("digest", value="sha256:" + "0" * 64),
        put("models", value=[]),
        put("project", value="proj_other"),
        lambda document: document.pop("models"),
        lambda document: document.pop("digest"),
    ],
)
def test_a_plan_that_does_not_fit_its_digests_is_refused(edit: Callable[[Any], None]) -> None:
    with pytest.raises(BadPlan, match="another digest"):
        opened(resealed(edit, large()), "plan.json")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"[]",
        b"3",
        b"{}",
        b'{"format_version": NaN}',
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b"9" * 5000,
        b'{"format_version": "1.0"}',
        dumped(error_document(Rejected("no"))).encode(),
        dumped(saved_document(small())).encode(),
    ],
)
def test_what_is_no_saved_plan_is_refused(content: bytes) -> None:
    with pytest.raises(BadPlan, match=r"^plan.json ") as caught:
        opened(content, "plan.json")
    assert caught.value.hint


def test_the_digest_covers_neither_time_nor_version_nor_scope() -> None:
    later = replace(large(), read_at="2027-01-01T00:00:00Z", tool_version="9", scope=Scope())
    documents = [saved_document(plan) for plan in (large(), later)]
    assert documents[0]["digest"] == documents[1]["digest"]
    assert text_of(large()) != text_of(later)


@pytest.mark.parametrize(
    "name", ['"integrity": "sha256:' + "0" * 64, '\n  "integrity": "sha256:' + "0" * 64 + '"']
)
def test_a_name_cannot_pass_for_the_integrity_digest(name: str) -> None:
    hostile = saved(replace(small().plan, catalog=name, target=name))
    assert opened(text_of(hostile).encode(), "plan.json") == hostile


def test_a_plan_is_written_piece_by_piece_to_the_text_that_its_data_has_as_a_whole() -> None:
    document = json.loads(text_of(large()))
    assert sealed(document) == text_of(large())
    assert dumped(document) == json.dumps(document, indent=2, sort_keys=True) + "\n"
