"""Credentials and signed URLs appear in nothing that a run leaves, however it fails."""

import base64
import json
import re
import shutil
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catalogsync.sandbox import running
from tests.cli.conftest import MODEL, Run, write
from tests.cli.test_kinds import wav
from tests.cli.trainings import Api, past_prices, write_catalog

KEY, SECRET = "canary-key-7f3a", "canary-secret-9b1c"
PAIR = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
SIGNATURE = "canary-signature"
SIGNED = f"https://bucket.example/a.png?X-Amz-Credential={SIGNATURE}&X-Amz-Signature={SIGNATURE}"
CANARIES = (KEY, SECRET, PAIR, SIGNATURE, "Signature=", "X-Amz")

ASKED = ("--yes", "--json", "--log-json")
"""An apply for programs; `-vvv` is given to every run."""

Send = Callable[[dict[str, Any]], Awaitable[None]]
Answer = Callable[[str, Send], Awaitable[None]]
"""What is sent in place of the API's answer, given what the client said of itself."""


def said(status: int, body: str = "", *, kind: str = "application/json", **more: str) -> Answer:
    """An answer; in its body and headers ECHO stands for what the request's header held."""

    async def answer(echo: str, send: Send) -> None:
        named = {"content-type": kind} | {n.replace("_", "-"): v for n, v in more.items()}
        headers = [(n.encode(), v.replace("ECHO", echo).encode()) for n, v in named.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body.replace("ECHO", echo).encode()})

    return answer


def failed(status: int, **more: Any) -> Answer:
    """A failure that quotes the request in every field the client looks at."""
    fields = {"reason": "ECHO", "message": "ECHO", "trace_id": "ECHO", "details": more}
    return said(status, json.dumps(fields), retry_after="9999")


def page(status: int) -> Answer:
    """A page for people, as proxies send it."""
    body = f'<html><a href="{SIGNED}">ECHO</a>{"<br>" * 600}ECHO</html>'
    return said(status, body, kind="text/html", retry_after="9999")


async def reset(echo: str, send: Send) -> None:
    """End the connection without an answer."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]  # the server's own cycle


async def cut_off(echo: str, send: Send) -> None:
    """End the connection in the middle of an answer."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"99999")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": echo.encode(), "more_body": True})
    send.__self__.transport.abort()  # type: ignore[attr-defined]  # the server's own cycle


NO_JSON = said(200, '{"url": "ECHO', retry_after="9999")
OTHER_JSON = said(200, json.dumps({"url": "ECHO", "models": [{"id": 1, "url": "ECHO"}]}))
REDIRECT = said(307, location=SIGNED)
NO_PLACE = said(301, "ECHO", kind="text/plain", location=f"http://[{SIGNATURE}ECHO")
ODD_KIND = said(200, "x", kind="x/ECHO")
CEILING = failed(429, actionName="ECHO", actionLimit=SIGNED)

FAILURES: list[tuple[str, Answer]] = [
    ("GET /models", failed(401)),
    ("GET /models", failed(500)),
    ("GET /models", page(502)),
    ("GET /models", REDIRECT),
    ("GET /models", OTHER_JSON),
    ("GET /models", ODD_KIND),
    ("GET /models/[^/]+/description", failed(403)),
    ("GET /models/[^/]+/description", said(200, '["ECHO"]')),
    ("GET /models/[^/]+/description", reset),
    ("GET /models/[^/]+/prompt-guide", page(405)),
    ("GET /models/[^/]+/prompt-guide", said(200, '{"promptGuide": 7, "url": "ECHO"}')),
    ("GET /collections", failed(429)),
    ("GET /collections", NO_PLACE),
    ("POST /assets/get-bulk", page(200)),
    ("POST /assets/get-bulk", failed(400)),
    ("GET /assets", said(418, "ECHO", kind="text/plain")),
    ("GET /assets", cut_off),
    ("GET /models/[^/]+", failed(410)),
    ("POST /models", failed(409)),
    ("POST /models", failed(422)),
    ("POST /models", CEILING),
    ("POST /collections", page(413)),
    ("PUT /collections/[^/]+/models", failed(404)),
    ("PUT /models/[^/]+", failed(503)),
    ("PUT /models/[^/]+", said(200, '{"model": {"id": "ECHO", "shortDescription": "ECHO"}}')),
    ("PUT /models/[^/]+/tags", page(403)),
    ("PUT /models/[^/]+/tags", CEILING),
    ("PUT /models/[^/]+/description", said(200, '{"description": "ECHO"}')),
    ("PUT /models/[^/]+/prompt-guide", said(200, '{"url": "ECHO"}')),
    ("PUT /models/[^/]+/examples", failed(400)),
    ("PUT /models/[^/]+/examples", REDIRECT),
    ("POST /assets", failed(413)),
    ("POST /assets", said(200, '{"asset": {"id": 5, "url": "ECHO"}}')),
    ("POST /uploads", failed(429)),
    ("POST /uploads", said(200, '{"upload": {"id": "u", "parts": [{"number": 1, "url": 3}]}}')),
    ("POST /uploads/[^/]+/action", failed(409)),
    ("GET /uploads/[^/]+", said(200, '{"upload": {"status": "failed", "errorMessage": "ECHO"}}')),
    ("PUT /parts/.*", page(400)),
    ("PUT /parts/.*", REDIRECT),
    ("PUT /parts/.*", said(403, "ECHO")),
    ("DELETE /models/[^/]+", failed(403)),
    ("DELETE /models/[^/]+", NO_JSON),
]


