"""Questions to the person at the terminal, and what stands in for a yes where there is none."""

import select
import sys
from threading import Event

import click

from catalogsync.cli.options import option, together
from catalogsync.cli.output import say
from catalogsync.cli.session import interruptible
from catalogsync.errors import Interrupted, Refused, UsageError
from catalogsync.review.phrases import creative_units

yes_option = option("--yes", "-y", is_flag=True, help="Do not ask.")

cost_options = together(
    yes_option,
    option(
        "--max-cost",
        type=click.FloatRange(0),
        metavar="UNITS",
        help="Refuse what costs more creative units than this, or an unknown number.",
    ),
)


def check_cost(units: float | None, *, yes: bool, max_cost: float | None) -> None:
    """Raise `Refused` for a cost that is too high, or unknown where nobody can agree to it."""
    if max_cost is not None and units is not None and units > max_cost:
        raise Refused(
            f"this costs {creative_units(units)}, more than --max-cost {max_cost:g}",
            hint="nothing was begun; allow more with --max-cost",
        )
    if units is None and (yes or max_cost is not None):
        raise Refused(
            "the server does not say what this costs",
            hint="nothing was begun; agree to it at a terminal, without --yes and --max-cost",
        )


def confirmed(
    question: str, stop: Event, *, instead: str = "--yes to go on without asking"
) -> bool:
    """Ask something that is answered by yes or no; raise `UsageError` where nobody is there."""
    if not sys.stdin.isatty():
        raise UsageError("there is nobody to ask", hint=f"give {instead}")
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
