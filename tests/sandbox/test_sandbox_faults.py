"""Each fault on purpose is seen by a client as what its name says, and comes again by its seed."""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalogsync.sandbox import running
from catalogsync.sandbox.faults import FAULTS, BadSpec, Faults, Rule, parsed
from tests.sandbox.conftest import Pictures

MODEL = {"name": "Ink", "type": "flux.1-lora"}


class Bench:
    """A sandbox with faults, and one project of it."""

    def __init__(self, url: str, faults: Faults, control: Any) -> None:
        self.faults = faults
        self.control = control
        self.project = f"proj_{secrets.token_hex(6)}"
        self._client = httpx.Client(
            base_url=url, auth=("k", "s"), params={"projectId": self.project}, timeout=30
        )

    def close(self) -> None:
        """Leave."""
        self._client.close()

    def happens(self, name: str, endpoint: str = "*", times: int | None = 1) -> None:
        """Let a fault happen at the next call of an endpoint."""
        self.faults.start(0, [Rule((name,), endpoint, times=times)])

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request."""
        return self._client.request(method, path, **more)

    def create(self, **more: Any) -> httpx.Response:
        """A request that writes."""
        return self.ask("POST", "/models", json=MODEL, **more)

    def until_it_accepts(self) -> None:
        """Wait until the server takes connections."""
        while True:
            with suppress(httpx.ConnectError):
                self.ask("GET", "/nothing")
                return

    def models(self) -> list[Any]:
        """What is there in truth."""
        self.faults.stop()
        found: list[Any] = self.ask("GET", "/models").json()["models"]
        return found

    def uploaded(self, name: str) -> Any:
        """An upload of one part that the client has completed."""
        body = {"fileName": name, "contentType": "text/plain", "kind": "text"}
        made = self.ask("POST", "/uploads", json={**body, "parts": 1, "fileSize": 2}).json()
        httpx.put(made["upload"]["parts"][0]["url"], content=b"hi").raise_for_status()
        path = f"/uploads/{made['upload']['id']}"
        self.ask("POST", f"{path}/action", json={"action": "complete"})
        return path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Faults, Any]]:
    faults = Faults(wait_s=3, drip_s=0.1)
    folder = tmp_path_factory.mktemp("faults")
    with running(folder, validate_s=0, import_s=0, middleware=(faults,)) as server:
        yield server.url, faults, server.control


@pytest.fixture
def bench(served: tuple[str, Faults, Any]) -> Iterator[Bench]:
    url, faults, control = served
    bench = Bench(url, faults, control)
    yield bench
    faults.stop()
    bench.close()


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("401", 401, "Unauthorized"),
        ("408", 408, "on purpose"),
        ("409", 409, "on purpose"),
        ("500", 500, "on purpose"),
        ("502", 502, "<html>"),
        ("503", 503, "on purpose"),
        ("504", 504, "on purpose"),
        ("too-many-requests", 429, "Too many requests"),
        ("cooldown", 429, '"remainingSeconds": 3'),
        ("ceiling", 429, '"actionLimit": 3'),
    ],
)
def test_an_error_instead_of_an_answer(bench: Bench, name: str, status: int, said: str) -> None:
    bench.happens(name)
    answer = bench.create()
    assert (answer.status_code, said in answer.text) == (status, True)
    assert answer.headers.get("retry-after") == ("3" if name == "too-many-requests" else None)
    assert not bench.models()


BROKEN = (httpx.NetworkError, httpx.RemoteProtocolError)
"""What a reset is to the client: it depends on whether it has begun to read."""


@pytest.mark.parametrize(
    ("name", "error", "done"),
    [
        ("reset-before", BROKEN, 0),
        ("reset-during", BROKEN, 0),
        ("reset-after", BROKEN, 1),
        ("cut-off", httpx.TransportError, 1),
    ],
)
def test_a_connection_that_breaks(bench: Bench, name: str, error: Any, done: int) -> None:
    bench.happens(name)
    with pytest.raises(error):
        bench.create()
    assert len(bench.models()) == done


def test_an_answer_that_is_lost(bench: Bench) -> None:
    bench.happens("lost")
    with pytest.raises(httpx.ReadTimeout):
        bench.create(timeout=1)
    assert len(bench.models()) == 1


def test_a_server_that_refuses_connections_for_a_while(tmp_path: Path) -> None:
    faults = Faults(0, [Rule(("refused",), times=1)], wait_s=1)
    with running(tmp_path / "box", middleware=(faults,)) as server:
        bench = Bench(server.url, faults, server.control)
        with pytest.raises(BROKEN):
            bench.create()
        with pytest.raises(httpx.ConnectError, match="refused"):
            bench.create()
        bench.until_it_accepts()
        assert bench.create().status_code == 200
        bench.happens("refused")
        with pytest.raises(BROKEN):
            bench.create()
        bench.close()
    # It ends while it refuses, and leaves no socket behind.


def test_a_clock_that_is_hours_off(bench: Bench) -> None:
    created = bench.create().json()["model"]
    bench.happens("clock-off")
    answer = bench.ask("GET", f"/models/{created['id']}")
    told, now = answer.json()["model"], datetime.now(UTC)
    off = datetime.fromisoformat(told["createdAt"]) - datetime.fromisoformat(created["createdAt"])
    assert abs(off) >= timedelta(hours=5)
    assert abs(parsedate_to_datetime(answer.headers["date"]) - now - off) < timedelta(minutes=5)
    bench.happens("retry-date")
    refused = bench.create()
    until, date = (parsedate_to_datetime(refused.headers[n]) for n in ("retry-after", "date"))
    assert (refused.status_code, until - date) == (429, timedelta(seconds=3))
    assert abs(date - now) > timedelta(hours=4)


def _is_cut(answer: httpx.Response) -> bool:
    try:
        answer.json()
    except ValueError:
        return "json" in answer.headers["content-type"]
    return False


CHANGED: dict[str, Callable[[httpx.Response], bool]] = {
    "truncated": _is_cut,
    "not-json": _is_cut,
    "wrong-type": lambda answer: answer.headers["content-type"] == "text/plain",
    "missing-fields": lambda answer: len(answer.json()["model"]) > 5,
    "unknown-values": lambda answer: answer.json()["model"]["source"] == "quantum",
    "no-progress": lambda answer: answer.json()["model"]["trainingProgress"] == {},
    "drip": lambda answer: answer.json()["model"]["name"] == "Ink",
}


@pytest.mark.parametrize("name", CHANGED)
def test_an_answer_that_is_not_as_documented(bench: Bench, name: str) -> None:
    bench.happens(name)
    assert CHANGED[name](bench.create())
    assert len(bench.models()) == 1


def _pages(bench: Bench) -> Iterator[list[str]]:
    token = ""
    while True:
        answer = bench.ask("GET", "/models", params={"paginationToken": token} if token else {})
        yield [model["id"] for model in answer.json()["models"]]
        token = answer.json().get("nextPaginationToken")
        if not token:
            return


def test_pages_that_are_empty_or_repeat_what_was_there(bench: Bench) -> None:
    made = [bench.create().json()["model"]["id"] for _ in range(3)][::-1]
    bench.happens("empty-page", "GET /models")
    assert list(_pages(bench)) == [[], made]
    bench.happens("listing-changes", "GET /models")
    assert list(_pages(bench)) == [made[:2], made[1:]]
    bench.happens("repeated-token", "GET /models")
    pages = _pages(bench)
    assert [next(pages) for _ in range(4)] == [made] * 4


def test_an_upload_that_fails_or_gets_stuck(bench: Bench) -> None:
    bench.happens("upload-failed")
    failed = bench.ask("GET", bench.uploaded("a.txt")).json()["upload"]
    assert (failed["status"], failed["errorMessage"]) == ("failed", "the file is damaged")
    assert not bench.ask("GET", "/assets").json()["assets"]
    bench.happens("stuck-validating")
    path = bench.uploaded("b.txt")
    looks = [bench.ask("GET", path).json()["upload"]["status"] for _ in range(30)]
    assert (looks[0], looks[19], looks[-1]) == ("validating", "validating", "imported")


def test_what_the_server_keeps_otherwise(bench: Bench, pictures: Pictures) -> None:
    bench.happens("renamed-file")
    image = {"image": pictures.encoded(), "name": "a.png"}
    asset = bench.ask("POST", "/assets", json=image).json()["asset"]
    assert asset["metadata"]["name"] == "upload.bin"
    model = bench.create().json()["model"]["id"]
    bench.happens("tags-normalised")
    bench.ask("PUT", f"/models/{model}/tags", json={"add": ["Ink"], "delete": [], "strict": False})
    assert bench.models()[0]["tags"] == ["ink"]
    tags = {"tags": [f"tag{number}" for number in range(9)]}
    bench.control.set_fields(model, **tags)
    bench.happens("order-changed")
    shown = bench.ask("GET", f"/models/{model}").json()["model"]["tags"]
    assert (shown != tags["tags"], sorted(shown)) == (True, tags["tags"])


def test_the_same_seed_lets_the_same_go_wrong(bench: Bench) -> None:
    def statuses(seed: int) -> list[int]:
        bench.faults.start(seed, [Rule(("40?", "50?"), rate=0.5)])
        return [bench.create().status_code for _ in range(20)]

    assert statuses(7) == statuses(7) != statuses(8)


def test_a_spec_says_what_goes_wrong() -> None:
    told = parsed("seed=7, rate=0.05, lost@POST /models=2x")
    assert told == (7, [Rule(rate=0.05), Rule(("lost",), "POST /models", times=2)])
    for spec, why in {
        "nonsense=1": "'nonsense' is no fault; there are: reset-before",
        "lost@GET /nowhere=1": "'GET /nowhere' is no endpoint; there are: DELETE /assets",
        "empty-page@POST /models=1": "empty-page cannot happen at POST /models",
        "lost=7": "a probability is between 0 and 1, a number of times is `3x`",
        "lost=often": "'often' is not a number",
        "lost": "'lost' is not NAME=VALUE",
    }.items():
        with pytest.raises(BadSpec) as caught:
            parsed(spec)
        assert why in str(caught.value)


def test_every_fault_is_seen_by_a_test() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert not [name for name in FAULTS if json.dumps(name) not in text]


def test_the_list_for_readers_is_whole() -> None:
    listed = (Path(__file__).parents[2] / "docs/reliability.md").read_text(encoding="utf-8")
    assert not [
        name for name, fault in FAULTS.items() if f"| `{name}` | {fault.how} |" not in listed
    ]
