"""An edit changes what it was asked to change, and no other byte."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalogsync.manifest.scalars import Surprise
from catalogsync.manifest.strict_yaml import parse
from catalogsync.roundtrip import Kept, Uneditable, with_items, with_value, without, written

from .texts import NEW, Written, manifests


def value(text: str) -> Any:
    found, flaws = parse(text)
    assert flaws == []
    return found


def alike(found: Any, wanted: Any) -> bool:
    """Whether two values mean the same: tags are a set."""
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(
            sorted(found[key], key=str) == sorted(wanted[key], key=str)
            if key == "tags"
            else found[key] == wanted[key]
            for key in wanted
        )
    return bool(found == wanted)


edits = st.sampled_from([(name, new) for name, news in NEW.items() for new in news])


@given(manifests())
def test_what_is_so_already_changes_no_byte(manifest: Written) -> None:
    text = manifest.text
    for name, held in value(text).items():
        if not isinstance(held, Surprise):
            assert with_value(text, [name], held, "model") == text
    assert without(text, ["promptGuide"], "model") == text


@given(manifests(), edits)
def test_a_field_is_set_and_every_other_line_stays(
    manifest: Written, edit: tuple[str, Any]
) -> None:
    name, new = edit
    text = manifest.text
    try:
        result = with_value(text, [name], new, "model")
    except Uneditable:
        # A literal at the very end gets another value by a line break behind it.
        assert "# in brackets" in text or text.endswith(("deeper", "kept"))
        return
    assert alike(value(result), value(text) | {name: new})
    if name in manifest.names:
        at = manifest.names.index(name)
        before = manifest.top + "".join(manifest.chunks[:at])
        after = "".join(manifest.chunks[at + 1 :])
        assert result.startswith(before)
        assert result.endswith(after)
    else:
        assert is_inserted(text, result)
    assert ("\r\n" in text) == ("\r\n" in result)
    assert "\r\n" not in text or "\n" not in result.replace("\r\n", "")


def is_inserted(text: str, result: str) -> bool:
    """Whether a text became a longer one by what was put in at one place."""
    same = next(
        (at for at, (one, two) in enumerate(zip(text, result, strict=False)) if one != two),
        len(text),
    )
    return any(result.endswith(text[at:]) for at in range(max(0, same - 400), same + 1))


@given(manifests(), st.data())
def test_a_field_goes_with_the_comment_right_above_it(
    manifest: Written, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(manifest.names) - 1))
    name, text = manifest.names[at], manifest.text
    result = without(text, [name], "model")
    assert value(result) == {key: held for key, held in value(text).items() if key != name}
    left = [*manifest.chunks[:at], *manifest.chunks[at + 1 :]]
    for chunk in left:
        assert chunk.strip("\r\n") in result
    assert result.startswith(manifest.top + "".join(manifest.chunks[: max(0, at)]).rstrip("\r\n"))


@given(manifests(), st.data())
def test_items_are_reordered_with_their_comments(manifest: Written, data: st.DataObject) -> None:
    held = value(manifest.text).get("examples", ())
    if not held:
        return
    kept: list[Any] = [Kept(index) for index in range(len(held))]
    order = data.draw(st.permutations(kept))
    chosen = order[: data.draw(st.integers(1, len(order)))]
    at = data.draw(st.integers(0, len(chosen)))
    items = [*chosen[:at], "new.webp", *chosen[at:]]
    result = with_items(manifest.text, ["examples"], items, "model")
    wanted = [held[item.index] if isinstance(item, Kept) else item for item in items]
    assert value(result) == value(manifest.text) | {"examples": wanted}
    index = manifest.names.index("examples")
    assert result.startswith(manifest.top + "".join(manifest.chunks[:index]))
    assert result.endswith("".join(manifest.chunks[index + 1 :]))
    if len(chosen) == len(held):
        before, after = manifest.text.split("\n"), result.split("\n")
        assert sorted(line for line in before if "#" in line) == sorted(
            line for line in after if "#" in line
        )


CASES = [
    (
        "a value keeps its quotes and the comment behind it",
        "name: 'Ink'   # n\ntype: x\n",
        (["name"], "Paper"),
        "name: 'Paper'   # n\ntype: x\n",
    ),
    (
        "a new field stands where the order has it",
        "name: Ink\n# why\nthumbnail: a.webp\n",
        (["tags"], ["b", "a"]),
        "name: Ink\ntags: [a, b]\n# why\nthumbnail: a.webp\n",
    ),
    (
        "lists are indented as the file does it",
        "name: Ink\nexamples:\n- a\nprotect: true\n",
        (["concepts"], [{"scale": 1.5, "model": "m"}]),
        "name: Ink\nexamples:\n- a\nconcepts:\n- {model: m, scale: 1.5}\nprotect: true\n",
    ),
    (
        "a text of several lines becomes a literal",
        "name: Ink\ndescription: short  # d\nprotect: true\n",
        (["description"], "one\n\ntwo\n"),
        "name: Ink\ndescription: |  # d\n  one\n\n  two\nprotect: true\n",
    ),
    (
        "a literal becomes a line",
        "description: |\n  one\n\n# why\nprotect: true\n",
        (["description"], "short"),
        "description: short\n\n# why\nprotect: true\n",
    ),
    (
        "an item is added where it belongs, the others keep their comments",
        "examples:\n  # first\n  - a  # aa\n\n  - b\n  # end\n",
        (["examples"], ["b", "n", "a"]),
        "examples:\n  - b\n  - n\n  # first\n  - a  # aa\n  # end\n",
    ),
    (
        "a field inside of an item",
        "examples:\n  - {file: a}\n  - file: b\n    kind: image\n",
        (["examples", 1, "asset"], "asset_1"),
        "examples:\n  - {file: a}\n  - file: b\n    asset: asset_1\n    kind: image\n",
    ),
    (
        "a field inside of braces",
        "examples:\n  - {file: a}\n",
        (["examples", 0, "asset"], "asset_1"),
        "examples:\n  - {file: a, asset: asset_1}\n",
    ),
    (
        "a whole mapping for a text",
        "description: d\n",
        (["description"], {"file": "d.md"}),
        "description: {file: d.md}\n",
    ),
    (
        "nothing is wrapped",
        "tags: [a]\n",
        (["tags"], ["a", *(f"tag-{n:02}" for n in range(20))]),
        "tags: [a, " + ", ".join(f"tag-{n:02}" for n in range(20)) + "]\n",
    ),
]


@pytest.mark.parametrize(
    ("text", "edit", "result"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_one_field(text: str, edit: tuple[list[str | int], Any], result: str) -> None:
    assert with_value(text, edit[0], edit[1], "model") == result


def test_an_empty_list_is_what_is_left_without_the_last_item() -> None:
    assert (
        without("examples:\n  - a  # aa\nid: x\n", ["examples", 0], "model")
        == "examples: []\nid: x\n"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\ufeffname: Ink\n", "byte order mark"),
        ("name: &a Ink\n", "an anchor"),
        ("name: Ink\nname: Two\n", "is there twice"),
    ],
)
def test_what_the_loader_refuses_is_not_edited(text: str, says: str) -> None:
    with pytest.raises(Uneditable, match=says):
        with_value(text, ["type"], "x", "model")


def test_a_new_file_is_in_canonical_layout() -> None:
    held = {"type": "flux.1-lora", "name": "no", "tags": ["b", "A"], "description": "# T\n\nx\n"}
    assert written(held, "model") == (
        'name: "no"\ntype: flux.1-lora\ntags: [A, b]\ndescription: |\n  # T\n\n  x\n'
    )


any_text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


@given(any_text, any_text)
@example("\x85", "a\u2028\n b")
@settings(max_examples=60)
def test_any_text_survives(name: str, description: str) -> None:
    held = {"name": name, "tags": sorted({name, "a"}), "description": description}
    assert alike(value(written(held, "model")), held)
