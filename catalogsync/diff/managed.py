"""The fields that a manifest may leave alone."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from catalogsync.diff.training import TRAINING
from catalogsync.model import ModelSpec

TEXTS = {"description": "description", "promptGuide": "prompt_guide"}
"""The Markdown fields: the API's name and ours."""

READ_ALONE = {
    **TEXTS,
    "promptEmbedding": "prompt_embedding",
    "negativePromptEmbedding": "negative_prompt_embedding",
}
"""The values that are read by themselves, as no listing tells them: the API's name and ours."""

UNLISTED = {**READ_ALONE, **TRAINING}
"""All that no listing tells, the training data with it."""

MANAGED = {
    "shortDescription": "short_description",
    "tags": "tags",
    "thumbnail": "thumbnail",
    "examples": "examples",
    "collections": "collections",
    "classSlug": "class_slug",
    "concepts": "concepts",
    "epoch": "epoch",
    **UNLISTED,
}
"""The fields that may be left alone: the API's name and ours."""


def leaving_alone(spec: ModelSpec, attributes: Iterable[str]) -> ModelSpec:
    """A manifest as if it did not manage some of its fields, by our names."""
    unmanaged: dict[str, Any] = dict.fromkeys(attributes)
    return replace(spec, **unmanaged)