class Faults:
    """A middleware that fails the requests of one kind, and remembers what they held."""

    def __init__(self, pattern: str, answer: Answer) -> None:
        self._pattern = re.compile(pattern)
        self._answer = answer
        self.authorizations: list[str] = []

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            request = f"{scope['method']} {scope['path'].removeprefix('/v1')}"
            if not self._pattern.fullmatch(request):
                await app(scope, receive, send)
                return
            while (await receive()).get("more_body"):
                pass
            held = dict(scope["headers"]).get(b"authorization", b"").decode()
            self.authorizations.append(held)
            echo = f"you sent {held}, that is {KEY} and {SECRET}, see {SIGNED} and {PAIR}"
            await self._answer(echo, send)

        return serve


def bad_part(url: str) -> Callable[[Any], Any]:
    """A middleware that names another address for every part of an upload."""

    def middleware(app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            async def rewritten(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    names = [n for n in message["headers"] if n[0] != b"content-length"]
                    message["headers"] = names
                else:
                    parts = rb'"url":\s*"[^"]*/parts/[^"]*"'
                    body = re.sub(parts, json.dumps({"url": url})[1:-1].encode(), message["body"])
                    message["body"] = body
                await send(message)

            is_begin = scope["path"].startswith("/v1/uploads")
            await app(scope, receive, rewritten if is_begin else send)

        return serve

    return middleware


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for copies of a sandbox that holds what the catalog was before it was edited."""
    return tmp_path_factory.mktemp("applied")


@pytest.fixture
def edited(cli: Run, catalog: Path, tmp_path: Path, applied: Path, project: str) -> Path:
    """A catalog in which everything changes, and a sandbox in `box` that has the old state."""
    settings = "apiVersion: catalogsync/v1\nname: acme\ntargets: {main: {project: proj_c}}\n"
    write(catalog / "catalog.yaml", settings)
    write(catalog / "models/gone.yaml", "name: Gone\ntype: custom\n")
    box = applied / "box"
    if not box.exists():
        assert cli("apply", catalog, "--sandbox", box, "--yes").code == 0
    shutil.copytree(box, tmp_path / "box")
    (catalog / "models/gone.yaml").unlink()
    folder = catalog / "models/ink-heroes"
    Image.new("RGB", (9, 9), (7, 8, 9)).save(folder / "images/4.webp", lossless=True)
    (folder / "voice.wav").write_bytes(wav(4096))
    text = MODEL.replace("images/3.webp]", "images/4.webp, voice.wav]")
    for old, new in (("ink]", "noir]"), ("Hand", "Machine"), ("Short", "Long")):
        text = text.replace(old, new)
    write(folder / "model.yaml", text + "collections: [Comics]\n")
    write(folder / "description.md", "# Other\n")
    write(catalog / "models/third.yaml", "name: Third\ntype: custom\n")
    return catalog


def left_behind(folder: Path) -> bytes:
    """Every byte of every file below a folder, and its name."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"\n".join(part for path in files for part in (str(path).encode(), path.read_bytes()))


def readings(name: Path) -> list[object]:
    """The options for every reading of a plan, with files of that name."""
    files = {"--json-into": "into.json", "--markdown": "md", "--html": "html"}
    named = ((option, f"{name}.{ending}") for option, ending in files.items())
    return ["--html-live-images", *(part for pair in named for part in pair)]


def run_everything(cli: Run, catalog: Path, folder: Path, url: str) -> tuple[set[int], str]:
    """Plan and apply with everything that can be written; the exit codes, and all that is told."""
    env = {
        "SCENARIO_SDK_API_KEY": KEY,
        "SCENARIO_SDK_API_SECRET": SECRET,
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    where = [catalog, "--base-url", url, "--prune", "-vvv"]
    made = folder / "made"
    made.mkdir()
    runs = [
        cli("plan", *where, "--out", made / "plan.json", *readings(made / "plan"), env=env),
        cli("apply", *where, *ASKED, *readings(made / "done"), env=env),
    ]
    told = "".join(found.out + found.err for found in runs)
    told += (left_behind(made) + left_behind(folder / "cache")).decode("latin-1")
    assert "Traceback" not in told
    return {found.code for found in runs}, told


@pytest.mark.parametrize(
    ("pattern", "answer"),
    FAILURES,
    ids=[f"{number} {pattern}" for number, (pattern, _) in enumerate(FAILURES)],
)
def test_no_failure_of_the_api_tells_a_secret(
    cli: Run, edited: Path, tmp_path: Path, pattern: str, answer: Answer
) -> None:
    faults = Faults(pattern, answer)
    with running(tmp_path / "box", middleware=(faults,)) as server:
        codes, told = run_everything(cli, edited, tmp_path, server.url)
    assert codes & {1, 3, 4}
    assert set(faults.authorizations) == {"" if "/parts/" in pattern else f"Basic {PAIR}"}
    assert [canary for canary in CANARIES if canary in told] == []


@pytest.mark.parametrize(
    "url",
    [
        f"http://bucket.example/part?X-Amz-Signature={SIGNATURE}",
        f"ftp://127.0.0.1/part?X-Amz-Signature={SIGNATURE}",
        f"https://[{SIGNATURE}/part",
        f"http://{KEY}:{SECRET}@bucket.example/part?X-Amz-Signature={SIGNATURE}",
        f"\n{SIGNED}",
    ],
)
def test_no_address_of_a_part_is_told(cli: Run, edited: Path, tmp_path: Path, url: str) -> None:
    with running(tmp_path / "box", middleware=(bad_part(url),)) as server:
        codes, told = run_everything(cli, edited, tmp_path, server.url)
        assert not server.control.requests()["PUT part"]
    assert 4 in codes
    assert [canary for canary in CANARIES if canary in told] == []


def test_no_run_that_goes_well_tells_one(cli: Run, edited: Path, tmp_path: Path) -> None:
    with running(tmp_path / "box") as server:
        codes, told = run_everything(cli, edited, tmp_path, server.url)
    assert codes == {0}
    assert [canary for canary in CANARIES if canary in told] == []


FAILED_JOB = {"jobId": "j", "status": "failure", "metadata": {"error": "ECHO", "hint": "ECHO"}}
PACKED_JOB = {"jobId": "j", "status": "success", "metadata": {"output": {"url": SIGNED}}}


def elsewhere(url: str) -> Answer:
    """A job whose file is at this address."""
    job = {**PACKED_JOB, "metadata": {"output": {"url": url}, "error": "ECHO"}}
    return said(200, json.dumps({"job": job}))


ON_PURPOSE: list[tuple[str, Answer]] = [  # those with ? also fail questions for a price
    ("?PUT /models/[^/]+/train", failed(500)),
    ("?PUT /models/[^/]+/train", page(403)),
    ("PUT /models/[^/]+/train", failed(500)),
    ("PUT /models/[^/]+/train", CEILING),
    ("PUT /models/[^/]+/train", reset),
    ("PUT /models/[^/]+/train", said(200, '{"job": {"jobId": "ECHO"}, "model": {"id": "ECHO"}}')),
    ("POST /models/[^/]+/train/action", failed(409)),
    ("GET /jobs", failed(500)),
    ("GET /jobs", OTHER_JSON),
    ("GET /jobs/[^/]+", page(502)),
    ("GET /jobs/[^/]+", said(200, json.dumps({"job": FAILED_JOB}))),
    ("GET /jobs/[^/]+", elsewhere(f"http://bucket.example/w?X-Amz-Signature={SIGNATURE}")),
    ("GET /jobs/[^/]+", elsewhere(f"https://{KEY}:{SECRET}@bucket.example/w")),
    ("GET /jobs/[^/]+", elsewhere(f"ftp://127.0.0.1/w?X-Amz-Signature={SIGNATURE}")),
    ("POST /models/[^/]+/download", failed(422)),
    ("POST /models/[^/]+/download", cut_off),
    ("POST /models/[^/]+/download", REDIRECT),
    ("GET /weights/.*", page(400)),
    ("GET /weights/.*", said(403, "ECHO")),
    ("GET /weights/.*", REDIRECT),
    ("GET /weights/.*", cut_off),
    ("GET /weights/.*", said(200, "ECHO", content_disposition=f'attachment; filename="{SIGNED}"')),
]


@pytest.mark.parametrize(
    ("pattern", "answer"),
    ON_PURPOSE,
    ids=[f"{number} {pattern}" for number, (pattern, _) in enumerate(ON_PURPOSE)],
)
def test_no_training_and_no_download_tells_a_secret(
    cli: Run, tmp_path: Path, pattern: str, answer: Answer
) -> None:
    env = {
        "SCENARIO_SDK_API_KEY": KEY,
        "SCENARIO_SDK_API_SECRET": SECRET,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    faults, made = Faults(pattern.removeprefix("?"), answer), tmp_path / "made"
    at = faults if pattern.startswith("?") else past_prices(faults)
    slow: dict[str, Any] = {"queue_s": 0, "train_s": 100, "pack_s": 0}
    with running(tmp_path / "box", middleware=(at,), **slow) as server:
        with closing(Api(server)) as api:
            catalog = write_catalog(tmp_path / "named", api.make())
            for key in ("ink", "paint"):
                server.control.set_status(api.ids[key], "trained")
        where = ["-C", catalog, "--base-url", server.url, "--timeout", "1", "-vvv", "--log-json"]
        runs = [
            cli("train", "ink", "--again", "--yes", "--detach", *where, env=env),
            cli("train", "--status", "ink", "--json", *where, env=env),
            cli("train", "--follow", "ink", "--json", "--deadline", "1", *where, env=env),
            cli("train", "--cancel", "ink", "--yes", *where, env=env),
            cli("download", "paint", "--yes", "--out", made, *where, env=env),
        ]
    assert {found.code for found in runs} & {1, 3, 4, 5}
    held = set(faults.authorizations)
    assert held == {"" if "/weights/" in pattern else f"Basic {PAIR}"}
    told = "".join(found.out + found.err for found in runs)
    kept = [path for path in made.rglob("*") if path.is_file() and path.suffix != ".part"]
    names = "".join(path.name for path in kept)
    told += names + "".join(path.read_text() for path in kept if "json" in path.name)
    told += left_behind(tmp_path / "cache").decode("latin-1")
    assert "Traceback" not in told
    assert [canary for canary in CANARIES if canary in told] == []


LIFE = [
    ("restore", "POST /models/[^/]+/restore", failed(403)),
    ("restore", "POST /models/[^/]+/restore", failed(410)),
    ("restore", "POST /models/[^/]+/restore", CEILING),
    ("restore", "POST /models/[^/]+/restore", page(502)),
    ("restore", "POST /models/[^/]+/restore", OTHER_JSON),
    ("restore", "POST /collections", reset),
    ("restore", "DELETE /collections/[^/]+", failed(400)),
    ("promote", "POST /models/[^/]+/copy", failed(403)),
    ("promote", "POST /models/[^/]+/copy", cut_off),
    ("promote", "POST /models/[^/]+/transfer", failed(403)),
    ("promote", "POST /models/[^/]+/transfer", CEILING),
    ("promote", "POST /models/[^/]+/transfer", OTHER_JSON),
    ("promote", "POST /models/[^/]+/transfer", REDIRECT),
    ("promote", "PUT /collections/[^/]+", page(500)),
]


@pytest.fixture
def two(cli: Run, tmp_path: Path) -> Path:
    """A catalog with two targets, whose first has one model, and once had another."""
    folder = tmp_path / "two"
    (folder / "models").mkdir(parents=True)
    targets = "targets: {a: {project: proj_a}, b: {project: proj_b}}\ndefault: a\n"
    write(folder / "catalog.yaml", f"apiVersion: catalogsync/v1\nname: acme\n{targets}")
    for key in ("restore", "promote"):
        write(folder / f"models/{key}.yaml", f"name: {key}\ntype: custom\ndescription: text\n")
    with running(tmp_path / "life") as server:
        assert cli("apply", folder, "--yes", "--base-url", server.url).code == 0
        write(folder / "models/restore.yaml", "name: restore\ntype: custom\nstate: absent\n")
        assert cli("apply", folder, "--yes", "--base-url", server.url).code == 0
        write(folder / "models/restore.yaml", "name: restore\ntype: custom\ntags: [a]\n")
    return folder


@pytest.mark.parametrize(
    ("command", "pattern", "answer"),
    LIFE,
    ids=[f"{number} {pattern}" for number, (_, pattern, _) in enumerate(LIFE)],
)
def test_no_failure_of_a_restore_or_a_promotion_tells_a_secret(
    cli: Run, two: Path, tmp_path: Path, command: str, pattern: str, answer: Answer
) -> None:
    env = {"SCENARIO_SDK_API_KEY": KEY, "SCENARIO_SDK_API_SECRET": SECRET}
    faults = Faults(pattern, answer)
    more = ("--from", "a", "--to", "b") if command == "promote" else ()
    with running(tmp_path / "life", middleware=(faults,), copy_s=0.01) as server:
        where = ("-C", two, "--base-url", server.url, "-vvv", *ASKED)
        found = cli(command, command, *more, *where, env=env)
    assert found.code in (1, 3, 4), found.out + found.err
    assert set(faults.authorizations) == {f"Basic {PAIR}"}
    told = found.out + found.err
    assert "Traceback" not in told
    assert [canary for canary in CANARIES if canary in told] == []
