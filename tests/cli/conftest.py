"""The program against a real sandbox, each test in a project of its own."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from catalogsync.cache.rows import RACY_NS
from catalogsync.cli import main
from catalogsync.sandbox import running
from tests.manifest.test_commit import git

MODEL = """\
name: Ink Heroes
type: flux.1-lora
shortDescription: Hand-inked comic heroes.
tags: [comic, ink]
description: {file: description.md}
promptGuide: Short prompts.
thumbnail: images/1.webp
examples: [images/1.webp, images/2.webp, images/3.webp]
"""

OTHER = """\
name: Both
type: flux.1-composition
concepts: [{model: ink-heroes, scale: 0.8}]
description: |
  Uses {model:ink-heroes}.
"""


@dataclass(frozen=True)
class Result:
    """What a run of the program printed, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One sandbox for all tests of a process."""
    with running(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


@pytest.fixture
def project(request: pytest.FixtureRequest) -> str:
    """A project that no other test uses."""
    name = request.node.name
    whole = sha256(name.encode()).hexdigest()[:8]
    return f"proj_{re.sub('[^A-Za-z0-9]+', '_', name)[:70]}_{whole}"


@pytest.fixture
def catalog(tmp_path: Path, project: str) -> Path:
    """A catalog of two models with three images on disk."""
    folder = tmp_path / "catalog"
    images = folder / "models/ink-heroes/images"
    images.mkdir(parents=True)
    for number in (1, 2, 3):
        color = (number * 80, 40, 90)
        Image.new("RGB", (16, 12), color).save(images / f"{number}.webp", lossless=True)
    settings = f"targets: {{main: {{project: {project}}}}}\ndefault: main\n"
    write(folder / "catalog.yaml", f"apiVersion: catalogsync/v1\nname: acme\n{settings}")
    write(folder / "models/ink-heroes/model.yaml", MODEL)
    text = "# Ink\n\n![pose](images/2.webp)\n"
    write(folder / "models/ink-heroes/description.md", text)
    write(folder / "models/both.yaml", OTHER)
    return folder


def write(path: Path, text: str) -> None:
    """Write a file byte for byte."""
    path.write_bytes(text.encode())


@pytest.fixture
def cli(
    server: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    """Run the program as a user would, with credentials and address in the environment."""
    of_a_job = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    for name in ("NO_COLOR", "FORCE_COLOR", *of_a_job):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SCENARIO_SDK_API_KEY", "key")
    monkeypatch.setenv("SCENARIO_SDK_API_SECRET", "secret")
    monkeypatch.setenv("SCENARIO_BASE_URL", server.url)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, env: dict[str, str] | None = None) -> Result:
        with monkeypatch.context() as changed:
            for name, value in (env or {}).items():
                changed.setenv(name, value)
            with pytest.raises(SystemExit) as stop:
                main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Result(int(stop.value.code or 0), printed.out, printed.err)

    return run


def live(server: Any, project: str) -> dict[str, dict[str, Any]]:
    """The models of a project by name, as the API lists them."""
    params = {"projectId": project, "pageSize": "500"}
    answer = httpx.get(f"{server.url}/models", params=params, auth=("k", "s")).json()
    return {model["name"]: model for model in answer["models"]}


def commit(root: Path) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run begins as long after the last edit as it takes to trust the stamps of files."""
    began = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: began() + RACY_NS)


@pytest.fixture
def clone(catalog: Path) -> Path:
    """The catalog in a repository, committed."""
    git(catalog.parent, "init", "-q", "-b", "main")
    commit(catalog)
    return catalog


@pytest.fixture
def applied(cli: Run, clone: Path) -> Path:
    """The catalog, applied and recorded by a note."""
    assert cli("apply", clone, "--yes", "--record", "git-note").code == 0
    return clone


class Web:
    """What people do in the web page."""

    def __init__(self, server: Any, project: str) -> None:
        self._server, self._project = server, project

    @property
    def models(self) -> dict[str, dict[str, Any]]:
        """The models of the project by name, as the API lists them."""
        return live(self._server, self._project)

    @property
    def model(self) -> dict[str, Any]:
        return self.models["Ink Heroes"]

    @property
    def description(self) -> str:
        answer = httpx.get(
            f"{self._server.url}/models/{self.model['id']}/description",
            params={"projectId": self._project},
            auth=("k", "s"),
        )
        return str(answer.json()["description"]["value"])

    def copy(self) -> None:
        """A second model with the tags of the first."""
        body = {"name": "Copy", "type": self.model["type"]}
        new = self._send("POST", "/models", body).json()["model"]["id"]
        self._send("PUT", f"/models/{new}/tags", {"add": self.model["tags"], "delete": []})

    def put(self, path: str, body: dict[str, Any]) -> None:
        self._send("PUT", f"/models/{self.model['id']}{path}", body)

    def _send(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        return httpx.request(
            method,
            f"{self._server.url}{path}",
            params={"projectId": self._project},
            json=body,
            auth=("k", "s"),
        ).raise_for_status()


@pytest.fixture
def web(server: Any, project: str) -> Web:
    return Web(server, project)
