"""The assets that models hold, and files that were sent before."""

from collections.abc import Iterable, Mapping, Sequence

from catalogsync.identity import (
    Match,
)
from catalogsync.mentions import mentioned_assets
from catalogsync.model import (
    AssetRef,
    RemoteModel,
)
from catalogsync.observe.reads import Reads
from catalogsync.ports import ASSETS_PER_READ, CatalogReader, KnownAssets


def find_assets(
    reader: CatalogReader,
    held: set[str],
    others: set[str],
    reads: Reads,
    known: KnownAssets | None,
) -> dict[str, AssetRef]:
    """The assets with these ids, as far as they are there; those `held` by a model surely are."""
    recalled = dict(known.recall(held)) if known else {}
    due = held.difference(recalled) | others.difference(recalled)
    assets = _read_assets(reader, sorted(due), reads)
    if known:
        known.remember(assets.values())
    return assets | recalled


def listed_assets(
    matches: Iterable[Match], models: Mapping[str, RemoteModel]
) -> tuple[set[str], set[str]]:
    """The ids of the assets that models list and manifests manage, and of those they name by id.

    What a live model lists is there. A manifest may name what was deleted.
    """
    listed: set[str] = set()
    pinned: set[str] = set()
    for found in matches:
        pinned.update(ref.id for ref in found.spec.assets)
        if found.remote:
            live = models.get(found.remote.id, found.remote)
            if found.spec.thumbnail is not None:
                listed.add(live.thumbnail)
            if found.spec.examples is not None:
                listed.update(live.examples)
    return listed - pinned - {""}, pinned - {""}


def told_assets(
    matches: Iterable[Match], models: Mapping[str, RemoteModel]
) -> tuple[set[str], set[str]]:
    """The ids of the assets that models train on, where manifests say on what, and mention.

    A text may keep what was deleted.
    """
    trained_on: set[str] = set()
    mentioned: set[str] = set()
    for found in matches:
        if found.remote:
            live, spec = models.get(found.remote.id, found.remote), found.spec
            if spec.training_images is not None or spec.training_pairs is not None:
                trained_on.update(image.asset.id for image in live.training_images or ())
            for text in (live.description, live.prompt_guide):
                mentioned.update(mentioned_assets(text or ""))
    return trained_on - {""}, mentioned - trained_on


def _read_assets(
    reader: CatalogReader, asset_ids: Sequence[str], reads: Reads
) -> dict[str, AssetRef]:
    starts = range(0, len(asset_ids), ASSETS_PER_READ)
    batches = [asset_ids[start : start + ASSETS_PER_READ] for start in starts]
    return {
        asset_id: asset
        for _, batch in reads.each(reader.get_assets, batches)
        for asset_id, asset in batch.items()
    }


def _digests_wanted(matches: Iterable[Match], assets: Mapping[str, AssetRef]) -> set[str]:
    """The digests of the files that the manifests name without a counterpart on the server."""
    refs = (ref for found in matches for ref in found.spec.assets if ref.sha256)
    return {ref.digest for ref in refs if ref.id not in assets}


def digests_lacking(matches: Iterable[Match], assets: Mapping[str, AssetRef]) -> set[str]:
    """Those of them that no asset holds."""
    held = {asset.digest for asset in assets.values()}
    refs = (ref for found in matches for ref in found.spec.assets if ref.sha256)
    return {ref.digest for ref in refs if ref.digest not in held and ref.id not in assets}


def holding(digests: set[str], matches: Iterable[Match]) -> list[Match]:
    """Those whose manifests name one of these files."""
    return [each for each in matches if digests and _digests_wanted([each], {}) & digests]


_PATIENCE = 10
"""How many pages of assets in use may stand before one that an interrupted run left unused."""

_STRANGERS = 4
"""A page of what others made, while the interrupted run waited, counts for so many of those."""


def uploaded_before(
    reader: CatalogReader, matches: Sequence[Match], assets: Mapping[str, AssetRef]
) -> dict[str, AssetRef]:
    """Files that an earlier run sent but did not come to use: among the newest assets.

    Costs nothing when no file is missing, and three reads at most when there is nothing of ours.
    """
    missing = digests_lacking(matches, assets)
    if not missing:
        return {}
    wanted = _digests_wanted(matches, assets)
    found: dict[str, AssetRef] = {}
    patience = _PATIENCE
    for page in reader.newest_assets():
        hits = {asset.id: asset for asset in page if asset.digest in missing}
        found |= hits
        missing -= {asset.digest for asset in hits.values()}
        ours = any(asset.digest in wanted for asset in page)
        patience = _PATIENCE if hits else patience - (1 if ours else _STRANGERS)
        if not missing or patience <= 0:
            break
    return found
