"""What a listing does not tell of a model, and a manifest manages."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalogsync.errors import NotFound
from catalogsync.identity import (
    Match,
)
from catalogsync.model import (
    ModelSpec,
    RemoteModel,
)
from catalogsync.observe.reads import Reads
from catalogsync.ports import CatalogReader, KnownFields


def managed_reads(
    matches: Iterable[Match], models: Mapping[str, RemoteModel]
) -> list[tuple[str, str]]:
    """The (model id, field) pairs that a listing does not tell and a manifest manages.

    They come in the order of the listing, in which they may be on their way already.
    """
    wanted = {found.live.id: found.spec for found in matches if found.live}
    return [
        (model.id, field)
        for model in models.values()
        if model.id in wanted
        for field in _fields_to_read(wanted[model.id], model)
    ]


def _fields_to_read(spec: ModelSpec, remote: RemoteModel) -> Iterator[str]:
    if spec.description is not None and remote.description is None:
        yield "description"
    if spec.prompt_guide is not None:
        yield "prompt_guide"
    if any(getattr(spec, name) is not None for name in _TRAINING):
        yield "model"
    elif any(getattr(spec, name) is not None for name in _EMBEDDINGS):
        yield "embeddings"


_EMBEDDINGS = ("prompt_embedding", "negative_prompt_embedding")
_TRAINING = ("training_images", "training_pairs", "training_parameters")
_FIELDS = {
    "description": ("description",),
    "prompt_guide": ("prompt_guide",),
    "embeddings": _EMBEDDINGS,
    "model": (*_EMBEDDINGS, *_TRAINING, "trained_at"),
}
"""What each read of a model tells."""


def read_fields(
    reader: CatalogReader,
    models: Mapping[str, RemoteModel],
    wanted: Sequence[tuple[str, str]],
    reads: Reads,
    known: KnownFields | None,
    *,
    may_be_gone: bool = False,
) -> dict[str, RemoteModel]:
    """The models with the wanted fields filled in, from what is known of them or by reading.

    What nobody wants to keep `may_be_gone` by now: then nothing more is known of it.
    """

    def read(item: tuple[str, str]) -> dict[str, Any]:
        try:
            return told(*item)
        except NotFound:
            if may_be_gone:
                return {}
            raise

    def told(model_id: str, what: str) -> dict[str, Any]:
        if what == "description":
            return {what: reader.get_description(model_id)}
        if what == "prompt_guide":
            return {what: reader.get_prompt_guide(model_id)}
        model = reader.get_model(model_id)
        return {name: getattr(model, name) for name in _FIELDS[what]}

    held = known.recall(models[model_id] for model_id, _ in wanted) if known else {}
    found: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    due = []
    for model_id, what in wanted:
        values = {n: held[model_id, n] for n in _FIELDS[what] if (model_id, n) in held}
        if len(values) == len(_FIELDS[what]):
            found[model_id] |= values
        else:
            due.append((model_id, what))
    for (model_id, _), values in reads.each(read, due, lambda item: reader.came_ahead(*item)):
        found[model_id] |= values
        if known:
            # A caption is the asset's: nobody promises that a model's date moves with it.
            texts = {name: each for name, each in values.items() if isinstance(each, str)}
            known.remember(models[model_id], texts)
    return {
        model_id: replace(model, **found[model_id]) if model_id in found else model
        for model_id, model in models.items()
    }
