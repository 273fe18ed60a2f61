"""New manifests for what is on a server: whatever it is, a plan has nothing left to say."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.errors import UsageError
from catalogsync.model import AssetKind, Concept, ModelRef
from catalogsync.pull.selection import Kind, Wanted
from tests.engine.catalogs import HOSTILE, TAGS
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import run
from tests.pull.run import SETTINGS, changes, loaded, planned, pull

ALL = Wanted(everything=True)

MISREAD = (
    "no", "1.10", "012", "2027-01-31", "~", "null", "true", "- x", "# x", "a: b", "a #b", "{x}",
    "[x]", "*a", "&a", "!t", "|", ">", "%x", "@x", "`x`", "'", '"', "a\u2028b", "\u0085", "\x07",
    "\ufeffx", "\x1b[1m", "=", "<<", "0x1f", "1e3", ".inf", "12:30", "?", "-", ":", "a:", "\ud800",
    "\\", "\\n", "tab\there", " lead", "trail ",
)  # fmt: skip

words = st.sampled_from(HOSTILE + MISREAD) | st.text(max_size=20)
names = st.sampled_from(("Ink", "ink", "INK", "Ink Heroes", "CON", "..")) | st.sampled_from(MISREAD)
tags = st.frozensets(st.sampled_from((*TAGS, *TAGS, "sc:x", "a,b", " ")), max_size=4)
types = st.sampled_from(("flux.1-lora",) * 5 + ("custom", "sd-xl-lora", "brand-new-type"))


@st.composite
def servers(draw: st.DrawFn) -> FakeServer:
    """A project that many hands have been at."""
    server = FakeServer()
    pictures = [server.add_asset(bytes([number]), f"{number}.webp") for number in range(3)]
    pictures += [server.add_asset(None, draw(words)), "asset_gone", "odd id"]
    server.collections = {"c1": "Comics", "c2": draw(words), "c3": "Comics"}
    asset = st.sampled_from(pictures)
    made = [server.add_model(draw(names), draw(types)) for _ in range(draw(st.integers(1, 4)))]
    ids = [model.id for model in made]
    mention = st.sampled_from(
        [f"{{asset:{held}}}" for held in pictures]
        + [f"{{model:{held}}}" for held in (*ids, "model_gone", "ink")]
        + ["![x](images/x.webp)", "`{model:" + ids[0] + "}`", "\\{model:" + ids[0] + "}", "```\n"]
    )
    text = st.lists(words | mention, max_size=4).map("".join)
    concepts = st.lists(
        st.builds(
            Concept, st.sampled_from(ids).map(lambda held: ModelRef(id=held)), st.floats(-3, 3)
        ),
        max_size=2,
    )
    for model_id in ids:
        server.edit(
            model_id,
            short_description=draw(words),
            tags=draw(tags),
            thumbnail=draw(asset | st.just("")),
            examples=tuple(draw(st.lists(asset, max_size=4))),
            collection_ids=draw(
                st.frozensets(st.sampled_from(("c1", "c2", "c3", "c9")), max_size=2)
            ),
            class_slug=draw(st.sampled_from(("", "art", "two words"))),
            concepts=tuple(draw(concepts)),
            epoch=draw(st.sampled_from(("", "000001"))),
            prompt_embedding=draw(words),
            negative_prompt_embedding=draw(words),
        )
        server.descriptions[model_id] = draw(text)
        server.prompt_guides[model_id] = draw(text)
    return server


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(servers())
def test_after_a_pull_of_any_project_a_plan_puts_our_mark_on_and_nothing_else(
    server: FakeServer,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "catalog.yaml").write_text(SETTINGS)
        draft = pull(root, server, ALL)
        plan = planned(root, server)
        assert changes(plan) == set()
        assert plan.refusals == ()
        refused = [note for note in draft.notes if note.kind is Kind.REFUSED]
        passed = [n for n in draft.notes if not n.field and n.kind is Kind.LEFT_OUT]
        assert len(draft.files) + len(refused) + len(passed) == len(server.models)
        texts_are_the_servers_own(root, server)
        assert pull(root, server).files == {}
        assert not list(root.rglob(".*"))
        assert server.writes == []


def texts_are_the_servers_own(root: Path, server: FakeServer) -> None:
    """What the loader reads is the server's text, but for keys in place of ids."""
    catalog = loaded(root)
    ids = {spec.key: spec.id for spec in catalog.models}
    for spec in catalog.models:
        if spec.description:
            written = re.sub(
                r"\{model:([^{}\r\n]*)\}",
                lambda found: f"{{model:{ids.get(found[1], found[1])}}}",
                spec.description.written,
            )
            assert written == server.descriptions[spec.id]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty catalog."""
    (tmp_path / "catalog.yaml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def server() -> FakeServer:
    """Three models, one of which refers to the others."""
    server = FakeServer()
    ink, hero = server.add_model("Ink"), server.add_model("Hero", tags=frozenset({"comic"}))
    picture = server.add_asset(b"1", "pose.webp")
    server.edit(ink.id, examples=(picture,), thumbnail=picture)
    server.descriptions[ink.id] = (
        f"# Ink\r\nwith {{model:{hero.id}}}, `{{model:{hero.id}}}`  \n\nend"
    )
    server.add_model("Both", concepts=(Concept(ModelRef(id=ink.id), 0.8),))
    return server


def test_a_new_manifest_is_what_a_person_would_write(root: Path, server: FakeServer) -> None:
    pull(root, server, ALL)
    assert (root / "models/ink/model.yaml").read_text() == (
        "name: Ink\n"
        "type: flux.1-lora\n"
        "description: {file: description.md}\n"
        "thumbnail: {asset: asset_000005}\n"
        "examples:\n"
        "  - {asset: asset_000005}\n"
        "id: model_000001\n"
    )
    assert (root / "models/ink/description.md").read_bytes() == (
        b"# Ink\r\nwith {model:hero}, `{model:model_000003}`  \n\nend"
    )
    assert "  - {model: ink, scale: 0.8}\n" in (root / "models/both/model.yaml").read_text()


def test_once_applied_there_is_nothing_to_do_and_only_tags_were_written(
    root: Path, server: FakeServer
) -> None:
    pull(root, server, ALL)
    run(server, loaded(root), files_of({}))
    assert {name for name, _ in server.writes} == {"edit_tags"}
    assert planned(root, server).models == ()


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (Wanted(only=("H*",)), {"hero"}),
        (Wanted(only=("model_000001", "bo?h")), {"ink", "both"}),
        (Wanted(tags=("comic",)), {"hero"}),
        (Wanted(ids=("model_000001",)), {"ink"}),
        (Wanted(), set()),
    ],
    ids=["name", "id and key", "tag", "id", "nothing"],
)
def test_only_what_is_asked_for_gets_a_manifest(
    root: Path, server: FakeServer, wanted: Wanted, keys: set[str]
) -> None:
    assert pull(root, server, wanted).files.keys() == keys
    # A key is the same whether the others are asked for or not.
    assert keys <= pull(root, server, ALL).files.keys() | keys


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(only=("nothing*",)),
        Wanted(ids=("model_nowhere",)),
        Wanted(accept={"nothing": frozenset()}),
    ],
    ids=["glob", "id", "key"],
)
def test_what_is_asked_for_and_not_there_is_said(
    root: Path, server: FakeServer, wanted: Wanted
) -> None:
    with pytest.raises(UsageError):
        pull(root, server, wanted)


def test_a_model_of_another_catalog_is_never_taken(root: Path, server: FakeServer) -> None:
    server.edit("model_000001", tags=frozenset({"catalog-sync:other/ink"}))
    draft = pull(root, server, ALL)
    assert draft.files.keys() == {"hero", "both"}
    (note,) = draft.notes
    assert (note.model, note.kind) == ("Ink (model_000001)", Kind.LEFT_OUT)
    (note,) = pull(root, server, Wanted(ids=("model_000001",))).notes
    assert (note.message, note.kind) == ("it belongs to other/ink", Kind.REFUSED)


def test_a_manifest_that_was_removed_comes_back_under_its_key_if_asked_for_by_name(
    root: Path, server: FakeServer
) -> None:
    server.edit("model_000001", tags=frozenset({"catalog-sync:acme/old-key"}))
    (note,) = pull(root, server, ALL).notes
    assert note.message == "its manifest was removed from this catalog"
    assert pull(root, server, Wanted(only=("Ink",))).files.keys() == {"old-key"}
    assert planned(root, server).refusals == ()


def test_of_two_that_bear_one_mark_neither_is_taken(root: Path, server: FakeServer) -> None:
    for model_id in ("model_000001", "model_000003"):
        server.edit(model_id, tags=frozenset({"catalog-sync:acme/old"}))
    draft = pull(root, server, Wanted(only=("*",)))
    assert draft.files.keys() == {"both"}
    assert {note.message for note in draft.notes} == {"another model bears the same mark"}


def test_a_manifest_without_a_model_is_not_given_a_twin(root: Path, server: FakeServer) -> None:
    (root / "models").mkdir()
    (root / "models/mine.yaml").write_text("name: Ink\ntype: flux.1-lora\n")
    (note,) = pull(root, server, ALL).notes
    assert note.message == "models/mine.yaml has its name and no model"
    assert note.hint.startswith("write id: model_000001 there")


def test_what_defaults_would_add_is_refused_and_what_they_would_set_is_written(
    root: Path, server: FakeServer
) -> None:
    (root / "catalog.yaml").write_text(
        SETTINGS + "defaults: {shortDescription: x, collections: [Best], protect: true}\n"
    )
    server.collections["c"] = "Best"
    server.edit("model_000003", collection_ids=frozenset({"c"}))
    draft = pull(root, server, ALL)
    assert draft.files.keys() == {"hero"}
    assert {(note.model, note.field) for note in draft.notes} == {
        ("ink", "collections"),
        ("both", "collections"),
    }
    text = (root / "models/hero/model.yaml").read_text()
    assert 'shortDescription: ""\n' in text
    assert "protect: false\n" in text
    assert changes(planned(root, server)) == set()


def test_a_circle_of_concepts_costs_only_those_in_it_their_concepts(
    root: Path, server: FakeServer
) -> None:
    ink, both = "model_000001", "model_000007"
    server.edit(ink, concepts=(Concept(ModelRef(id=both), 1.0),))
    server.add_model("Apart", concepts=(Concept(ModelRef(id="model_000003"), 1.0),))
    draft = pull(root, server, ALL)
    assert {(note.model, note.field) for note in draft.notes} == {("both", "concepts")}
    assert "concepts:" in (root / "models/apart/model.yaml").read_text()
    assert changes(planned(root, server)) == set()


def test_what_cannot_be_written_is_left_out_by_name(root: Path) -> None:
    server = FakeServer()
    good = server.add_model("Good", short_description="x" * 300, tags=frozenset({"a,b"}))
    server.descriptions[good.id] = "![mine](C:/me.png) and ![yours](you.png)"
    video = server.add_asset(None)
    server.assets[video] = replace(server.assets[video], kind=AssetKind.VIDEO)
    server.edit(good.id, examples=(video, "asset_gone"))
    bad = server.add_model("Bad", "unheard-of")
    draft = pull(root, server, ALL)
    said = {(note.model, note.field, note.kind) for note in draft.notes}
    assert said == {
        ("bad", "", Kind.REFUSED),
        ("good", "shortDescription", Kind.LEFT_OUT),
        ("good", "tags", Kind.LEFT_OUT),
        ("good", "description", Kind.LEFT_OUT),
        ("good", "examples", Kind.LEFT_OUT),
    }
    assert bad.id not in {spec.id for spec in loaded(root).models}
    assert (root / "models/good/model.yaml").read_text() == (
        f"name: Good\ntype: flux.1-lora\nid: {good.id}\n"
    )
