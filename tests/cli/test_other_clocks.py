"""A server whose clock is wrong, and one that is away for a moment: neither is felt."""

from pathlib import Path

import pytest

from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults, Rule
from tests.cli.conftest import MODEL, Run, write
from tests.cli.test_kinds import wav

HOUR = 3600.0


@pytest.fixture
def sounding(catalog: Path) -> Path:
    """A catalog of which one file is sent in parts, to addresses that expire."""
    folder = catalog / "models/ink-heroes"
    (folder / "voice.wav").write_bytes(wav(4096))
    write(folder / "model.yaml", MODEL.replace("images/3.webp]", "images/3.webp, voice.wav]"))
    return catalog


@pytest.mark.parametrize("hours", [-30, -2, 2, 30])
def test_a_server_whose_clock_is_off_by_hours(
    cli: Run, sounding: Path, tmp_path: Path, hours: int
) -> None:
    faults = Faults(
        0, [Rule(("retry-date",), rate=0.2, times=5), Rule(("clock-off",), "POST *")], wait_s=0
    )
    with running(tmp_path / "box", validate_s=0, import_s=0, middleware=(faults,)) as server:
        server.control.advance(hours * HOUR)
        where = (sounding, "--base-url", server.url)
        assert cli("apply", *where, "--yes").code == 0
        assert cli("plan", *where, "--detailed-exitcode").code == 0
        write(sounding / "models/both.yaml", "name: Both\ntype: custom\ntags: [new]\n")
        assert cli("apply", *where, "--yes", "--max-wait", "5").code == 0
        # Not even a clock that is set while nobody looks is an edit of somebody.
        server.control.advance(-2 * hours * HOUR)
        write(sounding / "models/both.yaml", "name: Both\ntype: custom\ntags: [newer]\n")
        assert cli("apply", *where, "--yes").code == 0
        assert cli("plan", *where, "--detailed-exitcode").code == 0
    assert faults.injected["retry-date"]
    assert faults.injected["clock-off"]


def test_a_server_that_is_away_for_a_moment(cli: Run, sounding: Path, tmp_path: Path) -> None:
    endpoints = ("GET /models", "POST /models", "POST /assets", "POST /uploads", "PUT part")
    faults = Faults(0, [Rule(("refused",), each, times=1) for each in endpoints], wait_s=0.05)
    with running(tmp_path / "box", validate_s=0, import_s=0, middleware=(faults,)) as server:
        where = (sounding, "--base-url", server.url)
        applied = cli("apply", *where, "--yes", "--jobs", "1", "-v")
        assert applied.code == 0, applied.out
        assert cli("plan", *where, "--detailed-exitcode").code == 0
    assert faults.injected["refused"] == len(endpoints)


def test_a_server_that_is_not_there(cli: Run, catalog: Path, tmp_path: Path) -> None:
    with running(tmp_path / "box") as server:
        url = server.url
    found = cli("apply", catalog, "--yes", "--base-url", url, "--timeout", "1")
    assert found.code == 1
    assert "catalog-sync: GET /models: " in found.err
    assert "Connection refused" in found.err
    assert f"what to do: check the network and the address {url}, then run it again" in found.err
