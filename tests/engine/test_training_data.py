"""Training sets: compared, planned and made so, and never touched while a model trains."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

import pytest

from catalogsync.actions import (
    AddTrainingImages,
    RemoveTrainingImages,
    SetCaptions,
    SetTrainingPairs,
    SetTrainingParameters,
)
from catalogsync.diff import Came, diff
from catalogsync.errors import Unreachable
from catalogsync.ledger import Ledger
from catalogsync.model import AssetRef, Catalog, ModelSpec, Text, TrainingImage, TrainingPair
from catalogsync.observe import observe
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import build_plan
from tests.engine.catalogs import CONTENTS
from tests.engine.conftest import SHAS, image
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import EVERYTHING, plan, run

open_file = files_of(CONTENTS)


def shown(*numbers: int, caption: str | None = None) -> tuple[TrainingImage, ...]:
    """Some of the eight files as training images."""
    return tuple(TrainingImage(image(number), caption) for number in numbers)


def lora(key: str = "ink", **fields: Any) -> ModelSpec:
    return ModelSpec(key=key, name=key.title(), type="flux.1-lora", **fields)


def catalog(*specs: ModelSpec) -> Catalog:
    return Catalog("acme", tuple(sorted(specs, key=lambda spec: spec.key)))


def applied(server: FakeServer, *specs: ModelSpec) -> list[Outcome]:
    return run(server, catalog(*specs), open_file)


def held(server: FakeServer, key: str = "ink") -> dict[str, str | None]:
    """The captions of a model's training images, by the numbers of their files."""
    model = next(m for m in server.models.values() if f"catalog-sync:acme/{key}" in m.tags)
    numbers = {sha[:32]: str(number) for number, sha in enumerate(SHAS)}
    return {
        numbers[server.assets[each.asset.id].digest]: each.caption
        for each in model.training_images or ()
    }


def done(outcomes: Iterable[Outcome]) -> bool:
    return {outcome.status for outcome in outcomes} <= {Status.DONE}


def meanwhile(server: FakeServer, write: str, somebody: Callable[[], object]) -> None:
    """Let somebody do something right after the next write of a kind."""

    def after(name: str) -> None:
        if name == write:
            server.after_write = lambda name: None
            somebody()

    server.after_write = after


def paired(instruction: str) -> tuple[TrainingPair, ...]:
    return (TrainingPair(image(0), image(1), instruction),)


def test_an_image_has_its_caption_before_it_joins_and_leaves_when_others_have_come() -> None:
    server = FakeServer()
    applied(server, lora(training_images=shown(0, 1)))
    pair = TrainingPair(image(1), image(2), "make it rain")
    wanted = lora(
        training_images=(*shown(1), *shown(2, caption="two")),
        training_pairs=(pair,),
        training_parameters=(("rank", 16.0),),
        examples=(image(2),),
    )
    (found,) = plan(server, catalog(wanted)).models
    assert [type(action).__name__ for action in found.actions] == [
        "SetCaptions",
        "AddTrainingImages",
        "SetTrainingPairs",
        "RemoveTrainingImages",
        "SetTrainingParameters",
        "SetExamples",
    ]
    assert done(applied(server, wanted))
    assert held(server) == {"1": "", "2": "two"}
    (model,) = server.models.values()
    assert model.training_parameters == (("rank", 16),)
    assert [each.instruction for each in model.training_pairs or ()] == ["make it rain"]


def test_no_more_than_ten_images_join_in_a_call() -> None:
    server = FakeServer()
    ids = [server.add_asset(bytes([number])) for number in range(23)]
    images = tuple(TrainingImage(AssetRef(id=each)) for each in ids)
    assert done(applied(server, lora(training_images=images)))
    calls = [what["assetIds"] for name, what in server.writes if name == "add_training_images"]
    assert [len(each) for each in calls] == [10, 10, 3]
    assert [each for call in calls for each in call] == ids


def test_the_order_of_images_means_nothing_and_an_empty_list_empties_the_set() -> None:
    server = FakeServer()
    applied(server, lora(training_images=shown(0, 1, 2)))
    assert not plan(server, catalog(lora(training_images=shown(2, 0, 1)))).models
    assert not plan(server, catalog(lora())).models
    assert done(applied(server, lora(training_images=())))
    assert held(server) == {}


