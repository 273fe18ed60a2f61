"""`catalog-sync promote`: models from one project to another, as their manifests say."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from catalogsync.actions import By, PromoteModel
from catalogsync.apply import apply
from catalogsync.cli.again import added, options_again
from catalogsync.cli.carrying import (
    Carried,
    Manner,
    asked,
    carried_document,
    carried_out,
    exit_code,
)
from catalogsync.cli.choices import Choices, chosen_target
from catalogsync.cli.options import (
    allowance_options,
    catalog_option,
    option,
    server_options,
    talk_options,
)
from catalogsync.cli.output import say, spooled, write_document, write_lines
from catalogsync.cli.pictures import Pictures, pictures_of
from catalogsync.cli.planning import Planned, observed
from catalogsync.cli.progress import progress
from catalogsync.cli.readings import Readings, Told, reading_options, split_readings
from catalogsync.cli.session import Session, session
from catalogsync.cli.undo import beside_report, say_way_back
from catalogsync.diff import Diff, diff
from catalogsync.errors import Interrupted, UsageError
from catalogsync.ledger import Ledger
from catalogsync.model import RemoteModel, Target
from catalogsync.observe import observe
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import ModelPlan, Plan, build_plan
from catalogsync.promoter import Promoter, Route
from catalogsync.promotion import (
    SourceProject,
    needed_with,
    retrained,
    training_only,
    with_promotions,
)
from catalogsync.review.document import write_dumped
from catalogsync.review.report import key_of, render_report
from catalogsync.review.saved import SavedPlan, Scope, saved_document
from catalogsync.review.text import render_plan
from catalogsync.review.words import counted, visible
from catalogsync.rules import Allowances
from catalogsync.training_due import TrainingDue, Why
from catalogsync.values import dataclass

if TYPE_CHECKING:
    from catalogsync.scenario import ScenarioClient


@click.command("promote")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@option("--from", "source", required=True, metavar="NAME", help="The target to bring from.")
@option("--to", "destination", required=True, metavar="NAME", help="The target to bring to.")
@option(
    "--by",
    type=click.Choice([way.value for way in By]),
    default=By.COPY.value,
    show_default=True,
    help="Transfer a copy, so that the source keeps its model; or transfer the model itself.",
)
@option("--to-team", default="", metavar="ID", help="The team of --to, if it is another one.")
@catalog_option
@server_options
@option("--dry-run", is_flag=True, help="Only show what it would do.")
@allowance_options
@option("--yes", "-y", is_flag=True, help="Do not ask.")
@option("--lfs-pull", is_flag=True, help="Let Git LFS download the files that are to be sent.")
@reading_options()
@talk_options
def command(
    keys: tuple[str, ...],
    source: str,
    destination: str,
    by: str,
    to_team: str,
    dry_run: bool,
    yes: bool,
    lfs_pull: bool,
    allow_update: int | None,
    allow_upload: int | None,
    quiet: bool,
    color: str,
    **options: Any,
) -> int:
    """Bring models from one target's project to another's, and make them what their manifests say.

    What --to lacks is brought over with its weights; what it has already is only updated, and keeps
    its weights. A copy that was made for it in --from is deleted there. Shows the plan and asks
    first. Can be repeated at any time.

    One key must be good for both projects.
    """
    readings = split_readings(options)
    choices = Choices(quiet=quiet, target=destination, keys=keys, **options)
    beside = None if dry_run else beside_report(readings.files)
    manner = Manner(
        choices.jobs,
        not yes,
        quiet,
        readings.as_json,
        color,
        lfs_pull,
        undo_beside=beside,
        at=added(options_again(choices)),
    )
    with _both(choices, source, read_only=dry_run) as both:
        allow = Allowances(update=allow_update, upload=allow_upload)
        run = _Run(both, choices, By(by), to_team, allow, manner)
        planned = run.plan()
        lines = render_plan(planned.plan, jobs=choices.jobs)
        write_lines(lines, color=color, to_stderr=readings.as_json)
        run.say_what_stays(planned)
        run.say_what_is_needed(planned)
        pictures: Pictures = {}
        if readings.want_pictures:
            files = both.opened.catalog.files
            pictures = pictures_of(planned.plan.models, files, timeout=choices.timeout)
        done = Carried((), None, {}, 5 if planned.plan.refusals else 0)
        if planned.plan.models and not planned.plan.blocked and not dry_run:
            done = run.carry_out(planned)
            if done.anything:
                say_way_back(done, choices, quiet=quiet)
    return _told(planned, done, pictures, readings, choices, dry_run=dry_run)


def _told(
    planned: Planned,
    done: Carried,
    pictures: Pictures,
    readings: Readings,
    choices: Choices,
    *,
    dry_run: bool,
) -> int:
    def document() -> dict[str, object]:
        return saved_document(planned.saved) if dry_run else carried_document(planned, done)

    written = spooled(lambda file: write_dumped(document(), file))
    outcomes = None if dry_run else done.outcomes
    readings.write_files(Told(planned.saved, written, outcomes, pictures, choices.jobs))
    if readings.as_json:
        write_document(written())
    return done.code


@dataclass(frozen=True, slots=True)
class _Both:
    """A session with the destination, and a way to the source project."""

    opened: Session
    source: Target
    client: "ScenarioClient"


@contextmanager
def _both(choices: Choices, source: str, *, read_only: bool) -> Iterator[_Both]:
    with session(choices, read_only=read_only) as opened:
        target = chosen_target(opened.catalog, replace(choices, target=source))
        for each in (target, opened.target):
            if not each.project:
                raise UsageError(
                    f"the target {each.name} names no project",
                    hint="say `project:` of it in catalog.yaml: a promotion is between two of them",
                )
        if target.project == opened.target.project:
            raise UsageError(
                f"{target.name} and {opened.target.name} are the same project",
                hint="name two targets of catalog.yaml with projects of their own",
            )
        yield _Both(opened, target, opened.client.in_project(target.project))


@dataclass(frozen=True, slots=True)
class _Run:
    """One promotion: a plan, then the models, then what their manifests say."""

    both: _Both
    choices: Choices
    by: By
    team: str
    allow: Allowances
    manner: Manner

    def plan(self) -> Planned:
        """What is to be done in the destination, with what it lacks from the source."""
        models = {model.id: model for model in self.both.client.list_models()}
        return self._planned(models, promoting=True)

    def _planned(self, source: dict[str, RemoteModel], *, promoting: bool) -> Planned:
        opened, now = self.both.opened, datetime.now(UTC)
        snapshot = observed(
            opened,
            jobs=self.manner.jobs,
            quiet=self.manner.quiet,
            as_json=self.manner.as_json,
            restorable=True,
            notes=True,
        )
        found = diff(
            opened.catalog,
            snapshot,
            keys=opened.keys,
            today=now.date(),
            anew=True,
            promoting=promoting,
        )
        if promoting:
            found = with_promotions(
                opened.catalog, found, self._source(source, found), snapshot.models
            )
        plan = build_plan(
            opened.catalog,
            found,
            target=opened.target.name,
            project=opened.target.project,
            allow=self.allow,
        )
        read_at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        scope = Scope(only=self.choices.keys, anew=True)
        catalog = self.both.opened.catalog
        return Planned(SavedPlan(plan, read_at, scope), found, snapshot, catalog, source)

    def _source(self, models: dict[str, RemoteModel], found: Diff) -> SourceProject:
        """The source project; of what comes over and is trained, what on is read there too."""
        name, training = self.both.source.name, training_only(self.both.opened.catalog, found)
        if not training.models:
            return SourceProject(name, models, self.by)
        there = observe(self.both.client, training, jobs=self.manner.jobs)
        read = {**models, **there.models}
        return SourceProject(name, read, self.by, retrained(training, there))

    def say_what_stays(self, planned: Planned) -> None:
        """Say of what is there already that it keeps its weights."""
        if self.manner.quiet:
            return
        coming = {model.key for model in planned.plan.models if _promotions(model)}
        where = self.both.opened.target.name
        if coming and planned.plan.files:
            say("Pictures that come along with the models are not sent again.")
        for key in sorted(set(planned.diff.ids) & set(self.choices.keys) - coming):
            say(
                visible(
                    f"{key} is in {where} already ({planned.diff.ids[key]}): what its manifest "
                    "says is applied, its weights stay as they are."
                )
            )

    def say_what_is_needed(self, planned: Planned) -> None:
        """Say all at once what must come along; each of the refusals names only the next model."""
        keys = self.choices.keys
        needed = needed_with(self.both.opened.catalog, keys, planned.diff.ids)
        if needed and not self.manner.quiet:
            say(visible(f"To bring along all that they refer to, name also: {' '.join(needed)}"))

    def carry_out(self, planned: Planned) -> Carried:
        """Ask, bring the models over, then make them what their manifests say."""
        self._ask(planned.plan)
        brought = self._bring(planned)
        failed = {key_of(o.action) for o in brought if o.status is not Status.DONE}
        refused = {refusal.model for refusal in planned.plan.refusals}
        keys = frozenset(self.choices.keys) - failed - refused
        if self.both.opened.stop.is_set() or not keys:
            return self._ended(planned, brought, Carried((), None, {}, 0))
        following = replace(self, both=self._only(keys))
        rest = following._planned({}, promoting=False)
        done = carried_out(
            following.both.opened, rest, replace(self.manner, asks=False, reports=False)
        )
        plan = replace(
            planned.plan,
            refusals=(*planned.plan.refusals, *rest.plan.refusals),
            training=_due_by_now(planned.plan, rest.plan),
        )
        told = replace(planned, saved=replace(planned.saved, plan=plan))
        return self._ended(told, brought, done)

    def _only(self, keys: frozenset[str]) -> _Both:
        return replace(self.both, opened=replace(self.both.opened, keys=keys))

    def _ask(self, plan: Plan) -> None:
        coming = [action for model in plan.models for action in _promotions(model)]
        more = ""
        if coming:
            source = visible(f"{self.both.source.name} {self.both.source.project}")
            more = f", {len(coming)} of them brought over from {source}"
            if self.by is By.COPY:
                more += f", DELETING up to {counted(len(coming), 'copy', 'copies')} left there"
            else:
                more += ", which MAY LOSE what is brought over"
        number = counted(len(plan.models), "model")
        asked(self.both.opened, f"Apply to {number}", more, asks=self.manner.asks)

    def _bring(self, planned: Planned) -> list[Outcome]:
        opened, ledger = self.both.opened, Ledger(planned.diff, planned.snapshot)
        moving = tuple(
            replace(model, actions=_promotions(model))
            for model in planned.plan.models
            if _promotions(model)
        )
        if not moving:
            return []
        route = Route(
            catalog=opened.catalog.name,
            source=self.both.client,
            destination=opened.client,
            project=opened.target.project,
            team=self.team,
            seen=planned.source,
        )
        tell = (lambda text: None) if self.manner.quiet else (lambda text: say(visible(text)))
        promoter = Promoter(route, ledger, opened.stop.wait, tell)
        performer = Performer(
            opened.client, ledger, _no_files, pause=opened.stop.wait, promote=promoter.bring
        )
        plan = Plan(planned.plan.catalog, planned.plan.target, planned.plan.project, models=moving)
        outcomes = []
        quiet, as_json = self.manner.quiet, self.manner.as_json
        with progress("bringing over", quiet=quiet, as_json=as_json) as watched:
            watched.step(0, len(moving))
            for outcome in apply(plan, performer, jobs=self.manner.jobs, stop=opened.stop):
                outcomes.append(outcome)
                watched.step(len(outcomes), len(moving))
        return outcomes

    def _ended(self, planned: Planned, brought: Sequence[Outcome], done: Carried) -> Carried:
        outcomes = [*brought, *done.outcomes]
        lines = render_report(planned.plan, outcomes, self.manner.at)
        write_lines(lines, color=self.manner.color, to_stderr=self.manner.as_json)
        code = exit_code(planned.plan, outcomes, interrupted=self.both.opened.stop.is_set())
        if code == Interrupted.exit_code:
            say("Run it again: it goes on where this one stopped.")
        return Carried(outcomes, done.undo, done.ids, code)


def _promotions(model: ModelPlan) -> tuple[PromoteModel, ...]:
    return tuple(action for action in model.actions if isinstance(action, PromoteModel))


def _due_by_now(planned: Plan, rest: Plan) -> tuple[TrainingDue, ...]:
    """What is due once the models are there: what they tell, and a mark that did not come along."""
    told = {due.key: due for due in planned.training if due.why is Why.CHANGED}
    told |= {due.key: due for due in rest.training}
    return tuple(told[key] for key in sorted(told))


def _no_files(asset: object) -> Any:
    raise AssertionError(f"{asset}: nothing is sent while models are brought over")
