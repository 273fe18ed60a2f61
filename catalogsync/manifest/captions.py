"""The captions of training images: texts beside them, and one for every picture."""

from catalogsync.manifest.document import Document, where
from catalogsync.manifest.files import Files
from catalogsync.manifest.words import Unfit, quote, visible
from catalogsync.model import TrainingImage
from catalogsync.texts import as_compared

MAX_CAPTION = 8192
_MAX_BYTES = 4 * MAX_CAPTION + 4


def sidecar_path(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Where the caption of an image is: beside it, under its name with the extension .txt."""
    return (*parts[:-1], f"{parts[-1].rpartition('.')[0]}.txt")


def sidecar(parts: tuple[str, ...], files: Files) -> str:
    """The caption in the text beside an image; raises `Unfit` when there is none."""
    whose = f"the caption of {quote(parts[-1])}"
    path = sidecar_path(parts)
    try:
        text = files.read_text(path, _MAX_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise Unfit(f"{whose}: {quote(path[-1])} is not UTF-8", "save it as UTF-8") from None
    except Unfit as unfit:
        raise Unfit(f"{whose}: {unfit.message}", unfit.hint) from None
    if text.startswith("\ufeff"):
        raise Unfit(f"{whose}: a byte order mark at the start", "save the file without one")
    if len(text) > MAX_CAPTION:
        raise Unfit(f"{whose}: {len(text)} characters, {MAX_CAPTION} are allowed", "shorten it")
    return as_compared(text)


class Captions:
    """The caption that each picture of a catalog gets, and where it was first said.

    A caption belongs to the asset, and equal files are one asset.
    """

    def __init__(self) -> None:
        self._first: dict[str, tuple[str, str]] = {}

    def claim(self, document: Document, at: list[str | int], image: TrainingImage) -> None:
        """Report an image that another training set gives another caption."""
        if image.caption is None or document.value.get("state", "present") != "present":
            return
        for mark in filter(None, (image.asset.sha256, image.asset.id)):
            there = f"{visible(document.path)}:{document.place(at).line}"
            caption, first = self._first.setdefault(mark, (image.caption, there))
            if caption != image.caption:
                name = quote(image.asset.name or image.asset.id)
                message = f"{where(at)}: {name} has another caption in {first}"
                hint = "give it one caption: equal files are one asset, which has one description"
                document.report(at, message, hint)
                return
