"""A scripted server for every test, and transports that lead to it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from catalogsync.scenario import Connection, Transport
from catalogsync.scenario.exchanges import Bounds
from catalogsync.scenario.pace import Pace
from tests.scenario.server import Server

KEY = "api_canarykey0001"
SECRET = "canary-secret-0002"

QUICK = Bounds(connect=2.0, read=2.0, whole=10.0, attempts=3, longest_wait=5.0, first_wait=0.001)


@dataclass
class Connect:
    """Makes transports to a server and closes them when the test is over."""

    url: str
    made: list[Transport] = field(default_factory=list)

    def __call__(
        self,
        *,
        read_only: bool = False,
        url: str = "",
        project: str = "",
        stop: threading.Event | None = None,
        pace: Pace | None = None,
        **bounds: Any,
    ) -> Transport:
        connection = Connection(url or self.url, KEY, SECRET, project)
        transport = Transport(
            connection,
            read_only=read_only,
            bounds=replace(QUICK, **bounds),
            stop=stop,
            pace=pace,
        )
        self.made.append(transport)
        return transport


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    connect = Connect(server.url)
    yield connect
    for transport in connect.made:
        transport.close()


@pytest.fixture
def transport(connect: Connect) -> Transport:
    return connect()
