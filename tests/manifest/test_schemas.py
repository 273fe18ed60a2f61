"""The schemas: valid, documented, found wherever they are, and meant the same by both readers."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from json import loads
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import catalogsync
from catalogsync.manifest import schema, schema_text
from catalogsync.manifest.build import RETIRED
from catalogsync.manifest.quick import compiled
from catalogsync.manifest.scalars import Surprise
from catalogsync.manifest.schemas import flat, quick_test, validator

Name = Literal["model", "catalog"]
NAMES: tuple[Name, ...] = ("model", "catalog")
PACKAGE = Path(catalogsync.__file__).parent


def fields(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, child in node.get("properties", {}).items():
        yield f"{path}.{name}", child
        yield from fields(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield f"{path}[{key}]", node[key]
            yield from fields(node[key], f"{path}[{key}]")


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_a_schema_with_a_name_of_its_own(name: Name) -> None:
    value = schema(name)
    Draft202012Validator.check_schema(value)
    assert value["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert value["$id"].startswith("urn:catalog-sync:schema:")
    assert value["title"]


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described_and_closed(name: Name) -> None:
    every = [("", schema(name)), *fields(schema(name))]
    assert len(every) > 20
    for path, field in every:
        assert len(field["description"]) >= 8, path
        if "object" in field.get("type", ()):
            assert "additionalProperties" in field, path
        if "pattern" in field:
            assert field["patternErrorMessage"], path


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_in_a_schema_are_valid(name: Name) -> None:
    for path, field in fields(schema(name)):
        for example in field.get("examples", ()):
            assert Draft202012Validator(field).is_valid(example), path


def test_every_choice_is_described_and_the_retired_ones_say_so() -> None:
    for path, field in fields(schema("model")):
        if "enumDescriptions" in field:
            assert len(field["enum"]) == len(field["enumDescriptions"]), path
    kind = schema("model")["properties"]["type"]
    told = dict(zip(kind["enum"], kind["enumDescriptions"], strict=True))
    assert len(told) == 31 + 6
    assert {name for name, said in told.items() if said.startswith("Retired")} == RETIRED


@pytest.mark.parametrize("name", NAMES)
def test_the_text_of_a_schema_is_the_file(name: Name) -> None:
    folders = (PACKAGE / "schemas", PACKAGE.parent / "schemas")
    file = next(each for each in folders if each.is_dir()) / f"{name}.schema.json"
    assert schema_text(name) == file.read_text("utf-8")
    assert loads(schema_text(name)) == schema(name)


def test_a_schema_is_found_inside_the_package_as_in_a_wheel(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "catalogsync")
    for name in NAMES:
        (tmp_path / "catalogsync/schemas").mkdir(exist_ok=True)
        (tmp_path / f"catalogsync/schemas/{name}.schema.json").write_text(schema_text(name))
    code = (
        "from catalogsync.manifest import schemas as s; print(s.__file__, s.schema('model')['$id'])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(tmp_path))


def test_a_missing_schema_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match="other"):
        schema_text("other")  # type: ignore[arg-type]


WORDS = st.sampled_from(
    [
        "",
        "x",
        "a,b",
        " a",
        "a\n",
        "asset_1",
        "model_1",
        "flux.1-lora",
        "present",
        "5%",
        "2GB",
        "2027-01-31",
        "x" * 65,
        "x" * 257,
        "catalogsync/v1",
        "acme",
        "A b",
        "https://x",
        "a/b",
        "ab" * 32,
    ]
)
LEAVES = st.one_of(
    WORDS,
    st.sampled_from(
        [None, True, 0, 1, 3, -3, 2.0, 0.5, 1e9, Surprise("no", "the truth value false")]
    ),
)
KEYS = st.sampled_from(
    [
        "name",
        "type",
        "tags",
        "description",
        "thumbnail",
        "examples",
        "concepts",
        "id",
        "protect",
        "state",
        "ignore",
        "source",
        "file",
        "asset",
        "sha256",
        "glob",
        "model",
        "scale",
        "field",
        "reason",
        "until",
        "apiVersion",
        "targets",
        "default",
        "defaults",
        "policy",
        "maxDelete",
        "maxUpload",
        "project",
        "ignoreTags",
        "url",
        "staging",
        "A B",
        "x",
    ]
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)


def shaped(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that mostly fit a schema, so that its depths are reached."""
    kinds = node.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    options: list[st.SearchStrategy[Any]] = [WORDS, LEAVES]
    if "enum" in node:
        options.append(st.sampled_from(node["enum"]))
    if "array" in kinds:
        options = [st.lists(shaped(node["items"]), max_size=3), LEAVES]
    if "object" in kinds:
        named = {name: shaped(child) for name, child in node.get("properties", {}).items()}
        required = {
            name: named.pop(name) for name in list(named)[:2] if name in node.get("required", ())
        }
        options.append(st.fixed_dictionaries(required, optional=named))
        other = node.get("additionalProperties")
        if isinstance(other, dict):
            options.append(st.dictionaries(KEYS, shaped(other), max_size=3))
    return st.one_of(*options)


@pytest.mark.parametrize("name", NAMES)
def test_the_quick_test_agrees_with_the_validator(name: Name) -> None:
    @given(st.one_of(VALUES, shaped(schema(name))))
    def agree(value: object) -> None:
        assert quick_test(name)(value) == validator(name).is_valid(value)

    agree()


@pytest.mark.parametrize("name", NAMES)
def test_the_quick_test_agrees_field_by_field(name: Name) -> None:
    fragments = [child for _, child in fields(flat(name))]

    @given(st.sampled_from(fragments).flatmap(lambda node: st.tuples(st.just(node), shaped(node))))
    def agree(pair: tuple[dict[str, Any], object]) -> None:
        node, value = pair
        assert compiled(node)(value) == Draft202012Validator(node).is_valid(value)

    agree()
