"""Runs of the program that are killed at a request: real processes, forked from a warm one."""

import base64
import itertools
import multiprocessing
import os
import random
import shutil
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from PIL import Image

from catalogsync.cli import main
from catalogsync.manifest import load
from catalogsync.sandbox import running
from tests.media import MEDIA

App = Callable[..., Awaitable[None]]

_WARM = multiprocessing.get_context("forkserver")
# What the program imports only when it is needed is imported once for all runs.
_LAZY = [
    "cache",
    "cli.apply",
    "cli.download",
    "cli.plan",
    "cli.promote",
    "cli.restore",
    "cli.train",
    "scenario",
]
_WARM.set_forkserver_preload([__name__, "deepdiff", *(f"catalogsync.{name}" for name in _LAZY)])

BY_PARTS = ("wav", "mp3", "mp4", "glb", "obj")
PICTURES = ("png", "jpg", "webp", "gif", "tiff")

MODELS = {
    "ink": """\
name: Ink
type: flux.1-lora
tags: [ink]
thumbnail: files/0.png
examples: [files/0.png, files/large.png, {glob: "files/1*.*"}, files/x.wav]
""",
    "paint": """\
name: Paint
type: flux.1-lora
collections: [Brushes]
description: |
  Strokes.
  ![stroke](files/2.webp)
examples: [files/0.png, files/x.mp4, files/x.glb, {glob: "files/[3-9].*"}]
""",
    "both": """\
name: Both
type: flux.1-composition
concepts: [{model: ink, scale: 0.8}, {model: paint, scale: 0.2}]
promptGuide: "Short. {asset:files/x.mp3} and {model:ink}."
thumbnail: files/1.jpg
""",
    "rest": """\
name: Rest
type: custom
examples: [files/x.obj, {glob: "files/2?.*"}]
""",
}
"""Four models that use thirty files: one of them by two, a thumbnail, one in a text."""


SOUNDS = {
    "sounds": "name: Sounds\ntype: custom\nexamples: [files/x.wav, files/x.mp3, files/x.mp4]\n"
}
"""A model of files that are sent in parts only."""


def write_models(folder: Path, models: dict[str, str]) -> Path:
    """Write a catalog of some models, and return the folder for their files."""
    files = folder / "models/files"
    files.mkdir(parents=True)
    (folder / "catalog.yaml").write_text("apiVersion: catalogsync/v1\nname: acme\n")
    for key, text in models.items():
        (folder / f"models/{key}.yaml").write_text(text)
    return files


def write_catalog(folder: Path, models: dict[str, str]) -> None:
    """Write a catalog of some models, and thirty files that they may use."""
    files = write_models(folder, models)
    for number in range(24):
        form = PICTURES[number % len(PICTURES)]
        picture = Image.new("RGB", (16, 12), (number * 10, 40, 90))
        picture.save(files / f"{number}.{form}")
    pixels = random.Random(1).randbytes(1700 * 1700 * 3)
    large = Image.frombytes("RGB", (1700, 1700), pixels)
    large.save(files / "large.png", compress_level=0)
    for extension in BY_PARTS:
        (files / f"x.{extension}").write_bytes(MEDIA[extension])


class Ended(NamedTuple):
    """The exit code of a run, negative if it was killed, and what it said."""

    code: int
    out: str
    err: str


_runs = itertools.count()


def _program(
    arguments: list[str], url: str, home: str, printed: tuple[str, str], number: int
) -> None:
    """What a child does: become a run of the program whose key tells its process id.

    The system gives ids out again, so that the key tells the number of the run as well.
    """
    os.environ["SCENARIO_SDK_API_KEY"] = f"{os.getpid()}-{number}"
    os.environ["SCENARIO_SDK_API_SECRET"] = "secret"
    os.environ["SCENARIO_BASE_URL"] = url
    os.environ["XDG_CACHE_HOME"] = home
    for number, path in enumerate(printed, 1):
        with Path(path).open("wb", buffering=0) as file:
            os.dup2(file.fileno(), number)
    main(arguments)


