"""Promise 1: no path in a manifest makes us read, show or send what is not the catalog's."""

import json
import os
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.cli.conftest import Run, write
from tests.cli.test_errors import program
from tests.safety.attack import refused_by_all
from tests.safety.canary import CANARY, CONTENTS, Recorder, seen
from tests.safety.hostile_paths import HOSTILE_PATHS

FOLDER = "models/ink-heroes"
MANIFEST = f"{FOLDER}/model.yaml"
FIELDS = """\
name: Ink Heroes
type: custom
thumbnail: %s
examples:
  - %s
  - {file: %s}
  - {glob: %s}
description: {file: %s}
promptGuide: %s
"""
LINES = (3, 5, 6, 7, 8, 9)
"""The lines of a manifest on which a path stands, in every place that takes one."""

NO_PATH_THERE = {"": [3], "x\n.png": [9]}
"""An empty thumbnail means none, and in a text no mention goes on behind the end of its line."""

_SKIPPED = dict.fromkeys(map(ord, "\u200c\u200d\u200b\u200e\u200f\ufeff\u2060"))


def manifest(path: str) -> str:
    """A manifest that names a path wherever one may stand; JSON is YAML."""
    text = re.sub(r"\.png\b", ".md", path)
    shown = f"![x](<{path}>) {{asset:{path}}}"
    quoted = [json.dumps(each) for each in (*[path] * 4, text, shown)]
    return FIELDS % tuple(quoted)


def taken_for(path: str) -> Iterator[str]:
    """What careless readers and other systems take a path for."""
    readings = (
        lambda text: text,
        unquote,
        lambda text: unquote(unquote(text)),
        lambda text: text.replace("\\", "/"),
        lambda text: text.translate(_SKIPPED),
        lambda text: unicodedata.normalize("NFKC", text),
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.split("\0")[0],
        lambda text: re.sub(r"^(?:[A-Za-z]:|\\\\\?\\[A-Za-z]:|[\\/]+)", "", text),
        lambda text: re.sub(r"[. ]+(?=/|$)", "", text),
        lambda text: text.partition(":")[0],
        lambda text: text.replace("GIT~1", ".git"),
        lambda text: os.path.expandvars(text.replace("~root", "~").replace("~", "$HOME")),
        str.lower,
    )
    yield from (reading(path) for reading in readings)
    for reading in readings[:-1]:
        path = reading(path)
    yield from (path, path.lower())


def put_canaries(top: Path, folder: Path, path: str, *, as_written: bool) -> int:
    """Put a secret wherever a path could be taken to lead, below `top`; count them."""
    count = 0
    for reading in set(taken_for(path)):
        for ending in CONTENTS:
            target = Path(os.path.normpath(folder / re.sub(r"\.(png|md)\b", ending, reading)))
            literal = str(target.relative_to(folder)) if target.is_relative_to(folder) else ""
            names = (path, re.sub(r"\.png\b", ".md", path))
            if not target.is_relative_to(top) or (literal in names and not as_written):
                continue
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(CONTENTS[ending])
            except (OSError, ValueError):
                continue
            count += 1
    return count


@pytest.mark.parametrize(
    ("path", "said"),
    [(path, said) for _, path, said in HOSTILE_PATHS],
    ids=[name for name, _, _ in HOSTILE_PATHS],
)
def test_a_hostile_path_is_refused_on_its_line_and_nothing_is_told_of_where_it_leads(
    cli: Run,
    catalog: Path,
    server: Any,
    recorder: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    said: str,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "made/cache"))
    put_canaries(tmp_path, catalog / FOLDER, path, as_written="is not there" not in said)
    (tmp_path / "made").mkdir(exist_ok=True)
    write(catalog / MANIFEST, manifest(path))
    missing = NO_PATH_THERE.get(path, [])
    places = [f"{MANIFEST}:{line}" for line in LINES if line not in missing]
    told = refused_by_all(cli, catalog, recorder, tmp_path / "made", places)
    assert any(part in told for part in said.split("|"))


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]
)
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_neither_the_environment_nor_the_input_of_a_real_process_is_read(
    catalog: Path, server: Any, recorder: Recorder, tmp_path: Path, path: str, command: str
) -> None:
    write(catalog / MANIFEST, manifest(path))
    recorder.taken()
    done = subprocess.run(
        program(command, catalog),
        env={**os.environ, "CANARY": CANARY, "SCENARIO_BASE_URL": server.url},
        input=CONTENTS[".md"],
        capture_output=True,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert b"an absolute path" in done.stdout + done.stderr
    assert not seen(done.stdout + done.stderr + recorder.taken())
