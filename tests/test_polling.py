"""Looking again and again: until it ended, until the user wants to stop, not for ever."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.errors import AccessDenied, ApiError, Interrupted, NotFound, Rejected, Unreachable
from catalogsync.polling import LOOKS_IN_VAIN, Patience, followed, moments

QUICK = Patience(first_poll=1.0, longest_poll=5.0, deadline=60.0)


class Clockless:
    """Waits without waiting, and remembers for how long."""

    def __init__(self, stops_after: int = 1000) -> None:
        self.waits: list[float] = []
        self._left = stops_after

    def __call__(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self._left -= 1
        return self._left < 0


def scripted(*seen: int | ApiError) -> Callable[[], int]:
    left = list(seen)

    def look() -> int:
        found = left.pop(0)
        if isinstance(found, ApiError):
            raise found
        return found

    return look


def test_the_waits_grow_to_a_limit() -> None:
    wait = Clockless()
    done = followed(scripted(*range(8)), lambda seen: seen == 7, patience=QUICK, wait=wait)
    assert done == 7
    assert wait.waits == [1.0, 1.5, 2.25, 3.375, 5.0, 5.0, 5.0]


def test_what_is_seen_is_told_in_its_order() -> None:
    told: list[int] = []
    look = scripted(0, Unreachable("x"), 1, 2)
    followed(look, lambda seen: seen == 2, patience=QUICK, wait=Clockless(), tell=told.append)
    assert told == [0, 1, 2]


def test_it_ends_at_once_when_the_user_wants_to_stop() -> None:
    with pytest.raises(Interrupted):
        followed(lambda: 1, lambda seen: False, patience=QUICK, wait=Clockless(stops_after=3))


def test_patience_has_an_end() -> None:
    looked = []
    short = Patience(deadline=-1.0)
    for _ in moments(short, Clockless()):
        looked.append(1)
    assert looked == [1]
    assert followed(lambda: 1, lambda seen: False, patience=short, wait=Clockless()) is None


@pytest.mark.parametrize("error", [AccessDenied("no", status=403), Rejected("bad", status=400)])
def test_what_no_look_cures_is_raised_at_once(error: ApiError) -> None:
    wait = Clockless()
    with pytest.raises(type(error)):
        followed(scripted(1, error), lambda seen: False, patience=QUICK, wait=wait)
    assert len(wait.waits) == 1


FAILURES = st.sampled_from([Unreachable("lost"), NotFound("not yet", status=404)])


@settings(deadline=None)
@given(st.lists(st.lists(FAILURES, max_size=LOOKS_IN_VAIN - 1), min_size=1, max_size=5))
def test_looks_that_fail_now_and_then_change_nothing(gaps: list[list[ApiError]]) -> None:
    script: list[int | ApiError] = []
    for number, gap in enumerate(gaps):
        script += [*gap, number]
    last = len(gaps) - 1
    assert (
        followed(scripted(*script), lambda seen: seen == last, patience=QUICK, wait=Clockless())
        == last
    )


@settings(deadline=None)
@given(st.integers(0, 5), FAILURES)
def test_as_many_in_a_row_as_are_allowed_are_raised(before: int, error: ApiError) -> None:
    script: list[int | ApiError] = [*range(before), *[error] * LOOKS_IN_VAIN]
    with pytest.raises(type(error)):
        followed(scripted(*script), lambda seen: False, patience=QUICK, wait=Clockless())
