"""Sends files: small images in one request, everything else in parts (POST /uploads)."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import field
from hashlib import sha256
from ssl import SSLContext
from threading import Event
from typing import BinaryIO

from catalogsync.errors import (
    ApiError,
    BadResponse,
    Interrupted,
    NotFound,
    NotKept,
    Rejected,
    UploadFailed,
)
from catalogsync.events import Tell, tell_nobody
from catalogsync.hashed import Hashed
from catalogsync.model import AssetRef, Weights
from catalogsync.polling import Patience
from catalogsync.ports import KnownUploads
from catalogsync.scenario.answers import Json
from catalogsync.scenario.canvas import canvas_body
from catalogsync.scenario.fields import id_of, items_of, object_of
from catalogsync.scenario.image_body import image_body
from catalogsync.scenario.parts import Part, PartBounds, PartExpired, PartSender
from catalogsync.scenario.paths import path_part
from catalogsync.scenario.planned_file import PlannedFile
from catalogsync.scenario.polling import Uploads, upload_path
from catalogsync.scenario.tally import Tally
from catalogsync.scenario.transport import Transport
from catalogsync.scenario.wire import (
    asset_from,
    digest_tag,
    import_request,
    is_there,
    upload_name,
    upload_request,
)
from catalogsync.sending import NoWatcher, Watcher, goes_whole, part_size
from catalogsync.values import dataclass

_BEGINNINGS = 3
"""How often an upload is begun anew when its URLs expire or the answer to its begin is lost."""

_HASHED_AT_ONCE = 2
"""How many large files are hashed at the same time: each takes a core."""


NO_OPTIONS: Mapping[str, object] = {}


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
        watcher: Watcher | None = None,
        sent: KnownUploads | None = None,
        hashed: Hashed | None = None,
        tell: Tell = tell_nobody,
        trusted: SSLContext | None = None,
    ) -> None:
        self._http = http
        self._stop = stop or Event()
        self._uploads = Uploads(http, self._stop, patience or Patience())
        self._known = sent
        self._hashed = hashed or Hashed()
        self._sender = PartSender(stop=self._stop, bounds=bounds, tell=tell, trusted=trusted)
        self._watcher = watcher or NoWatcher()
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="parts")
        self._hashing = ThreadPoolExecutor(_HASHED_AT_ONCE, thread_name_prefix="hash")

    def close(self) -> None:
        """Give up what is queued and close all connections."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._hashing.shutdown(wait=True, cancel_futures=True)
        self._sender.close()

    def send(
        self, asset: AssetRef, file: BinaryIO, options: Mapping[str, object] = NO_OPTIONS
    ) -> str:
        """Send a file and return the new asset's id.

        Where the server does not keep the name, which holds the digest, the asset is tagged with
        the digest instead. Raises `FileChanged` if the file is not the planned one.
        """
        route = self._send_whole if goes_whole(asset) else self._send_parts
        with Tally(asset, self._watcher) as tally:
            kept = route(asset, file, options, tally)
            if kept.digest != asset.digest:
                self._tag(kept.id, asset)
        return kept.id

    def send_canvas(
        self, asset: AssetRef, files: Sequence[BinaryIO], options: Mapping[str, object]
    ) -> str:
        """Send a canvas with its thumbnail, and return the new asset's id (POST /assets)."""
        planned = dict(zip(asset.files, files, strict=True))
        body = canvas_body({"name": upload_name(asset), **options}, planned)
        with ExitStack() as tallies:
            told = [tallies.enter_context(Tally(each, self._watcher)) for each in planned]
            kept = asset_from(object_of(self._http.once("POST", "/assets", body), "asset"))
            for each, tally in zip(planned, told, strict=True):
                tally.add(each.size)
        if kept.digest != asset.digest:
            self._tag(kept.id, asset)
        return kept.id

    def fetch(self, asset: AssetRef, options: Mapping[str, object] = NO_OPTIONS) -> str:
        """Let the server fetch an asset from its URL, and return the new asset's id.

        Attempted once: an answer that is lost raises `OutcomeUnknown`. What an earlier run let it
        fetch, but did not see the end of, is taken.
        """
        left = self._left_behind(asset)
        asset_id = left.id if left else self._fetched(asset, options)
        self._tag(asset_id, asset)
        return asset_id

    def _fetched(self, asset: AssetRef, options: Mapping[str, object]) -> str:
        body = {"url": asset.url, "kind": str(asset.kind), **_filed(options)}
        upload = self._uploads.begin(body, asset.name)
        if self._known:
            self._known.remember(asset.sha256, upload)
        return self._uploads.imported(upload, asset.name)

    def _tag(self, asset_id: str, asset: AssetRef) -> None:
        tags = {"add": [digest_tag(asset)], "delete": [], "strict": False}
        try:
            self._http.put(f"/assets/{path_part(asset_id)}/tags", tags)
        except ApiError as error:
            # The file is there: sending it again would not help, and would leave it there twice.
            raise NotKept(
                f"{asset.name}: sent, but the server kept neither its name nor a tag: {error}",
                trace_id=error.trace_id,
            ) from None

    def _send_whole(
        self, asset: AssetRef, file: BinaryIO, options: Mapping[str, object], tally: Tally
    ) -> AssetRef:
        body = image_body(asset, {"name": upload_name(asset), **options}, file, tally)
        return asset_from(object_of(self._http.once("POST", "/assets", body), "asset"))

    def _send_parts(
        self, asset: AssetRef, file: BinaryIO, options: Mapping[str, object], tally: Tally
    ) -> AssetRef:
        left = self._left_behind(asset)
        if left:
            tally.add(asset.size)
            return left
        upload = self._delivered(asset, file, tally, options)
        if self._known:
            self._known.remember(asset.sha256, upload)
        self._complete(upload)
        kept = self._made(asset, upload)
        if not kept:
            raise BadResponse(f"{asset.name}: the server does not know the asset it just made")
        return kept

    def _left_behind(self, asset: AssetRef) -> AssetRef | None:
        """The asset made of an upload that an earlier run sent all parts to, if there is one.

        It may have ended before it said so to the server, or before it heard what became of them.
        """
        upload = self._known.recall(asset.sha256) if self._known else ""
        if not upload:
            return None
        try:
            if self._uploads.state(upload).status == "pending":
                self._complete(upload)
            kept = self._made(asset, upload)
        except (NotFound, Rejected):
            return None
        return kept if kept and kept.digest in (asset.digest, "") else None

    def deliver(self, asset: AssetRef, file: BinaryIO, purpose: str) -> str:
        """Send a file in parts, and return the id of the upload that is to be completed.

        One that an earlier run sent all parts to, for the same purpose, is taken.
        """
        sent = sha256(f"{purpose}\0{asset.sha256}".encode()).hexdigest()
        with Tally(asset, self._watcher) as tally:
            upload = self._waiting(sent)
            if upload:
                tally.add(asset.size)
                return upload
            upload = self._delivered(asset, file, tally)
        if self._known:
            self._known.remember(sent, upload)
        return upload

    def _waiting(self, sent: str) -> str:
        """The upload that an earlier run sent all parts to and did not complete, or nothing."""
        upload = self._known.recall(sent) if self._known else ""
        try:
            return upload if upload and self._uploads.state(upload).status == "pending" else ""
        except (NotFound, Rejected):
            return ""

    def _delivered(
        self,
        asset: AssetRef,
        file: BinaryIO,
        tally: Tally,
        options: Mapping[str, object] = NO_OPTIONS,
    ) -> str:
        with PlannedFile(
            asset, file, stop=self._stop, hashing=self._hashing, hashed=self._hashed
        ) as planned:
            upload = self._sent(planned, options, tally)
            # Nothing is completed that could hold other bytes than those that were hashed.
            planned.confirm()
        return upload

    def begin_import(self, weights: Weights) -> str:
        """Let the server import weights from elsewhere, and return the upload's id.

        Attempted once: an answer that is lost raises `OutcomeUnknown`.
        """
        return self._uploads.begin(import_request(weights), weights.address)

    def finish_import(self, upload_id: str, weights: Weights) -> str:
        """Wait until an upload has become a model, completing that of a file; the model's id."""
        pending = self._uploads.state(upload_id).status == "pending"
        if pending and weights.file:
            self._complete_weights(upload_id)
        return self._uploads.imported(upload_id, weights.address)

    def _complete_weights(self, upload_id: str) -> None:
        try:
            self._complete(upload_id)
        except Rejected as error:
            # Another run may have completed it in the meantime; else it never will be.
            if self._uploads.state(upload_id).status == "pending":
                if self._known:
                    self._known.forget(upload_id)
                raise UploadFailed(
                    error.message, hint="run it again to send it anew", trace_id=error.trace_id
                ) from None

    def _made(self, asset: AssetRef, upload: str) -> AssetRef | None:
        """The asset that an upload becomes, or None if that is not there any more."""
        asset_id = self._uploads.imported(upload, asset.name)
        answer = self._http.read_by_post("/assets/get-bulk", {"assetIds": [asset_id]})
        found = [item for item in items_of(answer, "assets") if is_there(item)]
        return asset_from(found[0]) if found else None

    def _sent(self, file: PlannedFile, options: Mapping[str, object], tally: Tally) -> str:
        """Send all parts, and return the id of the upload that has them."""
        for _ in range(_BEGINNINGS):
            upload = self._begin(file.asset, options)
            missing = _parts(file.asset)
            fruitless = 0
            while fruitless < _BEGINNINGS:
                left = self._send_each(file, upload, missing, tally)
                if not left:
                    return id_of(upload)
                fruitless = fruitless + 1 if len(left) == len(missing) else 0
                missing = left
                upload = object_of(self._http.get(upload_path(id_of(upload))), "upload")
            tally.take_back()
        raise Rejected(
            f"{file.asset.name}: the server's addresses for its parts expire before they are sent",
            hint="check this machine's clock, or send with fewer --jobs",
        )

    def _begin(self, asset: AssetRef, options: Mapping[str, object]) -> Json:
        """Begin an upload; one whose answer is lost makes no asset, so that it can be repeated."""
        body = {**upload_request(asset), **_filed(options)}
        for attempt in range(1, _BEGINNINGS + 1):
            try:
                return object_of(self._http.once("POST", "/uploads", body), "upload")
            except ApiError as error:
                if not error.may_have_been_applied or attempt == _BEGINNINGS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _send_each(
        self, file: PlannedFile, upload: Json, parts: list[Part], tally: Tally
    ) -> list[Part]:
        """Send parts at the same time; return those whose URLs have expired."""
        batch = _Batch(file, _urls(upload), tally)
        tasks = [(part, self._pool.submit(self._send_one, part, batch)) for part in parts]
        try:
            return [part for part, task in tasks if not task.result()]
        except BaseException:
            file.give_up()
            raise
        finally:
            # The descriptor must stay open until nobody reads from it any more.
            for _, task in tasks:
                if not task.cancel():
                    task.exception()

    def _send_one(self, part: Part, batch: "_Batch") -> bool:
        """Send one part; False if its URL has expired."""
        if self._stop.is_set():
            raise Interrupted("interrupted")
        if batch.expired.is_set():
            return False
        if part.number not in batch.urls:
            name = batch.file.asset.name
            raise BadResponse(f"{name}: the server gave no address for part {part.number}")
        try:
            self._sender.send(part, batch.urls[part.number], batch.file, batch.tally)
        except PartExpired:
            batch.expired.set()
            return False
        return True

    def _complete(self, upload_id: str) -> None:
        """Say that all parts are there; looks whether it was said when there is no good answer."""
        try:
            self._http.once("POST", upload_path(upload_id, "action"), {"action": "complete"})
        except ApiError as error:
            # To say it twice, as another process may have done, is refused.
            if self._uploads.state(upload_id).status != "pending":
                return
            if not error.may_have_been_applied:
                raise
            self._http.once("POST", upload_path(upload_id, "action"), {"action": "complete"})


@dataclass(frozen=True, slots=True)
class _Batch:
    """Parts that are sent with the same answer's URLs; when one has expired, so have all soon."""

    file: PlannedFile
    urls: Mapping[int, str]
    tally: Tally
    expired: Event = field(default_factory=Event)


def _filed(options: Mapping[str, object]) -> dict[str, object]:
    """How an asset is filed that an upload becomes."""
    return {"assetOptions": dict(options)} if options else {}


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
