"""Mentions in Markdown: found where they count, left alone in code, texts kept byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogsync.manifest.text import local_path, mentions, pieces
from catalogsync.model import AssetRef, Mention, ModelRef, Text

from .support import Folder, png


def found(text: str) -> list[tuple[str, str]]:
    return [(each.kind, each.argument) for each in mentions(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", []),
        ("![pose](images/pose.webp)", [("image", "images/pose.webp")]),
        ("![](a.png) ![b](b.png)", [("image", "a.png"), ("image", "b.png")]),
        ('![x](a.png "Title (1)")', [("image", "a.png")]),
        ("![x](a.png 'T')", [("image", "a.png")]),
        ("![x](a.png (T))", [("image", "a.png")]),
        ("![x](  a.png  )", [("image", "a.png")]),
        ("![x](<a b.png>)", [("image", "<a b.png>")]),
        ("![x](a(1).png)", [("image", "a(1).png")]),
        ("![a [b] c](a.png)", [("image", "a.png")]),
        ("![a \\] c](a.png)", [("image", "a.png")]),
        ("[![x](a.png)](https://x.org)", [("image", "a.png")]),
        ("[not](a.png)", []),
        ("\\![x](a.png)", []),
        ("\\\\![x](a.png)", [("image", "a.png")]),
        ("! [x](a.png)", []),
        ("![x] (a.png)", []),
        ("{asset:a.png} {model:ink}", [("asset", "a.png"), ("model", "ink")]),
        ("{asset:} {model:}", [("asset", ""), ("model", "")]),
        ("{assets:a} {Model:b} { asset:c }", []),
        ("{asset:a\nb}", []),
        ("\\{asset:a.png}", []),
        ("`![x](a.png)`", []),
        ("`` ` ![x](a.png) ``", []),
        ("`a` ![x](a.png) `b`", [("image", "a.png")]),
        ("` ![x](a.png)", [("image", "a.png")]),
        ("\\` ![x](a.png) `", [("image", "a.png")]),
        ("\\`` ![x](a.png) `", []),
        ("` a\n\n![x](a.png) `", [("image", "a.png")]),
        ("`{model:a}` {model:b}", [("model", "b")]),
        ("```\n![x](a.png)\n```\n{model:b}", [("model", "b")]),
        ("~~~ md\n![x](a.png)\n~~~\n{model:b}", [("model", "b")]),
        ("````\n```\n{model:a}\n````\n{model:b}", [("model", "b")]),
        ("```\n~~~\n{model:a}\n```\n{model:b}", [("model", "b")]),
        ("```\n{model:a}\n", []),
        ("``` `x` {model:a}\n{model:b}", [("model", "a"), ("model", "b")]),
        ("- ```\n  {model:a}\n  ```\n{model:b}", [("model", "b")]),
        ("> ```\n> {model:a}\n> ```\n{model:b}", [("model", "b")]),
        ("```\r\n{model:a}\r\n```\r\n{model:b}\r\n", [("model", "b")]),
    ],
)
def test_mentions_are_found_outside_code(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("a.png", "a.png"),
        ("<a b.png>", "a b.png"),
        ("a%20b.png", "a b.png"),
        ("%2e%2e/a.png", "../a.png"),
        ("https://x.org/a.png", None),
        ("HTTP://x.org/a.png", None),
        ("data:image/png;base64,AA", None),
        ("mailto:x@x.org", None),
        ("//x.org/a.png", None),
        ("#top", None),
        ("", None),
        ("<>", None),
        ("c:/a.png", "c:/a.png"),
        ("/a.png", "/a.png"),
    ],
)
def test_addresses_pass_and_paths_are_paths(target: str, path: str | None) -> None:
    assert local_path(target) == path


@given(st.text(alphabet="`~![](){}<>\\\n\r \"'aset:mol.png"))
def test_pieces_and_mentions_are_the_whole_text(text: str) -> None:
    every = list(mentions(text))
    strings = list(pieces(text, every))
    written = [text[each.start : each.end] for each in every]
    assert len(strings) == len(written) + 1
    joined = strings[0] + "".join(a + b for a, b in zip(written, strings[1:], strict=True))
    assert joined == text


LONG = ["![", "![x](", '![x](a "', "![x](a '", "![](<", "`", "\\``a", "{asset:", "![[", "\n```\n"]
LONG += ["![x](a (", "![](" + " " * 50, "`a``b", "![\\[", "![](a(", "> ", "\\"]


@pytest.mark.parametrize("part", LONG)
def test_no_text_takes_long(part: str) -> None:
    assert list(mentions(part * (262_144 // len(part)) + "{")) == []


def described(folder: Folder, text: str | bytes) -> Text:
    folder.write("models/ink/text/d.md", text)
    folder.model("description: {file: text/d.md}\n")
    found = folder.ink().description
    assert found is not None
    return found


def test_a_text_is_cut_at_its_mentions(folder: Folder) -> None:
    folder.write("models/base.yaml", "name: Base\ntype: flux.1-lora\n")
    folder.write("models/ink/text/images/pose.png", png())
    text = "See ![pose](images/pose.png), {model:base}{model:model_x1} and {asset:asset_A-1}."
    parts = described(folder, text).parts
    image = parts[1]
    assert isinstance(image, Mention)
    assert isinstance(image.target, AssetRef)
    assert (image.written, image.target.name) == ("![pose](images/pose.png)", "pose.png")
    assert parts[0] == "See "
    assert parts[2:] == (
        ", ",
        Mention("{model:base}", ModelRef(key="base")),
        Mention("{model:model_x1}", ModelRef(id="model_x1")),
        " and ",
        Mention("{asset:asset_A-1}", AssetRef(id="asset_A-1")),
        ".",
    )
    assert described(folder, text).written == text


@pytest.mark.parametrize(
    "text", ["a\r\nb\r\n", "e\u0301 \u00e9", "\n\n  x  \n\n", "x", "\u200d\u2028 \u202e", "\0"]
)
def test_a_text_is_kept_as_it_is(folder: Folder, text: str) -> None:
    assert described(folder, text.encode()) == Text((text,))


def test_an_empty_text_has_no_parts(folder: Folder) -> None:
    assert described(folder, "") == Text()
    folder.model("promptGuide: ''\n")
    assert folder.ink().prompt_guide == Text()
    assert folder.ink().description is None


def test_a_mention_in_a_file_has_the_place_in_that_file(folder: Folder) -> None:
    folder.write("models/ink/d.md", "# Ink\r\n\r\nSee  ![x](nope.png) and {model:inc}\r\n")
    folder.model("description: {file: d.md}\n")
    assert folder.problems() == [
        'models/ink/d.md:3:6: "![x](nope.png)": "nope.png" is not there; check the path',
        'models/ink/d.md:3:25: "{model:inc}": "inc" is no key of this catalog; did you mean "ink"?',
    ]


def test_a_mention_in_place_has_the_place_of_its_field(folder: Folder) -> None:
    folder.model("description: |\n  {asset:nope.png}\n")
    assert folder.problem() == (
        'models/ink/model.yaml:3:14: description: "{asset:nope.png}": "nope.png" is not there; '
        "check the path"
    )


def test_an_image_is_an_image(folder: Folder) -> None:
    folder.write("models/ink/x.vox", b"VOX \0\0\0\0")
    folder.model('description: "{asset:x.vox} ![x](x.vox)"\n')
    assert folder.problem().endswith(": not an image (3d); write {asset:x.vox}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xef\xbb\xbfx", "a byte order mark at the start; save it as UTF-8 without one"),
        (b"a\nb\xff", "line 2 is not UTF-8; save it as UTF-8"),
        (b"x" * 262_145, "larger than 256 KiB; split the file"),
    ],
)
def test_an_unreadable_text_is_a_problem(folder: Folder, content: bytes, message: str) -> None:
    folder.write("models/ink/d.md", content)
    folder.model("description: {file: d.md}\n")
    assert folder.problem() == f'models/ink/model.yaml:3:21: description.file: "d.md": {message}'


def test_a_text_is_a_markdown_file(folder: Folder) -> None:
    folder.write("models/ink/secrets.txt", "x")
    folder.model("promptGuide: {file: secrets.txt}\n")
    assert "no Markdown file; give it the extension .md" in folder.problem()
