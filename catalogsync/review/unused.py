"""What of our uploads nothing uses, for people and for programs."""

from collections.abc import Iterator

from catalogsync.model import StoredAsset
from catalogsync.review.document import error_document
from catalogsync.review.phrases import asset_facts
from catalogsync.review.text import Line, place
from catalogsync.review.words import counted, file_size, visible
from catalogsync.unused import Deletion, Unused

FORMAT_VERSION = "1.1"
"""Readers refuse another major number and ignore keys they do not know."""

_DAY = 10
_NOTHING_DELETED = Deletion(())


def render_unused(unused: Unused, *, catalog: str, target: str, project: str) -> list[Line]:
    """A line for every file, the largest first, and one stable last sentence."""
    lines = [Line(place(catalog, target, project), "bold"), Line("")]
    lines += [Line(f"  {_told(each)}") for each in unused.assets]
    lines += [Line("")] if unused.assets else []
    lines += [Line(remark, "yellow") for remark in remarks(unused)]
    lines.append(Line(summary(unused), "bold"))
    return lines


def summary(unused: Unused) -> str:
    """The one sentence that says what it amounts to; scripts may rely on its form."""
    used = f"{counted(unused.used, 'upload')} in use"
    if not unused.assets:
        return f"Nothing to delete. {used}{_young(unused)}."
    number = counted(len(unused.assets), "upload")
    return f"Unused: {number} ({file_size(unused.size)}). {used}{_young(unused)}."


def deleted_summary(unused: Unused, deletion: Deletion) -> str:
    """The sentence that says what was deleted, and of what nobody knows that."""
    gone = [each.asset for each in unused.assets if each.asset.id in deletion.ids]
    size = file_size(sum(asset.size for asset in gone))
    unknown = len(deletion.unknown)
    left = len(unused.assets) - len(gone) - unknown
    rest = f", {left} left" if left else ""
    doubt = f"; of {unknown} more it is not known" if unknown else ""
    return f"Deleted: {counted(len(gone), 'upload')} ({size}){rest}{doubt}."


def remarks(unused: Unused) -> Iterator[str]:
    """What people must know before they delete."""
    if unused.unread:
        models = counted(unused.unread, "deleted model")
        them = "it" if unused.unread == 1 else "them"
        yield (
            f"{models} cannot be read any more: of {them} only what the list tells counts as used. "
            "A restore might miss files."
        )


def unused_document(
    unused: Unused,
    *,
    catalog: str,
    target: str,
    project: str,
    read_at: str,
    deletion: Deletion = _NOTHING_DELETED,
) -> dict[str, object]:
    """The same as JSON data, with what was deleted of it."""
    return {
        "format_version": FORMAT_VERSION,
        "catalog": catalog,
        "target": target,
        "project": project,
        "read_at": read_at,
        "summary": summary(unused),
        "counts": {
            "unused": len(unused.assets),
            "bytes": unused.size,
            "used": unused.used,
            "young": unused.young,
            "unread": unused.unread,
            "deleted": len(deletion.ids),
            "unknown": len(deletion.unknown),
        },
        "assets": [_data(each, deletion) for each in unused.assets],
        **(error_document(deletion.error) if deletion.error else {}),
    }


def _data(each: StoredAsset, deletion: Deletion) -> dict[str, object]:
    asset = each.asset
    return {
        "id": asset.id,
        "name": asset.name,
        "kind": asset.kind.value,
        "sha256": asset.sha256,
        "size": asset.size,
        "width": asset.width,
        "height": asset.height,
        "created_at": each.created_at,
        "deleted": None if asset.id in deletion.unknown else asset.id in deletion.ids,
    }


def _told(each: StoredAsset) -> str:
    asset = each.asset
    facts = asset_facts(asset, ())[: 2 if asset.width else 1]
    day = visible(each.created_at[:_DAY])
    return "  ".join((visible(asset.name or asset.id), *facts, day, visible(asset.id)))


def _young(unused: Unused) -> str:
    return f", {unused.young} too young to tell" if unused.young else ""
