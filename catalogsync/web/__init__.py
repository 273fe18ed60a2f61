"""What every client of an HTTP API keeps to: private addresses, and a deadline.

Imported when somebody needs it: httpx takes long.
"""

from typing import TYPE_CHECKING

from catalogsync import on_demand

if TYPE_CHECKING:
    from catalogsync.web.addresses import (
        can_be_asked,
        checked_base_url,
        tls_context,
        trusted_authorities,
    )
    from catalogsync.web.exchange import Answer, Failure
    from catalogsync.web.line import Origin, Sent, Unanswered
    from catalogsync.web.lines import Lines
    from catalogsync.web.sockets import Deadline, bounded_transport

__all__ = [
    "Answer",
    "Deadline",
    "Failure",
    "Lines",
    "Origin",
    "Sent",
    "Unanswered",
    "bounded_transport",
    "can_be_asked",
    "checked_base_url",
    "tls_context",
    "trusted_authorities",
]

__getattr__ = on_demand(
    __name__,
    {
        "Answer": "exchange",
        "Deadline": "sockets",
        "Failure": "exchange",
        "Lines": "lines",
        "Origin": "line",
        "Sent": "line",
        "Unanswered": "line",
        "bounded_transport": "sockets",
        "can_be_asked": "addresses",
        "checked_base_url": "addresses",
        "tls_context": "addresses",
        "trusted_authorities": "addresses",
    },
)