def test_a_caption_that_is_not_managed_is_left_alone_and_an_empty_one_made_empty() -> None:
    server = FakeServer()
    applied(server, lora(training_images=(*shown(0, caption="one"), *shown(1, caption="two"))))
    assert not plan(server, catalog(lora(training_images=shown(0, 1)))).models
    wanted = lora(training_images=(*shown(0), *shown(1, caption="")))
    (found,) = plan(server, catalog(wanted)).models
    (change,) = found.changes
    assert isinstance(change.before, TrainingImage)
    assert isinstance(change.after, TrainingImage)
    assert (change.before.caption, change.after.caption) == ("two", "")
    assert done(applied(server, wanted))
    assert held(server) == {"0": "one", "1": ""}


def test_pairs_are_a_list_and_only_named_parameters_are_managed() -> None:
    server = FakeServer()
    one, two = TrainingPair(image(0), image(1)), TrainingPair(image(1), image(0))
    images = shown(0, 1)
    applied(server, lora(training_images=images, training_pairs=(one, two)))
    turned = lora(training_images=images, training_pairs=(two, one))
    assert [c.path for c in plan(server, catalog(turned)).models[0].changes] == [
        ("trainingImagePairs",)
    ]
    (model,) = server.models.values()
    server.edit(model.id, training_parameters=(("rank", 8.0), ("seed", 1.0)))
    assert not plan(server, catalog(lora(training_parameters=(("rank", 8.0),)))).models
    (found,) = plan(server, catalog(lora(training_parameters=(("rank", 9.0),)))).models
    assert [(c.path, c.before, c.after) for c in found.changes] == [(("parameters", "rank"), 8, 9)]


def test_a_file_that_two_manifests_train_on_is_sent_once_and_described_for_both() -> None:
    server = FakeServer()
    both = [lora(key, training_images=shown(0, caption="one")) for key in ("ink", "wash")]
    assert done(applied(server, *both))
    assert len(server.assets) == 1
    again = [lora(key, training_images=shown(0, caption="two")) for key in ("ink", "wash")]
    outcomes = run(server, catalog(*again), open_file, jobs=1)
    assert done(outcomes)
    assert (held(server), held(server, "wash")) == ({"0": "two"}, {"0": "two"})


@pytest.mark.parametrize(
    "fields", [{"collections": frozenset({"Best"})}, {"epoch": ""}, {"prompt_guide": Text(("Go",))}]
)
def test_a_caption_of_ours_is_nobodys_edit_of_another_model(fields: dict[str, Any]) -> None:
    server = FakeServer()
    others = lora("wash", short_description="x", training_images=shown(0))
    applied(server, lora(training_images=shown(0, caption="one")), others)
    after = lora("wash", short_description="y", training_images=shown(0), **fields)
    outcomes = run(
        server, catalog(lora(training_images=shown(0, caption="two")), after), open_file, jobs=1
    )
    assert done(outcomes)
    assert held(server, "wash") == {"0": "two"}


DATA: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "pairs": ({"training_pairs": paired("one")}, {"training_pairs": paired("two")}),
    "parameters": (
        {"training_parameters": (("rank", 1.0), ("seed", 1.0))},
        {"training_parameters": (("rank", 2.0), ("seed", 2.0))},
    ),
    "caption": (
        {"training_images": shown(0, 1, caption="one")},
        {"training_images": (*shown(0, caption="two"), *shown(1, caption="one"))},
    ),
}
"""Training data before and after an apply."""


def edit(server: FakeServer, what: str, *, to: str, rank: float) -> None:
    """Write training data by hand."""
    (model,) = server.models.values()
    if what == "pairs":
        pairs = tuple(replace(each, instruction=to) for each in model.training_pairs or ())
        server.edit(model.id, training_pairs=pairs)
    elif what == "parameters":
        server.edit(model.id, training_parameters=(("rank", rank), ("seed", 1.0)))
    else:
        (first,) = (each for each, ref in server.assets.items() if ref.digest == SHAS[0][:32])
        server.set_caption(first, to)


