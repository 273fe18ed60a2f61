"""What `plan` and `apply` share: observe, diff, plan."""

from dataclasses import dataclass, fields
from typing import Any

from catalogsync.cli.progress import progress
from catalogsync.cli.session import Choices, Session
from catalogsync.diff import Diff, diff
from catalogsync.errors import UsageError
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


def make_plan(
    opened: Session, planning: Planning, *, jobs: int, quiet: bool, as_json: bool
) -> Planned:
    """Read the server and plan."""
    with progress("reading", quiet=quiet, as_json=as_json) as tell:
        snapshot = observe(
            opened.client,
            opened.catalog,
            keys=opened.keys,
            jobs=jobs,
            progress=tell.step,
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
