"""What `plan` and `apply` share: observe, diff, plan."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from catalogsync.cli.against import Against, Desired
from catalogsync.cli.progress import progress
from catalogsync.cli.session import (
    Choices,
    Session,
    catalog_root,
    chosen_target,
    opened_cache,
    selected,
)
from catalogsync.diff import Diff, diff
from catalogsync.errors import UsageError
from catalogsync.identity import Refusal
from catalogsync.manifest import load
from catalogsync.model import Catalog, Snapshot
from catalogsync.observe import observe
from catalogsync.plan import Plan, build_plan
from catalogsync.restoring import settled
from catalogsync.review.saved import SavedPlan, Scope
from catalogsync.rules import Allowances
from catalogsync.snapshots import SavedSnapshot

Objections = Callable[[Plan], Iterable[Refusal]]
"""What speaks against a plan beside its own rules: that nobody approved it."""


@dataclass(frozen=True, slots=True)
class Planning:
    """What the options said about the plan itself."""

    scope: Scope
    allow: Allowances
    restore: SavedSnapshot | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made from."""

    saved: SavedPlan
    diff: Diff
    snapshot: Snapshot

    @property
    def plan(self) -> Plan:
        """The plan alone."""
        return self.saved.plan


def split_options(options: dict[str, Any]) -> tuple[Planning, Choices]:
    """Sort the options of a command into those of the plan and those of the connection."""
    if options["prune"] and (options["only"] or options["exclude"]):
        raise UsageError(
            "--prune looks at the whole catalog and cannot go with --only or --exclude",
            hint="give one or the other",
        )
    allow = Allowances(**{f.name: options.pop(f"allow_{f.name}") for f in fields(Allowances)})
    scope = Scope(options.pop("prune"), options["only"], options["exclude"])
    return Planning(scope, allow), Choices(**options)


def plan_offline(
    choices: Choices, planning: Planning, against: Against
) -> tuple[Catalog, SavedPlan, str]:
    """Plan without network and credentials; also what it is against, in words for people."""
    with opened_cache(no_cache=choices.no_cache) as cache:
        root = catalog_root(choices.catalog)
        catalog = load(root, known=cache.files(root))
        target = chosen_target(catalog, choices)
        keys = selected(catalog, choices)
        offline = against.read(Desired(root, catalog, target, cache.blobs(root)))
    found = diff(catalog, offline.snapshot, keys=keys, prune=planning.scope.prune)
    plan = build_plan(
        catalog,
        found,
        target=target.name,
        project=target.project,
        against=offline.against,
        allow=planning.allow,
    )
    return catalog, SavedPlan(plan, offline.read_at, planning.scope), offline.said


def make_plan(
    opened: Session,
    planning: Planning,
    *,
    jobs: int,
    quiet: bool,
    as_json: bool,
    objections: Objections = lambda plan: (),
) -> Planned:
    """Read the server and plan, without what there are objections to."""
    read_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with progress("reading", quiet=quiet, as_json=as_json) as tell:
        snapshot = observe(
            opened.client,
            opened.catalog,
            keys=opened.keys,
            jobs=jobs,
            progress=tell.step,
            known=opened.known,
        )
    if planning.restore:
        opened, found = _way_back(opened, planning.restore, snapshot)
    else:
        found = diff(opened.catalog, snapshot, keys=opened.keys, prune=planning.scope.prune)
    plan = _build(opened, found, planning.allow)
    if objected := tuple(objections(plan)):
        # What depends on a refused model and what only it needs must go with it.
        found = replace(found, refusals=(*found.refusals, *objected))
        plan = _build(opened, found, planning.allow)
    return Planned(SavedPlan(plan, read_at, planning.scope), found, snapshot)


def _way_back(opened: Session, saved: SavedSnapshot, live: Snapshot) -> tuple[Session, Diff]:
    """What differs from a snapshot; models that it does not name are nobody's business here."""
    catalog, gone = settled(saved, opened.catalog, live)
    found = diff(catalog, live, keys=opened.keys)
    refused = tuple(r for r in gone if found.covers(r.model))
    found = replace(found, orphans=(), refusals=(*found.refusals, *refused))
    return replace(opened, catalog=catalog), found


def _build(opened: Session, found: Diff, allow: Allowances) -> Plan:
    target = opened.target
    return build_plan(
        opened.catalog, found, target=target.name, project=target.project, allow=allow
    )
