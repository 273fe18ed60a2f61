"""What a manifest means, and every way in which one can be wrong."""

from datetime import date

import pytest

from catalogsync.manifest.build import RETIRED
from catalogsync.model import (
    NO_ASSET,
    AssetRef,
    Concept,
    Ignored,
    ModelRef,
    ModelSpec,
    Source,
    State,
    Text,
    Weights,
    WeightsSource,
)

from .support import MODEL, Folder, png, pointer

PREFIX = "models/ink/model.yaml"


def test_a_manifest_manages_what_it_names(folder: Folder) -> None:
    assert folder.ink() == ModelSpec(
        key="ink", name="Ink", type="flux.1-lora", source=Source(f"{PREFIX}")
    )
    assert folder.ink().source == Source(PREFIX, 1)


def test_every_field_has_its_place_in_the_spec(folder: Folder) -> None:
    folder.write("models/base.yaml", MODEL)
    folder.write("models/ink/01.png", png(mark="1"))
    folder.write("models/ink/02.png", png(mark="2"))
    folder.write("models/ink/weights.pt", b"PK\3\4")
    folder.model(
        "shortDescription: Short.\ntags: [b, a]\ndescription: Long\npromptGuide: Guide\n"
        "thumbnail: 01.png\nexamples: [02.png, {file: 01.png, asset: asset_1}, {asset: asset_2}]\n"
        "collections: [Comics]\nclassSlug: art\nepoch: '000001'\n"
        "concepts: [{model: base, scale: 1}, {model: model_x, scale: -0.5, epoch: '2'}]\n"
        "promptEmbedding: p\nnegativePromptEmbedding: n\nid: model_ink\nprotect: true\n"
        "state: present\nrenamedFrom: old\nsource: {file: weights.pt}\n"
        "ignore: [{field: name, reason: test, until: 2027-01-31}]\n"
    )
    spec = folder.ink()
    assert spec.thumbnail is not None
    assert spec.examples is not None
    assert spec.short_description == "Short."
    assert spec.tags == frozenset({"a", "b"})
    assert (spec.description, spec.prompt_guide) == (Text(("Long",)), Text(("Guide",)))
    assert [example.id for example in spec.examples] == ["", "asset_1", "asset_2"]
    assert spec.examples[1].sha256 == spec.thumbnail.sha256
    assert spec.examples[2] == AssetRef(id="asset_2")
    assert (spec.collections, spec.class_slug) == (frozenset({"Comics"}), "art")
    assert spec.epoch == "000001"
    assert spec.concepts == (
        Concept(ModelRef(key="base"), 1.0),
        Concept(ModelRef(id="model_x"), -0.5, "2"),
    )
    assert all(isinstance(concept.scale, float) for concept in spec.concepts)
    assert (spec.prompt_embedding, spec.negative_prompt_embedding) == ("p", "n")
    assert (spec.id, spec.protect, spec.state) == ("model_ink", True, State.PRESENT)
    assert spec.renamed_from == "old"
    assert spec.weights is not None
    assert spec.weights.file is not None
    assert (spec.weights.source, spec.weights.address) == ("file", "weights.pt")
    assert (spec.weights.file.kind, spec.weights.file.size) == ("model", 4)
    assert spec.weights.file not in spec.assets
    assert spec.ignored == (Ignored("name", "test", date(2027, 1, 31)),)


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("huggingFace", "black-forest-labs/FLUX.1-dev"),
        ("civitai", "https://civitai.com/models/370194/translucent?modelVersionId=413566"),
        ("url", "https://example.org/ink.safetensors"),
    ],
)
def test_a_new_model_comes_from_one_place(folder: Folder, source: str, address: str) -> None:
    folder.model(f"source: {{{source}: '{address}'}}\n")
    assert folder.ink().weights == Weights(WeightsSource(source), address)


def test_weights_behind_a_pointer_are_known_by_it(folder: Folder) -> None:
    folder.write("models/ink/ink.safetensors", pointer(size=6_000_000_000))
    folder.model("source: {file: ink.safetensors}\n")
    weights = folder.ink().weights
    assert weights is not None
    assert weights.file is not None
    assert (weights.file.sha256, weights.file.size) == ("ab" * 32, 6_000_000_000)


BAD_WEIGHTS = {
    "w.safetensors": (b"\x02\0\0\0\0\0\0\0[]", "the .safetensors file holds something else"),
    "x.safetensors": (b"\x09\0\0\0\0\0\0\0{}", "the .safetensors file is cut off"),
    "y.safetensors": (b"", "the file is empty"),
    "w.ckpt": (b"GIF89a", "the .ckpt file holds something else"),
    "w.gguf": (b"GGUF", '".gguf" holds no weights; known: safetensors, ckpt, pt, pth, bin'),
    "w": (b"{}", "no extension; known:"),
}


