"""Makes a document fit into a number of bytes: whole sections are shortened, the longest first."""

from collections.abc import Iterable, Sequence
from enum import IntEnum

from catalogsync.values import dataclass


class Detail(IntEnum):
    """How much is said of a model; each step leaves more out."""

    FULL = 0
    COUNTED_TEXTS = 1
    COUNTED = 2
    ROW = 3


@dataclass(frozen=True, slots=True)
class Section:
    """What there is to say of one model: a row of the table, and a block below it."""

    row: str
    short_row: str
    block: str
    block_without_texts: str

    def row_at(self, detail: Detail) -> str:
        """The row at that detail."""
        return self.short_row if detail is Detail.ROW else self.row

    def block_at(self, detail: Detail) -> str:
        """The block at that detail, or an empty string where there is none."""
        if detail is Detail.FULL:
            return self.block
        return self.block_without_texts if detail is Detail.COUNTED_TEXTS else ""

    def size_at(self, detail: Detail) -> int:
        """The bytes that it takes, with the line ends around it."""
        return size_of(self.row_at(detail)) + size_of(self.block_at(detail)) + _LINE_ENDS


_LINE_ENDS = 3


def size_of(text: str) -> int:
    """The bytes of a text in UTF-8."""
    return len(text.encode())


def rows_fit(short_rows: Iterable[str], room: int) -> bool:
    """Whether there is room for the shortest rows: with less, no section need be made."""
    return sum(size_of(row) + _LINE_ENDS for row in short_rows) <= room


def fitted(sections: Sequence[Section], room: int) -> list[Detail]:
    """The most detail for every section with which all fit, where their shortest rows do.

    Only as many sections lose detail as must, the longest first; the shortest rows are for all
    or none.
    """
    details = [Detail.FULL] * len(sections)
    size = sum(section.size_at(Detail.FULL) for section in sections)
    for detail in (Detail.COUNTED_TEXTS, Detail.COUNTED):
        for saving, at in _savings(sections, details, detail):
            if size <= room:
                return details
            details[at] = detail
            size -= saving
    return details if size <= room else [Detail.ROW] * len(sections)


def _savings(
    sections: Sequence[Section], details: Sequence[Detail], detail: Detail
) -> list[tuple[int, int]]:
    """What each section would save at that detail and its place, the greatest saving first."""
    savings = (
        (section.size_at(now) - section.size_at(detail), at)
        for at, (section, now) in enumerate(zip(sections, details, strict=True))
    )
    return sorted((each for each in savings if each[0] > 0), key=lambda each: (-each[0], each[1]))


def listed(items: Iterable[str], room: int) -> tuple[str, int]:
    """As many of the items as fit, separated by commas, and how many are left out."""
    waiting = list(items)
    kept: list[str] = []
    for item in waiting:
        room -= size_of(item) + 2
        if room < 0:
            break
        kept.append(item)
    return ", ".join(kept), len(waiting) - len(kept)
