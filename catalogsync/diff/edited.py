"""One model's differences but for those that wait for an apply: what people made of it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from catalogsync.contents import Contents
from catalogsync.diff.lists import list_differences, named, woven
from catalogsync.diff.values import Came, Change, ModelDiff, Placed
from catalogsync.model import AssetRef


def but_for_git(found: ModelDiff, contents: Contents) -> ModelDiff:
    """The difference as if Git had changed nothing since base; texts keep their hunks."""
    changes = tuple(change for change in found.changes if change.came is not Came.PENDING)
    spec, live = found.spec, found.remote
    waiting = [c for c in found.changes if c.came is Came.PENDING and c.field == "examples"]
    if not waiting or spec is None or live is None:
        return replace(found, changes=changes)
    held = named((contents.token_of(each), contents.described(each)) for each in live.examples)
    wanted = named((contents.token(ref), contents.in_full(ref)) for ref in spec.examples or ())
    before = _examples(waiting, changes, held, wanted)
    others = tuple(change for change in changes if change.field != "examples")
    moved = list_differences(list(held.items()), list(before.items()))
    edits = (Change(found.key, ("examples", n), old, new, Came.DRIFT) for n, old, new in moved)
    examples = tuple(before.values())
    return replace(found, changes=(*others, *edits), spec=replace(spec, examples=examples))


Named = dict[str, AssetRef]
"""The items of a list, in its order, by names that are the same in other lists."""


def _examples(
    waiting: Iterable[Change], edits: Iterable[Change], held: Named, wanted: Named
) -> Named:
    """The wanted examples, with those that wait for an apply as the server has them."""
    theirs = set(_names(waiting, held, wanted))
    order = [name for name in wanted if name not in theirs]
    other = [name for name in held if name in theirs or name in wanted]
    by_hand = set(_names((c for c in edits if c.field == "examples"), held, wanted))
    refs = held | wanted
    return {name: refs[name] for name in woven(order, other, by_hand)}


def _names(changes: Iterable[Change], held: Named, wanted: Named) -> Iterator[str]:
    for change in changes:
        if isinstance(change.before, Placed):
            yield list(held)[change.before.position - 1]
        elif isinstance(change.after, Placed):
            yield list(wanted)[change.after.position - 1]
