"""The endpoints for many models: the list, and get-bulk.

As observed: an unknown `status` is ignored, and the list then holds deleted models too. Chosen
where nothing is documented: a filter that the documentation reserves for public models is a 400
on private ones; there are no public models; `score` orders as `createdAt` does; get-bulk takes 200
ids, answers in the order asked and leaves out what it does not know.
"""

import json

from catalogsync.sandbox import checks, model_records, paging
from catalogsync.sandbox.checks import Choice, ListOf, Object, Truth, reference
from catalogsync.sandbox.clock import iso
from catalogsync.sandbox.errors import bad_request
from catalogsync.sandbox.vocabulary import LISTED_STATUSES
from catalogsync.sandbox.world import Call, Json

_LISTING = paging.Listing("models", "models", model_records.SELECT, paging.Size(100, 500))
_SWITCHES = ("allTrainingImages", "minimal", "settings", "thumbnail", "trainingImagesPreview")
BULK = Object(
    {"modelIds": ListOf(reference("model"), most=200), **dict.fromkeys(_SWITCHES, Truth())}
)
_PUBLIC_ONLY = ("tags", "type", "types", "collectionIds", "updatedAfter", "updatedBefore")
_DATES = {"createdAfter": "created > ?", "createdBefore": "created < ?"}
_ORDERS = ("createdAt", "updatedAt", "score")
QUERY = Object(
    {
        **_LISTING.query(),
        **dict.fromkeys((*_PUBLIC_ONLY, *_DATES, "collectionId", "status"), checks.FILTER),
        "privacy": Choice(("private", "unlisted", "public"), "a privacy"),
        "sortBy": Choice(_ORDERS, "an order"),
    }
)
_MINIMAL = ("id", "name", "type", "privacy")
_SETTINGS = ("promptEmbedding", "negativePromptEmbedding")


def read_list(call: Call) -> Json:
    """`GET /models`."""
    query = call.query
    if query.get("privacy") == "public":
        return paging.answer(call, "models", [], [], None)
    for name in _PUBLIC_ONLY:
        if name in query:
            raise bad_request(f"{name} is only available when privacy=public")
    _check_order(call)
    where = [("project = ?", call.project), *_status(call)]
    if "collectionId" in query:
        condition = "id IN (SELECT item FROM members WHERE collection = ?)"
        where.append((condition, query["collectionId"]))
    where += [(condition, query[name]) for name, condition in _DATES.items() if name in query]
    return paging.read_page(
        call, _LISTING, "created", where, lambda row: model_records.show(call, row)
    )


def read_bulk(call: Call) -> Json:
    """`POST /models/get-bulk`."""
    wanted: list[str] = call.body.get("modelIds", [])
    rows = call.world.store.db.execute(
        f"SELECT {model_records.SELECT} FROM models"
        " WHERE id IN (SELECT value FROM json_each(?)) AND +project = ? AND deleted IS NULL",
        [json.dumps(wanted), call.project],
    )
    images = None if call.body.get("allTrainingImages") else 3
    shown = [model_records.show(call, row, training_images=images) for row in rows]
    found = {model["id"]: _reduced(call, model) for model in shown}
    return {"models": [found[each] for each in dict.fromkeys(wanted) if each in found]}


def _check_order(call: Call) -> None:
    order = call.query.get("sortBy", "createdAt")
    if order not in ("createdAt", "score"):
        raise bad_request("sortBy must be createdAt or score when privacy=private")
    if order == "score" and not {"privacy", "status"} <= call.query.keys():
        raise bad_request("sortBy=score requires privacy and status")
    for name in _DATES:
        if name in call.query and call.query.get("sortBy") != "createdAt":
            raise bad_request(f"{name} requires sortBy=createdAt")


def _status(call: Call) -> list[tuple[str, str]]:
    status = call.query.get("status")
    if status is None:
        return [("deleted IS NULL", "")]
    if status == "deleted":
        since = iso(call.world.clock.now() - model_records.RESTORABLE_S)
        return [("deleted > ?", since)]
    if status in LISTED_STATUSES:
        return [("status = ?", status), ("deleted IS NULL", "")]
    return []


def _reduced(call: Call, model: Json) -> Json:
    """What get-bulk tells of a model, according to the switches of the body."""
    if call.body.get("minimal"):
        return {name: model[name] for name in _MINIMAL if name in model}
    if not call.body.get("settings"):
        for name in _SETTINGS:
            model.pop(name, None)
    if not call.body.get("thumbnail"):
        model.pop("thumbnail", None)
    elif "thumbnail" not in model and model.get("trainingImages"):
        first = model["trainingImages"][0]["id"]
        model["thumbnail"] = {"assetId": first, "url": call.file_url(first)}
    return model
