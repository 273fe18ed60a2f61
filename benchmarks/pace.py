"""How fast a core is right now: other guests of a host take from it what no counter here tells."""

import time

_NUMBERS = 200_000


def pace() -> float:
    """The seconds that a fixed piece of work takes."""
    began = time.perf_counter()
    total = 0
    for number in range(_NUMBERS):
        total += number * number
    return time.perf_counter() - began
