"""With a base: what was edited on the server is taken, and what Git changed stays."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from catalogsync.diff import Came
from catalogsync.model import Catalog, State
from catalogsync.pull.grounds import Draft
from catalogsync.pull.selection import Kind, Wanted
from tests.pull.run import compared, loaded, planned, pull
from tests.pull.test_edits import (
    MANIFEST,
    TEXT,
    Scene,
    apply_by_hand,
    hand_edits,
    manifests,
    scene_of,
)

Where = tuple[str, ...]


def taken(scene: Scene, base: Catalog, *accept: str, whole: bool = False) -> Draft:
    """Pull, or take the server's side of some fields of `ink`, or of all that was edited there."""
    named = {"ink": frozenset(accept)} if accept or whole else {}
    return pull(scene.root, scene.server, Wanted(accept=named), base)


def told(scene: Scene, base: Catalog) -> dict[Where, Came]:
    """Every difference of `ink` with where it comes from; a text's by its regions."""
    found: dict[Where, Came] = {}
    for model in compared(scene.root, scene.server, base).models:
        for change in model.changes:
            if change.hunks:
                for hunk in change.hunks:
                    found[*change.path, *hunk.after, "", *hunk.before] = hunk.came
            elif change.came:
                found[change.path] = change.came
    return found


def rewrite(scene: Scene, old: str, new: str) -> None:
    """Change the manifest in Git."""
    text = scene.path.read_text()
    assert old in text
    scene.path.write_text(text.replace(old, new))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(manifests(), manifests(), hand_edits())