@pytest.mark.parametrize("what", DATA)
@pytest.mark.parametrize("theirs", [False, True], ids=["same", "another"])
def test_what_somebody_writes_before_a_later_step_is_a_conflict_unless_it_is_as_wanted(
    what: str, theirs: bool
) -> None:
    server = FakeServer()
    before, after = DATA[what]
    base = lora(**{"training_images": shown(0, 1), **before})
    applied(server, base)
    to, rank = ("theirs", 9.0) if theirs else ("two", 2.0)
    meanwhile(server, "edit_tags", lambda: edit(server, what, to=to, rank=rank))
    outcomes = applied(server, replace(base, tags=frozenset({"x"}), **after))
    assert [each.status is Status.CONFLICT for each in outcomes] == [False, theirs]
    assert done(outcomes) is not theirs


WRITES = {"pairs": "set_training_pairs", "parameters": "update_model", "caption": "set_caption"}


@pytest.mark.parametrize("what", DATA)
@pytest.mark.parametrize("edited", [False, True])
def test_what_somebody_writes_before_a_write_is_repeated_is_a_conflict_and_stays(
    what: str, edited: bool
) -> None:
    server = FakeServer()
    before, after = DATA[what]
    base = lora(**{"training_images": shown(0, 1), **before})
    applied(server, base)
    server.loses_answers = True
    if edited:
        meanwhile(server, WRITES[what], lambda: edit(server, what, to="theirs", rank=9.0))
    outcomes = applied(server, replace(base, **after))
    assert [each.status is Status.CONFLICT for each in outcomes] == [edited]
    assert done(outcomes) is not edited


STEPS: dict[str, dict[str, Any]] = {
    "set_caption": {"training_images": shown(0, 1, 2, caption="two")},
    "remove_training_image": {"training_images": shown(0)},
    "add_training_images": {
        "training_images": (
            *shown(0, 1, 2),
            *(TrainingImage(AssetRef(id=f"asset_{number}")) for number in range(23)),
        )
    },
}
"""Steps of several writes each."""


@pytest.mark.parametrize("write", STEPS)
def test_who_stops_in_the_middle_of_a_step_gets_no_more_of_it(write: str) -> None:
    server, stop = FakeServer(), Event()
    server.assets |= {f"asset_{number}": AssetRef(id=f"asset_{number}") for number in range(23)}
    applied(server, lora(training_images=shown(0, 1, 2, caption="one")))
    meanwhile(server, write, stop.set)
    wanted = catalog(lora(**STEPS[write]))
    (outcome,) = run(server, wanted, open_file, stop=stop, between=server.log.clear)
    assert (outcome.status, outcome.reason) == (Status.SKIPPED, "interrupted")
    assert [name for name, _ in server.writes] == [write]


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("seconds", "looks"), [(0.4, 2), (1.1, 4)])
def test_captions_are_looked_at_again_only_where_the_last_look_lies_too_far_back(
    seconds: float, looks: int
) -> None:
    server, clock = FakeServer(), Clock()
    applied(server, lora(training_images=shown(0, 1, 2, caption="one")))

    def takes_time(name: str) -> None:
        clock.now += seconds

    server.after_write = takes_time
    wanted = catalog(lora(training_images=shown(0, 1, 2, caption="two")))
    outcomes = run(server, wanted, open_file, between=server.log.clear, clock=clock)
    assert done(outcomes)
    assert [name for name, _ in server.log].count("get_model") == looks


def test_a_caption_that_somebody_edits_while_another_is_written_slowly_stays() -> None:
    server, clock = FakeServer(), Clock()
    applied(server, lora(training_images=shown(0, 1, caption="one")))

    def other_one() -> None:
        clock.now = 2.0
        (second,) = (each for each, caption in server.captions.items() if caption == "one")
        server.set_caption(second, "theirs")

    meanwhile(server, "set_caption", other_one)
    wanted = catalog(lora(training_images=shown(0, 1, caption="two")))
    (outcome,) = run(server, wanted, open_file, clock=clock)
    assert outcome.status is Status.CONFLICT
    assert sorted(server.captions.values()) == ["theirs", "two"]


