"""What may be said of a model in a create or an update, field by field.

Chosen where nothing is documented: null is refused except where it is documented to unset; names
have at least one character; the other texts may be empty; unknown fields are ignored; `parameters`
are merged into those already set; a class slug of any name is answered with a full class.
"""

import re
from collections.abc import Callable
from typing import Any

from catalogsync.sandbox import checks, model_records
from catalogsync.sandbox.asset_records import must_be_image
from catalogsync.sandbox.errors import RETIRED, bad_request, gone
from catalogsync.sandbox.vocabulary import EPOCH_TYPES, MODEL_TYPES, PARAMETERS, RETIRED_TYPES
from catalogsync.sandbox.world import Call, Json

Setter = Callable[[Call, Json, Any], None]

_SLUG = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*\Z")
_UNSETTABLE = {"classSlug": "class", "epoch": "epoch", "thumbnail": "thumbnail"}


def apply(call: Call, doc: Json, setters: dict[str, Setter]) -> None:
    """Put what the body says of these fields into a kept model; 400 for what it may not say."""
    for field, setter in setters.items():
        if field not in call.body:
            continue
        value = call.body[field]
        if value is not None:
            setter(call, doc, value)
        elif field in _UNSETTABLE:
            doc.pop(_UNSETTABLE[field], None)
        else:
            raise bad_request(f"{field} must not be null")


def model_type(value: Any) -> str:
    """A model type that can still be made; 410 for those that were retired."""
    if isinstance(value, str) and value in RETIRED_TYPES:
        raise gone(RETIRED)
    if not isinstance(value, str) or value not in MODEL_TYPES:
        raise bad_request(f"type: {value!r} is not a model type")
    return value


def _text(field: str, longest: int, shortest: int = 0) -> Setter:
    def set_text(_: Call, doc: Json, value: Any) -> None:
        doc[field] = checks.text(value, field, longest=longest, shortest=shortest)

    return set_text


def _set_type(_: Call, doc: Json, value: Any) -> None:
    wanted = model_type(value)
    if wanted != doc["type"] and doc["status"] != "new":
        raise bad_request("The type can only be changed if the model has the 'new' status")
    doc["type"] = wanted
    doc["custom"] = wanted == "custom"


def _set_class(_: Call, doc: Json, value: Any) -> None:
    slug = checks.text(value, "classSlug", longest=128, shortest=1)
    if not _SLUG.match(slug):
        raise bad_request(f"classSlug: {slug!r} is not a slug")
    words = slug.replace("-", " ").replace("_", " ")
    doc["class"] = {
        "slug": slug,
        "category": re.split("[-_]", slug)[0],
        "name": words.title(),
        "prompt": f"a {words}",
        "conceptPrompt": f"a sks {words}",
        "modelId": "",
        "status": "published",
        "thumbnails": [],
    }


def _set_concepts(call: Call, doc: Json, value: Any) -> None:
    if not isinstance(value, list):
        raise bad_request("concepts must be a list")
    if value and not doc["type"].startswith("flux"):
        raise bad_request("concepts are only applicable to Flux based models")
    doc["concepts"] = [_concept(checks.an_object(each, "concepts")) for each in value]
    named = [concept["modelId"] for concept in doc["concepts"]]
    model_records.must_exist(call, named, "concepts")


def _concept(sent: Json) -> Json:
    model_id = checks.text(checks.required(sent, "modelId"), "concepts.modelId", longest=200)
    scale = checks.number(checks.required(sent, "scale"), "concepts.scale", least=-2, most=2)
    concept: Json = {"modelId": model_id, "scale": scale}
    if sent.get("modelEpoch") is not None:
        concept["modelEpoch"] = checks.text(sent["modelEpoch"], "concepts.modelEpoch", longest=64)
    return concept


def _set_thumbnail(call: Call, doc: Json, value: Any) -> None:
    asset_id = checks.text(value, "thumbnail", longest=200)
    must_be_image(call, asset_id, "thumbnail")
    doc["thumbnail"] = asset_id


def _set_epoch(_: Call, doc: Json, value: Any) -> None:
    epoch = checks.text(value, "epoch", longest=64)
    if doc["type"] not in EPOCH_TYPES:
        raise bad_request(f"epoch is not available for models of type {doc['type']}")
    if doc["status"] != "trained" or not doc.get("epochs"):
        raise bad_request("epoch can only be set if the model has epochs and is trained")
    if epoch not in [each["epoch"] for each in doc["epochs"]]:
        raise bad_request(f"epoch: the model has no epoch {epoch}")
    doc["epoch"] = epoch


def _set_parameters(_: Call, doc: Json, value: Any) -> None:
    parameters = checks.an_object(value, "parameters")
    for name, each in parameters.items():
        kinds = PARAMETERS.get(name)
        if kinds is None:
            raise bad_request(f"parameters.{name} is not a training parameter")
        if not isinstance(each, kinds) or (isinstance(each, bool) and bool not in kinds):
            raise bad_request(f"parameters.{name} has the wrong type")
    doc["parameters"] = doc.get("parameters", {}) | parameters


def _set_base(_: Call, doc: Json, value: Any) -> None:
    doc["compliantModelIds"] = [checks.text(value, "baseModelId", longest=200, shortest=1)]


# The type comes first: other fields are judged by it.
_COMMON: dict[str, Setter] = {
    "type": _set_type,
    "name": _text("name", 64, 1),
    "shortDescription": _text("shortDescription", 256),
    "classSlug": _set_class,
    "concepts": _set_concepts,
}
ON_CREATE: dict[str, Setter] = _COMMON | {"baseModelId": _set_base}
ON_UPDATE: dict[str, Setter] = _COMMON | {
    "epoch": _set_epoch,
    "thumbnail": _set_thumbnail,
    "parameters": _set_parameters,
    "promptEmbedding": _text("promptEmbedding", 10_000),
    "negativePromptEmbedding": _text("negativePromptEmbedding", 10_000),
}
