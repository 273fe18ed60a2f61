"""Reads from the server what the manifests need to be compared with, and nothing else."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from catalogsync.claims import claims_by_key
from catalogsync.identity import Match, Matching, Origin, match, undecided
from catalogsync.import_notes import notes_by_key, weights_digest
from catalogsync.marks import UNFINISHED_TAG
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
from catalogsync.observe.assets import (
    digests_lacking,
    find_assets,
    holding,
    listed_assets,
    told_assets,
    uploaded_before,
)
from catalogsync.observe.fields import managed_reads, read_fields
from catalogsync.observe.reads import Progress, Reads, pool_of
from catalogsync.ports import CatalogReader, KnownAssets, KnownFields


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
    listed: Mapping[str, RemoteModel] | None = None,
) -> Snapshot:
    """Read what `catalog` needs, for the models in `keys` only if given, with `jobs` threads.

    Of the others those are read that may hold a file which the ones in `keys` lack.
    Assets that are `known`, and `fields` of models that are, are not read; what was read is
    handed to them. With `restorable`, where a model is not ours yet, what was deleted is read
    too, and the notes of what was begun; with `notes` those are read in any case. What is to be
    deleted is read in whole: by its manifest, or without one where its key is `doomed`. What is
    `listed` already is not listed again.
    """
    models = {m.id: m for m in reader.list_models()} if listed is None else listed
    first = match(catalog, models)
    absent, unfinished = _not_ours_yet(catalog, first, keys) if restorable else (False, False)
    notes_matter = notes or absent or unfinished or _collections_matter(catalog, keys)
    collections = reader.list_collections() if notes_matter else None
    deleted = {m.id: m for m in reader.list_deleted()} if absent else {}
    claims = claims_by_key(catalog.name, collections or {})
    begun = notes_by_key(catalog.name, collections or {})
    with pool_of(jobs) as pool:
        reads = Reads(pool, progress)
        unclear = [(model.id, "description") for model in undecided(catalog, models, first)]
        # Whether somebody else's model is taken for ours is not decided by what was read before.
        models = read_fields(reader, models, unclear, reads, None)
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
            lacking = digests_lacking(matches, assets)
            sharing = holding(lacking, (each for each in present if each.spec.key not in keys))
            models, held = _read_held(reader, sharing, models, reads, known, fields)
            assets |= held
    assets |= uploaded_before(reader, matches, assets)
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
    reads: Reads,
    known: KnownAssets | None,
    fields: KnownFields | None,
    *,
    may_be_gone: bool = False,
) -> tuple[dict[str, RemoteModel], dict[str, AssetRef]]:
    """The models with what of the matched ones is managed, and the assets that they hold.

    Those that the listing tells are read first: the texts may be on their way already.
    """
    wanted = managed_reads(matches, models)
    listed, pinned = listed_assets(matches, models)
    assets = find_assets(reader, listed, pinned, reads, known)
    if known:
        # Most texts are still on their way: what is written now, nobody waits for at the end.
        known.keep()
    filled = read_fields(reader, models, wanted, reads, fields, may_be_gone=may_be_gone)
    trained_on, mentioned = told_assets(matches, filled)
    asked = listed | pinned
    assets |= find_assets(reader, trained_on - asked, mentioned - asked, reads, known)
    return filled, assets


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
