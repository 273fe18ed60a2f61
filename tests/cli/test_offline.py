"""Plans against a commit or a snapshot: what a live plan says, without network and credentials."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import MODEL, Run, commit, write
from tests.cli.test_plan_and_apply import NOTHING, last_line, rewrite
from tests.manifest.test_commit import git

NOT_LIVE = ", not the live project"


@pytest.fixture
def committed(catalog: Path) -> Path:
    """The catalog, in a repository with one commit."""
    git(catalog.parent, "init", "-q", "-b", "main")
    git(catalog.parent, "add", "-A")
    git(catalog.parent, "commit", "-q", "-m", "x")
    return catalog


def edit(catalog: Path) -> None:
    """Change a bit of everything."""
    rewrite(catalog, "[images/1.webp, images/2.webp, images/3.webp]", "[images/3.webp]")
    write(catalog / "models/ink-heroes/description.md", "# Ink\n\nIn other words.\n")
    write(catalog / "models/new.yaml", "name: New\ntype: custom\nthumbnail: new.webp\n")
    (catalog / "models/new.webp").write_bytes(
        (catalog / "models/ink-heroes/images/1.webp").read_bytes()
    )
    (catalog / "models/both.yaml").unlink()
    git(catalog, "add", "-A")


def without_ids(text: str, marks: dict[str, str]) -> str:
    """The text of a plan as if it were live, with keys in place of ids."""
    lines = [line for line in text.splitlines() if not line.endswith(NOT_LIVE)]
    plain = "\n".join(lines)
    for model_id, key in marks.items():
        plain = plain.replace(model_id, key)
    return re.sub(r"\{asset:[^}]*\}", "{asset}", plain)


def test_against_its_own_commit_a_catalog_changes_nothing(cli: Run, committed: Path) -> None:
    head = git(committed, "rev-parse", "HEAD")
    planned = cli("plan", committed, "--against", "git:main", "--detailed-exitcode")
    assert planned.code == 0
    assert planned.out.splitlines()[1] == f"against commit {head[:12]} (main){NOT_LIVE}"
    assert last_line(planned.out) == NOTHING
    assert planned.err == ""
    planned = cli("plan", committed, "--against", "git:main", "--json")
    assert planned.err == (
        f"Planned against commit {head[:12]} (main); the live project was not asked.\n"
    )


@pytest.mark.parametrize("kind", ["git", "snapshot"])
def test_an_offline_plan_says_what_the_live_one_says(
    cli: Run, committed: Path, tmp_path: Path, kind: str
) -> None:
    cli("apply", committed, "--yes")
    cli("snapshot", committed, "--out", tmp_path / "s.json")
    ids = json.loads((tmp_path / "s.json").read_text())["snapshot"]["models"]
    marks = {
        model_id: "git." + tag.partition("/")[2]
        for model_id, model in ids.items()
        for tag in model["tags"]
        if tag.startswith("catalog-sync:")
    }
    edit(committed)
    commit(committed)
    place = {"git": "git:HEAD~1", "snapshot": f"snapshot:{tmp_path / 's.json'}"}[kind]
    offline = cli("plan", committed, "--against", place, "--detailed-exitcode")
    live = cli("plan", committed, "--detailed-exitcode")
    assert "1 to create, 1 to update" in last_line(live.out)
    assert offline.code == live.code == 2
    assert without_ids(offline.out, marks) == without_ids(live.out, marks)


def test_an_offline_plan_opens_no_socket_and_reads_no_credentials(committed: Path) -> None:
    edit(committed)
    script = (
        "import sys; from catalogsync.cli import main\n"
        "try: main()\nexcept SystemExit as stop: code = stop.code\n"
        "print(*sorted(sys.modules), file=sys.stderr)\nsys.exit(code)"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SCENARIO")}
    done = subprocess.run(
        [sys.executable, "-c", script, "plan", str(committed), "--against", "git:HEAD"],
        capture_output=True,
        text=True,
        env=environment | {"SCENARIO_BASE_URL": "http://127.0.0.1:9"},
    )
    assert done.returncode == 0, done.stderr
    assert "1 to create, 1 to update" in done.stdout
    loaded = set(done.stderr.split())
    assert not loaded & {"httpx", "httpcore", "ssl", "socket", "starlette"}


def test_the_document_says_what_the_plan_was_made_against(
    cli: Run, committed: Path, tmp_path: Path
) -> None:
    head = git(committed, "rev-parse", "HEAD")
    live = json.loads(cli("plan", committed, "--json").out)
    cli("snapshot", committed, "--out", tmp_path / "s.json")
    saved = json.loads((tmp_path / "s.json").read_text())
    in_file = json.loads(
        cli("plan", committed, "--json", "--against", f"snapshot:{tmp_path / 's.json'}").out
    )
    in_git = json.loads(cli("plan", committed, "--json", "--against", "git:HEAD").out)
    assert live["against"] == "live"
    assert in_file["against"] == f"snapshot:{saved['digest']}"
    assert in_git["against"] == f"git:{head}"
    assert live["counts"] == in_file["counts"]
    assert len({document["digest"] for document in (live, in_file, in_git)}) == 3


def test_what_an_import_costs_is_unknown_without_the_server(cli: Run, committed: Path) -> None:
    text = "name: Flux\ntype: flux.1-lora\nsource: {huggingFace: black-forest-labs/FLUX.1-dev}\n"
    write(committed / "models/flux.yaml", text)
    git(committed, "add", "-A")
    planned = cli("plan", committed, "--against", "git:HEAD")
    assert "    cost              unknown\n" in planned.out
    assert "\nCost of imports: unknown.\n" in planned.out


def test_where_the_commit_has_no_catalog_everything_is_new(cli: Run, committed: Path) -> None:
    git(committed, "rm", "-q", "-r", "--cached", ".")
    git(committed, "commit", "-q", "-m", "none")
    git(committed, "add", "-A")
    planned = cli("plan", committed, "--against", "git:HEAD")
    assert "where this catalog does not exist" in planned.out
    assert "2 to create" in last_line(planned.out)


def test_deletes_and_selections_work_offline(cli: Run, committed: Path) -> None:
    edit(committed)
    pruned = cli("plan", committed, "--against", "git:HEAD", "--prune")
    assert "1 to delete" in last_line(pruned.out)
    only = cli("plan", committed, "--against", "git:HEAD", "--only", "new")
    assert "1 to create, 0 to update" in last_line(only.out)


@pytest.mark.parametrize(
    ("against", "told"),
    [
        ("git:nope", "there is no commit 'nope' in this clone"),
        ("git:--output=x", "'--output=x' is no commit"),
        ("git:", "is none of live, git:REF, snapshot:FILE"),
        ("main", "is none of live, git:REF, snapshot:FILE"),
        ("snapshot:catalog/catalog.yaml", "the snapshot was changed, or is none"),
    ],
)
def test_what_nothing_can_be_planned_against(
    cli: Run, committed: Path, against: str, told: str
) -> None:
    planned = cli("plan", committed, "--against", against)
    assert planned.code == 64
    assert told in planned.err


def test_a_snapshot_that_is_not_there_is_an_error(cli: Run, catalog: Path) -> None:
    planned = cli("plan", catalog, "--against", "snapshot:nowhere.json")
    assert planned.code == 1
    assert "nowhere.json" in planned.err


def test_problems_at_the_commit_are_told_with_the_commit(cli: Run, committed: Path) -> None:
    rewrite(committed, "type: flux.1-lora", "type: flux.9")
    git(committed, "commit", "-q", "-a", "-m", "broken")
    rewrite(committed, "[comic, ink]", "[comic]")
    planned = cli("plan", committed, "--against", "git:main")
    assert planned.code == 1
    assert "main:models/ink-heroes/model.yaml:2:7: type: " in planned.err
    assert "1 problem in the catalog at main" in planned.err
    assert "choose another commit" in planned.err


@pytest.mark.parametrize("how", ["option", "variable"])
def test_an_apply_is_never_offline(cli: Run, committed: Path, server: Any, how: str) -> None:
    server.control.forget_requests()
    given = ["--against", "git:HEAD"] if how == "option" else []
    variables = {} if how == "option" else {"CATALOG_SYNC_AGAINST": "git:HEAD"}
    applied = cli("apply", committed, "--yes", *given, env=variables)
    assert applied.code == 64
    assert "an apply is always against the live project" in applied.err
    assert not server.control.requests()
    assert cli("apply", committed, "--yes", "--against", "live").code == 0


def test_a_snapshot_tells_its_age(cli: Run, catalog: Path, tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    assert cli("snapshot", catalog, "--out", file).out == f"wrote {file}: 0 models, 0 assets\n"
    planned = cli("plan", catalog, "--against", f"snapshot:{file}")
    said = f"against a snapshot read 1 s ago, at {json.loads(file.read_text())['read_at']}"
    assert planned.out.splitlines()[1].startswith(said.partition(" 1 s")[0])
    assert planned.out.splitlines()[1].endswith(f"Z{NOT_LIVE}")
    assert list(tmp_path.glob(".s.json*")) == []


def test_a_snapshot_serves_one_catalog_and_one_project(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    file = tmp_path / "s.json"
    cli("snapshot", catalog, "--out", file)
    other = cli("plan", catalog, "--against", f"snapshot:{file}", "--project", "proj_other")
    assert other.code == 64
    assert "the snapshot is of project" in other.err
    settings = (catalog / "catalog.yaml").read_text()
    write(catalog / "catalog.yaml", settings.replace("name: acme", "name: other"))
    other = cli("plan", catalog, "--against", f"snapshot:{file}")
    assert other.code == 64
    assert "the snapshot is of catalog acme, this is other" in other.err


def test_a_snapshot_holds_what_a_later_manifest_comes_to_manage(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    file = tmp_path / "s.json"
    cli("apply", catalog, "--yes")
    name_and_type = "\n".join(MODEL.splitlines()[:2]) + "\n"
    write(catalog / "models/ink-heroes/model.yaml", name_and_type)
    cli("snapshot", catalog, "--out", file)
    write(catalog / "models/ink-heroes/model.yaml", MODEL)
    assert last_line(cli("plan", catalog, "--against", f"snapshot:{file}").out) == NOTHING


def test_a_model_whose_texts_the_snapshot_lacks_is_refused(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    file = tmp_path / "s.json"
    cli("apply", catalog, "--yes")
    text = (catalog / "models/both.yaml").read_text()
    (catalog / "models/both.yaml").unlink()
    cli("snapshot", catalog, "--out", file)
    write(catalog / "models/both.yaml", text)
    planned = cli("plan", catalog, "--against", f"snapshot:{file}")
    assert planned.code == 5
    assert "! refused both: what the server has for description was not read" in planned.out


def test_a_snapshot_holds_no_credential_and_no_address_but_the_servers(
    cli: Run, catalog: Path, tmp_path: Path, server: Any
) -> None:
    cli("apply", catalog, "--yes")
    secrets = {"SCENARIO_SDK_API_KEY": "key-canary", "SCENARIO_SDK_API_SECRET": "secret-canary"}
    cli("snapshot", catalog, "--out", tmp_path / "s.json", env=secrets)
    text = (tmp_path / "s.json").read_text()
    assert "Hand-inked comic heroes." in text
    assert json.loads(text)["server"] == server.url
    text = text.replace(f'"server": "{server.url}"', "")
    for secret in ("canary", "http", server.url.removeprefix("http://"), "signature"):
        assert secret not in text


def test_a_snapshot_only_reads(cli: Run, catalog: Path, tmp_path: Path, server: Any) -> None:
    cli("apply", catalog, "--yes")
    server.control.forget_requests()
    cli("snapshot", catalog, "--out", tmp_path / "s.json")
    reading = ("GET ", "POST /models/get-bulk", "POST /assets/get-bulk")
    assert server.control.requests()
    assert all(name.startswith(reading) for name in server.control.requests())
