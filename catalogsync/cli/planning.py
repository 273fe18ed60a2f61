"""What `plan` and `apply` share: observe, diff, plan."""

from dataclasses import dataclass, fields
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
from catalogsync.manifest import load
from catalogsync.model import Snapshot
from catalogsync.observe import observe
from catalogsync.plan import Plan, build_plan
from catalogsync.rules import Allowances


@dataclass(frozen=True, slots=True)
class Planning:
    """What the options said about the plan itself."""

    prune: bool
    allow: Allowances


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made from."""

    plan: Plan
    diff: Diff
    snapshot: Snapshot


def split_options(options: dict[str, Any]) -> tuple[Planning, Choices]:
    """Sort the options of a command into those of the plan and those of the connection."""
    if options["prune"] and (options["only"] or options["exclude"]):
        raise UsageError(
            "--prune looks at the whole catalog and cannot go with --only or --exclude",
            hint="give one or the other",
        )
    allow = Allowances(**{f.name: options.pop(f"allow_{f.name}") for f in fields(Allowances)})
    return Planning(options.pop("prune"), allow), Choices(**options)


def plan_offline(choices: Choices, planning: Planning, against: Against) -> tuple[Plan, str]:
    """Plan without network and credentials; also what it is against, in words for people."""
    with opened_cache(no_cache=choices.no_cache) as cache:
        root = catalog_root(choices.catalog)
        catalog = load(root, known=cache.files(root))
        target = chosen_target(catalog, choices)
        keys = selected(catalog, choices)
        offline = against.read(Desired(root, catalog, target, cache.blobs(root)))
    found = diff(catalog, offline.snapshot, keys=keys, prune=planning.prune)
    plan = build_plan(
        catalog,
        found,
        target=target.name,
        project=target.project,
        against=offline.against,
        allow=planning.allow,
    )
    return plan, offline.said


def make_plan(opened: Session, planning: Planning, *, jobs: int, quiet: bool) -> Planned:
    """Read the server and plan."""
    with progress("reading", quiet=quiet) as tick:
        snapshot = observe(
            opened.client,
            opened.catalog,
            keys=opened.keys,
            jobs=jobs,
            progress=tick,
            known=opened.known,
        )
    found = diff(opened.catalog, snapshot, keys=opened.keys, prune=planning.prune)
    plan = build_plan(
        opened.catalog,
        found,
        target=opened.target.name,
        project=opened.target.project,
        allow=planning.allow,
    )
    return Planned(plan, found, snapshot)
