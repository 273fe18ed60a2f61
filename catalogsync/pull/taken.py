"""What of the differences was edited on the server: that is taken, Git's own changes stay."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from catalogsync.diff import Came, Change, Diff, ModelDiff
from catalogsync.pull.selection import Kind, Note

NOT_PULLED = frozenset(("owner", "source", "import"))
"""What differs and is no field that a manifest could take from the server."""

_SETS = ("tags", "collections", "trainingImages", "parameters")
_OF_GIT = "Git changes it, and nobody else did: it waits for an apply"
_OF_BOTH = "changed in Git and on the server"


def taken(
    found: Diff, accept: Mapping[str, frozenset[str]]
) -> tuple[tuple[ModelDiff, ...], tuple[Note, ...]]:
    """The models with the changes to take, and what is said of the others.

    Without a base nobody knows who changed what, and all is taken. So is a field that `accept`
    names; of a manifest that it names, what both sides changed is the server's.
    """
    models, notes = [], list[Note]()
    for model in (model for model in found.models if model.remote):
        chosen: list[Change] = []
        named = accept.get(model.key)
        for field in dict.fromkeys(change.field for change in model.changes):
            changes = [change for change in model.changes if change.field == field]
            if field in NOT_PULLED or (named and field not in named):
                continue
            if named or any(change.came is None for change in changes):
                chosen += (replace(change, hunks=()) for change in changes)
            else:
                chosen += _edits(model.key, field, changes, notes, whole=named is not None)
        models.append(replace(model, changes=tuple(chosen)))
    return tuple(models), tuple(notes)


def has_both(change: Change) -> bool:
    """Whether some lines of a text are to be the server's, and others stay as Git has them."""
    return any(hunk.came is Came.PENDING for hunk in change.hunks)


def _edits(
    key: str, field: str, changes: list[Change], notes: list[Note], *, whole: bool
) -> Iterator[Change]:
    """What somebody edited of one field; of a set name by name, of other lists all or nothing."""
    cames = {change.came for change in changes}
    edited = [change for change in changes if change.came is Came.DRIFT]
    tangled = Came.PENDING in cames and Came.DRIFT in cames and field not in _SETS
    if whole and (Came.CONFLICT in cames or tangled):
        yield from changes
    elif Came.CONFLICT in cames or tangled:
        hint = f"take the server's side with --accept {key}:{field}, or put Git's back with apply"
        notes.append(Note(key, field, Kind.REFUSED, _OF_BOTH, hint))
    elif edited:
        yield from edited
    else:
        notes.append(Note(key, field, Kind.LEFT_OUT, _OF_GIT))
