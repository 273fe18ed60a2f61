"""What goes wrong on the way of a file: in the end the server holds the same bytes, once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import MODEL, Result, Run, write
from tests.cli.proxy import Proxy, proxying
from tests.cli.test_kinds import wav
from tests.scenario.test_uploads import App, Faults

MIB = 1024 * 1024
VOICE = "models/ink-heroes/voice.wav"


@dataclass
class Answers:
    """A middleware of the sandbox that answers once in its place: method, path, status, body."""

    due: list[tuple[str, str, int, Any]] = field(default_factory=list)

    def __call__(self, app: App) -> App:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            for answer in self.due:
                method, path, status, body = answer
                if scope["method"] == method and _leads_to(path, scope["path"]):
                    self.due.remove(answer)
                    headers = [(b"content-type", b"application/json")]
                    await send(
                        {"type": "http.response.start", "status": status, "headers": headers}
                    )
                    content = json.dumps(body).encode()
                    await send({"type": "http.response.body", "body": content})
                    return
            await app(scope, receive, send)

        return serve


@dataclass
class Road:
    """A sandbox behind a bad network, and a catalog with a sound of two parts."""

    cli: Run
    catalog: Path
    project: str
    server: Any
    proxy: Proxy
    answers: Answers
    faults: Faults

    def run(self, *arguments: object) -> Result:
        """Run the program over this road."""
        env = {"SCENARIO_BASE_URL": self.proxy.url}
        return self.cli(arguments[0], self.catalog, *arguments[1:], env=env)

    def stored(self) -> list[str]:
        """The digests of all the server holds, sorted."""
        params = {"projectId": self.project, "pageSize": "100"}
        answer = httpx.get(f"{self.server.url}/assets", params=params, auth=("k", "s"))
        urls = [asset["url"] for asset in answer.json()["assets"]]
        return sorted(sha256(httpx.get(url).content).hexdigest() for url in urls)

    def on_disk(self) -> list[str]:
        """The digests of the catalog's files, sorted."""
        folder = self.catalog / "models/ink-heroes"
        files = [*folder.glob("images/*"), *folder.glob("*.wav")]
        return sorted(sha256(file.read_bytes()).hexdigest() for file in files)

    def arrived(self) -> None:
        """Check that nothing is left to do and that every file is there, once."""
        assert self.run("plan", "--detailed-exitcode").code == 0
        assert self.stored() == self.on_disk()
        assert not self.proxy.cuts
        assert not self.answers.due


def _leads_to(path: str, asked: str) -> bool:
    """Whether a path is asked for; one that ends with a slash stands for all below it."""
    return asked.startswith(path) if path.endswith("/") else asked == path


@pytest.fixture
def road(cli: Run, catalog: Path, project: str, tmp_path: Path) -> Iterator[Road]:
    """A road of one's own."""
    (catalog / VOICE).write_bytes(wav(9 * MIB))
    text = MODEL.replace("images/3.webp]", "images/3.webp, voice.wav]")
    write(catalog / "models/ink-heroes/model.yaml", text)
    answers, faults = Answers(), Faults()
    settings: Any = {"validate_s": 0.01, "import_s": 0.01, "middleware": (answers, faults)}
    with running(tmp_path / "box", **settings) as server, proxying(server.url) as proxy:
        yield Road(cli, catalog, project, server, proxy, answers, faults)


CUTS = {
    "a part is cut off": (b"PUT /parts/", "request"),
    "the answer to a part is lost": (b"PUT /parts/", "answer"),
    "the answer to a begin is lost": (b"POST /v1/uploads?", "answer"),
    "the answer to complete is lost": (b"POST /v1/uploads/", "answer"),
    "the answer to a look is lost": (b"GET /v1/uploads/", "answer"),
    "the answer to an image is lost": (b"POST /v1/assets?", "answer"),
    "the answer to a new model is lost": (b"POST /v1/models?", "answer"),
}


@pytest.mark.parametrize("what", CUTS)
def test_a_connection_that_is_reset(road: Road, what: str) -> None:
    road.proxy.cuts.append(CUTS[what])
    applied = road.run("apply", "--yes")
    assert applied.code == 0, applied.out
    road.arrived()


WAIT = {"reason": "Too many requests", "remainingSeconds": 0.1}
ANSWERS = {
    "a part fails": ("PUT", "/parts/", 500, {}),
    "a begin fails": ("POST", "/v1/uploads", 500, {}),
    "a look fails": ("GET", "/v1/uploads/", 500, {}),
    "an image fails": ("POST", "/v1/assets", 500, {}),
    "the address of a part has expired": ("PUT", "/parts/", 403, {}),
    "a part is too much": ("PUT", "/parts/", 429, WAIT),
    "a begin is too much": ("POST", "/v1/uploads", 429, WAIT),
    "an image is too much": ("POST", "/v1/assets", 429, WAIT),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_that_another_attempt_cures(road: Road, what: str) -> None:
    road.answers.due.append(ANSWERS[what])
    applied = road.run("apply", "--yes")
    assert applied.code == 0, applied.out
    road.arrived()


@pytest.mark.parametrize("path", ["/v1/assets", "/v1/uploads"])
def test_a_ceiling_is_reported_and_not_tried_again(road: Road, path: str) -> None:
    limit = {"details": {"actionName": "upload", "actionLimit": 3}, "reason": "Limit reached"}
    road.answers.due.append(("POST", path, 429, limit))
    applied = road.run("apply", "--yes", "--jobs", "1")
    assert applied.code == 4
    assert "the subscription allows 3 for upload" in applied.out
    assert "waiting does not help" in applied.out
    missing = set(road.on_disk()) - set(road.stored())
    assert len(missing) == 1
    assert road.run("apply", "--yes").code == 0
    road.arrived()


GROWS = {
    "before it is sent": (VOICE, "GET", "/v1/assets"),
    "while it is sent": (VOICE, "POST", "/v1/uploads"),
    "before it is sent whole": ("models/ink-heroes/images/2.webp", "GET", "/v1/assets"),
}


@pytest.mark.parametrize("what", GROWS)
def test_a_file_that_grows_is_not_taken_for_the_planned_one(road: Road, what: str) -> None:
    name, method, path = GROWS[what]
    file = road.catalog / name
    whole = file.read_bytes()

    def grow() -> None:
        file.write_bytes(whole + b"more")

    road.faults.before.append((method, path, grow))
    applied = road.run("apply", "--yes")
    assert applied.code == 4
    assert f"{file.name} changed after it was planned" in applied.out
    assert not road.server.control.requests()["POST /uploads/{}/action"] or name != VOICE
    file.write_bytes(whole)
    assert set(road.on_disk()) - set(road.stored()) == {sha256(whole).hexdigest()}
    assert road.run("apply", "--yes").code == 0
    road.arrived()
