"""The URLs that carry their own permission: asset contents out, upload parts in.

Part URLs behave as presigned S3 URLs do: no `Authorization` header (400), a `Content-Length` (501
for a chunked body), errors in XML, an `ETag` on success. A part may be sent again until the upload
is completed; the last one counts.
"""

import json
import secrets
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response

from catalogsync.sandbox import upload_records
from catalogsync.sandbox.world import World

_DRAINED = 128 * 1024 * 1024
# An SVG may hold scripts, and this origin also serves the gallery.
_FILE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=3600",
}


def read_file(world: World, request: Request, asset_id: str) -> Response:
    """The bytes of an asset, exactly as they were uploaded."""
    query = dict(parse_qsl(request.url.query))
    path = f"/files/{asset_id}"
    if not world.signer.genuine(path, query) or world.signer.expired(query):
        return JSONResponse({"message": "Forbidden"}, 403)
    row = world.store.db.execute("SELECT doc FROM assets WHERE id = ?", [asset_id]).fetchone()
    if row is None:
        return JSONResponse({"message": "Not Found"}, 404)
    mime = json.loads(row[0])["mimeType"]
    return FileResponse(world.store.content(asset_id), media_type=mime, headers=_FILE_HEADERS)


async def receive_part(world: World, request: Request, upload_id: str, number: str) -> Response:
    """The bytes of one part, streamed to disk."""
    refusal = _refusal(world, request, f"/parts/{upload_id}/{number}", upload_id)
    if refusal is not None:
        await _drain(request)
        return refusal
    folder = world.store.parts(upload_id)
    folder.mkdir(exist_ok=True)
    etag = secrets.token_hex(16)
    temporary = folder / f"{number}.{etag}"
    try:
        await _save(request, temporary)
    except ClientDisconnect:
        temporary.unlink(missing_ok=True)
        return Response(status_code=400)
    temporary.replace(folder / number)
    return Response(headers={"ETag": f'"{etag}"'})


def _refusal(world: World, request: Request, path: str, upload_id: str) -> Response | None:
    query = dict(parse_qsl(request.url.query))
    if "authorization" in request.headers:
        return _error(400, "InvalidArgument", "Only one auth mechanism allowed")
    if not world.signer.genuine(path, query):
        return _error(403, "SignatureDoesNotMatch", "The signature does not match")
    if world.signer.expired(query):
        return _error(403, "AccessDenied", "Request has expired")
    if "content-length" not in request.headers:
        return _error(501, "NotImplemented", "Transfer-Encoding is not implemented")
    doc = upload_records.load(world, upload_id)
    if doc is None or upload_records.status(world, doc) != "pending":
        return _error(404, "NoSuchUpload", "The upload does not exist or was completed")
    return None


async def _save(request: Request, path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        async for chunk in request.stream():
            file.write(chunk)


async def _drain(request: Request) -> None:
    """Read a refused body, so that its sender is still there to read the refusal."""
    seen = 0
    try:
        async for chunk in request.stream():
            seen += len(chunk)
            if seen > _DRAINED:
                return
    except ClientDisconnect:
        return


def _error(status: int, code: str, message: str) -> Response:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(body, status, media_type="application/xml")
