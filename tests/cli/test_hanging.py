"""Any request of any command may hang for ever: the command ends all the same, and says so."""

import re
import shutil
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catalogsync.sandbox import running
from catalogsync.snapshots import parsed, written
from tests.cli.conftest import MODEL, Result, Run, write
from tests.cli.test_kinds import wav
from tests.cli.test_sources import FLUX, SAFETENSORS
from tests.cli.trainings import Api, write_catalog

QUICK = ("--timeout", "0.6", "--jobs", "2")

Hang = Callable[[Any], Awaitable[None]]


async def silent(send: Any) -> None:
    """Not a byte of an answer."""


async def headers_only(send: Any) -> None:
    """The beginning of an answer, and nothing of what it promises."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"99")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


class Hanging:
    """A middleware that lets every request of one kind hang, named as the sandbox counts them."""

    def __init__(self, request: str, hang: Hang) -> None:
        request = request.replace("PUT part", "PUT /parts/.+")
        self._pattern = re.compile(request.replace("?", r"\?").replace("{}", "[^/?]+"))
        self._hang = hang
        self.hung = 0

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            request = f"{scope['method']} {scope['path'].removeprefix('/v1')}"
            if b"dryRun" in scope["query_string"]:
                request += "?dryRun"
            if not self._pattern.fullmatch(request):
                await app(scope, receive, send)
                return
            self.hung += 1
            await self._hang(send)
            while (await receive())["type"] != "http.disconnect":
                pass

        return serve


LOOK = "GET /models/{}"
"""How a model is read in whole, also right before it is written."""

COMPARING = (
    "GET /models",
    "GET /models/{}/description",
    "GET /models/{}/prompt-guide",
    "GET /collections",
    "POST /assets/get-bulk",
    "GET /assets",
    "POST /uploads?dryRun",
)
"""What every comparison with the server asks; the POSTs ask, for assets and for a price."""

READS = {
    "plan": (*COMPARING, LOOK),
    "snapshot": (
        "GET /models",
        "GET /models/{}",
        "GET /models/{}/description",
        "GET /models/{}/prompt-guide",
        "GET /collections",
        "POST /assets/get-bulk",
        "GET /assets",
        "POST /uploads?dryRun",
    ),
    "doctor": ("GET /models",),
    "drift": COMPARING,
    "pull": tuple(each for each in COMPARING if each != "POST /uploads?dryRun"),
    "apply": (*COMPARING, LOOK),
    "apply --restore": (
        "GET /models",
        "GET /models/{}",
        "GET /models/{}/description",
        "GET /models/{}/prompt-guide",
        "GET /collections",
        "POST /assets/get-bulk",
    ),
}
"""Every request of the commands that read, and of an apply before it writes."""

WRITES = (
    "DELETE /collections/{}",
    "DELETE /collections/{}/models",
    "DELETE /models/{}",
    LOOK,
    "GET /uploads/{}",
    "POST /assets",
    "POST /collections",
    "POST /models",
    "POST /uploads",
    "POST /uploads/{}/action",
    "PUT /collections/{}",
    "PUT /collections/{}/models",
    "PUT /models/{}",
    "PUT /models/{}/description",
    "PUT /models/{}/examples",
    "PUT /models/{}/prompt-guide",
    "PUT /models/{}/tags",
    "PUT part",
)
"""Every request of an apply that its plan does not make."""

NOT_NEEDED = ("PUT /collections/{}",)
"""What only the next run would be served by: without it, all is done."""

EVERY_REQUEST = READS | {"apply": COMPARING + WRITES}

OPTIONS = {
    "plan": ("--prune", "--no-cache"),
    "snapshot": ("--out", "snapshot.json", "--no-cache"),
    "doctor": (),
    "drift": ("--no-cache",),
    "pull": ("--no-cache", "--dry-run", "--force"),
    "apply": ("--prune", "--no-cache", "--yes"),
    "apply --restore": ("snapshot.json", "--no-cache", "--yes"),
}

FOUND_SOMETHING = {"drift": 2}
"""The exit codes of the commands that say by one what they found."""


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the sandbox that holds what the catalog was before it was edited."""
    return tmp_path_factory.mktemp("before")


