"""The vendor's JSON, as documented and as seen, becomes our values or a `BadResponse`."""

import json
from typing import Any

import pytest

from catalogsync.errors import BadResponse
from catalogsync.model import AssetKind, AssetRef, Concept, ModelRef
from catalogsync.scenario.wire import asset_from, digest_tag, model_from, upload_name

SHA = "0123456789abcdef" * 4
OTHER = "f" * 32
REF = AssetRef(sha256=SHA, name="pose.webp")

SMALLEST: dict[str, Any] = {
    "id": "model_1",
    "capabilities": [],
    "collectionIds": [],
    "createdAt": "2026-01-01T00:00:00Z",
    "custom": False,
    "exampleAssetIds": [],
    "privacy": "private",
    "source": "scenario",
    "status": "trained",
    "tags": [],
    "trainingImagesNumber": 0,
    "type": "flux.1-lora",
    "updatedAt": "2026-01-02T00:00:00Z",
}
ASSET: dict[str, Any] = {
    "id": "asset_1",
    "kind": "image",
    "metadata": {"kind": "image", "type": "uploaded", "name": "pose.png"},
    "mimeType": "image/png",
    "properties": {"size": 1234, "width": 640, "height": 480},
    "status": "success",
    "tags": [],
    "url": "https://cdn.example/asset_1?Signature=x",
}


def asset_named(name: str, *tags: str) -> AssetRef:
    return asset_from(ASSET | {"metadata": {"name": name}, "tags": list(tags)})


def test_the_smallest_model_has_empty_fields_and_unread_embeddings() -> None:
    model = model_from(SMALLEST)
    assert (model.id, model.name, model.type) == ("model_1", "", "flux.1-lora")
    assert (model.status, model.updated_at) == ("trained", "2026-01-02T00:00:00Z")
    assert (model.tags, model.examples, model.concepts) == (frozenset(), (), ())
    assert (model.thumbnail, model.class_slug, model.epoch, model.epochs) == ("", "", "", ())
    assert model.prompt_embedding is model.negative_prompt_embedding is None
    assert model.description is model.prompt_guide is None


def test_every_field_of_a_model_is_read() -> None:
    model = model_from(
        SMALLEST
        | {
            "name": "Heroes",
            "shortDescription": "for heroes",
            "tags": ["b", "a"],
            "thumbnail": {"assetId": "asset_t", "url": "https://signed"},
            "exampleAssetIds": ["asset_2", "asset_1"],
            "collectionIds": ["c1"],
            "class": {"slug": "characters", "name": "Characters"},
            "concepts": [{"modelId": "model_2", "scale": 1, "modelEpoch": "3"}],
            "epoch": "5",
            "epochs": [{"epoch": "4"}, {"epoch": "5"}],
            "promptEmbedding": "p",
            "negativePromptEmbedding": "",
        }
    )
    assert (model.name, model.short_description) == ("Heroes", "for heroes")
    assert model.tags == {"a", "b"}
    assert (model.thumbnail, model.examples) == ("asset_t", ("asset_2", "asset_1"))
    assert (model.collection_ids, model.class_slug) == (frozenset({"c1"}), "characters")
    assert model.concepts == (Concept(ModelRef(id="model_2"), 1.0, "3"),)
    assert isinstance(model.concepts[0].scale, float)
    assert (model.epoch, model.epochs) == ("5", ("4", "5"))
    assert (model.prompt_embedding, model.negative_prompt_embedding) == ("p", "")


@pytest.mark.parametrize(
    "oddity",
    [
        {"trainingProgress": {}},
        {"parameters": {}},
        {"uiConfig": None, "inputs": None, "trainingStats": {}},
        {"status": "resting", "privacy": "secretive", "source": "elsewhere", "type": "sd-1_5"},
        {"somethingNew": [{"deep": [None]}], "deletedAt": None},
        {"thumbnail": None, "class": None, "concepts": None, "epoch": None, "epochs": None},
        {"thumbnail": {}, "class": {}, "concepts": [], "collectionIds": None},
        {"thumbnail": [], "class": "x", "concepts": {}, "epochs": [None, 1], "epoch": 4},
        {"name": None, "shortDescription": None, "promptEmbedding": None},
        {"concepts": [{"modelId": None, "scale": None}, None, "x"]},
    ],
)
def test_oddities_do_not_matter(oddity: dict[str, object]) -> None:
    model = model_from(SMALLEST | oddity)
    assert (model.id, model.name, model.thumbnail) == ("model_1", "", "")


@pytest.mark.parametrize("scale", ["1e999999", "-1e999999", "NaN", "9" * 4000, "true", '"1"', "{}"])
def test_an_impossible_scale_counts_as_none(scale: str) -> None:
    concepts = json.loads('[{"modelId": "m", "scale": ' + scale + "}]")
    assert model_from(SMALLEST | {"concepts": concepts}).concepts[0].scale == 1.0


@pytest.mark.parametrize("field", ["id", "type", "status", "updatedAt", "tags", "exampleAssetIds"])
@pytest.mark.parametrize("value", [None, 7, {}, [None], ["a", 1]])
def test_a_model_without_a_field_that_decides_is_a_bad_response(field: str, value: object) -> None:
    with pytest.raises(BadResponse, match=field):
        model_from(SMALLEST | {field: value})
    with pytest.raises(BadResponse, match=field):
        model_from({name: held for name, held in SMALLEST.items() if name != field})


