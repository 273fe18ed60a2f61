"""The training data that a manifest declares."""

import pytest

from catalogsync.model import AssetRef
from tests.manifest.support import MODEL, Folder, png
from tests.media import MEDIA

PREFIX = "models/ink/model.yaml"


@pytest.fixture(autouse=True)
def pictures(folder: Folder) -> None:
    """Six pictures, two of which have a caption beside them."""
    for name in ("a", "b", "c", "d", "more/1", "more/2"):
        folder.write(f"models/ink/{name}.png", png(mark=name))
    folder.write("models/ink/more/1.txt", "one, or more\r\n\n")
    folder.write("models/ink/more/2.txt", "")


def said(folder: Folder) -> dict[str, str | None]:
    """The captions of the training images by what those are called."""
    return {i.asset.name or i.asset.id: i.caption for i in folder.ink().training_images or ()}


def test_without_training_nothing_of_it_is_managed(folder: Folder) -> None:
    spec = folder.ink()
    assert (spec.training_images, spec.training_pairs, spec.training_parameters) == (None,) * 3


def test_images_come_with_captions_of_three_kinds(folder: Folder) -> None:
    folder.model(
        "training:\n  images:\n    - a.png\n    - {file: b.png, caption: 'ink, wet'}\n"
        "    - {file: c.png, caption: ''}\n"
        '    - {asset: asset_1, caption: "two\\nlines\\n"}\n'
        "    - {glob: 'more/*.png', captions: sidecar}\n"
    )
    assert said(folder) == {
        "a.png": None,
        "b.png": "ink, wet",
        "c.png": "",
        "asset_1": "two\nlines",
        "1.png": "one, or more",
        "2.png": "",
    }


def test_an_empty_list_empties_the_set(folder: Folder) -> None:
    folder.model("training: {images: [], pairs: []}\n")
    assert (folder.ink().training_images, folder.ink().training_pairs) == ((), ())


def test_what_is_in_a_pair_is_in_the_set(folder: Folder) -> None:
    folder.model(
        "training:\n  images: [{file: a.png, caption: A}]\n  pairs:\n"
        "    - {source: a.png, target: {file: b.png}, instruction: make it rain}\n"
        "    - {source: b.png, target: {asset: asset_1}}\n"
    )
    first, second = folder.ink().training_pairs or ()
    assert (first.source.name, first.target.name, first.instruction) == (
        "a.png",
        "b.png",
        "make it rain",
    )
    assert (second.target, second.instruction) == (AssetRef(id="asset_1"), "")
    assert said(folder) == {"a.png": "A", "b.png": None, "asset_1": None}


def test_parameters_are_sorted_and_every_number_is_a_float(folder: Folder) -> None:
    folder.model(
        "training: {parameters: {rank: 16, learningRate: 0.0001, samplePrompts: [a, b], "
        "optimizeFor: likeness}}\n"
    )
    assert folder.ink().training_parameters == (
        ("learningRate", 0.0001),
        ("optimizeFor", "likeness"),
        ("rank", 16.0),
        ("samplePrompts", ("a", "b")),
    )
    assert folder.ink().training_images is None


def test_a_voice_is_trained_on_sounds(folder: Folder) -> None:
    folder.write("models/ink/x.mp3", MEDIA["mp3"])
    voice = "name: Ink\ntype: elevenlabs-voice\n"
    folder.write(PREFIX, f"{voice}training: {{images: [x.mp3], parameters: {{gender: f}}}}\n")
    assert said(folder) == {"x.mp3": None}


def test_the_files_of_training_are_files_of_the_catalog(folder: Folder) -> None:
    folder.model("training: {images: [a.png], pairs: [{source: b.png, target: c.png}]}\n")
    catalog = folder.load()
    assert {file.parts[-1] for file in catalog.files.values()} == {"a.png", "b.png", "c.png"}


