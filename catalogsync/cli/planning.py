"""What `plan` and `apply` share: observe, diff, plan."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, fields, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from catalogsync.cli.against import Against, Desired, Offline
from catalogsync.cli.base import (
    NO_BASE,
    Known,
    base_of_desk,
    known_base,
    unless_never_applied,
)
from catalogsync.cli.changed import open_changed, say_changed
from catalogsync.cli.choices import Choices, chosen_target, selected
from catalogsync.cli.opening import opened_cache, problems_as_seen_from_here
from catalogsync.cli.output import say
from catalogsync.cli.progress import progress
from catalogsync.cli.root import catalog_root
from catalogsync.cli.session import Session
from catalogsync.diff import Diff, Verb, diff
from catalogsync.errors import UsageError
from catalogsync.identity import Refusal
from catalogsync.manifest import load
from catalogsync.manifest.blobs import GitFile
from catalogsync.manifest.commit import Committed
from catalogsync.manifest.tree import KnownBlobs
from catalogsync.model import AssetRef, Catalog, LocalFile, RemoteModel, Snapshot, Target
from catalogsync.observe import observe
from catalogsync.plan import Base, Plan, build_plan
from catalogsync.restoring import as_it_was, settled
from catalogsync.review.saved import SavedPlan, Scope
from catalogsync.rules import Allowances
from catalogsync.snapshots import SavedSnapshot
from catalogsync.training_due import priced
from catalogsync.values import dataclass

Files = Mapping[str, LocalFile | GitFile]
"""Files by their sha256, on disk or in Git."""

Objections = Callable[[Plan], Iterable[Refusal]]
"""What speaks against a plan beside its own rules: that nobody approved it."""


@dataclass(frozen=True, slots=True)
class Planning:
    """What the options said about the plan itself.

    With a `restore`, `described` are the keys whose manifests want a model.
    """

    scope: Scope
    allow: Allowances
    base: str | None = None
    restore: SavedSnapshot | None = None
    described: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made from; of a promotion, also the models of the source project.

    The `catalog` has everything in whole that the plan is about. `base_files` are those that Git
    holds of the base.
    """

    saved: SavedPlan
    diff: Diff
    snapshot: Snapshot
    catalog: Catalog
    source: Mapping[str, RemoteModel] = field(default_factory=dict)
    base_files: Mapping[str, GitFile] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """The plan alone."""
        return self.saved.plan

    def file(self, asset: AssetRef) -> LocalFile:
        """Where the bytes of an asset of the catalog are."""
        return self.catalog.files[asset.sha256]


def split_options(options: dict[str, Any]) -> tuple[Planning, Choices]:
    """Sort the options of a command into those of the plan and those of the connection."""
    if options["prune"] and any(options[name] for name in ("only", "exclude", "changed_since")):
        raise UsageError(
            "--prune looks at the whole catalog and cannot go with --only, --exclude or "
            "--changed-since",
            hint="give one or the other",
        )
    if options["refresh"] == "changed" and options["no_cache"]:
        raise UsageError(
            "--refresh changed takes what the cache knows and cannot go with --no-cache",
            hint="give one or the other",
        )
    allow = Allowances(**{f.name: options.pop(f"allow_{f.name}") for f in fields(Allowances)})
    scope = Scope(
        options.pop("prune"),
        options["only"],
        options["exclude"],
        options.pop("only_mine"),
        options["shard"],
        options["changed_since"] or "",
        anew=options.pop("anew"),
    )
    return Planning(scope, allow, options.pop("base")), Choices(**options)


