"""Edits of manifests that people wrote: the smallest ones, and nothing else is touched."""

import difflib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.manifest import open_file
from catalogsync.manifest.outline import outline
from catalogsync.model import Concept, ModelRef
from catalogsync.pull.edits import merged
from catalogsync.pull.grounds import Draft
from catalogsync.pull.selection import Kind, Wanted
from tests.engine.catalogs import CONTENTS
from tests.engine.fake import FakeServer
from tests.engine.run import run
from tests.pull.run import SETTINGS, changes, loaded, planned, pull

PICTURES = dict(zip(("1", "2", "10", "20", "cover"), CONTENTS.values(), strict=False))

MANIFEST = """\
# The studio's first style.
name:   Ink Heroes   # as on the poster
type: flux.1-lora

tags: [comic,  'ink', "hero"]   # a set
shortDescription: 'It''s inked.'

description: {file: description.md}
promptGuide: |
  Short prompts.

  Two lines.
thumbnail: images/cover.png
examples:          # in this order
  # the poster
  - images/1.png   # signed off
  - images/2.png
  # all the others
  - glob: "images/more/*.png"
collections:
- Comics
# parts
protect: true # for now
"""
TEXT = "# Ink\r\n\r\nSee ![pose](images/1.png).  \r\nThe end."

BOTH = """\
name: Both
type: flux.1-composition
concepts:
  # the style
  - {model: ink, scale: 0.80}
"""


@dataclass
class Scene:
    """A catalog in a folder that was applied to a server."""

    root: Path
    server: FakeServer

    @property
    def model_id(self) -> str:
        """The model that the manifest is for."""
        return next(m.id for m in self.server.models.values() if "catalog-sync:acme/ink" in m.tags)

    @property
    def path(self) -> Path:
        """The manifest."""
        return self.root / "models/ink/model.yaml"

    def edit(self, **fields: Any) -> None:
        """Change the model by hand."""
        self.server.edit(self.model_id, **fields)

    def pull(self, accept: dict[str, frozenset[str]] | None = None) -> Draft:
        """Take the server's state, all of it or some."""
        return pull(self.root, self.server, Wanted(accept=accept or {}))

    def tagged(self, *tags: str) -> None:
        """Give the model these tags beside ours."""
        held = self.server.models[self.model_id].tags
        self.edit(tags=frozenset({*(t for t in held if t.startswith("catalog-sync:")), *tags}))


def scene_of(root: Path, manifest: str, text: str = TEXT, *, common: str = "") -> Scene:
    """Write a catalog and apply it."""
    images = root / "models/ink/images/more"
    images.mkdir(parents=True)
    for name, content in PICTURES.items():
        folder = images if name in ("10", "20") else images.parent
        (folder / f"{name}.png").write_bytes(content)
    (root / "catalog.yaml").write_bytes((SETTINGS + common).encode())
    (root / "models/ink/model.yaml").write_bytes(manifest.encode())
    (root / "models/ink/description.md").write_bytes(text.encode())
    (root / "models/both.yaml").write_text(BOTH)
    server = FakeServer()
    catalog = loaded(root)
    run(server, catalog, lambda asset: open_file(catalog.files[asset.sha256]))
    assert planned(root, server).models == ()
    return Scene(root, server)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """The catalog above."""
    return scene_of(tmp_path, MANIFEST)


def lines_changed(before: str, after: str) -> list[str]:
    """The lines that went and came, as in a diff."""
    found = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in found if line[0] in "+-"]


EDITS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a name, with its comment": (
        {"name": "Ink: Heroes"},
        [
            "- name:   Ink Heroes   # as on the poster",
            '+ name:   "Ink: Heroes"   # as on the poster',
        ],
    ),
    "a text in its quotes": (
        {"short_description": "It's new."},
        ["- shortDescription: 'It''s inked.'", "+ shortDescription: 'It''s new.'"],
    ),
    "a text that YAML would misread": (
        {"short_description": "no: #1"},
        ["- shortDescription: 'It''s inked.'", "+ shortDescription: 'no: #1'"],
    ),
    "a text made empty": (
        {"short_description": ""},
        ["- shortDescription: 'It''s inked.'", "+ shortDescription: ''"],
    ),
}


