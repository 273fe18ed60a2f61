"""The three meanings of a 429, and how long the server is waited for."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from catalogsync.errors import CeilingReached, Throttled
from catalogsync.events import Event, Requested
from catalogsync.sandbox import running
from catalogsync.scenario import Connection, Transport
from catalogsync.scenario.pace import Pace
from tests.scenario.conftest import Connect
from tests.scenario.server import Server, Step, reply

FINE = reply(200, {"fine": True})
SERVER_TIME = datetime(2020, 1, 1, tzinfo=UTC)


def date(seconds: float) -> str:
    return format_datetime(SERVER_TIME + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    "throttled",
    [
        reply(429, retry_after="0.2"),
        reply(429, retry_after_ms="200"),
        reply(429, {"remainingSeconds": 0.2}),
        reply(429, {"remainingSeconds": "0.2"}),
        reply(429, {"remainingSeconds": 90}, retry_after="0.2"),
        reply(429, {"remainingSeconds": 0.2}, retry_after="soon"),
    ],
)
def test_the_time_that_the_server_asks_for_is_waited(
    server: Server, transport: Transport, throttled: Step
) -> None:
    server.script(throttled, FINE)
    started = time.monotonic()
    assert transport.get("/models") == {"fine": True}
    assert 0.2 <= time.monotonic() - started < 2


def test_a_date_to_wait_for_is_read_by_the_servers_own_clock(
    server: Server, transport: Transport
) -> None:
    server.script(reply(429, retry_after=date(1), date=date(0)), FINE)
    started = time.monotonic()
    transport.get("/models")
    assert 1 <= time.monotonic() - started < 3


@pytest.mark.parametrize("now", [{}, {"date": "never"}])
def test_a_date_to_wait_for_is_read_by_our_clock_if_the_server_tells_no_time(
    server: Server, transport: Transport, now: dict[str, Any]
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=1000), usegmt=True)
    server.script(reply(429, retry_after=later, **now))
    with pytest.raises(Throttled, match=r"wait (9\d\d|1000) s"):
        transport.get("/models")


def test_a_date_that_is_over_means_not_to_wait(server: Server, transport: Transport) -> None:
    server.script(reply(429, retry_after=date(-9999)), FINE)
    assert transport.get("/models") == {"fine": True}


@pytest.mark.parametrize(
    "long",
    [
        reply(429, {"reason": "cooling down"}, retry_after="900"),
        reply(429, {"reason": "cooling down", "remainingSeconds": 900}),
        reply(429, {"reason": "cooling down"}, retry_after=date(900), date=date(0)),
    ],
)
def test_a_longer_wait_than_we_are_willing_to_ends_at_once_and_says_how_long(
    server: Server, transport: Transport, long: Step
) -> None:
    server.script(long)
    started = time.monotonic()
    with pytest.raises(Throttled, match=r"cooling down \(429\); the server asks to wait 900 s"):
        transport.get("/models")
    assert time.monotonic() - started < 3
    assert len(server.requests) == 1


@pytest.mark.parametrize("headers", [{}, {"retry_after": "0"}])
def test_a_ceiling_of_the_plan_is_never_retried_and_told_in_the_servers_words(
    server: Server, transport: Transport, headers: dict[str, Any]
) -> None:
    body = {
        "reason": "You have reached your limit",
        "details": {"actionName": "add-training-image", "actionLimit": 50},
        "remainingSeconds": 0,
        "trace_id": "t-1",
    }
    server.script(reply(429, body, **headers))
    with pytest.raises(CeilingReached) as caught:
        transport.get("/models")
    assert "You have reached your limit" in caught.value.message
    assert "allows 50 for add-training-image" in caught.value.message
    assert (caught.value.status, caught.value.trace_id) == (429, "t-1")
    assert not caught.value.may_have_been_applied
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-1", "-inf", "1e999", "", "  ", "soon", "9" * 400]
)
def test_an_impossible_time_in_the_header_is_not_waited(
    server: Server, transport: Transport, value: str
) -> None:
    server.script(reply(429, retry_after=value, retry_after_ms=value), FINE)
    assert transport.get("/models") == {"fine": True}


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "-5", "1e999999", "true", "null", '"x"', "[]", "{}", "9" * 400, "9" * 5000],
)
def test_an_impossible_time_in_the_body_is_not_waited(
    server: Server, transport: Transport, value: str
) -> None:
    server.script(reply(429, b'{"remainingSeconds": ' + value.encode() + b"}"), FINE)
    assert transport.get("/models") == {"fine": True}


@pytest.mark.parametrize(
    "value",
    [
        "Wed, 99 Foo 2020 00:00:00 GMT",
        "Wed, 01 Jan 999999999 00:00:00 GMT",
        "Wed, 01 Jan 0001 00:00:00 +2300",
        "," * 5000,
        "0 Jan",
    ],
)
def test_an_impossible_date_is_not_waited_for(
    server: Server, transport: Transport, value: str
) -> None:
    server.script(reply(429, retry_after=value, date=value), FINE)
    assert transport.get("/models") == {"fine": True}


class Noting(Pace):
    """A pace that notes what everybody has to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def throttled(self, sent: float, wait: float = 0.0) -> None:
        self.waits.append(wait)
        super().throttled(sent, wait)


def test_all_wait_for_as_long_as_the_server_asks_one_to_but_not_for_longer_than_one_would(
    server: Server, connect: Connect
) -> None:
    pace = Noting()
    http = connect(pace=pace, longest_wait=0.5)
    server.script(reply(429, retry_after="0.2"), reply(429, {"remainingSeconds": 900}))
    with pytest.raises(Throttled):
        http.get("/models")
    server.script(reply(429, {"remainingSeconds": 0.1}), FINE)
    http.get("/models")
    assert pace.waits == [0.2, 0.0, 0.1]


def test_transports_to_one_server_can_share_a_pace(server: Server, connect: Connect) -> None:
    pace = Pace()
    one, other = connect(pace=pace), connect(pace=pace)
    server.script(reply(429), FINE)
    one.get("/models")
    assert pace.limit is not None
    other.get("/models")
    assert other._pace.limit == one._pace.limit


@pytest.mark.parametrize(("workers", "requests"), [(8, 400), (48, 1000)])
def test_few_requests_are_refused_by_a_token_bucket(
    tmp_path: Path, workers: int, requests: int
) -> None:
    told: list[Event] = []
    with running(tmp_path, rate=200, burst=20) as box:
        connection = Connection(box.url, "k", "s", "proj_rate")
        http = Transport(connection, read_only=True, tell=told.append)
        with closing(http), ThreadPoolExecutor(workers) as pool:
            for answer in pool.map(lambda _: http.get("/models"), range(requests)):
                assert answer["models"] == []
    statuses = [event.status for event in told if isinstance(event, Requested)]
    assert statuses.count(200) == requests
    assert 0 < statuses.count(429) < 0.05 * len(statuses)


def test_a_429_slows_down_all_that_follows_until_it_goes_well(
    server: Server, transport: Transport
) -> None:
    assert transport._pace.limit is None
    server.script(FINE, reply(429), FINE)
    transport.get("/models")
    transport.get("/models")
    assert transport._pace.limit is not None
