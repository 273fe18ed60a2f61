"""Which of our uploads nothing in a project uses, and deleting them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event

from catalogsync.attempts import create_once
from catalogsync.errors import ApiError, CatalogSyncError, Interrupted, NotFound
from catalogsync.model import Catalog, Holder, StoredAsset
from catalogsync.ports import ASSETS_PER_DELETE, Storage
from catalogsync.values import dataclass

Progress = Callable[[int, int], None]
"""Called with the number of models read, or assets deleted, and that of those due."""


@dataclass(frozen=True, slots=True)
class Unused:
    """Our uploads that nothing uses, the largest first.

    `used` is the number of those that something uses, `young` of those that nothing uses yet.
    `unread` are deleted models that cannot be read whole any more.
    """

    assets: tuple[StoredAsset, ...] = ()
    used: int = 0
    young: int = 0
    unread: int = 0

    @property
    def size(self) -> int:
        """The size of all of them, in bytes."""
        return sum(each.asset.size for each in self.assets)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all of them."""
        return tuple(each.asset.id for each in self.assets)


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of assets that were to be deleted: `error` tells why some of them stay.

    Of those that are `unknown` nobody could see whether they were deleted.
    """

    ids: tuple[str, ...]
    error: CatalogSyncError | None = None
    unknown: tuple[str, ...] = ()


def find_unused(
    storage: Storage,
    catalog: Catalog,
    *,
    now: datetime,
    least_age: timedelta,
    jobs: int = 8,
    progress: Progress = lambda done, due: None,
) -> Unused:
    """Find uploads of ours, older than `least_age`, that nothing in the project names.

    An id that stands anywhere in what the server tells of a model, a collection or another asset
    is in use. So is a file that the catalog wants, and what a person put into a collection.
    """
    ours, words = _ours(storage)
    if not ours:
        return Unused()
    found, unread = _words_of_models(storage, ours, jobs, progress)
    words |= found | storage.words_of_collections() | _wanted(catalog)
    free = [
        each
        for each in ours.values()
        if not each.collection_ids and words.isdisjoint((each.asset.id, each.asset.digest))
    ]
    old = [each for each in free if _is_older(each, now - least_age)]
    old.sort(key=lambda each: (-each.asset.size, each.asset.name, each.asset.id))
    return Unused(tuple(old), len(ours) - len(free), len(free) - len(old), unread)


def delete_unused(
    storage: Storage,
    asset_ids: Sequence[str],
    *,
    stop: Event,
    progress: Progress = lambda done, due: None,
) -> Deletion:
    """Delete assets, up to `ASSETS_PER_DELETE` in a call; the first failure ends it, or `stop`."""
    done: list[str] = []
    progress(0, len(asset_ids))
    for start in range(0, len(asset_ids), ASSETS_PER_DELETE):
        batch = asset_ids[start : start + ASSETS_PER_DELETE]
        if stop.is_set():
            return Deletion(tuple(done), Interrupted("interrupted"))
        ended = _delete(storage, batch, stop.wait)
        done += ended.ids
        if ended.error:
            return replace(ended, ids=tuple(done))
        progress(len(done), len(asset_ids))
    return Deletion(tuple(done))


def _delete(storage: Storage, batch: Sequence[str], pause: Callable[[float], object]) -> Deletion:
    """Delete some assets in one call; after an answer that got lost, look which are left."""
    left, lost = frozenset(batch), False

    def attempt() -> bool:
        nonlocal lost
        try:
            storage.delete_assets(batch)
        except ApiError as error:
            lost = error.may_have_been_applied
            raise
        return True

    def look() -> bool | None:
        nonlocal left, lost
        left, lost = storage.assets_left(batch), False
        return None if left else True

    try:
        create_once(attempt, look, pause)
    except CatalogSyncError as error:
        gone = tuple(each for each in batch if each not in left)
        unknown = tuple(each for each in batch if each in left) if lost else ()
        return Deletion(gone, error, unknown)
    return Deletion(tuple(batch))


def _ours(storage: Storage) -> tuple[dict[str, StoredAsset], set[str]]:
    """The assets that bear a digest of ours, by id, and all that other assets say."""
    ours: dict[str, StoredAsset] = {}
    words: set[str] = set()
    for each in storage.stored_assets():
        words |= each.words - {each.asset.digest}
        if each.asset.sha256:
            ours[each.asset.id] = each
    return ours, words


def _words_of_models(
    storage: Storage, ours: dict[str, StoredAsset], jobs: int, progress: Progress
) -> tuple[set[str], int]:
    """All that models say of our assets, and the number of deleted ones that cannot be read."""
    owners = {each.owner_id for each in ours.values()} - {""}
    words: set[str] = set()
    to_read: list[Holder] = []
    for holder in storage.holders():
        words |= holder.words & ours.keys()
        if not holder.public or holder.owner_id in owners:
            to_read.append(holder)
    unread = 0
    for number, told in enumerate(_read(storage, to_read, ours.keys(), jobs), 1):
        words |= told or set()
        unread += told is None
        progress(number, len(to_read))
    return words, unread


def _read(
    storage: Storage, holders: Sequence[Holder], ids: Collection[str], jobs: int
) -> Iterator[set[str] | None]:
    """Which of the ids every model names; None for a deleted one that cannot be read."""

    def read(holder: Holder) -> set[str] | None:
        try:
            return set(storage.words_of(holder.id).intersection(ids))
        except NotFound:
            # Somebody deleted it a moment ago, or long since.
            return None

    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="unused")
    try:
        yield from pool.map(read, holders)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _wanted(catalog: Catalog) -> set[str]:
    """The digests and ids of all that the manifests name."""
    refs = [ref for spec in catalog.models for ref in spec.assets]
    return ({ref.digest for ref in refs} | {ref.id for ref in refs}) - {""}


def _is_older(each: StoredAsset, when: datetime) -> bool:
    """Whether an asset was made before; one of which nobody knows that was made just now."""
    try:
        return datetime.fromisoformat(each.created_at) < when
    except (ValueError, TypeError):
        return False
