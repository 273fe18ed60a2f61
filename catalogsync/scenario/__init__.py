"""Everything that knows HTTP or the vendor's JSON: the way to a project on the Scenario API.

Imported when somebody needs it: only what reads files from signed URLs needs httpx.
"""

from typing import TYPE_CHECKING

from catalogsync import on_demand

if TYPE_CHECKING:
    from catalogsync.scenario.client import ScenarioClient
    from catalogsync.scenario.connection import Connection
    from catalogsync.scenario.exchanges import Bounds, Direct
    from catalogsync.scenario.images import ImageReader
    from catalogsync.scenario.parts import PartBounds
    from catalogsync.scenario.ranges import RangeBounds, RangeReader
    from catalogsync.scenario.transport import Transport
    from catalogsync.scenario.uploads import Uploader

__all__ = [
    "Bounds",
    "Connection",
    "Direct",
    "ImageReader",
    "PartBounds",
    "RangeBounds",
    "RangeReader",
    "ScenarioClient",
    "Transport",
    "Uploader",
]

__getattr__ = on_demand(
    __name__,
    {
        "Bounds": "exchanges",
        "Connection": "connection",
        "Direct": "exchanges",
        "ImageReader": "images",
        "PartBounds": "parts",
        "RangeBounds": "ranges",
        "RangeReader": "ranges",
        "ScenarioClient": "client",
        "Transport": "transport",
        "Uploader": "uploads",
    },
)
