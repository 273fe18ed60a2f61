"""The whole engine in one call, as the command line wires it."""

from collections.abc import Callable
from threading import Event
from typing import BinaryIO

from catalogsync.apply import apply
from catalogsync.diff import diff
from catalogsync.ledger import Ledger
from catalogsync.model import AssetRef, Catalog
from catalogsync.observe import observe
from catalogsync.outcome import Outcome
from catalogsync.perform import Performer
from catalogsync.plan import Plan, build_plan
from catalogsync.ports import CatalogWriter
from catalogsync.review.saved import Scope
from catalogsync.rules import Allowances
from catalogsync.shard import Shard

EVERYTHING = Allowances(delete=10**6, update=10**6, upload=10**12)


def plan(
    server: CatalogWriter,
    catalog: Catalog,
    *,
    prune: bool = False,
    keys: frozenset[str] | None = None,
    shard: Shard | None = None,
    allow: Allowances = EVERYTHING,
    anew: bool = False,
) -> Plan:
    """What an apply would do."""
    keys = shard.keys(catalog) if shard else keys
    doomed = Scope(prune=prune, shard=shard).is_doomed
    snapshot = observe(server, catalog, keys=keys, jobs=2, restorable=True, doomed=doomed)
    found = diff(catalog, snapshot, keys=keys, prune=prune, shard=shard, anew=anew)
    return build_plan(catalog, found, allow=allow)


def run(
    server: CatalogWriter,
    catalog: Catalog,
    open_file: Callable[[AssetRef], BinaryIO],
    *,
    prune: bool = False,
    shard: Shard | None = None,
    between: Callable[[], None] = lambda: None,
    stop: Event | None = None,
    jobs: int = 4,
    anew: bool = False,
    clock: Callable[[], float] = lambda: 0.0,
) -> list[Outcome]:
    """Observe, plan and apply; `between` is called after the plan and before the apply.

    By the clock nothing takes any time.
    """
    keys = shard.keys(catalog) if shard else None
    doomed = Scope(prune=prune, shard=shard).is_doomed
    snapshot = observe(server, catalog, keys=keys, jobs=2, restorable=True, doomed=doomed)
    found = diff(catalog, snapshot, keys=keys, prune=prune, shard=shard, anew=anew)
    made = build_plan(catalog, found, allow=EVERYTHING)
    between()
    performer = Performer(
        server,
        Ledger(found, snapshot),
        open_file,
        pause=lambda seconds: bool(stop and stop.is_set()),
        clock=clock,
    )
    return list(apply(made, performer, jobs=jobs, stop=stop))
