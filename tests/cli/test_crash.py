"""A crash leaves a report that tells where in the code, and no secret, to be sent to us."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalogsync import __version__
from tests.cli.test_errors import program

BROKEN = """\
import os


def broken(secret: str) -> None:
    told = f"it was {secret}"
    raise RuntimeError(told)


try:
    broken(os.environ["SCENARIO_SDK_API_SECRET"])
except RuntimeError as error:
    raise RuntimeError(str(error)) from error
"""
"""A module that says what it knows, in an installation where nobody expects it."""


def crashing(
    folder: Path, *arguments: object, limit: str = "unlimited"
) -> "subprocess.CompletedProcess[str]":
    """Run the program in an installation of which a part is broken; `limit` is for its files."""
    (folder / "broken").mkdir()
    (folder / "broken/sqlite3.py").write_text(BROKEN)
    (folder / "tmp").mkdir()
    secrets = {"SCENARIO_SDK_API_KEY": "canary-key", "SCENARIO_SDK_API_SECRET": "canary-secret"}
    places = {"PYTHONPATH": str(folder / "broken"), "TMPDIR": str(folder / "tmp")}
    return subprocess.run(
        ["/bin/sh", "-c", f'ulimit -f {limit}; exec "$@"', "sh", *program(*arguments)],
        env=os.environ | secrets | places,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("command", ["plan", "validate", "doctor"])
def test_a_crash_says_in_one_sentence_where_its_report_is(
    catalog: Path, tmp_path: Path, command: str
) -> None:
    done = crashing(tmp_path, command, catalog)
    (report,) = (tmp_path / "tmp").iterdir()
    assert done.returncode == 1
    assert done.stdout.count("\n") <= 1
    assert done.stderr == (
        "catalog-sync: a defect of catalog-sync or its installation: RuntimeError\n"
        f"  what to do: report it with {report}, which holds no secrets\n"
    )


def test_a_report_holds_versions_command_and_places_but_no_value(
    catalog: Path, tmp_path: Path
) -> None:
    options = ["--base-url=https://canary-url/v1", "--project", "canary-project", "-v"]
    crashing(tmp_path, "plan", catalog, *options, "--only", "canary-glob")
    (report,) = (tmp_path / "tmp").iterdir()
    text = report.read_text(encoding="utf-8")
    assert report.stat().st_mode & 0o777 == 0o600
    assert "canary" not in text
    assert text.startswith(f"catalog-sync {__version__}, Python {sys.version.split()[0]}, ")
    assert "command: catalog-sync plan ... --base-url=... --project ... -v --only ...\n" in text
    assert text.count("builtins.RuntimeError\n") == 2
    line = 'broken(os.environ["SCENARIO_SDK_API_SECRET"])'
    assert f"  {tmp_path}/broken/sqlite3.py:10 in <module>: {line}\n" in text
    assert f"  {tmp_path}/broken/sqlite3.py:6 in broken: raise RuntimeError(told)\n" in text


def test_where_nothing_can_be_written_the_report_is_shown(catalog: Path, tmp_path: Path) -> None:
    done = crashing(tmp_path, "validate", catalog, limit="0")
    assert done.returncode == 1
    assert list((tmp_path / "tmp").iterdir()) == []
    assert done.stderr.startswith(f"catalog-sync {__version__}, Python ")
    assert "builtins.RuntimeError\n" in done.stderr
    assert "canary" not in done.stderr
    hint = "  what to do: report it with the lines above, which hold no secrets\n"
    assert done.stderr.endswith(hint)
