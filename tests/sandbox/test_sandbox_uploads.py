"""Uploads in parts: signed URLs, states that move, what is refused."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from scenario_sdk import BadRequestError, NotFoundError, Scenario
from scenario_sdk.types.upload_create_response import Upload

from catalogsync.sandbox import running
from catalogsync.sandbox.server import Running

Kind = Literal["3d", "asset", "audio", "avatar", "image", "model", "text", "video"]
MIB = 1024 * 1024
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"></svg>'
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 32


def _begin(client: Scenario, data: bytes, **more: Any) -> Upload:
    sent: dict[str, Any] = {
        "kind": "image",
        "file_name": "big.png",
        "content_type": "image/png",
        "file_size": len(data),
        "parts": 1,
        **more,
    }
    return client.uploads.create(**sent).upload


def _send(upload: Upload, *contents: bytes) -> None:
    for part, content in zip(upload.parts or [], contents, strict=True):
        httpx.put(part.url, content=content).raise_for_status()


def _finish(client: Scenario, upload: Upload) -> Upload:
    """Complete an upload and wait until its state no longer moves."""
    status = client.uploads.trigger_action(upload.id, action="complete").upload.status
    assert status in ("validating", "validated", "imported", "failed")
    while status in ("validating", "validated"):
        found = client.uploads.retrieve(upload.id).upload
        status = found.status
    return Upload.model_validate(found.to_dict())


def test_a_file_in_one_part_becomes_an_asset(client: Scenario, pictures: Any, project: str) -> None:
    data = pictures.png(31, 17)
    upload = _begin(client, data)
    assert (upload.status, upload.source, upload.parts_count) == ("pending", "multipart", 1)
    assert upload.original_file_name == "big.png"
    assert upload.file_name != "big.png"
    assert upload.file_name.endswith(".png")
    assert (upload.owner_id, upload.entity_id) == (project, None)
    _send(upload, data)
    done = _finish(client, upload)
    assert (done.status, done.error_message, done.parts) == ("imported", None, None)
    assert done.entity_id
    asset = client.assets.retrieve(done.entity_id).asset
    assert (asset.metadata.name, asset.mime_type) == ("big.png", "image/png")
    size = (asset.properties.width, asset.properties.height, asset.properties.size)
    assert size == (31, 17, len(data))
    assert httpx.get(asset.url).content == data


@pytest.mark.parametrize("good", [True, False])
def test_the_job_of_an_upload_tells_what_became_of_it(
    client: Scenario, stranger: Scenario, pictures: Any, good: bool
) -> None:
    data = pictures.png() if good else b"no picture"
    upload = _begin(client, data)
    assert client.jobs.retrieve(upload.job_id or "").job.status == "pending"
    _send(upload, data)
    done = _finish(client, upload)
    job = client.jobs.retrieve(upload.job_id or "").job
    assert (job.job_type, job.progress) == ("upload", 1)
    assert job.status == ("success" if good else "failure")
    assert job.metadata.output == ({"entityId": done.entity_id} if good else None)
    assert job.metadata.error == done.error_message
    with pytest.raises(BadRequestError, match="Cannot cancel this type of job"):
        client.jobs.trigger_action(job.job_id, action="cancel")
    with pytest.raises(NotFoundError):
        stranger.jobs.retrieve(job.job_id)


def test_parts_are_joined_in_order(client: Scenario) -> None:
    data = SVG + bytes(range(256)) * (11 * 4096)
    cut = [data[: 5 * MIB], data[5 * MIB : 10 * MIB], data[10 * MIB :]]
    sent = {"content_type": "image/svg+xml", "file_name": "a.svg", "parts": 3}
    upload = _begin(client, data, **sent)
    for part, content in reversed(list(zip(upload.parts or [], cut, strict=True))):
        httpx.put(part.url, content=content).raise_for_status()
    done = _finish(client, upload)
    assert done.entity_id
    asset = client.assets.retrieve(done.entity_id).asset
    assert (asset.properties.width, asset.properties.size) == (40, len(data))
    assert httpx.get(asset.url).content == data


@pytest.mark.parametrize(
    ("kind", "content_type", "data", "asset_kind"),
    [
        ("audio", "audio/wav", WAV, "audio"),
        ("video", "video/webm", b"\x1a\x45\xdf\xa3 and more", "video"),
        ("video", "video/mp4", b"\x00\x00\x00\x18ftypisom\x00\x00", "video"),
        ("3d", "model/gltf-binary", b"glTF\x02\x00\x00\x00", "3d"),
        ("3d", "model/stl", b"solid", "3d"),
        ("text", "text/plain", "Grüße".encode(), "text"),
        ("asset", "image/svg+xml", SVG, "image"),
        ("avatar", "image/svg+xml", SVG, "image"),
    ],
)
def test_other_kinds_become_assets_too(
    client: Scenario, kind: Kind, content_type: str, data: bytes, asset_kind: str
) -> None:
    upload = _begin(client, data, kind=kind, content_type=content_type)
    _send(upload, data)
    done = _finish(client, upload)
    assert done.entity_id, done.error_message
    asset = client.assets.retrieve(done.entity_id).asset
    assert (asset.kind, asset.properties.size) == (asset_kind, len(data))


@pytest.mark.parametrize(
    ("sent", "data", "message"),
    [
        ({"content_type": "image/jpeg"}, SVG, "not image/jpeg"),
        ({}, b"no image", "not image/png"),
        ({"kind": "audio", "content_type": "audio/wav"}, SVG, "not audio/wav"),
        ({"kind": "audio", "content_type": "image/svg+xml"}, SVG, "does not match kind audio"),
        ({"kind": "asset", "content_type": "application/zip"}, b"PK", "Unsupported"),
        ({"kind": "text", "content_type": "text/plain"}, b"a\x00b", "not text/plain"),
        ({"file_size": 3}, SVG, "not the 3 announced"),
        ({"kind": "model", "content_type": "application/octet-stream"}, SVG, "not a model"),
    ],
)
def test_a_wrong_content_fails_and_says_why(
    client: Scenario, sent: dict[str, Any], data: bytes, message: str
) -> None:
    upload = _begin(client, data, **sent)
    _send(upload, data)
    done = _finish(client, upload)
    assert (done.status, done.entity_id) == ("failed", None)
    assert message in (done.error_message or "")
    assert client.assets.list().assets == []


def test_a_missing_or_small_part_fails(client: Scenario) -> None:
    upload = _begin(client, SVG * 2, content_type="image/svg+xml", parts=2)
    done = _finish(client, upload)
    assert done.error_message == "Part 1 is missing"
    upload = _begin(client, SVG * 2, content_type="image/svg+xml", parts=2)
    _send(upload, SVG, SVG)
    assert "smaller than the minimum" in (_finish(client, upload).error_message or "")


def test_a_part_may_be_sent_again_and_the_last_one_counts(client: Scenario, pictures: Any) -> None:
    data = pictures.png()
    upload = _begin(client, data)
    _send(upload, b"wrong")
    _send(upload, data)
    assert _finish(client, upload).status == "imported"


def test_an_upload_is_completed_once(client: Scenario, raw: httpx.Client, pictures: Any) -> None:
    data = pictures.png()
    upload = _begin(client, data)
    _send(upload, data)
    assert raw.post(f"/uploads/{upload.id}/action", json={"action": "stop"}).status_code == 400
    assert raw.post(f"/uploads/{upload.id}/action", json={}).status_code == 400
    _finish(client, upload)
    with pytest.raises(BadRequestError):
        client.uploads.trigger_action(upload.id, action="complete")
    assert httpx.put((upload.parts or [])[0].url, content=data).status_code == 404


def test_an_upload_of_another_project_is_not_found(client: Scenario, stranger: Scenario) -> None:
    upload = _begin(client, SVG)
    with pytest.raises(NotFoundError):
        stranger.uploads.retrieve(upload.id)
    with pytest.raises(NotFoundError):
        stranger.uploads.trigger_action(upload.id, action="complete")


def test_part_urls_are_fresh_at_every_read(client: Scenario, pictures: Any) -> None:
    data = pictures.png()
    first = _begin(client, data)
    again = client.uploads.retrieve(first.id).upload
    assert first.parts
    assert again.parts
    assert first.parts[0].url != again.parts[0].url
    assert again.parts[0].expires.endswith("Z")
    httpx.put(again.parts[0].url, content=data).raise_for_status()
    assert _finish(client, first).status == "imported"


def test_part_urls_behave_as_presigned_s3_urls(client: Scenario) -> None:
    (part,) = _begin(client, SVG).parts or []
    good = httpx.put(part.url, content=SVG, headers={"Content-Type": "image/png"})
    assert good.status_code == 200
    assert good.headers["etag"]
    assert httpx.put(part.url, content=SVG, auth=("key", "secret")).status_code == 400
    assert httpx.put(part.url + "0", content=SVG).status_code == 403
    assert httpx.put(part.url.replace("/1?", "/2?"), content=SVG).status_code == 403

    def chunks() -> Iterator[bytes]:
        yield SVG

    assert httpx.put(part.url, content=chunks()).status_code == 501


def test_part_urls_expire_and_a_large_body_still_hears_of_it(
    tmp_path: Path, connect: Callable[..., Scenario]
) -> None:
    with running(tmp_path, part_ttl_s=60) as own:
        client = connect(own.url)
        upload = _begin(client, SVG)
        own.control.advance(61)
        refused = httpx.put((upload.parts or [])[0].url, content=b"x" * 8 * MIB)
        assert refused.status_code == 403
        assert "expired" in refused.text
        _send(Upload.model_validate(client.uploads.retrieve(upload.id).upload.to_dict()), SVG)


def test_states_move_with_time(
    tmp_path: Path, connect: Callable[..., Scenario], pictures: Any
) -> None:
    with running(tmp_path, validate_s=3600, import_s=3600) as own:
        client, data = connect(own.url), pictures.png()
        upload = _begin(client, data)
        _send(upload, data)
        begun = client.uploads.trigger_action(upload.id, action="complete").upload
        seen = [Upload.model_validate(begun.to_dict())]
        for _ in range(2):
            own.control.advance(3600)
            # The clock has moved; the import itself may still be running.
            while (found := client.uploads.retrieve(upload.id).upload).status == seen[-1].status:
                pass
            seen.append(Upload.model_validate(found.to_dict()))
        assert [each.status for each in seen] == ["validating", "validated", "imported"]
        assert [bool(each.entity_id) for each in seen] == [False, False, True]
        stamps = [each.updated_at for each in seen]
        assert stamps == sorted(set(stamps))


def test_an_upload_can_be_held_or_failed_from_outside(
    client: Scenario, server: Running, pictures: Any
) -> None:
    data = pictures.png()
    upload = _begin(client, data)
    _send(upload, data)
    server.control.hold_upload(upload.id, "validating")
    client.uploads.trigger_action(upload.id, action="complete")
    assert client.uploads.retrieve(upload.id).upload.status == "validating"
    server.control.hold_upload(upload.id, None)
    other = _begin(client, data)
    server.control.fail_upload(other.id, "Corrupt")
    failed = client.uploads.retrieve(other.id).upload
    assert (failed.status, failed.error_message) == ("failed", "Corrupt")


def test_a_weights_file_becomes_a_model(client: Scenario) -> None:
    data = struct.pack("<Q", 2) + b"{}"
    sent = {"kind": "model", "content_type": "application/octet-stream"}
    upload = _begin(client, data, file_name="style.safetensors", **sent)
    _send(upload, data)
    done = _finish(client, upload)
    assert done.entity_id
    model = client.models.retrieve(done.entity_id).model
    assert (model.name, model.status, model.source) == ("style", "trained", "other")


@pytest.mark.parametrize(
    ("sent", "source"),
    [
        ({"hugging_face_model_name": "black-forest-labs/FLUX.1-dev"}, "huggingface"),
        ({"civitai_model_url": "https://civitai.com/models/370194/translucent"}, "civitai"),
        ({"url": "https://example.org/style.safetensors", "kind": "model"}, "url"),
    ],
)
def test_remote_models_are_imported(client: Scenario, sent: dict[str, Any], source: str) -> None:
    upload = client.uploads.create(**sent).upload
    assert (upload.source, upload.kind) == (source, "model")
    while (done := client.uploads.retrieve(upload.id).upload).status != "imported":
        pass
    assert done.entity_id
    assert client.models.retrieve(done.entity_id).model.status == "trained"


def _fetched(client: Scenario, url: str, kind: Kind) -> Upload:
    upload = client.uploads.create(url=url, kind=kind).upload
    while (done := client.uploads.retrieve(upload.id).upload).status == "validating":
        pass
    return Upload.model_validate(done.to_dict())


def test_an_image_by_url_is_a_picture_of_the_sandboxs_own(client: Scenario) -> None:
    done = _fetched(client, "https://example.org/art/a.png?size=2", "image")
    assert (done.status, done.source, done.original_file_name) == ("imported", "url", "a.png")
    assert done.entity_id
    asset = client.assets.retrieve(done.entity_id).asset
    assert (asset.kind, asset.mime_type, asset.metadata.name) == ("image", "image/png", "a.png")
    other = _fetched(client, "https://example.org/art/b.png", "image")
    contents = [
        httpx.get(client.assets.retrieve(str(each.entity_id)).asset.url).content
        for each in (done, other)
    ]
    assert contents[0] != contents[1]


def test_a_test_says_what_is_at_an_address(client: Scenario, server: Running) -> None:
    server.control.publish("https://example.org/a.wav", WAV)
    done = _fetched(client, "https://example.org/a.wav", "audio")
    assert done.entity_id
    asset = client.assets.retrieve(done.entity_id).asset
    assert (asset.kind, httpx.get(asset.url).content) == ("audio", WAV)
    wrong = _fetched(client, "https://example.org/a.wav", "image")
    assert wrong.status == "failed"
    assert "does not match kind image" in str(wrong.error_message)


@pytest.mark.parametrize("kind", ["image", "video"])
def test_what_is_not_there_fails(client: Scenario, server: Running, kind: Kind) -> None:
    server.control.publish("https://example.org/gone.png", None)
    done = _fetched(client, "https://example.org/gone.png", kind)
    assert (done.status, bool(done.error_message)) == ("failed", True)
    assert client.assets.list().assets == []


def test_a_model_that_is_not_there_is_refused_at_once(
    client: Scenario, server: Running, raw: httpx.Client
) -> None:
    server.control.publish("nobody/nothing", None)
    with pytest.raises(BadRequestError, match="nobody/nothing was not found"):
        client.uploads.create(hugging_face_model_name="nobody/nothing")
    body = {"huggingFaceModelName": "nobody/nothing"}
    assert raw.post("/uploads", params={"dryRun": "true"}, json=body).status_code == 400


@pytest.mark.parametrize(
    ("body", "cost"),
    [
        ({"huggingFaceModelName": "a/b"}, 10),
        ({"civitaiModelUrl": "https://civitai.com/models/1"}, 10),
        ({"url": "https://example.org/a.safetensors", "kind": "model"}, 10),
        ({"url": "https://example.org/a.png", "kind": "image"}, 0),
    ],
)
def test_an_estimate_costs_nothing_and_uploads_nothing(
    client: Scenario, raw: httpx.Client, body: dict[str, str], cost: int
) -> None:
    answer = raw.post("/uploads", params={"dryRun": "true"}, json=body)
    assert answer.status_code == 269
    assert answer.json() == {"creativeUnitsCost": cost}
    assert raw.post("/uploads", params={"dryRun": "1"}, json=body).status_code == 400
    assert (client.models.list().models, client.assets.list().assets) == ([], [])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "song"},
        {"kind": None},
        {"parts": 0},
        {"parts": 10_001},
        {"parts": 1.5},
        {"parts": True},
        {"fileSize": 0},
        {"fileSize": "9"},
        {"fileName": ""},
        {"contentType": None},
        {"url": "https://example.org/a.png"},
        {"assetOptions": {"parentId": "asset_none"}},
        {"assetOptions": {"collectionIds": ["collection_none"]}},
        {"assetOptions": []},
        {"kind": "model", "assetOptions": {"hide": True}},
    ],
)
def test_a_bad_upload_is_refused(raw: httpx.Client, change: dict[str, Any]) -> None:
    good = {
        "kind": "image",
        "fileName": "a.png",
        "contentType": "image/png",
        "fileSize": 9,
        "parts": 1,
    }
    assert raw.post("/uploads", json=good).status_code == 200
    assert raw.post("/uploads", json=good | change).status_code == 400


@pytest.mark.parametrize("missing", ["kind", "fileName", "contentType", "fileSize", "parts"])
def test_an_upload_without_a_required_field_is_refused(raw: httpx.Client, missing: str) -> None:
    good = {
        "kind": "image",
        "fileName": "a.png",
        "contentType": "image/png",
        "fileSize": 9,
        "parts": 1,
    }
    del good[missing]
    assert raw.post("/uploads", json=good).status_code == 400
