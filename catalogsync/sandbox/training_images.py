"""The training images of a model and their pairs.

Chosen where nothing is documented: a batch is added whole or not at all, and answered with its
first image; an image that is replaced keeps its place; an asset of a training set that is deleted
leaves the set; what leaves the set leaves the pairs; a model that trains or is being copied keeps
what it has, every other one can be changed; `preset` changes nothing.
"""

from catalogsync.sandbox import asset_records, model_records, pictures
from catalogsync.sandbox.checks import (
    Anything,
    Choice,
    Kind,
    ListOf,
    Object,
    OneOf,
    Text,
    reference,
)
from catalogsync.sandbox.errors import (
    ALREADY_TRAINING_IMAGE,
    TOO_MANY_ASSETS,
    bad_request,
    ceiling,
    not_found,
)
from catalogsync.sandbox.world import Call, Json

_FEW = ListOf(reference("asset"), most=10, distinct=True, reason=TOO_MANY_ASSETS)
_PRESET: dict[str, Kind] = {"preset": Choice(("default", "style", "subject"), "a preset")}
_NAME = Text(longest=1024, shortest=1)
IMAGE = OneOf(
    {
        # Beside an asset, the other two are ignored.
        "assetId": Object(
            {"assetId": reference("asset"), "data": Anything(), "name": Anything(), **_PRESET},
            ("assetId",),
        ),
        "assetIds": Object({"assetIds": _FEW, "name": Anything(), **_PRESET}, ("assetIds",)),
    },
    otherwise=Object({"data": pictures.IMAGE, "name": _NAME, **_PRESET}, ("data", "name")),
    apart="data",
    reason="assetIds cannot be used with assetId or data and name",
)
_PAIR = Object(
    {
        "sourceId": reference("asset"),
        "targetId": reference("asset"),
        "instruction": Text(longest=8192),
    }
)
PAIRS = ListOf(_PAIR, most=500)


def add(call: Call) -> Json:
    """`POST /models/{modelId}/training-images`: one, or up to ten that are assets already."""
    with call.world.store.writing():
        doc = _changeable(call)
        sent = _sent(call, doc)
        doc["trainingImages"] = [*doc.get("trainingImages", []), *sent]
        _stay_below_ceiling(call, len(doc["trainingImages"]))
        model_records.save(call.world, doc)
    return _show(call, sent[0])


def replace(call: Call) -> Json:
    """`PUT /models/{modelId}/training-images/{trainingImageId}`: one by one other."""
    with call.world.store.writing():
        doc = _changeable(call)
        at = _place(call, doc)
        sent = _sent(call, doc)
        if len(sent) != 1:
            raise bad_request("assetIds: only available with one asset where one is replaced")
        model_records.drop_training_images(doc, [call.ids[1]])
        doc["trainingImages"].insert(at, sent[0])
        model_records.save(call.world, doc)
    return _show(call, sent[0])


def delete(call: Call) -> Json:
    """`DELETE /models/{modelId}/training-images/{trainingImageId}`; the asset stays."""
    with call.world.store.writing():
        doc = _changeable(call)
        _place(call, doc)
        model_records.drop_training_images(doc, [call.ids[1]])
        model_records.save(call.world, doc)
    return {}


def replace_pairs(call: Call) -> Json:
    """`PUT /models/{modelId}/training-images/pairs`: all of them, in order."""
    sent: list[Json] = call.body["items"]
    with call.world.store.writing():
        doc = _changeable(call)
        known = {each["id"] for each in doc.get("trainingImages", [])}
        pairs = [_checked_pair(pair, known) for pair in sent]
        doc["trainingImagePairs"] = pairs
        model_records.save(call.world, doc)
    return {"count": len(pairs), "pairs": pairs}


def _checked_pair(pair: Json, known: set[str]) -> Json:
    for name in ("sourceId", "targetId"):
        if pair.get(name) not in known:
            raise bad_request(f"{name}: {pair.get(name)} is not a training image of this model")
    return {name: pair[name] for name in _PAIR.fields if name in pair}


def _changeable(call: Call) -> Json:
    doc = model_records.kept(call)
    model_records.must_be_idle(doc)
    return doc


def _place(call: Call, doc: Json) -> int:
    ids = [each["id"] for each in doc.get("trainingImages", [])]
    if call.ids[1] not in ids:
        raise not_found("Training image", call.ids[1])
    return ids.index(call.ids[1])


def _sent(call: Call, doc: Json) -> list[Json]:
    """The training images that the body names or holds."""
    body = call.body
    one = body.get("assetId")
    wanted = body.get("assetIds") if one is None else [one]
    if wanted is None:
        wanted = [pictures.add(call, body["name"], body["data"])]
    if not wanted:
        raise bad_request("assetIds: only available with one asset or more")
    known = {each["id"] for each in doc.get("trainingImages", [])}
    if known & set(wanted):
        raise bad_request(ALREADY_TRAINING_IMAGE)
    found = asset_records.must_exist(call, wanted, "assetIds" if one is None else "assetId")
    return [_training_image(call, doc, found[each]) for each in wanted]


def _training_image(call: Call, doc: Json, asset: Json) -> Json:
    if asset["kind"] != "image" and doc["type"] != "elevenlabs-voice":
        raise bad_request(f"asset {asset['id']} is not an image")
    return {
        "id": asset["id"],
        "name": asset["metadata"]["name"],
        "automaticCaptioning": "",
        "description": asset.get("description", ""),
        "createdAt": call.world.clock.stamp(),
    }


def _stay_below_ceiling(call: Call, count: int) -> None:
    limit = call.world.settings.max_training_images
    if limit and count > limit:
        raise ceiling("add-training-image", limit)


def _show(call: Call, image: Json) -> Json:
    return {"trainingImage": image | {"downloadUrl": call.file_url(image["id"])}}
