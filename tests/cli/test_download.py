"""`download` as a user sees it: one file with its digest, whatever breaks on the way."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults, Rule
from tests.cli.conftest import Result, Run
from tests.cli.terminal import Terminal
from tests.cli.trainings import Api, past_prices, priced, write_catalog

SIZE = 3_000_000
SOON = {"pack_s": 0.05, "weights_bytes": SIZE}


class Store:
    """A sandbox with trained models, and the program in a catalog of them."""

    def __init__(self, cli: Run, server: Any, folder: Path) -> None:
        self._cli = cli
        self.server = server
        self.api = Api(server)
        self.ids = self.api.make("trained")
        self.catalog = write_catalog(folder / "catalog", self.ids)
        self.out = folder / "out"

    def __call__(self, *arguments: object) -> Result:
        words = [*arguments, "-C", self.catalog, "--out", self.out]
        return self._cli("download", *words, "--base-url", self.server.url)

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.out.iterdir())

    def jobs(self) -> int:
        """How many downloads were begun."""
        return len(self.api.jobs("model-download"))


@pytest.fixture
def store(cli: Run, tmp_path: Path) -> Callable[..., Any]:
    @contextmanager
    def opened(**settings: Any) -> Iterator[Store]:
        with running(tmp_path / "box", **{**SOON, **settings}) as server:
            found = Store(cli, server, tmp_path)
            try:
                yield found
            finally:
                found.api.close()

    return opened


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


class Broken:
    """A middleware that breaks off the first so many reads of a file, and counts them.

    Without `ranges` the server knows nothing of parts of a file.
    """

    def __init__(
        self, breaks: int = 0, *, after: int = 1_000_000, ranges: bool = True, status: int = 0
    ) -> None:
        self.reads: list[dict[bytes, bytes]] = []
        self._breaks = breaks
        self._after = after
        self._ranges = ranges
        self._status = status

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            if not scope["path"].startswith("/weights/"):
                await app(scope, receive, send)
                return
            self.reads.append(dict(scope["headers"]))
            if self._status and len(self.reads) == 1:
                await send({"type": "http.response.start", "status": self._status, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            if not self._ranges:
                headers = [(n, v) for n, v in scope["headers"] if n != b"range"]
                scope = {**scope, "headers": headers}
            left = self._after if len(self.reads) <= self._breaks else None
            await app(scope, receive, _cut(send, left))

        return serve


def _cut(send: Any, left: int | None) -> Any:
    async def sent(message: Any) -> None:
        nonlocal left
        body = message.get("body", b"")
        if left is not None and message["type"] == "http.response.body":
            if len(body) > left:
                await send({**message, "body": body[:left], "more_body": True})
                send.__self__.transport.close()
                raise ConnectionError
            left -= len(body)
        await send(message)

    return sent


def test_a_download_is_a_file_with_its_digest(store: Any) -> None:
    with store() as download:
        found = download("ink")
        assert found.code == 0, found
        assert download.files == ["ink.safetensors", "ink.safetensors.sha256"]
        path = download.out / "ink.safetensors"
        said = digest(path)
        assert found.out == f"{path}  3.0 MB  sha256:{said}\n"
        record = (download.out / "ink.safetensors.sha256").read_text()
        assert record == f"{said}  ink.safetensors\n"
        assert path.stat().st_size > SIZE
        again = download("ink")
    assert "is there already, the same" in again.out
    assert f"Download of ink ({download.ids['ink']}): 0 creative units." in found.err


def test_programs_get_events_and_one_document(store: Any) -> None:
    with store() as download:
        found = download("ink", "--json")
        document = json.loads(found.out)
        job_id = download.api.jobs("model-download")[0]["jobId"]
        path = download.out / "ink.safetensors"
        assert document["sha256"] == digest(path)
    schema = Path(__file__).parents[2] / "schemas/download.schema.json"
    Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(document)
    told = {name: document[name] for name in ("key", "job_id", "file", "bytes", "same", "units")}
    assert told == {
        "key": "ink",
        "job_id": job_id,
        "file": str(path),
        "bytes": document["bytes"],
        "same": False,
        "units": 0,
    }
    events = [json.loads(line) for line in found.err.splitlines() if line.startswith("{")]
    assert [event["event"] for event in events][-1] == "fetching"
    assert events[-1]["bytesToFetch"] == document["bytes"]


def test_an_epoch_has_a_file_of_its_own(store: Any) -> None:
    with store() as download:
        download.server.control.set_epochs(download.ids["ink"], ["000001", "000002"])
        assert download("ink", "--epoch", "000001").code == 0
        assert download("ink", "--epoch", "000002").code == 0
        missing = download("ink", "--epoch", "000009")
        files = [name for name in download.files if not name.endswith(".sha256")]
        assert files == ["ink-000001.safetensors", "ink-000002.safetensors"]
        first, second = (digest(download.out / name) for name in files)
    assert first != second
    assert missing.code == 1
    assert "modelEpoch: the model has no epoch 000009" in missing.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nobody"], 64, "the catalog has no model nobody"),
        (["pose"], 1, "Downloads are only available for trained models"),
        (["new"], 5, "new: there is no such model on the server yet"),
        (["ink", "--max-size", "1MB"], 1, "1,000,000 bytes are taken at most"),
        ([], 64, "Missing argument"),
    ],
)
def test_what_cannot_be_downloaded_is_told(
    store: Any, arguments: list[str], code: int, said: str
) -> None:
    with store() as download:
        (download.catalog / "models/new.yaml").write_text("name: New\ntype: flux.1-lora\n")
        found = download(*arguments)
        assert found.code == code, found
        assert said in found.err
        files = download.files if download.out.exists() else []
        assert [name for name in files if not name.startswith(".")] == []


def test_what_breaks_off_goes_on_where_it_stopped(store: Any) -> None:
    broken = Broken(breaks=2)
    with store(middleware=(broken,)) as download:
        assert download("ink").code == 0
        there = digest(download.out / "ink.safetensors")
        (download.out / "ink.safetensors").unlink()
        (download.out / "ink.safetensors.sha256").unlink()
        assert download("ink").code == 0
        assert digest(download.out / "ink.safetensors") == there
    starts = [int(each.get(b"range", b"bytes=0-")[6:-1]) for each in broken.reads]
    assert starts[0] == starts[-1] == 0
    assert 0 < starts[1] < starts[2] < SIZE
    assert all(b"if-range" in each for each in broken.reads[1:3])
    assert all(b"authorization" not in each for each in broken.reads)


def test_a_server_that_knows_no_ranges_begins_anew(store: Any) -> None:
    broken = Broken(breaks=2, ranges=False)
    with store(middleware=(broken,)) as download:
        assert download("ink").code == 0
        assert (download.out / "ink.safetensors").stat().st_size > SIZE


@pytest.mark.parametrize("status", [403, 404, 503])
def test_an_address_that_is_not_accepted_is_asked_for_anew(store: Any, status: int) -> None:
    broken = Broken(status=status)
    with store(middleware=(broken,)) as download:
        assert download("ink").code == 0
        assert download.jobs() == 1
    assert len(broken.reads) == 2


def test_a_file_of_another_training_is_not_written_over(store: Any) -> None:
    with store() as download:
        download("ink")
        before = digest(download.out / "ink.safetensors")
        stats = {"endedAt": "2099-01-01T00:00:00.000Z"}
        download.server.control.set_fields(download.ids["ink"], trainingStats=stats)
        found = download("ink")
        assert digest(download.out / "ink.safetensors") == before
        replaced = download("ink", "--replace")
        assert digest(download.out / "ink.safetensors") != before
        assert download.files == ["ink.safetensors", "ink.safetensors.sha256"]
    assert (found.code, replaced.code) == (5, 0)
    assert "is another file than the server sends" in found.err
    assert "--replace" in found.err


@pytest.mark.parametrize(
    ("units", "options", "code"),
    [
        (5, [], 64),
        (5, ["--yes"], 0),
        (5, ["--yes", "--max-cost", "4"], 5),
        (None, ["--yes"], 5),
        (None, [], 64),
    ],
)
def test_what_costs_is_asked_for(
    store: Any, units: float | None, options: list[str], code: int
) -> None:
    with store(middleware=(priced(units),)) as download:
        found = download("ink", *options)
        assert found.code == code, found
        assert download.jobs() == (code == 0)
        assert download.files == ([] if code else ["ink.safetensors", "ink.safetensors.sha256"])


def test_a_person_is_asked_with_the_cost(store: Any) -> None:
    with (
        store(middleware=(priced(5),)) as download,
        Terminal(
            "download", "ink", "-C", download.catalog, "--out", download.out,
            url=download.server.url,
        ) as terminal,
    ):  # fmt: skip
        terminal.until("Download ink for 5 creative units? [y/N]")
        terminal.type("y\n")
        assert terminal.end() == 0
        assert download.jobs() == 1


def test_a_terminal_shows_a_bar_with_bytes(store: Any) -> None:
    with (
        store(pack_s=1.0, weights_bytes=20_000_000) as download,
        Terminal(
            "download", "ink", "-C", download.catalog, "--out", download.out,
            url=download.server.url,
        ) as terminal,
    ):  # fmt: skip
        terminal.until("the server packs it")
        assert terminal.end() == 0
    assert "of 20.0 MB" in terminal.shown
    assert "ink.safetensors" in terminal.shown.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_the_next_run_goes_on(store: Any, number: signal.Signals) -> None:
    with store(pack_s=1000) as download:
        with Terminal(
            "download", "ink", "-C", download.catalog, "--out", download.out,
            url=download.server.url,
        ) as terminal:  # fmt: skip
            terminal.until("the server packs it")
            terminal.process.send_signal(number)
            assert terminal.end() == 130
        download.server.control.advance(2000)
        assert download("ink").code == 0
        assert download.jobs() == 1


@pytest.mark.parametrize("fault", ["lost", "reset-after", "cut-off", "truncated"])
def test_a_lost_answer_begins_no_second_job(store: Any, fault: str) -> None:
    faults = Faults(1, [Rule((fault,), "POST /models/{}/download", times=1)])

    with store(middleware=(past_prices(faults),)) as download:
        assert download("ink", "--timeout", "2").code == 0
        assert download.jobs() == 1
    assert faults.injected[fault] == 1


class Renaming:
    """A middleware that gives the file another name, in the header where servers say it."""

    def __init__(self, header: bytes) -> None:
        self._header = header

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            async def renamed(message: Any) -> None:
                if message["type"] == "http.response.start":
                    kept = [h for h in message["headers"] if h[0] != b"content-disposition"]
                    message["headers"] = [*kept, (b"content-disposition", self._header)]
                await send(message)

            await app(scope, receive, renamed if "/weights/" in scope["path"] else send)

        return serve


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b'attachment; filename="../../../evil.sh"', "ink.sh"),
        (b'attachment; filename="/etc/passwd"', "ink.bin"),
        (b"attachment; filename*=UTF-8''..%2f..%2fevil%00.zip", "ink.zip"),
        (b'attachment; filename="..\\\\..\\\\evil.exe"', "ink.exe"),
        (b'attachment; filename="x.a:b"', "ink.bin"),
        (b"attachment; filename=", "ink.bin"),
    ],
)
def test_no_name_of_the_server_leads_anywhere(
    store: Any, tmp_path: Path, header: bytes, name: str
) -> None:
    with store(middleware=(Renaming(header),), weights_bytes=1000) as download:
        before = {path for path in tmp_path.rglob("*") if "box" not in path.parts}
        assert download("ink").code == 0
        made = {path for path in tmp_path.rglob("*") if "box" not in path.parts} - before
        assert made == {download.out, download.out / name, download.out / f"{name}.sha256"}


def test_no_signed_address_is_told_or_kept(store: Any) -> None:
    with store(middleware=(Broken(breaks=99, after=1000),)) as download:
        found = download("ink", "-vvv", "--log-json")
        kept = b"".join(path.read_bytes() for path in download.out.glob(".*.json"))
    assert found.code == 1
    assert "it goes on after the" in found.err
    assert b"job_" in kept
    for text in (found.out, found.err, kept.decode()):
        assert "Signature" not in text
        assert "/weights/" not in text
