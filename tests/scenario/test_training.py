"""Training data as the vendor's JSON has it: read in whole, sent as documented."""

from typing import Any

import pytest

from catalogsync.errors import BadResponse
from catalogsync.model import AssetRef, TrainingImage, TrainingPair
from catalogsync.scenario.training_sets import pairs_request, parameters_from, whole_model_from
from catalogsync.scenario.wire import model_from

BARE: dict[str, Any] = {
    "id": "model_1",
    "type": "flux.1-lora",
    "status": "trained",
    "updatedAt": "2026-01-01T00:00:00.000Z",
    "tags": [],
    "exampleAssetIds": [],
}
IMAGES = [{"id": f"asset_{number}", "description": f"no. {number}"} for number in range(3)]


def test_a_listing_tells_how_many_training_images_there_are_and_no_more() -> None:
    model = model_from(BARE | {"trainingImages": IMAGES, "trainingImagesNumber": 12})
    assert model.training_count == 12
    assert (model.training_images, model.training_pairs, model.training_parameters) == (None,) * 3


def test_a_model_by_itself_tells_all() -> None:
    pairs = [{"sourceId": "asset_0", "targetId": "asset_1"}]
    data = BARE | {
        "trainingImages": IMAGES,
        "trainingImagesNumber": 3,
        "trainingImagePairs": pairs,
        "parameters": {"rank": 16, "scaleLr": True, "samplePrompts": ["a"], "age": "x", "x": None},
    }
    model = whole_model_from(data)
    assert model.training_images == tuple(
        TrainingImage(AssetRef(id=f"asset_{number}"), f"no. {number}") for number in range(3)
    )
    assert model.training_pairs == (TrainingPair(AssetRef(id="asset_0"), AssetRef(id="asset_1")),)
    assert model.training_parameters == (
        ("age", "x"),
        ("rank", 16.0),
        ("samplePrompts", ("a",)),
        ("scaleLr", True),
    )


@pytest.mark.parametrize("missing", [{}, {"trainingImages": None, "parameters": {}}])
def test_what_a_model_does_not_tell_is_empty(missing: dict[str, Any]) -> None:
    model = whole_model_from(BARE | missing)
    assert (model.training_images, model.training_pairs, model.training_parameters) == ((), (), ())
    assert (model.prompt_embedding, model.negative_prompt_embedding) == ("", "")


def test_training_images_that_are_not_all_told_were_not_read() -> None:
    data = BARE | {"trainingImages": IMAGES, "trainingImagesNumber": 4}
    assert whole_model_from(data).training_images is None


@pytest.mark.parametrize(
    "broken",
    [
        {"trainingImages": {}},
        {"trainingImages": ["asset_1"]},
        {"trainingImages": [{"name": "x"}]},
        {"trainingImagePairs": [{"sourceId": "asset_1"}]},
        {"trainingImagePairs": "x"},
    ],
)
def test_training_data_of_another_shape_never_passes_for_less(broken: dict[str, Any]) -> None:
    with pytest.raises(BadResponse, match="the server describes"):
        whole_model_from(BARE | broken)


def test_the_secret_among_the_parameters_is_never_read() -> None:
    assert parameters_from({"parameters": {"wandbKey": "secret", "rank": 4}}) == (("rank", 4.0),)
    assert parameters_from({}) is None


def test_pairs_are_sent_as_a_bare_array() -> None:
    pair = TrainingPair(AssetRef(id="asset_1"), AssetRef(id="asset_2"), "make it rain")
    assert pairs_request([pair]) == [
        {"sourceId": "asset_1", "targetId": "asset_2", "instruction": "make it rain"}
    ]
