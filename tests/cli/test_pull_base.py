"""`pull` takes what was edited on the server, and leaves what Git changed itself."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run, Web, commit
from tests.cli.test_plan_and_apply import last_line, rewrite

MANIFEST = "models/ink-heroes/model.yaml"
TEXT = "models/ink-heroes/description.md"


def newer(catalog: Path) -> None:
    """A change of the short description, committed and not applied."""
    rewrite(catalog, "Hand-inked", "Newly inked")
    commit(catalog)


def manifest(catalog: Path) -> str:
    return (catalog / MANIFEST).read_text(encoding="utf-8")


def described(web: Web, text: str) -> None:
    web.put("/description", {"description": text})


def test_an_edit_is_taken_and_a_change_that_waits_is_left(
    cli: Run, applied: Path, web: Web
) -> None:
    newer(applied)
    web.put("", {"name": "By Hand"})
    found = cli("pull", applied)
    assert found.code == 0
    assert "name: By Hand\n" in manifest(applied)
    assert "shortDescription: Newly inked comic heroes.\n" in manifest(applied)
    assert "(applied last, as a Git note says)" in found.err
    planned = cli("plan", applied, "--json").out
    assert '"shortDescription"' in planned
    assert '"By Hand"' not in planned.partition('"changes"')[2].partition("]")[0]


def test_of_tags_each_is_taken_for_itself(cli: Run, applied: Path, web: Web) -> None:
    rewrite(applied, "[comic, ink]", "[comic, ink, mine]")
    commit(applied)
    web.put("/tags", {"add": ["by-hand"], "delete": ["comic"]})
    assert cli("pull", applied).code == 0
    assert "tags: [by-hand, ink, mine]\n" in manifest(applied)


def test_of_a_text_the_edited_lines_are_taken(cli: Run, applied: Path, web: Web) -> None:
    described(web, web.description.replace("# Ink", "# Ink, by hand"))
    text = applied / TEXT
    text.write_text(text.read_text() + "\nA line of mine.\n", encoding="utf-8")
    commit(applied)
    assert cli("pull", applied).code == 0
    assert text.read_text(encoding="utf-8") == (
        "# Ink, by hand\n\n![pose](images/2.webp)\n\nA line of mine.\n"
    )


def test_what_both_changed_is_refused_by_name_until_it_is_accepted(
    cli: Run, applied: Path, web: Web
) -> None:
    newer(applied)
    web.put("", {"shortDescription": "By hand.", "name": "By Hand"})
    found = cli("pull", applied)
    assert found.code == 5
    assert "changed in Git and on the server" in found.out
    assert "--accept ink-heroes:shortDescription" in found.out
    assert "name: By Hand\n" in manifest(applied)
    assert "Newly inked" in manifest(applied)
    commit(applied)
    accepted = cli("pull", applied, "--accept", "ink-heroes:shortDescription")
    assert accepted.code == 0
    assert "shortDescription: By hand.\n" in manifest(applied)
    assert last_line(cli("plan", applied).out) == "No changes. 2 models match."


def test_an_order_that_both_changed_is_not_guessed(cli: Run, applied: Path, web: Web) -> None:
    rewrite(applied, "images/2.webp, images/3.webp]", "images/3.webp, images/2.webp]")
    commit(applied)
    assets = web.model["exampleAssetIds"]
    web.put("/examples", {"assetIds": [assets[1], assets[0], assets[2]]})
    found = cli("pull", applied)
    assert found.code == 5
    assert "[images/1.webp, images/3.webp, images/2.webp]" in manifest(applied)


def test_another_base_can_be_named(cli: Run, applied: Path, web: Web) -> None:
    newer(applied)
    assert cli("pull", applied, "--base", "HEAD").code == 0
    assert "Hand-inked" in manifest(applied)


@pytest.mark.parametrize(("until", "kept"), [("2999-12-31", True), ("2020-01-01", False)])
def test_accepted_drift_stays_on_the_server_until_its_day(
    cli: Run, applied: Path, web: Web, until: str, kept: bool
) -> None:
    entry = f'ignore: [{{field: shortDescription, reason: a test, until: "{until}"}}]\n'
    rewrite(applied, "tags:", f"{entry}tags:")
    commit(applied)
    web.put("", {"shortDescription": "By hand."})
    assert cli("pull", applied).code == 0
    assert ("Hand-inked" in manifest(applied)) is kept


def test_outside_of_git_all_that_differs_is_taken(cli: Run, catalog: Path, web: Web) -> None:
    cli("apply", catalog, "--yes")
    rewrite(catalog, "Hand-inked", "Newly inked")
    found = cli("pull", catalog, "--force")
    assert found.code == 0
    assert "No commit is known to be applied" in found.err
    assert "Hand-inked" in manifest(catalog)
