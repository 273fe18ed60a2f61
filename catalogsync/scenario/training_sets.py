"""The vendor's JSON of training data to our values and back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalogsync.errors import BadResponse
from catalogsync.model import (
    AssetRef,
    Parameter,
    Parameters,
    RemoteModel,
    TrainingImage,
    TrainingPair,
)
from catalogsync.scenario.fields import mapping, number, text
from catalogsync.scenario.wire import model_from

_SECRET = "wandbKey"


def whole_model_from(data: Mapping[str, object]) -> RemoteModel:
    """A model as it is told by itself: with its embeddings and training data.

    What is not told is empty; training images that are not all told were not read.
    """
    model = model_from(data)
    images = _objects(data, "trainingImages")
    return replace(
        model,
        prompt_embedding=model.prompt_embedding or "",
        negative_prompt_embedding=model.negative_prompt_embedding or "",
        training_images=tuple(map(_image, images)) if len(images) >= model.training_count else None,
        training_pairs=pairs_from(data, "trainingImagePairs"),
        training_parameters=parameters_from(data) or (),
        trained_at=text(mapping(data, "trainingStats"), "endedAt"),
    )


def parameters_from(data: Mapping[str, object]) -> Parameters | None:
    """The training parameters of a model, without the secret among them; None if not told."""
    held = data.get("parameters")
    if not isinstance(held, dict):
        return None
    told = ((name, _parameter(held, name)) for name in held if name != _SECRET)
    return tuple(sorted((name, value) for name, value in told if value is not None))


def pairs_from(data: Mapping[str, object], key: str) -> tuple[TrainingPair, ...]:
    """The training pairs that an answer tells."""
    return tuple(map(_pair, _objects(data, key)))


def pairs_request(pairs: Sequence[TrainingPair]) -> list[dict[str, object]]:
    """The body that replaces all training pairs: a bare array."""
    return [
        {"sourceId": pair.source.id, "targetId": pair.target.id, "instruction": pair.instruction}
        for pair in pairs
    ]


def _image(data: Mapping[str, object]) -> TrainingImage:
    caption = data.get("description")
    asset = AssetRef(id=_id(data, "id"))
    return TrainingImage(asset, caption if isinstance(caption, str) else "")


def _pair(data: Mapping[str, object]) -> TrainingPair:
    said = data.get("instruction")
    source, target = (AssetRef(id=_id(data, name)) for name in ("sourceId", "targetId"))
    return TrainingPair(source, target, said if isinstance(said, str) else "")


def _id(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise BadResponse(f"the server describes training data without {key}")
    return value


def _parameter(held: Mapping[str, object], name: str) -> Parameter | None:
    value = held[name]
    if isinstance(value, str | bool):
        return value
    if isinstance(value, list):
        return tuple(each for each in value if isinstance(each, str))
    return number(held, name)


def _objects(data: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    """A list of objects, empty where there is none; of another one nothing may get lost."""
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadResponse(f"the server describes a model whose {key} are no list of objects")
    return value
