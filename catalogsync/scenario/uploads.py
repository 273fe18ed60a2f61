"""Sends files: small images in one request, everything else in parts (POST /uploads)."""

import base64
import hashlib
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import BinaryIO

from catalogsync.errors import (
    ApiError,
    BadResponse,
    FileChanged,
    Interrupted,
    NotKept,
    Rejected,
    UploadStuck,
)
from catalogsync.model import AssetRef
from catalogsync.scenario.answers import Json
from catalogsync.scenario.fields import id_of, items_of, object_of, path_part
from catalogsync.scenario.parts import CHUNK, Part, PartBounds, PartExpired, PartSender
from catalogsync.scenario.transport import Transport
from catalogsync.scenario.wire import asset_from, digest_tag, upload_name
from catalogsync.sending import goes_whole, part_count, part_size

_BEGINNINGS = 3
"""How often an upload is begun anew when its URLs expire or the answer to its begin is lost."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the server may take over a file that it has whole; in seconds."""

    first_poll: float = 0.2
    longest_poll: float = 3.0
    deadline: float = 600.0


class Uploader:
    """Sends files that are open, each checked against the digest it was planned with."""

    def __init__(
        self,
        http: Transport,
        *,
        stop: Event | None = None,
        jobs: int = 8,
        bounds: PartBounds | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._http = http
        self._stop = stop or Event()
        self._patience = patience or Patience()
        self._sender = PartSender(stop=self._stop, bounds=bounds)
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="parts")

    def close(self) -> None:
        """Give up what is queued and close all connections."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._sender.close()

    def send(self, asset: AssetRef, file: BinaryIO) -> str:
        """Send a file and return the new asset's id.

        Where the server does not keep the name, which holds the digest, the asset is tagged with
        the digest instead. Raises `FileChanged` if the file is not the planned one.
        """
        kept = self._send_whole(asset, file) if goes_whole(asset) else self._send_parts(asset, file)
        if kept.digest != asset.digest:
            self._tag(kept.id, asset)
        return kept.id

    def _tag(self, asset_id: str, asset: AssetRef) -> None:
        tags = {"add": [digest_tag(asset)], "delete": [], "strict": False}
        try:
            self._http.put(f"/assets/{path_part(asset_id)}/tags", tags)
        except ApiError as error:
            # The file is there: sending it again would not help, and would leave it there twice.
            raise NotKept(
                f"{asset.name}: sent, but the server kept neither its name nor a tag: {error}"
            ) from None

    def _send_whole(self, asset: AssetRef, file: BinaryIO) -> AssetRef:
        content = file.read()
        if hashlib.sha256(content).hexdigest() != asset.sha256:
            raise _changed(asset)
        image = base64.b64encode(content).decode("ascii")
        answer = self._http.once("POST", "/assets", {"name": upload_name(asset), "image": image})
        return asset_from(object_of(answer, "asset"))

    def _send_parts(self, asset: AssetRef, file: BinaryIO) -> AssetRef:
        descriptor = file.fileno()
        before = os.fstat(descriptor)
        if before.st_size != asset.size or _digest(descriptor) != asset.sha256:
            raise _changed(asset)
        upload = self._sent(asset, descriptor)
        after = os.fstat(descriptor)
        # Nothing is completed that could hold other bytes than those that were hashed.
        if _stamp(before) != _stamp(after):
            raise _changed(asset)
        self._complete(upload)
        asset_id = self._imported(asset, upload)
        answer = self._http.read_by_post("/assets/get-bulk", {"assetIds": [asset_id]})
        assets = items_of(answer, "assets")
        if not assets:
            raise BadResponse(f"{asset.name}: the server does not know the asset it just made")
        return asset_from(assets[0])

    def _sent(self, asset: AssetRef, descriptor: int) -> str:
        """Send all parts, and return the id of the upload that has them."""
        missing = _parts(asset)
        for _ in range(_BEGINNINGS):
            upload = self._begin(asset)
            for _ in range(_BEGINNINGS):
                missing = self._send_each(asset, upload, missing, descriptor)
                if not missing:
                    return id_of(upload)
                upload = object_of(self._http.get(_path(id_of(upload))), "upload")
            missing = _parts(asset)
        raise Rejected(
            f"{asset.name}: the server's addresses for its parts expire before they are sent",
            hint="check this machine's clock, or send with fewer --jobs",
        )

    def _begin(self, asset: AssetRef) -> Json:
        """Begin an upload; one whose answer is lost makes no asset, so that it can be repeated."""
        body = {
            "fileName": upload_name(asset),
            "contentType": asset.media_type,
            "kind": str(asset.kind),
            "parts": part_count(asset.size),
            "fileSize": asset.size,
        }
        for attempt in range(1, _BEGINNINGS + 1):
            try:
                return object_of(self._http.once("POST", "/uploads", body), "upload")
            except ApiError as error:
                if not error.may_have_been_applied or attempt == _BEGINNINGS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _send_each(
        self, asset: AssetRef, upload: Json, parts: list[Part], descriptor: int
    ) -> list[Part]:
        """Send parts at the same time; return those whose URLs have expired."""
        urls = _urls(upload)
        tasks = [
            (part, self._pool.submit(self._send_one, asset, part, urls, descriptor))
            for part in parts
        ]
        try:
            return [part for part, task in tasks if not task.result()]
        finally:
            # The descriptor must stay open until nobody reads from it any more.
            for _, task in tasks:
                if not task.cancel():
                    task.exception()

    def _send_one(
        self, asset: AssetRef, part: Part, urls: Mapping[int, str], descriptor: int
    ) -> bool:
        """Send one part; False if its URL has expired."""
        if self._stop.is_set():
            raise Interrupted("interrupted")
        if part.number not in urls:
            raise BadResponse(f"{asset.name}: the server gave no address for part {part.number}")
        try:
            self._sender.send(part, urls[part.number], descriptor, asset.media_type)
        except PartExpired:
            return False
        return True

    def _complete(self, upload_id: str) -> None:
        """Say that all parts are there; a lost answer is settled by looking."""
        try:
            self._http.once("POST", _path(upload_id, "action"), {"action": "complete"})
        except ApiError as error:
            if not error.may_have_been_applied:
                raise
            if self._status(upload_id)[0] == "pending":
                self._http.once("POST", _path(upload_id, "action"), {"action": "complete"})

    def _imported(self, asset: AssetRef, upload_id: str) -> str:
        """Wait until the upload has become an asset, and return its id."""
        began = time.monotonic()
        wait = self._patience.first_poll
        while True:
            status, entity, message = self._status(upload_id)
            if status == "imported" and entity:
                return entity
            if status == "failed":
                raise Rejected(
                    f"{asset.name}: the server could not use the file: {message or 'no reason'}",
                    hint="check that the file is whole and what its extension says",
                )
            if time.monotonic() - began > self._patience.deadline:
                raise UploadStuck(
                    f"{asset.name}: the server has it, but is still {status}",
                    hint="the file may be damaged; look again later, or replace it",
                )
            if self._stop.wait(wait):
                raise Interrupted("interrupted")
            wait = min(wait * 1.5, self._patience.longest_poll)

    def _status(self, upload_id: str) -> tuple[str, str, str]:
        """The upload's status, the id of the asset it became, and what the server says."""
        upload = object_of(self._http.get(_path(upload_id)), "upload")
        told = (str(upload.get(name) or "") for name in ("status", "errorMessage"))
        status, message = map(self._http.plain, told)
        return status, str(upload.get("entityId") or ""), message


def _parts(asset: AssetRef) -> list[Part]:
    size = part_size(asset.size)
    return [
        Part(number, start, min(size, asset.size - start))
        for number, start in enumerate(range(0, asset.size, size), 1)
    ]


def _urls(upload: Json) -> dict[int, str]:
    parts = upload.get("parts")
    found = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return {
        int(part["number"]): part["url"]
        for part in found
        if isinstance(part.get("number"), int | float) and isinstance(part.get("url"), str)
    }


def _digest(descriptor: int) -> str:
    digest, at = hashlib.sha256(), 0
    while chunk := os.pread(descriptor, 4 * CHUNK, at):
        digest.update(chunk)
        at += len(chunk)
    return digest.hexdigest()


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    """What changes when a file's content does: even a mended mtime leaves its mark on ctime."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _changed(asset: AssetRef) -> FileChanged:
    message = f"{asset.name} changed after it was planned"
    return FileChanged(message, hint="plan again, then apply")


def _path(upload_id: str, *rest: str) -> str:
    return "/".join(("/uploads", path_part(upload_id), *rest))
