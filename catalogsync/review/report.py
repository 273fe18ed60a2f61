"""What became of a plan, in the past tense."""

from collections import Counter
from collections.abc import Sequence

from catalogsync.actions import Action, CreateCollection, UploadAsset, files_to_send
from catalogsync.diff import Verb
from catalogsync.outcome import Outcome, Status
from catalogsync.plan import ModelPlan, Plan
from catalogsync.review.text import Line
from catalogsync.review.training_due import after_words
from catalogsync.review.undoing import SIGN
from catalogsync.review.words import counted, file_size, quoted, visible
from catalogsync.training_due import TrainingDue, Why


def render_report(plan: Plan, outcomes: Sequence[Outcome], at: str = "") -> list[Line]:
    """What failed, was in conflict or was skipped, and one stable last sentence.

    A command to be typed next gets the options `at`.
    """
    lines = [
        line
        for status in (Status.FAILED, Status.CONFLICT)
        for outcome in outcomes
        if outcome.status is status
        for line in _trouble(outcome)
    ]
    for (who, reason), steps in skipped_steps(outcomes):
        text = f"! skipped {counted(steps, 'step')} of {who}: {visible(reason)}"
        lines.append(Line(text, "yellow"))
    if plan.refusals:
        models = {refusal.model for refusal in plan.refusals}
        lines.append(Line(f"! refused, left alone: {', '.join(sorted(map(visible, models)))}"))
    if any(outcome.status in (Status.FAILED, Status.SKIPPED) for outcome in outcomes):
        lines.append(Line("Run it again to do what is left; nothing is done twice."))
    if undone := undone_sentence(plan, outcomes):
        lines.append(Line(f"{SIGN} {undone}", "yellow"))
    if due := after_words(still_due(plan, outcomes), at):
        lines.append(Line(visible(due), "yellow"))
    return [*lines, Line(past_summary(plan, outcomes), "bold")]


def undone_sentence(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """How many edits on the server an apply has undone; empty where nobody can tell of one."""
    untouched = {key_of(o.action) for o in outcomes if o.status is not Status.DONE}
    undone = sum(model.would_undo for model in plan.models if model.key not in untouched)
    maybe = sum(model.would_undo for model in plan.models if model.key in untouched)
    up_to = "up to " if plan.is_guessed else ""
    words = [f"{up_to}{counted(undone, 'edit')} on the server undone"] if undone else []
    words += [f"up to {counted(maybe, 'more edit')} undone"] if maybe else []
    return f"{', '.join(words)}, as the plan said." if words else ""


def skipped_steps(outcomes: Sequence[Outcome]) -> list[tuple[tuple[str, str], int]]:
    """How many steps of whom were skipped, for every reason; sorted."""
    skipped = Counter(_who(o) for o in outcomes if o.status is Status.SKIPPED)
    return sorted(skipped.items())


def _who(outcome: Outcome) -> tuple[str, str]:
    return visible(key_of(outcome.action)) or "the files", outcome.reason


def _trouble(outcome: Outcome) -> list[Line]:
    text = f"! {outcome.status} {described(outcome.action)}: {visible(outcome.reason)}"
    lines = [Line(text, "red")]
    if outcome.error and outcome.error.hint:
        lines.append(Line(f"    what to do: {visible(outcome.error.hint)}"))
    if outcome.error and outcome.error.trace_id:
        lines.append(Line(f"    trace id of the API: {visible(outcome.error.trace_id)}"))
    return lines


_DOING = {
    "CreateModel": "create",
    "ImportModel": "import",
    "EndImport": "take away the note of the import of",
    "EndNote": "take away the note of",
    "RestoreModel": "restore",
    "PromoteModel": "bring over",
    "AdoptModel": "adopt",
    "UpdateModel": "update the fields of",
    "EditTags": "edit the tags of",
    "EditCollections": "edit the collections of",
    "SetExamples": "set the examples of",
    "SetDescription": "set the description of",
    "SetPromptGuide": "set the prompt guide of",
    "SetCaptions": "set captions of training images of",
    "AddTrainingImages": "add training images to",
    "SetTrainingPairs": "set the training pairs of",
    "RemoveTrainingImages": "remove training images from",
    "SetTrainingParameters": "set the training parameters of",
    "ForgetModel": "forget",
    "DeleteModel": "delete",
}


def described(action: Action) -> str:
    """An action in a few words."""
    match action:
        case UploadAsset(asset=asset) if asset.url:
            return f"fetch {visible(asset.url)}"
        case UploadAsset(asset=asset):
            return f"upload {visible(asset.name)} ({file_size(asset.size)})"
        case CreateCollection(name=name):
            return f"create collection {quoted(name)}"
        case _:
            return f"{_DOING[type(action).__name__]} {visible(action.model)}"


def past_summary(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """The one sentence that says what was done; scripts may rely on its form."""
    done = [outcome.action for outcome in outcomes if outcome.status is Status.DONE]
    sent = [file for action in done for file in files_to_send(action)]
    fetched = [each for each in done if isinstance(each, UploadAsset) and each.asset.url]
    complete = completed(plan, outcomes)
    counts = {verb: sum(1 for model in complete if model.verb is verb) for verb in Verb}
    size = file_size(sum(asset.size for asset in sent))
    parts = [
        f"{counts[Verb.CREATE]} created",
        f"{counts[Verb.UPDATE]} updated",
        f"{counted(len(sent), 'file')} uploaded ({size})",
        f"{counts[Verb.DELETE]} deleted",
    ]
    extra = [
        (counts[Verb.RESTORE], "restored"),
        (counts[Verb.ADOPT], "adopted"),
        (counts[Verb.FORGET], "forgotten"),
        (len(fetched), "fetched"),
        (len(plan.models) - len(complete), "not finished"),
        (len(plan.refusals), "refused"),
    ]
    parts += [f"{number} {word}" for number, word in extra if number]
    return f"Applied: {', '.join(parts)}."


def completed(plan: Plan, outcomes: Sequence[Outcome]) -> list[ModelPlan]:
    """The models of which every step was done."""
    done = {key_of(o.action) for o in outcomes if o.status is Status.DONE}
    done -= {key_of(o.action) for o in outcomes if o.status is not Status.DONE}
    return [model for model in plan.models if model.key in done]


def still_due(plan: Plan, outcomes: Sequence[Outcome]) -> list[TrainingDue]:
    """What is due after an apply: not what waits for a model or a change that was not made."""
    done = {model.key for model in completed(plan, outcomes)}
    made = {model.key for model in plan.models if model.verb is Verb.CREATE}
    return [
        due
        for due in plan.training
        if due.key in done or not (due.key in made or due.why is Why.CHANGES)
    ]


def key_of(action: Action) -> str:
    """The key of the model that an action is about, or an empty string."""
    return "" if isinstance(action, UploadAsset | CreateCollection) else action.model
