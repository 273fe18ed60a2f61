"""`--html FILE`: the page of a plan, pictures and all."""

from pathlib import Path
from shutil import rmtree

import pytest

from tests.cli.conftest import Run, commit, write

HINT = "What is not shown is only on the server: --html-live-images brings it in."


def drawn(page: Path) -> int:
    """How many pictures a page has."""
    return page.read_text(encoding="utf-8").count("background-image:url(data:image/webp;base64,")


def test_plan_writes_a_page_with_the_catalogs_pictures(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    page = tmp_path / "review.html"
    plain = cli("plan", catalog)
    done = cli("plan", catalog, "--html", page)
    assert (done.code, done.out) == (0, plain.out)
    text = page.read_text(encoding="utf-8")
    assert "Plan: 2 to create" in text
    assert text.count("background-image:url(data:image/webp;base64,") == 3
    assert [path.name for path in tmp_path.glob("review*")] == ["review.html"]


def test_apply_writes_the_page_of_what_it_was_about_to_do(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    page = tmp_path / "review.html"
    assert cli("apply", catalog, "--yes").code == 0
    order = "examples: [images/3.webp, images/1.webp]\n"
    manifest = catalog / "models/ink-heroes/model.yaml"
    kept = [line for line in manifest.read_text().splitlines(True) if "examples" not in line]
    write(manifest, "".join(kept) + order)
    assert cli("apply", catalog, "--yes", "--html", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert "&gt; from 3" in text
    assert "example 2, removed, 2.webp" in text
    assert cli("plan", catalog, "--html", page).code == 0
    assert "No changes. 2 models match." in page.read_text(encoding="utf-8")


def test_pictures_that_only_the_server_has_are_fetched_on_request(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    page = tmp_path / "review.html"
    assert cli("apply", catalog, "--yes").code == 0
    write(catalog / "models/both.yaml", "name: Both\ntype: flux.1-composition\nstate: absent\n")
    gone = "name: Ink Heroes\ntype: flux.1-lora\nstate: absent\n"
    write(catalog / "models/ink-heroes/model.yaml", gone)
    assert cli("plan", catalog, "--html", page).code == 0
    without = page.read_text(encoding="utf-8")
    assert cli("plan", catalog, "--html", page, "--html-live-images").code == 0
    text = page.read_text(encoding="utf-8")
    assert "data:image/webp" not in without
    assert HINT in without
    assert HINT not in text
    assert text.count("background-image:url(data:image/webp;base64,") == 3
    assert "http:" not in text
    assert "signature" not in text.lower()


@pytest.fixture
def without_ink(cli: Run, clone: Path) -> Path:
    """A clone that was applied, from which a model with its pictures was taken since."""
    assert cli("apply", clone, "--yes").code == 0
    rmtree(clone / "models/ink-heroes")
    (clone / "models/both.yaml").unlink()
    write(clone / "models/other.yaml", "name: Other\ntype: custom\n")
    return clone


def test_what_is_deleted_is_shown_by_the_files_that_git_still_has(
    cli: Run, without_ink: Path, tmp_path: Path
) -> None:
    page = tmp_path / "review.html"
    plan = ("plan", without_ink, "--prune", "--html", page)
    assert cli(*plan).code == 0
    assert (drawn(page), HINT in page.read_text(encoding="utf-8")) == (3, False)
    commit(without_ink)
    assert cli(*plan).code == 0
    assert (drawn(page), HINT in page.read_text(encoding="utf-8")) == (0, True)
    assert cli(*plan, "--base", "HEAD~1").code == 0
    assert drawn(page) == 3
    assert cli(*plan, "--against", "git:HEAD~1").code == 0
    assert (drawn(page), HINT in page.read_text(encoding="utf-8")) == (3, False)


def test_what_a_restore_deletes_is_shown_by_the_files_that_made_it(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    page, undo = tmp_path / "review.html", tmp_path / "undo.json"
    assert cli("apply", catalog, "--yes", "--undo-into", undo).code == 0
    assert cli("plan", catalog, "--restore", undo, "--prune", "--html", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert "Ready, and it deletes 2 models" in text
    assert (drawn(page), HINT in text) == (3, False)
