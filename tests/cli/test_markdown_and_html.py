"""What --markdown and --html write, for every command that has a plan to tell of."""

import subprocess
from pathlib import Path

from tests.cli.conftest import Run

PICTURE = "data:image/webp;base64,"


def written(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_a_plan_and_the_same_plan_shown_again_read_alike(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "plan.json"
    cli("plan", catalog, "--out", saved, "--markdown", "a.md", "--html", "a.html")
    cli("show", saved, catalog, "--markdown", "b.md", "--html", "b.html")
    assert written(tmp_path / "a.md") == written(tmp_path / "b.md")
    assert written(tmp_path / "a.html") == written(tmp_path / "b.html")
    assert '"kind": "plan"' in written(tmp_path / "a.md").splitlines()[0]
    assert PICTURE in written(tmp_path / "a.html")


def test_without_its_catalog_a_page_has_tiles_for_pictures(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    cli("plan", catalog, "--out", tmp_path / "plan.json")
    assert cli("show", tmp_path / "plan.json", "--html", "page.html").code == 0
    page = written(tmp_path / "page.html")
    assert PICTURE not in page
    assert "1.webp" in page


def test_the_markdown_of_an_apply_tells_what_became_of_it(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    cli("apply", catalog, "--yes", "--markdown", "done.md", "--html", "planned.html")
    first, *rest = written(tmp_path / "done.md").splitlines()
    assert '"kind": "apply"' in first
    assert "Applied: 2 created, 0 updated" in "\n".join(rest)
    assert PICTURE in written(tmp_path / "planned.html")


def test_an_offline_plan_has_pictures_and_says_what_it_is_against(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "--allow-empty", "-m", "x")):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(("git", *who, *command), cwd=catalog, check=True)
    model = catalog / "models/ink-heroes/model.yaml"
    model.write_text(written(model).replace("name: Ink Heroes", "name: Ink Legends"))
    against = ("--against", "git:HEAD", "--markdown", "a.md", "--html", "a.html")
    assert cli("plan", catalog, *against).code == 0
    assert "not the live project" in written(tmp_path / "a.md")
    assert "not the live project" in written(tmp_path / "a.html")
    assert PICTURE in written(tmp_path / "a.html")
    refused = cli("plan", catalog, *against, "--html-live-images")
    assert (refused.code, "--html-live-images asks the server" in refused.err) == (64, True)
