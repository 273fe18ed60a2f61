"""The rules for sets of tags and of collections."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from catalogsync.manifest.document import Document, where
from catalogsync.manifest.words import quote

_RESERVED = {
    "catalog-sync:": "this tool sets such tags itself, to know which models are its own",
    "sc:": "tags that begin with sc: are the vendor's",
    "deprecated:": "tags that begin with deprecated: are the vendor's",
}


def unique(document: Document, values: Sequence[object], at: list[str | int]) -> None:
    """Reports every text in a list that was there before."""
    texts = [(index, value) for index, value in enumerate(values) if isinstance(value, str)]
    if len({value for _, value in texts}) == len(texts):
        return
    first: dict[str, int] = {}
    for index, value in texts:
        earlier = first.setdefault(value, index)
        if earlier != index:
            here, there = [*at, index], [*at, earlier]
            line = document.place(there).line
            message = f"{where(here)}: {quote(value)} is there twice, first on line {line}"
            document.report(here, message, "take one out")


def check_tags(
    document: Document, values: Sequence[object], at: list[str | int], ignored: Iterable[str]
) -> None:
    """Reports tags that are there twice, reserved, or said to be left alone."""
    unique(document, values, at)
    for index, tag in enumerate(values):
        if not isinstance(tag, str):
            continue
        reason = _refused(tag, ignored)
        if reason:
            here = [*at, index]
            document.report(here, f"{where(here)}: {quote(tag)} {reason[0]}", reason[1])


def _refused(tag: str, ignored: Iterable[str]) -> tuple[str, str] | None:
    for prefix, why in _RESERVED.items():
        if tag.startswith(prefix):
            return f"is reserved: {why}", "take it out"
    for pattern in ignored:
        if fnmatchcase(tag, pattern):
            said = f"would never be added: ignoreTags in catalog.yaml holds {quote(pattern)}"
            return said, "take one of them out"
    return None
