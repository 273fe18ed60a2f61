"""The server that replays: every answer from memory, the n-th as the n-th was."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.served import Server, served


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with served(tmp_path) as found:
        yield found


def names(client: httpx.Client) -> list[str]:
    answer = client.get("/models", params={"pageSize": 500}).raise_for_status()
    return [model["name"] for model in answer.json()["models"]]


def test_a_run_that_writes_is_replayed(server: Server) -> None:
    def run(client: httpx.Client) -> tuple[list[str], str, list[str]]:
        before = names(client)
        made = client.post("/models", json={"name": "New", "type": "flux.1-lora"})
        return before, made.raise_for_status().json()["model"]["id"], names(client)

    with httpx.Client(base_url=server.url, auth=("k", "s")) as client:
        server.begin(0.0)
        first = run(client)
        told = server.begin(0.0)
        assert (told.requests, told.new) == (3, 3)
        assert run(client) == first
        told = server.begin(0.0)
        assert (told.requests, told.new) == (3, 0)
    assert first[0] == []
    assert first[2] == ["New"]


def test_a_refusal_is_replayed_too(server: Server) -> None:
    with httpx.Client(base_url=server.url, auth=("k", "s")) as client:
        for new in (1, 0):
            server.begin(0.0)
            assert client.get("/models/model_none").status_code == 404
            assert server.begin(0.0).new == new
