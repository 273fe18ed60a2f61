"""A snapshot's file gives back what went in, and notices every change."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from catalogsync.codec import as_data
from catalogsync.errors import UsageError
from catalogsync.model import (
    AssetKind,
    AssetRef,
    Catalog,
    Concept,
    ModelRef,
    ModelSpec,
    RemoteModel,
    Snapshot,
    Target,
)
from catalogsync.observe import observe
from catalogsync.snapshots import (
    SavedSnapshot,
    Touched,
    Undo,
    digest_of,
    everything,
    parsed,
    saved,
    written,
)
from tests.engine.catalogs import FILES, catalogs
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import run

NOW = datetime(2026, 3, 1, 12, 0, 0, 500, tzinfo=UTC)
MODEL = RemoteModel(
    id="model_1",
    name="Ink\u202e \ud800",
    type="custom",
    status="trained",
    updated_at="2026",
    tags=frozenset({"catalog-sync:acme/ink", "b", "a"}),
    description="",
    examples=("asset_1",),
    collection_ids=frozenset({"c"}),
    concepts=(Concept(ModelRef(id="model_2"), 0.5),),
)
ASSET = AssetRef("ab" * 16, "asset_1", "x.mp4", AssetKind.VIDEO, "video/mp4", 5, 2, 3)
SNAPSHOT = Snapshot({"model_1": MODEL}, {"asset_1": ASSET}, {"c": "Comics"})
SAVED = SavedSnapshot("acme", "main", "proj_1", "2026-03-01T12:00:00Z", SNAPSHOT)
TEXT = written(SAVED)


def test_what_was_written_is_read_again() -> None:
    found = parsed(TEXT.encode())
    assert found == SAVED
    assert as_data(found) == as_data(SAVED)
    assert written(found) == TEXT
    assert TEXT.isascii()


def test_a_snapshot_has_a_line_for_every_model_and_asset() -> None:
    assert [line for line in TEXT.splitlines() if line.startswith('"model_1": {')]
    assert [line for line in TEXT.splitlines() if line.startswith('"asset_1": {')]
    assert json.loads(TEXT)["format_version"] == "1.2"


def test_every_changed_byte_is_noticed() -> None:
    data = TEXT.encode()
    for at in range(len(data)):
        for changed in (data[at] ^ 1, ord(" "), ord("\n")):
            spoilt = data[:at] + bytes([changed]) + data[at + 1 :]
            if spoilt != data:
                with pytest.raises(UsageError, match="was changed, or is none"):
                    parsed(spoilt)


@pytest.mark.parametrize("data", [b"", b"{}", b"null", TEXT.encode() + b"\n", TEXT.encode()[:-1]])
def test_what_is_no_snapshot_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="was changed, or is none"):
        digest_of(data)


def sealed(**changes: object) -> bytes:
    """A snapshot's file with other values at the top and a digest that fits them."""
    document = {k: v for k, v in json.loads(TEXT).items() if k != "digest"} | changes
    rest = json.dumps(document).removeprefix("{").encode()
    return b'{"digest": "sha256:%s",\n%s' % (hashlib.sha256(rest).hexdigest().encode(), rest)


def held(**fields: object) -> dict[str, object]:
    return {"type": "Snapshot", **fields}


def asset(**fields: object) -> dict[str, object]:
    return {"type": "AssetRef", **fields}


def test_keys_that_a_later_version_writes_are_ignored() -> None:
    assert parsed(sealed(format_version="1.7", weather="fine")) == SAVED


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format_version": "2.0"}, "has format 2.0, this version reads 1.2"),
        ({"format_version": None}, "has format None"),
        ({"read_at": "yesterday"}, "something else"),
        ({"read_at": "2026-03-01T12:00:00"}, "something else"),
        ({"catalog": 3}, "catalog: a number is not allowed"),
        ({"snapshot": held()}, "snapshot: `models` is missing"),
        ({"snapshot": held(models={"m": {"id": "m"}})}, "`name` is missing"),
        ({"snapshot": held(models={}, assets={"a": asset(kind="poem")})}, "is none of image"),
        ({"snapshot": held(models={}, assets={"a": asset(size=True)})}, "size: a boolean is not"),
        ({"snapshot": as_data(Snapshot({"model_2": MODEL}, {}))}, "there is no model model_2"),
        ({"undo": as_data(Undo({"model_9": Touched("ink", ("name",))}))}, "no model model_9"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(changes: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        parsed(sealed(**changes))
    assert caught.value.hint == "take it again with catalog-sync snapshot"


def test_a_document_without_end_is_refused() -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    with pytest.raises(UsageError):
        parsed(sealed(snapshot={"models": deep}))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(catalog=catalogs())
def test_any_state_of_a_server_makes_the_round_trip(catalog: Catalog) -> None:
    server = FakeServer()
    run(server, catalog, files_of(FILES))
    snapshot = observe(server, everything(catalog), jobs=2)
    taken = saved(snapshot, catalog, Target(""), now=NOW)
    assert parsed(written(taken).encode()) == taken
    assert taken.snapshot == snapshot


def test_models_of_other_catalogs_stay_out_unless_they_are_pinned() -> None:
    def bearing(model_id: str, *tags: str) -> RemoteModel:
        return replace(MODEL, id=model_id, tags=frozenset(tags))

    models = {
        model.id: model
        for model in (
            bearing("ours", "catalog-sync:acme/a"),
            bearing("nobodys", "x"),
            bearing("theirs", "catalog-sync:other/a"),
            bearing("shared", "catalog-sync:other/a", "catalog-sync:acme/b"),
            bearing("pinned", "catalog-sync:other/b"),
        )
    }
    catalog = Catalog("acme", (ModelSpec(key="p", name="P", type="custom", id="pinned"),))
    taken = saved(Snapshot(models), catalog, Target(""), now=NOW)
    assert set(taken.snapshot.models) == {"ours", "nobodys", "shared", "pinned"}


def test_a_snapshot_grows_old_and_is_never_younger_than_now() -> None:
    assert SAVED.age(NOW + timedelta(hours=3)) == pytest.approx(3 * 3600, abs=1)
    assert SAVED.age(NOW - timedelta(hours=3)) == 0
    elsewhere = datetime.fromisoformat("2026-03-01T14:00:00+02:00")
    taken = saved(SNAPSHOT, Catalog("acme"), Target(""), now=elsewhere)
    assert taken.read_at == "2026-03-01T12:00:00Z"