PROBLEMS = {
    "{}": (3, 11, "training: an empty mapping; write one of images, pairs, parameters"),
    "{images: [{file: a.png, caption: ink, wet}]}": (
        3,
        49,
        'training.images[0]: unknown field "wet"; inside {} a comma ends a text: quote one that',
    ),
    "{images: [a.png, {file: a.png, caption: x}]}": (
        3,
        35,
        'training.images[1].file: the same content ("a.png") is there twice, first in',
    ),
    "{images: [{caption: x}]}": (3, 21, "training.images[0]: it names no image; write file:"),
    "{images: [{glob: '*.png', caption: x}]}": (
        3,
        37,
        'training.images[0]: "caption" cannot be a name here; glob stands alone, or beside capt',
    ),
    "{images: [{file: a.png, captions: sidecar}]}": (
        3,
        21,
        'training.images[0]: "glob" is missing; add glob:',
    ),
    "{images: [{glob: '[a].png', captions: sidecar}]}": (
        3,
        49,
        'training.images[0].captions: the caption of "a.png": "a.txt" is not there; check the path',
    ),
    "{images: [gone.png]}": (3, 21, 'training.images[0]: "gone.png": "gone.png" is not there'),
    "{images: [notes.md]}": (3, 21, 'training.images[0]: "notes.md"'),
    "{images: [x.mp3]}": (3, 21, 'training.images[0]: "x.mp3" is not an image (audio); take it'),
    "{pairs: [{source: a.png, target: b.png}]}": (3, 11, 'training: "images" is missing; add'),
    "{images: [], pairs: [{source: a.png}]}": (
        3,
        32,
        'training.pairs[0]: "target" is missing; add target:',
    ),
    "{parameters: {}}": (3, 24, "training.parameters: an empty mapping; write one of batchSize"),
    "{parameters: {rank: 1}}": (3, 31, "training.parameters.rank: 1 is out of range; write a"),
    "{parameters: {rank: 65}}": (
        3,
        31,
        "training.parameters.rank: 65 is out of range for flux.1-lora; write a number from 2 to 64",
    ),
    "{parameters: {learningRateTextEncoder: 0}}": (
        3,
        50,
        "training.parameters.learningRateTextEncoder: 0 is out of range for flux.1-lora; write a "
        "number from 0.000001 to 0.001",
    ),
    "{parameters: {rnk: 8}}": (3, 25, 'training.parameters: unknown field "rnk"; did you mean'),
    "{parameters: {wandbKey: secret}}": (3, 25, 'training.parameters: unknown field "wandbKey"'),
    "{parameters: {seed: 8}}": (
        3,
        31,
        "training.parameters.seed: the API takes it only for the retired Stable Diffusion types",
    ),
    "{parameters: {gender: f}}": (3, 33, "training.parameters.gender: the API takes it only for"),
    "{parameters: {samplePrompts: [a], sampleSourceImages: [asset_1, asset_2]}}": (
        3,
        65,
        "training.parameters.sampleSourceImages: 2 images for 1 prompts; give as many as sample",
    ),
}


@pytest.mark.parametrize("written", PROBLEMS)
def test_what_is_wrong_is_told_on_its_line(folder: Folder, written: str) -> None:
    folder.write("models/ink/x.mp3", MEDIA["mp3"])
    folder.write("models/ink/notes.md", "x")
    folder.model(f"training: {written}\n")
    line, column, message = PROBLEMS[written]
    assert folder.problem().startswith(f"{PREFIX}:{line}:{column}: {message}")


@pytest.mark.parametrize("model_type", ["custom", "flux.1-composition", "gpt-image-1", "flux.1"])
def test_a_type_without_a_trainer_has_no_training(folder: Folder, model_type: str) -> None:
    folder.write(PREFIX, f"name: Ink\ntype: {model_type}\ntraining: {{images: [a.png]}}\n")
    said = f'training: models of type "{model_type}" are not trained; take it out, or write a type'
    assert folder.problem().startswith(f"{PREFIX}:3:11: {said}")


def test_one_picture_has_one_caption_in_the_whole_catalog(folder: Folder) -> None:
    folder.write("models/other/same.png", png(mark="a"))
    folder.model("training:\n  images:\n    - {file: a.png, caption: one}\n    - b.png\n")
    other = "training:\n  images:\n    - {file: same.png, caption: other}\n"
    folder.write("models/other/model.yaml", MODEL + other)
    problem = folder.problem()
    assert problem.startswith("models/other/model.yaml:5:14: training.images[0].file: ")
    assert '"same.png" has another caption in models/ink/model.yaml:5; give it one' in problem


@pytest.mark.parametrize("caption", [", caption: one", ""])
def test_a_picture_may_be_in_two_sets_with_one_caption_at_most(
    folder: Folder, caption: str
) -> None:
    folder.write("models/other/same.png", png(mark="a"))
    folder.model("training: {images: [{file: a.png, caption: one}]}\n")
    other = f"training: {{images: [{{file: same.png{caption}}}]}}\n"
    folder.write("models/other/model.yaml", MODEL + other)
    assert len(folder.load().models) == 2


def test_two_images_with_one_content_are_told_apart_by_nothing(folder: Folder) -> None:
    folder.write("models/ink/more/3.png", png(mark="more/1"))
    folder.write("models/ink/more/3.txt", "three")
    folder.model("training: {images: [{glob: 'more/*.png', captions: sidecar}]}\n")
    assert "is there twice" in folder.problem()
