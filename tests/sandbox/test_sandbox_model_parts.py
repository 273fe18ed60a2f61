"""What hangs on a model: texts, examples, tags."""

from collections.abc import Callable

import httpx
import pytest
from scenario_sdk import BadRequestError, NotFoundError, Scenario


def test_unset_texts_read_as_empty(client: Scenario) -> None:
    model = client.models.create().model
    assert client.models.description.retrieve(model.id).description.value == ""
    assert client.models.prompt_guide.retrieve(model.id).prompt_guide.value == ""


@pytest.mark.parametrize("text", ["# Title\r\n\r\ntext \n", "", "  ", "日本 \U0001f600", "{", "{}"])
def test_texts_come_back_exactly_as_sent(client: Scenario, text: str) -> None:
    model = client.models.create().model
    sent = client.models.description.update(model.id, description=text).description
    assert (sent.value, sent.assets, sent.models) == (text, [], [])
    assert client.models.description.retrieve(model.id).description.value == text
    client.models.prompt_guide.update(model.id, prompt_guide=text)
    assert client.models.prompt_guide.retrieve(model.id).prompt_guide.value == text


def test_null_deletes_a_text(client: Scenario, raw: httpx.Client) -> None:
    model = client.models.create().model
    for name, key in (("description", "description"), ("prompt-guide", "promptGuide")):
        raw.put(f"/models/{model.id}/{name}", json={key: "text"})
        assert raw.put(f"/models/{model.id}/{name}", json={key: None}).json()[key]["value"] == ""


@pytest.mark.parametrize("body", [{}, {"description": 5}, {"description": "x" * 100_001}])
def test_a_bad_description_is_refused(
    client: Scenario, raw: httpx.Client, body: dict[str, object]
) -> None:
    model = client.models.create().model
    assert raw.put(f"/models/{model.id}/description", json=body).status_code == 400
    assert client.models.retrieve(model.id).model.updated_at == model.updated_at


def test_references_in_a_description_are_resolved(
    client: Scenario, stranger: Scenario, asset: Callable[[], str]
) -> None:
    model, other = (client.models.create(name=name).model for name in ("a", "b"))
    foreign = stranger.models.create().model
    image = asset()
    text = (
        f"{{asset:{image}}} {{model:{other.id}}} {{asset:{image}}} "
        f"{{asset:asset_none}} {{model:{foreign.id}}}"
    )
    told = client.models.description.update(model.id, description=text).description
    assert told.value == text
    assert [each.id for each in told.assets] == [image]
    assert [(each.id, each.name) for each in told.models] == [(other.id, "b")]


def test_examples_are_replaced_in_order(client: Scenario, asset: Callable[[], str]) -> None:
    model = client.models.create().model
    first, second, third = (asset() for _ in range(3))
    for wanted in ([third, first], [first, second, third], []):
        answer = client.models.examples.update(model.id, asset_ids=wanted)
        assert [each.asset.id for each in answer.examples] == wanted
        assert [each.asset.id for each in client.models.examples.list(model.id).examples] == wanted
        assert client.models.retrieve(model.id).model.example_asset_ids == wanted
    assert {each.api_model_id for each in answer.examples} <= {model.id}


def test_bad_examples_are_refused(
    client: Scenario, stranger: Scenario, asset: Callable[[], str]
) -> None:
    model = client.models.create().model
    image = asset()
    foreign = stranger.models.create().model.id
    for wanted in ([image, image], ["asset_none"], ["asset_x"] * 151):
        with pytest.raises(BadRequestError):
            client.models.examples.update(model.id, asset_ids=wanted)
    with pytest.raises(NotFoundError):
        client.models.examples.update(foreign, asset_ids=[])


def test_up_to_150_examples_are_taken(client: Scenario, asset: Callable[[], str]) -> None:
    model = client.models.create().model
    wanted = [asset() for _ in range(150)]
    client.models.examples.update(model.id, asset_ids=wanted)
    assert client.models.retrieve(model.id).model.example_asset_ids == wanted


def test_tags_come_back_sorted_by_code_point(client: Scenario) -> None:
    model = client.models.create().model
    wanted = ["b", "é", "a", "Z", "\U0001f600", "ff:x/y"]
    answer = client.models.update_tags(model.id, add=wanted)
    assert answer.added == wanted
    assert answer.deleted == []
    assert client.models.retrieve(model.id).model.tags == sorted(wanted)


def test_strict_tags_refuse_what_would_change_nothing(client: Scenario) -> None:
    model = client.models.create().model
    client.models.update_tags(model.id, add=["a"])
    for change in ({"add": ["a", "b"]}, {"delete": ["c"]}):
        with pytest.raises(BadRequestError):
            client.models.update_tags(model.id, strict=True, **change)  # type: ignore[arg-type]
    assert client.models.retrieve(model.id).model.tags == ["a"]


def test_loose_tags_answer_what_really_changed(client: Scenario) -> None:
    model = client.models.create().model
    client.models.update_tags(model.id, add=["a", "b"])
    answer = client.models.update_tags(model.id, add=["a", "c"], delete=["b", "d"], strict=False)
    assert (answer.added, answer.deleted) == (["c"], ["b"])
    assert client.models.retrieve(model.id).model.tags == ["a", "c"]


@pytest.mark.parametrize("tag", ["", " ", "a,b", "a\nb", "\x00", "x" * 257])
def test_a_tag_that_could_not_be_filtered_by_is_refused(client: Scenario, tag: str) -> None:
    model = client.models.create().model
    with pytest.raises(BadRequestError):
        client.models.update_tags(model.id, add=[tag], strict=False)


def test_a_tag_is_not_added_and_deleted_at_once(client: Scenario) -> None:
    model = client.models.create().model
    with pytest.raises(BadRequestError):
        client.models.update_tags(model.id, add=["a"], delete=["a"], strict=False)
    with pytest.raises(NotFoundError):
        client.models.update_tags("model_none", add=["a"])


def test_the_tags_in_use_are_counted_over_models_and_assets(
    client: Scenario, asset: Callable[[], str], project: str
) -> None:
    models = [client.models.create().model.id for _ in range(2)]
    for model in models:
        client.models.update_tags(model, add=["both", f"only-{model}"])
    image = asset()
    client.assets.update_tags(image, add=["both"])
    assert client.assets.retrieve(image).asset.tags == ["both"]
    listed = {tag.tag_name: tag for tag in client.tags.list(page_size=1)}
    assert list(listed) == ["both", *sorted(f"only-{model}" for model in models)]
    assert listed["both"].item_count == 3
    assert listed["both"].owner_id == project
    client.models.delete(models[0])
    assert next(iter(client.tags.list())).item_count == 2
