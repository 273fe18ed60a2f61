"""What an apply was given in place of a yes: a saved plan, the digest of one, or nothing."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from catalogsync.approval import unapproved, unexpected
from catalogsync.cli.choices import Choices
from catalogsync.cli.planning import Planning
from catalogsync.cli.saved import check_is_for, read_plan
from catalogsync.cli.session import Session
from catalogsync.errors import Refused, UsageError
from catalogsync.identity import Refusal
from catalogsync.model import Catalog
from catalogsync.plan import Plan
from catalogsync.review.saved import SavedPlan, Scope
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Approval:
    """What was approved beforehand: a plan model by model, or a digest as a whole."""

    saved: SavedPlan | None = None
    digest: str = ""

    @property
    def given(self) -> bool:
        """Whether there is nothing to ask any more."""
        return bool(self.saved or self.digest)

    def check(self, opened: Session) -> None:
        """Raise `Refused` if the plan is not for this catalog and this target."""
        if self.saved:
            target = opened.target
            check_is_for(self.saved.plan, opened.catalog.name, target.name, target.project)

    def objections(self, plan: Plan, catalog: Catalog) -> Iterable[Refusal]:
        """What of a plan was not approved."""
        if self.saved:
            return unapproved(plan, self.saved.plan, {spec.key for spec in catalog.models})
        return unexpected(plan, self.digest) if self.digest else ()


def approval_of(plan_file: Path | None, digest: str | None) -> Approval:
    """The approval in a file, by a digest, or by both: then the file must have that digest."""
    if digest is not None and not re.fullmatch("sha256:[0-9a-f]{64}", digest):
        raise UsageError(
            f"--expect {digest} is no digest",
            hint="give sha256: and 64 digits, as `digest` in the plan's JSON says it",
        )
    if plan_file is None:
        return Approval(None, digest or "")
    saved = read_plan(plan_file)
    if digest and saved.plan.digest != digest:
        raise Refused(
            f"{plan_file} is not the plan that was approved: its digest is {saved.plan.digest}",
            hint="give the file that was approved",
        )
    return Approval(saved)


def as_saved(saved: SavedPlan, planning: Planning, choices: Choices) -> tuple[Planning, Choices]:
    """The options of an apply with the scope of the plan that was approved."""
    scope, base = saved.scope, saved.plan.base
    if planning.scope != Scope() or (scope.only_mine and planning.base):
        raise UsageError(
            "--only, --exclude, --shard, --changed-since, --prune, --anew and --only-mine are in "
            "the saved plan already",
            hint="leave them out",
        )
    chosen = replace(
        choices,
        only=scope.only,
        exclude=scope.exclude,
        shard=scope.shard,
        changed_since=scope.changed_since or None,
    )
    ref = base.commit if scope.only_mine and base else planning.base
    return replace(planning, scope=scope, base=ref), chosen