def test_pairs_that_somebody_edits_while_the_set_is_read_slowly_stay() -> None:
    server, clock = FakeServer(), Clock()
    base = lora(training_images=shown(0, 1), training_pairs=paired("one"))
    applied(server, base)
    reads = iter(range(9))

    def third_read(name: str) -> None:
        if name == "get_model" and next(reads) == 2:
            clock.now = 2.0
            edit(server, "pairs", to="theirs", rank=0)

    def begin() -> None:
        server.before_read = third_read

    wanted = catalog(replace(base, training_pairs=paired("two")))
    (outcome,) = run(server, wanted, open_file, between=begin, clock=clock)
    assert outcome.status is Status.CONFLICT


def test_somebody_elses_caption_right_before_the_write_is_a_conflict() -> None:
    server = FakeServer()
    applied(server, lora(training_images=shown(0, caption="one")))
    (asset_id,) = server.assets

    def describe() -> None:
        # What a server does that does not tell of it by a new date.
        (model,) = server.models.values()
        moved = (TrainingImage(AssetRef(id=asset_id), "theirs"),)
        server.models[model.id] = replace(model, training_images=moved)

    wanted = catalog(lora(training_images=shown(0, caption="two")))
    outcomes = run(server, wanted, open_file, between=describe)
    assert [outcome.status for outcome in outcomes] == [Status.CONFLICT]
    assert held(server) == {"0": "theirs"}


@pytest.mark.parametrize(("status", "code"), [("training", "in-training"), ("copying", "copying")])
def test_nothing_is_touched_while_a_model_trains_or_is_copied(status: str, code: str) -> None:
    server = FakeServer()
    applied(server, lora(training_images=shown(0)))
    (model,) = server.models.values()
    server.edit(model.id, status=status)
    changes: tuple[dict[str, Any], ...] = (
        {"training_images": shown(1)},
        {"training_images": shown(0, caption="one")},
        {"training_pairs": (TrainingPair(image(0), image(0)),)},
        {"training_parameters": (("rank", 4.0),)},
    )
    for fields in changes:
        found = plan(server, catalog(lora(**{"training_images": shown(0), **fields})))
        (refusal,) = found.refusals
        assert (refusal.model, refusal.code) == ("ink", code)
        assert not found.models


def test_what_is_not_trained_on_is_changed_while_a_model_trains() -> None:
    server = FakeServer()
    applied(server, lora(training_images=shown(0)))
    (model,) = server.models.values()
    server.edit(model.id, status="training")
    assert done(applied(server, lora(short_description="fine", training_images=shown(0))))


def test_a_training_that_begins_after_the_plan_is_a_conflict_by_name() -> None:
    server = FakeServer()
    applied(server, lora(training_images=shown(0)))
    (model,) = server.models.values()

    def begin() -> None:
        server.models[model.id] = replace(server.models[model.id], status="training")

    wanted = catalog(lora(training_images=shown(1)))
    outcomes = run(server, wanted, open_file, between=begin)
    (conflict,) = [each for each in outcomes if each.status is Status.CONFLICT]
    assert "the model is training by now" in conflict.reason
    assert held(server) == {"0": ""}


def test_a_caption_of_a_picture_that_another_model_is_trained_on_now_is_refused() -> None:
    server = FakeServer()
    specs = [lora(key, training_images=shown(0, caption="one")) for key in ("ink", "wash")]
    applied(server, *specs)
    trained = next(m for m in server.models.values() if m.name == "Wash")
    server.edit(trained.id, status="training")
    again = [lora(key, training_images=shown(0, caption="two")) for key in ("ink", "wash")]
    refusals = plan(server, catalog(*again)).refusals
    assert [(each.model, each.code) for each in refusals] == [
        ("ink", "in-training"),
        ("wash", "in-training"),
    ]


def begins_to_train(server: FakeServer, name: str) -> None:
    (model,) = (each for each in server.models.values() if each.name == name)
    server.models[model.id] = replace(model, status="training")


