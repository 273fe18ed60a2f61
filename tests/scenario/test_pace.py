"""The shared rate, by a clock that only the test moves."""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from catalogsync.scenario.pace import Pace


@dataclass
class Clock:
    """Stands still until it is told otherwise."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def send(pace: Pace, clock: Clock) -> float:
    """Wait in the queue as the transport does; return the time at which it is sent."""
    place = pace.join()
    while (seconds := pace.delay(place)) > 0:
        clock.now += seconds
    return clock.now


def throttled_pace(clock: Clock, *, rate: int = 50) -> Pace:
    """A pace that got its first 429 after a second at `rate`, and then all other answers."""
    pace = Pace(clock)
    sent = 0.0
    for _ in range(rate):
        sent = send(pace, clock)
        pace.succeeded()
        clock.now += 1 / rate
    pace.throttled(sent)
    for _ in range(rate):
        pace.succeeded()
    clock.now += 0.25
    assert pace.delay(pace.join()) == 0
    return pace


def test_there_is_no_limit_until_the_first_429() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(1000):
        assert send(pace, clock) == 0.0
        pace.succeeded()
    assert pace.limit is None


def test_at_the_start_every_answer_lets_two_more_go() -> None:
    pace = Pace(Clock())
    places = [pace.join() for _ in range(100)]

    def under_way() -> int:
        return sum(pace.delay(place) == 0 for place in places)

    first = under_way()
    assert 8 <= first <= 20
    pace.succeeded()
    assert under_way() == first + 2
    for _ in range(50):
        pace.succeeded()
    assert under_way() == 100


def test_answers_that_do_not_come_hold_up_the_start_for_seconds_only() -> None:
    clock = Clock()
    pace = Pace(clock)
    places = [pace.join() for _ in range(100)]
    clock.now += 5
    assert all(pace.delay(place) == 0 for place in places)


def test_after_the_first_429_the_share_that_went_well_tells_the_rate() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(100):
        send(pace, clock)
        pace.succeeded()
        clock.now += 0.01
    pace.throttled(clock.now)
    place = pace.join()
    assert pace.delay(place) > 0
    for number in range(39):
        pace.throttled(0) if number < 9 else pace.succeeded()
    clock.now += 0.3
    assert pace.delay(place) == 0
    assert pace.limit == pytest.approx(75, rel=0.1)


def test_a_429_drops_the_rate_to_a_part_of_what_it_was() -> None:
    clock = Clock()
    pace = throttled_pace(clock, rate=50)
    assert pace.limit == pytest.approx(50, rel=0.1)
    pace.throttled(clock.now + 0.01)
    assert pace.limit == pytest.approx(40, rel=0.1)


def test_nobody_sends_while_the_server_asks_to_wait() -> None:
    clock = Clock()
    pace = throttled_pace(clock)
    places = [pace.join() for _ in range(30)]
    began = clock.now
    pace.throttled(began + 0.01, wait=7.0)
    while clock.now < began + 6.9:
        assert min(pace.delay(place) for place in places) > 0
        clock.now += 0.5
    clock.now = began + 7.0
    # The time was not saved up either: they go one after another.
    assert sum(pace.delay(place) == 0 for place in places) <= 2


def test_a_longer_wait_is_not_cut_short_by_one_that_ends_before() -> None:
    clock = Clock()
    pace = throttled_pace(clock)
    began = clock.now
    pace.throttled(began + 0.01, wait=7.0)
    pace.throttled(began + 0.02, wait=1.0)
    clock.now = began + 6.0
    assert pace.delay(pace.join()) > 0


def test_requests_are_spread_evenly_over_the_limited_rate() -> None:
    clock = Clock()
    pace = throttled_pace(clock)
    assert pace.limit is not None
    sent = [send(pace, clock) for _ in range(36)]
    gaps = [after - before for before, after in itertools.pairwise(sent)]
    assert gaps == pytest.approx([1 / pace.limit] * 35)


def test_idle_time_is_not_saved_up_for_a_burst() -> None:
    clock = Clock()
    pace = throttled_pace(clock)
    clock.now += 60
    assert pace.limit is not None
    first, second = send(pace, clock), send(pace, clock)
    assert second - first == pytest.approx(1 / pace.limit)


def test_several_429s_within_one_round_trip_count_once() -> None:
    clock = Clock(10)
    pace = throttled_pace(clock)
    dropped = pace.limit
    dropped_at = clock.now
    for ago in (0.0, 0.001, 0.1, 0.5):
        clock.now += 0.01
        pace.throttled(dropped_at - ago)
    assert pace.limit == dropped


def test_a_429_for_what_was_sent_after_the_drop_drops_again() -> None:
    clock = Clock()
    pace = throttled_pace(clock)
    dropped = pace.limit
    clock.now += 0.1
    pace.throttled(send(pace, clock))
    assert pace.limit is not None
    assert dropped is not None
    assert pace.limit == pytest.approx(0.8 * dropped, rel=0.02)


def test_the_rate_grows_back_past_the_old_ceiling() -> None:
    clock = Clock()
    pace = throttled_pace(clock, rate=50)
    seen = []
    while clock.now < 15:
        send(pace, clock)
        pace.succeeded()
        seen.append(pace.limit or 0)
    assert seen == sorted(seen)
    assert seen[-1] > 60


def test_a_rate_that_nobody_uses_does_not_grow() -> None:
    clock = Clock()
    pace = throttled_pace(clock, rate=50)
    for _ in range(30):
        clock.now += 1
        send(pace, clock)
        pace.succeeded()
    assert pace.limit is not None
    assert pace.limit < 60


def test_the_rate_never_drops_to_a_standstill() -> None:
    clock = Clock()
    pace = throttled_pace(clock)
    for _ in range(100):
        clock.now += 0.01
        pace.throttled(clock.now)
    assert pace.limit == 0.5


def test_who_waits_is_held_back_when_the_rate_drops_meanwhile() -> None:
    clock = Clock()
    pace = throttled_pace(clock)
    places = [pace.join() for _ in range(20)]
    before = pace.limit
    clock.now += 0.001
    pace.throttled(clock.now)
    assert before is not None
    clock.now += 19 / before
    assert pace.delay(places[-1]) > 0


@dataclass
class Simulation:
    """Workers with a queue of requests before a token bucket, in virtual time."""

    workers: int = 100
    requests: int = 1000
    rate: float = 50.0
    burst: int = 20
    latency: float = 0.04
    seed: int = 0
    hint: float = 0.0
    sent: int = 0
    refused: int = 0
    done: int = 0
    most: int = 0
    clock: Clock = field(default_factory=Clock)
    _events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = field(
        default_factory=list
    )

    def run(self) -> "Simulation":
        self._random = random.Random(self.seed)
        self._numbers = itertools.count()
        self._pace = Pace(self.clock)
        self._left = self.requests
        self._tokens, self._filled_at = float(self.burst), 0.0
        for _ in range(self.workers):
            self._next()
        while self.done < self.requests:
            self.clock.now, _, step, arguments = heapq.heappop(self._events)
            step(*arguments)
        return self

    @property
    def slowness(self) -> float:
        """The time it took, as a multiple of the least possible."""
        return self.clock.now / ((self.requests - self.burst) / self.rate)

    def _after(self, seconds: float, step: Callable[..., None], *arguments: object) -> None:
        event = (self.clock.now + seconds, next(self._numbers), step, arguments)
        heapq.heappush(self._events, event)

    def _next(self) -> None:
        if self._left:
            self._left -= 1
            self._join(1)

    def _join(self, attempt: int) -> None:
        self._queue(attempt, self._pace.join())

    def _queue(self, attempt: int, place: int) -> None:
        seconds = self._pace.delay(place)
        if seconds > 0:
            self._after(seconds, self._queue, attempt, place)
        else:
            self.sent += 1
            self._after(self._half_way(), self._arrive, attempt, self.clock.now)

    def _half_way(self) -> float:
        return self.latency / 2 * self._random.uniform(0.8, 1.2)

    def _arrive(self, attempt: int, sent: float) -> None:
        gained = (self.clock.now - self._filled_at) * self.rate
        self._tokens = min(self.burst, self._tokens + gained)
        self._filled_at = self.clock.now
        fine = self._tokens >= 1
        self._tokens -= fine
        self._after(self._half_way(), self._answer, attempt, sent, fine)

    def _answer(self, attempt: int, sent: float, fine: bool) -> None:
        if fine:
            self.done += 1
            self._pace.succeeded()
            self._next()
        else:
            self.refused += 1
            self.most = max(self.most, attempt)
            self._pace.throttled(sent, self.hint)
            wait = self.hint or self._random.uniform(0, min(8, 0.5 * 2 ** (attempt - 1)))
            self._after(wait, self._join, attempt + 1)


@pytest.mark.parametrize("hint", [0.0, 1.0], ids=["refused", "asked to wait"])
@pytest.mark.parametrize("workers", [8, 32, 64])
@pytest.mark.parametrize("seed", range(2))
def test_a_plan_of_2000_models_takes_little_more_than_it_must(
    seed: int, workers: int, hint: float
) -> None:
    simulation = Simulation(seed=seed, workers=workers, requests=2015, hint=hint).run()
    assert simulation.refused / simulation.sent < 0.03
    assert simulation.slowness < 1.2
    assert simulation.most < 5


@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_workers_find_the_rate_of_a_token_bucket(seed: int) -> None:
    simulation = Simulation(seed=seed).run()
    assert simulation.refused / simulation.sent < 0.06
    assert simulation.slowness < 1.1


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        (Simulation(workers=8), 0.03),
        (Simulation(workers=32, latency=0.2), 0.06),
        (Simulation(workers=32, latency=0.005, rate=100, requests=600), 0.04),
        (Simulation(workers=32, latency=0.02, rate=200, requests=2000), 0.03),
        (Simulation(rate=200, burst=200, requests=3000), 0.06),
        (Simulation(rate=10, burst=1, workers=32, requests=300), 0.15),
        (Simulation(requests=5000, seed=9), 0.03),
    ],
    ids=[
        "few workers",
        "far away",
        "close by",
        "fast",
        "a generous server",
        "a strict server",
        "a long run",
    ],
)
def test_other_servers_and_workers_find_their_rate_too(other: Simulation, refused: float) -> None:
    other.run()
    assert other.refused / other.sent < refused
    assert other.slowness < 1.3
