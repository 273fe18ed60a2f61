"""Reads from the server beside the loading of the manifests: a second process, on another core.

Imported when somebody needs it: each of the processes needs little of it.
"""

from typing import TYPE_CHECKING

from catalogsync import on_demand

if TYPE_CHECKING:
    from catalogsync.ahead.begun import BegunAhead
    from catalogsync.ahead.order import Order
    from catalogsync.ahead.process import Ahead

__all__ = ["Ahead", "BegunAhead", "Order"]

__getattr__ = on_demand(
    __name__,
    {"Ahead": "process", "BegunAhead": "begun", "Order": "order"},
)
