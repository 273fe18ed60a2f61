"""Assets: images sent as base64, their records, their URLs."""

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from scenario_sdk import BadRequestError, NotFoundError, Scenario

from catalogsync.sandbox.server import Running

SVG = (
    b'<?xml version="1.0"?><!-- a --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 20"/>'
)
HEIC = (
    b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1"
    b"\x00\x00\x00\x14ispe\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x05"
)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_an_uploaded_image_is_described_as_the_vendor_shows_it(
    client: Scenario, project: str, pictures: Any
) -> None:
    data = pictures.png(12, 7)
    asset = client.assets.upload(name="fileName.png", image=_text(data)).asset
    assert asset.to_dict() == client.assets.retrieve(asset.id).asset.to_dict() | {"url": asset.url}
    assert (asset.mime_type, asset.kind, asset.source) == ("image/png", "image", "uploaded")
    assert (asset.owner_id, asset.privacy, asset.status) == (project, "private", "success")
    assert asset.metadata.name == "fileName.png"
    assert asset.metadata.type == "uploaded"
    size = (asset.properties.width, asset.properties.height, asset.properties.size)
    assert size == (12, 7, len(data))
    assert (asset.metadata.width, asset.metadata.height, asset.metadata.size) == size
    assert asset.tags == asset.collection_ids == []
    assert "UPSCALE" in asset.edit_capabilities


def test_a_data_url_is_as_good_as_bare_base64(client: Scenario, pictures: Any) -> None:
    image = f"data:image/png;base64,{_text(pictures.png())}"
    assert client.assets.upload(name="a.png", image=image).asset.mime_type == "image/png"


@pytest.mark.parametrize(
    ("kind", "mime"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
    ],
)
def test_raster_formats_are_known_by_their_bytes(
    client: Scenario, pictures: Any, kind: str, mime: str
) -> None:
    asset = client.assets.upload(name="x.bin", image=_text(pictures.of(kind, 9, 6))).asset
    assert (asset.mime_type, asset.properties.width, asset.properties.height) == (mime, 9, 6)


def test_svg_and_heic_are_known_by_their_signatures(client: Scenario) -> None:
    drawing = client.assets.upload(name="a.svg", image=_text(SVG)).asset
    assert (drawing.mime_type, drawing.properties.width, drawing.properties.height) == (
        "image/svg+xml",
        30,
        20,
    )
    photo = client.assets.upload(name="a.heic", image=_text(HEIC)).asset
    assert (photo.mime_type, photo.properties.width, photo.properties.height) == (
        "image/heic",
        7,
        5,
    )


@pytest.mark.parametrize(
    "data",
    [
        b"plain text",
        b"",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 40,
        b"<html><svg></svg></html>",
        b"<!-- -->" * 20_000,
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"\x00\x00\x00\x18ftypheic",
    ],
)
def test_what_is_no_image_is_refused(raw: httpx.Client, data: bytes) -> None:
    answer = raw.post("/assets", json={"name": "a.png", "image": _text(data) or "AA=="})
    assert answer.status_code == 400
    assert answer.json()["reason"] == "Unhandled image format"


def test_a_broken_image_is_refused(client: Scenario, pictures: Any) -> None:
    damaged = bytearray(pictures.png(50, 50))
    damaged[60] ^= 0xFF
    with pytest.raises(BadRequestError):
        client.assets.upload(name="a.png", image=_text(bytes(damaged)))


@pytest.mark.parametrize("image", ["*", "data:image/png;base64,*", "data:,", "é"])
def test_what_is_no_base64_is_refused(client: Scenario, image: str) -> None:
    with pytest.raises(BadRequestError):
        client.assets.upload(name="a.png", image=image)


def test_an_upload_without_image_says_so(raw: httpx.Client) -> None:
    answer = raw.post("/assets", json={"name": "a.png"})
    assert answer.json()["reason"] == "Either 'image' or 'canvas' must be provided"
    assert raw.post("/assets", json={"image": "AAAA"}).status_code == 400


def test_an_image_of_six_megabytes_is_too_large(raw: httpx.Client, pictures: Any) -> None:
    for size, status in ((5_999_999, 200), (6_000_000, 400)):
        data = SVG + b" " * (size - len(SVG))
        answer = raw.post("/assets", json={"name": "a.svg", "image": _text(data)})
        assert answer.status_code == status


def test_a_body_above_the_gateways_cap_is_too_large(raw: httpx.Client) -> None:
    answer = raw.post("/assets", json={"name": "a.png", "image": "A" * 10_000_001})
    assert answer.status_code == 413
    assert answer.json()["message"]


def test_options_of_an_upload_are_kept(client: Scenario, pictures: Any) -> None:
    collection = client.collections.create(name="c").collection.id
    parent = client.assets.upload(name="p.png", image=pictures.encoded()).asset.id
    asset = client.assets.upload(
        name="a.png",
        image=pictures.encoded(),
        hide=True,
        parent_id=parent,
        collection_ids=[collection],
    ).asset
    assert asset.collection_ids == [collection]
    assert asset.is_hidden
    assert asset.metadata.parent_id == parent
    assert [each.id for each in client.assets.list(parent_asset_id=parent)] == [asset.id]
    assert [each.id for each in client.assets.list(collection_id=collection)] == [asset.id]


