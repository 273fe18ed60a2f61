"""How files are filed when they are sent, and canvases: against a real sandbox, over HTTP."""

import base64
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults, parsed
from tests.cli.conftest import Result, Run, write
from tests.cli.test_kinds import wav

SETTINGS = "apiVersion: catalogsync/v1\nname: acme\ntargets: {main: {project: proj_o}}\n"
SCENE = '{"layers": [{"name": "é"}]}'


class Studio:
    """A catalog of one model, and a sandbox for it."""

    def __init__(self, cli: Run, folder: Path, server: Any) -> None:
        self._cli, self.folder, self.server = cli, folder, server

    def run(self, command: str, *options: object) -> Result:
        return self._cli(command, self.folder, "--base-url", self.server.url, *options)

    def manifest(self, examples: str, key: str = "one") -> None:
        text = f"name: {key}\ntype: custom\nexamples:\n{examples}"
        write(self.folder / f"models/{key}.yaml", text)

    def picture(self, name: str, shade: int) -> None:
        path = self.folder / "models" / name
        Image.new("RGB", (16, 12), (shade, 40, 90)).save(path, lossless=True)

    def assets(self) -> dict[str, dict[str, Any]]:
        """The assets of the project, by the first part of their names."""
        return {each["metadata"]["name"].split(".")[0]: each for each in self.get("assets")}

    def get(self, what: str) -> list[dict[str, Any]]:
        params = {"projectId": "proj_o", "pageSize": "100"}
        answer = httpx.get(f"{self.server.url}/{what}", params=params, auth=("k", "s"))
        found: list[dict[str, Any]] = answer.json()[what]
        return found


@pytest.fixture
def studio(cli: Run, tmp_path: Path) -> Iterator[Studio]:
    folder = tmp_path / "catalog"
    (folder / "models").mkdir(parents=True)
    write(folder / "catalog.yaml", SETTINGS)
    with running(tmp_path / "box", validate_s=0.01, import_s=0.01) as server:
        made = Studio(cli, folder, server)
        for shade, name in enumerate(("a.webp", "b.webp", "c.webp")):
            made.picture(name, shade)
        yield made


def test_a_file_is_hidden_filed_below_another_and_put_into_collections(studio: Studio) -> None:
    studio.manifest(
        "  - {file: a.webp, hide: true, parent: b.webp, collections: [Sketches, Ink]}\n  - c.webp\n"
    )
    planned = studio.run("plan")
    assert planned.code == 0, planned.err
    assert "upload  hidden  below b.webp  in Ink  in Sketches\n" in planned.out
    assert "3 files to upload" in planned.out
    assert studio.run("apply", "--yes").code == 0
    assets, names = studio.assets(), {c["id"]: c["name"] for c in studio.get("collections")}
    child, parent, other = (assets[name] for name in "abc")
    assert child["isHidden"]
    assert child["metadata"]["parentId"] == parent["id"]
    assert {names[each] for each in child["collectionIds"]} == {"Ink", "Sketches"}
    assert not other["isHidden"]
    assert not parent["isHidden"]
    assert studio.run("plan", "--detailed-exitcode", "--no-cache").code == 0


def test_options_hold_for_all_files_of_a_glob_and_by_every_way(studio: Studio) -> None:
    (studio.folder / "models/voice.wav").write_bytes(wav(4096))
    image = BytesIO()
    Image.new("RGB", (9, 9), (1, 2, 3)).save(image, "PNG")
    studio.server.control.publish("https://example.org/far.png", image.getvalue())
    studio.manifest(
        '  - {glob: "*.webp", collections: [Ink]}\n'
        "  - {file: voice.wav, hide: true, collections: [Ink]}\n"
        "  - {url: https://example.org/far.png, hide: true, collections: [Ink]}\n"
    )
    assert studio.run("apply", "--yes").code == 0
    (collection,) = studio.get("collections")
    assets = studio.assets()
    assert all(each["collectionIds"] == [collection["id"]] for each in assets.values())
    assert {name for name, each in assets.items() if each["isHidden"]} == {"voice", "far"}
    assert studio.run("plan", "--detailed-exitcode", "--no-cache").code == 0


def test_a_parent_that_is_there_is_named_by_its_id(studio: Studio) -> None:
    studio.manifest("  - b.webp\n")
    studio.run("apply", "--yes")
    parent = studio.assets()["b"]["id"]
    studio.manifest(f"  - b.webp\n  - {{file: a.webp, parent: {parent}}}\n")
    assert studio.run("apply", "--yes").code == 0
    assert studio.assets()["a"]["metadata"]["parentId"] == parent
    studio.manifest("  - {file: c.webp, parent: asset_nowhere}\n")
    refused = studio.run("plan")
    assert "asset_nowhere" in refused.out
    assert "! refused one" in refused.out


def test_where_the_parent_cannot_be_sent_the_child_is_not_tried(
    cli: Run, studio: Studio, tmp_path: Path
) -> None:
    studio.manifest("  - {file: a.webp, parent: b.webp}\n")
    seed, rules = parsed("ceiling@POST /assets=1x")
    with running(tmp_path / "other", middleware=(Faults(seed, rules),)) as server:
        failing = Studio(cli, studio.folder, server)
        first = failing.run("apply", "--yes", "--jobs", "1")
        assert first.code == 4
        assert failing.assets() == {}
        assert failing.run("apply", "--yes").code == 0
        assert failing.assets()["a"]["metadata"]["parentId"] == failing.assets()["b"]["id"]