def test_what_is_pending_stays_and_nothing_that_was_edited_is_left(
    manifest: str, newer: str, edits: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scene = scene_of(Path(folder), manifest)
        base = loaded(scene.root)
        scene.path.write_bytes(newer.encode())
        apply_by_hand(scene, dict(edits))
        before = told(scene, base)
        draft = taken(scene, base)
        refused = {note.field for note in draft.notes if note.kind is Kind.REFUSED}
        after = told(scene, base)
        assert {where[0] for where, came in after.items() if came.would_undo} <= refused
        pending = {where for where, came in before.items() if came is Came.PENDING}
        assert {where for where, came in after.items() if came is Came.PENDING} == pending
        again = taken(scene, base, *refused) if refused else draft
        unfit = {note.field for note in again.notes if note.kind is Kind.REFUSED}
        left = told(scene, base)
        assert {where[0] for where, came in left.items() if came.would_undo} <= unfit
        assert {where[0] for where in left} <= {where[0] for where in pending} | unfit


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(manifests(), manifests())
def test_where_nobody_edited_the_server_nothing_is_written(manifest: str, newer: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scene = scene_of(Path(folder), manifest)
        base = loaded(scene.root)
        scene.path.write_bytes(newer.encode())
        for draft in (taken(scene, base), taken(scene, base, whole=True)):
            assert draft.files == {}
            assert {note.kind for note in draft.notes} <= {Kind.LEFT_OUT}
        assert scene.path.read_bytes() == newer.encode()


def test_a_field_that_is_accepted_says_nothing_of_the_others(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, MANIFEST)
    base = loaded(tmp_path)
    rewrite(scene, "Ink Heroes", "Inky")
    rewrite(scene, "[comic,", "[comic, mine,")
    scene.edit(name="By hand", short_description="By hand.")
    draft = taken(scene, base, "shortDescription")
    assert (draft.fields, draft.notes) == ({"ink": ("shortDescription",)}, ())
    assert "name:   Inky" in scene.path.read_text()


def test_a_manifest_that_is_accepted_keeps_what_waits_for_an_apply(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, MANIFEST)
    base = loaded(tmp_path)
    rewrite(scene, "Ink Heroes", "Inky")
    rewrite(scene, "'It''s inked.'", "Mine.")
    rewrite(scene, "[comic,", "[comic, mine,")
    scene.tagged("comic", "ink", "hero", "by-hand")
    scene.edit(name="By hand")
    draft = taken(scene, base, whole=True)
    assert draft.fields == {"ink": ("name", "tags")}
    assert told(scene, base) == {
        ("shortDescription",): Came.PENDING,
        ("tags", "mine"): Came.PENDING,
    }


def test_a_field_by_its_name_takes_all_that_the_server_has_there(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, MANIFEST)
    base = loaded(tmp_path)
    rewrite(scene, "'It''s inked.'", "Mine.")
    (tmp_path / "models/ink/description.md").write_bytes((TEXT + "\r\nMine.").encode())
    held = scene.server.descriptions[scene.model_id]
    scene.server.descriptions[scene.model_id] = held.replace("# Ink", "# By hand")
    taken(scene, base, "shortDescription", "description")
    assert told(scene, base) == {}


def test_a_manifest_that_has_no_model_yet_is_refused_in_one_sentence(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, MANIFEST)
    base = loaded(tmp_path)
    (tmp_path / "models/fresh.yaml").write_text("name: Fresh\ntype: custom\n")
    accept = Wanted(accept={"fresh": frozenset()})
    (note,) = pull(tmp_path, scene.server, accept, base).notes
    assert (note.field, note.message) == ("", "it has no model on the server")


def test_our_mark_is_no_field_to_speak_of(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, MANIFEST)
    manifest = f"id: {scene.model_id}\n{MANIFEST}"
    base = loaded(tmp_path)
    scene.path.write_text(manifest)
    scene.edit(tags=frozenset({"comic", "ink", "hero", "catalog-sync:protected"}))
    for known in (base, Catalog(base.name)):
        assert taken(scene, known).notes == ()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A catalog of `ink` and of `both`, which is made of it, as it was applied."""
    return scene_of(tmp_path, MANIFEST)


def gone(scene: Scene, key: str, *, pinned: bool = False) -> Catalog:
    """Delete a model on the server; the base that knows it, by its id if it is pinned."""
    path = scene.path if key == "ink" else scene.root / f"models/{key}.yaml"
    (model_id,) = (m.id for m in scene.server.models.values() if f"/{key}" in "".join(m.tags))
    if pinned:
        path.write_text(f"{path.read_text()}\nid: {model_id}\n")
    base = loaded(scene.root)
    del scene.server.models[model_id]
    return base


@pytest.mark.parametrize("pinned", [False, True], ids=["found by its mark", "pinned"])
def test_a_model_that_is_gone_is_said_and_let_go_only_when_that_is_asked_for(
    scene: Scene, pinned: bool
) -> None:
    base = gone(scene, "both", pinned=pinned)
    before = (scene.root / "models/both.yaml").read_text()
    draft = pull(scene.root, scene.server, Wanted(), base)
    assert [(note.model, note.message) for note in draft.notes] == [
        ("both", "its model is gone from the server")
    ]
    assert (scene.root / "models/both.yaml").read_text() == before
    draft = pull(scene.root, scene.server, Wanted(accept={"both": frozenset()}), base)
    assert (draft.fields, draft.notes) == ({"both": ("state",)}, ())
    assert loaded(scene.root).models[0].state is State.ABSENT
    assert compared(scene.root, scene.server, base).models == ()
    assert planned(scene.root, scene.server).refusals == ()


def test_a_model_that_others_are_made_of_is_not_let_go(scene: Scene) -> None:
    base = gone(scene, "ink")
    draft = pull(scene.root, scene.server, Wanted(accept={"ink": frozenset()}), base)
    (note,) = draft.notes
    assert (note.model, note.field) == ("ink", "state")
    assert note.message.startswith("models/both.yaml: ")
    assert draft.files == {}


def test_a_manifest_that_waits_for_its_first_apply_is_not_gone(scene: Scene) -> None:
    base = loaded(scene.root)
    (scene.root / "models/fresh.yaml").write_text("name: Fresh\ntype: custom\n")
    assert pull(scene.root, scene.server, Wanted(), base).notes == ()


def test_a_model_that_is_there_again_is_said(scene: Scene) -> None:
    path = scene.root / "models/both.yaml"
    path.write_text(f"{path.read_text()}\nstate: absent\n")
    base = loaded(scene.root)
    (note,) = pull(scene.root, scene.server, Wanted(accept={"both": frozenset()}), base).notes
    assert note.message == "its manifest says `state: absent`, and its model is there"