@pytest.mark.parametrize("name", BAD_WEIGHTS)
def test_weights_are_what_their_extension_says(folder: Folder, name: str) -> None:
    content, said = BAD_WEIGHTS[name]
    folder.write(f"models/ink/{name}", content)
    folder.model(f"source: {{file: {name}}}\n")
    problem = folder.problem()
    assert problem.startswith(f'{PREFIX}:3:16: source.file: "{name}": {said}')


def test_an_empty_value_makes_a_field_empty(folder: Folder) -> None:
    folder.model(
        "shortDescription: ''\ntags: []\ndescription: ''\npromptGuide: ''\nthumbnail: ''\n"
        "examples: []\ncollections: []\nclassSlug: ''\nconcepts: []\nepoch: ''\n"
        "promptEmbedding: ''\nnegativePromptEmbedding: ''\n"
    )
    spec = folder.ink()
    assert (spec.short_description, spec.tags, spec.description) == ("", frozenset(), Text())
    assert (spec.thumbnail, spec.examples, spec.collections) == (NO_ASSET, (), frozenset())
    assert (spec.class_slug, spec.concepts, spec.epoch) == ("", (), "")
    assert (spec.prompt_embedding, spec.negative_prompt_embedding) == ("", "")


@pytest.mark.parametrize("field", ["tags", "examples", "description", "id", "state", "protect"])
@pytest.mark.parametrize("written", ["", "~", "null"])
def test_null_is_refused_with_the_two_ways_out(folder: Folder, field: str, written: str) -> None:
    folder.model(f"{field}: {written}\n")
    problem = folder.problem()
    assert problem.startswith(f"{PREFIX}:3:")
    assert 'leave the field out to not manage it; use [] or "" to make it empty' in problem


