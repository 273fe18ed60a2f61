"""What was read of a model holds until its date moves, and whatever happens, never longer."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.cache import ModelReads, open_cache
from catalogsync.diff import diff
from catalogsync.insync import found_in_sync, record_of
from catalogsync.model import Catalog, InSync, ModelSpec, ReadBefore, RemoteModel, Text
from catalogsync.observe import observe
from tests.engine.fake import FakeServer
from tests.engine.test_observe import owned
from tests.test_cache import FILES, damage

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER = "2026-03-01T11:00:00.000Z"
INK = RemoteModel(id="model_1", name="Ink", type="custom", status="trained", updated_at=EARLIER)
TEXT = {"description": "A text.", "prompt_guide": "A guide."}


def run(
    path: Path, *, project: str = "proj", now: datetime | None = NOW, recalls: bool = True
) -> ModelReads:
    """What a run that begins now knows."""
    return open_cache(path).models("server", project, recalls=recalls, clock=lambda: now)


def kept(
    path: Path, model: RemoteModel = INK, now: datetime | None = NOW, *, recalls: bool = True
) -> Mapping[tuple[str, str], str]:
    """What the next run knows of a model that a first one has read."""
    first = run(path, now=now, recalls=recalls)
    first.recall([model])
    first.remember(model, TEXT)
    first.save()
    return run(path).recall([model])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the cache of a test is."""
    return tmp_path / "home/catalog-sync/digests.sqlite"


def test_what_was_read_is_known_to_the_next_run(path: Path) -> None:
    assert kept(path) == {("model_1", field): text for field, text in TEXT.items()}


def test_what_is_in_use_is_told_with_the_time_of_the_oldest(path: Path) -> None:
    assert kept(path)
    known = run(path)
    assert known.used is None
    known.recall([INK, replace(INK, id="model_2")])
    assert isinstance(known.used, ReadBefore)
    assert known.used.models == 1
    assert datetime.fromisoformat(known.used.since) <= datetime.now(UTC)


@pytest.mark.parametrize("date", ["2026-03-01T11:00:00.001Z", "2026-03-01T10:00:00.000Z"])
def test_a_model_with_another_date_is_read_again(path: Path, date: str) -> None:
    assert kept(path)
    assert run(path).recall([replace(INK, updated_at=date)]) == {}


def test_projects_do_not_mix(path: Path) -> None:
    assert kept(path)
    assert run(path, project="other").recall([INK]) == {}


@pytest.mark.parametrize(
    "date", ["2026-03-01T12:00:00Z", "2026-03-01T11:59:55Z", "yesterday", "2026-03-01T11:00:00"]
)
def test_nothing_is_kept_of_a_model_that_changed_a_moment_ago(path: Path, date: str) -> None:
    assert kept(path, replace(INK, updated_at=date)) == {}


def test_nothing_is_kept_where_the_server_does_not_tell_the_time(path: Path) -> None:
    assert kept(path, now=None) == {}


def test_a_run_that_reads_everything_anew_keeps_it_for_others(path: Path) -> None:
    assert kept(path, recalls=False)
    known = run(path, recalls=False)
    assert (known.recall([INK]), known.used) == ({}, None)


def test_what_is_forgotten_is_known_to_nobody_also_if_it_was_just_read(path: Path) -> None:
    other = replace(INK, id="model_2")
    assert kept(path)
    assert kept(path, other)
    writing = run(path)
    writing.recall([INK])
    writing.remember(INK, TEXT)
    writing.forget(["model_1", "\ud800"])
    assert run(path).recall([INK, other]).keys() == {("model_2", field) for field in TEXT}
    writing.save()
    assert run(path).recall([INK]) == {}


FOUND = InSync("ink", "model_1", b"folder", b"record")


def agreed(
    path: Path,
    fields: Mapping[str, str] = TEXT,
    model: RemoteModel = INK,
    now: datetime | None = NOW,
) -> tuple[InSync, ...]:
    """What the next run knows to be in sync, after one that read some fields and found so."""
    first = run(path, now=now)
    first.recall([model])
    first.remember(model, fields)
    first.agree(model, FOUND)
    first.save()
    return run(path).in_sync()


