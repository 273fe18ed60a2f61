"""What the endpoints answer, as JSON Schemas: everything that is said, and nothing else."""

from collections.abc import Iterable

from catalogsync.sandbox.vocabulary import (
    ASSET_KINDS,
    EDIT_CAPABILITIES,
    JOB_STATUSES,
    JOB_TYPES,
    MODEL_CAPABILITIES,
    MODEL_SOURCES,
    MODEL_TYPES,
    STATUSES,
    UPLOAD_KINDS,
    UPLOAD_SOURCES,
    UPLOAD_STATUSES,
)
from catalogsync.sandbox.world import Json

_TEXT: Json = {"type": "string"}
_COUNT: Json = {"type": "integer", "minimum": 0}
_NUMBER: Json = {"type": "number"}
_TRUTH: Json = {"type": "boolean"}
_TIME: Json = {"type": "string", "format": "date-time"}
_ANY_OBJECT: Json = {"type": "object"}


def _of(each: Json) -> Json:
    return {"type": "array", "items": each}


def _one_of(words: Iterable[str]) -> Json:
    return {"type": "string", "enum": sorted(words)}


def _object(always: dict[str, Json], sometimes: dict[str, Json] | None = None) -> Json:
    return {
        "type": "object",
        "properties": always | (sometimes or {}),
        "required": list(always),
        "additionalProperties": False,
    }


def _page(name: str, each: Json) -> Json:
    return _object({name: _of(each)}, {"nextPaginationToken": {"type": ["string", "null"]}})


def ref(name: str) -> Json:
    """A reference to one of `OBJECTS`."""
    return {"$ref": f"#/components/schemas/{name}"}


_LINK = _object({"assetId": _TEXT, "url": _TEXT})
_SHARED: dict[str, Json] = {"id": _TEXT, "createdAt": _TIME, "updatedAt": _TIME}
_CLASS = _object(
    {
        **dict.fromkeys(("category", "conceptPrompt", "modelId", "name", "prompt", "slug"), _TEXT),
        "status": _one_of(("published", "unpublished")),
        "thumbnails": _of(_TEXT),
    }
)
_CONCEPT = _object({"modelId": _TEXT, "scale": _NUMBER}, {"modelEpoch": _TEXT})
_TRAINING_IMAGE = _object(
    {
        "id": _TEXT,
        "automaticCaptioning": _TEXT,
        "createdAt": _TIME,
        "description": _TEXT,
        "downloadUrl": _TEXT,
        "name": _TEXT,
    }
)
_PAIR = _object({"sourceId": _TEXT, "targetId": _TEXT}, {"instruction": _TEXT})
_PRIVACY = _one_of(("private", "public", "unlisted"))
_MODEL_ALWAYS: dict[str, Json] = {
    **_SHARED,
    "capabilities": _of(_one_of(MODEL_CAPABILITIES)),
    "collectionIds": _of(_TEXT),
    "custom": _TRUTH,
    "exampleAssetIds": _of(_TEXT),
    "privacy": _PRIVACY,
    "source": _one_of(MODEL_SOURCES),
    "status": _one_of(STATUSES),
    "tags": _of(_TEXT),
    "trainingImagesNumber": _COUNT,
    "type": _one_of(MODEL_TYPES),
    "ownerId": _TEXT,
    "authorId": _TEXT,
    "userId": _TEXT,
}
_MODEL_SOMETIMES: dict[str, Json] = {
    "name": _TEXT,
    "shortDescription": _TEXT,
    "promptEmbedding": _TEXT,
    "negativePromptEmbedding": _TEXT,
    "class": _CLASS,
    "concepts": _of(_CONCEPT),
    "compliantModelIds": _of(_TEXT),
    "thumbnail": _LINK,
    "epoch": _TEXT,
    "epochs": _of(_object({"epoch": _TEXT, "assets": _of(_LINK)})),
    "trainingImages": _of(_TRAINING_IMAGE),
    "trainingImagePairs": _of(_PAIR),
    "trainingStats": _object(
        {"startedAt": _TIME, "queueDuration": _NUMBER},
        {"endedAt": _TIME, "trainDuration": _NUMBER},
    ),
    "jobId": _TEXT,
    "parentModelId": _TEXT,
    "parameters": _ANY_OBJECT,
    "deletedAt": _TIME,
    "inputs": _of(_ANY_OBJECT),
    # Empty on real records that do not train, and with `fidelity="real"`.
    "trainingProgress": _ANY_OBJECT,
    # Seen on real records, and shown with `fidelity="real"`.
    "complianceMetadata": _ANY_OBJECT,
}
_SIZE: dict[str, Json] = {"width": _COUNT, "height": _COUNT}
_KIND = _one_of(ASSET_KINDS | {"json"})
_UPLOADED = (f"uploaded-{kind}" for kind in ASSET_KINDS if kind != "image")
_SOURCE = _one_of(("canvas", "uploaded", *_UPLOADED))
_PROPERTIES = _object({"size": _COUNT}, _SIZE)
_METADATA = _object(
    {"type": _SOURCE, "name": _TEXT, "kind": _KIND, "size": _COUNT},
    {**_SIZE, "parentId": _TEXT, "rootParentId": _TEXT, "thumbnail": _LINK},
)
_ASSET_SHORT: dict[str, Json] = {
    "id": _TEXT,
    "authorId": _TEXT,
    "kind": _KIND,
    "mimeType": _TEXT,
    "ownerId": _TEXT,
    "privacy": _PRIVACY,
    "properties": _PROPERTIES,
    "source": _SOURCE,
    "url": _TEXT,
}
_ASSET_ALWAYS: dict[str, Json] = {
    **_SHARED,
    **_ASSET_SHORT,
    "collectionIds": _of(_TEXT),
    "editCapabilities": _of(_one_of(EDIT_CAPABILITIES)),
    "metadata": _METADATA,
    "status": _one_of(("error", "pending", "success")),
    "tags": _of(_TEXT),
    "isHidden": _TRUTH,
}
_UPLOAD_ALWAYS: dict[str, Json] = {
    **_SHARED,
    "authorId": _TEXT,
    "ownerId": _TEXT,
    "fileName": _TEXT,
    "originalFileName": _TEXT,
    "jobId": _TEXT,
    "kind": _one_of(UPLOAD_KINDS),
    "source": _one_of(UPLOAD_SOURCES),
    "provider": _one_of(("civitai", "huggingface", "other")),
    "status": _one_of(UPLOAD_STATUSES),
}
_PART = _object({"number": _COUNT, "url": _TEXT, "expires": _TIME})
_UPLOAD_SOMETIMES: dict[str, Json] = {
    "parts": _of(_PART),
    "partsCount": _COUNT,
    "entityId": _TEXT,
    "errorMessage": _TEXT,
    "contentType": _TEXT,
    "fileSize": _COUNT,
    "url": _TEXT,
    "assetOptions": _ANY_OBJECT,
}
_JOB_STATUS = _one_of(JOB_STATUSES)
_JOB_ALWAYS: dict[str, Json] = {
    "jobId": _TEXT,
    "jobType": _one_of(JOB_TYPES),
    "ownerId": _TEXT,
    "authorId": _TEXT,
    "createdAt": _TIME,
    "updatedAt": _TIME,
    "progress": {"type": "number", "minimum": 0, "maximum": 1},
    "status": _JOB_STATUS,
    "statusHistory": _of(_object({"status": _JOB_STATUS, "date": _TIME})),
    "metadata": _object({"input": _ANY_OBJECT}, {"output": _ANY_OBJECT, "error": _TEXT}),
    "billing": _object({"cuCost": _NUMBER, "cuDiscount": _NUMBER}),
}
_TAG = _object(
    {
        "tagName": _TEXT,
        "itemCount": _COUNT,
        "ownerId": _TEXT,
        "createdAt": _TIME,
        "updatedAt": _TIME,
    }
)
_SHORT_MODEL = ("id", "privacy", "type")
_TOLD = ("authorId", "name", "ownerId", "shortDescription")
_MODEL_FIELDS = _MODEL_ALWAYS | _MODEL_SOMETIMES

