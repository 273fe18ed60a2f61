"""The examples of a model in their order: one strip, or two with the moves drawn between them."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import accumulate

from catalogsync.diff import Change, Placed
from catalogsync.model import AssetRef
from catalogsync.review.html.elements import Markup, classes, element
from catalogsync.review.html.tiles import UNIT, Gallery, name_of
from catalogsync.review.words import counted
from catalogsync.values import dataclass

HEIGHTS = (208, 192, 176, 160, 152, 136, 120, 100)
"""How high the tiles of a strip may be, in pixels."""

_TALL = HEIGHTS[:5]
_LOW = HEIGHTS[4:]
_ROOM = 1040
"""What a card has for a strip, in pixels, in a window of 1280."""

_FITTED = 6
"""Up to how many examples of a strip stand beside each other in that window."""

_GAP = 12
_LINKS = 72
_MOST = 150
"""How many examples are shown: as many as a model may have."""


class Fate(StrEnum):
    """What becomes of an example."""

    KEPT = "kept"
    MOVED = "moved"
    ADDED = "new"
    REMOVED = "removed"


_SIGNS = {Fate.MOVED: ">", Fate.ADDED: "+", Fate.REMOVED: "−"}


@dataclass(frozen=True, slots=True)
class _Tile:
    """An example at its place in a strip; `other` is its place in the other one, 0 for none."""

    position: int
    asset: AssetRef
    fate: Fate = Fate.KEPT
    other: int = 0
    way: str = ""


def single_strip(examples: Sequence[AssetRef], gallery: Gallery, label: str) -> Markup:
    """The examples as they are; what does not fit into one row goes on in the next."""
    tiles = [_Tile(at, ref) for at, ref in enumerate(examples, 1)]
    height = _fitting((tiles,), gallery, _TALL) or _TALL[0]
    strip = _strip(tiles, gallery, height, "wall")
    return element("div", strip, _and_more(len(tiles)), role="group", aria_label=label)


def double_strip(
    before: Sequence[AssetRef],
    after: Sequence[AssetRef],
    changes: Iterable[Change],
    gallery: Gallery,
    sides: tuple[str, str],
) -> Markup:
    """The examples on both sides, with a line from each place to the other."""
    olds, news = _paired(before, after, list(changes))
    few = max(len(olds), len(news)) <= _FITTED
    height = _fitting((olds, news), gallery, _LOW) or _LOW[-1 if few else 0]
    lanes = (
        element("p", sides[0], class_="lane"),
        _strip(olds, gallery, height),
        _links(olds, news, gallery, height),
        _strip(news, gallery, height),
        element("p", sides[1], class_="lane"),
    )
    return _scroller(
        f"Examples {sides[0].lower()} and {sides[1].lower()}",
        *lanes,
        _and_more(max(len(olds), len(news))),
    )


def _fitting(
    strips: Iterable[Sequence[_Tile]], gallery: Gallery, heights: Iterable[int]
) -> int | None:
    """The largest of the heights at which each strip takes one row, if there is any."""
    longest = [tiles for tiles in strips if tiles]
    for height in heights:
        if all(_width(tiles, gallery, height) <= _ROOM for tiles in longest):
            return height
    return None


def _width(tiles: Sequence[_Tile], gallery: Gallery, height: int) -> int:
    """How wide a strip is, in pixels."""
    units = sum(gallery.units(tile.asset, height) for tile in tiles)
    return units * UNIT + _GAP * (len(tiles) - 1)


def _scroller(label: str, *content: Markup | None) -> Markup:
    return element("div", *content, role="group", aria_label=label, tabindex=0, class_="scroller")


def _and_more(count: int) -> Markup | None:
    rest = count - _MOST
    return element("p", f"and {counted(rest, 'more', 'more')}", class_="soft") if rest > 0 else None


def _paired(
    before: Sequence[AssetRef], after: Sequence[AssetRef], changes: Sequence[Change]
) -> tuple[list[_Tile], list[_Tile]]:
    """Both lists, each example with its place in the other: those not changed keep their order."""
    places = [
        (_position(change.before), _position(change.after))
        for change in changes
        if change.field == "examples"
    ]
    there = {old: new for old, new in places if old}
    back = {new: old for old, new in places if new}
    kept_before = [at for at in range(1, len(before) + 1) if at not in there]
    kept_after = [at for at in range(1, len(after) + 1) if at not in back]
    there |= dict(zip(kept_before, kept_after, strict=False))
    back |= dict(zip(kept_after, kept_before, strict=False))
    moved = {(old, new) for old, new in places if old and new}
    olds = [_tile(at, ref, there.get(at, 0), moved, Fate.REMOVED) for at, ref in _placed(before)]
    news = [_tile(at, ref, back.get(at, 0), moved, Fate.ADDED) for at, ref in _placed(after)]
    return olds, news


def _placed(examples: Sequence[AssetRef]) -> Iterator[tuple[int, AssetRef]]:
    return enumerate(examples, 1)


def _position(value: object) -> int:
    return value.position if isinstance(value, Placed) else 0


def _tile(at: int, ref: AssetRef, other: int, moved: set[tuple[int, int]], alone: Fate) -> _Tile:
    is_moved = (at, other) in moved if alone is Fate.REMOVED else (other, at) in moved
    fate = alone if not other else Fate.MOVED if is_moved else Fate.KEPT
    return _Tile(at, ref, fate, other, "to" if alone is Fate.REMOVED else "from")


def _strip(tiles: Sequence[_Tile], gallery: Gallery, height: int, style: str = "") -> Markup:
    shown = (
        element(
            "li",
            gallery.tile(
                tile.asset, _in_words(tile), style=gallery.width_class(tile.asset, height)
            ),
            element(
                "p",
                element("b", str(tile.position)),
                _mark(tile),
                element("span", name_of(tile.asset), class_="name"),
            ),
            class_=classes("example", tile.fate.value),
        )
        for tile in tiles[:_MOST]
    )
    return element("ol", *shown, class_=classes("strip", f"h{height}", style))


def _in_words(tile: _Tile) -> str:
    fate = "" if tile.fate is Fate.KEPT else f", {_fate(tile)}"
    return f"example {tile.position}{fate}"


def _mark(tile: _Tile) -> Markup | None:
    if tile.fate is Fate.KEPT:
        return None
    return element("span", f"{_SIGNS[tile.fate]} {_fate(tile)}", class_=f"mark {tile.fate}")


def _fate(tile: _Tile) -> str:
    """What becomes of an example; one can move without a new number, if its neighbours do."""
    if tile.fate is Fate.MOVED and tile.other != tile.position:
        return f"{tile.way} {tile.other}"
    return tile.fate.value


def _centres(tiles: Sequence[_Tile], gallery: Gallery, height: int) -> list[int]:
    """The middle of every tile, in pixels from the left end of its strip."""
    widths = [gallery.units(tile.asset, height) * UNIT for tile in tiles]
    ends = accumulate(width + _GAP for width in widths)
    return [end - _GAP - width // 2 for end, width in zip(ends, widths, strict=True)]


def _links(olds: Sequence[_Tile], news: Sequence[_Tile], gallery: Gallery, height: int) -> Markup:
    """A line from every place to the other; stubs where there is none."""
    olds, news = olds[:_MOST], news[:_MOST]
    top, bottom = _centres(olds, gallery, height), _centres(news, gallery, height)
    width = max(*top, *bottom, 1)
    drawn = [
        *(_removed(x) for tile, x in zip(olds, top, strict=True) if not tile.other),
        *(_added(x) for tile, x in zip(news, bottom, strict=True) if not tile.other),
        *(
            _link(tile.fate, top[tile.other - 1], x)
            for tile, x in sorted(
                zip(news, bottom, strict=True), key=lambda pair: pair[0].fate is Fate.MOVED
            )
            if 0 < tile.other <= len(top)
        ),
    ]
    box = f"0 0 {width} {_LINKS}"
    return element(
        "svg", *drawn, class_="links", width=width, height=_LINKS, viewBox=box, aria_hidden="true"
    )


def _link(fate: Fate, x1: int, x2: int) -> Markup:
    foot = _LINKS - (10 if fate is Fate.MOVED else 0)
    path = f"M{x1} 0C{x1} {_LINKS * 0.62:g} {x2} {_LINKS * 0.3:g} {x2} {foot}"
    line = element("path", d=path, class_=f"link {fate}")
    if fate is not Fate.MOVED:
        return line
    head = element("path", d=f"M{x2 - 6} {_LINKS - 11}h12l-6 10z", class_="head")
    return element("g", line, head)


def _removed(x: int) -> Markup:
    """A line that ends in a cross."""
    return element("path", d=f"M{x} 0V16 M{x - 5} 17l10 10m-10 0l10 -10", class_="stub removed")


def _added(x: int) -> Markup:
    """A line that begins in a plus."""
    y = _LINKS - 22
    return element("path", d=f"M{x} {_LINKS}V{y - 6} M{x - 6} {y}h12", class_="stub new")
