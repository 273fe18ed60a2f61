"""Read at night by somebody who did not write it: every failure says what, where and what to do."""

import re
from pathlib import Path

import pytest

from catalogsync.errors import ApiError
from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults, Rule
from tests.cli.conftest import Run

AT_ONCE = ("--max-wait", "0")
QUICK = ("--timeout", "0.4", *AT_ONCE)

READING = (
    "401",
    "ceiling",
    "cooldown",
    "cut-off",
    "lost",
    "missing-fields",
    "not-json",
    "refused",
    "wrong-type",
    "500",
    "502",
)


@pytest.mark.parametrize("fault", READING)
def test_a_read_that_fails(cli: Run, catalog: Path, tmp_path: Path, fault: str) -> None:
    faults = Faults(0, [Rule((fault,), "GET /models")])
    with running(tmp_path / "box", middleware=(faults,)) as server:
        found = cli("plan", catalog, "--base-url", server.url, *QUICK)
    assert found.code in (1, 3)
    what, hint, *_ = found.err.splitlines()
    assert re.fullmatch(r"catalog-sync: GET /models: .+", what)
    assert re.fullmatch(r"  what to do: .{15,}", hint)
    assert "Errno" not in what


WRITING = {
    "POST /models": "500",
    "PUT /models/{}/tags": "409",
    "PUT /models/{}/description": "408",
}


@pytest.mark.parametrize("endpoint", WRITING)
def test_a_write_that_fails(cli: Run, catalog: Path, tmp_path: Path, endpoint: str) -> None:
    fault, (method, _) = WRITING[endpoint], endpoint.split()
    faults = Faults(0, [Rule((fault,), endpoint)])
    with running(tmp_path / "box", middleware=(faults,)) as server:
        found = cli("apply", catalog, "--yes", "--base-url", server.url, *AT_ONCE)
    assert found.code == 4
    lines = found.out.splitlines()
    failed = [at for at, line in enumerate(lines) if line.startswith("! failed ")]
    assert failed
    for at in failed:
        assert re.fullmatch(rf"! failed .+: {method} /models.* \({fault}\)", lines[at])
        assert lines[at + 1].startswith("    what to do: ")


def test_no_error_of_the_api_leaves_one_alone() -> None:
    def kinds(kind: type[ApiError]) -> set[type[ApiError]]:
        return {kind}.union(*map(kinds, kind.__subclasses__()))

    assert all(kind("something").hint for kind in kinds(ApiError))