@pytest.fixture
def edited(cli: Run, catalog: Path, tmp_path: Path, before: Path) -> Path:
    """A catalog whose apply makes every kind of request, and a sandbox in `box` to apply it to."""
    settings = "apiVersion: catalogsync/v1\nname: acme\ntargets: {main: {project: proj_h}}\n"
    write(catalog / "catalog.yaml", settings)
    write(catalog / "models/gone.yaml", "name: Gone\ntype: custom\n")
    folder = catalog / "models/ink-heroes"
    write(folder / "model.yaml", MODEL + "collections: [Old]\n")
    if not (before / "box").exists():
        where = (catalog, "--sandbox", before / "box")
        assert cli("apply", *where, "--yes").code == 0
        assert cli("snapshot", *where, "--out", before / "snapshot.json").code == 0
    shutil.copy(before / "snapshot.json", tmp_path)
    shutil.copytree(before / "box", tmp_path / "box")
    (catalog / "models/gone.yaml").unlink()
    Image.new("RGB", (9, 9), (7, 8, 9)).save(folder / "images/4.webp", lossless=True)
    (folder / "voice.wav").write_bytes(wav(4096))
    text = MODEL.replace("images/3.webp]", "images/4.webp, voice.wav]")
    for old, new in (("ink]", "noir]"), ("Hand", "Machine"), ("Short", "Long")):
        text = text.replace(old, new)
    write(folder / "model.yaml", text + "collections: [New]\n")
    write(folder / "description.md", "# Other\n")
    write(catalog / "models/third.yaml", "name: Third\ntype: custom\n")
    text = f"name: Flux\ntype: flux.1-lora\nsource: {{huggingFace: {FLUX}}}\n"
    write(catalog / "models/flux.yaml", text)
    text = "name: Lora\ntype: flux.1-lora\nsource: {file: lora.safetensors}\n"
    write(catalog / "models/lora.yaml", text)
    (catalog / "models/lora.safetensors").write_bytes(SAFETENSORS + bytes(4096))
    return catalog


def ran(cli: Run, command: str, catalog: Path, server: Any, *more: str) -> Result:
    """Run a command of the tables; the snapshot is told to be of this server."""
    taken = Path("snapshot.json")
    taken.write_text(written(replace(parsed(taken.read_bytes()), server=server.url)))
    name, *option = command.split()
    where = (catalog, "--base-url", server.url)
    return cli(name, *where, *option, *OPTIONS[command], *more)


SOON: dict[str, Any] = {"validate_s": 0.01, "import_s": 0.01}


@pytest.mark.parametrize("command", EVERY_REQUEST)
def test_the_tables_hold_every_request(
    cli: Run, edited: Path, tmp_path: Path, command: str
) -> None:
    with running(tmp_path / "box", **SOON) as server:
        found = ran(cli, command, edited, server)
        seen = set(server.control.requests())
    assert found.code == FOUND_SOMETHING.get(command, 0), found.out + found.err
    assert seen == {request.removesuffix("?dryRun") for request in EVERY_REQUEST[command]}


@pytest.mark.parametrize(
    ("command", "request_", "hang"),
    [
        *((command, each, silent) for command, all in READS.items() for each in all),
        *(("plan", each, headers_only) for each in READS["plan"]),
    ],
)
def test_a_read_that_hangs_ends_the_command(
    cli: Run, edited: Path, tmp_path: Path, command: str, request_: str, hang: Hang
) -> None:
    hanging = Hanging(request_, hang)
    with running(tmp_path / "box", middleware=(hanging,)) as server:
        found = ran(cli, command, edited, server, *QUICK)
    assert hanging.hung
    assert found.code == 1
    assert "no answer in time" in found.out + found.err


@pytest.mark.parametrize("request_", WRITES)
def test_a_write_that_hangs_leaves_the_apply_done_in_part(
    cli: Run, edited: Path, tmp_path: Path, request_: str
) -> None:
    hanging = Hanging(request_, silent)
    with running(tmp_path / "box", middleware=(hanging,), **SOON) as server:
        # What is to be pruned is read before, and by the same request as what is about to change.
        options = (each for each in OPTIONS["apply"] if each != "--prune" or request_ != LOOK)
        found = cli("apply", edited, "--base-url", server.url, *options, *QUICK)
    assert hanging.hung
    assert found.code == (0 if request_ in NOT_NEEDED else 4), found.out + found.err


def test_where_nothing_can_be_done_it_is_exit_1(cli: Run, catalog: Path, tmp_path: Path) -> None:
    shutil.rmtree(catalog / "models/ink-heroes")
    write(catalog / "models/both.yaml", "name: Both\ntype: custom\n")
    hanging = Hanging("POST /models", silent)
    with running(tmp_path / "box", middleware=(hanging,)) as server:
        found = cli("apply", catalog, "--base-url", server.url, *OPTIONS["apply"], *QUICK)
    assert hanging.hung
    assert found.code == 1


TRAINING = (
    "GET /jobs",
    "GET /jobs/{}",
    "GET /models",
    "GET /models/{}",
    "PUT /models/{}/train",
    "PUT /models/{}/train?dryRun",
)
CANCELING = ("GET /jobs/{}", "GET /models", "GET /models/{}", "POST /models/{}/train/action")
DOWNLOADING = (
    "GET /jobs",
    "GET /jobs/{}",
    "GET /models",
    "GET /models/{}",
    "POST /models/{}/download",
    "POST /models/{}/download?dryRun",
)
THE_FILE = "GET /weights/.+"
"""The file of a download is no request of the API, so that the sandbox does not count it."""

