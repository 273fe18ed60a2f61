"""What of the differences was edited on the server: that is taken, Git's own changes stay."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from catalogsync.diff import Came, Change, Diff, ModelDiff
from catalogsync.pull.selection import Kind, Note

OUR_OWN = frozenset(("owner", "source", "import"))
"""What differs and stands in no manifest: our marks and notes, and what a new model is made of."""

_SETS = ("tags", "collections")
_OF_GIT = "Git changes it, and nobody else did: it waits for an apply"
_OF_BOTH = "changed in Git and on the server"


def taken(
    found: Diff, accept: Mapping[str, frozenset[str]]
) -> tuple[tuple[ModelDiff, ...], tuple[Note, ...]]:
    """The models with the changes to take, and what is said of the others.

    Without a base nobody knows who changed what, and all is taken; so is what `accept` names.
    """
    models, notes = [], list[Note]()
    for model in found.models:
        chosen: list[Change] = []
        for field in dict.fromkeys(c.field for c in model.changes if c.field not in OUR_OWN):
            changes = [change for change in model.changes if change.field == field]
            if _is_accepted(model.key, field, accept) or any(c.came is None for c in changes):
                chosen += changes
            else:
                chosen += _edits(model.key, field, changes, notes)
        models.append(replace(model, changes=tuple(chosen)))
    return tuple(models), tuple(notes)


def has_both(change: Change) -> bool:
    """Whether a text was changed in some lines by Git and in others on the server."""
    return change.came is Came.DRIFT and any(h.came is Came.PENDING for h in change.hunks)


def _is_accepted(key: str, field: str, accept: Mapping[str, frozenset[str]]) -> bool:
    return key in accept and (not accept[key] or field in accept[key])


def _edits(key: str, field: str, changes: list[Change], notes: list[Note]) -> Iterator[Change]:
    """What somebody edited of one field; of a set name by name, of other lists all or nothing."""
    cames = {change.came for change in changes}
    edited = [change for change in changes if change.came is Came.DRIFT]
    tangled = Came.PENDING in cames and Came.DRIFT in cames and field not in _SETS
    if Came.CONFLICT in cames or tangled:
        hint = f"take the server's side with --accept {key}:{field}, or put Git's back with apply"
        notes.append(Note(key, field, Kind.REFUSED, _OF_BOTH, hint))
    elif edited:
        yield from edited
    else:
        notes.append(Note(key, field, Kind.LEFT_OUT, _OF_GIT))
