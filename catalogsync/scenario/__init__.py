"""Everything that knows HTTP or the vendor's JSON: the way to a project on the Scenario API."""

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