def test_a_model_that_was_in_sync_is_known_to_be_with_the_time_of_its_texts(path: Path) -> None:
    assert kept(path)
    (first,) = agreed(path)
    assert replace(first, read_at="") == FOUND
    known = run(path)
    known.take([replace(first, read_at="2026-01-01T00:00:00Z")])
    assert known.used == ReadBefore(1, "2026-01-01T00:00:00Z")
    known.recall([INK])
    known.agree(INK, FOUND)
    known.save()
    assert [each.read_at for each in run(path).in_sync()] == ["2026-01-01T00:00:00Z"]
    assert run(path, recalls=False).in_sync() == ()


@pytest.mark.parametrize("date", ["2026-03-01T11:59:55.000Z", "2026-03-01T12:00:01Z", "", "today"])
def test_a_model_that_changed_a_moment_ago_is_not_known_to_be_in_sync(
    path: Path, date: str
) -> None:
    assert agreed(path, model=replace(INK, updated_at=date)) == ()
    assert agreed(path, now=None) == ()


def test_who_reads_another_text_ends_that_a_model_is_in_sync(path: Path) -> None:
    assert agreed(path)
    for text, still in (("A text.", 1), ("Another.", 0)):
        later = run(path, recalls=False)
        later.recall([INK])
        later.remember(INK, {"description": text})
        later.save()
        assert len(run(path).in_sync()) == still


def test_what_is_written_is_not_known_to_be_in_sync(path: Path) -> None:
    assert agreed(path)
    writing = run(path)
    writing.recall([INK])
    writing.agree(INK, FOUND)
    writing.forget(["model_1"])
    assert run(path).in_sync() == ()
    writing.save()
    assert run(path).in_sync() == ()


def test_strange_texts_and_ids_do_not_keep_the_rest_out(path: Path) -> None:
    known = run(path)
    known.recall([INK])
    for model_id, text in (("\ud800", "x"), ("model_2", "\udfff"), ("model_3", "\0'")):
        known.remember(replace(INK, id=model_id), {"description": text})
    known.save()
    held = run(path).recall([replace(INK, id=f"model_{number}") for number in (2, 3)])
    assert held == {("model_3", "description"): "\0'"}


def test_thousands_of_models_are_asked_for_at_once(path: Path) -> None:
    models = [replace(INK, id=f"model_{number}") for number in range(1201)]
    known = run(path)
    known.recall(models)
    for model in models:
        known.remember(model, {"description": model.id})
    known.save()
    held = run(path).recall(models[1:])
    assert held == {(model.id, "description"): model.id for model in models[1:]}


@pytest.mark.parametrize("how", FILES)
def test_a_spoilt_file_is_an_empty_one_that_can_be_written_again(path: Path, how: str) -> None:
    assert kept(path)
    damage(path.with_name("reads.sqlite"), how)
    assert run(path).recall([INK]) in ({}, {("model_1", name): TEXT[name] for name in TEXT})
    assert kept(path, replace(INK, id="model_2"))


@pytest.mark.parametrize(
    "sql",
    [
        "PRAGMA user_version = 7",
        "ALTER TABLE reads RENAME COLUMN value TO text",
        "UPDATE reads SET value = CAST(X'ff' AS TEXT)",
        "UPDATE reads SET value = NULL",
        "UPDATE reads SET updated_at = X'00'",
    ],
)
def test_what_makes_no_sense_is_not_known(path: Path, sql: str) -> None:
    assert kept(path)
    with closing(sqlite3.connect(path.with_name("reads.sqlite"))) as database:
        database.execute(sql)
        database.commit()
    assert run(path).recall([INK]) == {}
    assert kept(path)


def test_what_makes_no_sense_is_not_in_sync(path: Path) -> None:
    assert agreed(path)
    with closing(sqlite3.connect(path.with_name("reads.sqlite"))) as database:
        database.execute("UPDATE in_sync SET record = 'text'")
        database.commit()
    assert run(path).in_sync() == ()


