"""One model of a plan in Markdown: its row in the table, and the block that opens below it."""

from collections.abc import Iterator, Mapping

from catalogsync.actions import ImportModel
from catalogsync.diff import Change, Placed, Value, Verb
from catalogsync.model import AssetRef, TrainingImage, Weights
from catalogsync.plan import ModelPlan
from catalogsync.review.markdown_budget import Section
from catalogsync.review.markdown_words import (
    NAME_LENGTH,
    code,
    fenced,
    html_code,
    html_name,
    name,
    prose,
    table_row,
)
from catalogsync.review.phrases import (
    LISTS,
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
    training_count,
    weights_facts,
)
from catalogsync.review.text import SIGNS, line_diff
from catalogsync.review.undoing import SIGN, Undoing, undoings, would_undo
from catalogsync.review.words import counted, visible

WARNING = f"{SIGN}\ufe0f"
"""The sign in colour, which GitHub and GitLab show."""

Signs = Mapping[Verb, tuple[str, str, str]]


def model_section(
    model: ModelPlan,
    uploads: set[str],
    signs: Signs = SIGNS,
    *,
    warning: str = "",
    guessed: bool = False,
) -> Section:
    """All there is to say of one model; its row begins with a warning, or with what it undoes."""
    reading = _Reading(model, uploads, guessed=guessed)
    where = code(model.model_id) if model.model_id and not model.changes else ""
    told = " · ".join(reading.counts()) or where
    warning = _warning(model, warning, guessed=guessed)
    return Section(
        row=table_row(_what(model, signs), who(model), " · ".join(filter(None, (warning, told)))),
        short_row=short_row(model, signs, warning=warning, guessed=guessed),
        block=_block(model, reading.parts(with_texts=True), signs),
        block_without_texts=_block(model, reading.parts(with_texts=False), signs),
    )


def short_row(
    model: ModelPlan, signs: Signs = SIGNS, *, warning: str = "", guessed: bool = False
) -> str:
    """The row of a model without what changes in it."""
    told = _warning(model, warning, guessed=guessed)
    return table_row(_what(model, signs), code(model.key, NAME_LENGTH), told)


def _what(model: ModelPlan, signs: Signs) -> str:
    sign, word, _ = signs[model.verb]
    return f"`{sign}` {word}{prose(by_promotion(model.actions))}"


def _warning(model: ModelPlan, warning: str, *, guessed: bool) -> str:
    if model.would_undo:
        return f"{WARNING} {would_undo(guessed=guessed)} {model.would_undo}"
    return warning


def who(model: ModelPlan) -> str:
    """A model's key, and its name where that says more."""
    key = code(model.key, NAME_LENGTH)
    return f"{key} {name(model.name)}" if _has_name(model) else key


def _has_name(model: ModelPlan) -> bool:
    return model.name not in ("", model.key)


def _block(model: ModelPlan, parts: Iterator[str], signs: Signs) -> str:
    body = "\n\n".join(parts)
    if not body:
        return ""
    sign, word, _ = signs[model.verb]
    called = f" {html_name(model.name)}" if _has_name(model) else ""
    summary = f"<summary><code>{sign}</code> {word} {html_code(model.key)}{called}</summary>"
    return f"<details>{summary}\n\n{body}\n\n</details>"


