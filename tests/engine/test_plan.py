"""What a plan tells and carries, beyond what its apply does: fields, numbers, what was chosen."""

from dataclasses import replace

import pytest

from catalogsync.actions import UpdateModel, UploadAsset
from catalogsync.diff import Verb, diff
from catalogsync.marks import PROTECTED_TAG, owner_tag
from catalogsync.model import (
    NO_ASSET,
    AssetOptions,
    AssetRef,
    Catalog,
    Concept,
    Mention,
    ModelRef,
    ModelSpec,
    RemoteModel,
    Snapshot,
    State,
    Text,
    TrainingImage,
    TrainingPair,
)
from catalogsync.observe import observe
from catalogsync.plan import Base, Plan, build_plan
from catalogsync.rules import NO_ALLOWANCES
from tests.engine.catalogs import CONTENTS
from tests.engine.conftest import SHAS, image
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import plan, run

INK = ModelSpec(key="ink", name="Ink", type="flux.1-lora")
OAK = ModelSpec(key="oak", name="Oak", type="flux.1-lora")
LARGE = 10_000_000


def marked(key: str, *more: str) -> frozenset[str]:
    return frozenset({owner_tag("acme", key), *more})


def catalog(*models: ModelSpec) -> Catalog:
    return Catalog(name="acme", models=models)


def test_only_the_refusals_of_chosen_models_are_told() -> None:
    server = FakeServer()
    for _ in range(2):
        server.add_model("Oak", tags=marked("oak"))
    both = catalog(INK, OAK)
    chosen = {key: plan(server, both, keys=frozenset({key})).refusals for key in ("ink", "oak")}
    assert chosen["ink"] == ()
    assert [refusal.model for refusal in chosen["oak"]] == ["oak"]


def test_only_the_chosen_manifests_are_judged() -> None:
    missing = {"thumbnail": AssetRef(id="asset_gone")}
    both = catalog(replace(INK, **missing), replace(OAK, **missing))  # type: ignore[arg-type]
    for key in ("ink", "oak"):
        made = plan(FakeServer(), both, keys=frozenset({key}))
        assert [refusal.model for refusal in made.refusals] == [key]


def test_orphans_stay_unless_pruning_is_asked_for() -> None:
    server = FakeServer()
    server.add_model("Old", tags=marked("old"))
    snapshot = observe(server, catalog(INK), jobs=1)
    assert [model.verb for model in diff(catalog(INK), snapshot).models] == [Verb.CREATE]


@pytest.mark.parametrize("spec", [INK, replace(INK, state=State.ABSENT)])
def test_a_model_that_goes_is_named(spec: ModelSpec) -> None:
    server = FakeServer()
    server.add_model("Old", tags=marked("old"))
    server.add_model("Ink", tags=marked("ink"))
    names = {model.key: model.name for model in plan(server, catalog(spec), prune=True).models}
    assert names["old"] == "Old"


def test_a_plan_says_where_it_is_to_be_applied() -> None:
    snapshot = Snapshot({}, collections={})
    found = diff(catalog(INK), snapshot)
    made = build_plan(catalog(INK), found, target="staging", project="proj_stg")
    assert (made.target, made.project) == ("staging", "proj_stg")


def test_a_plan_says_by_which_commit_it_tells_changes_apart() -> None:
    applied = Base("c0ffee", "the tag says so")
    found = diff(catalog(INK), Snapshot({}, collections={}))
    assert build_plan(catalog(INK), found, base=applied).base == applied


def test_for_the_brakes_only_the_chosen_models_count() -> None:
    server = FakeServer()
    specs = [replace(INK, key=f"ink-{at}", name=f"Ink {at}") for at in range(10)]
    for spec in specs:
        server.add_model(spec.name, tags=marked(spec.key))
    gone = catalog(*(replace(spec, state=State.ABSENT) for spec in specs))
    assert plan(server, gone, allow=NO_ALLOWANCES).blocked
    chosen = plan(server, gone, keys=frozenset({"ink-0"}), allow=NO_ALLOWANCES)
    assert (chosen.count(Verb.DELETE), chosen.refusals) == (1, ())


FULL = replace(
    INK,
    short_description="Short.",
    tags=frozenset({"ink"}),
    thumbnail=image(0),
    examples=(image(0), image(1)),
    description=Text(("Long.",)),
    prompt_guide=Text(("Short prompts.",)),
    collections=frozenset({"Comics"}),
    class_slug="art",
    training_images=(TrainingImage(image(2), "ink"), TrainingImage(image(3), "ink")),
    training_pairs=(TrainingPair(image(2), image(3), "more ink"),),
    training_parameters=(("rank", 4.0),),
)