class Reaper:
    """A middleware of the sandbox that kills a run at its nth request, or sends another signal.

    The request is lost `before` it takes effect, or its answer `after`. What a killed run sent and
    the sandbox had not begun is lost as well; a run that gets another signal is answered. Uploads
    move on only when somebody asks for one.
    """

    def __init__(self) -> None:
        self.server: Any = None
        self.at = 0
        self.when = ""
        self.number = signal.SIGKILL
        self.requests: list[str] = []
        self.completed: list[str] = []
        self.run = ""
        self._dead: set[str] = set()
        self._under_way = 0
        self._answered = threading.Condition()

    def arm(self, at: int = 0, when: str = "", number: signal.Signals = signal.SIGKILL) -> None:
        """Count from 1 again, and kill at request `at`; 0 for a run that may live."""
        self.at, self.when, self.number, self.run = at, when, number, ""
        self.requests = []
        self.completed = []

    def __call__(self, app: App) -> App:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            run = _run_of(scope) or self.run
            due = run not in self._dead and self._is_due(run, scope)
            if due and self.when == "before":
                self._kill(run)
            if run in self._dead:
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            with self._effect():
                answer = await self._answer(app, scope, receive)
            if due and self.when == "after":
                self._kill(run)
            for message in answer:
                await send(message)

        return serve

    def wait_until_answered(self) -> None:
        """Return once nothing is under way: what a dead run began may still take effect."""
        with self._answered:
            assert self._answered.wait_for(lambda: not self._under_way, 60)

    @contextmanager
    def _effect(self) -> Iterator[None]:
        with self._answered:
            self._under_way += 1
        try:
            yield
        finally:
            with self._answered:
                self._under_way -= 1
                self._answered.notify_all()

    def _is_due(self, run: str, scope: Any) -> bool:
        """Count a request, and tell whether it is the one to kill at."""
        if run == str(os.getpid()):
            return False
        self.run = run
        self.requests.append(f"{scope['method']} {scope['path']}")
        return len(self.requests) == self.at

    def _kill(self, run: str) -> None:
        os.kill(process_id(run), self.number)
        if self.number == signal.SIGKILL:
            self._dead.add(run)

    async def _answer(self, app: App, scope: Any, receive: Any) -> list[Any]:
        """The messages of an answer; of an upload only once its content was looked at."""
        path, method = scope["path"], scope["method"]
        if path.endswith("/action"):
            upload = path.removeprefix("/v1").removesuffix("/action")
            self.completed.append(f"{upload}?{scope['query_string'].decode()}")
        asked = method == "GET" and "/uploads/" in path
        if asked:
            self.server.control.advance(1000)
            receive = _nothing
        while True:
            answer: list[Any] = []

            async def keep(message: Any, answer: list[Any] = answer) -> None:
                answer.append(message)

            await app(scope, receive, keep)
            if not (asked and b'"status":"validating"' in answer[-1]["body"]):
                return answer


def process_id(run: str) -> int:
    """The process of a run."""
    return int(run.partition("-")[0])


def _run_of(scope: Any) -> str:
    """The run whose request this is; parts are sent without a key."""
    word = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")[2]
    return base64.b64decode(word).decode().partition(":")[0]


async def _nothing() -> Any:
    return {"type": "http.request"}


@dataclass
class Scene:
    """A sandbox whose runs can be killed, and a catalog; each try has a project of its own."""

    server: Any
    reaper: Reaper
    catalog: Path
    digests: list[str]
    folder: Path
    http: httpx.Client

    def run(self, project: str, *arguments: str, home: str = "home") -> Ended:
        """Run the program in the catalog to its end."""
        words = arguments[0], str(self.catalog), "--project", project, *arguments[1:]
        return self.call(project, *words, home=home)

    def call(self, project: str, *words: str, home: str = "home") -> Ended:
        """Run the program with these words to its end."""
        printed = str(self.folder / "out"), str(self.folder / "err")
        cache = str(self.folder / project / home)
        how = (list(words), self.server.url, cache, printed, next(_runs))
        child = _WARM.Process(target=_program, args=how)
        child.start()
        child.join()
        code = child.exitcode
        child.close()
        self.reaper.wait_until_answered()
        assert code is not None
        return Ended(code, *(Path(path).read_text() for path in printed))

    def read(self, project: str, path: str) -> Any:
        """Ask the API something about a project."""
        params = {"projectId": project, "pageSize": "100"}
        return self.http.get(path, params=params).raise_for_status().json()

    def settle(self) -> None:
        """Let the uploads that were completed become assets."""
        for path in self.reaper.completed:
            self.http.get(path).raise_for_status()

    def stored(self, project: str) -> list[str]:
        """The digests of the bytes that the server holds for a project, sorted."""
        ids = [asset["id"] for asset in self.read(project, "/assets")["assets"]]
        return sorted(sha256(self._content(held).read_bytes()).hexdigest() for held in ids)

    def clear(self, project: str) -> None:
        """Take away the bytes of a project: hundreds of copies of the catalog are many."""
        for asset in self.read(project, "/assets")["assets"]:
            self._content(asset["id"]).unlink()
        for parts in (self.folder / "box/parts").iterdir():
            shutil.rmtree(parts)

    def _content(self, asset_id: str) -> Path:
        return self.folder / "box/contents" / asset_id[-2:] / asset_id


@contextmanager
def scene(folder: Path, *middleware: Any, **settings: Any) -> Iterator[Scene]:
    """A scene for the length of a `with`, around the catalog in `folder`."""
    digests = sorted(load(folder / "catalog").files)
    reaper = Reaper()
    slow: dict[str, Any] = {"validate_s": 60, "import_s": 60, "part_ttl_s": 1e9}
    with running(folder / "box", middleware=(reaper, *middleware), **slow, **settings) as server:
        reaper.server = server
        auth = (str(os.getpid()), "secret")
        with httpx.Client(base_url=server.url, auth=auth) as http:
            yield Scene(server, reaper, folder / "catalog", digests, folder, http)
