"""What every client of an HTTP API keeps to: private addresses, and a deadline."""

from catalogsync.web.addresses import checked_base_url, is_private, tls_context
from catalogsync.web.sockets import Deadline, bounded_transport

__all__ = ["Deadline", "bounded_transport", "checked_base_url", "is_private", "tls_context"]