@pytest.mark.parametrize(("fields", "lines"), EDITS.values(), ids=EDITS)
def test_a_field_is_changed_and_nothing_beside_it(
    scene: Scene, fields: dict[str, Any], lines: list[str]
) -> None:
    scene.edit(**fields)
    assert scene.pull().notes == ()
    assert lines_changed(MANIFEST, scene.path.read_text()) == lines
    assert planned(scene.root, scene.server).models == ()


def test_tags_are_appended_and_taken_out(scene: Scene) -> None:
    scene.tagged("comic", "hero", "no", "approved")
    scene.pull()
    assert lines_changed(MANIFEST, scene.path.read_text()) == [
        "- tags: [comic,  'ink', \"hero\"]   # a set",
        '+ tags: [comic,  "hero",  approved,  "no"]   # a set',
    ]
    assert planned(scene.root, scene.server).models == ()


def test_tags_in_the_order_of_fmt_stay_in_it(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, MANIFEST.replace("[comic,  'ink', \"hero\"]", "[comic, hero, ink]"))
    scene.tagged("comic", "ink", "Approved", "zoo")
    scene.pull()
    assert "tags: [Approved, comic, ink, zoo]   # a set" in scene.path.read_text()


def test_a_collection_is_appended_as_the_others_are_written(scene: Scene) -> None:
    scene.server.collections["c"] = "Best"
    held = scene.server.models[scene.model_id].collection_ids
    scene.edit(collection_ids=held | {"c"})
    scene.pull()
    assert lines_changed(MANIFEST, scene.path.read_text()) == ["+ - Best"]


def test_protection_that_was_taken_off(scene: Scene) -> None:
    tags = scene.server.models[scene.model_id].tags
    scene.edit(tags=tags - {"catalog-sync:protected"})
    scene.pull()
    assert lines_changed(MANIFEST, scene.path.read_text()) == [
        "- protect: true # for now",
        "+ protect: false # for now",
    ]


def test_a_text_in_a_file_keeps_the_lines_that_stay_their_ends_and_the_authors_words(
    scene: Scene,
) -> None:
    held = scene.server.descriptions[scene.model_id]
    scene.server.descriptions[scene.model_id] = held.replace("The end.", "Not the end.\nThe end.")
    draft = scene.pull()
    assert draft.fields == {"ink": ("description",)}
    assert (scene.root / "models/ink/description.md").read_bytes() == TEXT.replace(
        "The end.", "Not the end.\r\nThe end."
    ).encode()
    assert scene.path.read_text() == MANIFEST


def test_an_id_in_code_stays_an_id_for_the_loader_takes_no_key_there(scene: Scene) -> None:
    text = f"Write `{{model:{scene.model_id}}}` for {{model:{scene.model_id}}}."
    scene.server.descriptions[scene.model_id] = text
    assert scene.pull().notes == ()
    assert (scene.root / "models/ink/description.md").read_text() == text
    assert planned(scene.root, scene.server).models == ()


def test_a_text_in_place_stays_a_block(scene: Scene) -> None:
    scene.server.prompt_guides[scene.model_id] = "Short prompts.\n\nThree: lines.\n"
    scene.pull()
    assert lines_changed(MANIFEST, scene.path.read_text()) == [
        "-   Two lines.",
        "+   Three: lines.",
    ]


def order(scene: Scene, *names: str) -> None:
    """Put the examples into another order, or others in their place, but for unknown ones."""
    ids = {asset.sha256: asset_id for asset_id, asset in scene.server.assets.items()}
    by_name = dict(zip(PICTURES, CONTENTS, strict=False))
    held = (ids.get(by_name[name][:32]) if name in by_name else name for name in names)
    scene.edit(examples=tuple(filter(None, held)))


