"""Promise 3: no manifest takes more than its limits, in memory or time, and each limit is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalogsync.manifest.markdown import MAX_BYTES as MAX_TEXT
from catalogsync.manifest.strict_yaml import MAX_BYTES, MAX_DEPTH, MAX_NODES
from tests.cli.conftest import Run, write
from tests.media import picture
from tests.safety.attack import bounded

HEAD = "name: Ink\ntype: custom\n"
OTHERS = 6  # the mapping itself, its two fields, and the key of a third


def filled(text: str, size: int) -> str:
    """A text with a comment that makes it so many bytes long."""
    return text + "#" * (size - len(text.encode()))


LIMITS: dict[str, tuple[int, Callable[[int], str], str]] = {
    "bytes": (MAX_BYTES, lambda n: filled(HEAD, n), "larger than 256 KiB"),
    "values": (
        MAX_NODES,
        lambda n: f"{HEAD}tags: [{','.join(f't{at}' for at in range(n - OTHERS - 1))}]\n",
        "more than 20000 values",
    ),
    "documents": (1, lambda n: HEAD + "---\na: 1\n" * (n - 1), "a second document begins here"),
    "aliases": (0, lambda n: HEAD + "tags: [x]\n" + "epoch: *a\n" * n, "an alias (*a)"),
    "anchors": (0, lambda n: HEAD + ("tags: &a [x]\n" if n else "tags: [x]\n"), "an anchor (&a)"),
    "merge keys": (0, lambda n: HEAD + "<<: {epoch: x}\n" * n, "a merge key (<<)"),
    "tags of YAML": (0, lambda n: HEAD + "tags: !!set [x]\n" * n, "a tag (tag:yaml.org,2002:set)"),
    "keys of one name": (1, lambda n: HEAD + "epoch: '1'\n" * n, '"epoch" is there twice'),
    "characters of a name": (64, lambda n: f"name: {'é' * n}\ntype: custom\n", "64 are allowed"),
    "characters of a line": (256, lambda n: f"{HEAD}shortDescription: {'é' * n}\n", "256 are"),
    "characters of a tag": (256, lambda n: f"{HEAD}tags: [{'é' * n}]\n", "256 are allowed"),
    "characters of a text": (65536, lambda n: f"{HEAD}description: {'é' * n}\n", "65536 are"),
    "characters of an address": (
        2048,
        lambda n: f"{HEAD}thumbnail: {{url: 'https://x/{'y' * (n - 10)}', kind: image}}\n",
        "2048 are allowed",
    ),
    "characters of an id": (128, lambda n: f"{HEAD}id: model_{'x' * (n - 6)}\n", "128 are"),
    "concepts": (
        100,
        lambda n: HEAD + "concepts: [" + "{model: model_x, scale: 1}," * n + "]\n",
        "100 are allowed",
    ),
    "examples": (
        150,
        lambda n: f"{HEAD}examples: [{','.join(f'files/{at}.png' for at in range(n))}]\n",
        "150 are allowed",
    ),
}
"""What is limited, the largest number, a manifest with so many, and what one more is told."""


@pytest.fixture
def pictures(catalog: Path) -> Path:
    """The catalog with enough pictures, each another one."""
    folder = catalog / "models/files"
    folder.mkdir()
    for number in range(151):
        (folder / f"{number}.png").write_bytes(picture("PNG", (number + 1, 1)))
    return catalog


@pytest.mark.parametrize("what", LIMITS)
def test_a_manifest_at_a_limit_is_taken_and_one_above_it_refused_by_name(
    cli: Run, pictures: Path, what: str
) -> None:
    most, made, said = LIMITS[what]
    write(pictures / "models/bomb.yaml", made(most))
    assert cli("validate", pictures).code == 0
    write(pictures / "models/bomb.yaml", made(most + 1))
    for command in ("validate", "plan"):
        found = cli(command, pictures)
        assert found.code == 1
        assert said in found.out + found.err
        assert "models/bomb.yaml:" in found.out + found.err


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ("{a: ", "}")])
def test_how_deep_a_manifest_may_nest(cli: Run, catalog: Path, left: str, right: str) -> None:
    """No field nests as deeply, so that another problem is told below the limit."""
    for depth, is_told in ((MAX_DEPTH - 1, False), (MAX_DEPTH, True)):
        write(catalog / "models/bomb.yaml", f"{HEAD}tags: {left * depth}{right * depth}\n")
        found = cli("validate", catalog)
        assert found.code == 1
        assert ("nested deeper than 32 levels" in found.out) is is_told


def test_how_large_a_text_in_a_file_may_be(cli: Run, catalog: Path) -> None:
    text = catalog / "models/ink-heroes/description.md"
    text.write_text("x" * MAX_TEXT)
    assert cli("validate", catalog).code == 0
    text.write_text("x" * (MAX_TEXT + 1))
    found = cli("validate", catalog)
    assert found.code == 1
    assert "larger than 256 KiB" in found.out


BOMBS = {
    "billion laughs": "a: &a [x,x]\n"
    + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
    ),
    "lists": "[" * MAX_BYTES,
    "mappings": "{" * MAX_BYTES,
    "lists in blocks": "- " * (MAX_BYTES // 2),
    "keys that are asked for": "? " * (MAX_BYTES // 2),
    "mappings in mappings": "{a: " * (MAX_BYTES // 4),
    "anchors": "&a " * (MAX_BYTES // 3),
    "tags": "!a " * (MAX_BYTES // 3),
    "a number": "a: " + "9" * (MAX_BYTES - 3),
    "a number to the base 60": "a: 1" + ":59" * (MAX_BYTES // 3 - 3),
    "a binary number": "a: 0b" + "1_" * (MAX_BYTES // 2 - 5),
    "an exponent": f"{HEAD}concepts: [{{model: model_x, scale: 1e999999999}}]\n",
    "escapes": '"' + "\\n" * (MAX_BYTES // 2 - 1),
    "line ends": "\n" * MAX_BYTES,
    "indentation": " " * (MAX_BYTES - 5) + "a: 1",
    "comments": "#\n" * (MAX_BYTES // 2),
    "unknown fields": HEAD + "".join(f"k{number}: 1\n" for number in range(9_000)),
    "fields that are there twice": "a: 1\n" * (MAX_BYTES // 5),
    "tags that are there twice": HEAD + "tags: [" + "x," * 19_000 + "]\n",
    "a glob of stars": f'{HEAD}examples: [{{glob: "files/{"*a" * 500}*b"}}]\n',
    "a glob of choices": f'{HEAD}examples: [{{glob: "files/{"[" * 1000}"}}]\n',
    "mentions": f"name: x\ndescription: '{'![x](' * 12_000}'\n",
    "mentions of models": f"{HEAD}description: '{'{model:x}' * 7_000}'\n",
    "code": f"name: x\ndescription: '{'`~``' * 16_000}'\n",
}


def test_no_bomb_takes_more_than_100_mb(catalog: Path) -> None:
    """All of them in one catalog, in a process that gets no more than it may take."""
    for number, bomb in enumerate(BOMBS.values()):
        write(catalog / f"models/bomb-{number:02}.yaml", bomb[:MAX_BYTES])
    (catalog / "models/files").mkdir()
    (catalog / f"models/files/{'a' * 250}.png").write_bytes(picture("PNG"))

    done, peak = bounded(catalog.parent / "peak", "validate", catalog, "--no-cache")
    assert done.returncode == 1
    told = done.stdout
    missing = [name for number, name in enumerate(BOMBS) if f"bomb-{number:02}.yaml:" not in told]
    assert missing == []
    assert peak < 100