@pytest.mark.parametrize("new", [False, True])
def test_a_caption_of_a_picture_that_another_model_begins_to_train_on_after_the_plan_is_a_conflict(
    new: bool,
) -> None:
    server = FakeServer()
    wash = lora("wash", training_images=shown(0))
    ink = lora(training_images=shown(0, caption="one"))
    applied(server, wash) if new else applied(server, wash, ink)
    outcomes = run(
        server,
        catalog(lora(training_images=shown(0, caption="two")), wash),
        open_file,
        between=lambda: begins_to_train(server, "Wash"),
    )
    (conflict,) = [each for each in outcomes if each.status is Status.CONFLICT]
    assert "is training by now and has one of the images as well" in conflict.reason
    assert "two" not in server.captions.values()


def test_a_training_of_another_model_that_begins_between_two_captions_is_a_conflict() -> None:
    server, clock = FakeServer(), Clock()
    wash = lora("wash", training_images=shown(1))
    applied(server, wash, lora(training_images=shown(0, 1, caption="one")))

    def begin() -> None:
        clock.now = 2.0
        begins_to_train(server, "Wash")

    meanwhile(server, "set_caption", begin)
    wanted = catalog(wash, lora(training_images=shown(0, 1, caption="two")))
    (outcome,) = run(server, wanted, open_file, clock=clock)
    assert outcome.status is Status.CONFLICT
    assert sorted(server.captions.values()) == ["one", "two"]


def test_another_model_that_had_the_picture_and_is_gone_is_no_conflict() -> None:
    server = FakeServer()
    wash, one = lora("wash", training_images=shown(0)), shown(0, caption="one")
    applied(server, wash, lora(training_images=one))
    (model_id,) = (each.id for each in server.models.values() if each.name == "Wash")
    wanted = catalog(wash, lora(training_images=shown(0, caption="two")))
    outcomes = run(server, wanted, open_file, between=lambda: server.delete(model_id))
    assert done(outcomes)
    assert held(server) == {"0": "two"}


def test_a_pair_of_what_is_no_training_image_is_refused() -> None:
    server = FakeServer()
    pairs = (TrainingPair(image(0), image(1)),)
    found = plan(server, catalog(lora(training_images=shown(0), training_pairs=pairs)))
    assert [each.code for each in found.refusals] == ["pair-outside"]
    assert "1.webp" in found.refusals[0].message


def test_where_there_is_no_room_for_both_what_goes_goes_first() -> None:
    server = FakeServer(most_images=2)
    applied(server, lora(training_images=shown(0, 1)))
    assert done(applied(server, lora(training_images=shown(2, 3))))
    assert held(server) == {"2": "", "3": ""}


def test_the_ceiling_is_told_in_the_servers_words() -> None:
    server = FakeServer(most_images=2)
    outcomes = applied(server, lora(training_images=shown(0, 1, 2)))
    (failed,) = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    assert failed.reason == "add-training-image: the limit is reached"
    assert isinstance(failed.action, AddTrainingImages)


def test_an_answer_that_gets_lost_or_another_adding_the_same_is_no_error() -> None:
    server = FakeServer()
    lost = iter([True, False])

    def lose(name: str) -> None:
        if name == "add_training_images" and next(lost, False):
            raise Unreachable("no answer")

    server.after_write = lose
    assert done(applied(server, lora(training_images=shown(0, 1))))
    assert held(server) == {"0": "", "1": ""}
    assert [name for name, _ in server.writes].count("add_training_images") == 1


def test_an_image_that_somebody_adds_meanwhile_is_there_already_and_no_error() -> None:
    server = FakeServer()
    applied(server, lora(training_images=(), examples=(image(0), image(1))))
    (model,) = server.models.values()
    theirs = iter([model.examples[0]])

    def add(name: str) -> None:
        if name == "add_training_images" and (asset_id := next(theirs, None)):
            server._train(model.id, [asset_id])

    server.before_write = add
    wanted = lora(training_images=shown(0, 1), examples=(image(0), image(1)))
    assert done(applied(server, wanted))
    assert held(server) == {"0": "", "1": ""}


