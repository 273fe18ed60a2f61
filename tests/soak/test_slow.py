"""A slow machine is told from a defect, and a soak that did nothing from one that is clean."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from catalogsync.model import Catalog, ModelSpec
from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults
from tests.soak.__main__ import main
from tests.soak.mixes import Exclusion, Mix
from tests.soak.result import Result
from tests.soak.schedule import Schedule
from tests.soak.soak import carried_out, written_files

NO_FAULTS = Mix("no faults", lambda spec: spec, (Exclusion("*", "*", "not asked here"),))
SCHEDULE = Schedule(
    1,
    0,
    NO_FAULTS,
    2 * (Catalog(name="acme", models=(ModelSpec(key="ink", name="Ink", type="flux.1-lora"),)),),
)


class Late:
    """A middleware that does the first create only once the client has tried it again."""

    def __init__(self) -> None:
        self._creates = 0
        self._again = asyncio.Event()

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            creates = _creates_a_model(scope)
            self._creates += creates
            first = self._creates == 1
            if creates and first:
                await self._again.wait()
            await app(scope, receive, send)
            if creates and not first:
                self._again.set()

        return serve


def twice(app: Any) -> Any:
    """A middleware that makes every model twice."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if _creates_a_model(scope):
            body = await receive()
            receive = _always(body)
            await app(scope, receive, _always(None))
        await app(scope, receive, send)

    return serve


def _creates_a_model(scope: Any) -> bool:
    path: str = scope["path"]
    return (scope["method"], path.endswith("/models")) == ("POST", True)


def _always(answer: Any) -> Any:
    async def given(*_: Any) -> Any:
        return answer

    return given


def outcome(folder: Path, *middleware: Any, patience_s: tuple[float, ...]) -> Result:
    faults, files = Faults(), written_files(folder)
    with running(folder / "box", validate_s=0, middleware=(faults, *middleware)) as server:
        return carried_out(SCHEDULE, server, faults, files, patience_s=patience_s)


def test_what_a_late_answer_broke_is_run_again_with_more_patience(tmp_path: Path) -> None:
    impatient = outcome(tmp_path / "one", Late(), patience_s=(1.0,))
    assert impatient.duplicates
    patient = outcome(tmp_path / "two", Late(), patience_s=(1.0, 60.0))
    assert (patient.good, patient.again) == (True, 1)


def test_a_defect_is_not_run_again(tmp_path: Path) -> None:
    broken = outcome(tmp_path, twice, patience_s=(60.0, 60.0))
    assert broken.duplicates
    assert broken.again == 0


@pytest.mark.parametrize(("stories", "code"), [("0", 1), ("25", 0)])
def test_a_soak_that_ran_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stories: str, code: int
) -> None:
    none = ["--schedules", "0", "--kills", "0", "--lives", "0", "--days", "1", "--seed", "1"]
    monkeypatch.setattr(sys, "argv", ["script/soak", *none, "--stories", stories])
    assert main() == code
    assert [stories] == re.findall(r"^stories +(\d+)$", capsys.readouterr().out, re.MULTILINE)
