"""One asset in a frame: its small copy, or a drawn tile that says what it is."""

from collections.abc import Iterable, Mapping
from dataclasses import field

from catalogsync.model import AssetKind, AssetRef
from catalogsync.pictures.picture import Picture
from catalogsync.review.html.elements import Markup, classes, element
from catalogsync.review.phrases import filing
from catalogsync.review.words import file_size
from catalogsync.values import dataclass

UNIT = 8
"""Tiles are as wide as a whole number of these, in pixels."""

NARROWEST, WIDEST = 8, 48
"""The number of units that the smallest and the largest tile has."""

_SLIMMEST, _BROADEST = 0.64, 1.6

_ICONS = {
    AssetKind.IMAGE: (
        "image",
        "M3 5h18v14H3z M3 16l5-5 4 4 3-3 6 6 M15.5 9a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0-2.4 0",
    ),
    AssetKind.VIDEO: ("video", "M3 5h18v14H3z M10 9v6l5-3z"),
    AssetKind.AUDIO: ("audio", "M4 10v4 M8 7v10 M12 4v16 M16 8v8 M20 10v4"),
    AssetKind.CANVAS: ("canvas", "M4 4h16v16H4z M8 8h8v5H8z M4 17h16"),
    AssetKind.MODEL_3D: (
        "3D shape",
        "M12 3l8 4.5v9L12 21l-8-4.5v-9z M12 12l8-4.5 M12 12L4 7.5 M12 12v9",
    ),
}
"""For every kind of asset its word and its drawing in a square of 24."""


def icons() -> Markup:
    """The drawings of all kinds, once for the whole page."""
    drawn = (
        element("symbol", element("path", d=path), id=f"kind-{kind}", viewBox="0 0 24 24")
        for kind, (_, path) in _ICONS.items()
    )
    return element("svg", *drawn, class_="stock", width=0, height=0, aria_hidden="true")


@dataclass(frozen=True, slots=True)
class Gallery:
    """The pictures that a page has, each one once, as a class of its style sheet."""

    pictures: Mapping[str, Picture]
    uploads: frozenset[str]
    names: Mapping[str, str] = field(default_factory=dict)

    def picture(self, ref: AssetRef) -> Picture | None:
        """What there is to show of an asset, if anything is known."""
        return self.pictures.get(ref.digest or ref.id) or self.pictures.get(ref.id)

    def lacks(self, ref: AssetRef) -> bool:
        """Whether an asset is an image of which nobody tried to make a copy."""
        return ref.kind is AssetKind.IMAGE and self.picture(ref) is None

    def tile(self, ref: AssetRef, what: str, *, style: str = "") -> Markup:
        """An asset in a frame; `what` says in words what it is there for."""
        picture = self.picture(ref)
        label = ", ".join(filter(None, (what, name_of(ref), *self.facts(ref))))
        if picture and picture.uri:
            shown = self.names[picture.uri]
            return element(
                "div", role="img", aria_label=label, class_=classes("frame", shown, style)
            )
        return self._drawn(ref, label, picture.reason if picture else "", style)

    def thumbnail(self, ref: AssetRef) -> Markup | None:
        """An asset as an ornament beside its model's name, if there is a picture of it."""
        picture = self.picture(ref)
        if picture is None or not picture.uri:
            return None
        return element("span", class_=f"thumb {self.names[picture.uri]}")

    def _drawn(self, ref: AssetRef, label: str, reason: str, style: str) -> Markup:
        use = element("use", href=f"#kind-{ref.kind}")
        lines = (name_of(ref), " · ".join(self.facts(ref)), reason)
        return element(
            "div",
            element("svg", use, viewBox="0 0 24 24", aria_hidden="true"),
            *(element("span", line) for line in lines if line),
            role="img",
            aria_label=", ".join(filter(None, (label, reason))),
            class_=classes("frame", "drawn", style),
        )

    def facts(self, ref: AssetRef) -> list[str]:
        """What an asset is, how large, and where, as far as it is known."""
        kind = [] if ref.kind is AssetKind.IMAGE else [_ICONS[ref.kind][0]]
        size = [f"{ref.width} × {ref.height}"] if ref.width and ref.height else []
        weight = [file_size(ref.size)] if ref.size else []
        due = ["to upload", *filing(ref, str)] if self.is_sent(ref) else ["on the server"]
        return [*kind, *size, *weight, *due]

    def is_sent(self, ref: AssetRef) -> bool:
        """Whether the file goes to the server with this plan."""
        return bool(ref.sha256) and ref.digest in self.uploads

    def width_class(self, ref: AssetRef, height: int) -> str:
        """The class that makes a tile of that height as wide as its picture, within reason."""
        return f"w{self.units(ref, height)}"

    def units(self, ref: AssetRef, height: int) -> int:
        """How wide a tile of that height is, in units."""
        return round(height * min(max(self._ratio(ref), _SLIMMEST), _BROADEST) / UNIT)

    def _ratio(self, ref: AssetRef) -> float:
        """An asset's width by its height; a square where they are not known."""
        picture = self.picture(ref)
        if picture and picture.height:
            return picture.width / picture.height
        return ref.width / ref.height if ref.width and ref.height else 1.0


def gallery(
    assets: Iterable[AssetRef], pictures: Mapping[str, Picture], uploads: frozenset[str]
) -> tuple[Gallery, Markup]:
    """The pictures of the assets, and the style rules that hold each of them once."""
    bare = Gallery(pictures, uploads)
    found = (bare.picture(ref) for ref in assets)
    uris = dict.fromkeys(picture.uri for picture in found if picture and picture.uri)
    names = {uri: f"p{number}" for number, uri in enumerate(uris, 1)}
    rules = "".join(f".{name}{{background-image:url({uri})}}\n" for uri, name in names.items())
    return Gallery(pictures, uploads, names), Markup(rules)


def name_of(ref: AssetRef) -> str:
    """What people call an asset."""
    return ref.name or ref.id