def test_examples_move_with_their_comments(scene: Scene) -> None:
    order(scene, "10", "20", "2", "1")
    draft = scene.pull()
    assert draft.remarks == ()
    assert (
        MANIFEST.replace(
            "  # the poster\n  - images/1.png   # signed off\n  - images/2.png\n"
            '  # all the others\n  - glob: "images/more/*.png"\n',
            '  # all the others\n  - glob: "images/more/*.png"\n'
            "  - images/2.png\n  # the poster\n  - images/1.png   # signed off\n",
        )
        == scene.path.read_text()
    )


def test_a_glob_that_cannot_say_the_order_is_written_out(scene: Scene) -> None:
    new = scene.server.add_asset(b"new")
    order(scene, "20", "1", "10", new)
    draft = scene.pull()
    assert draft.remarks == (("ink", "a glob was written out: it cannot say this order"),)
    text = scene.path.read_text()
    assert (
        "examples:          # in this order\n"
        "  # all the others\n"
        "  - images/more/20.png\n"
        "  # the poster\n"
        "  - images/1.png   # signed off\n"
        "  - images/more/10.png\n"
        f"  - {{asset: {new}}}\n"
    ) in text
    assert planned(scene.root, scene.server).models == ()


def test_all_examples_gone_and_a_thumbnail_that_only_the_server_has(scene: Scene) -> None:
    new = scene.server.add_asset(b"new")
    scene.edit(examples=(), thumbnail=new)
    scene.pull()
    assert f"thumbnail: {{asset: {new}}}\n" in scene.path.read_text()
    assert "examples: []" in scene.path.read_text()
    assert planned(scene.root, scene.server).models == ()


def test_a_scale_is_changed_in_its_place_and_parts_come_and_go(scene: Scene) -> None:
    both = next(m for m in scene.server.models.values() if m.name == "Both")
    other = scene.server.add_model("Other")
    concepts = (*both.concepts, Concept(ModelRef(id=other.id), -0.5))
    scene.server.edit(both.id, concepts=(Concept(concepts[0].model, 1.25), concepts[1]))
    scene.pull()
    assert lines_changed(BOTH, (scene.root / "models/both.yaml").read_text()) == [
        "-   - {model: ink, scale: 0.80}",
        "+   - {model: ink, scale: 1.25}",
        f"+   - {{model: {other.id}, scale: -0.5}}",
    ]
    scene.server.edit(both.id, concepts=())
    scene.pull()
    assert planned(scene.root, scene.server).models == ()


def test_only_the_drift_that_is_accepted_is_taken(scene: Scene) -> None:
    scene.edit(name="New", short_description="New.")
    scene.pull({"ink": frozenset({"name"})})
    assert "name:   New   #" in scene.path.read_text()
    assert changes(planned(scene.root, scene.server)) == {("ink", "shortDescription")}
    scene.pull({"ink": frozenset()})
    assert planned(scene.root, scene.server).models == ()


def test_what_comes_from_defaults_is_refused_with_what_to_do(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, MANIFEST, common="defaults: {tags: [acme], classSlug: a}\n")
    scene.tagged("comic", "ink", "hero")
    scene.edit(class_slug="b")
    (note,) = scene.pull().notes
    assert (note.model, note.field, note.kind) == ("ink", "tags", Kind.REFUSED)
    assert note.message == "acme comes from defaults in catalog.yaml, for all models"
    assert note.hint.startswith("take it out of defaults.tags there")
    # One value of its own goes before the default.
    assert "\nclassSlug: b\n" in scene.path.read_text()
    assert changes(planned(scene.root, scene.server)) == {("both", "tags"), ("ink", "tags")} - {
        ("both", "tags")
    }


def test_a_tag_beside_those_of_defaults_gets_a_list_of_its_own(tmp_path: Path) -> None:
    bare = "name: Ink\ntype: flux.1-lora\n"
    scene = scene_of(tmp_path, bare, common="defaults: {tags: [acme]}\n")
    scene.tagged("acme", "new")
    scene.pull()
    assert scene.path.read_text() == bare + "tags: [new]\n"


