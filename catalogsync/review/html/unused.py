"""Uploads that nothing uses, as one page to look at before they are deleted."""

from collections.abc import Mapping, Sequence

from catalogsync.model import StoredAsset
from catalogsync.pictures.picture import Picture
from catalogsync.review.html.elements import Markup, element, joined
from catalogsync.review.html.page import document, left_out
from catalogsync.review.html.tiles import Gallery, gallery, icons, name_of
from catalogsync.review.unused import remarks, summary
from catalogsync.review.words import counted, file_size
from catalogsync.unused import Unused

_HEIGHT = 152
_MOST = 2000


def render_unused_html(
    unused: Unused,
    pictures: Mapping[str, Picture],
    *,
    place: Sequence[str],
    read_at: str = "",
) -> str:
    """The page; `pictures` by digest, `place` is the catalog, its target and its project."""
    assets = [each.asset for each in unused.assets]
    shown, picture_rules = gallery(assets, pictures, frozenset())
    verdict = f"{counted(len(assets), 'upload')} that nothing uses" if assets else "Nothing unused"
    body = (
        icons(),
        element(
            "header",
            element("p", *(element("bdi", each) for each in place if each), class_="trail"),
            element("h1", verdict),
            element("p", summary(unused), class_="sentence"),
            *(element("p", remark, class_="note") for remark in remarks(unused)),
            class_=f"top {'careful' if assets else 'calm'}",
        ),
        element("main", _sheet(unused.assets, shown), left_out(pictures)),
        element(
            "footer",
            element("p", f"The server was read at {read_at}.") if read_at else None,
            element("p", "By catalog-sync. The page is complete in itself: nothing is loaded."),
        ),
    )
    title = " · ".join((verdict, *filter(None, place[:1])))
    return document(title, joined(body), picture_rules)


def _sheet(assets: Sequence[StoredAsset], shown: Gallery) -> Markup | None:
    if not assets:
        return None
    rest = len(assets) - _MOST
    more = element("p", f"and {counted(rest, 'more upload')}", class_="soft") if rest > 0 else None
    tiles = (_tile(each, shown) for each in assets[:_MOST])
    return element("section", element("ol", *tiles, class_="strip wall"), more)


def _tile(each: StoredAsset, shown: Gallery) -> Markup:
    asset = each.asset
    facts = " · ".join(filter(None, (file_size(asset.size), each.created_at[:10])))
    return element(
        "li",
        shown.tile(asset, "unused", style=shown.width_class(asset, _HEIGHT)),
        element("p", element("span", name_of(asset), class_="name")),
        element("small", facts),
        class_="example",
    )
