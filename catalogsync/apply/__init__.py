"""Carries out a plan: concurrently, in an order in which every prefix leaves the server sound."""

from catalogsync.apply.order import dependencies
from catalogsync.apply.run import apply
from catalogsync.apply.twins import noticing_twins

__all__ = ["apply", "dependencies", "noticing_twins"]
