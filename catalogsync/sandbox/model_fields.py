"""What may be said of a model in a create or an update, field by field.

Chosen where nothing is documented: null is refused except where it is documented to unset; names
have at least one character; the other texts may be empty; unknown fields are ignored; `parameters`
are merged into those already set; a class slug of any name is answered with a full class.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from catalogsync.sandbox import model_records
from catalogsync.sandbox.asset_records import must_be_image
from catalogsync.sandbox.checks import (
    Choice,
    Kind,
    ListOf,
    Number,
    Object,
    OrNull,
    Text,
    reference,
)
from catalogsync.sandbox.errors import RETIRED, bad_request, gone
from catalogsync.sandbox.vocabulary import EPOCH_TYPES, MODEL_TYPES, PARAMETERS, RETIRED_TYPES
from catalogsync.sandbox.world import Call, Json

Setter = Callable[[Call, Json, Any], None]
Fields = dict[str, tuple[Kind, Setter]]

_UNSETTABLE = {"classSlug": "class", "epoch": "epoch", "thumbnail": "thumbnail"}


def apply(call: Call, doc: Json, fields: Fields) -> None:
    """Put what the body says of these fields into a kept model; 400 for what it may not say."""
    for field, (_, setter) in fields.items():
        if field not in call.body:
            continue
        value = call.body[field]
        if value is not None:
            setter(call, doc, value)
        else:
            doc.pop(_UNSETTABLE[field], None)


def form(fields: Fields, **more: Kind) -> Object:
    """The body that may say these fields and some more."""
    return Object({name: _or_null(name, kind) for name, (kind, _) in fields.items()} | more)


def _or_null(name: str, kind: Kind) -> Kind:
    return OrNull(kind) if name in _UNSETTABLE else kind


@dataclass(frozen=True, slots=True)
class _ModelType:
    """A model type that can still be made; 410 for those that were retired."""

    known: ClassVar = Choice(MODEL_TYPES, "a model type")

    def check(self, value: Any, name: str) -> None:
        if isinstance(value, str) and value in RETIRED_TYPES:
            raise gone(RETIRED)
        self.known.check(value, name)

    def describe(self) -> Json:
        return self.known.describe()


def _plain(field: str) -> Setter:
    def set_text(_: Call, doc: Json, value: Any) -> None:
        doc[field] = value

    return set_text


def _set_type(_: Call, doc: Json, wanted: Any) -> None:
    if wanted != doc["type"] and doc["status"] != "new":
        raise bad_request("The type can only be changed if the model has the 'new' status")
    doc["type"] = wanted
    doc["custom"] = wanted == "custom"


def _set_class(_: Call, doc: Json, slug: Any) -> None:
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
    if value and not doc["type"].startswith("flux"):
        raise bad_request("concepts are only applicable to Flux based models")
    doc["concepts"] = [_concept(each) for each in value]
    named = [concept["modelId"] for concept in doc["concepts"]]
    model_records.must_exist(call, named, "concepts")


def _concept(sent: Json) -> Json:
    concept: Json = {"modelId": sent["modelId"], "scale": sent["scale"]}
    if sent.get("modelEpoch") is not None:
        concept["modelEpoch"] = sent["modelEpoch"]
    return concept


def _set_thumbnail(call: Call, doc: Json, asset_id: Any) -> None:
    must_be_image(call, asset_id, "thumbnail")
    doc["thumbnail"] = asset_id


def _set_epoch(_: Call, doc: Json, epoch: Any) -> None:
    if doc["type"] not in EPOCH_TYPES:
        raise bad_request(f"epoch is not available for models of type {doc['type']}")
    if doc["status"] != "trained" or not doc.get("epochs"):
        raise bad_request("epoch can only be set if the model has epochs and is trained")
    if epoch not in [each["epoch"] for each in doc["epochs"]]:
        raise bad_request(f"epoch: the model has no epoch {epoch}")
    doc["epoch"] = epoch


def _set_parameters(_: Call, doc: Json, value: Any) -> None:
    doc["parameters"] = doc.get("parameters", {}) | value


def _set_base(_: Call, doc: Json, value: Any) -> None:
    doc["compliantModelIds"] = [value]


_SLUG = Text(longest=128, shortest=1, pattern="^[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*$")
_EPOCH = Text(longest=64)
_EMBEDDING = Text(longest=10_000)
_CONCEPT = Object(
    {"modelId": reference("model"), "scale": Number(-2, 2), "modelEpoch": OrNull(_EPOCH)},
    required=("modelId", "scale"),
)

# The type comes first: other fields are judged by it.
_COMMON: Fields = {
    "type": (_ModelType(), _set_type),
    "name": (Text(longest=64, shortest=1), _plain("name")),
    "shortDescription": (Text(longest=256), _plain("shortDescription")),
    "classSlug": (_SLUG, _set_class),
    "concepts": (ListOf(_CONCEPT, most=100), _set_concepts),
}
ON_CREATE: Fields = _COMMON | {"baseModelId": (Text(longest=200, shortest=1), _set_base)}
ON_UPDATE: Fields = _COMMON | {
    "epoch": (_EPOCH, _set_epoch),
    "thumbnail": (reference("asset"), _set_thumbnail),
    "parameters": (Object(PARAMETERS, closed=True), _set_parameters),
    "promptEmbedding": (_EMBEDDING, _plain("promptEmbedding")),
    "negativePromptEmbedding": (_EMBEDDING, _plain("negativePromptEmbedding")),
}
