"""Promise 8: no credential and no signed address in anything that a run leaves behind."""

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults, Rule
from catalogsync.sandbox.faults.kinds import FAULTS
from tests.cli.conftest import Run
from tests.cli.test_canaries import CANARIES, KEY, SECRET, applied, edited, readings
from tests.cli.test_crash import crashing
from tests.cli.trainings import Api, write_catalog
from tests.safety.canary import forms, left_in, seen

__all__ = ["applied", "edited"]

ENV = {"SCENARIO_SDK_API_KEY": KEY, "SCENARIO_SDK_API_SECRET": SECRET}
SIGNED = ("signature=", "expires=", "/parts/")
"""What the sandbox's own signed addresses hold."""


WITHOUT_ANSWER = {"stuck-validating"}
"""A wait of half a minute in which nothing is said that other runs do not say."""


def told(*texts: str | bytes) -> list[str]:
    """The secrets in what was told, also as base64 writes them."""
    data = b"\n".join(text.encode() if isinstance(text, str) else text for text in texts)
    plain = [word for word in (*CANARIES, *SIGNED) if word.encode().lower() in data.lower()]
    return plain + [word for word in (KEY, SECRET) if seen(data, word)]


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - WITHOUT_ANSWER))
def test_no_fault_that_is_known_tells_a_secret(
    cli: Run, edited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    for name, value in {**ENV, "XDG_CACHE_HOME": f"{tmp_path}/cache", "TMPDIR": "made"}.items():
        monkeypatch.setenv(name, str(value))
    made = tmp_path / "made"
    made.mkdir()
    faults = Faults(1, [Rule((fault,), times=2)], wait_s=0, drip_s=2)
    with running(tmp_path / "box", middleware=(faults,)) as server:
        where = [edited, "--base-url", server.url, "--prune", "-vvv", "--timeout", 1]
        runs = [
            cli("apply", *where, "--yes", "--log-json", "--json", *readings(made / "done")),
            cli("plan", *where, "--out", made / "plan.json", *readings(made / "plan")),
            cli("snapshot", *where[:3], "--out", made / "live.json", "-vv"),
        ]
    assert faults.injected[fault]
    said = [part for found in runs for part in (found.out, found.err)]
    assert told(*said, left_in(made), left_in(tmp_path / "cache")) == []
    assert "Traceback" not in "".join(said)


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - WITHOUT_ANSWER))
def test_no_fault_of_a_training_or_a_download_tells_a_secret(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    for name, value in {**ENV, "XDG_CACHE_HOME": f"{tmp_path}/cache", "TMPDIR": "made"}.items():
        monkeypatch.setenv(name, str(value))
    made = tmp_path / "made"
    made.mkdir()
    with running(tmp_path / "box") as server, closing(Api(server)) as api:
        catalog = write_catalog(tmp_path / "named", api.make())
        server.control.set_status(api.ids["paint"], "trained")
    faults = Faults(1, [Rule((fault,), times=2)], wait_s=0, drip_s=2)
    slow: dict[str, Any] = {"queue_s": 0, "train_s": 0, "pack_s": 0}
    with running(tmp_path / "box", middleware=(faults,), **slow) as server:
        where = ["-C", catalog, "--base-url", server.url, "-vvv", "--timeout", 1, "--log-json"]
        runs = [
            cli("train", "ink", "--yes", "--json", *where),
            cli("download", "paint", "--out", made, "--json", *where),
            cli("train", "--status", "ink", "paint", *where),
        ]
    said = [part for found in runs for part in (found.out, found.err)]
    assert told(*said, left_in(tmp_path / "cache")) == []
    assert "Traceback" not in "".join(said)


def test_neither_saved_plan_nor_cache_nor_snapshot_holds_one(
    cli: Run, edited: Path, tmp_path: Path
) -> None:
    """What stays on disk when all goes well, byte for byte: SQLite keeps what was deleted, too."""
    made = tmp_path / "made"
    made.mkdir()
    env = {**ENV, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with running(tmp_path / "box") as server:
        where = (edited, "--base-url", server.url)
        for number in range(2):
            page = (*readings(made / f"plan{number}"), "--out", made / f"{number}.json")
            assert cli("plan", *where, *page, env=env).code == 0
            assert (
                cli("apply", *where, "--yes", *readings(made / f"done{number}"), env=env).code == 0
            )
        assert cli("snapshot", *where, "--out", made / "live.json", env=env).code == 0
    assert b"SQLite format 3" in left_in(tmp_path / "cache")
    assert told(left_in(made), left_in(tmp_path / "cache")) == []


@pytest.mark.parametrize("command", ["plan", "apply", "validate", "doctor", "snapshot"])
def test_no_crash_report_holds_one(catalog: Path, tmp_path: Path, command: str) -> None:
    """The broken installation raises an error that quotes the secret."""
    more = {"snapshot": ("--out", tmp_path / "x.json"), "apply": ("--yes", "-vv", "--log-json")}
    secret = "--project=canary-secret"
    given = () if command == "validate" else (secret,)
    done = crashing(tmp_path, command, catalog, *given, *more.get(command, ()))
    (report,) = (tmp_path / "tmp").iterdir()
    assert done.returncode == 1
    for text in (done.stdout, done.stderr, report.read_text()):
        assert not any(seen(text, word) for word in ("canary-secret", "canary-key"))
    assert "RuntimeError" in report.read_text()


def test_the_secrets_would_be_found() -> None:
    """Every form that is looked for is found in what holds it."""
    for form in (*forms(SECRET), f"x {KEY} y".encode(), b"https://x/?Signature=1"):
        assert told(form) != []
    assert told(json.dumps({"a": re.escape("b")})) == []
