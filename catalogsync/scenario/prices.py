"""What something would cost, asked of the server by a dry run."""

from collections.abc import Callable

from catalogsync.errors import AccessDenied, BadResponse, CeilingReached, NotFound, Rejected
from catalogsync.model import Price
from catalogsync.scenario.answers import Json
from catalogsync.scenario.fields import number
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Begun:
    """How an answer betrays that the server did what it was only asked the price of.

    `sign` is a field that only the real answer has, `look` what the user should do then.
    """

    what: str
    sign: str
    look: str


def asked_price(ask: Callable[[], Json], begun: Begun) -> Price:
    """The price that an answer tells, or the server's words if it would refuse.

    To a key that may not even ask, it is unknown. Raises `BadResponse` where the server seems to
    have begun it.
    """
    try:
        answer = ask()
    except (Rejected, NotFound, CeilingReached) as error:
        return Price(refusal=error.message)
    except AccessDenied as error:
        if error.status != 403:
            raise
        return Price()
    if begun.sign in answer:
        raise BadResponse(
            f"asked for the price of {begun.what}, the server seems to have begun it",
            hint=f"{begun.look}, before you try again",
        )
    units = number(answer, "creativeUnitsCost")
    # What would be paid to us might hide what something else costs.
    return Price(units if units is not None and units >= 0 else None)
