"""Takes everything out of the processor's caches before something is timed.

There the stage before leaves all of a small catalog, and little of a large one.
"""

HELD_MB = 256
"""What this holds in memory, more than the caches of a processor do, in MB of 2^20 bytes."""

_ELSEWHERE = bytearray(HELD_MB << 20)
_LINE = 64
_TOUCH = bytes(len(_ELSEWHERE) // _LINE)


def forget() -> None:
    """Have the processor read all that comes next from memory."""
    _ELSEWHERE[::_LINE] = _TOUCH