def plan_offline(
    choices: Choices, planning: Planning, against: Against
) -> tuple[Files, SavedPlan, str]:
    """Plan without network and credentials; also what it is against, in words for people.

    The files are those that there may be pictures of, here and in Git.
    """
    with opened_cache(no_cache=choices.no_cache) as cache:
        root = catalog_root(choices.catalog)
        files, blobs = cache.files(root), cache.blobs(root)
        opening = partial(load, root, known=files)
        with problems_as_seen_from_here(root):
            catalog, changed = open_changed(opening, root, choices.changed_since, blobs)
        target = chosen_target(catalog, choices)
        say_changed(changed, quiet=choices.quiet)
        keys = selected(catalog, choices, changed)
        offline = against.read(Desired(root, catalog, target, blobs))
        if offline.undo:
            catalog, touched = as_it_was(offline.undo, catalog, offline.snapshot)
            keys = touched if keys is None else touched & keys
        read = changed.before if changed else None
        known = _base(planning, root, catalog, target, blobs, read, offline=offline)
    known = unless_never_applied(known, catalog, offline.snapshot)
    today = datetime.now(UTC).date()
    found = _compared(catalog, offline.snapshot, keys, planning, known, today)
    plan = build_plan(
        catalog,
        found,
        target=target.name,
        project=target.project,
        against=offline.against,
        allow=planning.allow,
        base=known.base,
    )
    scope = replace(planning.scope, changed_since=changed.commit if changed else "")
    shown: Files = {**offline.files, **known.files, **catalog.files}
    return shown, SavedPlan(plan, offline.read_at, scope), offline.said


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
    now = datetime.now(UTC)
    look = partial(
        observed,
        jobs=jobs,
        quiet=quiet,
        as_json=as_json,
        restorable=planning.restore is None,
        doomed=planning.scope.is_doomed,
    )
    seen = _seen(opened, planning, look, now.date())
    opened, snapshot, known, found = seen.opened, seen.snapshot, seen.known, seen.found
    if opened.rest:
        opened.rest.take(found, opened.reads)
        if not planning.scope.only_mine:
            # What is left alone differs all the same.
            opened.rest.keep(found, opened.reads)
    plan = _build(opened, found, planning, known)
    if objected := tuple(objections(plan)):
        # What depends on a refused model and what only it needs must go with it.
        found = replace(found, refusals=(*found.refusals, *objected))
        plan = _build(opened, found, planning, known)
    if not quiet and planning.restore is None:
        _say_untold(plan)
    due = priced(opened.client.trainings, plan.training, opened.catalog, jobs=jobs)
    plan = replace(plan, training=due)
    scope = replace(planning.scope, changed_since=opened.changed.commit if opened.changed else "")
    saved = SavedPlan(plan, _told(now), scope, read_before=opened.reads.used)
    return Planned(saved, found, snapshot, opened.catalog, base_files=known.files)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was read of the server, the base, and what differs; in the session by then."""

    opened: Session
    snapshot: Snapshot
    known: Known
    found: Diff


def _seen(
    opened: Session, planning: Planning, look: Callable[[Session], Snapshot], today: date
) -> _Seen:
    """Read the server and compare, once more where models matter that were only outlined."""
    where = (opened.root, opened.catalog, opened.target, opened.blobs, opened.before)
    # Git takes a while to tell what was applied last.
    with ThreadPoolExecutor(1, thread_name_prefix="base") as beside:
        base = beside.submit(_base, planning, *where)
        if planning.base or planning.scope.only_mine:
            # What is named wrongly is told before anything is read.
            base.result()
        snapshot = look(opened)
    known = unless_never_applied(base.result(), opened.catalog, snapshot)
    if planning.restore:
        opened, found = _way_back(opened, planning.restore, snapshot)
        return _Seen(opened, snapshot, known, found)
    found = _compared(opened.catalog, snapshot, opened.keys, planning, known, today)
    if opened.rest and (needed := opened.rest.needed(found)):
        return _seen(opened.in_whole(needed), planning, look, today)
    return _Seen(opened, snapshot, known, found)


def _say_untold(plan: Plan) -> None:
    """Say that edits on the server may be undone where nothing tells them from other changes."""
    if plan.base is None and any(model.verb is Verb.UPDATE for model in plan.models):
        say(
            "Nothing records what was applied last: an update may undo an edit on the server. "
            "`apply --record git-note` records it, --base REF names it."
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with the server, the base it was told apart by, and when it was read (UTC)."""

    diff: Diff
    base: Base | None
    read_at: str


