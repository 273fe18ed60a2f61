"""What must change in a manifest so that it says what the server has: the smallest edits."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from difflib import SequenceMatcher
from typing import Any, assert_never

from catalogsync.contents import Contents
from catalogsync.diff import SCALARS, Diff, ModelDiff, patched
from catalogsync.manifest.authored import Authored
from catalogsync.manifest.words import Unfit
from catalogsync.model import ModelSpec, RemoteModel
from catalogsync.pull.fresh import concept
from catalogsync.pull.pictures import Pictures, asset
from catalogsync.pull.taken import has_both
from catalogsync.pull.training import image_edits, image_value, pair_values, parameter_of
from catalogsync.roundtrip.edit import with_items, with_value
from catalogsync.roundtrip.editor import Kept
from catalogsync.roundtrip.layout import order_of
from catalogsync.texts import normalised
from catalogsync.values import dataclass

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetValue:
    """Another value at a place of the manifest, or one more."""

    path: tuple[str | int, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class SetItems:
    """Other items in a list of the manifest: `Kept` ones, and new values."""

    path: tuple[str | int, ...]
    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Another content of a text's file."""

    parts: Parts
    data: bytes


Step = SetValue | SetItems | WriteFile


@dataclass(frozen=True, slots=True)
class Edit:
    """All that is to be done for one field; `otherwise` is for when the loader misreads it."""

    field: str
    steps: tuple[Step, ...]
    otherwise: tuple[Step, ...] = ()
    said: str = ""


LET_GO = Edit("state", (SetValue(("state",), "absent"),))
"""What a manifest says whose model was deleted, and that nobody wants back."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A manifest, the model that it is for, and what was found to differ between the two."""

    found: ModelDiff
    written: Authored
    diff: Diff
    keys: Mapping[str, str]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    pictures: Pictures = field(default_factory=dict)

    @property
    def spec(self) -> ModelSpec:
        """The manifest's value."""
        assert self.found.spec
        return self.found.spec

    @property
    def live(self) -> RemoteModel:
        """The model."""
        assert self.found.remote
        return self.found.remote

    @property
    def contents(self) -> Contents:
        """Which asset holds which bytes."""
        return self.diff.contents


def edited(text: str, steps: Iterable[Step]) -> str:
    """The text of a manifest after some steps; raises `Uneditable` if it is written otherwise."""
    for step in steps:
        match step:
            case SetValue(path=path, value=value):
                text = with_value(text, path, value, "model")
            case SetItems(path=path, items=items):
                text = with_items(text, path, items, "model")
            case WriteFile():
                pass
            case _:
                assert_never(step)
    return text


def edits_for(at: Situation) -> Iterator[Edit | tuple[str, Unfit]]:
    """The edits for the fields that differ, or why one cannot be made."""
    differing = dict.fromkeys(change.field for change in at.found.changes)
    for name in differing:
        if name in _EDITS:
            try:
                yield _EDITS[name](at, name)
            except Unfit as unfit:
                yield name, unfit


def _before(at: Situation, name: str) -> Any:
    return next(change.before for change in at.found.changes if change.field == name)


def _scalar(at: Situation, name: str) -> Edit:
    return Edit(name, (SetValue((name,), _before(at, name) or ""),))


def _protect(at: Situation, name: str) -> Edit:
    return Edit(name, (SetValue((name,), bool(_before(at, name))),))


def _thumbnail(at: Situation, name: str) -> Edit:
    held = at.live.thumbnail
    return Edit(name, (SetValue((name,), asset(held, at.pictures) if held else ""),))


def _set_of_names(at: Situation, name: str) -> Edit:
    """Tags and collections: what is gone is taken out, what is new has its place or is appended."""
    changes = [change for change in at.found.changes if change.field == name]
    gone = {str(change.after) for change in changes if change.before is None}
    new = sorted(str(change.before) for change in changes if change.before is not None)
    shared = sorted(gone & set(at.defaults.get(name, ())))
    if shared:
        raise Unfit(
            f"{', '.join(shared)} comes from defaults in catalog.yaml, for all models",
            f"take it out of defaults.{name} there, or put it back on the server with apply",
        )
    if name not in at.written.value:
        return Edit(name, (SetValue((name,), new),))
    own = at.written.value[name]
    names = [*(each for each in own if each not in gone), *new]
    if own == sorted(own, key=order_of):
        names.sort(key=order_of)
    items = (Kept(own.index(each)) if each in own else each for each in names)
    return Edit(name, (SetItems((name,), tuple(items)),))


