"""Notes of imports that were begun: collections of the project, each named after one import.

An import is paid for, and the server lists none. So the note is there before the import begins,
takes the upload's id as soon as there is one, and goes once the model bears our mark: whatever
happens in between, the next run knows what was begun.
"""

import re
from collections.abc import Mapping
from hashlib import sha256

from catalogsync.model import Weights
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """An import that was begun: of what (a short digest), for which key, as which upload.

    Without an `upload` it is not known whether the server has begun it.
    """

    name: str
    key: str
    weights: str
    upload: str
    collection_id: str


_NOTE = re.compile(
    r"catalog-sync importing (?P<catalog>[a-z0-9.-]+)/(?P<key>[a-z0-9][a-z0-9._-]*)"
    r" (?P<weights>[0-9a-f]{8})(?: as (?P<upload>\S+))?"
)


def note_name(catalog: str, key: str, weights: Weights, upload: str = "") -> str:
    """The name of the collection that is the note of an import."""
    name = f"catalog-sync importing {catalog}/{key} {weights_digest(weights)}"
    return f"{name} as {upload}" if upload else name


def weights_digest(weights: Weights) -> str:
    """What tells the weights of one source from those of another: 8 hex digits."""
    what = weights.file.sha256 if weights.file else weights.address
    return sha256(f"{weights.source}\0{what}".encode()).hexdigest()[:8]


def notes_by_key(catalog: str, collections: Mapping[str, str]) -> dict[str, Note]:
    """The note of every key that has one; of several, the one that knows its upload."""
    found: dict[str, Note] = {}
    for collection_id, name in sorted(collections.items()):
        parts = _NOTE.fullmatch(name)
        if parts and parts["catalog"] == catalog:
            key, upload = parts["key"], parts["upload"] or ""
            if key not in found or (upload and not found[key].upload):
                found[key] = Note(name, key, parts["weights"], upload, collection_id)
    return found


def unclear_hint(note: str) -> str:
    """What to do where nobody can know whether an import runs."""
    return (
        "look for the imported model in the web page, in a while too: if it is there, pin it with "
        f'`id: model_...`; if not, delete the collection "{note}" to import it anew'
    )