def compare(opened: Session, ref: str | None, *, jobs: int, quiet: bool, as_json: bool) -> Compared:
    """Read the server and compare it with the base `ref`, the one that is known, or HEAD."""
    now = datetime.now(UTC)
    known = known_base(
        opened.root,
        opened.catalog,
        opened.target,
        ref=ref,
        blobs=opened.blobs,
        takes_head=True,
    )
    snapshot = observed(opened, jobs=jobs, quiet=quiet, as_json=as_json)
    found = diff(opened.catalog, snapshot, keys=opened.keys, base=known.catalog, today=now.date())
    return Compared(found, known.base, _told(now))


def _told(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def observed(
    opened: Session,
    *,
    jobs: int,
    quiet: bool,
    as_json: bool,
    restorable: bool = False,
    notes: bool = False,
    doomed: Callable[[str], bool] = lambda key: False,
) -> Snapshot:
    """Read what the catalog needs of the project, and show how far that is."""
    with (
        progress("reading", quiet=quiet, as_json=as_json) as tell,
        opened.first_look() as reader,
    ):
        return observe(
            reader,
            opened.catalog,
            keys=opened.keys,
            jobs=jobs,
            progress=tell.step,
            known=opened.known,
            fields=opened.reads,
            restorable=restorable,
            notes=notes,
            doomed=doomed,
            listed=opened.rest.listed if opened.rest else None,
        )


def _base(
    planning: Planning,
    root: Path,
    catalog: Catalog,
    target: Target,
    blobs: KnownBlobs,
    read: Committed | None,
    *,
    offline: Offline | None = None,
) -> Known:
    """What was applied last; a plan against a commit, or what an apply found, needs no base."""
    if offline and (offline.undo or not offline.read_at):
        if planning.base or planning.scope.only_mine:
            raise UsageError(
                "a plan against a commit or an undo file has no edits on the server to tell apart",
                hint="leave --base and --only-mine out, or plan against live",
            )
        return NO_BASE
    if planning.restore:
        if planning.base or planning.scope.only_mine:
            raise UsageError(
                "what is brought back is not told apart from edits on the server",
                hint="leave --base and --only-mine out, or --restore",
            )
        return NO_BASE
    known = known_base(root, catalog, target, ref=planning.base, blobs=blobs, read=read)
    if not planning.scope.only_mine:
        # What is told apart here is only said; what is left alone must not hang on a guess.
        return known if known.base else base_of_desk(root, catalog, blobs, read)
    if known.catalog is None:
        missing = known.base.said if known.base else "nothing tells which commit was applied last"
        raise UsageError(f"--only-mine needs a base: {missing}", hint="name a commit with --base")
    return known


def _compared(
    catalog: Catalog,
    snapshot: Snapshot,
    keys: frozenset[str] | None,
    planning: Planning,
    known: Known,
    today: date,
) -> Diff:
    return diff(
        catalog,
        snapshot,
        keys=keys,
        prune=planning.scope.prune,
        shard=planning.scope.shard,
        base=known.catalog,
        only_mine=planning.scope.only_mine,
        today=today,
        anew=planning.scope.anew,
    )


def _build(opened: Session, found: Diff, planning: Planning, known: Known) -> Plan:
    return build_plan(
        opened.catalog,
        found,
        target=opened.target.name,
        project=opened.target.project,
        allow=planning.allow,
        base=known.base,
    )


def _way_back(opened: Session, saved: SavedSnapshot, live: Snapshot) -> tuple[Session, Diff]:
    """What differs from a snapshot; models that it does not name are nobody's business here."""
    catalog, gone = settled(saved, opened.catalog, live)
    found = diff(catalog, live, keys=opened.keys)
    refused = tuple(r for r in gone if found.covers(r.model))
    found = replace(found, orphans=(), refusals=(*found.refusals, *refused))
    return replace(opened, catalog=catalog), found