def _examples(at: Situation, name: str) -> Edit:
    """The items in the order of the server; a glob that cannot express it is written out."""
    token = at.contents.token
    units = [[token(ref) for ref in each.assets] for each in at.written.examples]
    live = [at.contents.token_of(asset_id) for asset_id in at.live.examples]
    whole = {number for number, unit in enumerate(units) if _stands(unit, live)}
    place = {
        one: (number, sub) for number, unit in enumerate(units) for sub, one in enumerate(unit)
    }
    items: list[Any] = []
    begun: dict[int, str] = {}
    for one, asset_id in zip(live, at.live.examples, strict=True):
        number, sub = place.get(one, (-1, 0))
        if number < 0:
            items.append(asset(asset_id, at.pictures))
        elif number in whole:
            items += [Kept(number)] if sub == 0 else []
        else:
            path = at.written.examples[number].paths[sub]
            # The first of a glob's files has the place of the glob, and its comment.
            items.append(path if number in begun else Kept(number))
            begun.setdefault(number, path)
    said = "a glob was written out: it cannot say this order" if begun else ""
    first = [SetValue((name, number), path) for number, path in begun.items()]
    return Edit(name, (*first, SetItems((name,), tuple(items))), said=said)


def _stands(unit: Sequence[str], live: Sequence[str]) -> bool:
    """Whether the server shows what an item stands for, all of it and in its order."""
    if not unit or unit[0] not in live:
        return False
    start = live.index(unit[0])
    return list(live[start : start + len(unit)]) == list(unit)


def _concepts(at: Situation, name: str) -> Edit:
    """Parts keep their place; a scale that changed is the only thing that is touched."""
    if name not in at.written.value:
        raise Unfit("the manifest does not list them", "")
    own = [at.keys.get(c.model.id, c.model.key or c.model.id) for c in at.spec.concepts or ()]
    live = {at.keys.get(held.model.id, held.model.id): held for held in at.live.concepts}
    steps: list[Step] = []
    items: list[Any] = []
    for index, (model, before) in enumerate(zip(own, at.spec.concepts or (), strict=True)):
        held = live.pop(model, None)
        if held is None:
            continue
        items.append(Kept(index))
        if (held.scale, held.epoch) != (before.scale, before.epoch):
            name_as_written = at.written.value[name][index]["model"]
            value = concept(held, at.keys) | {"model": name_as_written}
            steps.append(SetValue((name, index), value))
    items += [concept(held, at.keys) for held in live.values()]
    return Edit(name, (*steps, SetItems((name,), tuple(items))))


def _text(at: Situation, name: str) -> Edit:
    """The server's words where the author has them; if that misleads the loader, with its ids."""
    change = next(change for change in at.found.changes if change.field == name)
    if has_both(change):
        edits = (hunk for hunk in change.hunks if hunk.came.would_undo)
        return Edit(name, _text_steps(at, name, patched(str(change.after or ""), edits)))
    raw = at.live.description if name == "description" else at.live.prompt_guide
    words, plain = str(change.before or ""), normalised(raw or "")
    first, second = (_text_steps(at, name, text) for text in (words, plain))
    return Edit(name, first, () if first == second else second)


def _text_steps(at: Situation, name: str, text: str) -> tuple[Step, ...]:
    if name in at.written.texts:
        parts, data = at.written.texts[name]
        return (WriteFile(parts, merged(data.decode("utf-8"), text).encode()),)
    old = at.written.value.get(name, "")
    ends = old[len(old.rstrip("\n")) :] if text.strip("\n") else ""
    return (SetValue((name,), text.rstrip("\n") + ends),)


_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n)|([^\r\n]+)\Z")


