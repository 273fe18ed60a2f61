"""One canonical layout that means what was meant."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given

from catalogsync.manifest.outline import outline
from catalogsync.manifest.schemas import Name
from catalogsync.roundtrip import Uneditable, formatted

from .test_edits import alike, value
from .texts import Written, manifests

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def comments(text: str) -> Counter[str]:
    return Counter(each.text for each in outline(text).trivia if each.text)


@given(manifests())
def test_it_means_the_same_and_keeps_every_comment(manifest: Written) -> None:
    result = formatted(manifest.text, "model")
    assert alike(value(result), value(manifest.text))
    assert comments(result) == comments(manifest.text)


@given(manifests())
def test_it_is_the_same_the_second_time(manifest: Written) -> None:
    result = formatted(manifest.text, "model")
    assert formatted(result, "model") == result


@given(manifests())
def test_line_ends_stay_and_the_last_line_has_one(manifest: Written) -> None:
    result = formatted(manifest.text, "model")
    end = "\r\n" if "\r\n" in manifest.text else "\n"
    assert result.endswith(end)
    assert result.replace(end, "").count("\n") == 0
    assert result.replace(end, "").count("\r") == 0


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("catalog/**/*.yaml")), ids=lambda p: p.stem)
def test_the_example_is_in_canonical_layout(path: Path) -> None:
    kind: Name = "catalog" if path.name == "catalog.yaml" else "model"
    text = path.read_text("utf-8")
    assert formatted(text, kind) == text


CASES = {
    "the order of the format": (
        "# mine\n\n# about the type\ntype: x\nname: Ink\n",
        "# mine\n\nname: Ink\n# about the type\ntype: x\n",
    ),
    "a comment above the first field stays on top": (
        "# top\ntype: x\nname: Ink\n",
        "# top\nname: Ink\ntype: x\n",
    ),
    "quotes only where they are needed": (
        "name: 'Ink'\nepoch: '01'\ntags: [\"no\", 'a:*', \"b\"]\n",
        'name: Ink\ntags: ["a:*", b, "no"]\nepoch: "01"\n',
    ),
    "tags are sorted whatever their case": ("tags: [b, C, a]\n", "tags: [a, b, C]\n"),
    "tags with a comment between them stay as they are": (
        "tags:\n- b\n# then\n- a\n",
        "tags:\n  - b\n  # then\n  - a\n",
    ),
    "examples are never reordered": (
        "examples: [b, a]\n",
        "examples:\n  - b\n  - a\n",
    ),
    "a long list has a line for each entry": (
        f"tags: [{', '.join('x' * 20 + str(n) for n in range(5))}]\n",
        "tags:\n" + "".join(f"  - {'x' * 20}{n}\n" for n in range(5)),
    ),
    "text of several lines is a literal": (
        'description: "# Ink\\n\\nHeroes\\n"\n',
        "description: |\n  # Ink\n\n  Heroes\n",
    ),
    "a folded text stays as it was folded": (
        "shortDescription: >-\n      one\n      two\n",
        "shortDescription: >-\n  one\n  two\n",
    ),
    "one blank line, none at the end": (
        "\n\nname: Ink\n\n\n\ntype: x\n\n\n",
        "name: Ink\n\ntype: x\n",
    ),
    "comments stay in their column": (
        "name: 'Ink'   # n\ntype: x       # t\n",
        "name: Ink     # n\ntype: x       # t\n",
    ),
    "a comment in brackets makes them lines": (
        "tags: [b, # one\n  a]\n",
        "tags:\n  - b  # one\n  - a\n",
    ),
    "the document's marker stays": ("# top\n---\nname: Ink\n", "# top\n---\nname: Ink\n"),
    "braces around everything go": ("{type: x, name: Ink}\n", "name: Ink\ntype: x\n"),
}


@pytest.mark.parametrize(("text", "result"), CASES.values(), ids=CASES)
def test_layout(text: str, result: str) -> None:
    assert formatted(text, "model") == result
    assert formatted(result, "model") == result


def test_a_catalog_has_an_order_of_its_own() -> None:
    text = (
        "name: a\ntargets: {b: {project: p}}\nignoreTags: [z, 'y:*']\napiVersion: catalogsync/v1\n"
    )
    assert formatted(text, "catalog") == (
        'apiVersion: catalogsync/v1\nname: a\ntargets:\n  b: {project: p}\nignoreTags: ["y:*", z]\n'
    )


@pytest.mark.parametrize("text", ["- a\n", "\ufeffname: a\n", "name: *x\n"])
def test_what_is_no_manifest_is_left_alone(text: str) -> None:
    with pytest.raises(Uneditable):
        formatted(text, "model")
