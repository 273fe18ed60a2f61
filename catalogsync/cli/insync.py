"""`--refresh changed`: models that were in sync, and did not move since, are not looked at."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from catalogsync.cache import ModelReads
from catalogsync.diff import Diff
from catalogsync.insync import contents_named, found_in_sync, record_of
from catalogsync.manifest.index import Index, compared_with
from catalogsync.model import InSync, RemoteModel
from catalogsync.values import dataclass

_HEAD = "HEAD"


@dataclass(frozen=True, slots=True)
class AtRest:
    """The models that need no look, by their keys, and the index of Git that tells so.

    Before the models are `listed`, that is what is in their files alone.
    """

    root: Path
    index: Index
    found: Mapping[str, InSync]
    listed: Mapping[str, RemoteModel]

    @property
    def keys(self) -> frozenset[str]:
        """Their keys."""
        return frozenset(self.found)

    def once_listed(self, models: Iterable[RemoteModel]) -> "AtRest":
        """Those whose records did not move either."""
        listed = {model.id: model for model in models}
        still = {
            key: found
            for key, found in self.found.items()
            if found.id in listed and record_of(listed[found.id]) == found.record
        }
        return replace(self, found=still, listed=listed)

    def but_for(self, keys: frozenset[str]) -> "AtRest":
        """The same without some of the models."""
        return replace(self, found={k: held for k, held in self.found.items() if k not in keys})

    def needed(self, found: Diff) -> frozenset[str]:
        """Those that need a look all the same.

        They differ, as where a collection got another name, which no record tells; or they hold a
        picture that a model which differs has too.
        """
        differing = self.keys & {model.key for model in found.models}
        named = contents_named(found)
        sharing = (key for key, held in self.found.items() if named and held.holds_any(named))
        return differing.union(sharing)

    def take(self, found: Diff, reads: ModelReads) -> None:
        """Tell that the texts of those that count were read before."""
        counting = self.keys & {match.spec.key for match in found.present}
        reads.take(self.found[key] for key in sorted(counting))

    def keep(self, found: Diff, reads: ModelReads) -> None:
        """Note for later runs what was found in sync, unless it was touched after Git looked."""
        files = {k: state for k, state in self.index.states().items() if k not in self.found}
        for each in found_in_sync(found, self.listed, files):
            if self.index.rests(self.root, each.key, reads.rest_ns):
                reads.agree(self.listed[each.id], each)


def at_rest(root: Path, reads: ModelReads) -> AtRest | None:
    """The models whose files are what they were when they were in sync; None without Git.

    What is not committed is looked at: what is said of HEAD is said of whole manifests.
    """
    index = compared_with(root, _HEAD)
    if index is None:
        return None
    states = index.states()
    found = {each.key: each for each in reads.in_sync() if states.get(each.key) == each.files}
    return AtRest(root, index, found, {})
