"""`catalog-sync train`: train models on purpose; look at trainings, follow and cancel them."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from catalogsync.cli.again import typed_again
from catalogsync.cli.asking import check_cost, confirmed, cost_options
from catalogsync.cli.choices import Choices
from catalogsync.cli.options import (
    Seconds,
    catalog_option,
    connection_options,
    json_option,
    keys_argument,
    option,
    talk_options,
)
from catalogsync.cli.output import say, write_lines, write_text
from catalogsync.cli.progress.values import Sight
from catalogsync.cli.progress.work import work
from catalogsync.cli.session import Session, session
from catalogsync.errors import CatalogSyncError, Interrupted, UsageError
from catalogsync.identity import Refusal
from catalogsync.named import check_keys, named
from catalogsync.review.document import dumped
from catalogsync.review.phrases import creative_units
from catalogsync.review.training import (
    progress_words,
    render_training_plan,
    render_trainings,
    training_document,
)
from catalogsync.review.words import counted, visible
from catalogsync.training import (
    PATIENCE,
    Fate,
    Result,
    TrainingPlan,
    Wish,
    canceled,
    choose,
    exit_code,
    follow,
    known_jobs,
    look_at,
    parameters_of,
    start,
    states,
)
from catalogsync.values import dataclass

_REFUSED = 5
_STARTED = frozenset({Fate.TRAINED, Fate.RUNNING})
_LOOKED_AT = frozenset(Fate)
_CANCELED = frozenset({Fate.CANCELED})


@dataclass(frozen=True, slots=True)
class _Told:
    """How a run talks: what it writes and where."""

    opened: Session
    choices: Choices
    as_json: bool
    color: str

    def report(self, results: Sequence[Result], refusals: Sequence[Refusal] = ()) -> None:
        """Write how every training stands, as text and with --json as the one document."""
        write_lines(render_trainings(results, refusals), color=self.color, to_stderr=self.as_json)
        self.document(results, refusals)

    def document(self, results: Sequence[Result], refusals: Sequence[Refusal] = ()) -> None:
        """Write the one document, if it is wanted."""
        if not self.as_json:
            return
        target = self.opened.target
        catalog = self.opened.catalog.name
        document = training_document(
            results, refusals, catalog=catalog, target=target.name, project=target.project
        )
        write_text(dumped(document))


@click.command("train")
@keys_argument
@catalog_option
@option("--again", is_flag=True, help="Also train anew what is trained already.")
@option("--detach", is_flag=True, help="Start the trainings and do not follow them.")
@option("--status", is_flag=True, help="Only tell how trainings stand; starts none.")
@option("--follow", is_flag=True, help="Only follow trainings that run; starts none.")
@option("--cancel", is_flag=True, help="Only cancel trainings that run; asks first.")
@cost_options
@option(
    "--deadline",
    type=Seconds(),
    default=PATIENCE.deadline,
    show_default=True,
    metavar="SECONDS",
    help="How long to follow a training; one that takes longer is left running.",
)
@connection_options
@json_option
@talk_options
def command(
    keys: tuple[str, ...],
    again: bool,
    detach: bool,
    status: bool,
    follow: bool,
    cancel: bool,
    yes: bool,
    max_cost: float | None,
    deadline: float,
    as_json: bool,
    quiet: bool,
    color: str,
    **options: Any,
) -> int:
    """Train models: shows what it costs, asks, starts, and follows to the end.

    A training is paid for and started once: when the answer gets lost, the server is asked what
    became of it. A model that is trained already is left as it is, unless --again is given. Ctrl-C
    leaves trainings running.
    """
    modes = {"--status": status, "--follow": follow, "--cancel": cancel}
    given = [name for name, wanted in modes.items() if wanted]
    if len(given) > 1 or (given and (again or detach)):
        raise UsageError(
            "--status, --follow and --cancel start nothing and cannot go with each other, --again "
            "or --detach",
            hint="give one of them",
        )
    choices = Choices(quiet=quiet, **options)
    with session(choices, read_only=status or follow) as opened:
        check_keys(opened.catalog, keys)
        told = _Told(opened, choices, as_json, color)
        if status:
            return _status(told, keys)
        if follow:
            return _attend(told, keys, deadline)
        if cancel:
            return _cancel(told, keys, yes=yes)
        plan = _plan(told, keys, again=again)
        if plan.refusals:
            told.document([], plan.refusals)
            return _REFUSED
        if plan.wishes:
            check_cost(plan.units, yes=yes, max_cost=max_cost)
            if not yes and not _agreed(told, plan):
                raise CatalogSyncError("Nothing was started.")
        return _train(told, plan, follows=not detach, deadline=deadline)


def _plan(told: _Told, keys: Sequence[str], *, again: bool) -> TrainingPlan:
    client = told.opened.client
    found, missing = named(told.opened.catalog, keys, client.list_models())
    plan = choose(client.trainings, found, again=again, parameters=parameters_of)
    plan = replace(plan, refusals=(*missing, *plan.refusals))
    write_lines(render_training_plan(plan), color=told.color, to_stderr=told.as_json)
    return plan


def _agreed(told: _Told, plan: TrainingPlan) -> bool:
    number = counted(len(plan.wishes), "model")
    cost = creative_units(plan.units) if plan.units is not None else "an unknown cost"
    question = f"Train {number} in {_where(told)} for {cost}?"
    return confirmed(question, told.opened.stop, instead="--yes to train without asking")


def _where(told: _Told) -> str:
    target = told.opened.target
    where = " ".join(filter(None, (target.name, target.project)))
    return visible(where) or "the project of these credentials"


def _train(told: _Told, plan: TrainingPlan, *, follows: bool, deadline: float) -> int:
    stop = told.opened.stop
    results = _started(told, plan)
    if follows:
        results = _followed(told, results, deadline)
    results += [_standing(wish) for wish in plan.standing]
    told.report(results)
    _say_what_runs(told, results)
    good = frozenset({Fate.TRAINED}) if follows else _STARTED
    return exit_code(results, interrupted=stop.is_set(), good=good)


def _standing(wish: Wish) -> Result:
    note = "it was trained before; nothing was started"
    return Result(wish, Fate.TRAINED, wish.before, units=0.0, note=note)


def _started(told: _Told, plan: TrainingPlan) -> list[Result]:
    """Start one after the other; what is not begun when the user wants to stop stays so."""
    trainer, stop = told.opened.client.trainings, told.opened.stop
    results: list[Result] = []
    known = known_jobs(trainer) if plan.wishes else frozenset()
    for wish in plan.wishes:
        if stop.is_set():
            error = Interrupted("interrupted before it was started")
            results.append(Result(wish, Fate.NOT_STARTED, wish.before, error=error))
        else:
            results.append(start(trainer, wish, known, stop.wait))
    return results


def _followed(told: _Told, results: Sequence[Result], deadline: float) -> list[Result]:
    with work(quiet=told.choices.quiet, as_json=told.as_json) as shown:
        return list(
            follow(
                told.opened.client.trainings,
                results,
                wait=told.opened.stop.wait,
                tell=lambda seen: shown.show(_sight(seen)),
                patience=replace(PATIENCE, deadline=deadline),
            )
        )


def _sight(seen: Result) -> Sight:
    now = seen.training
    running = seen.fate is Fate.RUNNING
    return Sight(
        who=seen.wish.key,
        event="training",
        phase=f"{seen.fate} {now.stage} {now.position}",
        words=progress_words(now) if running else str(seen.fate),
        fraction=now.progress if running else 1.0,
        values={
            "fate": str(seen.fate),
            "stage": now.stage,
            "position": now.position,
            "progress": now.progress,
            "secondsLeft": now.seconds_left,
        },
    )


def _status(told: _Told, keys: Sequence[str]) -> int:
    results, missing = _looked_at(told, keys)
    told.report(results, missing)
    return _REFUSED if missing else 0


def _looked_at(told: _Told, keys: Sequence[str]) -> tuple[list[Result], tuple[Refusal, ...]]:
    """How the training of each model stands, and the models that cannot be looked at."""
    client = told.opened.client
    found, missing = named(told.opened.catalog, keys, client.list_models())
    return list(states(client.trainings, look_at(client.trainings, found))), missing


def _attend(told: _Told, keys: Sequence[str], deadline: float) -> int:
    results, missing = _looked_at(told, keys)
    results = _followed(told, results, deadline)
    told.report(results, missing)
    _say_what_runs(told, results)
    code = exit_code(results, interrupted=told.opened.stop.is_set())
    return _REFUSED if missing and not code else code


def _cancel(told: _Told, keys: Sequence[str], *, yes: bool) -> int:
    results, missing = _looked_at(told, keys)
    due = [result for result in results if result.fate is Fate.RUNNING]
    if not due:
        told.report(results, missing)
        return _REFUSED if missing else 0
    write_lines(render_trainings(results, missing), color=told.color, to_stderr=True)
    if not yes and not _agreed_to_cancel(told, due):
        raise CatalogSyncError("Nothing was canceled.")
    ended = _canceled(told, due)
    told.report(ended, missing)
    code = exit_code(ended, interrupted=told.opened.stop.is_set(), good=_CANCELED)
    return _REFUSED if missing and not code else code


def _canceled(told: _Told, due: Sequence[Result]) -> list[Result]:
    """Cancel one after the other; what is due when the user wants to stop is left running."""
    ended: list[Result] = []
    for result in due:
        if told.opened.stop.is_set():
            error = Interrupted("interrupted before it was canceled")
            ended.append(replace(result, error=error))
        else:
            ended.append(canceled(told.opened.client.trainings, result.wish))
    return ended


def _agreed_to_cancel(told: _Told, due: Sequence[Result]) -> bool:
    number = counted(len(due), "training")
    question = f"Cancel {number} in {_where(told)}? What they cost may not be given back."
    return confirmed(question, told.opened.stop, instead="--yes to cancel without asking")


def _say_what_runs(told: _Told, results: Sequence[Result]) -> None:
    """Say how to come back to what is left running."""
    left = [result.wish.key for result in results if result.fate is Fate.RUNNING]
    if not left or told.choices.quiet:
        return
    choices = told.choices
    folder = ["--catalog", str(choices.catalog)] if choices.catalog else []
    line = shlex.join(["catalog-sync", "train", *left, *folder, *typed_again(choices)])
    say(visible(f"Left running on the server: {', '.join(left)}."))
    say(visible(f"To follow: {line} --follow"))
    say(visible(f"To cancel: {line} --cancel"))
