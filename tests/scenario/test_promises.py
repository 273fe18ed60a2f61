"""What a read-only transport, a set stop event and many threads may rely on."""

import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from catalogsync.errors import (
    AccessDenied,
    BadResponse,
    Interrupted,
    Unreachable,
    WriteForbidden,
)
from catalogsync.model import Price, Weights, WeightsSource
from catalogsync.scenario import Connection, ScenarioClient, Transport
from catalogsync.scenario.exchanges import Direct
from tests.scenario.conftest import KEY, QUICK, SECRET, Connect
from tests.scenario.server import Exchange, Server, Step, close, reply

LORA = Weights(WeightsSource.HUGGING_FACE, "owner/name")

WRITES: dict[str, Callable[[Transport], object]] = {
    "put": lambda t: t.put("/models/m", {}),
    "delete": lambda t: t.delete("/models/m"),
    "once POST": lambda t: t.once("POST", "/models", {}),
    "once PUT": lambda t: t.once("PUT", "/models", {}),
    "once GET in small letters": lambda t: t.once("get", "/models", {}),
    "once PATCH": lambda t: t.once("PATCH", "/models", {}),
    "read by POST elsewhere": lambda t: t.read_by_post("/models", {}),
    "read by POST below": lambda t: t.read_by_post("/models/get-bulk/x", {}),
    "read by POST beside": lambda t: t.read_by_post("/models/get-bulk?x=1", {}),
    "price of something else": lambda t: t.dry_run("/models", {}),
    "price of an action": lambda t: t.dry_run("/uploads/x/action", {}),
    "price of an end": lambda t: t.dry_run("/models/m/train/action", {}),
    "price of a training by POST": lambda t: t.dry_run("/models/m/train", {}),
    "price of a download by PUT": lambda t: t.dry_run("/models/m/download", {}, method="PUT"),
    "train": lambda t: t.once("PUT", "/models/m/train", {"dryRun": "true"}),
    "train with the question in the path": lambda t: t.put("/models/m/train?dryRun=true", {}),
    "start a training": lambda t: ScenarioClient(t).trainings.start_training("m", {}),
    "cancel a training": lambda t: ScenarioClient(t).trainings.cancel_training("m"),
    "begin a download": lambda t: ScenarioClient(t).downloads.start_download("m", ""),
    "begin an upload": lambda t: t.once("POST", "/uploads", {}),
    "read by POST where prices are": lambda t: t.read_by_post("/uploads", {}),
    "price in the path": lambda t: t.read_by_post("/uploads?dryRun=true", {}),
    "delete where reads are": lambda t: t.delete("/models/get-bulk"),
    "put where reads are": lambda t: t.put("/assets/get-bulk", {}),
    "create a model": lambda t: ScenarioClient(t).create_model({}),
    "begin an import": lambda t: ScenarioClient(t).begin_import(LORA),
    "delete a collection": lambda t: ScenarioClient(t).delete_collection("c"),
    "rename a collection": lambda t: ScenarioClient(t).rename_collection("c", "d"),
    "edit tags": lambda t: ScenarioClient(t).edit_tags("m", add=["a"], delete=[]),
    "delete a model": lambda t: ScenarioClient(t).delete_model("get-bulk"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_no_write_of_a_read_only_transport_reaches_the_socket(
    server: Server, connect: Connect, write: Callable[[Transport], object]
) -> None:
    with pytest.raises(WriteForbidden):
        write(connect(read_only=True))
    assert server.connections == 0


@pytest.mark.parametrize("path", ["/models/get-bulk", "/assets/get-bulk"])
def test_a_read_only_transport_reads_in_bulk(server: Server, connect: Connect, path: str) -> None:
    assert connect(read_only=True).read_by_post(path, {"ids": []}) == {}
    assert server.seen == [f"POST {path}"]


def test_a_read_only_transport_asks_for_prices(server: Server, connect: Connect) -> None:
    server.script(reply(269, {"creativeUnitsCost": 12.5}))
    client = ScenarioClient(connect(read_only=True, project="proj_1"))
    assert client.price_import(LORA) == Price(12.5)
    (received,) = server.requests
    assert (received.query["dryRun"], received.query["projectId"]) == ("true", "proj_1")
    assert received.json == {"huggingFaceModelName": "owner/name"}


@pytest.mark.parametrize(
    ("answer", "price"),
    [
        (reply(269, {}), Price()),
        (reply(200, {}), Price()),
        (reply(269, {"creativeUnitsCost": "ten"}), Price()),
        (reply(269, {"creativeUnitsCost": 0}), Price(0)),
        (reply(403, {"reason": "no"}), Price()),
        (reply(404, {"reason": "no such repository"}), Price(refusal="no such repository")),
        (reply(400, {"reason": "bad address"}), Price(refusal="bad address")),
        (reply(429, {"details": {"actionLimit": 3}}), Price(refusal="allows 3")),
    ],
)
def test_a_price_is_told_unknown_or_refused_in_the_servers_words(
    server: Server, transport: Transport, answer: Step, price: Price
) -> None:
    server.script(answer)
    found = ScenarioClient(transport).price_import(LORA)
    assert found.units == price.units
    assert price.refusal in found.refusal
    assert bool(price.refusal) == bool(found.refusal)


def test_a_server_that_imports_instead_of_pricing_is_told_at_once(
    server: Server, transport: Transport
) -> None:
    server.script(reply(200, {"upload": {"id": "upload_1"}}))
    with pytest.raises(BadResponse, match="seems to have begun it"):
        ScenarioClient(transport).price_import(LORA)
    assert len(server.requests) == 1


def test_wrong_credentials_are_no_unknown_price(server: Server, transport: Transport) -> None:
    server.script(reply(401, {}))
    with pytest.raises(AccessDenied):
        ScenarioClient(transport).price_import(LORA)


def test_a_wait_between_attempts_ends_at_once_when_the_run_is_stopped(
    server: Server, connect: Connect
) -> None:
    stop = threading.Event()
    answered = reply(503, retry_after="60")

    def step(exchange: Exchange) -> None:
        answered(exchange)
        threading.Timer(0.05, stop.set).start()

    server.script(step)
    transport = connect(stop=stop, longest_wait=100, whole=100)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(transport.get, "/models")
        with pytest.raises(Interrupted) as caught:
            waiting.result(timeout=5)
    assert caught.value.exit_code == 130
    assert len(server.requests) == 1


def test_nothing_is_sent_after_the_run_is_stopped(server: Server, connect: Connect) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        connect(stop=stop).get("/models")
    assert server.connections == 0


def test_a_request_in_flight_may_finish_when_the_run_is_stopped(
    server: Server, connect: Connect
) -> None:
    stop = threading.Event()

    def step(exchange: Exchange) -> None:
        stop.set()
        reply(200, {"fine": True})(exchange)

    server.script(step)
    assert connect(stop=stop).put("/models/m", {}) == {"fine": True}


def test_every_thread_keeps_one_connection_of_its_own(server: Server, transport: Transport) -> None:
    threads, rounds = 8, 5
    together = threading.Barrier(threads)

    def work(_: int) -> None:
        for _ in range(rounds):
            together.wait(5)
            transport.get("/models")

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    assert server.connections == threads
    used = [received.connection for received in server.requests]
    assert {used.count(number) for number in range(1, threads + 1)} == {rounds}


def test_a_connection_that_the_server_closed_while_idle_is_replaced(
    server: Server, transport: Transport
) -> None:
    server.script(reply(200, {}, close=True), reply(200, {"fine": True}))
    transport.get("/models")
    assert transport.get("/models") == {"fine": True}
    assert server.connections == 2


def test_a_connection_that_the_server_closes_on_the_next_request_is_replaced(
    server: Server, transport: Transport
) -> None:
    server.script(reply(200, {}), close, reply(200, {"fine": True}))
    transport.get("/models")
    assert transport.get("/models") == {"fine": True}
    assert [received.connection for received in server.requests] == [1, 1, 2]


def test_the_project_and_the_credentials_go_with_every_request(
    server: Server, connect: Connect
) -> None:
    transport = connect(project="proj_1")
    transport.get("/models", {"pageSize": "5"})
    transport.put("/models/m", {"a": "ü"})
    transport.delete("/models/m")
    for received in server.requests:
        assert received.query["projectId"] == "proj_1"
        assert received.headers["authorization"].startswith("Basic ")
        assert received.headers["user-agent"].startswith("catalog-sync/")
    assert server.requests[1].json == {"a": "ü"}
    assert "content-type" not in server.requests[2].headers


def test_https_is_spoken_to_a_certified_server_and_to_no_other(connect: Connect) -> None:
    certificate = str(Path(__file__).with_name("localhost.pem"))
    with Server(certificate=certificate) as server:
        connection = Connection(server.url, KEY, SECRET)
        lines = Direct(connection, QUICK, trusted=ssl.create_default_context(cafile=certificate))
        trusting = Transport(connection, read_only=False, exchanges=lines)
        server.script(reply(200, {"fine": True}))
        with closing(trusting):
            assert trusting.get("/models") == {"fine": True}
            assert trusting.put("/models/m", {"text": "x" * 300_000}) == {}
        assert server.connections == 1
        with pytest.raises(Unreachable, match="CERTIFICATE"):
            connect(url=server.url).once("POST", "/models", {})
        assert len(server.requests) == 2