@pytest.mark.parametrize(
    "options",
    [
        {"hide": "yes"},
        {"parentId": "asset_none"},
        {"collectionIds": ["collection_none"]},
        {"collectionIds": "x"},
        {"name": ""},
    ],
)
def test_bad_options_of_an_upload_are_refused(
    raw: httpx.Client, pictures: Any, options: dict[str, Any]
) -> None:
    body = {"name": "a.png", "image": pictures.encoded(), **options}
    assert raw.post("/assets", json=body).status_code == 400
    assert raw.get("/assets").json()["assets"] == []


def test_assets_are_listed_in_pages_newest_first(
    client: Scenario, asset: Callable[[], str]
) -> None:
    made = [asset() for _ in range(5)]
    assert [each.id for each in client.assets.list(page_size=2)] == made[::-1]
    client.assets.update_tags(made[0], add=["t"])
    latest = client.assets.list(sort_by="updatedAt", page_size=3)
    assert next(iter(latest)).id == made[0]
    oldest = client.assets.list(sort_by="createdAt", sort_direction="asc")
    assert [each.id for each in oldest] == made


def test_assets_are_filtered(client: Scenario, asset: Callable[[], str]) -> None:
    made = client.assets.retrieve(asset()).asset
    assert len(client.assets.list(author_id=made.author_id).assets) == 1
    assert len(client.assets.list(type="uploaded").assets) == 1
    assert client.assets.list(type="upscale").assets == []
    assert client.assets.list(model_id="model_x").assets == []
    assert client.assets.list(privacy="public").assets == []
    after = client.assets.list(created_after=made.created_at, sort_by="createdAt")
    assert after.assets == []


@pytest.mark.parametrize(
    "query",
    [
        {"pageSize": "101"},
        {"sortBy": "name"},
        {"tags": "a"},
        {"createdAfter": "2020-01-01"},
        {"updatedAfter": "2020-01-01", "sortBy": "createdAt"},
    ],
)
def test_bad_asset_filters_are_refused(raw: httpx.Client, query: dict[str, str]) -> None:
    assert raw.get("/assets", params=query).status_code == 400


def test_bulk_answers_in_order_and_leaves_out_the_unknown(
    client: Scenario, asset: Callable[[], str]
) -> None:
    first, second = asset(), asset()
    found = client.assets.get_bulk(asset_ids=[second, "asset_none", first]).assets
    assert [each.id for each in found] == [second, first]


def test_too_many_ids_are_refused_in_the_services_words(raw: httpx.Client) -> None:
    many = {"assetIds": [f"asset_{number}" for number in range(201)]}
    for answer in (
        raw.post("/assets/get-bulk", json=many),
        raw.request("DELETE", "/assets", json={"assetIds": many["assetIds"][:101]}),
    ):
        assert answer.status_code == 400
        assert answer.json()["reason"] == "Too many assetIds provided in a single request"


def test_deleted_assets_are_gone_from_everywhere(
    client: Scenario, asset: Callable[[], str]
) -> None:
    gone, kept = asset(), asset()
    model = client.models.create().model.id
    client.models.examples.update(model, asset_ids=[gone, kept])
    client.models.update(model, thumbnail=gone)
    assert client.assets.delete_multiple(asset_ids=[gone, "asset_none"]) == {}
    with pytest.raises(NotFoundError):
        client.assets.retrieve(gone)
    assert [each.id for each in client.assets.list()] == [kept]
    assert [each.id for each in client.assets.list(deleted=True)] == [gone]
    found = client.models.retrieve(model).model
    assert (found.example_asset_ids, found.thumbnail) == ([kept], None)


def test_an_asset_of_another_project_is_not_found(
    client: Scenario, stranger: Scenario, asset: Callable[[], str]
) -> None:
    image = asset()
    for act in (
        lambda: stranger.assets.retrieve(image),
        lambda: stranger.assets.update_tags(image, add=["a"]),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert stranger.assets.get_bulk(asset_ids=[image]).assets == []
    stranger.assets.delete_multiple(asset_ids=[image])
    assert client.assets.retrieve(image).asset.id == image


def test_signed_urls_give_the_bytes_without_credentials(
    client: Scenario, raw: httpx.Client, pictures: Any
) -> None:
    data = pictures.png(20, 20)
    asset = client.assets.upload(name="a.png", image=_text(data)).asset
    again = client.assets.retrieve(asset.id).asset
    assert asset.url != again.url
    for url in (asset.url, again.url):
        answer = httpx.get(url)
        assert (answer.status_code, answer.content) == (200, data)
        assert answer.headers["content-type"] == "image/png"
    assert httpx.get(asset.url + "0").status_code == 403
    assert httpx.get(asset.url.partition("?")[0]).status_code == 403


def test_signed_urls_expire(
    tmp_path: Any, connect: Callable[..., Scenario], server: Running, pictures: Any
) -> None:
    from catalogsync.sandbox import running

    with running(tmp_path, url_ttl_s=60) as own:
        asset = connect(own.url).assets.upload(name="a.png", image=pictures.encoded()).asset
        assert httpx.get(asset.url).status_code == 200
        own.control.advance(61)
        assert httpx.get(asset.url).status_code == 403


def test_the_control_creates_images_in_bulk(
    client: Scenario, project: str, server: Running
) -> None:
    names = {f"asset_{number}": f"{number}.webp" for number in range(3)}
    server.control.create_assets(names, project)
    found = client.assets.get_bulk(asset_ids=list(names)).assets
    assert {asset.id: asset.metadata.name for asset in found} == names