BAD = (
    ("  - {asset: asset_x, hide: true}\n", "hide, parent and collections are for a file"),
    ("  - {file: a.webp, parent: nowhere.webp}\n", '"nowhere.webp" is not there'),
    ("  - {file: a.webp, collections: [Ink, Ink]}\n", "is there twice"),
    ("  - {file: a.webp, hide: 1}\n", "hide"),
    ("  - {url: https://x.example/a.png, file: a.webp}\n", "url goes with kind, hide, parent"),
    (
        "  - {file: a.webp, parent: b.webp}\n  - {file: b.webp, parent: a.webp}\n",
        'a circle: "a.webp" -> "b.webp" -> "a.webp"',
    ),
    ("  - {canvas: a.webp}\n", "is no .json file"),
    ("  - {canvas: broken.json}\n", "is no JSON in UTF-8"),
    ("  - {canvas: list.json}\n", "holds no JSON object"),
    ("  - {canvas: scene.json, thumbnail: voice.wav}\n", "is not an image"),
    ("  - {canvas: scene.json, file: a.webp}\n", "canvas goes with thumbnail, hide"),
    ("  - {file: a.webp, thumbnail: b.webp}\n", "canvas"),
    ("  - {canvas: large.json}\n", "is larger than 6,000,000 bytes"),
)


@pytest.mark.parametrize(("examples", "said"), BAD, ids=[examples for examples, _ in BAD])
def test_what_is_wrong_is_told_on_its_line(studio: Studio, examples: str, said: str) -> None:
    models = studio.folder / "models"
    write(models / "scene.json", SCENE)
    write(models / "broken.json", "{")
    write(models / "list.json", "[]")
    write(models / "large.json", json.dumps({"a": "x" * 6_000_000}))
    (models / "voice.wav").write_bytes(wav(4096))
    studio.manifest(examples)
    found = studio.run("plan")
    assert found.code == 1
    assert said in found.err
    assert "models/one.yaml:" in found.err
    assert "POST /assets" not in studio.server.control.requests()


def test_one_file_cannot_be_filed_in_two_ways(studio: Studio) -> None:
    studio.manifest("  - {file: a.webp, hide: true}\n")
    studio.manifest("  - {file: a.webp, collections: [Ink]}\n", key="two")
    found = studio.run("plan")
    assert found.code == 1
    assert '"a.webp" has another hide, parent or collections in models/one.yaml:4' in found.err


def test_options_may_stand_in_one_place_of_several(studio: Studio) -> None:
    studio.manifest("  - a.webp\n")
    studio.manifest("  - {file: a.webp, hide: true}\n", key="two")
    assert studio.run("apply", "--yes").code == 0
    assert studio.assets()["a"]["isHidden"]


def test_a_canvas_is_sent_with_its_thumbnail_once(studio: Studio) -> None:
    write(studio.folder / "models/scene.json", SCENE)
    studio.manifest("  - {canvas: scene.json, thumbnail: a.webp, hide: true}\n")
    planned = studio.run("plan")
    assert "2 files to upload" in planned.out
    assert studio.run("apply", "--yes").code == 0
    made = studio.assets()["scene"]
    assert (made["source"], made["kind"], made["isHidden"]) == ("canvas", "json", True)
    assert httpx.get(made["url"]).text == SCENE
    sent = (studio.folder / "models/a.webp").read_bytes()
    assert httpx.get(made["thumbnail"]["url"]).content == sent
    assert studio.run("plan", "--detailed-exitcode", "--no-cache").code == 0


def test_another_thumbnail_makes_another_canvas(studio: Studio) -> None:
    write(studio.folder / "models/scene.json", SCENE)
    studio.manifest("  - {canvas: scene.json, thumbnail: a.webp}\n")
    studio.run("apply", "--yes")
    first = studio.assets()["scene"]["id"]
    studio.manifest("  - {canvas: scene.json, thumbnail: b.webp}\n")
    assert studio.run("apply", "--yes").code == 0
    (model,) = studio.get("models")
    assert model["exampleAssetIds"] != [first]
    assert studio.run("plan", "--detailed-exitcode", "--no-cache").code == 0


def test_a_canvas_whose_answer_is_lost_is_there_once(
    cli: Run, studio: Studio, tmp_path: Path
) -> None:
    write(studio.folder / "models/scene.json", SCENE)
    studio.manifest("  - {canvas: scene.json, thumbnail: a.webp}\n")
    seed, rules = parsed("reset-after@POST /assets=1x")
    with running(tmp_path / "other", middleware=(Faults(seed, rules),)) as server:
        losing = Studio(cli, studio.folder, server)
        assert losing.run("apply", "--yes").code == 0
        canvases = [each for each in losing.get("assets") if each["source"] == "canvas"]
        assert len(canvases) == 1


def test_a_canvas_that_changes_after_the_plan_is_not_sent(studio: Studio) -> None:
    from catalogsync.errors import FileChanged
    from catalogsync.manifest import load
    from catalogsync.scenario.canvas import canvas_body

    write(studio.folder / "models/scene.json", SCENE)
    studio.manifest("  - {canvas: scene.json, thumbnail: a.webp}\n")
    (spec,) = load(studio.folder).models
    assert spec.examples is not None
    scene, thumbnail = spec.examples[0].files
    image = (studio.folder / "models/a.webp").read_bytes()
    files = {scene: BytesIO(SCENE.encode()), thumbnail: BytesIO(image)}
    body = canvas_body({"name": "x"}, files)
    assert body["canvas"] == SCENE
    assert base64.b64decode(str(body["thumbnail"])) == image
    for swapped in (scene, thumbnail):
        files = {scene: BytesIO(SCENE.encode()), thumbnail: BytesIO(image)}
        with pytest.raises(FileChanged):
            canvas_body({"name": "x"}, {**files, swapped: BytesIO(b"other")})
