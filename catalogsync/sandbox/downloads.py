"""Downloads of models: a job that packs the weights, and their bytes.

A model that was uploaded has its own weights, one that was trained here some that it alone has:
the same ones each time, others for another epoch or after another training. Chosen where nothing
is documented: only trained models can be downloaded, of types that are trained; a download is free.
"""

import json
import secrets
import struct
from hashlib import sha256, shake_256
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from catalogsync.sandbox import job_records, model_records
from catalogsync.sandbox.checks import Choice, Object, Text
from catalogsync.sandbox.errors import bad_request
from catalogsync.sandbox.timing import Timing
from catalogsync.sandbox.vocabulary import EPOCH_TYPES, is_trainable
from catalogsync.sandbox.world import Call, Json, Reply, World

START = Object({"modelEpoch": Text(longest=64)})
START_QUERY = Object({"dryRun": Choice(("true", "api"), "an estimate")})


def start(call: Call) -> Json | Reply:
    """`POST /models/{modelId}/download`; with `dryRun`, what it would cost."""
    doc = model_records.kept(call)
    epoch = _epoch(call, doc)
    if "dryRun" in call.query:
        return Reply(269, {"creativeUnitsCost": 0})
    name = _packed(call.world, doc, epoch)
    timing = Timing(call.world.clock.now(), 0, call.world.settings.pack_s)
    told = {"modelId": doc["id"], "file": name} | ({"modelEpoch": epoch} if epoch else {})
    return {"jobId": job_records.start(call, "model-download", timing, 0, **told)}


def read_weights(world: World, request: Request, job_id: str) -> Response:
    """The bytes that a download has packed, from wherever the request wants them.

    Only who has seen the job succeed has an address.
    """
    query = dict(parse_qsl(request.url.query))
    if not world.signer.genuine(f"/weights/{job_id}", query) or world.signer.expired(query):
        return JSONResponse({"message": "Forbidden"}, 403)
    job = job_records.load(world, job_id)
    if job is None:
        return JSONResponse({"message": "Not Found"}, 404)
    return FileResponse(
        world.store.weights(job["input"]["file"]),
        media_type="application/octet-stream",
        filename=f"{job['input']['modelId']}.safetensors",
    )


def keep(world: World, model_id: str, file: Path) -> None:
    """Keep the uploaded weights of a model."""
    file.replace(world.store.weights(model_id))


def share(world: World, model_id: str, other_id: str) -> None:
    """Give a copy of a model the weights that were uploaded."""
    uploaded = world.store.weights(model_id)
    if uploaded.exists():
        world.store.weights(other_id).hardlink_to(uploaded)


def _epoch(call: Call, doc: Json) -> str:
    """The epoch to download, or an empty text for a model that has none."""
    if doc["status"] != "trained" or not is_trainable(doc["type"]):
        raise bad_request("Downloads are only available for trained models")
    wanted = call.body.get("modelEpoch")
    known = [each["epoch"] for each in doc.get("epochs", [])]
    if wanted is None:
        return str(doc.get("epoch") or (known[-1] if known else ""))
    if doc["type"] not in EPOCH_TYPES:
        raise bad_request(f"modelEpoch is not available for models of type {doc['type']}")
    if wanted not in known:
        raise bad_request(f"modelEpoch: the model has no epoch {wanted}")
    return str(wanted)


def _packed(world: World, doc: Json, epoch: str) -> str:
    """The name of the file with the weights, which is made if it is not there."""
    if world.store.weights(doc["id"]).exists():
        return str(doc["id"])
    trained = doc.get("trainingStats", {}).get("endedAt", "")
    seed = f"{doc['id']} {epoch} {trained}"
    name = sha256(seed.encode()).hexdigest()
    path = world.store.weights(name)
    if not path.exists():
        temporary = path.with_name(f"{name}.{secrets.token_hex(8)}")
        temporary.write_bytes(_weights(seed, world.settings.weights_bytes))
        temporary.replace(path)
    return name


def _weights(seed: str, size: int) -> bytes:
    """A safetensors file with one tensor, of `size` bytes of data."""
    tensor = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    header = json.dumps({"lora": tensor}).encode()
    return struct.pack("<Q", len(header)) + header + shake_256(seed.encode()).digest(size)
