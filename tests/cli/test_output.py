"""What is long is written without filling the memory, and is the same wherever it goes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
import pytest

from catalogsync.cli.output import spooled, write_document, write_lines
from catalogsync.cli.readings import write_all
from catalogsync.review.text import Line
from tests.cli.conftest import write
from tests.cli.test_errors import program

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


def test_lines_are_written_while_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    written: list[str] = []

    def lines() -> Iterator[Line]:
        for number in range(5_000):
            yield Line(f"line {number}")
            written.append(capsys.readouterr().out)

    write_lines(lines())
    written.append(capsys.readouterr().out)
    assert "".join(written) == "".join(f"line {number}\n" for number in range(5_000))
    assert max(map(len, written)) < len("".join(written)) / 4


def test_no_lines_are_not_an_empty_line(capsys: pytest.CaptureFixture[str]) -> None:
    write_lines([])
    assert capsys.readouterr().out == ""


def test_a_reader_that_goes_away_changes_no_exit_code(catalog: Path, tmp_path: Path) -> None:
    tags = ", ".join(f"tag-{number:04}-of-a-usual-length" for number in range(100))
    for number in range(200):
        text = f"name: Model {number}\ntype: custom\ntags: [{tags}]\n"
        write(catalog / f"models/m{number}.yaml", text)
    plan = ("plan", catalog, "--sandbox", tmp_path / "box", "--detailed-exitcode")
    with subprocess.Popen(
        program(*plan), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith("catalog acme")
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, "Error" in said, "Traceback" in said) == (2, False, False)
