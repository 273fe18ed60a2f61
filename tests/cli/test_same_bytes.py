"""The same plan is the same bytes, whatever the machine it is read on."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from catalogsync.review.formats import CHECK_FORMATS
from catalogsync.sandbox import running
from tests.cli.conftest import Run, write
from tests.cli.test_errors import program

HOSTILE = '"Ünï 🎨 e\\u0301 \\u202e ::add-mask::x ##[group] <b> | ` --> \\u65e5"'

MACHINES = {
    "c": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "TZ": "UTC"},
    "posix ascii": {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii", "COLUMNS": "20"},
    "latin": {"LC_ALL": "en_US.ISO-8859-1", "PYTHONIOENCODING": "latin-1", "LINES": "5"},
    "turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Europe/Istanbul"},
    "kathmandu": {"LC_ALL": "C.UTF-8", "TZ": "Asia/Kathmandu", "COLUMNS": "500"},
    "far": {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1", "TERM": "dumb"},
    "hash": {"PYTHONHASHSEED": "424242", "PYTHONOPTIMIZE": "1", "CI": "true"},
}


@pytest.fixture
def hostile(cli: Run, catalog: Path, tmp_path: Path) -> Path:
    """A catalog with texts that a locale could change; what it was before is in `box`."""
    assert cli("apply", catalog, "--sandbox", tmp_path / "box", "--yes").code == 0
    tags = ", ".join(f"t{number}" for number in range(20))
    text = f"name: {HOSTILE}\ntype: custom\nshortDescription: {HOSTILE}\n"
    write(catalog / "models/third.yaml", f"{text}tags: [{tags}, {HOSTILE}]\n")
    write(catalog / "models/ink-heroes/description.md", "# İstanbul ıI\n\nligne\u2028après\n")
    return catalog


def printed(machine: dict[str, str], *arguments: object, url: str = "", code: int = 0) -> bytes:
    """What a process of its own prints, with an environment of nothing but what is given."""
    names = ("PATH", "HOME", "XDG_CACHE_HOME")
    env = {name: os.environ[name] for name in names if name in os.environ}
    env |= {"SCENARIO_SDK_API_KEY": "k", "SCENARIO_SDK_API_SECRET": "s", "SCENARIO_BASE_URL": url}
    done = subprocess.run(program(*arguments), env=env | machine, capture_output=True)
    assert all(line.startswith(b"wrote ") for line in done.stderr.splitlines()), done.stderr
    assert done.returncode == code
    return done.stdout


def test_a_saved_plan_is_shown_in_the_same_bytes(cli: Run, hostile: Path, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    made = {name: tmp_path / f"made.{name}" for name in ("json-into", "markdown", "html")}
    files = [part for name, path in made.items() for part in (f"--{name}", path)]
    text = cli("plan", hostile, "--sandbox", tmp_path / "box", "--out", saved, *files).out
    wanted = {name: path.read_bytes() for name, path in made.items()}
    assert b"data:image/webp" in wanted["html"]
    for machine in MACHINES.values():
        assert printed(machine, "show", saved, hostile, *files) == text.encode()
        assert {name: path.read_bytes() for name, path in made.items()} == wanted
        assert printed(machine, "show", saved, "--json") == saved.read_bytes()


@pytest.mark.parametrize("name", CHECK_FORMATS)
def test_problems_are_told_in_the_same_bytes(hostile: Path, name: str) -> None:
    write(hostile / "models/wrong.yaml", f"name: {HOSTILE}\ntipe: {HOSTILE}\n")
    arguments = ("validate", hostile, "--format", name)
    found = {printed(machine, *arguments, code=1) for machine in MACHINES.values()}
    assert len(found) == 1


def test_the_same_catalog_and_server_give_the_same_plan(hostile: Path, tmp_path: Path) -> None:
    """But for the time at which the server was read, and the digest over that."""
    texts, documents = set(), set()
    with running(tmp_path / "box") as server:
        for machine in MACHINES.values():
            out = tmp_path / "plan.json"
            texts.add(printed(machine, "plan", hostile, "--out", out, url=server.url))
            document = json.loads(out.read_bytes())
            assert document.pop("read_at").endswith("Z")
            assert document.pop("integrity")
            documents.add(json.dumps(document))
    assert (len(texts), len(documents)) == (1, 1)