def test_ignored_tags_are_left_alone(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, MANIFEST, common='ignoreTags: ["team:*"]\n')
    scene.tagged("comic", "ink", "hero", "team:a", "sc:b")
    assert scene.pull().files == {}


def test_what_a_manifest_cannot_hold_is_refused_and_the_rest_is_taken(scene: Scene) -> None:
    scene.edit(name="Good", short_description="two\nlines")
    scene.server.descriptions[scene.model_id] = "![x](not-here.png)"
    draft = scene.pull()
    assert draft.fields == {"ink": ("name",)}
    assert {(note.field, note.kind) for note in draft.notes} == {
        ("shortDescription", Kind.REFUSED),
        ("description", Kind.REFUSED),
    }
    assert (scene.root / "models/ink/description.md").read_bytes() == TEXT.encode()
    assert changes(planned(scene.root, scene.server)) == {
        ("ink", "shortDescription"),
        ("ink", "description"),
    }


def test_a_file_that_two_manifests_share_is_not_written(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, MANIFEST)
    for name in ("a", "b"):
        text = f"name: {name}\ntype: custom\ndescription: {{file: shared.md}}\n"
        (tmp_path / f"models/{name}.yaml").write_text(text)
    (tmp_path / "models/shared.md").write_text("Shared.\n")
    catalog = loaded(tmp_path)
    run(scene.server, catalog, lambda asset: open_file(catalog.files[asset.sha256]))
    ids = {model.name: model.id for model in scene.server.models.values()}
    scene.server.descriptions[ids["a"]] = "Mine.\n"
    (note,) = scene.pull().notes
    assert (note.model, note.message) == ("a", "its file is also the description of b")
    assert (tmp_path / "models/shared.md").read_text() == "Shared.\n"


def test_a_model_that_is_gone_is_said(scene: Scene) -> None:
    del scene.server.models[scene.model_id]
    (note,) = scene.pull({"ink": frozenset()}).notes
    assert (note.model, note.message) == ("ink", "it has no model on the server")


# The law, over manifests that nobody would write the same way twice


FIELDS: dict[str, tuple[str, ...]] = {
    "name": (
        "Ink Heroes",
        "'Ink Heroes'",
        '"Ink Heroes"   # beside',
        "\n  Ink Heroes",
        ">-\n  Ink\n  Heroes",
    ),
    "type": ("flux.1-lora", '"flux.1-lora"'),
    "tags": (
        "[comic, ink]   # beside",
        "[ 'comic' ,ink ]",
        "\n  - comic   # beside\n  # above\n  - ink",
        '\n- comic\n\n- "ink"',
        '["comic",\n  ink]',
        "[]",
    ),
    "shortDescription": ("Some words.", "'It''s'", '""', "Words\n  that go on"),
    "description": (
        "{file: description.md}",
        "|\n  # Ink\n\n  Text\n",
        "Plain   # beside",
        '"a\\nb"',
    ),
    "thumbnail": (
        "images/cover.png",
        "{file: images/cover.png}",
        '""',
        "\n  file: images/cover.png",
    ),
    "examples": (
        "\n  - images/1.png   # one\n  # two\n  - images/2.png\n  - {glob: images/more/*.png}",
        "[images/1.png, images/2.png]   # beside",
        "\n- glob: images/more/*.png   # all\n\n# mine\n- file: images/1.png",
        "[]",
    ),
    "promptEmbedding": ("by the sea", "|-\n    by\n    the sea"),
    "protect": ("true", "false   # beside"),
}


