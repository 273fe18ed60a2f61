"""Trainings in words and as a document: before they are started, while they run, at their end."""

from collections.abc import Iterator, Sequence

from catalogsync.codec import as_data
from catalogsync.identity import Refusal
from catalogsync.jobs import Training
from catalogsync.review.document import FORMAT_VERSION
from catalogsync.review.phrases import creative_units
from catalogsync.review.text import Line
from catalogsync.review.words import counted, duration, quoted, visible
from catalogsync.training import Fate, Result, TrainingPlan, Wish
from catalogsync.values import dataclass

_STAGES = {
    "pending": "waiting to begin",
    "pending-captcha": "waiting for a captcha to be solved in the web page",
    "queued-for-train": "in the queue",
    "starting-train": "starting",
    "running-train": "running",
}

_SIGNS = {
    Fate.TRAINED: ("=", "green"),
    Fate.RUNNING: ("~", "yellow"),
    Fate.CANCELED: (".", "magenta"),
    Fate.FAILED: ("!", "red"),
    Fate.NOT_STARTED: ("!", "red"),
    Fate.UNKNOWN: ("!", "red"),
}


@dataclass(frozen=True, slots=True)
class TrainingEntry:
    """A training as `train --json` tells it; `units` is what it costs, in creative units.

    `fate` is how it stands, `status` the model's own; `progress` is from 0 to 1. `reason`, `hint`
    and `trace_id` say what went wrong, `note` what else there is to know.
    """

    key: str
    name: str
    model_id: str
    fate: Fate
    status: str
    images: int
    units: float | None
    job_id: str
    stage: str
    position: int | None
    progress: float | None
    seconds_left: float | None
    note: str
    reason: str
    hint: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a run of `train` found and did; `units` is what the trainings in it cost, if known."""

    catalog: str
    target: str
    project: str
    trainings: tuple[TrainingEntry, ...]
    refusals: tuple[Refusal, ...]
    units: float | None


def training_document(
    results: Sequence[Result],
    refusals: Sequence[Refusal],
    *,
    catalog: str,
    target: str,
    project: str,
) -> dict[str, object]:
    """What a run of `train` found and did, as JSON data, with the sentence that sums it up."""
    report = TrainingReport(
        catalog, target, project, tuple(map(_entry, results)), tuple(refusals), cost_of(results)
    )
    summary = training_summary(results, refusals)
    return {**as_data(report), "format_version": FORMAT_VERSION, "summary": summary}


def _entry(result: Result) -> TrainingEntry:
    now, error = result.training, result.error
    return TrainingEntry(
        key=result.wish.key,
        name=result.wish.name,
        model_id=result.wish.model_id,
        fate=result.fate,
        status=now.status,
        images=now.images,
        units=result.units,
        job_id=result.job_id,
        stage=now.stage,
        position=now.position,
        progress=now.progress,
        seconds_left=now.seconds_left,
        note=result.note,
        reason=error.message if error else "",
        hint=error.hint if error else "",
        trace_id=error.trace_id if error else "",
    )


def cost_of(results: Sequence[Result]) -> float | None:
    """What the trainings cost that were begun; None where one of them does not say."""
    begun = [result for result in results if result.fate is not Fate.NOT_STARTED]
    told = [result.units for result in begun if result.units is not None]
    return sum(told) if len(told) == len(begun) else None


def render_training_plan(plan: TrainingPlan) -> list[Line]:
    """What a run would start, what it leaves alone and refuses, and what it costs."""
    lines = list(refused_lines(plan.refusals))
    for wish in plan.wishes:
        facts = f"{counted(wish.before.images, 'image')}, {creative_units(wish.units)}"
        lines.append(Line(f"+ train {_who(wish)}  {facts}", "green"))
    for wish in plan.standing:
        left = "is trained already; --again trains it anew"
        lines.append(Line(f"= keep  {_who(wish)}  {left}", "cyan"))
    return [*lines, Line(_sum(plan), "bold")]


def _sum(plan: TrainingPlan) -> str:
    if plan.refusals:
        refused = counted(len(plan.refusals), "model")
        return f"Nothing is started: {refused} cannot be trained."
    if not plan.wishes:
        return "Nothing to train."
    number = counted(len(plan.wishes), "training")
    return f"Cost of {number}: {creative_units(plan.units)}."


def refused_lines(refusals: Sequence[Refusal]) -> Iterator[Line]:
    """What is refused by name, with what to do about it."""
    for refusal in refusals:
        yield Line(f"! refused {visible(refusal.model)}: {visible(refusal.message)}", "red")
        if refusal.hint:
            yield Line(f"  what to do: {visible(refusal.hint)}")


def render_trainings(results: Sequence[Result], refusals: Sequence[Refusal] = ()) -> list[Line]:
    """How every training stands, and one stable last sentence."""
    lines = [line for result in results for line in _lines(result)]
    summary = training_summary(results, refusals)
    return [*refused_lines(refusals), *lines, Line(summary, "bold")]


def _lines(result: Result) -> Iterator[Line]:
    asked = result.fate is Fate.NOT_STARTED and not result.error
    sign, style = (".", "") if asked else _SIGNS[result.fate]
    facts = [progress_words(result.training)] if result.fate is Fate.RUNNING else []
    facts += [creative_units(result.units)] if result.units is not None else []
    facts += [result.job_id] if result.job_id else []
    text = f"{sign} {result.fate}  {_who(result.wish)}  {visible(', '.join(facts))}"
    yield Line(text.rstrip(), style)
    if result.note:
        yield Line(f"  {visible(result.note)}")
    error = result.error
    if error:
        yield Line(f"  {visible(error.message)}", style)
        if error.hint:
            yield Line(f"  what to do: {visible(error.hint)}")
        if error.trace_id:
            yield Line(f"  trace id of the API: {visible(error.trace_id)}")


def training_summary(results: Sequence[Result], refusals: Sequence[Refusal] = ()) -> str:
    """The trainings in one sentence."""
    counts = [(fate, sum(result.fate is fate for result in results)) for fate in Fate]
    words = [f"{number} {fate}" for fate, number in counts if number]
    words += [f"{len(refusals)} refused"] if refusals else []
    cost = f"; {creative_units(units)}" if (units := cost_of(results)) else ""
    return f"Trainings: {', '.join(words) or 'none'}{cost}."


def progress_words(now: Training) -> str:
    """Where a training is: its stage, place in the queue, done part, and the time that is left."""
    words = [_STAGES.get(now.stage, now.stage) or now.status]
    if now.position is not None:
        words.append(f"{now.position} before it")
    if now.progress:
        words.append(f"{now.progress:.0%}".replace("%", " %"))
    if now.seconds_left:
        words.append(f"{duration(now.seconds_left)} left")
    return ", ".join(words)


def _who(wish: Wish) -> str:
    return f"{wish.key}  {quoted(wish.name)}  {visible(wish.model_id)}"
