"""The server itself: who gets in, limits, fidelity, its life and death, two on one directory."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from scenario_sdk import (
    APIResponseValidationError,
    AuthenticationError,
    PermissionDeniedError,
    RateLimitError,
    Scenario,
)

from catalogsync.sandbox import running
from catalogsync.sandbox.server import Running
from catalogsync.sandbox.settings import Asgi, Receive, Scope, Send

Connect = Callable[..., Scenario]
SERVE = """
import sys
from pathlib import Path
from catalogsync.sandbox import serve
serve(Path(sys.argv[1]), on_ready=lambda url: print(url, flush=True))
"""


@pytest.mark.parametrize(
    "header", [None, "Basic", "Basic !", "Basic OnNlY3JldA==", "Basic a2V5Og==", "Bearer abc"]
)
def test_bad_credentials_are_refused(server: Running, header: str | None) -> None:
    answer = httpx.get(f"{server.url}/models", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_a_server_with_a_key_admits_no_other(tmp_path: Path, connect: Connect) -> None:
    with running(tmp_path, key="key", secret="secret") as own:
        connect(own.url).models.list()
        with pytest.raises(AuthenticationError):
            connect(own.url, key="other").models.list()


def test_a_reader_reads_and_does_not_write(
    server: Running, connect: Connect, client: Scenario
) -> None:
    model = client.models.create().model.id
    reader = connect(server.url, key="reader-1")
    assert reader.models.retrieve(model).model.id == model
    assert len(reader.models.get_bulk(model_ids=[model]).models) == 1
    with pytest.raises(PermissionDeniedError) as caught:
        reader.models.delete(model)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["message"]
    with pytest.raises(PermissionDeniedError):
        reader.models.create()


def test_unknown_routes_and_bad_projects_are_refused(raw: httpx.Client) -> None:
    for method, path in (("GET", "/"), ("GET", "/nothing"), ("PATCH", "/models"), ("GET", "//x")):
        assert raw.request(method, path).status_code == 404
    assert raw.get("/models", params={"projectId": "a b"}).status_code == 400


def test_a_foreign_host_is_refused(server: Running) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost@evil.example"):
        assert httpx.get(server.gallery, headers={"Host": host}).status_code == 403
    for host in ("localhost", "localhost:80", "[::1]:1"):
        assert httpx.get(server.gallery, headers={"Host": host}).status_code == 200


def test_the_rate_limit_says_how_long_to_wait(tmp_path: Path, connect: Connect) -> None:
    with running(tmp_path, rate=0.5, burst=2) as own:
        client = connect(own.url)
        client.models.list()
        client.models.list()
        with pytest.raises(RateLimitError) as caught:
            client.models.list()
        assert isinstance(caught.value.body, dict)
        assert caught.value.body["reason"]
        assert 1 <= caught.value.body["remainingSeconds"] <= 2


def test_the_ceiling_of_models_is_told_apart_from_the_rate(
    tmp_path: Path, connect: Connect
) -> None:
    with running(tmp_path, max_models=1) as own:
        client = connect(own.url)
        model = client.models.create().model.id
        with pytest.raises(RateLimitError) as caught:
            client.models.create()
        assert isinstance(caught.value.body, dict)
        assert caught.value.body["details"] == {"actionName": "create-model", "actionLimit": 1}
        client.models.delete(model)
        client.models.create()


def test_real_fidelity_answers_what_the_official_client_cannot_read(
    tmp_path: Path, connect: Connect
) -> None:
    with running(tmp_path, fidelity="real") as own:
        with pytest.raises(APIResponseValidationError):
            connect(own.url).models.create()
        page = httpx.get(f"{own.url}/models", auth=("k", "s")).json()
        assert page == {"models": [], "nextPaginationToken": None}
        own.control.create_model(name="n")
        (model,) = httpx.get(f"{own.url}/models", auth=("k", "s")).json()["models"]
        assert model["trainingProgress"] == model["parameters"] == {}
        assert model["complianceMetadata"]


def test_latency_delays_each_request_and_holds_up_no_other(tmp_path: Path) -> None:
    with running(tmp_path, latency_ms=400) as own, httpx.Client(verify=False) as client:
        begin = time.perf_counter()
        calls = [threading.Thread(target=client.get, args=[own.gallery]) for _ in range(4)]
        for call in calls:
            call.start()
        for call in calls:
            call.join()
        assert 0.4 <= time.perf_counter() - begin < 1.5


def test_middleware_sees_every_request_first(tmp_path: Path) -> None:
    seen: list[str] = []

    def watch(app: Asgi) -> Asgi:
        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope["path"])
            await app(scope, receive, send)

        return watched

    with running(tmp_path, middleware=(watch,)) as own:
        httpx.get(f"{own.url}/models")
        httpx.get(own.gallery)
    assert seen == ["/v1/models", "/"]


def test_half_a_body_does_nothing(server: Running, client: Scenario, project: str) -> None:
    url = httpx.URL(server.url)
    head = (
        f"POST /v1/models?projectId={project} HTTP/1.1\r\nHost: localhost\r\n"
        "Authorization: Basic azpz\r\nContent-Length: 10\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port or 0)) as connection:
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        assert b" 200 " not in connection.recv(4096)
    assert client.models.list().models == []


def test_requests_are_counted(tmp_path: Path, connect: Connect) -> None:
    with running(tmp_path) as own:
        client = connect(own.url)
        model = client.models.create().model.id
        own.control.forget_requests()
        client.models.retrieve(model)
        client.models.retrieve(model)
        assert own.control.requests() == {"GET /models/{}": 2}


def test_what_was_written_is_there_after_a_restart(
    tmp_path: Path, connect: Connect, pictures: Any
) -> None:
    with running(tmp_path) as own:
        image = connect(own.url).assets.upload(name="a.png", image=pictures.encoded()).asset
        before = httpx.get(image.url).content
    with running(tmp_path) as own:
        again = connect(own.url).assets.retrieve(image.id).asset
        assert httpx.get(again.url).content == before


def test_two_servers_share_a_directory_and_lose_nothing(tmp_path: Path, connect: Connect) -> None:
    with running(tmp_path) as first, running(tmp_path) as second:
        model = connect(first.url).models.create().model.id
        clients = [connect(own.url) for own in (first, second, first, second)]

        def tag(client: Scenario, name: str) -> None:
            for number in range(10):
                client.models.update_tags(model, add=[f"{name}{number}"])

        writers = [
            threading.Thread(target=tag, args=[client, name])
            for client, name in zip(clients, "abcd", strict=True)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert len(connect(second.url).models.retrieve(model).model.tags) == 40


def test_a_server_in_a_thread_stops_at_once(tmp_path: Path) -> None:
    with running(tmp_path) as own, httpx.Client() as client:
        client.get(own.gallery)
        begin = time.perf_counter()
    assert time.perf_counter() - begin < 0.9


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_server_quietly(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-c", SERVE, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/models", auth=("k", "s")).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")
