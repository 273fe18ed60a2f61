"""Which function answers which request."""

from collections.abc import Callable
from dataclasses import dataclass

from catalogsync.sandbox import (
    assets,
    collections,
    examples,
    model_lists,
    model_texts,
    models,
    tags,
    uploads,
)
from catalogsync.sandbox.world import Call, Json, Reply

Handler = Callable[[Call], Json | Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint; `threaded` for work that would hold up everyone else."""

    label: str
    handler: Handler
    writes: bool
    threaded: bool = False


_READS: dict[str, Handler] = {
    "GET /models": model_lists.read_list,
    "POST /models/get-bulk": model_lists.read_bulk,
    "GET /models/{}": models.read,
    "GET /models/{}/description": model_texts.read_description,
    "GET /models/{}/prompt-guide": model_texts.read_prompt_guide,
    "GET /models/{}/examples": examples.read,
    "GET /assets": assets.read_list,
    "POST /assets/get-bulk": assets.read_bulk,
    "GET /assets/{}": assets.read,
    "GET /uploads/{}": uploads.read,
    "GET /tags": tags.read_list,
    "GET /collections": collections.read_list,
    "GET /collections/{}": collections.read,
}

_WRITES: dict[str, Handler] = {
    "POST /models": models.create,
    "PUT /models/{}": models.update,
    "DELETE /models/{}": models.delete,
    "PUT /models/{}/tags": tags.update_model,
    "PUT /models/{}/description": model_texts.update_description,
    "PUT /models/{}/prompt-guide": model_texts.update_prompt_guide,
    "PUT /models/{}/examples": examples.update,
    "POST /assets": assets.upload,
    "DELETE /assets": assets.delete,
    "PUT /assets/{}/tags": tags.update_asset,
    "POST /uploads": uploads.create,
    "POST /uploads/{}/action": uploads.act,
    "POST /collections": collections.create,
    "PUT /collections/{}": collections.update,
    "DELETE /collections/{}": collections.delete,
    "PUT /collections/{}/models": collections.add_models,
    "PUT /collections/{}/assets": collections.add_assets,
    "DELETE /collections/{}/models": collections.remove_models,
    "DELETE /collections/{}/assets": collections.remove_assets,
}

_THREADED = ("POST /assets",)

ROUTES = {
    label: Route(label, handler, writes, label in _THREADED)
    for table, writes in ((_READS, False), (_WRITES, True))
    for label, handler in table.items()
}


def find(method: str, segments: list[str]) -> tuple[Route | None, tuple[str, ...]]:
    """The endpoint for a path below the version, and the ids in the path."""
    plain = ROUTES.get(f"{method} /{'/'.join(segments)}")
    if plain is not None and "{}" not in plain.label:
        return plain, ()
    if len(segments) < 2 or not segments[1]:
        return None, ()
    shape = [segments[0], "{}", *segments[2:]]
    return ROUTES.get(f"{method} /{'/'.join(shape)}"), (segments[1],)
