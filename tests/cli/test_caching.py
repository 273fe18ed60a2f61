"""The cache as a user meets it: fewer requests, the same answers, and a way to do without."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import MODEL, Run, write

NOTHING = "No changes. 2 models match."
GET_BULK = "POST /assets/get-bulk"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory for each test, and files that have been at rest for a while."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    real = time.time_ns
    monkeypatch.setattr("time.time_ns", lambda: real() + 10_000_000_000)
    return tmp_path / "home"


@pytest.fixture
def applied(cli: Run, catalog: Path) -> Path:
    """A catalog that the project looks like."""
    assert cli("apply", catalog, "--yes", "--no-cache").code == 0
    return catalog


def held(home: Path, table: str) -> int:
    """How many entries the cache holds."""
    with closing(sqlite3.connect(home / "catalog-sync/digests.sqlite")) as database:
        (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)


def plan(cli: Run, server: Any, *arguments: object) -> tuple[str, int]:
    """The last line of a plan, and how often it read assets."""
    server.control.forget_requests()
    found = cli("plan", *arguments)
    return found.out.rstrip().rpartition("\n")[2], server.control.requests()[GET_BULK]


def test_the_second_plan_reads_no_assets(cli: Run, applied: Path, server: Any) -> None:
    assert plan(cli, server, applied) == (NOTHING, 1)
    assert plan(cli, server, applied) == (NOTHING, 0)


def test_no_cache_reads_everything_and_keeps_nothing(
    cli: Run, applied: Path, server: Any, home: Path
) -> None:
    assert plan(cli, server, applied, "--no-cache") == (NOTHING, 1)
    assert not home.exists()
    assert plan(cli, server, applied) == (NOTHING, 1)
    assert plan(cli, server, applied, "--no-cache") == (NOTHING, 1)


def test_no_cache_has_its_variable(cli: Run, applied: Path, home: Path) -> None:
    assert cli("validate", applied, env={"CATALOG_SYNC_NO_CACHE": "1"}).code == 0
    assert not home.exists()


def test_validate_keeps_what_it_read(cli: Run, catalog: Path, home: Path) -> None:
    for _ in range(2):
        assert cli("validate", catalog).out == "No problems. 2 manifests, 3 files.\n"
        assert held(home, "files") == 3


def test_a_run_that_fails_keeps_what_it_read(cli: Run, catalog: Path, home: Path) -> None:
    write(catalog / "models/both.yaml", "name: [\n")
    assert cli("validate", catalog).code == 1
    assert held(home, "files") == 3
    (home / "catalog-sync/digests.sqlite").unlink()
    write(catalog / "models/both.yaml", "name: Both\ntype: custom\n")
    assert cli("plan", catalog, "--base-url", "http://127.0.0.1:9/v1").code == 1
    assert held(home, "files") == 3


def test_an_edit_is_seen_and_applied_with_a_warm_cache(
    cli: Run, applied: Path, server: Any
) -> None:
    plan(cli, server, applied)
    order = "[images/1.webp, images/2.webp, images/3.webp]"
    changed = MODEL.replace(order, "[images/3.webp, images/2.webp]")
    write(applied / "models/ink-heroes/model.yaml", changed)
    with_cache, without = cli("plan", applied), cli("plan", applied, "--no-cache")
    assert with_cache.out == without.out
    assert cli("apply", applied, "--yes").code == 0
    assert plan(cli, server, applied) == (NOTHING, 0)
    assert plan(cli, server, applied, "--no-cache") == (NOTHING, 1)


def test_a_wrong_word_of_the_cache_is_never_sent(
    cli: Run, catalog: Path, server: Any, home: Path
) -> None:
    cli("validate", catalog)
    with closing(sqlite3.connect(home / "catalog-sync/digests.sqlite")) as database:
        database.execute("UPDATE files SET sha256 = ? WHERE path LIKE '%1.webp'", ["ab" * 32])
        database.commit()
    server.control.forget_requests()
    found = cli("apply", catalog, "--yes")
    assert found.code == 4
    assert "1.webp changed after it was planned" in found.out
    assert server.control.requests()["POST /assets"] == 2


def test_the_embedded_sandbox_is_known_again_in_the_next_run(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    box = tmp_path / "box"
    cli("apply", catalog, "--sandbox", box, "--yes")
    assert GET_BULK in cli("plan", catalog, "--sandbox", box, "--verbose").err
    again = cli("plan", catalog, "--sandbox", box, "--verbose")
    assert NOTHING in again.out
    assert GET_BULK not in again.err


def test_doctor_tells_where_the_cache_is_and_what_it_holds(
    cli: Run, applied: Path, home: Path
) -> None:
    cli("plan", applied)
    found = cli("doctor", applied)
    assert found.code == 0
    path = home / "catalog-sync/digests.sqlite"
    assert f"ok    cache       {path}: 3 files, 3 assets, " in found.out
    assert "ok    cache       not used\n" in cli("doctor", applied, "--no-cache").out


def test_a_cache_that_cannot_be_written_is_no_error(cli: Run, applied: Path, home: Path) -> None:
    home.write_text("a file where the folder should be")
    for command in ("validate", "plan", "doctor"):
        found = cli(command, applied)
        assert (found.code, found.err) == (0, "")