@pytest.mark.parametrize(
    ("field", "edited", "writes"),
    [
        ("name", "Inked", ["UpdateModel"]),
        ("thumbnail", image(4), ["UpdateModel"]),
        ("tags", frozenset({"inked"}), ["EditTags"]),
        ("protect", True, ["EditTags"]),
        ("collections", frozenset({"Best"}), ["EditCollections"]),
        ("examples", (image(1),), ["SetExamples"]),
        ("description", Text(("Longer.",)), ["SetDescription"]),
        ("prompt_guide", Text(("Long prompts.",)), ["SetPromptGuide"]),
        ("training_pairs", (), ["SetTrainingPairs"]),
        ("training_parameters", (("rank", 8.0),), ["SetTrainingParameters"]),
    ],
)
def test_nothing_is_written_but_what_differs(field: str, edited: object, writes: list[str]) -> None:
    server = FakeServer()
    run(server, catalog(FULL), files_of(CONTENTS))
    spec = replace(FULL, **{field: edited})  # type: ignore[arg-type]  # a value of that field
    (model,) = plan(server, catalog(spec)).models
    assert [type(action).__name__ for action in model.actions] == writes


def fields_set(server: FakeServer, spec: ModelSpec) -> dict[str, object]:
    (model,) = plan(server, catalog(spec)).models
    updates = [action for action in model.actions if isinstance(action, UpdateModel)]
    return dict(updates[0].fields)


def test_an_update_unsets_with_null_what_the_api_unsets_so_and_empties_texts() -> None:
    server = FakeServer()
    server.add_model(
        "Ink",
        tags=marked("ink"),
        status="trained",
        class_slug="art",
        epoch="000001",
        epochs=("000001",),
        short_description="short",
        thumbnail=server.add_asset(CONTENTS[SHAS[0]]),
    )
    empty = replace(INK, class_slug="", epoch="", short_description="", thumbnail=NO_ASSET)
    assert fields_set(server, empty) == {
        "classSlug": None,
        "epoch": None,
        "shortDescription": "",
        "thumbnail": None,
    }


def test_an_update_carries_a_thumbnail_and_concepts_as_they_are_declared() -> None:
    server = FakeServer()
    oak = server.add_model("Oak")
    server.add_model("Ink", tags=marked("ink"))
    concepts = (Concept(ModelRef(id=oak.id), 0.5),)
    spec = replace(INK, thumbnail=image(0), concepts=concepts)
    assert fields_set(server, spec) == {"concepts": concepts, "thumbnail": image(0)}


def test_a_thumbnail_that_is_unset_becomes_nothing() -> None:
    server = FakeServer()
    held = server.add_asset(CONTENTS[SHAS[0]])
    server.add_model("Ink", tags=marked("ink"), thumbnail=held)
    (model,) = plan(server, catalog(replace(INK, thumbnail=NO_ASSET))).models
    (change,) = model.changes
    assert (change.path, change.after) == (("thumbnail",), None)


def test_what_protection_becomes_is_told_when_a_model_is_forgotten() -> None:
    server = FakeServer()
    server.add_model("Ink", tags=marked("ink", PROTECTED_TAG))
    (model,) = plan(server, catalog(replace(INK, state=State.UNMANAGED))).models
    told = {change.path: (change.model, change.before, change.after) for change in model.changes}
    assert told[("protect",)] == ("ink", True, False)
    assert model.before == model.after


def test_the_epoch_of_a_concept_is_told_by_its_name() -> None:
    server = FakeServer()
    oak = server.add_model("Oak")
    server.add_model("Ink", tags=marked("ink"), concepts=(Concept(ModelRef(id=oak.id), 1.0, "1"),))
    spec = replace(INK, concepts=(Concept(ModelRef(id=oak.id), 1.0, "2"),))
    (model,) = plan(server, catalog(spec)).models
    assert [change.path for change in model.changes] == [("concepts", oak.id, "epoch")]


def test_every_concept_that_changes_is_told() -> None:
    server = FakeServer()
    ids = [server.add_model(name).id for name in ("Oak", "Elm")]
    one, half = (tuple(Concept(ModelRef(id=i), scale) for i in ids) for scale in (1.0, 0.5))
    server.add_model("Ink", tags=marked("ink"), concepts=one)
    (model,) = plan(server, catalog(replace(INK, concepts=half))).models
    assert {change.path for change in model.changes} == {("concepts", i, "scale") for i in ids}