def test_equal_images_that_somebody_added_are_taken_out_but_one() -> None:
    server = FakeServer()
    applied(server, lora(training_images=shown(0)))
    (model,) = server.models.values()
    twin = server.add_asset(CONTENTS[SHAS[0]])
    server._train(model.id, [*(server._trained_on(model.id)), twin])
    assert done(applied(server, lora(training_images=shown(0))))
    assert len(server.models[model.id].training_images or ()) == 1
    assert not plan(server, catalog(lora(training_images=shown(0)))).models


def test_the_estimate_counts_what_training_sets_take() -> None:
    server = FakeServer()
    ids = [server.add_asset(bytes([number])) for number in range(12)]
    images = tuple(TrainingImage(AssetRef(id=each), f"caption of {each}") for each in ids)
    applied(server, lora())
    wanted = catalog(lora(training_images=images, training_parameters=(("rank", 4.0),)))
    made = plan(server, wanted)
    before = len(server.log)
    run(server, wanted, open_file, between=lambda: server.log.clear())
    assert before
    assert made.requests == len(server.log)


BASE = lora(
    training_images=(*shown(0, caption="zero"), *shown(1, caption="one"), *shown(2)),
    training_pairs=(TrainingPair(image(0), image(1)),),
    training_parameters=(("rank", 4.0), ("seed", 1.0)),
)


def edited() -> FakeServer:
    """A server to which base was applied, and where somebody edited a bit of everything."""
    server = FakeServer()
    applied(server, BASE)
    (model,) = server.models.values()
    ids = {server.assets[each].digest: each for each in server._trained_on(model.id)}
    zero, one, two = (ids[SHAS[number][:32]] for number in range(3))
    server.set_caption(one, "by hand")
    server.set_training_pairs(model.id, [])
    server.remove_training_image(model.id, two)
    server.edit(model.id, training_parameters=(("rank", 4.0), ("seed", 7.0)))
    assert zero
    return server


WANTED = replace(
    BASE,
    training_images=(*shown(0, caption="new"), *shown(1, caption="one"), *shown(2), *shown(3)),
    training_parameters=(("rank", 8.0), ("seed", 1.0)),
)


def test_every_difference_of_a_training_set_tells_where_it_comes_from() -> None:
    server = edited()
    seen = observe(server, catalog(WANTED), jobs=2)
    (found,) = diff(catalog(WANTED), seen, base=catalog(BASE)).models
    came = {}
    for change in found.changes:
        image = change.after or change.before
        name = image.asset.name if isinstance(image, TrainingImage) else " ".join(change.path)
        came[name] = change.came
    assert came == {
        "0.webp": Came.PENDING,
        "1.webp": Came.DRIFT,
        "2.webp": Came.DRIFT,
        "3.webp": Came.PENDING,
        "trainingImagePairs": Came.DRIFT,
        "parameters rank": Came.PENDING,
        "parameters seed": Came.DRIFT,
    }


def test_only_mine_leaves_edits_of_a_training_set_alone() -> None:
    server = edited()
    wanted = catalog(WANTED)
    seen = observe(server, wanted, jobs=2)
    found = diff(wanted, seen, base=catalog(BASE), only_mine=True)
    made = build_plan(wanted, found, allow=EVERYTHING)
    performer = Performer(server, Ledger(found, seen), open_file, pause=lambda seconds: None)
    kinds = {type(action) for model in made.models for action in model.actions}
    assert kinds == {SetCaptions, AddTrainingImages, SetTrainingParameters}
    assert {SetTrainingPairs, RemoveTrainingImages}.isdisjoint(kinds)
    for action in made.actions:
        performer.perform(action)
    assert held(server) == {"0": "new", "1": "by hand", "3": ""}
    (model,) = server.models.values()
    assert dict(model.training_parameters or ()) == {"rank": 8, "seed": 7}


def test_a_caption_that_both_sides_changed_is_in_conflict() -> None:
    server = edited()
    both = replace(BASE, training_images=(*shown(0), *shown(1, caption="mine"), *shown(2)))
    seen = observe(server, catalog(both), jobs=2)
    found = diff(catalog(both), seen, base=catalog(BASE), only_mine=True)
    (refusal,) = found.refusals
    assert "trainingImages was changed in the manifest and on the server" in refusal.message