ON_PURPOSE = {
    ("train", "ink"): TRAINING,
    ("train", "--cancel", "ink"): CANCELING,
    ("download", "ink"): DOWNLOADING,
}
"""Every request of the commands that name models."""

AT_ONCE: dict[str, Any] = {"queue_s": 0, "train_s": 0, "pack_s": 0}


def on_purpose(cli: Run, folder: Path, words: tuple[str, ...], **settings: Any) -> tuple[Any, Any]:
    """Run a command on a model in the state that it wants: the requests, and what it said."""
    slow = {"queue_s": 100, "train_s": 100} if "--cancel" in words else AT_ONCE
    with running(folder / "box", **slow, **settings) as server, closing(Api(server)) as api:
        ids = api.make("trained" if "download" in words else "new")
        if "--cancel" in words:
            api.http.put(f"/models/{ids['ink']}/train", json={}, timeout=9).raise_for_status()
        catalog = write_catalog(folder / "named", ids)
        server.control.forget_requests()
        where = ("-C", catalog, "--base-url", server.url, "--timeout", "0.6")
        more = () if "download" not in words else ("--out", folder / "out")
        found = cli(*words, *where, *more, "--yes")
        return server.control.requests(), found


@pytest.mark.parametrize("words", ON_PURPOSE, ids=" ".join)
def test_the_tables_of_named_models_hold_every_request(
    cli: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    seen, found = on_purpose(cli, tmp_path, words)
    assert found.code == 0, found
    assert set(seen) == {request.removesuffix("?dryRun") for request in ON_PURPOSE[words]}


class HangingLater(Hanging):
    """The same once the models are made."""

    def __call__(self, app: Any) -> Any:
        hanging = super().__call__(app)

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            ours = b"python-httpx" in dict(scope["headers"]).get(b"user-agent", b"")
            fetches = scope["path"].startswith("/weights/")
            await (app if ours and not fetches else hanging)(scope, receive, send)

        return serve


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        *((words, request) for words, all in ON_PURPOSE.items() for request in all),
        (("download", "ink"), THE_FILE),
    ],
)
def test_a_command_on_named_models_ends_whatever_hangs(
    cli: Run, tmp_path: Path, words: tuple[str, ...], request_: str
) -> None:
    hanging = HangingLater(request_, silent)
    _, found = on_purpose(cli, tmp_path, words, middleware=(hanging,))
    assert hanging.hung
    assert found.code == 1, found
    waited = "the file broke off" if request_ == THE_FILE else "no answer in time"
    assert waited in found.out + found.err


def test_the_price_of_a_training_that_hangs_is_unknown(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    hanging = Hanging("PUT /models/{}/train?dryRun", silent)
    write(catalog / "models/ink-heroes/model.yaml", MODEL + "training: {images: [images/1.webp]}\n")
    with running(tmp_path / "box", middleware=(hanging,)) as server:
        assert cli("apply", catalog, "--base-url", server.url, "--yes").code == 0
        found = cli("plan", catalog, "--base-url", server.url, *QUICK)
    assert hanging.hung
    assert found.code == 0
    assert "Training due: 1 model, at an unknown cost; an apply trains nothing." in found.out


def test_a_picture_that_hangs_is_left_out(cli: Run, edited: Path, tmp_path: Path) -> None:
    hanging = Hanging("GET /files/.+", silent)
    page = tmp_path / "page.html"
    options = ("--html", page, "--html-live-images", *OPTIONS["plan"], *QUICK)
    with running(tmp_path / "box", middleware=(hanging,)) as server:
        found = cli("plan", edited, "--base-url", server.url, *options)
    assert hanging.hung
    assert found.code == 0
    assert page.exists()


def test_a_download_that_hangs_is_left_out(cli: Run, edited: Path, tmp_path: Path) -> None:
    hanging = Hanging("GET /files/.+", silent)
    with running(tmp_path / "box", middleware=(hanging,)) as server:
        where = (tmp_path / "mine", "--base-url", server.url)
        assert cli("init", where[0], "--name", "acme", "--project", "proj_h").code == 0
        found = cli("pull", *where, "--only", "ink-heroes", "--download", *QUICK)
    assert hanging.hung
    assert found.code == 0
    assert "the server did not give its file within the size and the time allowed" in found.out


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e9", "soon"])
def test_a_timeout_that_is_none_is_refused(cli: Run, catalog: Path, seconds: str) -> None:
    assert cli("doctor", catalog, "--timeout", seconds).code == 64
