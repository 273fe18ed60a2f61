"""What every client of an HTTP API keeps to: private addresses, and a deadline.

Imported when somebody needs it: httpx takes long, and most need none.
"""

from typing import TYPE_CHECKING

from catalogsync import on_demand

if TYPE_CHECKING:
    from catalogsync.web.addresses import (
        Address,
        checked_base_url,
        plain_address,
        private_address,
        tls_context,
        trusted_authorities,
    )
    from catalogsync.web.exchange import Answer, Failure
    from catalogsync.web.line import Sent, Unanswered
    from catalogsync.web.lines import Lines
    from catalogsync.web.sockets import bounded_transport, can_be_asked
    from catalogsync.web.stream import Deadline

__all__ = [
    "Address",
    "Answer",
    "Deadline",
    "Failure",
    "Lines",
    "Sent",
    "Unanswered",
    "bounded_transport",
    "can_be_asked",
    "checked_base_url",
    "plain_address",
    "private_address",
    "tls_context",
    "trusted_authorities",
]

__getattr__ = on_demand(
    __name__,
    {
        "Address": "addresses",
        "Answer": "exchange",
        "Deadline": "stream",
        "Failure": "exchange",
        "Lines": "lines",
        "Sent": "line",
        "Unanswered": "line",
        "bounded_transport": "sockets",
        "can_be_asked": "sockets",
        "checked_base_url": "addresses",
        "plain_address": "addresses",
        "private_address": "addresses",
        "tls_context": "addresses",
        "trusted_authorities": "addresses",
    },
)
