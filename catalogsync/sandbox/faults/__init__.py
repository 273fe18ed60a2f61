"""Faults on purpose: a seeded, repeatable schedule of what goes wrong between client and server."""

from catalogsync.sandbox.faults.kinds import FAULTS, Fault
from catalogsync.sandbox.faults.schedule import Faults, Rule
from catalogsync.sandbox.faults.spec import BadSpec, parsed

__all__ = ["FAULTS", "BadSpec", "Fault", "Faults", "Rule", "parsed"]
