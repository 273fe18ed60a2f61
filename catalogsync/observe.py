"""Reads from the server what the manifests need to be compared with, and nothing else."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from catalogsync.claims import claims_by_key
from catalogsync.errors import NotFound
from catalogsync.identity import (
    UNFINISHED_TAG,
    Match,
    Matching,
    Origin,
    match,
    undecided,
)
from catalogsync.import_notes import notes_by_key, weights_digest
from catalogsync.mentions import mentioned_assets
from catalogsync.model import (
    NO_ASSET,
    AssetRef,
    Catalog,
    ModelSpec,
    Price,
    RemoteModel,
    Snapshot,
    State,
    Text,
)
from catalogsync.ports import ASSETS_PER_READ, CatalogReader, KnownAssets, KnownFields

Progress = Callable[[int, int], None]
"""Called with the number of reads done and known to be due."""

T = TypeVar("T")
R = TypeVar("R")


def observe(
    reader: CatalogReader,
    catalog: Catalog,
    *,
    keys: frozenset[str] | None = None,
    jobs: int = 8,
    progress: Progress = lambda done, due: None,
    known: KnownAssets | None = None,
    fields: KnownFields | None = None,
    restorable: bool = False,
    notes: bool = False,
    doomed: Callable[[str], bool] = lambda key: False,
) -> Snapshot:
    """Read what `catalog` needs, for the models in `keys` only if given, with `jobs` threads.

    Of the others those are read that may hold a file which the ones in `keys` lack.
    Assets that are `known`, and `fields` of models that are, are not read; what was read is
    handed to them. With `restorable`, where a model is not ours yet, what was deleted is read
    too, and the notes of what was begun; with `notes` those are read in any case. What is to be
    deleted is read in whole: by its manifest, or without one where its key is `doomed`.
    """
    models = {model.id: model for model in reader.list_models()}
    first = match(catalog, models)
    absent, unfinished = _not_ours_yet(catalog, first, keys) if restorable else (False, False)
    notes_matter = notes or absent or unfinished or _collections_matter(catalog, keys)
    collections = reader.list_collections() if notes_matter else None
    deleted = {m.id: m for m in reader.list_deleted()} if absent else {}
    claims = claims_by_key(catalog.name, collections or {})
    begun = notes_by_key(catalog.name, collections or {})
    with _pool(jobs) as pool:
        reads = _Reads(pool, progress)
        unclear = [(model.id, "description") for model in undecided(catalog, models, first)]
        # Whether somebody else's model is taken for ours is not decided by what was read before.
        models = _read_fields(reader, models, unclear, reads, None)
        learned = unclear or begun or claims or deleted
        matching = (
            match(catalog, models, begun=begun, claims=claims, deleted=deleted)
            if learned
            else first
        )
        present = [each for each in matching.matches if each.spec.state is State.PRESENT]
        matches = [each for each in present if keys is None or each.spec.key in keys]
        models, assets = _read_held(reader, matches, models, reads, known, fields)
        if ending := _ending(matching, keys, doomed):
            models, held = _read_held(reader, ending, models, reads, known, None, may_be_gone=True)
            assets |= held
        if keys is not None:
            lacking = _digests_lacking(matches, assets)
            sharing = _holding(lacking, (each for each in present if each.spec.key not in keys))
            models, held = _read_held(reader, sharing, models, reads, known, fields)
            assets |= held
    assets |= _uploaded_before(reader, matches, assets)
    return Snapshot(
        models=models,
        assets=assets,
        collections=collections,
        prices=_prices(reader, (each for each in matches if each.spec.key not in begun)),
        deleted=deleted,
    )


def _read_held(
    reader: CatalogReader,
    matches: Sequence[Match],
    models: Mapping[str, RemoteModel],
    reads: "_Reads",
    known: KnownAssets | None,
    fields: KnownFields | None,
    *,
    may_be_gone: bool = False,
) -> tuple[dict[str, RemoteModel], dict[str, AssetRef]]:
    """The models with what of the matched ones is managed, and the assets that they hold.

    Those that the listing tells are read first: the texts may be on their way already.
    """
    wanted = _managed_reads(matches, models)
    listed, pinned = _listed_assets(matches, models)
    assets = _find_assets(reader, listed, pinned, reads, known)
    filled = _read_fields(reader, models, wanted, reads, fields, may_be_gone=may_be_gone)
    trained_on, mentioned = _told_assets(matches, filled)
    asked = listed | pinned
    assets |= _find_assets(reader, trained_on - asked, mentioned - asked, reads, known)
    return filled, assets


def _find_assets(
    reader: CatalogReader,
    held: set[str],
    others: set[str],
    reads: "_Reads",
    known: KnownAssets | None,
) -> dict[str, AssetRef]:
    """The assets with these ids, as far as they are there; those `held` by a model surely are."""
    recalled = dict(known.recall(held)) if known else {}
    due = held.difference(recalled) | others.difference(recalled)
    assets = _read_assets(reader, sorted(due), reads)
    if known:
        known.remember(assets.values())
    return assets | recalled


_MOST_ENDING = 1000
"""How many models that are to be deleted are read: more are for the brakes to stop."""


def _ending(
    matching: Matching, keys: frozenset[str] | None, doomed: Callable[[str], bool]
) -> Sequence[Match]:
    """What is to be deleted and read, each with a manifest of every field, so that all of it is."""
    absent = [
        (found.spec.key, found.live, found.origin)
        for found in matching.matches
        if found.live
        and found.spec.state is State.ABSENT
        and (keys is None or found.spec.key in keys)
    ]
    pruned = [(key, model, Origin.OWNED) for key, model in matching.orphans if doomed(key)]
    ending = [*absent, *pruned]
    if len(ending) > _MOST_ENDING:
        return ()
    return [Match(of_every_field(key, model), model, origin) for key, model, origin in ending]


def of_every_field(key: str, model: RemoteModel) -> ModelSpec:
    """A manifest that manages all that a model has, and says that it has nothing."""
    return ModelSpec(
        key=key,
        name=model.name,
        type=model.type,
        id=model.id,
        description=Text(),
        prompt_guide=Text(),
        thumbnail=NO_ASSET,
        examples=(),
        collections=frozenset(),
        prompt_embedding="",
        negative_prompt_embedding="",
        training_images=(),
        training_pairs=(),
        training_parameters=(),
    )


def _collections_matter(catalog: Catalog, keys: frozenset[str] | None) -> bool:
    """Whether a manifest names collections, or has an import that a collection may tell of."""
    return any(
        spec.collections is not None
        or spec.weights
        or any(options.collections for options in spec.asset_options)
        for spec in catalog.models
        if (keys is None or spec.key in keys) and spec.state is State.PRESENT
    )


def _not_ours_yet(
    catalog: Catalog, found: Matching, keys: frozenset[str] | None
) -> tuple[bool, bool]:
    """Whether a manifest has no model, and whether one has a model without all of our marks."""
    unmarked = (each for each in found.matches if each.remote and _lacks_a_mark(each))
    without = (*(each.spec for each in found.matches if not each.remote), *found.lost)
    refused = {refusal.model for refusal in found.refusals}
    wanted = {
        spec.key
        for spec in catalog.models
        if (keys is None or spec.key in keys) and spec.state is State.PRESENT
    }
    absent = wanted & ({spec.key for spec in without} | refused)
    return bool(absent), any(each.spec.key in wanted for each in unmarked)


def _lacks_a_mark(found: Match) -> bool:
    tags = found.remote.tags if found.remote else frozenset()
    return UNFINISHED_TAG in tags or found.origin is Origin.PINNED


def _prices(reader: CatalogReader, matches: Iterable[Match]) -> dict[str, Price]:
    """What it costs to import the models that are not there, asked for one after another."""
    missing = (found.spec.weights for found in matches if found.remote is None)
    wanted = {weights_digest(weights): weights for weights in missing if weights}
    return {digest: reader.price_import(weights) for digest, weights in wanted.items()}


class _Reads:
    """Runs reads on a pool, counts them, and gives their results in the order they were asked."""

    def __init__(self, pool: ThreadPoolExecutor, progress: Progress) -> None:
        self._pool = pool
        self._progress = progress
        self._done = 0
        self._due = 0

    def each(self, read: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield `read(item)` for every item; the first failure ends it."""
        self._due += len(items)
        for result in self._pool.map(read, items):
            self._done += 1
            self._progress(self._done, self._due)
            yield result