def test_two_models_that_no_manifest_knows_are_not_one() -> None:
    server = FakeServer()
    model = server.add_model("Ink", tags=marked("ink"))
    server.descriptions[model.id] = "See {model:model_one}."
    mention = Mention("{model:model_two}", ModelRef(id="model_two"))
    spec = replace(INK, description=Text(("See ", mention, ".")))
    (planned,) = plan(server, catalog(spec)).models
    assert [change.path for change in planned.changes] == [("description",)]


def test_the_card_of_a_live_model_shows_its_collections() -> None:
    server = FakeServer()
    held = frozenset({server.create_collection("Comics"), server.create_collection("Art")})
    server.add_model("Ink", tags=marked("ink"), collection_ids=held)
    (model,) = plan(server, catalog(replace(INK, collections=frozenset({"Art"})))).models
    assert model.before is not None
    assert model.after is not None
    assert (model.before.collections, model.after.collections) == (("Art", "Comics"), ("Art",))


def uploading(*refs: AssetRef) -> Plan:
    return plan(FakeServer(), catalog(replace(INK, examples=refs)))


def test_a_large_file_takes_the_requests_of_its_parts() -> None:
    small, large = image(0), replace(image(0), size=LARGE)
    assert uploading(large).requests > uploading(small).requests + 2


@pytest.mark.parametrize("names", [("a.webp", "b.webp"), ("b.webp", "a.webp")])
def test_a_file_that_goes_by_two_names_is_sent_once_under_the_first(names: tuple[str, str]) -> None:
    cover, example = (replace(image(0), name=name) for name in names)
    made = plan(FakeServer(), catalog(replace(INK, thumbnail=cover, examples=(example,))))
    assert [upload.asset.name for upload in made.uploads] == ["a.webp"]


def test_files_are_listed_as_models_need_them_first_and_sent_by_their_size() -> None:
    tall = replace(image(2), size=LARGE)
    first = replace(INK, thumbnail=image(5), examples=(image(3), tall))
    second = replace(OAK, examples=(tall, image(0), image(3)))
    made = plan(FakeServer(), catalog(first, second))
    listed = [upload.asset for upload in made.uploads]
    assert listed == [image(5), image(3), tall, image(0)]
    sent = [action.asset for action in made.actions if isinstance(action, UploadAsset)]
    assert sent == sorted(listed, key=lambda ref: -ref.size)


def test_what_a_snapshot_does_not_hold_is_refused_with_a_way_out() -> None:
    live = RemoteModel(
        id="m", name="Ink", type="flux.1-lora", status="", updated_at="", tags=marked("ink")
    )
    spec = replace(INK, description=Text(("words",)))
    (refusal,) = diff(catalog(spec), Snapshot({"m": live})).refusals
    assert (refusal.model, refusal.hint) == (
        "ink",
        "take a new snapshot with these manifests, or plan against live",
    )


def test_what_is_pruned_is_no_orphan_that_is_left() -> None:
    server = FakeServer()
    server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    nothing = Catalog(name="acme", models=())
    left, pruned = plan(server, nothing), plan(server, nothing, prune=True)
    assert ([orphan.key for orphan in left.orphans], left.models) == (["ink"], ())
    assert (pruned.orphans, [model.verb for model in pruned.models]) == ((), [Verb.DELETE])


def test_a_file_is_filed_as_one_of_its_places_says_below_what_is_sent_too() -> None:
    options = AssetOptions(hide=True, parent=image(1), collections=("Sketches",))
    filed = replace(image(0), options=options)
    for cover, example in ((image(0), filed), (filed, image(0))):
        spec = replace(INK, thumbnail=cover, examples=(example,))
        made = plan(FakeServer(), catalog(spec))
        assert {each.asset: each.options for each in made.uploads} == {
            image(0): options,
            image(1): None,
        }
        assert {each.asset.options for each in made.uploads} == {None}
        assert [collection.name for collection in made.collections] == ["Sketches"]


def test_a_parent_that_is_there_is_not_sent_again() -> None:
    server = FakeServer()
    server.add_asset(CONTENTS[SHAS[1]])
    filed = replace(image(0), options=AssetOptions(parent=image(1)))
    made = plan(server, catalog(replace(INK, examples=(filed,))))
    assert [upload.asset for upload in made.uploads] == [image(0)]