class _Reading:
    """The changes of one model, counted or told in full."""

    def __init__(self, model: ModelPlan, uploads: set[str], *, guessed: bool) -> None:
        self._model = model
        self._guessed = guessed
        self._uploads = uploads
        self._creating = model.verb is Verb.CREATE
        self._fields = by_field(model.changes)
        self._diffs = {
            field: _diff(changes[0])
            for field, changes in self._fields.items()
            if field in TEXTS and not self._creating and changes[0].before is not None
        }

    def counts(self) -> Iterator[str]:
        """What changes, in a few words a field."""
        for field, changes in self._fields.items():
            if self._is_given(field):
                continue
            if field in SETS:
                yield f"{field} {_set_count(changes)}"
            elif field == "examples":
                yield f"examples {examples_count(changes)}"
            elif field == "trainingImages":
                yield f"trainingImages {training_count(changes)}"
            elif field == "trainingImagePairs":
                yield f"trainingImagePairs {pair_count(changes[0])}"
            elif field in TEXTS:
                yield f"{field} {self._text_count(field)}"
            else:
                yield code(field)

    def parts(self, *, with_texts: bool) -> Iterator[str]:
        """What changes, in full; of texts only the number of lines unless `with_texts`."""
        yield from self._about()
        yield from map(_undoing, undoings(self._model, guessed=self._guessed))
        yield from self._values()
        for field, changes in self._fields.items():
            if field in SETS:
                yield f"**{field}** {' '.join(map(_member, changes))}"
            elif field == "examples":
                yield self._examples(changes)
            elif field == "trainingImages":
                yield self._training_images(changes)
            elif field == "trainingImagePairs":
                yield _training_pairs(changes[0])
            elif field in TEXTS:
                yield f"**{field}** {self._text_count(field)}"
                if with_texts and self._diffs.get(field):
                    yield fenced(map(visible, self._diffs[field]), "diff")

    def _about(self) -> Iterator[str]:
        parts = [code(self._model.model_id)] if self._model.model_id else []
        parts += [prose(self._model.note)] if self._model.note else []
        imports = (action for action in self._model.actions if isinstance(action, ImportModel))
        parts += [f"cost: {prose(import_cost(action))}" for action in imports]
        if parts and self._fields:
            yield " · ".join(parts)

    def _values(self) -> Iterator[str]:
        changes = [
            change
            for field, changes in self._fields.items()
            if field not in (*SETS, *TEXTS, *LISTS) and not self._is_given(field)
            for change in changes
        ]
        if changes:
            columns = ("value",) if self._creating else ("before", "after")
            head = [table_row("field", *columns), f"|{'---|' * (len(columns) + 1)}"]
            yield "\n".join([*head, *map(self._value_row, changes)])

    def _is_given(self, field: str) -> bool:
        """Whether a field says of a new model no more than its heading does."""
        return self._creating and field in ("owner", "name")

    def _value_row(self, change: Change) -> str:
        values = (change.after,) if self._creating else (change.before, change.after)
        return table_row(" ".join(map(code, change.path)), *map(self._value, values))

    def _value(self, value: Value) -> str:
        match value:
            case None | "" | bool() | float() | int():
                return plain_value(value)
            case AssetRef():
                return self._asset(value)
            case Placed() | TrainingImage():
                return self._asset(value.asset)
            case tuple():
                return ", ".join(code(each) for each in value if isinstance(each, str))
            case Weights():
                return ", ".join(map(code, weights_facts(value)))
            case str():
                return code(value)

    def _asset(self, ref: AssetRef) -> str:
        called = f"from {ref.url}" if ref.url else ref.name or ref.id
        facts = asset_facts(ref, self._uploads, _part)
        return ", ".join((_part(called), *facts))

    def _examples(self, changes: list[Change]) -> str:
        head = [
            f"**examples** {examples_count(changes)}",
            "",
            "| | position | file |",
            "|---|---|---|",
        ]
        return "\n".join([*head, *map(self._example_row, changes)])

    def _example_row(self, change: Change) -> str:
        before, after = change.before, change.after
        if isinstance(before, Placed) and isinstance(after, Placed):
            position = f"{before.position} → {after.position}"
            if before.position == after.position:
                position = f"{after.position}, its neighbours changed"
            return table_row("`>` move", position, self._asset(after.asset))
        if isinstance(after, Placed):
            return table_row("`+` add", str(after.position), self._asset(after.asset))
        assert isinstance(before, Placed)
        return table_row("`-` remove", str(before.position), self._asset(before.asset))

    def _training_images(self, changes: list[Change]) -> str:
        head = [
            f"**trainingImages** {training_count(changes)}",
            "",
            "| | file | caption |",
            "|---|---|---|",
        ]
        return "\n".join([*head, *map(self._training_row, changes)])

    def _training_row(self, change: Change) -> str:
        before, after = change.before, change.after
        if isinstance(before, TrainingImage) and isinstance(after, TrainingImage):
            became = f"{_caption(before)} → {_caption(after)}"
            return table_row("`~` caption", self._asset(after.asset), became)
        image, what = (before, "`-` remove") if after is None else (after, "`+` add")
        assert isinstance(image, TrainingImage)
        caption = _caption(image) if image.caption else ""
        return table_row(what, self._asset(image.asset), caption)

    def _text_count(self, field: str) -> str:
        if field not in self._diffs:
            return counted(len(str(self._fields[field][0].after or "").splitlines()), "line")
        signs = [line[0] for line in self._diffs[field]]
        return f"+{signs.count('+')} -{signs.count('-')}"


def _caption(image: TrainingImage) -> str:
    return code(image.caption) if image.caption else "(none)"


def _training_pairs(change: Change) -> str:
    head = [
        f"**trainingImagePairs** {pair_count(change)}",
        "",
        "| | source | target | instruction |",
        "|---|---|---|---|",
    ]
    rows = (
        table_row(
            f"`{sign}`",
            code(pair.source.name or pair.source.id, NAME_LENGTH),
            code(pair.target.name or pair.target.id, NAME_LENGTH),
            code(pair.instruction) if pair.instruction else "",
        )
        for sign, pair in pair_steps(change)
    )
    return "\n".join([*head, *rows])


def _undoing(each: Undoing) -> str:
    field = f"**{each.field}** " if each.field else ""
    return f"{WARNING} {field}{each.sentence(_part)}"


def _part(text: str) -> str:
    return code(text, NAME_LENGTH)


def _diff(change: Change) -> list[str]:
    return line_diff(str(change.before or ""), str(change.after or ""))


def _set_count(changes: list[Change]) -> str:
    added = sum(1 for change in changes if change.after is not None)
    counts = (("+", added), ("-", len(changes) - added))
    return " ".join(f"{sign}{number}" for sign, number in counts if number)


def _member(change: Change) -> str:
    added = change.after is not None
    return code(f"+{change.after}" if added else f"-{change.before}", NAME_LENGTH)
