"""What must be done before what."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from catalogsync.actions import (
    Action,
    CreateCollection,
    Creation,
    UploadAsset,
    asset_refs,
    collection_names,
    model_keys,
)


def dependencies(actions: Sequence[Action]) -> list[set[int]]:
    """For every action the indices of those that must be done before it.

    They are: the one before it of the same model, the uploads of the files it uses, the creation
    of the models it names and of the collections that a file goes into; for the first one of a
    model that exists already, also what any other of that model needs.
    """
    maker: dict[tuple[str, str], int] = {}
    chains: defaultdict[str, list[int]] = defaultdict(list)
    for at, action in enumerate(actions):
        if isinstance(action, UploadAsset | CreateCollection | Creation):
            maker[subject(action)] = at
    needs: list[set[int]] = []
    for at, action in enumerate(actions):
        before = {maker[used] for used in _uses(action) if used in maker}
        if not isinstance(action, UploadAsset | CreateCollection):
            before |= set(chains[action.model][-1:])
            chains[action.model].append(at)
        needs.append(before - {at})
    for chain in chains.values():
        if not isinstance(actions[chain[0]], Creation):
            # A model is looked at once before it is changed: then nothing may make it wait.
            outside = set().union(*(needs[at] for at in chain)) - set(chain)
            needs[chain[0]] |= outside
    return needs


def _uses(action: Action) -> Iterator[tuple[str, str]]:
    yield from (("file", ref.sha256) for ref in asset_refs(action))
    yield from (("model", key) for key in model_keys(action))
    yield from (("collection", name) for name in collection_names(action))


def subject(action: Action) -> tuple[str, str]:
    """What an action is about."""
    match action:
        case UploadAsset(asset=asset):
            return "file", asset.sha256
        case CreateCollection(name=name):
            return "collection", name
        case _:
            return "model", action.model
