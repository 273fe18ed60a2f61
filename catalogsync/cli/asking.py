"""Asks the person at the terminal for a yes."""

import select
import sys
from threading import Event

from catalogsync.cli.output import say
from catalogsync.cli.session import interruptible
from catalogsync.errors import Interrupted, UsageError


def confirmed(question: str, *, stop: Event, doing: str) -> bool:
    """Ask, and tell whether the answer is a yes; where nobody can be asked, raise `UsageError`.

    `doing` says in a word what --yes would do without asking.
    """
    if not sys.stdin.isatty():
        raise UsageError("there is nobody to ask", hint=f"give --yes to {doing} without asking")
    with interruptible():
        # A Ctrl-C just before has only set the event, which nobody looks at here.
        if stop.is_set():
            raise Interrupted("interrupted")
        say(f"\n{question} [y/N]")
        return _answer() in ("y", "yes")


def _answer() -> str:
    """A line of the user; looked for again and again, so that no Ctrl-C can be missed."""
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        pass
    return sys.stdin.readline().strip().lower()
