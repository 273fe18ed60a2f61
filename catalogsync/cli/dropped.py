"""A Ctrl-C or SIGTERM that Python drops is told once more.

What a signal raises while the callback of a weak reference or a finalizer runs is printed and
forgotten; each import runs such a callback. The run would go on as if nobody had asked it to end.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SOON_S = 0.01


@contextmanager
def told_again() -> Iterator[None]:
    """Send SIGTERM where what a signal raised was dropped, once the callback is over.

    Not SIGINT: a program that a shell put into the background has it ignored. To a command, both
    are the same.
    """
    before = sys.unraisablehook

    def dropped(what: "sys.UnraisableHookArgs") -> None:
        if what.exc_type is not KeyboardInterrupt:
            before(what)
            return
        signal.signal(signal.SIGALRM, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, _SOON_S)

    sys.unraisablehook = dropped
    try:
        yield
    finally:
        sys.unraisablehook = before


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGTERM)