OBJECTS: dict[str, Json] = {
    "Model": _object(_MODEL_ALWAYS, _MODEL_SOMETIMES),
    "ShortModel": _object(
        {name: _MODEL_FIELDS[name] for name in _SHORT_MODEL},
        {name: shape for name, shape in _MODEL_FIELDS.items() if name not in _SHORT_MODEL},
    ),
    "Asset": _object(_ASSET_ALWAYS, {"deletedAt": _TIME, "description": _TEXT, "thumbnail": _LINK}),
    "Job": _object(_JOB_ALWAYS),
    "Upload": _object(_UPLOAD_ALWAYS, _UPLOAD_SOMETIMES),
    "Collection": _object(
        {
            **_SHARED,
            "name": _TEXT,
            "ownerId": _TEXT,
            "assetCount": _COUNT,
            "modelCount": _COUNT,
            "itemCount": _COUNT,
        },
        {"thumbnail": _LINK},
    ),
    "Estimate": _object({"creativeUnitsCost": _NUMBER}),
    "Refusal": {
        "oneOf": [
            _object(
                {"reason": _TEXT, "trace_id": _TEXT},
                {
                    "remainingSeconds": _NUMBER,
                    "details": _object({"actionName": _TEXT, "actionLimit": _COUNT}),
                },
            ),
            _object({"message": _TEXT}),
        ]
    },
}
"""The objects that more than one endpoint answers, by name."""

NOTHING = _object({})
MODEL = _object({"model": ref("Model")})
MODELS = _page("models", ref("Model"))
MODELS_SHORT = _object({"models": _of(ref("ShortModel"))}, {})
TRAINING = _object(
    {"job": ref("Job"), "model": ref("Model"), "creativeUnitsCost": _NUMBER},
)
TRAINING_IMAGE = _object({"trainingImage": _TRAINING_IMAGE})
PAIRS = _object({"count": _COUNT, "pairs": _of(_PAIR)})
JOB = _object({"job": ref("Job")})
JOBS = _page("jobs", ref("Job"))
JOB_STARTED = _object({"jobId": _TEXT})
ASSET = _object({"asset": ref("Asset")})
ASSETS = _page("assets", ref("Asset"))
ASSETS_FOUND = _object({"assets": _of(ref("Asset"))})
UPLOAD = _object({"upload": ref("Upload")})
COLLECTION = _object({"collection": ref("Collection")})
COLLECTIONS = _page("collections", ref("Collection"))
TAGS = _page("tags", _TAG)
TAG_CHANGES = _object({"added": _of(_TEXT), "deleted": _of(_TEXT)})
EXAMPLES = _object({"examples": _of(_object({"asset": ref("Asset"), "modelId": _TEXT}))})
PROMPT_GUIDE = _object({"promptGuide": _object({"value": _TEXT})})
DESCRIPTION = _object(
    {
        "description": _object(
            {
                "value": _TEXT,
                "assets": _of(_object(_ASSET_SHORT)),
                "models": _of(
                    _object(
                        {name: _MODEL_FIELDS[name] for name in _SHORT_MODEL},
                        {name: _MODEL_FIELDS[name] for name in _TOLD},
                    )
                ),
            }
        )
    }
)