@st.composite
def manifests(draw: st.DrawFn) -> str:
    """A manifest with its fields in any order, comments between them, LF or CRLF."""
    names = [
        "name",
        "type",
        *draw(st.sets(st.sampled_from(sorted(set(FIELDS) - {"name", "type"})))),
    ]
    lines = []
    for name in draw(st.permutations(names)):
        lines.append(draw(st.sampled_from(("", "# above\n", "\n", "\n# one\n# two\n"))))
        value = draw(st.sampled_from(FIELDS[name]))
        lines.append(f"{name}:{'' if value.startswith(chr(10)) else ' '}{value}\n")
    text = "".join(lines) + draw(st.sampled_from(("", "# the end\n", "\n\n")))
    text = text.rstrip("\n") if draw(st.booleans()) else text
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@st.composite
def hand_edits(draw: st.DrawFn) -> dict[str, Any]:
    """What somebody does to the model in the web page."""
    words = st.sampled_from(("New words.", "a: b # c", "", "no", "it's", "é\t?"))
    fields = {
        "name": st.sampled_from(("New", "a: b", "no", "it's")),
        "tags": st.sets(st.sampled_from(("comic", "ink", "no", "b: c", "x")), max_size=3),
        "short_description": words,
        "description": words | st.sampled_from(("# Ink\n\nOther\n", "a\nb\nc", "  lead\n\ttab")),
        "thumbnail": st.booleans(),
        "examples": st.permutations(("1", "2", "10", "20")).flatmap(
            lambda names: st.integers(0, 4).map(lambda count: names[:count])
        ),
        "prompt_embedding": words,
    }
    chosen = draw(st.sets(st.sampled_from(sorted(fields)), max_size=4))
    return {name: draw(fields[name]) for name in sorted(chosen)}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(manifests(), hand_edits())
def test_only_what_differs_is_touched_and_then_a_plan_is_empty(
    manifest: str, edits: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scene = scene_of(Path(folder), manifest)
        apply_by_hand(scene, dict(edits))
        before = {path: path.read_bytes() for path in sorted(scene.root.rglob("*.*"))}
        draft = scene.pull()
        touched = set(draft.fields.get("ink", ()))
        refused = {note.field for note in draft.notes}
        assert changes(planned(scene.root, scene.server)) == {("ink", name) for name in refused}
        after = scene.path.read_bytes().decode()
        assert_only_touched(manifest, after, touched)
        texts = (scene.path, scene.root / "models/ink/description.md")
        assert all(path.read_bytes() == data for path, data in before.items() if path not in texts)
        assert scene.pull().files == {}


def apply_by_hand(scene: Scene, edits: dict[str, Any]) -> None:
    if "tags" in edits:
        protected = scene.server.models[scene.model_id].tags & {"catalog-sync:protected"}
        scene.tagged(*edits.pop("tags"), *protected)
    if "description" in edits:
        scene.server.descriptions[scene.model_id] = edits.pop("description")
    if edits.pop("thumbnail", False):
        scene.edit(thumbnail="")
    if "examples" in edits:
        order(scene, *edits.pop("examples"))
    scene.edit(**edits)


def assert_only_touched(before: str, after: str, touched: set[str]) -> None:
    """Without the fields that were touched, both have the same lines; empty ones are anybody's."""
    assert _others(before, touched) == _others(after, touched)


def _others(text: str, touched: set[str]) -> list[str]:
    owner = dict(lines_of(text))
    lines = enumerate(text.splitlines())
    return [line for number, line in lines if owner.get(number) not in touched and line.strip()]


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """The number of every line that belongs to a field, from 0, with the field."""
    for item in outline(text).root.items:
        assert item.key
        first = text.count("\n", 0, item.start)
        last = text.count("\n", 0, max(item.start, item.value.end - 1))
        for line in range(first, last + 1):
            yield line, item.key.value


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(("\n", "\r\n"))), max_size=6),
    st.lists(st.sampled_from("abc"), max_size=6),
    st.booleans(),
)
def test_merged_lines_are_the_new_ones_and_those_that_stay_keep_their_ends(
    old: list[tuple[str, str]], new: list[str], ends: bool
) -> None:
    before = "".join(line + end for line, end in old)
    before = before if ends else before.rstrip("\r\n")
    after = merged(before, "\n".join(new))
    assert after.replace("\r\n", "\n").rstrip("\n").split("\n") == ("\n".join(new).split("\n"))
    assert merged(before, before.replace("\r\n", "\n")) == before
