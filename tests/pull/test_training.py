"""Training data, taken from the server into manifests."""

from pathlib import Path
from typing import Any

import pytest

from catalogsync.model import AssetRef, TrainingPair
from catalogsync.pull.selection import Wanted
from tests.engine.catalogs import CONTENTS
from tests.engine.conftest import SHAS
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import run
from tests.pull.run import SETTINGS, changes, loaded, planned, pull

MANIFEST = """\
name: Ink
type: flux.1-lora
training:
  images:
    - a.png  # the first
    - {file: b.png, caption: two}
    - {glob: "more/*.png", captions: sidecar}
  pairs:
    - {source: a.png, target: p.png, instruction: make it rain}
  parameters: {rank: 8}  # small
"""
FILES = ("a", "b", "more/1", "more/2", "p", "new")
open_file = files_of(CONTENTS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalog of one model that is trained on five files."""
    (tmp_path / "catalog.yaml").write_text(SETTINGS)
    folder = tmp_path / "models/ink"
    (folder / "more").mkdir(parents=True)
    for name, sha in zip(FILES[:-1], SHAS, strict=False):
        (folder / f"{name}.png").write_bytes(CONTENTS[sha])
    (folder / "more/1.txt").write_text("one\n")
    (folder / "more/2.txt").write_text("two\n")
    (folder / "model.yaml").write_text(MANIFEST)
    return tmp_path


@pytest.fixture
def server(root: Path) -> FakeServer:
    """A server to which it was applied."""
    found = FakeServer()
    run(found, loaded(root), open_file)
    return found


def ids(server: FakeServer) -> dict[str, str]:
    """The assets by the names of their files here."""
    names = {sha[:32]: name for name, sha in zip(FILES, SHAS, strict=False)}
    return {names[asset.digest]: id for id, asset in server.assets.items()}


def manifest(root: Path) -> str:
    return (root / "models/ink/model.yaml").read_text()


def model_id(server: FakeServer) -> str:
    (only,) = server.models
    return only


def test_captions_change_where_they_are_written(root: Path, server: FakeServer) -> None:
    held = ids(server)
    server.set_caption(held["b"], "ink, wet")
    server.set_caption(held["more/2"], "by hand")
    server.set_caption(held["a"], "nobody's")
    draft = pull(root, server)
    assert manifest(root) == MANIFEST.replace("caption: two", 'caption: "ink, wet"')
    assert (root / "models/ink/more/2.txt").read_text() == "by hand\n"
    assert (root / "models/ink/more/1.txt").read_text() == "one\n"
    assert draft.notes == ()
    assert not planned(root, server).models


def test_images_that_came_are_appended_and_those_that_went_taken_out(
    root: Path, server: FakeServer
) -> None:
    held, new = ids(server), server.add_asset(CONTENTS[SHAS[5]], "new.png")
    server.set_caption(new, "new")
    server.remove_training_image(model_id(server), held["b"])
    server.remove_training_image(model_id(server), held["more/1"])
    server.add_training_images(model_id(server), [new])
    draft = pull(root, server)
    assert manifest(root) == MANIFEST.replace(
        """\
    - {file: b.png, caption: two}
    - {glob: "more/*.png", captions: sidecar}
""",
        f"""\
    - {{file: more/2.png, caption: two}}
    - {{asset: {new}, caption: new}}
""",
    )
    assert [said for _, said in draft.remarks] == [
        "a glob of training images was written out: one of its files is gone"
    ]
    assert not planned(root, server).models


def test_pairs_are_taken_and_what_they_brought_stays_in_the_set(
    root: Path, server: FakeServer
) -> None:
    held = ids(server)
    pair = TrainingPair(AssetRef(id=held["more/1"]), AssetRef(id=held["b"]), "dry it")
    server.set_training_pairs(model_id(server), [pair])
    pull(root, server)
    assert "{source: {file: more/1.png}, target: {file: b.png}, instruction: dry it}" in manifest(
        root
    )
    assert f"- {{asset: {held['p']}}}" in manifest(root)
    assert not planned(root, server).models


def test_a_parameter_is_taken_by_its_name(root: Path, server: FakeServer) -> None:
    server.edit(model_id(server), training_parameters=(("rank", 16.0), ("nbEpochs", 3.0)))
    pull(root, server)
    assert manifest(root) == MANIFEST.replace("rank: 8", "rank: 16")
    assert not planned(root, server).models


def test_a_new_manifest_has_the_training_data(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text(SETTINGS)
    server = FakeServer()
    one, two = (server.add_asset(CONTENTS[sha]) for sha in SHAS[:2])
    parameters: tuple[tuple[str, Any], ...] = (
        ("gender", "not for this type"),
        ("learningRate", 0.0001),
        ("nbEpochs", 10.0),
        ("rank", 1000.0),
        ("samplePrompts", ("a", "b")),
        ("unheardOf", "x"),
    )
    model = server.add_model("Ink", training_parameters=parameters)
    server.add_training_images(model.id, [one, two])
    server.set_caption(one, "ink hero, full body")
    server.set_training_pairs(
        model.id, [TrainingPair(AssetRef(id=one), AssetRef(id=two), "make it rain")]
    )
    draft = pull(tmp_path, server, Wanted(everything=True))
    assert draft.notes == ()
    assert (
        (tmp_path / "models/ink/model.yaml").read_text()
        == f"""\
name: Ink
type: flux.1-lora
training:
  images:
    - {{asset: {one}, caption: "ink hero, full body"}}
    - {{asset: {two}}}
  pairs:
    - {{source: {{asset: {one}}}, target: {{asset: {two}}}, instruction: make it rain}}
  parameters: {{learningRate: 0.0001, nbEpochs: 10, samplePrompts: [a, b]}}
id: {model.id}
"""
    )
    assert changes(planned(tmp_path, server)) == set()


def test_what_git_changed_of_a_training_set_stays(root: Path, server: FakeServer) -> None:
    base, held = loaded(root), ids(server)
    server.set_caption(held["b"], "by hand")
    server.edit(model_id(server), training_parameters=(("rank", 9.0),))
    new = MANIFEST.replace("- a.png  # the first", "- {file: a.png, caption: mine}")
    (root / "models/ink/model.yaml").write_text(new)
    pull(root, server, base=base)
    wanted = new.replace("caption: two", "caption: by hand").replace("rank: 8", "rank: 9")
    assert manifest(root) == wanted
    assert changes(planned(root, server)) == {("ink", "trainingImages")}
