"""Training data of the server in the words of a manifest, and the edits that bring it there."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from catalogsync.contents import Contents
from catalogsync.diff import Change
from catalogsync.manifest.quick import compiled
from catalogsync.manifest.schemas import flat
from catalogsync.manifest.trainers import misfits
from catalogsync.manifest.training import Entry
from catalogsync.manifest.words import Unfit
from catalogsync.model import (
    AssetRef,
    Parameter,
    RemoteModel,
    TrainingImage,
    TrainingPair,
)
from catalogsync.roundtrip.editor import Kept
from catalogsync.texts import as_compared
from catalogsync.values import dataclass

Reference = Callable[[str], dict[str, str]]
"""How a manifest refers to an asset of the server: by its id, with the file that holds it."""


def training_value(live: RemoteModel, reference: Reference) -> dict[str, Any]:
    """The `training` of a new manifest; what the server has not is left out."""
    parts = {
        "images": [image_value(image, reference) for image in live.training_images or ()],
        "pairs": [_pair_value(pair, reference) for pair in live.training_pairs or ()],
        "parameters": _fitting(live),
    }
    return {name: held for name, held in parts.items() if held}


def image_value(image: TrainingImage, reference: Reference) -> dict[str, str]:
    """A training image with its caption, if it has one."""
    caption = as_compared(image.caption or "")
    return reference(image.asset.id) | ({"caption": caption} if caption else {})


def _pair_value(pair: TrainingPair, reference: Reference) -> dict[str, Any]:
    said = as_compared(pair.instruction)
    sides = {"source": reference(pair.source.id), "target": reference(pair.target.id)}
    return sides | ({"instruction": said} if said else {})


def parameter_value(value: Parameter) -> Any:
    """A parameter as it is written: whole numbers without a point."""
    if isinstance(value, tuple):
        return list(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _fitting(live: RemoteModel) -> dict[str, Any]:
    """The parameters that a manifest of this type can name; a server may tell more."""
    known = flat("model")["properties"]["training"]["properties"]["parameters"]["properties"]
    told = {name: parameter_value(value) for name, value in live.training_parameters or ()}
    fit = {n: held for n, held in told.items() if n in known and compiled(known[n])(held)}
    wrong = {name for name, _, _ in misfits(fit, live.type)}
    return {name: held for name, held in fit.items() if name not in wrong}


@dataclass(frozen=True, slots=True)
class ImageEdits:
    """What becomes of the entries of `images`.

    `items` are kept ones and new values, `values` new values for some that stay, `texts` the
    captions of the files beside, by their parts.
    """

    items: tuple[Any, ...]
    values: Mapping[int, Any]
    texts: Mapping[tuple[str, ...], bytes]
    said: str = ""


def image_edits(
    entries: tuple[Entry, ...],
    written: list[Any],
    changes: list[Change],
    contents: Contents,
    reference: Reference,
) -> ImageEdits:
    """The entries as the server has them: those that stay so are not touched."""
    edits = _Edits(entries, written, changes, contents)
    items: list[Any] = []
    for number in range(len(entries)):
        items += edits.kept(number)
    for change in changes:
        if change.after is None and isinstance(change.before, TrainingImage):
            items.append(image_value(change.before, reference))
    said = "a glob of training images was written out: one of its files is gone"
    return ImageEdits(tuple(items), edits.values, edits.texts, said if edits.wrote_out else "")


class _Edits:
    def __init__(
        self,
        entries: tuple[Entry, ...],
        written: list[Any],
        changes: list[Change],
        contents: Contents,
    ) -> None:
        self._entries, self._written = entries, written
        self._token = contents.token
        self._gone = {change.path[1] for change in changes if change.before is None}
        self._captions = {
            change.path[1]: as_compared(change.before.caption or "")
            for change in changes
            if isinstance(change.before, TrainingImage) and change.after is not None
        }
        self.values: dict[int, Any] = {}
        self.texts: dict[tuple[str, ...], bytes] = {}
        self.wrote_out = False

    def kept(self, number: int) -> Iterator[Any]:
        """What stands in the place of an entry."""
        entry = self._entries[number]
        names = [self._token(image.asset) for image in entry.images]
        if not self._gone.isdisjoint(names) and entry.paths:
            self.wrote_out = True
            yield from self._one_by_one(entry, names)
        elif self._gone.isdisjoint(names):
            for at, name in enumerate(names):
                if name in self._captions:
                    self._describe(number, entry, at, self._captions[name])
            yield Kept(number)

    def _describe(self, number: int, entry: Entry, at: int, caption: str) -> None:
        if entry.sidecars:
            self.texts[entry.sidecars[at]] = f"{caption}\n".encode() if caption else b""
        else:
            written = self._written[number]
            held = written if isinstance(written, dict) else {"file": written}
            self.values[number] = held | {"caption": caption}

    def _one_by_one(self, entry: Entry, names: list[str]) -> Iterator[Any]:
        for name, path, image in zip(names, entry.paths, entry.images, strict=True):
            if name in self._gone:
                continue
            caption = self._captions.get(name, image.caption)
            yield path if caption is None else {"file": path, "caption": caption}


def pair_values(
    live: RemoteModel, images: Mapping[str, str], contents: Contents, reference: Reference
) -> list[Any]:
    """The server's pairs; a file that the manifest names is named as there, by its content."""

    def refer(asset_id: str) -> dict[str, str]:
        path = images.get(contents.token_of(asset_id))
        return {"file": path} if path else reference(asset_id)

    return [_pair_value(pair, refer) for pair in live.training_pairs or ()]


def parameter_of(change: Change) -> Any:
    """The server's value of a parameter; raises `Unfit` for one that it does not have."""
    value = change.before
    if value is None or isinstance(value, AssetRef):
        raise Unfit(
            f"{change.path[1]} is not set on the server", "take it out, or set it with apply"
        )
    return parameter_value(value)  # type: ignore[arg-type]  # a parameter is nothing else
