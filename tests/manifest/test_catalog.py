"""A catalog as a whole: catalog.yaml, keys, and what manifests say about one another."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.errors import ManifestError, Problem, UsageError
from catalogsync.manifest import find_catalog, load
from catalogsync.manifest.settings import size
from catalogsync.model import UNLIMITED, Limit, Policy, Target

from .support import CATALOG, MODEL, Folder


def test_a_catalog_without_options_has_the_defaults(folder: Folder) -> None:
    catalog = folder.load()
    assert (catalog.name, catalog.targets, catalog.default_target) == ("acme", (), "")
    assert catalog.policy == Policy(Limit(count=3), UNLIMITED, None)
    assert (catalog.ignore_tags, catalog.files) == ((), {})


def test_a_catalog_says_all_it_can(folder: Folder) -> None:
    folder.write(
        "catalog.yaml",
        CATALOG + "targets:\n  staging: {project: proj_1}\n  production: {}\ndefault: staging\n"
        "policy: {maxDelete: 5%, maxUpdate: 12, maxUpload: 2GB}\nignoreTags: ['team:*']\n",
    )
    catalog = folder.load()
    assert catalog.targets == (Target("staging", "proj_1"), Target("production", ""))
    assert catalog.default_target == "staging"
    assert catalog.policy == Policy(Limit(percent=5.0), Limit(count=12), 2_000_000_000)
    assert catalog.ignore_tags == ("team:*",)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (7, 7),
        ("7B", 7),
        ("2KB", 2000),
        ("1.5 MB", 1_500_000),
        ("2GB", 2_000_000_000),
        ("1TB", 10**12),
        ("2KiB", 2048),
        ("1MiB", 1 << 20),
        ("0.5GiB", 1 << 29),
        ("1TiB", 1 << 40),
    ],
)
def test_sizes_are_decimal_or_binary(written: int | str, expected: int) -> None:
    assert size(written) == expected


@pytest.mark.parametrize(
    ("more", "place", "said"),
    [
        ("nme: x", "3:1", 'unknown field "nme"; did you mean "name"?'),
        ("targets: {a: {}}\ndefault: b", "4:10", 'default: "b" is not a target; name one of'),
        ("targets: {prod: {}}\ndefault: prd", "4:10", 'default: "prd" is not a target; did you'),
        ("targets: {A B: {}}", "3:11", 'targets: "A B" cannot be a name here; a target\'s name'),
        ("targets: {a: {project: 'x y'}}", "3:24", 'targets.a.project: "x y" will not do'),
        ("targets: {a: {proj: x}}", "3:15", 'targets.a: unknown field "proj"; did you mean'),
        ("targets: {a: ~}", "3:14", "targets.a: YAML reads ~ as null"),
        ("policy: {maxDelete: -1}", "3:21", "policy.maxDelete: -1 is out of range; write a num"),
        ("policy: {maxDelete: 101%}", "3:21", 'policy.maxDelete: "101%" will not do; a limit is'),
        ("policy: {maxDelete: 1.5}", "3:21", "policy.maxDelete: YAML reads 1.5 as the number 1.5"),
        ("policy: {maxUpload: 2 gb}", "3:21", 'policy.maxUpload: "2 gb" will not do; a size is'),
        ("policy: {maxDelete: 010}", "3:21", "policy.maxDelete: YAML reads 010 as the number 8"),
        ("ignoreTags: [a, a]", "3:17", 'ignoreTags[1]: "a" is there twice, first on line 3'),
        ("defaults: {type: custom}", "3:12", 'defaults: unknown field "type"; known: short'),
        ("defaults: {tags: [a, a]}", "3:22", 'defaults.tags[1]: "a" is there twice'),
        ("defaults: {tags: ['sc:x']}", "3:19", 'defaults.tags[0]: "sc:x" is reserved'),
        ("defaults: {collections: [a, a]}", "3:29", 'defaults.collections[1]: "a" is there'),
        ("ignoreTags: ['a*']\ndefaults: {tags: [ab]}", "4:19", 'defaults.tags[0]: "ab" would'),
    ],
)
def test_every_problem_of_the_catalog_file(
    folder: Folder, more: str, place: str, said: str
) -> None:
    folder.write("catalog.yaml", f"{CATALOG}{more}\n")
    problem = folder.problem()
    assert problem.startswith(f"catalog.yaml:{place}: {said}")
    assert "; " in problem or "?" in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: acme\n", '1:1: "apiVersion" is missing'),
        ("apiVersion: catalogsync/v2\nname: acme\n", "1:13: apiVersion: catalogsync/v1 is the on"),
        ("apiVersion: catalogsync/v1\nname: Acme\n", '2:7: name: "Acme" will not do; a catalog'),
        (f"apiVersion: catalogsync/v1\nname: {'a' * 41}\n", "2:7: name: "),
    ],
)
def test_a_catalog_has_a_version_and_a_name(folder: Folder, text: str, said: str) -> None:
    folder.write("catalog.yaml", text)
    assert folder.problem().startswith(f"catalog.yaml:{said}")


def test_defaults_are_merged_into_every_manifest(folder: Folder) -> None:
    folder.write(
        "catalog.yaml",
        CATALOG + "defaults: {tags: [acme], collections: [All], shortDescription: Ours,\n"
        "  classSlug: c, protect: true, promptEmbedding: p, negativePromptEmbedding: n}\n",
    )
    folder.write("models/bare.yaml", MODEL)
    folder.model(
        "tags: []\ncollections: [Own]\nshortDescription: ''\nclassSlug: d\nprotect: false\n"
    )
    bare, ink = folder.load().models
    assert (bare.tags, bare.collections) == (frozenset({"acme"}), frozenset({"All"}))
    assert (bare.short_description, bare.class_slug, bare.protect) == ("Ours", "c", True)
    assert (bare.prompt_embedding, bare.negative_prompt_embedding) == ("p", "n")
    assert (ink.tags, ink.collections) == (frozenset({"acme"}), frozenset({"All", "Own"}))
    assert (ink.short_description, ink.class_slug, ink.protect) == ("", "d", False)


def test_a_tag_that_would_be_left_alone_is_a_problem(folder: Folder) -> None:
    folder.write("catalog.yaml", CATALOG + "ignoreTags: ['team:*']\n")
    folder.model("tags: ['team:art']\n")
    assert 'tags[0]: "team:art" would never be added' in folder.problem()


def test_manifests_are_files_or_folders_in_the_order_of_their_keys(folder: Folder) -> None:
    for path in ("b.yaml", "a.yml", "z/model.yml", "a.b_c-d.yaml", "0.yaml", f"{'k' * 63}.yaml"):
        folder.write(f"models/{path}", MODEL)
    folder.write("models/z/images/notes.txt", "not a manifest")
    folder.write("models/.hidden.yaml", "not: read")
    keys = [model.key for model in folder.load().models]
    assert keys == ["0", "a", "a.b_c-d", "b", "ink", "k" * 63, "z"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "models/ink/other.yaml",
            "a YAML file that is no manifest; a manifest is models/<key>.yaml",
        ),
        ("models/ink/deep/model.yaml", "a YAML file that is no manifest"),
        ("models/Ink2.yaml", '"Ink2" cannot be a key; use a-z 0-9 . _ -'),
        ("models/_x.yaml", '"_x" cannot be a key'),
        ("models/a b.yaml", '"a b" cannot be a key'),
        ("models/é.yaml", '"é" cannot be a key'),
        (f"models/{'k' * 64}.yaml", "cannot be a key; use a-z 0-9 . _ -, begin with a letter"),
        ("models/a.YAML", "the extension .YAML; write it in lower case"),
        ("models/ink.yaml", 'the key "ink" is also that of models/ink.yaml'),
        ("models/ink.yml", 'the key "ink" is also that of'),
        ("models/ink/model.yml", 'the key "ink" is also that of models/ink/model.yaml'),
    ],
)
def test_a_file_in_the_wrong_place_is_a_problem(folder: Folder, path: str, said: str) -> None:
    folder.write(path, MODEL)
    problem = folder.problem()
    assert said in problem


def test_keys_are_unique_whatever_the_case(folder: Folder) -> None:
    folder.write("models/INK.yaml", MODEL)
    problems = folder.problems()
    assert any('the key "ink" is also that of models/INK.yaml' in each for each in problems)


def test_an_empty_catalog_is_a_problem(folder: Folder) -> None:
    (folder.root / "models/ink/model.yaml").unlink()
    assert folder.problem().startswith("catalog.yaml:1:1: the catalog has no manifest; write")
    (folder.root / "models/ink").rmdir()
    (folder.root / "models").rmdir()
    assert len(folder.problems()) == 2


def test_a_claimed_id_or_former_key_has_one_claimant(folder: Folder) -> None:
    folder.write("models/a.yaml", MODEL + "id: model_1\nrenamedFrom: old\n")
    folder.model("renamedFrom: old\nid: model_1\n")
    assert folder.problems() == [
        'models/ink/model.yaml:3:14: renamedFrom: "old" is claimed by models/a.yaml:4 too; '
        "one model has one manifest",
        'models/ink/model.yaml:4:5: id: "model_1" is claimed by models/a.yaml:3 too; '
        "one model has one manifest",
    ]


@pytest.mark.parametrize("state", ["absent", "unmanaged"])
def test_nothing_refers_to_a_model_that_goes(folder: Folder, state: str) -> None:
    folder.write("models/old.yaml", MODEL + f"state: {state}\n")
    folder.model("concepts: [{model: old, scale: 1}]\ndescription: '{model:old}'\n")
    said = f'"old" is {state}, so nothing can refer to it; refer to another model'
    assert folder.problems() == [
        f"models/ink/model.yaml:3:20: concepts[0].model: {said}",
        f'models/ink/model.yaml:4:14: description: "{{model:old}}": {said}',
    ]


@pytest.mark.parametrize("state", ["absent", "unmanaged"])
def test_what_goes_may_speak_of_itself_and_of_others_that_go(folder: Folder, state: str) -> None:
    folder.write("models/old.yaml", MODEL + f"state: {state}\n")
    folder.model(
        f"state: {state}\nconcepts: [{{model: old, scale: 1}}]\ndescription: '{{model:ink}}'\n"
    )
    assert [spec.state for spec in folder.load().models] == [state, state]


def test_a_circle_of_concepts_is_named_once(folder: Folder) -> None:
    for key, other in (("a", "b"), ("b", "c"), ("c", "b"), ("d", "a")):
        folder.write(f"models/{key}.yaml", MODEL + f"concepts: [{{model: {other}, scale: 1}}]\n")
    assert folder.problem().startswith("models/b.yaml:3:11: concepts: a circle: b -> c -> b; ")


def test_a_circle_may_close_by_an_id(folder: Folder) -> None:
    folder.write("models/a.yaml", MODEL + "id: model_a\nconcepts: [{model: ink, scale: 1}]\n")
    folder.model("concepts: [{model: model_a, scale: 1}]\n")
    assert "a circle: a -> ink -> a" in folder.problem()


def test_a_long_chain_of_concepts_is_no_circle(folder: Folder) -> None:
    for number in range(400):
        more = f"concepts: [{{model: m{number + 1}, scale: 1}}, {{model: ink, scale: 1}}]\n"
        folder.write(f"models/m{number}.yaml", MODEL + more)
    folder.write("models/m400.yaml", MODEL)
    assert len(folder.load().models) == 402


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_a_manifest_is_utf_8_without_a_mark(folder: Folder, encoding: str) -> None:
    folder.write("models/ink/model.yaml", f"{MODEL}shortDescription: é\n".encode(encoding))
    assert folder.problems()[0].startswith("models/ink/model.yaml:")


def test_the_byte_that_is_not_utf_8_has_its_place(folder: Folder) -> None:
    folder.write("models/ink/model.yaml", MODEL.encode() + "tags: [é, ".encode() + b"\xff]\n")
    assert folder.problem() == (
        "models/ink/model.yaml:3:11: a byte that is not UTF-8; save the file as UTF-8"
    )


def test_the_nearest_catalog_upward_is_found(folder: Folder) -> None:
    inner = Folder(folder.root / "models/ink/inner")
    assert find_catalog(folder.root / "models/ink") == folder.root.resolve()
    assert find_catalog(inner.root / "models") == inner.root.resolve()


def test_without_a_catalog_there_is_a_way_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find_catalog(tmp_path)
    assert "catalog-sync init" in caught.value.hint
    with pytest.raises(UsageError):
        find_catalog(tmp_path / "nowhere")
    with pytest.raises(UsageError):
        load(tmp_path / "nowhere")


def test_a_folder_without_a_catalog_file_is_a_problem(folder: Folder) -> None:
    (folder.root / "catalog.yaml").unlink()
    assert folder.problem().startswith('catalog.yaml:1:1: "catalog.yaml" is not there')


def refused(folder: Folder) -> tuple[Problem, ...]:
    """The problems of a catalog, if it has any; every other exception is let through."""
    try:
        folder.load()
    except ManifestError as error:
        return error.problems
    return ()


QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@QUIET
@given(st.binary(max_size=400), st.sampled_from(["catalog.yaml", "models/x.yaml", "models/x.md"]))
def test_any_bytes_in_any_file_are_read_or_refused(
    folder: Folder, content: bytes, path: str
) -> None:
    folder.model("description: 'x'\n")
    folder.write("models/m.yaml", MODEL + "description: {file: x.md}\n")
    folder.write("models/x.md", "")
    folder.write(path, content)
    problems = refused(folder)
    assert all(str(problem).isprintable() for problem in problems)
    folder.write("catalog.yaml", CATALOG)
    (folder.root / "models/x.yaml").unlink(missing_ok=True)


FIELDS = st.sampled_from(
    [
        "name",
        "type",
        "tags",
        "description",
        "promptGuide",
        "thumbnail",
        "examples",
        "collections",
        "concepts",
        "epoch",
        "id",
        "protect",
        "state",
        "renamedFrom",
        "ignore",
        "source",
        "x",
    ]
)
VALUES = st.recursive(
    st.sampled_from(
        [
            "",
            "~",
            "no",
            "1.10",
            "2",
            "-1",
            "true",
            "x",
            "'x'",
            "ink",
            "model_x",
            "asset_x",
            "!t x",
            "a.png",
            "../x",
            "'**'",
            "2027-01-31",
            "&a x",
            "*a",
            "flux.1-lora",
            "sd-xl",
            "absent",
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(filter(None, items))}]"),
        st.dictionaries(
            st.sampled_from(["file", "asset", "glob", "model", "scale", "epoch", "field", "until"]),
            inner,
            max_size=3,
        ).map(lambda items: "{" + ", ".join(f"{key}: {item}" for key, item in items.items()) + "}"),
    ),
    max_leaves=8,
)


@QUIET
@given(st.lists(st.tuples(FIELDS, VALUES), max_size=6))
def test_any_fields_are_read_or_refused(folder: Folder, fields: list[tuple[str, str]]) -> None:
    text = "".join(f"{field}: {value}\n" for field, value in fields)
    folder.write("models/ink/model.yaml", text)
    folder.write("models/other.yaml", MODEL)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in refused(folder))