PROBLEMS = {
    # what follows name and type: line, column and the beginning of the problem
    "shortDescripton: x": (3, 1, 'unknown field "shortDescripton"; did you mean "shortDesc'),
    "name: Twice": (3, 1, '"name" is there twice, first on line 1; take one out'),
    "tags: comic": (3, 7, "tags: text where a list is due; write [comic]"),
    "tags: {a: b}": (3, 7, "tags: a mapping where a list is due; write a list"),
    "tags: [[a]]": (3, 8, "tags[0]: a list where text is due; write text"),
    "tags: ['a,b']": (3, 8, 'tags[0]: "a,b" will not do; a tag has no comma'),
    "tags: [' a']": (3, 8, 'tags[0]: " a" will not do; a tag has no'),
    'tags: ["a\\u202eb", "a\\n"]': (3, 20, 'tags[1]: "a\\n" will not do; a tag has no'),
    "tags: ['']": (3, 8, "tags[0]: this must not be empty; write a value, or take it out"),
    "tags:\n  - a\n  - b\n  - a": (6, 5, 'tags[2]: "a" is there twice, first on line 4; take'),
    "tags: [sc:featured]": (3, 8, 'tags[0]: "sc:featured" is reserved: tags that begin with sc:'),
    "tags: ['deprecated:x']": (3, 8, 'tags[0]: "deprecated:x" is reserved: '),
    "tags: ['catalog-sync:a/b']": (3, 8, 'tags[0]: "catalog-sync:a/b" is reserved: this tool'),
    "collections: [A, A]": (3, 18, 'collections[1]: "A" is there twice, first on line 3'),
    "shortDescription: " + "x" * 257: (3, 19, "shortDescription: 257 characters, 256 are allowed"),
    "shortDescription: |\n  x": (3, 19, 'shortDescription: "x\\n" will not do; a short desc'),
    "description: {}": (3, 14, 'description: "file" is missing; add file:'),
    "description: {file: nope.md}": (3, 21, 'description.file: "nope.md": "nope.md" is not there'),
    "description: {file: x.md, x: 1}": (3, 21, 'description.file: "x.md": "x.md" is not there'),
    "description: text.md": (
        3,
        14,
        'description: "text.md" is a file\'s name, not a text; write description: {file: text.md}',
    ),
    "thumbnail: {}": (3, 12, "thumbnail: an empty mapping; write one of file, asset"),
    "thumbnail: {asset: x}": (3, 20, 'thumbnail.asset: "x" will not do; an asset\'s id looks'),
    "thumbnail: {glob: '*'}": (3, 13, 'thumbnail: unknown field "glob"; known: file, asset'),
    "examples: [{glob: a, file: b}]": (
        3,
        22,
        'examples[0]: "file" cannot be a name here; glob goes with hide, parent and collections',
    ),
    "examples: [{glob: '**/*.png'}]": (3, 19, 'examples[0].glob: "**/*.png": ** is not supported'),
    "examples: [{glob: '*.png'}]": (3, 19, 'examples[0].glob: "*.png": no file matches'),
    "examples: [{flie: x}]": (3, 13, 'examples[0]: unknown field "flie"; did you mean "file"?'),
    "examples: ['']": (3, 12, "examples[0]: this must not be empty"),
    "examples: [{asset: asset_1}, {asset: asset_1}]": (
        3,
        38,
        'examples[1].asset: "asset_1" is there twice, first in examples[0].asset on line 3',
    ),
    "concepts: [{model: ink2, scale: 1}]": (3, 20, 'concepts[0].model: "ink2" is no key of this'),
    "concepts: [{model: ink}]": (3, 12, 'concepts[0]: "scale" is missing; add scale:'),
    "concepts: [{model: a, scale: 2.01}]": (3, 30, "concepts[0].scale: 2.01 is out of range; wr"),
    "concepts: [{model: a, scale: true}]": (3, 30, "concepts[0].scale: YAML reads true as the"),
    "concepts: [{model: a, scale: .5}]": (3, 30, "concepts[0].scale: YAML reads .5 as a number"),
    "concepts: [{model: ink, scale: 1}]": (3, 11, "concepts: a circle: ink -> ink; take one of"),
    "epoch: 000001": (3, 8, 'epoch: YAML reads 000001 as the number 1; quote it: "000001"'),
    "id: eyVcnF": (3, 5, 'id: "eyVcnF" will not do; a model\'s id looks like model_eyVcnF'),
    "protect: yes": (3, 10, "protect: YAML reads yes as the truth value true; write true or false"),
    "protect: 'true'": (3, 10, "protect: text where true or false is due; write true or false"),
    "state: gone": (3, 8, 'state: "gone" is not known here; write present, absent or unmanaged'),
    "state: absnt": (3, 8, 'state: "absnt" is not known here; did you mean "absent"?'),
    "state: 3": (3, 8, "state: the number 3 where text is due; write present, absent or unman"),
    "renamedFrom: INK": (3, 14, 'renamedFrom: "INK" will not do; a key is made of'),
    "renamedFrom: ink": (3, 14, 'renamedFrom: "ink" still exists (models/ink/model.yaml)'),
    "thumbnail: {url: 'http://x/a.png'}": (
        3,
        18,
        'thumbnail.url: "http://x/a.png" will not do; an',
    ),
    "thumbnail: {url: 'https://u:p@x/a.png'}": (3, 18, 'thumbnail.url: "https://u:p@x/a.png" will'),
    "thumbnail: {url: 'https://x/a.mp4'}": (3, 18, 'thumbnail: "a.mp4" is not an image (video)'),
    "examples: [{url: 'https://x/a b.png'}]": (3, 18, 'examples[0].url: "https://x/a b.png" will'),
    "examples: [{url: 'https://[x/a.png'}]": (3, 18, 'examples[0].url: "https://[x/a.png": no add'),
    "examples: [{url: 'https://x/a'}]": (
        3,
        18,
        'examples[0].url: "https://x/a": no extension; say',
    ),
    "examples: [{url: 'https://x/a.psd'}]": (
        3,
        18,
        'examples[0].url: "https://x/a.psd": ".psd" is',
    ),
    "examples: [{url: 'https://x/a', kind: movie}]": (3, 39, 'examples[0].kind: "movie" is not kn'),
    "examples: [{kind: image}]": (3, 12, 'examples[0]: "url" is missing; add url:'),
    "examples: [{url: 'https://x/a.png', file: a.png}]": (
        3,
        37,
        'examples[0]: "file" cannot be a name here; url goes with kind, hide, parent and',
    ),
    "examples: [{url: 'https://x/1.png'}, {url: 'https://x/1.png'}]": (
        3,
        44,
        'examples[1].url: the same content ("1.png") is there twice, first in examples[0].url on',
    ),
    "source: {}": (3, 9, "source: an empty mapping; write one of huggingFace, civitai, url, file"),
    "source: {url: 'https://x', civitai: 'https://y'}": (3, 9, "source: 2 fields, one is due"),
    "source: {url: 'file:///etc/passwd'}": (3, 15, 'source.url: "file:///etc/passwd" will not'),
    "source: {url: 'https://u:p@x/a'}": (3, 15, 'source.url: "https://u:p@x/a" will not do; an a'),
    "source: {hugging: a/b}": (
        3,
        10,
        'source: unknown field "hugging"; did you mean "huggingFace"',
    ),
    "source: {huggingFace: FLUX}": (3, 23, 'source.huggingFace: "FLUX" will not do; a model on'),
    "source: {file: nope.bin}": (3, 16, 'source.file: "nope.bin": "nope.bin" is not there'),
    "ignore: [{field: name, reason: x}]": (3, 10, 'ignore[0]: "until" is missing; add until:'),
    "ignore: [{field: nam, reason: x, until: 2027-01-31}]": (3, 18, 'ignore[0].field: "nam" is'),
    "ignore: [{field: name, reason: x, until: 2027-02-30}]": (3, 42, "ignore[0].until: 2027-02-30"),
    "ignore: [{field: name, reason: x, until: soon}]": (3, 42, 'ignore[0].until: "soon" will not'),
    "ignore: [{field: name, reason: 2027-01-31, until: 2027-01-31}]": (3, 32, "ignore[0].reason:"),
}


