"""Order, failure, conflict, lost answers and interruption."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event, Semaphore, Thread
from typing import Any

import pytest

from catalogsync.actions import CreateModel, DeleteModel, SetDescription, SetExamples, UploadAsset
from catalogsync.apply import apply, dependencies, noticing_twins
from catalogsync.diff import diff
from catalogsync.errors import AccessDenied, BadResponse, FileChanged, Rejected, Unreachable
from catalogsync.ledger import Ledger
from catalogsync.marks import PROTECTED_TAG, owner_tag
from catalogsync.model import (
    AssetRef,
    Catalog,
    Concept,
    ModelRef,
    ModelSpec,
    State,
    Text,
    TrainingImage,
)
from catalogsync.observe import observe
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import build_plan
from catalogsync.ports import Look
from tests.engine.catalogs import CONTENTS
from tests.engine.conftest import SHAS, image
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import plan, run

INK = ModelSpec(key="ink", name="Ink", type="flux.1-lora")
open_file = files_of(CONTENTS)


def statuses(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return sorted((type(o.action).__name__, o.status.value) for o in outcomes)


def failing(at: str, error: Exception) -> Callable[[str], None]:
    """A hook that raises at the writes of one name."""

    def hook(name: str) -> None:
        if name == at:
            raise error

    return hook


def test_what_is_referred_to_is_made_first(example: Catalog) -> None:
    actions = plan(FakeServer(), example).actions
    needs = dependencies(actions)
    made: dict[object, int] = {}
    for at, action in enumerate(actions):
        if isinstance(action, UploadAsset):
            made[action.asset.sha256] = at
        if isinstance(action, CreateModel):
            made[action.model] = at
    by_kind = {(type(a).__name__, getattr(a, "model", "")): at for at, a in enumerate(actions)}
    assert {made["style"], made["hero"]} <= needs[by_kind["CreateModel", "both"]]
    assert made["style"] in needs[by_kind["SetDescription", "hero"]]
    assert {made[SHAS[n]] for n in (0, 1, 2)} <= needs[by_kind["SetExamples", "style"]]


def test_deletes_come_last() -> None:
    server = FakeServer()
    server.add_model("Old", tags=frozenset({owner_tag("acme", "old")}))
    run(server, Catalog(name="acme", models=(INK,)), open_file, prune=True)
    assert server.writes[-1][0] == "delete_model"


def test_a_failure_skips_the_rest_of_its_model_and_nothing_else() -> None:
    server = FakeServer(before_write=failing("set_examples", Rejected("no", status=400)))
    with_examples = replace(INK, examples=(image(0),), description=Text(("x",)))
    other = replace(INK, key="other", name="Other", description=Text(("y",)))
    catalog = Catalog(name="acme", models=(with_examples, other))
    outcomes = run(server, catalog, open_file)
    assert statuses(outcomes) == [
        ("CreateModel", "done"),
        ("CreateModel", "done"),
        ("SetDescription", "done"),
        ("SetDescription", "skipped"),
        ("SetExamples", "failed"),
        ("UploadAsset", "done"),
    ]


def test_a_failed_upload_skips_what_uses_the_file() -> None:
    def changed(asset: AssetRef) -> object:
        raise FileChanged("changed")

    catalog = Catalog(name="acme", models=(replace(INK, examples=(image(0),)),))
    outcomes = run(FakeServer(), catalog, changed)  # type: ignore[arg-type]
    assert statuses(outcomes) == [
        ("CreateModel", "done"),
        ("SetExamples", "skipped"),
        ("UploadAsset", "failed"),
    ]
    assert "0.webp was not uploaded" in {o.reason for o in outcomes}


def test_every_action_has_exactly_one_outcome(example: Catalog) -> None:
    server = FakeServer(before_write=failing("create_model", Rejected("full", status=400)))
    expected = plan(server, example).actions
    outcomes = run(server, example, open_file)
    assert len(outcomes) == len(expected)
    assert set(map(repr, expected)) == {repr(outcome.action) for outcome in outcomes}


def test_a_model_that_somebody_changed_meanwhile_is_a_conflict_and_left_alone() -> None:
    server = FakeServer()
    model = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    changed = replace(INK, short_description="ours", description=Text(("ours",)))
    outcomes = run(
        server,
        Catalog(name="acme", models=(changed,)),
        open_file,
        between=lambda: server.edit(model.id, short_description="theirs"),
    )
    assert statuses(outcomes) == [("SetDescription", "skipped"), ("UpdateModel", "conflict")]
    assert server.models[model.id].short_description == "theirs"
    assert server.writes == []


@pytest.mark.parametrize(
    ("theirs", "action", "named"),
    [
        ({"description": "theirs"}, "SetDescription", "the description"),
        ({"prompt_guide": "theirs"}, "SetPromptGuide", "the prompt guide"),
        ({"examples": ()}, "SetExamples", "the examples"),
        ({"short_description": "theirs"}, "UpdateModel", "shortDescription"),
        (None, "UpdateModel", "deleted the model"),
    ],
)
def test_what_somebody_changes_between_two_writes_to_a_model_is_a_conflict(
    theirs: dict[str, Any] | None, action: str, named: str
) -> None:
    server = FakeServer()
    held = tuple(server.add_asset(CONTENTS[sha]) for sha in SHAS[:2])
    model = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}), examples=held)
    spec = replace(
        INK, short_description="ours", tags=frozenset({"ours"}), examples=(image(1), image(0)),
        description=Text(("ours",)), prompt_guide=Text(("ours",)),
    )  # fmt: skip

    def meddle(write: str) -> None:
        if write != "edit_tags":
            return
        if theirs is None:
            del server.models[model.id]
        elif "description" in theirs:
            server.descriptions[model.id] = theirs["description"]
        elif "prompt_guide" in theirs:
            server.prompt_guides[model.id] = theirs["prompt_guide"]
        else:
            server.edit(model.id, **theirs)

    server.after_write = meddle
    outcomes = run(server, Catalog(name="acme", models=(spec,)), open_file)
    (conflict,) = (each for each in outcomes if each.status is Status.CONFLICT)
    assert (type(conflict.action).__name__, named in conflict.reason) == (action, True)


THEIRS: dict[str, Callable[[FakeServer, str], object]] = {
    "update_model": lambda server, model: server.edit(model, short_description="theirs"),
    "set_examples": lambda server, model: server.edit(model, examples=()),
    "set_description": lambda server, model: server.descriptions.update({model: "theirs"}),
    "set_prompt_guide": lambda server, model: server.prompt_guides.update({model: "theirs"}),
}


def changed_in_every_way(server: FakeServer) -> tuple[str, Catalog]:
    """A model, and a catalog that replaces all that can be replaced of it."""
    held = tuple(server.add_asset(CONTENTS[sha]) for sha in SHAS[:2])
    server.add_model("Part", tags=frozenset({owner_tag("acme", "part")}))
    model = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}), examples=held)
    spec = replace(
        INK, short_description="ours", examples=(image(1), image(0)), thumbnail=image(1),
        description=Text(("ours  \r\n",)), prompt_guide=Text(("ours",)), prompt_embedding="ours",
        concepts=(Concept(ModelRef(key="part"), 0.5),),
    )  # fmt: skip
    return model.id, Catalog(name="acme", models=(spec, replace(INK, key="part", name="Part")))


def test_a_write_that_is_repeated_is_no_conflict_with_itself() -> None:
    server = FakeServer(loses_answers=True)
    _, catalog = changed_in_every_way(server)
    outcomes = run(server, catalog, open_file)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert {name for name, _ in server.writes} >= THEIRS.keys()
    assert not plan(server, catalog).models


@pytest.mark.parametrize("write", THEIRS)
def test_what_somebody_changes_before_a_write_is_repeated_is_a_conflict(write: str) -> None:
    server = FakeServer(loses_answers=True)
    model_id, catalog = changed_in_every_way(server)

    def meddle(name: str) -> None:
        if name == write:
            THEIRS[write](server, model_id)

    server.after_write = meddle
    outcomes = run(server, catalog, open_file)
    (conflict,) = (each for each in outcomes if each.status is Status.CONFLICT)
    assert "somebody changed" in conflict.reason


def test_a_text_is_compared_though_the_date_of_its_model_did_not_move() -> None:
    server = FakeServer()
    model = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    outcomes = run(
        server,
        Catalog(name="acme", models=(replace(INK, description=Text(("ours",))),)),
        open_file,
        between=lambda: server.descriptions.update({model.id: "theirs"}),
    )
    assert statuses(outcomes) == [("SetDescription", "conflict")]
    assert server.descriptions[model.id] == "theirs"


def test_an_embedding_is_compared_though_the_date_of_its_model_did_not_move() -> None:
    server = FakeServer()
    model = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    theirs = replace(model, prompt_embedding="theirs")
    outcomes = run(
        server,
        Catalog(name="acme", models=(replace(INK, prompt_embedding="ours"),)),
        open_file,
        between=lambda: server.models.update({model.id: theirs}),
    )
    assert statuses(outcomes) == [("UpdateModel", "conflict")]
    assert server.models[model.id] == theirs


OWNED_BY = {
    "another": ({owner_tag("other", "ink")}, "somebody made it a model of other/ink"),
    "nobody": (set[str](), "somebody made it nobody's model"),
}


@pytest.mark.parametrize("by", OWNED_BY)
def test_a_model_that_changed_hands_is_a_conflict_though_its_date_did_not_move(by: str) -> None:
    server = FakeServer()
    model = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    tags, said = OWNED_BY[by]
    taken = replace(model, tags=frozenset(tags))
    outcomes = run(
        server,
        Catalog(name="acme", models=(replace(INK, short_description="ours"),)),
        open_file,
        between=lambda: server.models.update({model.id: taken}),
    )
    (conflict,) = outcomes
    assert (conflict.status, said in conflict.reason) == (Status.CONFLICT, True)
    assert server.models[model.id] == taken


def test_what_another_catalog_took_meanwhile_is_not_adopted() -> None:
    server = FakeServer()
    model = server.add_model("Ink")
    taken = replace(model, tags=frozenset({owner_tag("other", "ink")}))
    outcomes = run(
        server,
        Catalog(name="acme", models=(replace(INK, id=model.id),)),
        open_file,
        between=lambda: server.models.update({model.id: taken}),
    )
    assert statuses(outcomes) == [("AdoptModel", "conflict")]
    assert server.models[model.id] == taken


def test_a_model_that_somebody_deleted_meanwhile_is_a_conflict() -> None:
    server = FakeServer()
    model = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    outcomes = run(
        server,
        Catalog(name="acme", models=(replace(INK, short_description="ours"),)),
        open_file,
        between=lambda: server.delete_model(model.id),
    )
    assert statuses(outcomes) == [("UpdateModel", "conflict")]
    assert model.id in outcomes[0].reason


def test_a_delete_of_a_model_that_somebody_changed_is_a_conflict() -> None:
    server = FakeServer()
    model = server.add_model("Old", tags=frozenset({owner_tag("acme", "old")}))
    outcomes = run(
        server,
        Catalog(name="acme", models=(INK,)),
        open_file,
        prune=True,
        between=lambda: server.edit(model.id, short_description="still needed"),
    )
    assert ("DeleteModel", "conflict") in statuses(outcomes)
    assert model.id in server.models


UNSEEN: dict[str, dict[str, Any]] = {
    "tags": {"tags": frozenset({owner_tag("acme", "old"), "needed"})},
    "protected": {"tags": frozenset({owner_tag("acme", "old"), PROTECTED_TAG})},
    "shortDescription": {"short_description": "still needed"},
    "thumbnail": {"thumbnail": "asset_1"},
    "examples": {"examples": ("asset_1",)},
    "collections": {"collection_ids": frozenset({"collection_1"})},
    "promptEmbedding": {"prompt_embedding": "theirs"},
    "trainingImages": {"training_images": (TrainingImage(AssetRef(id="asset_1")),)},
}
"""What somebody may do to a model without moving the date of its last change."""


@pytest.mark.parametrize(("name", "theirs"), UNSEEN.items(), ids=UNSEEN)
@pytest.mark.parametrize("by", ["no manifest", "state: absent"])
def test_a_delete_looks_at_all_that_goes_though_the_date_did_not_move(
    name: str, theirs: dict[str, Any], by: str
) -> None:
    server = FakeServer()
    model = server.add_model("Old", tags=frozenset({owner_tag("acme", "old")}))
    edited = replace(model, **theirs)
    old = ModelSpec(key="old", name="Old", type="flux.1-lora", state=State.ABSENT)
    outcomes = run(
        server,
        Catalog(name="acme", models=(INK,) if by == "no manifest" else (INK, old)),
        open_file,
        prune=True,
        between=lambda: server.models.update({model.id: edited}),
    )
    (conflict,) = (each for each in outcomes if each.status is Status.CONFLICT)
    assert isinstance(conflict.action, DeleteModel)
    assert f"somebody {'' if name == 'protected' else 'changed '}{name}" in conflict.reason
    assert server.models[model.id] == edited


@pytest.mark.parametrize("text", ["descriptions", "prompt_guides"])
def test_a_delete_looks_at_the_texts_though_the_date_did_not_move(text: str) -> None:
    server = FakeServer()
    model = server.add_model("Old", tags=frozenset({owner_tag("acme", "old")}))
    outcomes = run(
        server,
        Catalog(name="acme", models=(INK,)),
        open_file,
        prune=True,
        between=lambda: getattr(server, text).update({model.id: "still needed"}),
    )
    assert ("DeleteModel", "conflict") in statuses(outcomes)
    assert model.id in server.models


MIX = replace(INK, key="mix", name="Mix", type="flux.1-composition")
PARTS = tuple(replace(INK, key=key, name=key.title()) for key in ("part", "other"))


def mix_of(*keys: str, **fields: Any) -> ModelSpec:
    concepts = tuple(Concept(ModelRef(key=key), 0.5) for key in keys)
    return replace(MIX, concepts=concepts, **fields)


def composed() -> tuple[FakeServer, dict[str, str]]:
    """A server with a composition of two parts, and the ids by name."""
    server = FakeServer()
    run(server, Catalog(name="acme", models=(mix_of("part", "other"), *PARTS)), open_file)
    return server, {model.name: model.id for model in server.models.values()}


@pytest.mark.parametrize(
    ("call", "error", "reason"),
    [
        ("update_model", Rejected("no", status=400), "no"),
        ("upload_asset", Rejected("full", status=400), "9.webp was not uploaded"),
    ],
)
def test_no_part_is_deleted_of_a_model_that_could_not_let_go_of_it(
    call: str, error: Exception, reason: str
) -> None:
    server, ids = composed()
    old = server.add_model("Old", tags=frozenset({owner_tag("acme", "old")}))
    server.before_write = failing(call, error)
    fewer = mix_of("other", thumbnail=replace(image(1), name="9.webp"))
    catalog = Catalog(name="acme", models=(fewer, PARTS[1]))
    outcomes = run(server, catalog, open_file, prune=True)
    (kept,) = (o for o in outcomes if o.action == DeleteModel("part"))
    assert (kept.status, kept.reason) == (
        Status.SKIPPED, f"mix still has it as a concept: {reason}",
    )  # fmt: skip
    assert ids["Part"] in server.models
    assert old.id not in server.models
    server.before_write = lambda name: None
    assert {o.status for o in run(server, catalog, open_file, prune=True)} == {Status.DONE}
    assert ids["Part"] not in server.models


def test_no_part_is_deleted_of_a_model_that_is_refused() -> None:
    server, ids = composed()
    catalog = Catalog(name="acme", models=(mix_of("other", epoch="000001"), PARTS[1]))
    outcomes = run(server, catalog, open_file, prune=True)
    assert [(o.status, o.reason) for o in outcomes] == [
        (Status.SKIPPED, "mix still has it as a concept: it is refused")
    ]
    assert ids["Part"] in server.models


def test_a_composition_is_deleted_before_its_parts_and_they_stay_if_it_does() -> None:
    server, ids = composed()
    nothing = Catalog(name="acme", models=())
    outcomes = run(
        server,
        nothing,
        open_file,
        prune=True,
        between=lambda: server.edit(ids["Mix"], short_description="still needed"),
    )
    assert statuses(outcomes) == [
        ("DeleteModel", "conflict"),
        ("DeleteModel", "skipped"),
        ("DeleteModel", "skipped"),
    ]
    assert set(ids.values()) == server.models.keys()
    server.log.clear()
    assert {o.status for o in run(server, nothing, open_file, prune=True)} == {Status.DONE}
    assert server.writes[0] == ("delete_model", ids["Mix"])
    assert not server.models


def test_compositions_that_hold_each_other_are_deleted() -> None:
    server, ids = composed()
    server.edit(ids["Part"], concepts=(Concept(ModelRef(id=ids["Mix"]), 0.5),))
    outcomes = run(server, Catalog(name="acme", models=()), open_file, prune=True)
    assert {o.status for o in outcomes} == {Status.DONE}
    assert not server.models


def test_a_delete_that_nobody_meddles_with_is_done() -> None:
    server = FakeServer()
    model = server.add_model("Old", tags=frozenset({owner_tag("acme", "old"), "more"}))
    server.descriptions[model.id] = "once"
    outcomes = run(server, Catalog(name="acme", models=(INK,)), open_file, prune=True)
    assert ("DeleteModel", "done") in statuses(outcomes)
    assert model.id not in server.models


def test_our_own_writes_are_no_conflict(example: Catalog) -> None:
    server = FakeServer()
    run(server, example, open_file)
    models = tuple(
        replace(m, short_description="x", description=Text(("y",))) for m in example.models
    )
    outcomes = run(server, replace(example, models=models), open_file)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}


@pytest.mark.parametrize("error", [Unreachable("lost"), BadResponse("502", status=502)])
@pytest.mark.parametrize("write", ["create_model", "upload_asset", "create_collection"])
def test_a_lost_answer_is_settled_by_reading_back(
    example: Catalog, write: str, error: Exception
) -> None:
    server = FakeServer(after_write=failing(write, error))
    outcomes = run(server, example, open_file)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert (len(server.models), len(server.assets), len(server.collections)) == (3, 3, 1)
    server.after_write = lambda name: None
    assert not plan(server, example).models


def test_a_file_whose_answer_is_lost_is_found_behind_those_that_came_after_it(
    example: Catalog,
) -> None:
    def others_come(name: str) -> None:
        if name == "upload_asset" and len(server.assets) == 1:
            for number in range(50):
                server.add_asset(b"%d" % number)
            raise Unreachable("lost")

    server = FakeServer(after_write=others_come)
    outcomes = run(server, example, open_file, jobs=1)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert len(server.assets) == 53


@pytest.mark.parametrize("write", ["create_model", "upload_asset", "create_collection"])
def test_a_create_that_never_arrived_is_tried_again(example: Catalog, write: str) -> None:
    failures = iter([True, False])

    def first_time(name: str) -> None:
        if name == write and next(failures, False):
            raise Unreachable("lost on the way")

    server = FakeServer(before_write=first_time)
    outcomes = run(server, example, open_file)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert (len(server.models), len(server.assets), len(server.collections)) == (3, 3, 1)


def test_a_lost_create_is_not_repeated_beside_a_model_that_may_be_it() -> None:
    server = FakeServer()

    def lose(write: str) -> None:
        if write == "create_model":
            for model_id in server.models:
                server.edit(model_id, status="trained")
            raise Unreachable("lost")

    server.after_write = lose
    (outcome,) = run(server, Catalog(name="acme", models=(INK,)), open_file)
    (model_id,) = server.models
    assert (outcome.status, model_id in outcome.reason) == (Status.FAILED, True)
    assert [r.code for r in plan(server, Catalog(name="acme", models=(INK,))).refusals] == [
        "same-name"
    ]


def test_a_lost_upload_is_found_behind_what_arrived_meanwhile() -> None:
    server = FakeServer()

    def lose(write: str) -> None:
        if write == "upload_asset":
            for number in range(5):
                server.add_asset(b"somebody else's %d" % number)
            raise Unreachable("lost")

    server.after_write = lose
    catalog = Catalog(name="acme", models=(replace(INK, examples=(image(0),)),))
    assert {outcome.status for outcome in run(server, catalog, open_file)} == {Status.DONE}
    assert len(server.assets) == 6


def test_two_lost_creates_of_one_name_do_not_share_a_model() -> None:
    server = FakeServer(after_write=failing("create_model", Unreachable("lost")))
    twins = Catalog(name="acme", models=(INK, replace(INK, key="ink2")))
    outcomes = run(server, twins, open_file, jobs=1)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    marks = sorted(tag for model in server.models.values() for tag in model.tags)
    assert marks == ["catalog-sync:acme/ink", "catalog-sync:acme/ink2"]


def test_a_server_that_keeps_something_else_is_told() -> None:
    server = FakeServer()

    def shouting(model_id: str, text: str, *, again: Look | None = None) -> str:
        return text.upper()

    server.set_description = shouting  # type: ignore[method-assign]
    catalog = Catalog(name="acme", models=(replace(INK, description=Text(("quiet",))),))
    (outcome,) = (o for o in run(server, catalog, open_file) if o.status is Status.FAILED)
    assert isinstance(outcome.action, SetDescription)
    assert "did not keep" in outcome.reason


@pytest.mark.parametrize("existing", [True, False])
def test_a_server_that_keeps_other_tags_is_told(existing: bool) -> None:
    server = FakeServer(keep_tag=str.lower)
    if existing:
        server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    spec = replace(INK, tags=frozenset({"Comic"}))
    (outcome,) = run(server, Catalog(name="acme", models=(spec,)), open_file)
    assert (outcome.status, "the tags" in outcome.reason) == (Status.FAILED, True)


def test_tags_that_somebody_edited_in_the_same_way_are_done() -> None:
    server = FakeServer()
    tags = frozenset({owner_tag("acme", "ink"), "old"})
    model = server.add_model("Ink", tags=tags)
    spec = replace(INK, tags=frozenset({"new"}))
    server.before_write = lambda name: server.edit(model.id, tags=tags - {"old"} | {"new"})
    (outcome,) = run(server, Catalog(name="acme", models=(spec,)), open_file)
    assert outcome.status is Status.DONE


def test_a_server_that_keeps_another_order_is_told() -> None:
    server = FakeServer()

    def reordering(
        model_id: str, asset_ids: Sequence[str], *, again: Look | None = None
    ) -> tuple[str, ...]:
        return tuple(sorted(asset_ids)[::-1])

    server.set_examples = reordering  # type: ignore[method-assign]
    catalog = Catalog(name="acme", models=(replace(INK, examples=(image(0), image(1))),))
    outcomes = run(server, catalog, open_file, jobs=1)
    (outcome,) = (o for o in outcomes if o.status is Status.FAILED)
    assert isinstance(outcome.action, SetExamples)
    assert "order" in outcome.reason


def test_once_stopped_nothing_more_is_begun(example: Catalog) -> None:
    stop = Event()
    server = FakeServer(after_write=lambda name: stop.set())
    outcomes = run(server, example, open_file, stop=stop, jobs=1)
    assert len(server.writes) == 1
    assert len(outcomes) == len(plan(FakeServer(), example).actions)
    assert {o.reason for o in outcomes if o.status is Status.SKIPPED} == {"interrupted"}


def test_once_stopped_nothing_is_deleted() -> None:
    stop = Event()
    server = FakeServer(after_write=lambda name: stop.set())
    server.add_model("Old", tags=frozenset({owner_tag("acme", "old")}))
    outcomes = run(
        server, Catalog(name="acme", models=(INK,)), open_file, prune=True, stop=stop, jobs=1
    )
    (delete,) = (o for o in outcomes if isinstance(o.action, DeleteModel))
    assert delete.status is Status.SKIPPED


def test_refused_credentials_end_the_run_at_once(example: Catalog) -> None:
    tried: list[str] = []

    def refuse(name: str) -> None:
        tried.append(name)
        raise AccessDenied("no", status=401)

    outcomes = run(FakeServer(before_write=refuse), example, open_file, jobs=1)
    assert len(tried) == 1
    assert {o.status for o in outcomes} == {Status.FAILED, Status.SKIPPED}


def test_a_defect_is_not_hidden(example: Catalog) -> None:
    server = FakeServer(before_write=failing("create_model", ZeroDivisionError("a defect")))
    with pytest.raises(ZeroDivisionError):
        run(server, example, open_file)


def test_nothing_is_deleted_when_a_create_did_not_succeed() -> None:
    server = FakeServer(before_write=failing("create_model", Rejected("full", status=400)))
    old = server.add_model("Old", tags=frozenset({owner_tag("acme", "old")}))
    outcomes = run(server, Catalog(name="acme", models=(INK,)), open_file, prune=True)
    assert ("DeleteModel", "skipped") in statuses(outcomes)
    assert old.id in server.models


def test_deleting_a_model_that_is_gone_already_is_done() -> None:
    server = FakeServer()
    old = server.add_model("Old", tags=frozenset({owner_tag("acme", "old")}))
    outcomes = run(
        server,
        Catalog(name="acme", models=()),
        open_file,
        prune=True,
        between=lambda: server.delete_model(old.id),
    )
    assert statuses(outcomes) == [("DeleteModel", "done")]


def test_when_nobody_listens_any_more_nothing_more_is_begun() -> None:
    may_write = Semaphore(1)

    def wait_for_leave(name: str) -> None:
        may_write.acquire()

    server = FakeServer(before_write=wait_for_leave)
    models = tuple(replace(INK, key=f"k{n}", name=f"Name {n}") for n in range(200))
    catalog = Catalog(name="acme", models=models)
    snapshot = observe(server, catalog)
    found = diff(catalog, snapshot)
    performer = Performer(server, Ledger(found, snapshot), open_file)
    outcomes = apply(build_plan(catalog, found), performer, jobs=2)
    may_write.release()  # a create takes two writes
    next(outcomes)
    closing = Thread(target=outcomes.close)
    closing.start()
    while closing.is_alive():
        may_write.release()
        closing.join(0.01)
    assert len(server.models) < 50


@pytest.mark.parametrize("write", ["add_to_collection", "remove_from_collection"])
def test_a_lost_answer_about_a_collection_is_settled_by_looking(
    example: Catalog, write: str
) -> None:
    server = FakeServer()
    if write == "remove_from_collection":
        run(server, example, open_file)
        models = tuple(
            replace(m, collections=frozenset()) if m.collections else m for m in example.models
        )
        example = replace(example, models=models)
    server.after_write = failing(write, Unreachable("lost"))
    assert {o.status for o in run(server, example, open_file)} == {Status.DONE}
    assert not plan(server, example).models


def test_a_model_is_looked_at_only_when_all_that_it_needs_is_there() -> None:
    server = FakeServer()
    model = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    spec = replace(INK, tags=frozenset({"new"}), examples=(image(0),))
    server.after_write = lambda name: (
        server.edit(model.id, short_description="theirs") if name == "upload_asset" else None
    )
    outcomes = run(server, Catalog(name="acme", models=(spec,)), open_file, jobs=1)
    assert ("EditTags", "conflict") in statuses(outcomes)
    assert server.models[model.id].examples == ()


def test_a_create_that_another_apply_did_as_well_is_a_conflict() -> None:
    outcomes = run(FakeServer(), Catalog(name="acme", models=(INK,)), open_file)
    (noticed,) = noticing_twins(outcomes, {"ink": ["model_1", "model_2"]})
    assert noticed.status is Status.CONFLICT
    assert "model_1, model_2" in noticed.reason
    assert noticing_twins(outcomes, {}) == outcomes