def test_without_a_path_nothing_is_kept() -> None:
    known = open_cache(None).models("server", "proj", recalls=True, clock=lambda: NOW)
    known.remember(INK, TEXT)
    known.agree(INK, FOUND)
    assert known.in_sync() == ()
    known.forget(["model_1"])
    known.save()
    assert known.recall([INK]) == {}


KEYS = ("ink", "elm")
STEPS = st.lists(
    st.tuples(st.sampled_from(["edit", "plan", "plan"]), st.sampled_from((*KEYS, ""))), max_size=12
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whoever_edits_between_or_during_reads_the_next_plan_sees_what_is_there(
    steps: list[tuple[str, str]],
) -> None:
    """A plan with a key is one while which its model is edited, after the listing."""
    server = FakeServer()
    ids = {key: owned(server, key) for key in KEYS}
    specs = [ModelSpec(key=k, name="Ink", type="flux.1-lora", description=Text((k,))) for k in KEYS]
    catalog = Catalog(name="acme", models=tuple(specs))
    read = server.get_description

    def edit(key: str) -> None:
        server.descriptions[ids[key]] = f"{key} {server.counter}"
        server.edit(ids[key])

    with TemporaryDirectory() as folder:
        path = Path(folder) / "digests.sqlite"
        for what, key in [*steps, ("plan", "")]:
            if what == "edit" and key:
                edit(key)
            if what == "plan":
                during = [key] if key else []

                def reading(model_id: str, during: list[str] = during) -> str:
                    while during:
                        edit(during.pop())
                    return read(model_id)

                server.get_description = reading  # type: ignore[method-assign]
                known = run(path, now=NOW + timedelta(days=1))
                observe(server, catalog, fields=known, jobs=1)
                known.save()
        server.get_description = read  # type: ignore[method-assign]
        known = run(path)
        assert observe(server, catalog, fields=known) == observe(server, catalog)


PLANS = st.tuples(
    st.sampled_from(["text", "name", "quick", "quick", "whole"]), st.sampled_from((*KEYS, ""))
)


@settings(max_examples=100, deadline=None)
@given(st.lists(PLANS, max_size=12))
def test_a_model_that_is_known_to_be_in_sync_does_not_differ(steps: list[tuple[str, str]]) -> None:
    """Somebody edits a text or a name, between plans or, in one with a key, after the listing."""
    server = FakeServer()
    ids = {key: owned(server, key) for key in KEYS}
    specs = [ModelSpec(key=k, name="Ink", type="flux.1-lora", description=Text((k,))) for k in KEYS]
    catalog = Catalog(name="acme", models=tuple(specs))
    read = server.get_description
    for key in KEYS:
        server.descriptions[ids[key]] = key

    def edit(what: str, key: str) -> None:
        """Away from what the manifest wants, and back."""
        if what == "text":
            server.descriptions[ids[key]] = key if server.descriptions[ids[key]] != key else "other"
            server.edit(ids[key])
        elif key:
            name = "Ink" if server.models[ids[key]].name != "Ink" else "Other"
            server.edit(ids[key], name=name)

    with TemporaryDirectory() as folder:
        path = Path(folder) / "digests.sqlite"
        for what, key in steps:
            if what in ("text", "name"):
                edit(what, key or KEYS[0])
                continue
            during = [key] if key else []

            def reading(model_id: str, during: list[str] = during) -> str:
                while during:
                    edit("text", during.pop())
                return read(model_id)

            server.get_description = reading  # type: ignore[method-assign]
            known = run(path, now=NOW + timedelta(days=1), recalls=what == "quick")
            listed = {model.id: model for model in server.list_models()}
            found = diff(catalog, observe(server, catalog, fields=known, jobs=1, listed=listed))
            for each in found_in_sync(found, listed, dict.fromkeys(KEYS, b"")):
                known.agree(listed[each.id], each)
            known.save()
            server.get_description = read  # type: ignore[method-assign]
            now = {model.id: model for model in server.list_models()}
            still = {e.key for e in run(path).in_sync() if record_of(now[e.id]) == e.record}
            differing = {model.key for model in diff(catalog, observe(server, catalog)).models}
            assert not still & differing