def merged(old: str, new: str) -> str:
    """A text with the lines of another, which ends its own by LF.

    Lines that stay keep their ends, and the file ends as it did.
    """
    lines = [(found[1] or found[3] or "", found[2] or "") for found in _LINE.finditer(old)]
    bare = [line for line, _ in lines]
    usual = lines[0][1] if lines and lines[0][1] else "\n"
    wanted = new.rstrip("\n").split("\n")
    result = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, bare, wanted, autojunk=False).get_opcodes():
        if tag == "equal":
            result += [line + (end or usual) for line, end in lines[i1:i2]]
        else:
            result += [line + usual for line in wanted[j1:j2]]
    tail = old[len(old.rstrip("\r\n")) :]
    return "".join(result).rstrip("\r\n") + (tail if new.strip("\n") else "")


def _training_images(at: Situation, name: str) -> Edit:
    """What came is appended, what went is taken out, captions change where they are written."""
    changes = [change for change in at.found.changes if change.field == name]
    found = image_edits(at.written.training, _listed(at), changes, at.contents, _refer(at))
    steps: list[Step] = [WriteFile(parts, data) for parts, data in found.texts.items()]
    steps += [SetValue((*_IMAGES, number), value) for number, value in found.values.items()]
    items = (*found.items, *(_unpaired(at) if _differs(at, "trainingImagePairs") else ()))
    return Edit(name, (*steps, SetItems(_IMAGES, items)), said=found.said)


def _training_pairs(at: Situation, name: str) -> Edit:
    """The server's pairs; what was in the set by a pair alone is listed from now on."""
    paths = dict(_paths(at))
    steps: list[Step] = [
        SetValue(("training", "pairs"), pair_values(at.live, paths, at.contents, _refer(at)))
    ]
    more = [] if _differs(at, "trainingImages") else list(_unpaired(at))
    if more:
        steps.append(SetItems(_IMAGES, (*map(Kept, range(len(_listed(at)))), *more)))
    return Edit(name, tuple(steps))


_IMAGES = ("training", "images")


def _differs(at: Situation, name: str) -> bool:
    return any(change.field == name for change in at.found.changes)


def _listed(at: Situation) -> list[Any]:
    """The entries of `images` as they are written."""
    held: list[Any] = at.written.value.get("training", {}).get("images", [])
    return held


def _paths(at: Situation) -> Iterator[tuple[str, str]]:
    """The paths that the manifest names training images by, by their content."""
    for written, entry in zip(_listed(at), at.written.training, strict=True):
        named = written.get("file") if isinstance(written, dict) else written
        paths = entry.paths or ((named,) if named else ())
        for image, path in zip(entry.images, paths, strict=False):
            yield at.contents.token(image.asset), path


def _unpaired(at: Situation) -> Iterator[dict[str, str]]:
    """Images of the set that only the manifest's pairs speak of, and the server's do not."""
    token = at.contents.token
    listed = {token(image.asset) for entry in at.written.training for image in entry.images}
    live = at.live.training_pairs or ()
    paired = {token(ref) for pair in live for ref in (pair.source, pair.target)}
    implied = {token(image.asset) for image in at.spec.training_images or ()} - listed - paired
    for image in at.live.training_images or ():
        if token(image.asset) in implied:
            yield image_value(image, _refer(at))


def _parameters(at: Situation, name: str) -> Edit:
    changes = [change for change in at.found.changes if change.field == name]
    steps = (SetValue(("training", name, c.path[1]), parameter_of(c)) for c in changes)
    return Edit(name, tuple(steps))


def _refer(at: Situation) -> Callable[[str], dict[str, str]]:
    return lambda asset_id: asset(asset_id, at.pictures)


_EDITS: dict[str, Callable[[Situation, str], Edit]] = {
    **dict.fromkeys(SCALARS, _scalar),
    "protect": _protect,
    "thumbnail": _thumbnail,
    "tags": _set_of_names,
    "collections": _set_of_names,
    "examples": _examples,
    "concepts": _concepts,
    "description": _text,
    "promptGuide": _text,
    "trainingImages": _training_images,
    "trainingImagePairs": _training_pairs,
    "parameters": _parameters,
}