def test_an_asset_is_read() -> None:
    asset = asset_from(ASSET)
    assert (asset.id, asset.sha256, asset.name) == ("asset_1", "", "pose.png")
    assert (asset.kind, asset.media_type) == (AssetKind.IMAGE, "image/png")
    assert (asset.size, asset.width, asset.height) == (1234, 640, 480)


@pytest.mark.parametrize(
    "oddity",
    [
        {"metadata": {}, "properties": None, "tags": None, "kind": None, "mimeType": None},
        {"metadata": {"name": 5}, "properties": {"size": "big", "width": True}, "tags": [None]},
        {"properties": {"size": float("inf"), "width": float("nan"), "height": 10**400}},
        {"kind": "hologram", "metadata": {"type": "never heard of"}, "tags": "sha256:x"},
    ],
)
def test_oddities_of_an_asset_do_not_matter(oddity: dict[str, object]) -> None:
    asset = asset_from(ASSET | oddity)
    assert (asset.id, asset.sha256, asset.kind) == ("asset_1", "", AssetKind.IMAGE)
    assert asset.width in (0, 640)


@pytest.mark.parametrize("missing", ["id", "metadata"])
def test_an_asset_without_what_tells_it_from_others_is_a_bad_response(missing: str) -> None:
    with pytest.raises(BadResponse, match=f"asset without {missing}"):
        asset_from({name: value for name, value in ASSET.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "digest", "shown"),
    [
        (f"pose.{SHA[:32]}.png", SHA[:32], "pose.png"),
        (f"pose.{SHA[:32]}", SHA[:32], "pose"),
        (f"a.b.{SHA[:32]}.webp", SHA[:32], "a.b.webp"),
        (f"pose.{OTHER}.{SHA[:32]}.png", SHA[:32], f"pose.{OTHER}.png"),
        (f"pose.{SHA[:31]}.png", "", f"pose.{SHA[:31]}.png"),
        (f"pose.{SHA[:33]}.png", "", f"pose.{SHA[:33]}.png"),
        (f"pose.{SHA[:32].upper()}.png", "", f"pose.{SHA[:32].upper()}.png"),
        (f"pose.{SHA[:32]}.png\n", "", f"pose.{SHA[:32]}.png\n"),
        (f"pose.{SHA[:32]}.png.part", "", f"pose.{SHA[:32]}.png.part"),
        ("", "", ""),
    ],
)
def test_the_digest_is_read_from_the_name(name: str, digest: str, shown: str) -> None:
    asset = asset_named(name)
    assert (asset.sha256, asset.digest, asset.name) == (digest, digest, shown)


def test_the_digest_is_read_from_a_tag_whole() -> None:
    assert asset_named("pose.png", "cat", f"sha256:{SHA}").sha256 == SHA
    assert asset_named(f"pose.{OTHER}.png", f"sha256:{SHA}").sha256 == SHA


@pytest.mark.parametrize("tag", [f"sha256:{OTHER}", f"sha256:{SHA}0", f"x sha256:{SHA}", "sha256:"])
def test_a_tag_that_only_looks_like_a_digest_is_none(tag: str) -> None:
    assert asset_named("pose.png", tag).sha256 == ""


def test_our_tag_and_our_name_are_read_back() -> None:
    assert asset_named("x", digest_tag(REF)).sha256 == SHA
    assert upload_name(REF) == f"pose.{SHA[:32]}.webp"
    assert asset_named(upload_name(REF)).digest == REF.digest


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("../../etc/passwd.png", ".png"),
        ("a/b/c.jpeg", ".jpeg"),
        ("C:\\Users\\me\\x.png", ".png"),
        ("..", ""),
        (".", ""),
        ("", ""),
        ("/", ""),
        (".png", ""),
        ("...png", ".png"),
        ("no extension", ""),
        ("dot.", ""),
        ("x" * 5000 + ".png", ".png"),
        ("é" * 5000 + ".png", ".png"),
        ("\N{GRINNING FACE}" * 200 + ".webp", ".webp"),
        ("x." + "y" * 5000, ""),
        ("a.p/ng", ""),
        ("a.tar-gz", ""),
        ("a.pñg", ""),
        ("a\x00\x1b[31m\nb.png", ".png"),
        ("\u202egnp.exe\u200b.png", ".png"),
        ("\ud800.png", ".png"),
        ('a:b*c?"<>|.png', ".png"),
        (f"pose.{OTHER}.png", ".png"),
        ("日本語の名前.png", ".png"),
    ],
)
def test_an_upload_is_named_safely_whatever_the_file_is_called(name: str, extension: str) -> None:
    sent = upload_name(AssetRef(sha256=SHA, name=name))
    assert sent.endswith(f".{SHA[:32]}{extension}")
    assert not set(sent) & set("/\\:\x00\n")
    assert sent.isprintable()
    assert not sent.startswith((".", " "))
    assert len(sent) <= 140
    assert len(sent.encode()) <= 140
    assert asset_named(sent).digest == SHA[:32]


def test_letters_of_other_scripts_stay_in_the_name() -> None:
    assert upload_name(AssetRef(sha256=SHA, name="héros 日本.png")).startswith("héros 日本.")
