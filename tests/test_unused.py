"""Which uploads count as unused, at the port: over dicts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from catalogsync.errors import AccessDenied, CatalogSyncError, Interrupted, NotFound, Unreachable
from catalogsync.model import AssetRef, Catalog, Holder, StoredAsset
from catalogsync.unused import delete_unused, find_unused

NOW = datetime(2026, 5, 4, tzinfo=UTC)
OLD = "2026-05-01T00:00:00.000Z"
BARE = Catalog("acme")


@dataclass
class Kept:
    """A project's storage in dicts."""

    assets: dict[str, StoredAsset] = field(default_factory=dict)
    models: dict[str, Holder] = field(default_factory=dict)
    said: dict[str, frozenset[str]] = field(default_factory=dict)
    deletes: list[int] = field(default_factory=list)
    lose: int = 0

    def put(self, asset_id: str, created_at: str = OLD) -> None:
        ref = AssetRef(sha256=(asset_id * 32)[:32], id=asset_id, name="a.png", size=len(asset_id))
        self.assets[asset_id] = StoredAsset(ref, created_at, owner_id="proj")

    def stored_assets(self) -> Iterator[StoredAsset]:
        yield from self.assets.values()

    def holders(self) -> Iterator[Holder]:
        yield from self.models.values()

    def words_of(self, model_id: str) -> frozenset[str]:
        if model_id not in self.said:
            raise NotFound("no such model", status=404)
        return self.said[model_id]

    def words_of_collections(self) -> frozenset[str]:
        return frozenset()

    def assets_left(self, asset_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(self.assets.keys() & set(asset_ids))

    def delete_assets(self, asset_ids: Sequence[str]) -> None:
        self.deletes.append(len(asset_ids))
        if self.lose:
            self.lose -= 1
            raise Unreachable("nothing came back")
        for each in asset_ids:
            self.assets.pop(each, None)


def found(kept: Kept) -> tuple[str, ...]:
    return find_unused(kept, BARE, now=NOW, least_age=timedelta(days=1)).ids


def test_the_texts_of_a_public_model_of_the_project_count() -> None:
    kept = Kept()
    kept.put("asset_1")
    kept.put("asset_2")
    kept.models["m"] = Holder("m", owner_id="proj", public=True)
    kept.said["m"] = frozenset({"asset_1"})
    assert found(kept) == ("asset_2",)


def test_public_models_of_others_are_not_read_one_by_one() -> None:
    kept = Kept()
    kept.put("asset_1")
    kept.put("asset_2")
    kept.models["m"] = Holder("m", "others", public=True, words=frozenset({"asset_1"}))
    assert found(kept) == ("asset_2",)


def test_a_deleted_model_that_cannot_be_read_is_counted() -> None:
    kept = Kept()
    kept.put("asset_1")
    kept.models["m"] = Holder("m", gone=True)
    assert find_unused(kept, BARE, now=NOW, least_age=timedelta(days=1)).unread == 1


def test_two_uploads_of_one_file_do_not_keep_each_other() -> None:
    kept = Kept()
    kept.put("asset_1")
    twin = replace(kept.assets["asset_1"].asset, id="asset_2")
    words = frozenset({twin.digest})
    kept.assets["asset_1"] = replace(kept.assets["asset_1"], words=words)
    kept.assets["asset_2"] = StoredAsset(twin, OLD, words=words)
    assert found(kept) == ("asset_1", "asset_2")


def test_one_whose_date_cannot_be_read_is_left_alone() -> None:
    kept = Kept()
    kept.put("asset_1", created_at="yesterday")
    kept.put("asset_2", created_at="2026-05-01")
    assert found(kept) == ()


def test_the_largest_come_first() -> None:
    kept = Kept()
    for name in ("b", "ccc", "a"):
        kept.put(name)
    assert found(kept) == ("ccc", "a", "b")


def test_a_hundred_are_deleted_in_a_call() -> None:
    kept = Kept()
    for number in range(201):
        kept.put(f"asset_{number}")
    told: list[tuple[int, int]] = []
    ended = delete_unused(
        kept, list(kept.assets), stop=Event(), progress=lambda *step: told.append(step)
    )
    assert (len(ended.ids), ended.error) == (201, None)
    assert kept.deletes == [100, 100, 1]
    assert told == [(0, 201), (100, 201), (200, 201), (201, 201)]


def test_what_could_not_be_deleted_is_not_told_as_deleted() -> None:
    kept = Kept(lose=9)
    kept.put("asset_1")
    stop = Event()
    ended = delete_unused(kept, ["asset_1"], stop=_Hasty(), progress=lambda *_: None)
    assert ended.ids == ()
    assert isinstance(ended.error, Unreachable)
    assert not stop.is_set()


@dataclass
class Lossy(Kept):
    """Deletes the first few without a word, and then tells `why` it cannot be looked at."""

    first: int = 0
    why: CatalogSyncError | None = None

    def delete_assets(self, asset_ids: Sequence[str]) -> None:
        super().delete_assets(asset_ids[: self.first])
        raise Unreachable("nothing came back")

    def assets_left(self, asset_ids: Sequence[str]) -> frozenset[str]:
        if self.why:
            raise self.why
        return super().assets_left(asset_ids)


@pytest.mark.parametrize(
    "why", [AccessDenied("no", status=401), Interrupted("interrupted")], ids=["401", "stop"]
)
def test_what_may_be_deleted_and_cannot_be_looked_at_is_unknown(why: CatalogSyncError) -> None:
    kept = Lossy(first=100, why=why)
    for number in range(150):
        kept.put(f"asset_{number}")
    ids = list(kept.assets)
    ended = delete_unused(kept, ids, stop=_Hasty())
    assert (ended.ids, ended.error, ended.unknown) == ((), why, tuple(ids[:100]))


def test_of_what_was_deleted_in_part_it_is_told_which() -> None:
    kept = Lossy(first=1)
    for name in ("asset_1", "asset_2"):
        kept.put(name)
    ended = delete_unused(kept, ["asset_1", "asset_2"], stop=_Hasty())
    assert (ended.ids, ended.unknown) == (("asset_1",), ())
    assert isinstance(ended.error, Unreachable)


def test_what_was_refused_is_not_unknown() -> None:
    class Refusing(Kept):
        def delete_assets(self, asset_ids: Sequence[str]) -> None:
            raise AccessDenied("no", status=403)

    ended = delete_unused(Refusing(), ["asset_1"], stop=Event())
    assert (ended.ids, ended.unknown) == ((), ())


def test_after_a_stop_no_more_is_deleted() -> None:
    kept = Kept()
    for number in range(150):
        kept.put(f"asset_{number}")
    stop = Event()

    def first_hundred(done: int, due: int) -> None:
        if done == 100:
            stop.set()

    ended = delete_unused(kept, list(kept.assets), stop=stop, progress=first_hundred)
    assert len(ended.ids) == 100
    assert isinstance(ended.error, Interrupted)
    assert len(kept.assets) == 50


class _Hasty(Event):
    """An event on which nobody waits."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()