@pytest.mark.parametrize(("more", "expected"), PROBLEMS.items())
def test_every_problem_has_its_place_and_says_what_to_do(
    folder: Folder, more: str, expected: tuple[int, int, str]
) -> None:
    folder.model(more + "\n")
    line, column, said = expected
    problem = folder.problems()[0]
    assert problem.startswith(f"{PREFIX}:{line}:{column}: {said}")
    assert "; " in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: x\n", ['1:1: "type" is missing; add type:']),
        ("tags: []\n", ['1:1: "name" is missing; add name:', '1:1: "type" is missing; add type:']),
        ("[]\n", ["1:1: a list where a mapping (field: value) is due; write a mapping"]),
        ("just text\n", ["1:1: text where a mapping (field: value) is due; write a mapping"]),
        ("~\n", ["1:1: the file holds no field; write name: and type:"]),
        ("name: ''\ntype: custom\n", ["1:7: name: this must not be empty"]),
        (f"name: {'x' * 65}\ntype: custom\n", ["1:7: name: 65 characters, 64 are allowed"]),
        (
            "name: x \ntype: custm\n",
            ['2:7: type: "custm" is not known here; did you mean "custom"'],
        ),
        ("name: x\ntype: [custom]\n", ["2:7: type: a list where text is due"]),
        ("name: 'x '\ntype: custom\n", ['1:7: name: "x " will not do; a name is one line']),
    ],
)
def test_the_top_of_a_manifest_is_checked(folder: Folder, text: str, expected: list[str]) -> None:
    folder.write(PREFIX, text)
    problems = folder.problems()
    assert len(problems) == len(expected)
    for problem, said in zip(problems, expected, strict=True):
        assert problem.startswith(f"{PREFIX}:{said}")


def test_the_longest_values_are_taken(folder: Folder) -> None:
    folder.write(PREFIX, f"name: {'é' * 64}\ntype: custom\nshortDescription: {'é' * 256}\n")
    assert len(folder.ink().name) == 64


def test_every_problem_of_every_file_is_reported_at_once(folder: Folder) -> None:
    folder.write("catalog.yaml", "apiVersion: v2\nname: ACME\n")
    folder.write("models/bad.yaml", "name: [\n")
    folder.write("models/ink/d.md", "{model:x}")
    folder.model(
        "tags: no\nthumbnail: a.png\nexamples: [3, b.png, {asset: x}, {file: 1.0}, c.png]\n"
        "description: {file: d.md}\nconcepts: [{model: x, scale: 9}, {model: y, scale: 1}]\nid: 3\n"
    )
    places = [problem.split(": ")[0] for problem in folder.problems()]
    assert places == [
        "catalog.yaml:1:13",
        "catalog.yaml:2:7",
        "models/bad.yaml:2:1",
        "models/ink/d.md:1:1",
        "models/ink/model.yaml:3:7",
        "models/ink/model.yaml:4:12",
        "models/ink/model.yaml:5:12",
        "models/ink/model.yaml:5:15",
        "models/ink/model.yaml:5:30",
        "models/ink/model.yaml:5:41",
        "models/ink/model.yaml:5:47",
        "models/ink/model.yaml:7:30",
        "models/ink/model.yaml:7:42",
        "models/ink/model.yaml:8:5",
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"tags: [{'no, ' * 300}]\n",
        "".join(f"x{number}: 1\n" for number in range(300)),
        "concepts: [" + "{model: x, scale: 1}, " * 99 + "]\n" + "a: &b 1\n" * 300,
    ],
)
def test_of_one_file_200_problems_are_told(folder: Folder, text: str) -> None:
    folder.write("models/bad.yaml", "name: [")
    folder.model(text)
    problems = folder.problems()
    assert len(problems) == 1 + 200 + 1
    assert sum("there are more problems in this file; repair" in each for each in problems) == 1


