"""The result of a check in every format: word for word, by its schema, inert for any text."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.errors import Problem
from catalogsync.review.checked import Checked, fingerprints
from catalogsync.review.document import dumped
from catalogsync.review.formats import CHECK_FORMATS
from catalogsync.review.words import visible
from tests.review.hostile import HOSTILE
from tests.review.runner import as_compared, commands
from tests.review.test_text import golden

SARIF = json.loads((Path(__file__).parent / "sarif.schema.json").read_text(encoding="utf-8"))

PROBLEMS = (
    Problem("catalog.yaml", 1, 1, "the catalog has no manifest", "add models/my-model.yaml"),
    Problem("models/a b/model.yaml", 3, 7, 'unknown field "tipe"', 'did you mean "type"?'),
    Problem("models/a b/model.yaml", 9, 12, "100%, or less: no file <x> & 'y'"),
    *(Problem("models/é.yaml", line, 5, "tags: not a word") for line in range(1, 10)),
)
WRONG = Checked(problems=PROBLEMS, here="shop/", within="catalogs/shop/")
FINE = Checked(manifests=12, files=71)

NAMES = {
    "text": "txt",
    "json": "json",
    "github": "github.txt",
    "sarif": "sarif",
    "codequality": "codequality.json",
    "junit": "xml",
}


@pytest.mark.parametrize("name", CHECK_FORMATS)
def test_every_format(name: str) -> None:
    golden(f"check.{NAMES[name]}", CHECK_FORMATS[name](WRONG))
    golden(f"check-fine.{NAMES[name]}", CHECK_FORMATS[name](FINE))


def of(text: str) -> Checked:
    """A check that found hostile text in every place."""
    problems = tuple(Problem(f"{text}{n}", n, n, text, text) for n in (1, 2, 2))
    return Checked(problems=problems, here=f"{text}/", within=f"{text}/")


TEXTS = st.one_of(st.text(), st.sampled_from([t for t in HOSTILE.values() if len(t) < 999]))


@settings(deadline=None)
@given(TEXTS)
def test_any_text_is_inert_in_every_format(text: str) -> None:
    for name in CHECK_FORMATS:
        inert(name, text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_inert_in_every_format(text: str) -> None:
    for name in CHECK_FORMATS:
        inert(name, text)


def inert(name: str, text: str) -> None:
    printed = CHECK_FORMATS[name](of(text))
    assert [char for char in set(printed) if char not in ("\n", visible(char))] == []
    found = commands(printed)
    if name == "github":
        assert [command.name for command in found] == ["error"] * 3
        assert [set(c.properties) for c in found] == [{"file", "line", "col", "title"}] * 3
        assert {command.properties["title"] for command in found} == {"catalog-sync"}
    else:
        assert found == []
    if name in ("json", "sarif", "codequality"):
        json.loads(printed)
    if name == "sarif":
        valid_sarif(json.loads(printed))
    if name == "junit":
        ElementTree.fromstring(printed)


def valid_sarif(document: Any) -> None:
    jsonschema.Draft7Validator.check_schema(SARIF)
    jsonschema.validate(document, SARIF, jsonschema.Draft7Validator)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_the_runner_reads_back_what_an_annotation_says(path: str, message: str) -> None:
    checked = Checked(problems=(Problem(path, 3, 4, message, "do it"),))
    (command,) = commands(CHECK_FORMATS["github"](checked))
    assert command.data == f"{as_compared(visible(message))}\nWhat to do: do it"
    given = {"file": as_compared(visible(path)), "line": "3", "col": "4", "title": "catalog-sync"}
    assert command.properties == given


def test_nine_annotations_and_one_that_counts_the_rest() -> None:
    printed = CHECK_FORMATS["github"](WRONG)
    found = commands(printed)
    assert len(found) == 10
    assert found[-1].data == "and 3 more problems; the log of this step has them all"
    assert "\nshop/models/é.yaml:9:5: tags: not a word\n" in printed
    nine = CHECK_FORMATS["github"](replace(WRONG, problems=PROBLEMS[:9]))
    assert len(commands(nine)) == 9


def test_sarif_and_code_quality_by_their_schemas() -> None:
    for checked in (WRONG, FINE):
        valid_sarif(json.loads(CHECK_FORMATS["sarif"](checked)))
    for entry in json.loads(CHECK_FORMATS["codequality"](WRONG)):
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not re.match(r"/|\./", entry["location"]["path"])
        assert entry["location"]["lines"]["begin"] >= 1


def test_a_fingerprint_is_one_of_a_kind_and_does_not_depend_on_lines() -> None:
    found = fingerprints(PROBLEMS)
    assert len(set(found)) == len(PROBLEMS)
    moved = [replace(problem, line=problem.line + 40, column=1) for problem in PROBLEMS]
    assert fingerprints(moved) == found
    told = [Problem("a", n, 1, f'"x" is there twice, first on line {n}') for n in (1, 2)]
    assert fingerprints(told[:1]) == fingerprints(told[1:])
    elsewhere = [replace(problem, path=f"other/{problem.path}") for problem in PROBLEMS]
    assert not set(fingerprints(elsewhere)) & set(found)


def test_junit_counts_what_it_holds() -> None:
    root = ElementTree.fromstring(CHECK_FORMATS["junit"](WRONG))
    assert root.get("tests") == root.get("failures") == str(len(PROBLEMS))
    assert len(root.findall("testsuite/testcase/failure")) == len(PROBLEMS)
    assert {suite.get("name") for suite in root} == {
        f"catalogs/shop/{problem.path}" for problem in PROBLEMS
    }


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@given(VALUES | st.dictionaries(st.text(max_size=4), VALUES))
def test_a_document_is_laid_out_as_json_lays_it_out(document: object) -> None:
    text = dumped(document)
    assert json.loads(text) == document
    if "##" not in text and "u0023" not in text:
        assert text == json.dumps(document, indent=2, sort_keys=True) + "\n"
