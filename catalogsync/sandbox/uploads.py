"""The upload endpoints.

Chosen where nothing is documented: the request names exactly one source; everything wrong with the
content shows as `failed` after `complete`, nothing as an error of `complete`; estimates
(`dryRun`) tell what a model from elsewhere costs, and that everything else is free; what cannot be
downloaded is refused before a model is imported from it, and makes the upload of any other kind
fail. The sandbox downloads nothing: see `web`.
"""

from pathlib import PurePosixPath
from typing import Any

from catalogsync.sandbox import asset_records, checks, model_records, upload_records, web
from catalogsync.sandbox.checks import (
    Choice,
    Kind,
    Object,
    OneOf,
    OrNull,
    Text,
    Truth,
    Whole,
    reference,
)
from catalogsync.sandbox.collections import COLLECTIONS, must_be_collections
from catalogsync.sandbox.errors import bad_request
from catalogsync.sandbox.imports import Rejected, fetched, finish
from catalogsync.sandbox.vocabulary import UPLOAD_KINDS
from catalogsync.sandbox.world import Call, Json, Reply

_MODEL_COST = 10
# The field that tells the source, and what the answer calls it.
_SOURCES = {"civitaiModelUrl": "civitai", "huggingFaceModelName": "huggingface", "url": "url"}
_KIND = Choice(UPLOAD_KINDS, "an upload kind")
_ADDRESS = Text(longest=2048, shortest=1, pattern=r"^https?://[^\x00]*$")
_OPTIONS = Object(
    {"hide": Truth(), "parentId": OrNull(reference("asset")), "collectionIds": COLLECTIONS}
)
_BY_PARTS = Object(
    {
        "fileName": Text(longest=1024, shortest=1),
        "contentType": Text(longest=200, shortest=1),
        "fileSize": Whole(1, 5 * 1024**4),
        "parts": Whole(1, 10_000),
        "kind": _KIND,
        "assetOptions": OrNull(_OPTIONS),
    },
    required=("fileName", "contentType", "fileSize", "parts", "kind"),
)
_ELSEWHERE: dict[str, Kind] = {"kind": _KIND, "assetOptions": OrNull(_OPTIONS)}
CREATE = OneOf(
    {
        "civitaiModelUrl": Object(
            {"civitaiModelUrl": _ADDRESS, **_ELSEWHERE}, ("civitaiModelUrl",)
        ),
        "huggingFaceModelName": Object(
            {"huggingFaceModelName": Text(longest=2048, shortest=1), **_ELSEWHERE},
            ("huggingFaceModelName",),
        ),
        "url": Object({"url": _ADDRESS, **_ELSEWHERE}, ("url", "kind")),
    },
    otherwise=_BY_PARTS,
    apart="parts",
    reason="Only one source can be uploaded at once",
)
CREATE_QUERY = Object({"dryRun": Choice(("true", "api"), "an estimate")})
ACT = Object({"action": Choice(("complete",), "an action")}, required=("action",))
_MODEL_SOURCES = {"civitai": "civitai", "huggingface": "huggingface", "url": "other"}


def create(call: Call) -> Json | Reply:
    """`POST /uploads`."""
    named = [field for field in _SOURCES if call.body.get(field) is not None]
    described = _remote(call, named[0]) if named else _multipart(call)
    if "dryRun" in call.query:
        cost = _MODEL_COST if named and described["kind"] == "model" else 0
        return Reply(269, {"creativeUnitsCost": cost})
    doc = _common(call) | described
    if named:
        doc["completed"] = call.world.clock.now()
        doc["outcome"] = _outcome(call, doc)
    upload_records.insert(call.world, doc)
    return {"upload": upload_records.show(call, doc)}


def read(call: Call) -> Json:
    """`GET /uploads/{uploadId}`; while parts are missing, with fresh URLs for them."""
    return {"upload": upload_records.show(call, upload_records.owned(call))}


def act(call: Call) -> Json:
    """`POST /uploads/{uploadId}/action`: `complete`, the only one."""
    with call.world.store.writing():
        doc = upload_records.owned(call)
        if upload_records.status(call.world, doc) != "pending":
            raise bad_request("The upload was already completed")
        upload_records.amend(call.world, doc["id"], completed=call.world.clock.now())
        # Shown as it is now: a moment later the import may already be over.
        answer = upload_records.show(call, upload_records.owned(call))
    call.world.workers.submit(finish, call.world, doc["id"])
    return {"upload": answer}


def _common(call: Call) -> Json:
    stamp = call.world.clock.stamp()
    return {
        "id": checks.new_id("upload"),
        "authorId": call.author,
        "ownerId": call.project,
        "createdAt": stamp,
        "updatedAt": stamp,
        "jobId": checks.new_id("job"),
    } | _asset_options(call)


def _multipart(call: Call) -> Json:
    name = call.body["fileName"]
    # The stored name keeps nothing but the ending of the name sent.
    return {
        "kind": call.body["kind"],
        "source": "multipart",
        "provider": "other",
        "originalFileName": name,
        "fileName": checks.new_id("file") + PurePosixPath(name).suffix.lower(),
        "contentType": call.body["contentType"],
        "fileSize": int(call.body["fileSize"]),
        "partsCount": int(call.body["parts"]),
    }


def _remote(call: Call, field: str) -> Json:
    value = call.body[field]
    source = _SOURCES[field]
    kind = call.body["kind"] if source == "url" else "model"
    if kind == "model" and web.is_missing(call.world, value):
        raise bad_request(f"{value} was not found")
    name = PurePosixPath(value.partition("?")[0]).name or "import"
    return {
        "kind": kind,
        "source": source,
        "provider": source if source != "url" else "other",
        "originalFileName": name,
        "fileName": checks.new_id("file"),
        "url": value,
    }


def _asset_options(call: Call) -> dict[str, Any]:
    if call.body.get("assetOptions") is None:
        return {}
    if call.body.get("kind", "model") == "model":
        raise bad_request("assetOptions is not available for kind model")
    options: Json = call.body["assetOptions"]
    must_be_collections(call, options.get("collectionIds", []))
    if options.get("parentId") is not None:
        asset_records.must_exist(call, [options["parentId"]], "parentId")
    return {"assetOptions": options}


def _outcome(call: Call, doc: Json) -> Json:
    """What becomes of an import that the real service would download."""
    if doc["kind"] != "model":
        try:
            return {"entityId": fetched(call.world, doc)}
        except Rejected as error:
            return {"errorMessage": str(error)}
    model = model_records.blank(call.world, call.project, call.author, "flux.1-lora")
    model |= {
        "name": doc["originalFileName"][:64],
        "status": "trained",
        "source": _MODEL_SOURCES[doc["source"]],
    }
    model_records.insert(call.world, model)
    return {"entityId": model["id"]}
