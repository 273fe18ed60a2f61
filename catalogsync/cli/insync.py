"""`--refresh changed`: models that were in sync, and did not move since, are not looked at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from catalogsync.cache import ModelReads
from catalogsync.diff import Diff
from catalogsync.insync import found_in_sync, record_of
from catalogsync.manifest.index import Index, as_staged
from catalogsync.model import InSync, RemoteModel


@dataclass(frozen=True, slots=True)
class AtRest:
    """The models that need no look, by their keys, and what tells so.

    Before the models are `listed`, that is what Git says of their folders alone.
    """

    index: Index
    found: Mapping[str, InSync]
    keys: frozenset[str]
    listed: Mapping[str, RemoteModel]

    def once_listed(self, models: Iterable[RemoteModel]) -> "AtRest":
        """Those whose records did not move either, and that share no asset with one that did."""
        listed = {model.id: model for model in models}
        still = {
            key: found
            for key, found in self.found.items()
            if found.id in listed and record_of(listed[found.id]) == found.record
        }
        return replace(self, found=still, keys=self.index.alone(still), listed=listed)

    def but_for(self, keys: frozenset[str]) -> "AtRest":
        """The same without some of the models."""
        return replace(self, keys=self.keys - keys)

    def keep(self, found: Diff, reads: ModelReads) -> None:
        """Note for later runs what was found in sync, and for this one what was not looked at."""
        reads.take(self.found[key] for key in self.keys)
        folders = {
            key: self.index.state(key) for key in self.index.alone(self.index.unchanged) - self.keys
        }
        for each in found_in_sync(found, self.listed, folders):
            reads.agree(self.listed[each.id], each)


def at_rest(root: Path, reads: ModelReads) -> AtRest | None:
    """The models whose folders hold what they held when they were in sync; None without Git."""
    index = as_staged(root)
    if index is None:
        return None
    unchanged = index.unchanged
    found = {
        each.key: each
        for each in reads.in_sync()
        if each.key in unchanged and index.state(each.key) == each.folder
    }
    return AtRest(index, found, index.alone(found), {})
