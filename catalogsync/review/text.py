"""A plan as text for a terminal or a log: deletes and refusals first, one stable last sentence."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

from catalogsync.actions import ImportModel
from catalogsync.diff import Change, Placed, Value, Verb
from catalogsync.identity import Refusal
from catalogsync.model import AssetRef, ReadBefore, TrainingImage, TrainingPair, Weights
from catalogsync.plan import LIVE, ModelPlan, Orphan, Plan
from catalogsync.review.phrases import (
    SETS,
    TEXTS,
    asset_facts,
    by_field,
    by_promotion,
    examples_count,
    import_cost,
    pair_count,
    pair_steps,
    plain_value,
    read_before_words,
    total_cost,
    training_count,
    weights_facts,
)
from catalogsync.review.training_due import due_command, due_sentence, due_words
from catalogsync.review.undoing import (
    SIGN,
    Acceptance,
    acceptances,
    alone_sentence,
    base_sentence,
    undoing_sentence,
    undoings,
)
from catalogsync.review.words import counted, duration, file_size, quoted, visible
from catalogsync.training_due import TrainingDue
from catalogsync.values import dataclass

SECONDS_PER_REQUEST = 0.15
"""What the estimate assumes a request to take."""

BYTES_PER_SECOND = 5_000_000
"""What the estimate assumes the uplink to carry."""

_CONTEXT = 3
_MOST_WORK = 4_000_000

SIGNS = {
    Verb.DELETE: ("-", "delete", "red"),
    Verb.CREATE: ("+", "create", "green"),
    Verb.RESTORE: ("=", "restore", "cyan"),
    Verb.ADOPT: ("=", "adopt", "cyan"),
    Verb.UPDATE: ("~", "update", "yellow"),
    Verb.FORGET: (".", "forget", "magenta"),
}
"""For every verb its sign, word and colour, in the order in which models are shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output; `style` is the name of a colour, `bold` or empty."""

    text: str
    style: str = ""


def render_plan(
    plan: Plan, *, jobs: int = 8, said: str = "", before: ReadBefore | None = None
) -> Iterator[Line]:
    """The whole plan; `jobs` only matters for the estimate of time.

    `said` tells more of what an offline plan was made against than the plan itself, as its age;
    `before` what was not read for this plan.
    """
    yield Line(place(plan.catalog, plan.target, plan.project), "bold")
    if plan.against != LIVE:
        what = visible(said or plan.against)
        yield Line(f"against {what}, not the live project", "yellow")
    if before:
        yield Line(read_before_words(before, visible), "yellow")
    if by := base_sentence(plan, visible):
        yield Line(by, "" if plan.base and plan.base.commit else "yellow")
    yield Line("")
    for refusal in plan.refusals:
        yield from refusal_lines(refusal)
    uploads = {upload.asset.digest for upload in plan.uploads}
    order = list(SIGNS)
    for model in sorted(plan.models, key=lambda model: (order.index(model.verb), model.key)):
        yield from model_lines(model, uploads, guessed=plan.is_guessed)
        yield Line("")
    created = {model.name: model.key for model in plan.models if model.verb is Verb.CREATE}
    yield from _orphans(plan.orphans, created)
    yield from accepted_lines(acceptances(plan.accepted))
    yield from _training_due(plan.training)
    if plan.models:
        yield Line(work_estimate(plan, jobs))
    if cost := total_cost(plan):
        yield Line(f"Cost of imports: {cost}.", "yellow")
    if due := due_sentence(plan):
        yield Line(due, "yellow")
    if undoing := undoing_sentence(plan):
        yield Line(f"{SIGN} {undoing}", "red")
    if alone := alone_sentence(plan):
        yield Line(alone, "yellow")
    yield Line(summary(plan), "bold")


def place(catalog: str, target: str, project: str) -> str:
    """What is spoken of: a catalog, its target and its project."""
    where = f"catalog {visible(catalog)}"
    where += f" -> {visible(target)}" if target else ""
    return where + (f" (project {visible(project)})" if project else "")


def summary(plan: Plan) -> str:
    """The one sentence that says what the plan amounts to; scripts may rely on its form."""
    if not plan.models and not plan.refusals:
        return f"No changes. {counted(plan.unchanged, 'model')} match{_es(plan.unchanged)}."
    uploads = f"{counted(len(plan.files), 'file')} to upload ({file_size(plan.upload_bytes)})"
    parts = [
        f"{plan.count(Verb.CREATE)} to create",
        f"{plan.count(Verb.UPDATE)} to update",
        uploads,
        counted(plan.reorders, "reorder"),
        f"{plan.count(Verb.DELETE)} to delete",
    ]
    extra = [
        (plan.count(Verb.RESTORE), "to restore"),
        (plan.count(Verb.ADOPT), "to adopt"),
        (plan.count(Verb.FORGET), "to forget"),
        (plan.fetches, "to fetch"),
        (len(plan.refusals), "refused"),
    ]
    parts += [f"{number} {word}" for number, word in extra if number]
    return f"Plan: {', '.join(parts)}."


def _es(number: int) -> str:
    return "es" if number == 1 else ""


def work_estimate(plan: Plan, jobs: int) -> str:
    """How much work an apply would be, under stated assumptions."""
    requests, size = plan.requests, plan.upload_bytes
    seconds = requests * SECONDS_PER_REQUEST / jobs + size / BYTES_PER_SECOND
    sending = f", {file_size(size)} to send" if size else ""
    return f"Work: {counted(requests, 'request')}{sending}, about {duration(seconds)}."


def refusal_lines(refusal: Refusal, *, word: str = "refused") -> Iterator[Line]:
    """What is refused, why, and what to do about it."""
    who = visible(refusal.model) if refusal.model else "the whole plan"
    yield Line(f"! {word} {who}: {visible(refusal.message)} [{refusal.code}]", "red")
    if refusal.hint:
        yield Line(f"    what to do: {visible(refusal.hint)}")
    yield Line("")


def _orphans(orphans: Sequence[Orphan], created: Mapping[str, str]) -> Iterator[Line]:
    if not orphans:
        return
    bear = counted(len(orphans), "model bears", "models bear")
    have = "has" if len(orphans) == 1 else "have"
    yield Line(f"{bear} this catalog's mark and {have} no manifest (--prune deletes):")
    for orphan in orphans:
        key, model_id = visible(orphan.key), visible(orphan.model_id)
        yield Line(f"  {key}  {model_id}  {quoted(orphan.name)}")
        if orphan.name in created:
            who = visible(created[orphan.name])
            yield Line(f"    was it renamed? then say `renamedFrom: {key}` in {who}", "yellow")
    yield Line("")


def _training_due(training: Sequence[TrainingDue]) -> Iterator[Line]:
    if not training:
        return
    yield Line("due for training:")
    for due in training:
        told = f"{due_words(due)} ({due_command([due])})"
        yield Line(f"  {visible(due.key)}  {quoted(due.name)}: {visible(told)}")
    yield Line("")


def accepted_lines(accepted: Sequence[Acceptance]) -> Iterator[Line]:
    """What may differ for now, by model."""
    if not accepted:
        return
    yield Line("accepted for now, and left as it is on the server (`ignore`):")
    for each in accepted:
        who = f", {visible(each.owner)}" if each.owner else ""
        until = f"until {visible(each.until)}{who}: {visible(each.reason)}"
        yield Line(f"  {visible(each.model)}  {' '.join(each.fields)}  {until}")
    yield Line("")


def model_lines(
    model: ModelPlan,
    uploads: set[str],
    signs: Mapping[Verb, tuple[str, str, str]] = SIGNS,
    *,
    guessed: bool = False,
) -> Iterator[Line]:
    """One model: what becomes of it, by its sign and word, and every change."""
    sign, word, colour = signs[model.verb]
    tail = f"  {visible(model.model_id)}" if model.model_id else ""
    if how := by_promotion(model.actions):
        word += f"{visible(how)} "
    yield Line(f"{sign} {word} {visible(model.key)}  {quoted(model.name)}{tail}", colour)
    if model.note:
        yield Line(f"    ({visible(model.note)})")
    for each in undoings(model, guessed=guessed):
        field = f"{visible(each.field)} " if each.field else ""
        yield Line(f"    {SIGN} {field}{each.sentence(visible)}", "red")
    for field, changes in by_field(model.changes).items():
        yield from _field(field, changes, model.verb is Verb.CREATE, uploads)
    for action in model.actions:
        if isinstance(action, ImportModel):
            yield _labelled("cost", visible(import_cost(action)))


def _field(field: str, changes: list[Change], creating: bool, uploads: set[str]) -> Iterator[Line]:
    if field in SETS:
        yield _labelled(field, " ".join(map(_member, changes)))
    elif field in TEXTS:
        yield from _text(field, changes[0], creating or changes[0].before is None)
    elif field == "examples":
        yield from _examples(changes, uploads)
    elif field == "trainingImages":
        yield from _training_images(changes, uploads)
    elif field == "trainingImagePairs":
        yield from _training_pairs(changes[0])
    elif field == "owner" and creating:
        return
    else:
        for change in changes:
            name = " ".join((*map(visible, change.path[1:]), ""))
            yield _labelled(field, name + _became(change, creating, uploads))


def _labelled(label: str, text: str) -> Line:
    return Line(f"    {visible(label):<17} {text}")


def _member(change: Change) -> str:
    """One tag or collection; quoted where it would not read as one word."""
    name = str(change.before if change.after is None else change.after)
    shown = quoted(name) if set(name) & set(' "+') or name != visible(name) else name
    return ("-" if change.after is None else "+") + shown


def _became(change: Change, creating: bool, uploads: set[str]) -> str:
    after = _value(change.after, uploads)
    return after if creating else f"{_value(change.before, uploads)} -> {after}"


def _value(value: Value, uploads: set[str]) -> str:
    match value:
        case None | "" | bool() | float() | int():
            return plain_value(value)
        case AssetRef():
            return _asset(value, uploads)
        case Placed() | TrainingImage():
            return _asset(value.asset, uploads)
        case tuple():
            return ", ".join(
                quoted(each) if isinstance(each, str) else _pair(each) for each in value
            )
        case Weights():
            return "  ".join(map(visible, weights_facts(value)))
        case str():
            return quoted(value)


def _asset(ref: AssetRef, uploads: set[str]) -> str:
    """A file or asset in one phrase: name, dimensions, size, where it is."""
    name = f"from {visible(ref.url)}" if ref.url else visible(ref.name or ref.id)
    return "  ".join((name, *asset_facts(ref, uploads)))


def _examples(changes: list[Change], uploads: set[str]) -> Iterator[Line]:
    yield Line(f"    {'examples':<18}{examples_count(changes)}")
    for change in changes:
        before, after = change.before, change.after
        if isinstance(before, Placed) and isinstance(after, Placed):
            moved = f"{before.position} -> {after.position}"
            if before.position == after.position:
                moved = f"at {after.position}, its neighbours changed"
            yield Line(f"      > move   {_asset(after.asset, uploads)}  {moved}", "blue")
        elif isinstance(after, Placed):
            text = f"      + add    {after.position:>3}  {_asset(after.asset, uploads)}"
            yield Line(text, "green")
        elif isinstance(before, Placed):
            text = f"      - remove {before.position:>3}  {_asset(before.asset, uploads)}"
            yield Line(text, "red")


def _training_images(changes: list[Change], uploads: set[str]) -> Iterator[Line]:
    yield Line(f"    {'trainingImages':<18}{training_count(changes)}")
    for change in changes:
        before, after = change.before, change.after
        if isinstance(before, TrainingImage) and isinstance(after, TrainingImage):
            became = f"{quoted(before.caption or '')} -> {quoted(after.caption or '')}"
            yield Line(f"      ~ caption  {_called(after.asset)}  {became}", "yellow")
        elif isinstance(after, TrainingImage):
            yield Line(f"      + add      {_captioned(after, uploads)}", "green")
        elif isinstance(before, TrainingImage):
            yield Line(f"      - remove   {_captioned(before, uploads)}", "red")


def _captioned(image: TrainingImage, uploads: set[str]) -> str:
    caption = f"  {quoted(image.caption)}" if image.caption else ""
    return _asset(image.asset, uploads) + caption


def _training_pairs(change: Change) -> Iterator[Line]:
    yield Line(f"    {'trainingImagePairs':<18}  {pair_count(change)}")
    for sign, pair in pair_steps(change):
        yield Line(f"      {sign} {_pair(pair)}", "green" if sign == "+" else "red")


def _pair(pair: TrainingPair) -> str:
    said = f"  {quoted(pair.instruction)}" if pair.instruction else ""
    return f"{_called(pair.source)} -> {_called(pair.target)}{said}"


def _called(ref: AssetRef) -> str:
    return visible(ref.name or ref.id)


def _text(field: str, change: Change, creating: bool) -> Iterator[Line]:
    before, after = str(change.before or ""), str(change.after or "")
    if creating:
        yield _labelled(field, counted(len(after.splitlines()), "line"))
        return
    added, removed, shown = 0, 0, []
    for text in line_diff(before, after):
        added += text.startswith("+")
        removed += text.startswith("-")
        style = {"+": "green", "-": "red", "@": "cyan"}.get(text[0], "")
        shown.append(Line(f"      {visible(text)}", style))
    yield _labelled(field, f"+{added} -{removed}")
    yield from shown


def line_diff(before: str, after: str) -> list[str]:
    """The hunks of a unified diff of two texts, with three lines of context.

    Empty lines at the end do not count. Texts so long and different that comparing them would
    take seconds are told by their numbers of lines.
    """
    old, new = _lines(before), _lines(after)
    pairs = enumerate(zip(old, new, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))
    left, come = len(old) - same, len(new) - same
    if left * come > _MOST_WORK:
        return [f"@@ from line {same + 1}: {left} lines -> {come} lines @@"]
    return list(difflib.unified_diff(old, new, lineterm="", n=_CONTEXT))[2:]


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n") if text.strip("\n") else []
