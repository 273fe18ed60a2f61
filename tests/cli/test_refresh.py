"""`--refresh changed`: only the texts of models that changed are read, and a plan says so."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, Web, write
from tests.cli.test_plan_and_apply import last_line

CHANGED = ("--refresh", "changed")
NOTHING = "No changes. 2 models match."
SAID = "texts of 2 models as read before, the oldest at 20"


def texts(server: Any) -> int:
    """How many texts were read of models, since the last time."""
    sent: Counter[str] = server.control.requests()
    server.control.forget_requests()
    ends = ("/description", "/prompt-guide")
    return sum(sent[told] for told in sent if told.startswith("GET") and told.endswith(ends))


@pytest.fixture
def warm(cli: Run, applied: Path, server: Any) -> Iterator[Path]:
    """An applied catalog whose texts a plan has read a minute later."""
    server.control.advance(60)
    assert last_line(cli("plan", applied).out) == NOTHING
    texts(server)
    yield applied
    server.control.advance(-60)


def test_a_plan_reads_no_text_of_a_model_that_did_not_change(
    cli: Run, warm: Path, server: Any
) -> None:
    found = cli("plan", warm, *CHANGED)
    assert (last_line(found.out), texts(server)) == (NOTHING, 0)
    assert SAID in found.out


def test_without_the_option_and_in_drift_everything_is_read(
    cli: Run, warm: Path, server: Any
) -> None:
    assert "as read before" not in cli("plan", warm).out
    assert texts(server) == 3
    assert cli("drift", warm).code == 0
    assert texts(server) == 3


def test_it_has_its_variable(cli: Run, warm: Path, server: Any) -> None:
    found = cli("plan", warm, env={"CATALOG_SYNC_REFRESH": "changed"})
    assert (last_line(found.out), texts(server)) == (NOTHING, 0)


def test_a_text_that_somebody_edited_is_read_and_seen(
    cli: Run, warm: Path, server: Any, web: Web
) -> None:
    web.put("/description", {"description": "By hand."})
    server.control.forget_requests()
    found = cli("plan", warm, *CHANGED)
    assert "-By hand." in found.out
    assert "texts of 1 model as read before" in found.out
    assert texts(server) == 2


def test_what_an_apply_writes_is_read_by_the_next_plan(cli: Run, warm: Path, server: Any) -> None:
    path = warm / "models/ink-heroes/description.md"
    write(path, path.read_text() + "\nMore.\n")
    assert cli("apply", warm, *CHANGED, "--yes").code == 0
    texts(server)
    found = cli("plan", warm, *CHANGED)
    assert (last_line(found.out), texts(server)) == (NOTHING, 2)
    assert "texts of 1 model as read before" in found.out


def test_a_text_that_somebody_edited_a_moment_ago_is_read_until_a_while_has_passed(
    cli: Run, warm: Path, server: Any, web: Web
) -> None:
    """Two edits may have one date: what was read between them must not count as the second."""
    web.put("", {"shortDescription": "By hand."})
    server.control.forget_requests()
    for _ in range(2):
        cli("plan", warm, *CHANGED)
        assert texts(server) == 2
    server.control.advance(60)
    for number in (2, 0):
        cli("plan", warm, *CHANGED)
        assert texts(server) == number
    server.control.advance(-60)


def test_a_text_that_moved_without_its_date_is_a_conflict_and_seen_by_the_next_plan(
    cli: Run, warm: Path, web: Web, server: Any
) -> None:
    """What the API does not promise: an edit that leaves `updatedAt` as it is."""
    server.control.set_description(web.model["id"], "By hand.")
    assert last_line(cli("plan", warm, *CHANGED).out) == NOTHING
    path = warm / "models/ink-heroes/description.md"
    write(path, path.read_text() + "\nMore.\n")
    refused = cli("apply", warm, *CHANGED, "--yes")
    assert refused.code == 5
    assert "somebody changed the description" in refused.out
    assert web.description == "By hand."
    assert "-By hand." in cli("plan", warm, *CHANGED).out


def test_a_full_plan_mends_what_is_known_though_no_date_moved(
    cli: Run, warm: Path, web: Web, server: Any
) -> None:
    server.control.set_description(web.model["id"], "By hand.")
    assert "-By hand." in cli("plan", warm).out
    assert "-By hand." in cli("plan", warm, *CHANGED).out


def test_a_saved_plan_says_what_was_not_read_for_it(cli: Run, warm: Path) -> None:
    files = ("--out", "plan.json", "--markdown", "plan.md", "--html", "plan.html")
    assert cli("plan", warm, *CHANGED, *files).code == 0
    held = json.loads(Path("plan.json").read_text())
    assert held["read_before"]["models"] == 2
    assert held["read_before"]["since"] <= held["read_at"]
    assert "texts of 2 models as read before" in Path("plan.md").read_text()
    assert "texts of 2 models as read before" in Path("plan.html").read_text()
    assert SAID in cli("show", "plan.json").out
    assert cli("apply", warm, "plan.json").code == 0


@pytest.mark.parametrize("others", [["--no-cache"], ["--against", "git:HEAD"]])
def test_it_is_refused_where_it_makes_no_sense(cli: Run, warm: Path, others: list[str]) -> None:
    found = cli("plan", warm, *CHANGED, *others)
    assert found.code == 64
    assert "--refresh changed" in found.err
