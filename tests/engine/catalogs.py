"""Hypothesis strategies for catalogs, files and what people leave on a server."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from hypothesis import strategies as st
from PIL import Image

from catalogsync.model import (
    NO_ASSET,
    AssetKind,
    AssetRef,
    Catalog,
    Concept,
    LocalFile,
    Mention,
    ModelRef,
    ModelSpec,
    Parameters,
    Text,
    TrainingImage,
    TrainingPair,
    Weights,
    WeightsSource,
)

HOSTILE = (
    "",
    "plain",
    "two\nlines",
    "crlf\r\nline\r\n",
    "cr only\r",
    "ends with lines\n\n\n",
    " spaces ",
    "café",
    "cafe\u0301",
    "🎨👩\u200d🎤",
    "\u202eevil\u2066",
    "::add-mask::x",
    "<script>|`",
    "{asset:asset_nowhere}",
    "{model:model_nowhere}",
    "{asset:sha256=00}",
    "```\n{asset:images/x.webp}\n```",
    "# Title\n\n| a | b |\n|---|---|\n",
)
TAGS = ("ink", "Ink", "INK", "café", "cafe\u0301", "🎨", "a b", "x:y", "-", "+1", "null", "no")
KEYS = ("alpha", "beta", "gamma", "delta")


def _picture(number: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), (number * 30, 80, 160)).save(out, "png")
    return out.getvalue()


CONTENTS = {hashlib.sha256(content).hexdigest(): content for content in map(_picture, range(8))}
"""Eight pictures by their sha256."""

WEIGHTS = {
    hashlib.sha256(content).hexdigest(): content
    for content in (b"\x02\0\0\0\0\0\0\0{}" + bytes([number]) for number in range(2))
}
"""Two files with weights by their sha256."""

FILES = CONTENTS | WEIGHTS

TYPES = ("flux.1-lora", "custom", "qwen-image-lora")

words = st.sampled_from(HOSTILE) | st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20
)
tags = st.frozensets(st.sampled_from(TAGS), max_size=4)
files = st.sampled_from(sorted(CONTENTS)).map(
    lambda sha: AssetRef(sha256=sha, name=f"{sha[:4]}.png", size=len(CONTENTS[sha]))
)
addresses = (
    st.sampled_from(range(4))
    .map(lambda number: f"https://example.org/art/{number}.png")
    .map(lambda url: AssetRef(hashlib.sha256(url.encode()).hexdigest(), name=url[-5:], url=url))
)
pictures = files | addresses
weights = st.builds(
    Weights,
    st.sampled_from((WeightsSource.HUGGING_FACE, WeightsSource.CIVITAI, WeightsSource.URL)),
    st.sampled_from(("https://example.org/1", "https://example.org/2")),
) | st.sampled_from(sorted(WEIGHTS)).map(
    lambda sha: Weights(
        WeightsSource.FILE,
        f"{sha[:4]}.safetensors",
        AssetRef(sha, name=f"{sha[:4]}.safetensors", kind=AssetKind.WEIGHTS, size=11),
    )
)
names = st.sampled_from(("Ink", "Heroes", "Ink heroes", "Nébuleuse 🎨", "x" * 64))


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """A field that is managed or not."""
    return st.none() | strategy


@st.composite
def texts(draw: st.DrawFn, keys: tuple[str, ...]) -> Text:
    """A text with mentions of files and of models."""
    parts: list[str | Mention] = []
    for _ in range(draw(st.integers(0, 4))):
        choice = draw(st.sampled_from(("words", "file", "model")))
        if choice == "words":
            text = draw(words)
            if text and not (parts and isinstance(parts[-1], str)):
                parts.append(text)
        elif choice == "file":
            ref = draw(files)
            parts.append(Mention(f"![alt](images/{ref.name})", ref))
        else:
            key = draw(st.sampled_from(keys))
            parts.append(Mention(f"{{model:{key}}}", ModelRef(key=key)))
    return Text(tuple(parts))


CAPTIONS = ("", "ink hero, full body", "two\nlines", "ends with lines\n\n", "🎨", "<b>|`")
PARAMETERS: dict[str, st.SearchStrategy[str | float | bool | tuple[str, ...]]] = {
    "conceptPrompt": st.sampled_from(("", "a daiton dog")),
    "learningRate": st.sampled_from((0.0001, 0.5)),
    "rank": st.sampled_from((2.0, 16.0, 64.0)),
    "samplePrompts": st.sampled_from(((), ("a", "b"))),
}


def caption_of(sha256: str, which: int) -> str:
    """The caption that a picture has in one version of a catalog: equal files have one."""
    return CAPTIONS[(int(sha256[:8], 16) + which) % len(CAPTIONS)]


def agreeing(models: Iterable[ModelSpec]) -> tuple[ModelSpec, ...]:
    """Manifests that may stand together: of several captions of a picture all take the first."""
    said: dict[str, str] = {}

    def agreed(image: TrainingImage) -> TrainingImage:
        if image.caption is None:
            return image
        return replace(image, caption=said.setdefault(image.asset.sha256, image.caption))

    return tuple(
        replace(
            spec,
            training_images=None
            if spec.training_images is None
            else tuple(map(agreed, spec.training_images)),
        )
        for spec in models
    )


@dataclass(frozen=True)
class Trained:
    """The training data of one manifest."""

    images: tuple[TrainingImage, ...] | None = None
    pairs: tuple[TrainingPair, ...] | None = None
    parameters: Parameters | None = None


@st.composite
def trained(draw: st.DrawFn, which: int) -> Trained:
    """A training set with pairs out of it, or some of that left alone."""
    chosen = draw(st.none() | st.lists(files, unique=True, max_size=7))
    images = (
        None
        if chosen is None
        else tuple(
            TrainingImage(ref, draw(st.sampled_from((None, caption_of(ref.sha256, which)))))
            for ref in chosen
        )
    )
    pair = st.builds(
        TrainingPair,
        st.sampled_from(chosen or [NO_ASSET]),
        st.sampled_from(chosen or [NO_ASSET]),
        st.sampled_from(CAPTIONS),
    )
    pairs = draw(st.none() | st.lists(pair, max_size=3).map(tuple)) if images else None
    named = st.fixed_dictionaries({}, optional=PARAMETERS).filter(bool)
    parameters = draw(st.none() | named.map(lambda held: tuple(sorted(held.items()))))
    return Trained(images, pairs, parameters)


@st.composite
def specs(draw: st.DrawFn, key: str, keys: tuple[str, ...], which: int = 0) -> ModelSpec:
    """One manifest; concepts refer to earlier keys only, so that there is no cycle.

    Manifests of one catalog have `which` in common: it says what captions their pictures have.
    """
    earlier = keys[: keys.index(key)]
    concept = st.builds(
        Concept,
        st.sampled_from(earlier or ("",)).map(lambda k: ModelRef(key=k)),
        st.sampled_from((-2.0, 0.5, 1.0)),
    )
    concepts = st.lists(concept, max_size=2, unique_by=lambda c: c.model).map(tuple)
    made_of = draw(maybe(weights))
    model_type = "flux.1-lora" if made_of else draw(st.sampled_from(TYPES))
    training = draw(trained(which)) if model_type.endswith("-lora") else Trained()
    return ModelSpec(
        key=key,
        name=f"{draw(names)[:50]} {key}",
        type=model_type,
        training_images=training.images,
        training_pairs=training.pairs,
        training_parameters=training.parameters,
        weights=made_of,  # type: ignore[arg-type]
        short_description=draw(maybe(words)),  # type: ignore[arg-type]
        tags=draw(maybe(tags)),  # type: ignore[arg-type]
        description=draw(maybe(texts(keys))),  # type: ignore[arg-type]
        prompt_guide=draw(maybe(texts(keys))),  # type: ignore[arg-type]
        thumbnail=draw(maybe(pictures | st.just(NO_ASSET))),  # type: ignore[arg-type]
        examples=draw(maybe(st.lists(pictures, unique=True, max_size=6).map(tuple))),  # type: ignore[arg-type]
        collections=draw(maybe(st.frozensets(st.sampled_from(("Comics", "Best")), max_size=2))),  # type: ignore[arg-type]
        class_slug=draw(maybe(st.sampled_from(("", "art-style-comic")))),  # type: ignore[arg-type]
        concepts=draw(maybe(concepts)) if earlier else None,  # type: ignore[arg-type]
        prompt_embedding=draw(maybe(words)),  # type: ignore[arg-type]
        protect=draw(st.booleans()),
    )


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """A catalog of up to four models."""
    keys = KEYS[: draw(st.integers(1, len(KEYS)))]
    which = draw(st.integers(0, len(CAPTIONS) - 1))
    models = tuple(draw(specs(key, keys, which)) for key in keys)
    found = {sha: LocalFile(Path(), (sha,)) for sha in FILES}
    return Catalog(name="acme", models=tuple(sorted(models, key=lambda m: m.key)), files=found)


@dataclass(frozen=True)
class HandEdit:
    """What somebody does to one of our models in the web page."""

    short_description: str
    tags: frozenset[str]
    description: str
    shuffle: int
    drop_thumbnail: bool
    caption: str = ""
    drop_images: int = 0


hand_edits = st.builds(
    HandEdit,
    words,
    tags,
    words,
    st.integers(0, 5),
    st.booleans(),
    st.sampled_from(CAPTIONS),
    st.integers(0, 3),
)
