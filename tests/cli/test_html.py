"""`--html FILE`: the page of a plan, pictures and all."""

from pathlib import Path

from tests.cli.conftest import Run, write


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
    (catalog / "models/both.yaml").unlink()
    gone = "name: Ink Heroes\ntype: flux.1-lora\nstate: absent\n"
    write(catalog / "models/ink-heroes/model.yaml", gone)
    assert cli("plan", catalog, "--html", page).code == 0
    without = page.read_text(encoding="utf-8")
    assert cli("plan", catalog, "--html", page, "--html-live-images").code == 0
    text = page.read_text(encoding="utf-8")
    assert "data:image/webp" not in without
    assert text.count("background-image:url(data:image/webp;base64,") == 3
    assert "http:" not in text
    assert "signature" not in text.lower()