def test_what_does_not_print_is_shown_as_an_escape(folder: Folder) -> None:
    folder.model('"a\\u202e\\e[31m\\u200b": x\n')
    problem = folder.problem()
    assert problem.isprintable()
    assert '"a\\u202e\\x1b[31m\\u200b"' in problem


def test_long_values_are_shortened_in_messages(folder: Folder) -> None:
    folder.model(f"{'x' * 100_000}: 1\ntags: [{'9' * 100_000}]\nid: {'y' * 100_000}\n")
    assert all(len(problem) < 600 for problem in folder.problems())


@pytest.mark.parametrize("kind", sorted(RETIRED))
def test_a_retired_type_is_for_existing_models_only(folder: Folder, kind: str) -> None:
    folder.write(PREFIX, f"name: Ink\ntype: {kind}\n")
    problem = folder.problem()
    assert problem.startswith(f'{PREFIX}:2:7: type: "{kind}" is retired')
    assert "410" in problem
    folder.write(PREFIX, f"name: Ink\ntype: {kind}\nid: model_old\n")
    assert folder.ink().type == kind


def test_globs_are_in_natural_order_and_never_match_hidden_files(folder: Folder) -> None:
    for name in ("10.png", "9.png", "x2.png", "x10.png", ".1.png", "a/7.png", "b/8.png", "n.txt"):
        folder.write(f"models/ink/images/{name}", png(mark=name))
    folder.model("examples: [{glob: 'images/*.png'}, {glob: 'images/[ab]/?.png'}]\n")
    names = [example.name for example in folder.ink().examples or ()]
    assert names == ["9.png", "10.png", "x2.png", "x10.png", "7.png", "8.png"]


def test_a_glob_without_signs_is_a_file(folder: Folder) -> None:
    folder.write("models/ink/a.png", png())
    folder.model("examples: [{glob: a.png}]\n")
    assert [example.name for example in folder.ink().examples or ()] == ["a.png"]


def test_a_link_that_a_glob_matches_is_refused(folder: Folder) -> None:
    folder.link("models/ink/a.png", "/etc/passwd")
    folder.model("examples: [{glob: '*.png'}]\n")
    assert "is a link" in folder.problem()


def test_150_examples_are_allowed_and_151_are_not(folder: Folder) -> None:
    for number in range(150):
        folder.write(f"models/ink/i/{number}.png", png(mark=str(number)))
    folder.model("examples: [{glob: 'i/*.png'}]\n")
    assert len(folder.ink().examples or ()) == 150
    folder.model("examples: [{asset: asset_1}, {glob: 'i/*.png'}]\n")
    assert folder.problem() == (
        f"{PREFIX}:3:11: examples: 151 after the globs, 150 are allowed; take some out"
    )
    folder.write("models/ink/i/150.png", png(mark="150"))
    folder.model("examples: [{glob: 'i/*.png'}]\n")
    assert "151 files match, 150 are allowed" in folder.problem()
    folder.model("examples:\n" + "".join(f"  - {{asset: asset_{n}}}\n" for n in range(151)))
    assert folder.problem().startswith(f"{PREFIX}:4:3: examples: 151 entries, 150 are allowed")


def test_the_same_content_twice_names_both_places(folder: Folder) -> None:
    folder.write("models/ink/a.png", png())
    folder.write("models/ink/b.png", png())
    folder.model("examples:\n  - a.png\n  - {asset: asset_1}\n  - {file: b.png}\n")
    assert folder.problem() == (
        f'{PREFIX}:6:12: examples[2].file: the same content ("b.png") is there twice, '
        "first in examples[0] on line 4; take one out"
    )


def test_the_thumbnail_may_be_an_example_too(folder: Folder) -> None:
    folder.write("models/ink/a.png", png())
    folder.model("thumbnail: a.png\nexamples: [a.png]\n")
    assert folder.ink().examples == (folder.ink().thumbnail,)


def test_a_file_of_many_references_is_in_the_catalog_once(folder: Folder) -> None:
    for key in ("a", "b"):
        folder.write(f"models/{key}.yaml", MODEL + "thumbnail: shared.png\nexamples: [copy.png]\n")
    folder.write("models/shared.png", png())
    folder.write("models/copy.png", png())
    catalog = folder.load()
    assert [file.path for file in catalog.files.values()] == ["models/shared.png"]
