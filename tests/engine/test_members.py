"""Many models go into a collection in one call, and trouble with one is not the others' trouble."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

import pytest

from catalogsync.errors import ApiError, Rejected, Unreachable
from catalogsync.model import AssetRef, Catalog, ModelSpec
from catalogsync.outcome import Status
from tests.engine.fake import FakeServer
from tests.engine.run import plan, run

SPEC = ModelSpec(key="m", name="M", type="flux.1-lora")


def no_file(asset: AssetRef) -> BinaryIO:
    raise AssertionError(f"nothing is to be sent: {asset}")


def catalog(number: int, *names: str) -> Catalog:
    """Models that are all in the same collections."""
    models = (
        replace(SPEC, key=f"m{n:03}", name=f"M{n}", collections=frozenset(names))
        for n in range(number)
    )
    return Catalog(name="acme", models=tuple(models))


def first_time(at: str, act: Callable[[], None]) -> Callable[[str], None]:
    """A hook that acts once, at the first write of a name."""
    seen: Counter[str] = Counter()

    def hook(name: str) -> None:
        seen[name] += 1
        if name == at and seen[name] == 1:
            act()

    return hook


def fail(error: ApiError) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def writes(server: FakeServer, name: str) -> int:
    return sum(1 for written, _ in server.writes if written == name)


def test_a_hundred_models_take_three_calls_to_go_in_and_three_to_come_out() -> None:
    server = FakeServer()
    run(server, catalog(100, "Heroes"), no_file)
    assert writes(server, "add_to_collection") == 3
    assert not plan(server, catalog(100, "Heroes")).models
    run(server, catalog(100), no_file)
    assert writes(server, "remove_from_collection") == 3
    assert not plan(server, catalog(100)).models


def test_the_estimate_counts_calls_not_models() -> None:
    server = FakeServer()
    run(server, catalog(100), no_file)
    checks = 100
    assert plan(server, catalog(100, "Heroes")).requests == checks + 3 + len(["the collection"])


def test_a_model_that_somebody_put_there_meanwhile_is_no_trouble() -> None:
    server = FakeServer()
    run(server, catalog(5, "Heroes"), no_file)
    wanted = catalog(5, "Heroes", "Inks")

    def somebody() -> None:
        inks = next(held for held, name in server.collections.items() if name == "Inks")
        server.add_to_collection(inks, ["model_3"])

    server.before_write = first_time("add_to_collection", somebody)
    assert {o.status for o in run(server, wanted, no_file)} == {Status.DONE}
    assert not plan(server, wanted).models


@pytest.mark.parametrize("error", [Unreachable("lost"), Rejected("no", status=400)])
@pytest.mark.parametrize("write", ["add_to_collection", "remove_from_collection"])
def test_an_answer_that_is_lost_or_refused_is_settled_model_by_model(
    write: str, error: ApiError
) -> None:
    server = FakeServer()
    run(server, catalog(5, "Old"), no_file)
    wanted = catalog(5, "New")
    server.after_write = first_time(write, fail(error))
    assert {o.status for o in run(server, wanted, no_file)} == {Status.DONE}
    assert not plan(server, wanted).models


def test_a_model_that_is_gone_fails_alone() -> None:
    server = FakeServer()
    run(server, catalog(5), no_file)
    wanted = catalog(5, "Heroes")
    gone = next(model.id for model in server.models.values() if model.name == "M2")
    server.before_write = first_time("add_to_collection", lambda: server.delete_model(gone))
    outcomes = run(server, wanted, no_file)
    assert [o.action.model for o in outcomes if o.status is Status.FAILED] == ["m002"]  # type: ignore[union-attr]  # it is the edit of a model
    assert sum(1 for model in server.models.values() if model.collection_ids) == 4


def test_a_model_that_changed_meanwhile_is_a_conflict_and_stays_out() -> None:
    server = FakeServer()
    run(server, catalog(5), no_file)
    changed = next(model.id for model in server.models.values() if model.name == "M2")
    wanted = catalog(5, "Heroes")
    outcomes = run(
        server, wanted, no_file, between=lambda: server.edit(changed, short_description="theirs")
    )
    assert [o.action.model for o in outcomes if o.status is Status.CONFLICT] == ["m002"]  # type: ignore[union-attr]  # it is the edit of a model
    assert not server.models[changed].collection_ids


def test_without_its_collection_an_edit_is_skipped() -> None:
    server = FakeServer()
    server.before_write = first_time("create_collection", fail(Rejected("full", status=400)))
    outcomes = run(server, catalog(3, "Heroes"), no_file)
    skipped = {o.reason for o in outcomes if o.status is Status.SKIPPED}
    assert skipped == {"collection Heroes was not created"}
