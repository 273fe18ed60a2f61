"""Long documents: made once, kept without filling the memory, and the same wherever they go."""

from pathlib import Path
from typing import IO

import click
import pytest

from catalogsync.cli.output import spooled, write_document
from catalogsync.cli.readings import write_all

LINES = 200_000
LINE = b"a line of thirty-two characters\n"


def test_a_document_longer_than_its_memory_is_made_once_and_is_the_same_everywhere(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    made: list[IO[bytes]] = []

    def write(file: IO[bytes]) -> None:
        made.append(file)
        file.writelines([LINE] * LINES)

    with click.Context(click.Command("any")):
        document = spooled(write)
        assert not made
        write_all({tmp_path / "one": document(), tmp_path / "two": document()})
        write_document(document())
    assert len(made) == 1
    assert made[0].closed
    whole = LINE * LINES
    assert [(tmp_path / name).read_bytes() for name in ("one", "two")] == [whole, whole]
    assert capfdbinary.readouterr().out == whole


def test_a_document_that_nobody_asks_for_is_not_made() -> None:
    def write(file: IO[bytes]) -> None:
        raise AssertionError("nobody asked")

    with click.Context(click.Command("any")):
        spooled(write)