@contextmanager
def _pool(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that gives up what is queued when its body fails or is interrupted."""
    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="observe")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _managed_reads(
    matches: Iterable[Match], models: Mapping[str, RemoteModel]
) -> list[tuple[str, str]]:
    """The (model id, field) pairs that a listing does not tell and a manifest manages.

    They come in the order of the listing, in which they may be on their way already.
    """
    wanted = {found.live.id: found.spec for found in matches if found.live}
    return [
        (model.id, field)
        for model in models.values()
        if model.id in wanted
        for field in _fields_to_read(wanted[model.id], model)
    ]


def _fields_to_read(spec: ModelSpec, remote: RemoteModel) -> Iterator[str]:
    if spec.description is not None and remote.description is None:
        yield "description"
    if spec.prompt_guide is not None:
        yield "prompt_guide"
    if any(getattr(spec, name) is not None for name in _TRAINING):
        yield "model"
    elif any(getattr(spec, name) is not None for name in _EMBEDDINGS):
        yield "embeddings"


_EMBEDDINGS = ("prompt_embedding", "negative_prompt_embedding")
_TRAINING = ("training_images", "training_pairs", "training_parameters")
_FIELDS = {
    "description": ("description",),
    "prompt_guide": ("prompt_guide",),
    "embeddings": _EMBEDDINGS,
    "model": (*_EMBEDDINGS, *_TRAINING, "trained_at"),
}
"""What each read of a model tells."""


def _read_fields(
    reader: CatalogReader,
    models: Mapping[str, RemoteModel],
    wanted: Sequence[tuple[str, str]],
    reads: _Reads,
    known: KnownFields | None,
    *,
    may_be_gone: bool = False,
) -> dict[str, RemoteModel]:
    """The models with the wanted fields filled in, from what is known of them or by reading.

    What nobody wants to keep `may_be_gone` by now: then nothing more is known of it.
    """

    def read(item: tuple[str, str]) -> dict[str, Any]:
        try:
            return told(*item)
        except NotFound:
            if may_be_gone:
                return {}
            raise

    def told(model_id: str, what: str) -> dict[str, Any]:
        if what == "description":
            return {what: reader.get_description(model_id)}
        if what == "prompt_guide":
            return {what: reader.get_prompt_guide(model_id)}
        model = reader.get_model(model_id)
        return {name: getattr(model, name) for name in _FIELDS[what]}

    held = known.recall(models[model_id] for model_id, _ in wanted) if known else {}
    found: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    due = []
    for model_id, what in wanted:
        values = {n: held[model_id, n] for n in _FIELDS[what] if (model_id, n) in held}
        if len(values) == len(_FIELDS[what]):
            found[model_id] |= values
        else:
            due.append((model_id, what))
    for (model_id, _), values in zip(due, reads.each(read, due), strict=True):
        found[model_id] |= values
        if known:
            # A caption is the asset's: nobody promises that a model's date moves with it.
            texts = {name: each for name, each in values.items() if isinstance(each, str)}
            known.remember(models[model_id], texts)
    return {
        model_id: replace(model, **found[model_id]) if model_id in found else model
        for model_id, model in models.items()
    }


def _listed_assets(
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


def _told_assets(
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
    reader: CatalogReader, asset_ids: Sequence[str], reads: _Reads
) -> dict[str, AssetRef]:
    starts = range(0, len(asset_ids), ASSETS_PER_READ)
    batches = [asset_ids[start : start + ASSETS_PER_READ] for start in starts]
    return {
        asset_id: asset
        for batch in reads.each(reader.get_assets, batches)
        for asset_id, asset in batch.items()
    }


def _digests_wanted(matches: Iterable[Match], assets: Mapping[str, AssetRef]) -> set[str]:
    """The digests of the files that the manifests name without a counterpart on the server."""
    refs = (ref for found in matches for ref in found.spec.assets if ref.sha256)
    return {ref.digest for ref in refs if ref.id not in assets}


def _digests_lacking(matches: Iterable[Match], assets: Mapping[str, AssetRef]) -> set[str]:
    """Those of them that no asset holds."""
    held = {asset.digest for asset in assets.values()}
    refs = (ref for found in matches for ref in found.spec.assets if ref.sha256)
    return {ref.digest for ref in refs if ref.digest not in held and ref.id not in assets}


def _holding(digests: set[str], matches: Iterable[Match]) -> list[Match]:
    """Those whose manifests name one of these files."""
    return [each for each in matches if _digests_wanted([each], {}) & digests]


_PATIENCE = 10
"""How many pages of assets in use may stand before one that an interrupted run left unused."""

_STRANGERS = 4
"""A page of what others made, while the interrupted run waited, counts for so many of those."""


def _uploaded_before(
    reader: CatalogReader, matches: Sequence[Match], assets: Mapping[str, AssetRef]
) -> dict[str, AssetRef]:
    """Files that an earlier run sent but did not come to use: among the newest assets.

    Costs nothing when no file is missing, and three reads at most when there is nothing of ours.
    """
    missing = _digests_lacking(matches, assets)
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
