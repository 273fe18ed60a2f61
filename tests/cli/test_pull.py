"""A project taken over, and edits taken back, over real HTTP, real files and real Git."""

import base64
import json
import os
import re
import signal
from collections.abc import Awaitable, Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from catalogsync.sandbox import running
from tests.cli.conftest import Run
from tests.cli.test_plan_and_apply import last_line
from tests.manifest.test_commit import git
from tests.pull.test_names import HOSTILE

Send = Callable[..., Any]


@pytest.fixture
def send(server: Any, project: str) -> Send:
    """Does what somebody in the web page would do."""
    return sender(server.url, project)


def sender(url: str, project: str) -> Send:
    def send(method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(
            method, url + path, json=body, params={"projectId": project}, auth=("k", "s")
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


def picture(number: int) -> bytes:
    """A picture of its own."""
    out = BytesIO()
    Image.new("RGB", (16, 12), (number, 40, 90)).save(out, "png")
    return out.getvalue()


def uploaded(send: Send, name: str, content: bytes) -> str:
    """The id of a new asset."""
    image = base64.b64encode(content).decode()
    found: str = send("POST", "/assets", {"name": name, "image": image})["asset"]["id"]
    return found


def made(send: Send, name: str, *pictures: str, **fields: Any) -> str:
    """The id of a new model with a description and examples."""
    body = {"name": name, "type": "flux.1-lora", **fields}
    model_id: str = send("POST", "/models", body)["model"]["id"]
    text = {"description": f"# {name}\r\nMade by hand.  \n\nSee {{model:{model_id}}}"}
    send("PUT", f"/models/{model_id}/description", text)
    send(
        "PUT", f"/models/{model_id}/tags", {"add": ["by hand", "no"], "delete": [], "strict": False}
    )
    if pictures:
        send("PUT", f"/models/{model_id}/examples", {"assetIds": list(pictures)})
    return model_id


@pytest.fixture
def studio(cli: Run, project: str, tmp_path: Path) -> Path:
    """An empty catalog for the test's project, in a repository."""
    folder = tmp_path / "studio"
    assert cli("init", folder, "--project", project).code == 0
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Commit everything."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")


def files_in(folder: Path) -> dict[str, bytes]:
    """All files but Git's."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    found = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    return {path: data for path, data in found.items() if not path.startswith(".git/")}


def test_a_newcomer_gets_a_clean_catalog_in_three_commands(
    cli: Run, send: Send, project: str, tmp_path: Path, server: Any
) -> None:
    ids = [made(send, name, uploaded(send, "1.png", picture(1))) for name in ("Ink", "Ink", "墨")]
    assert cli("init", "mine", "--project", project).err.endswith("pull mine --all\n")
    pulled = cli("pull", "mine", "--all")
    assert last_line(pulled.out) == (
        "Pulled: 3 new manifests, 0 edited, 0 files downloaded (0 B), 0 refused."
    )
    assert cli("fmt", "mine", "--check").code == 0
    planned = cli("plan", "mine")
    assert last_line(planned.out) == (
        "Plan: 0 to create, 0 to update, 0 files to upload (0 B), 0 reorders, 0 to delete, "
        "3 to adopt."
    )
    shown = set(re.findall(r"^    (\S+)", planned.out, re.MULTILINE))
    assert shown == {"owner"}
    server.control.forget_requests()
    assert cli("apply", "mine", "--yes").code == 0
    writes = {name: n for name, n in server.control.requests().items() if name[:3] == "PUT"}
    assert list(writes.values()) == [len(ids)]
    assert last_line(cli("plan", "mine").out) == "No changes. 3 models match."
    assert cli("pull", "mine").out == (
        "Pulled: 0 new manifests, 0 edited, 0 files downloaded (0 B), 0 refused.\n"
    )


def test_a_dry_run_prints_a_patch_that_git_applies_and_writes_nothing(
    cli: Run, send: Send, studio: Path, tmp_path: Path
) -> None:
    made(send, "Ink", uploaded(send, "1.png", picture(1)))
    send("PUT", f"/models/{made(send, 'Plain')}/description", {"description": "a\tb\n\nc"})
    cli("pull", studio, "--only", "Plain")
    commit(studio)
    plain = studio / "models/plain/model.yaml"
    model_id = re.findall(r"model_\w+", plain.read_text())[0]
    send("PUT", f"/models/{model_id}/description", {"description": "a\tb\n\nd"})
    ink = send("GET", "/models")["models"]
    ink_id = next(model["id"] for model in ink if model["name"] == "Ink")
    send("PUT", f"/models/{ink_id}/description", {"description": "# Ink\n\nno end"})
    before = files_in(studio)
    dry = cli("pull", studio, "--all", "--dry-run")
    assert dry.code == 0
    assert last_line(dry.err) == (
        "Would pull: 1 new manifest, 1 edited, 0 files downloaded (0 B), 0 refused."
    )
    assert files_in(studio) == before
    patch = tmp_path / "pull.patch"
    patch.write_text(dry.out)
    git(studio, "apply", str(patch))
    applied = files_in(studio)
    git(studio, "checkout", "-q", ".")
    git(studio, "clean", "-fdq")
    cli("pull", studio, "--all")
    assert files_in(studio) == applied
    assert applied["models/ink/description.md"] == b"# Ink\n\nno end"


def test_uncommitted_work_is_refused_by_name_and_the_others_go_on(
    cli: Run, send: Send, studio: Path
) -> None:
    ids = [made(send, name) for name in ("One", "Two")]
    cli("pull", studio, "--all")
    commit(studio)
    for model_id in ids:
        send("PUT", f"/models/{model_id}", {"name": "New"})
    mine = studio / "models/one/model.yaml"
    mine.write_text(mine.read_text() + "# my own words\n")
    dry = cli("pull", studio, "--dry-run")
    assert dry.code == 5
    assert "-name: Two\n+name: New\n" in dry.out
    assert "! refused one: models/one/model.yaml holds what no commit has\n" in dry.err
    assert "b/models/one" not in dry.out
    pulled = cli("pull", studio)
    assert pulled.code == 5
    assert "! refused one: models/one/model.yaml holds what no commit has\n" in pulled.out
    assert "name: One\n" in mine.read_text()
    assert "name: New\n" in (studio / "models/two/model.yaml").read_text()
    assert cli("pull", studio, "--force").code == 0
    assert mine.read_text().endswith("# my own words\n")
    assert "name: New\n" in mine.read_text()


def test_where_there_is_no_git_nothing_that_is_there_is_written_over(
    cli: Run, send: Send, project: str
) -> None:
    model_id = made(send, "One")
    cli("init", "mine", "--project", project)
    assert cli("pull", "mine", "--all").code == 0
    send("PUT", f"/models/{model_id}", {"name": "New"})
    assert cli("pull", "mine").code == 5
    assert cli("pull", "mine", "--force").code == 0


def test_files_are_downloaded_with_their_own_bytes(
    cli: Run, send: Send, studio: Path, server: Any
) -> None:
    contents = {"Lantern Witch.PNG": picture(1), "02.webp": picture(2), "": picture(3)}
    ids = [uploaded(send, name or " ", content) for name, content in contents.items()]
    model_id = made(send, "Ink", *ids)
    send("PUT", f"/models/{model_id}", {"thumbnail": ids[1]})
    pulled = cli("pull", studio, "--all", "--download")
    assert "1 new manifest, 0 edited, 3 files downloaded" in last_line(pulled.out)
    entries = [
        f"file: images/{name}\n    asset: {asset_id}\n    sha256: {sha256(data).hexdigest()}\n"
        for name, asset_id, data in zip(
            ("lantern-witch.png", "02.png", "03.png"), ids, contents.values(), strict=True
        )
    ]
    assert (
        "thumbnail:\n  " + entries[1].replace("    ", "  ") + "examples:\n  - "
        "" + "  - ".join(entries) + f"id: {model_id}\n"
    ) in (studio / "models/ink/model.yaml").read_text()
    found = {p.name: p.read_bytes() for p in (studio / "models/ink/images").iterdir()}
    assert sorted(found.values()) == sorted(contents.values())
    assert {f"sha256:{sha256(data).hexdigest()}" for data in contents.values()} == set(
        re.findall("sha256:[0-9a-f]+", pulled.out)
    )
    assert found["lantern-witch.png"] == picture(1)
    commit(studio)
    assert cli("apply", studio, "--yes").code == 0
    # A new picture of a model that has a manifest.
    new = uploaded(send, "02.png", picture(4))
    send("PUT", f"/models/{model_id}/examples", {"assetIds": [new, *ids]})
    server.control.forget_requests()
    assert cli("pull", studio, "--download").code == 0
    assert (studio / "models/ink/images/02-2.png").read_bytes() == picture(4)
    assert server.control.requests().total() < 10
    commit(studio)
    assert last_line(cli("plan", studio).out) == "No changes. 1 model matches."


def test_an_edited_file_is_never_taken_for_the_asset_that_it_was(
    cli: Run, send: Send, studio: Path
) -> None:
    ids = [uploaded(send, f"{n}.png", picture(n)) for n in (1, 2)]
    model_id = made(send, "Ink", *ids)
    cli("pull", studio, "--all", "--download")
    commit(studio)
    assert cli("apply", studio, "--yes").code == 0
    assert last_line(cli("plan", studio).out) == "No changes. 1 model matches."
    file, manifest = studio / "models/ink/images/1.png", studio / "models/ink/model.yaml"
    file.write_bytes(picture(7))
    found = cli("validate", studio)
    place = manifest.read_text().splitlines().index(f"    asset: {ids[0]}") + 2
    assert f"models/ink/model.yaml:{place}:" in found.out + found.err
    assert f'"images/1.png" is not {ids[0]} any more' in found.out + found.err
    assert "take out asset: and sha256: to upload it" in found.out + found.err
    # An edit of the manifest by pull touches neither of the two.
    file.write_bytes(picture(1))
    send("PUT", f"/models/{model_id}/examples", {"assetIds": ids[::-1]})
    assert cli("pull", studio).code == 0
    assert manifest.read_text().count("sha256: ") == 2
    commit(studio)
    # A manifest of before, without the digest: Git knows what the asset was.
    lines = manifest.read_text().splitlines(keepends=True)
    manifest.write_text("".join(line for line in lines if "sha256:" not in line))
    commit(studio)
    assert cli("plan", studio).code == 0
    file.write_bytes(picture(7))
    refused = cli("plan", studio)
    assert refused.code == 5
    assert f"1.png is not what base has for {ids[0]}" in refused.out


def test_hostile_names_lead_nowhere(cli: Run, send: Send, studio: Path, tmp_path: Path) -> None:
    names = [name for name in HOSTILE if name.strip() and "\x00" not in name and len(name) < 200]
    ids = [uploaded(send, f"{name}.png", picture(n)) for n, name in enumerate(names)]
    made(send, "../../evil", *ids)
    made(send, "CON", ids[0])
    before = {p for p in tmp_path.rglob("*") if studio not in (p, *p.parents)}
    pulled = cli("pull", studio, "--all", "--download")
    assert f"{len(names) + 1} files downloaded" in pulled.out
    assert {p for p in tmp_path.rglob("*") if studio not in (p, *p.parents)} == before
    new = [path for path in files_in(studio) if path.startswith("models/")]
    ours = r"models/(evil|con-1)/(model\.yaml|description\.md|images/[a-z0-9-]{1,42}\.png)"
    assert [path for path in new if not re.fullmatch(ours, path)] == []
    assert len(new) == len(names) + 1 + 4
    commit(studio)
    assert "2 to adopt" in last_line(cli("plan", studio).out)
    assert "\x1b" not in pulled.out + cli("pull", studio, "--all", "--dry-run").out


Message = dict[str, Any]


class Tampering:
    """A middleware that changes what is behind the URLs of files, or the URLs."""

    def __init__(self, change: Callable[[bytes], bytes], *, urls: bool = False) -> None:
        self._change = change
        self._urls = urls

    def __call__(self, app: Any) -> Any:
        async def serve(
            scope: Any, receive: Any, send: Callable[[Message], Awaitable[None]]
        ) -> None:
            path = scope.get("path", "")
            wanted = path.endswith("/get-bulk") if self._urls else path.startswith("/files/")
            if not wanted:
                await app(scope, receive, send)
                return
            body = bytearray()

            async def gathered(message: Message) -> None:
                if message["type"] == "http.response.start":
                    kept = [h for h in message["headers"] if h[0] != b"content-length"]
                    await send(message | {"headers": kept})
                    return
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    await send({"type": "http.response.body", "body": self._change(bytes(body))})

            await app(scope, receive, gathered)

        return serve


TAMPERED: dict[str, tuple[Tampering, str]] = {
    "other bytes": (Tampering(lambda body: picture(99)), "its file has the digest sha256:"),
    "no picture": (Tampering(lambda body: b"<script>"), "has the digest"),
    "cut off": (Tampering(lambda body: body[:-9]), "has the digest"),
    "endless": (
        Tampering(lambda body: body + bytes(9_000_000)),
        "did not give its file within the size",
    ),
    "elsewhere": (
        Tampering(lambda body: body.replace(b"http://127.0.0.1", b"http://10.0.0.1"), urls=True),
        "did not give its file",
    ),
    "with credentials": (
        Tampering(lambda body: body.replace(b"http://", b"http://u:p@"), urls=True),
        "did not give its file",
    ),
    "no address": (
        Tampering(lambda body: re.sub(rb'"url":\s*"[^"]*"', b'"url":"file:///etc/passwd"', body),
                  urls=True),
        "did not give its file",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("tampering", "said"), TAMPERED.values(), ids=TAMPERED)
def test_a_file_that_is_not_what_was_told_is_left_on_the_server(
    cli: Run, tmp_path: Path, tampering: Tampering, said: str, catalog: Path
) -> None:
    with running(tmp_path / "box", middleware=(tampering,)) as server:
        env = {"SCENARIO_BASE_URL": server.url}
        assert cli("apply", catalog, "--project", "proj_x", "--yes", env=env).code == 0
        send = sender(server.url, "proj_x")
        for model in send("GET", "/models")["models"]:
            ours = [tag for tag in model["tags"] if tag.startswith("catalog-sync")]
            body = {"add": [], "delete": ours, "strict": False}
            send("PUT", f"/models/{model['id']}/tags", body)
        cli("init", "mine", "--project", "proj_x")
        pulled = cli("pull", "mine", "--only", "Ink*", "--download", env=env)
        assert pulled.code == 0
        assert pulled.out.count(said) == 3
        assert "127.0.0.1" not in pulled.out + pulled.err
        text = Path("mine/models/ink-heroes/model.yaml").read_text()
        assert text.count("{asset: asset_") == 4
        assert not Path("mine/models/ink-heroes/images").exists()
        assert "1 to adopt" in last_line(cli("plan", "mine", env=env).out)


def test_an_interrupted_pull_leaves_nothing_half_and_can_be_run_again(
    cli: Run, tmp_path: Path
) -> None:
    served: list[int] = []

    def interrupting(body: bytes) -> bytes:
        served.append(1)
        if len(served) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return body

    with running(tmp_path / "box", middleware=(Tampering(interrupting),)) as server:
        env = {"SCENARIO_BASE_URL": server.url}
        send = sender(server.url, "proj_x")
        made(send, "Ink", *(uploaded(send, f"{n}.png", picture(n)) for n in range(20)))
        cli("init", "mine", "--project", "proj_x")
        before = files_in(Path("mine"))
        stopped = cli("pull", "mine", "--all", "--download", "--jobs", "1", env=env)
        assert (stopped.code, stopped.out) == (130, "")
        assert len(served) < 20
        assert files_in(Path("mine")) == before
        again = cli("pull", "mine", "--all", "--download", env=env)
        assert "1 new manifest, 0 edited, 20 files downloaded" in last_line(again.out)


def test_the_document_for_programs_says_the_same(cli: Run, send: Send, studio: Path) -> None:
    model_id = made(send, "Ink", uploaded(send, "1.png", picture(1)))
    dry = json.loads(cli("pull", studio, "--all", "--dry-run", "--json").out)
    assert dry["dry_run"]
    assert dry["patch"].startswith("diff --git a/models/ink/model.yaml b/models/ink/model.yaml\n")
    found = json.loads(cli("pull", studio, "--all", "--download", "--json").out)
    assert [entry["id"] for entry in found["new"]] == [model_id]
    (file,) = found["downloaded"]
    assert file["path"] == "models/ink/images/1.png"
    assert len(file["sha256"]) == 64
    assert (found["dry_run"], found["notes"], found["edited"]) == (False, [], [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the catalog has no manifest yet"),
        (["--accept", "ink:nam"], 'did you mean "name"?'),
        (["--accept", "nothing"], "--accept nothing: there is no such manifest"),
        (["--accept", "ink", "--all"], "--accept names manifests by itself"),
        (["--all", "--only", "x"], "--all is every model"),
        (["--id", "model_x"], "there is no model model_x in this project"),
        (["--only", "x*"], "--only x* matches no key, name or id"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_said(cli: Run, studio: Path, arguments: list[str], said: str) -> None:
    found = cli("pull", studio, *arguments)
    assert (found.code, found.out) == (64, "")
    assert said in found.err


def test_a_folder_that_appears_meanwhile_is_refused_and_the_others_go_on(
    cli: Run, send: Send, studio: Path, project: str, server: Any
) -> None:
    mark = {"add": ["catalog-sync:studio/a"], "delete": [], "strict": False}
    send("PUT", f"/models/{made(send, 'One')}/tags", mark)
    made(send, "Two")
    (studio / "models/a/images").mkdir(parents=True)
    pulled = cli("pull", studio, "--only", "*")
    assert pulled.code == 5
    assert "! refused a: models/a is there already\n" in pulled.out
    assert (studio / "models/two/model.yaml").is_file()
    assert not (studio / "models/a/model.yaml").exists()


def test_a_link_in_the_place_of_the_models_is_not_followed(
    cli: Run, send: Send, studio: Path, tmp_path: Path
) -> None:
    made(send, "One")
    (tmp_path / "outside").mkdir()
    (studio / "models").symlink_to(tmp_path / "outside")
    pulled = cli("pull", studio, "--all")
    assert (pulled.code, pulled.out) == (1, "")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_project_is_named_by_its_id(cli: Run) -> None:
    assert cli("init", "mine", "--project", "x}: {y").code == 64
    assert not Path("mine").exists()


def test_a_reader_may_pull_and_nothing_is_written_on_the_server(
    cli: Run, send: Send, studio: Path, server: Any
) -> None:
    made(send, "Ink", uploaded(send, "1.png", picture(1)))
    server.control.forget_requests()
    env = {"SCENARIO_SDK_API_KEY": "reader-1"}
    assert cli("pull", studio, "--all", "--download", env=env).code == 0
    asked = {name for name in server.control.requests() if not name.startswith("GET")}
    assert asked == {"POST /assets/get-bulk"}


def test_the_terminal_is_not_told_what_to_do(cli: Run, send: Send, studio: Path) -> None:
    model_id = made(send, "Ink")
    evil = "\x1b[2J::add-mask::x\u202eevil\n##[group]y"
    send("PUT", f"/models/{model_id}/description", {"description": evil})
    shown = cli("pull", studio, "--all", "--dry-run").out
    assert "+\\x1b[2J:\\x3aadd-mask:\\x3ax\\u{202e}evil\n" in shown
    assert "\x1b" not in shown
    cli("pull", studio, "--all")
    assert (studio / "models/ink/description.md").read_text() == evil
