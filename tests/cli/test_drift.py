"""`drift` as people and jobs use it: against a real server, in real repositories."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from catalogsync.forge.stamp import Kind, read_marker
from catalogsync.manifest import schema
from tests.browser import browser
from tests.cli.conftest import Run, Web
from tests.cli.test_plan_and_apply import last_line, rewrite

NO_DRIFT = "No drift. 2 models as in Git."
EDITED = "Drift: 1 edited on the server, 0 gone, 0 in conflict with Git."


def short_description(text: str) -> dict[str, Any]:
    return {"shortDescription": text}


def test_right_after_an_apply_there_is_none(cli: Run, applied: Path) -> None:
    found = cli("drift", applied)
    assert (found.code, last_line(found.out)) == (0, NO_DRIFT)


def test_an_edit_is_told_from_git_to_the_server(
    cli: Run,
    applied: Path,
    web: Web,
) -> None:
    web.put("", short_description("By hand."))
    web.put("/tags", {"add": ["by-hand"], "delete": []})
    found = cli("drift", applied)
    assert (found.code, last_line(found.out)) == (2, EDITED)
    assert '    shortDescription  "Hand-inked comic heroes." -> "By hand."' in found.out
    assert "    tags              +by-hand" in found.out
    assert f"model created by {web.model['authorId']}" in found.out
    assert "To put it back: catalog-sync apply" in found.out


def test_what_git_changed_waits_for_an_apply_and_is_no_drift(
    cli: Run,
    applied: Path,
    web: Web,
) -> None:
    rewrite(applied, "Hand-inked", "Newly inked")
    found = cli("drift", applied)
    assert (found.code, last_line(found.out)) == (
        0,
        "No drift. 1 model as in Git, 1 to be applied.",
    )
    web.put("", short_description("By hand."))
    both = cli("drift", applied)
    assert (both.code, "! conflict: Git changes shortDescription too" in both.out) == (2, True)


def test_without_a_record_head_counts_as_applied(
    cli: Run,
    clone: Path,
    web: Web,
) -> None:
    cli("apply", clone, "--yes")
    found = cli("drift", clone)
    assert (found.code, last_line(found.out)) == (0, NO_DRIFT)
    assert "(HEAD: nothing is recorded as applied)" in found.out
    web.put("", short_description("By hand."))
    assert cli("drift", clone).code == 2


def test_outside_of_git_all_that_differs_counts(cli: Run, catalog: Path, web: Web) -> None:
    cli("apply", catalog, "--yes")
    rewrite(catalog, "Hand-inked", "Newly inked")
    found = cli("drift", catalog)
    assert found.code == 2
    assert "No commit is known to be applied" in found.out


def test_every_reading_tells_the_same(
    cli: Run,
    applied: Path,
    web: Web,
    tmp_path: Path,
) -> None:
    web.put("", short_description("By hand."))
    files = {name: tmp_path / f"drift.{name}" for name in ("json", "markdown", "html")}
    options = ("--json-into", files["json"], "--markdown", files["markdown"])
    found = cli("drift", applied, *options, "--html", files["html"])
    told = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
    document = json.loads(told["json"])
    Draft202012Validator(schema("drift")).validate(document)
    assert (document["summary"], document["counts"]["edited"]) == (EDITED, 1)
    assert last_line(found.out) == EDITED
    marker = read_marker(told["markdown"])
    assert marker is not None
    assert (marker.kind, marker.digest) == (Kind.DRIFT, document["fingerprint"])
    assert all(EDITED in told[name] and "By hand." in told[name] for name in ("markdown", "html"))
    again = cli("drift", applied, "--json")
    assert json.loads(again.out)["fingerprint"] == document["fingerprint"]


def test_the_page_shows_both_sides_in_a_browser(
    cli: Run,
    applied: Path,
    web: Web,
    tmp_path: Path,
) -> None:
    assets = web.model["exampleAssetIds"]
    web.put("/examples", {"assetIds": assets[::-1]})
    page = tmp_path / "drift.html"
    assert cli("drift", applied, "--html", page).code == 2
    with browser() as found, found.page(page) as shown:
        text = shown.run("document.body.innerText")
    assert "1 model changed on the server" in text
    assert "In Git" in text
    assert "Now" in text


def test_a_server_that_cannot_be_asked_is_not_clean(cli: Run, applied: Path) -> None:
    found = cli("drift", applied, "--base-url", "http://127.0.0.1:9/v1", "--timeout", "2")
    assert (found.code, found.out) == (1, "")


def test_a_key_that_is_refused_is_not_clean(cli: Run, applied: Path) -> None:
    found = cli("drift", applied, env={"SCENARIO_SDK_API_KEY": ""})
    assert (found.code, found.out) == (3, "")


def test_models_that_cannot_be_told_apart_are_not_clean(
    cli: Run,
    applied: Path,
    web: Web,
) -> None:
    web.copy()
    found = cli("drift", applied)
    assert found.code == 1
    assert last_line(found.out) == "Could not tell: 2 models could not be compared."


@pytest.mark.parametrize(("until", "code"), [("2999-12-31", 0), ("2020-01-01", 2)])
def test_accepted_drift_is_told_apart_until_its_day(
    cli: Run,
    applied: Path,
    web: Web,
    until: str,
    code: int,
) -> None:
    web.put("", short_description("By hand."))
    entry = f'ignore: [{{field: shortDescription, reason: a test, until: "{until}"}}]\n'
    rewrite(applied, "tags:", f"{entry}tags:")
    found = cli("drift", applied)
    assert found.code == code
    assert ("accepted for now" in found.out) is (code == 0)
