"""What every client of an HTTP API keeps to: private addresses, and a deadline."""

from catalogsync.web.addresses import (
    can_be_asked,
    checked_base_url,
    tls_context,
    trusted_authorities,
)
from catalogsync.web.exchange import Answer, Failure
from catalogsync.web.line import Line, Origin, Sent, Unanswered
from catalogsync.web.sockets import Deadline, bounded_transport

__all__ = [
    "Answer",
    "Deadline",
    "Failure",
    "Line",
    "Origin",
    "Sent",
    "Unanswered",
    "bounded_transport",
    "can_be_asked",
    "checked_base_url",
    "tls_context",
    "trusted_authorities",
]
