"""Which function answers which request, what each may be sent, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from catalogsync.sandbox import (
    answers,
    assets,
    canvases,
    collections,
    copies,
    downloads,
    examples,
    jobs,
    model_images,
    model_lists,
    model_texts,
    models,
    tags,
    training_images,
    trainings,
    uploads,
)
from catalogsync.sandbox.checks import Kind, ListOf, Object, Text
from catalogsync.sandbox.world import Call, Json, Reply

Handler = Callable[[Call], Json | Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint; `threaded` for work that would hold up everyone else."""

    label: str
    handler: Handler
    writes: bool
    answer: Json
    query: Object
    body: Kind | None
    threaded: bool = False

    @property
    def takes_list(self) -> bool:
        """Whether the body is a list, not an object."""
        return isinstance(self.body, ListOf)

    def check(self, query: Mapping[str, str], body: Json) -> None:
        """Refuse a request that does not have the form it must have."""
        self.query.check(query, "")
        if self.body is not None:
            self.body.check(body["items"] if self.takes_list else body, "")


_PROJECT = Text(longest=100, form="project-id", pattern="^[A-Za-z0-9_-]{1,100}$")
_NO_QUERY = Object()


def _route(
    label: str,
    handler: Handler,
    answer: Json,
    *,
    query: Object = _NO_QUERY,
    body: Kind | None = None,
    writes: bool = False,
    threaded: bool = False,
) -> Route:
    common = Object({**query.fields, "projectId": _PROJECT}, query.required)
    return Route(label, handler, writes, answer, common, body, threaded)


_read = partial(_route, writes=False)
_write = partial(_route, writes=True)

_ALL = (
    _read("GET /models", model_lists.read_list, answers.MODELS, query=model_lists.QUERY),
    _read(
        "POST /models/get-bulk", model_lists.read_bulk, answers.MODELS_SHORT, body=model_lists.BULK
    ),
    _read("GET /models/{}", models.read, answers.MODEL),
    _read("GET /models/{}/description", model_texts.read_description, answers.DESCRIPTION),
    _read("GET /models/{}/prompt-guide", model_texts.read_prompt_guide, answers.PROMPT_GUIDE),
    _read("GET /models/{}/examples", examples.read, answers.EXAMPLES),
    _read("GET /assets", assets.read_list, answers.ASSETS, query=assets.QUERY),
    _read("POST /assets/get-bulk", assets.read_bulk, answers.ASSETS_FOUND, body=assets.BULK),
    _read("GET /assets/{}", assets.read, answers.ASSET),
    _read("GET /uploads/{}", uploads.read, answers.UPLOAD),
    _read("GET /jobs", jobs.read_list, answers.JOBS, query=jobs.QUERY),
    _read("GET /jobs/{}", jobs.read, answers.JOB),
    _write("POST /jobs/{}/action", jobs.act, answers.JOB, body=jobs.ACT),
    _read("GET /tags", tags.read_list, answers.TAGS, query=tags.QUERY),
    _read("GET /collections", collections.read_list, answers.COLLECTIONS, query=collections.QUERY),
    _read("GET /collections/{}", collections.read, answers.COLLECTION),
    _write("POST /models", models.create, answers.MODEL, body=models.CREATE),
    _write("PUT /models/{}", models.update, answers.MODEL, body=models.UPDATE),
    _write("DELETE /models/{}", models.delete, answers.NOTHING),
    _write("POST /models/{}/copy", copies.copy, answers.MODEL, body=copies.COPY),
    _write("POST /models/{}/transfer", copies.transfer, answers.MODEL, body=copies.TRANSFER),
    _write(
        "POST /models/{}/download",
        downloads.start,
        answers.JOB_STARTED,
        query=downloads.START_QUERY,
        body=downloads.START,
        threaded=True,
    ),
    _write(
        "DELETE /models/{}/images",
        model_images.delete,
        answers.NOTHING,
        query=model_images.DELETE_QUERY,
    ),
    _write("POST /models/{}/restore", models.restore, answers.MODEL),
    _write(
        "POST /models/{}/training-images",
        training_images.add,
        answers.TRAINING_IMAGE,
        body=training_images.IMAGE,
        threaded=True,
    ),
    _write(
        "PUT /models/{}/training-images/{}",
        training_images.replace,
        answers.TRAINING_IMAGE,
        body=training_images.IMAGE,
        threaded=True,
    ),
    _write("DELETE /models/{}/training-images/{}", training_images.delete, answers.NOTHING),
    _write(
        "PUT /models/{}/training-images/pairs",
        training_images.replace_pairs,
        answers.PAIRS,
        body=training_images.PAIRS,
    ),
    _write(
        "PUT /models/{}/train",
        trainings.train,
        answers.TRAINING,
        query=trainings.TRAIN_QUERY,
        body=trainings.TRAIN,
    ),
    _write("POST /models/{}/train/action", trainings.act, answers.MODEL, body=trainings.ACT),
    _write("PUT /models/{}/tags", tags.update_model, answers.TAG_CHANGES, body=tags.UPDATE),
    _write(
        "PUT /models/{}/description",
        model_texts.update_description,
        answers.DESCRIPTION,
        body=model_texts.UPDATE_DESCRIPTION,
    ),
    _write(
        "PUT /models/{}/prompt-guide",
        model_texts.update_prompt_guide,
        answers.PROMPT_GUIDE,
        body=model_texts.UPDATE_PROMPT_GUIDE,
    ),
    _write("PUT /models/{}/examples", examples.update, answers.EXAMPLES, body=examples.UPDATE),
    _write("POST /assets", assets.upload, answers.ASSET, body=assets.UPLOAD, threaded=True),
    _write("PUT /assets/{}", canvases.update, answers.ASSET, body=canvases.UPDATE, threaded=True),
    _write("DELETE /assets", assets.delete, answers.NOTHING, body=assets.DELETE),
    _write("PUT /assets/{}/tags", tags.update_asset, answers.TAG_CHANGES, body=tags.UPDATE),
    _write(
        "POST /uploads",
        uploads.create,
        answers.UPLOAD,
        query=uploads.CREATE_QUERY,
        body=uploads.CREATE,
    ),
    _write("POST /uploads/{}/action", uploads.act, answers.UPLOAD, body=uploads.ACT),
    _write("POST /collections", collections.create, answers.COLLECTION, body=collections.CREATE),
    _write("PUT /collections/{}", collections.update, answers.COLLECTION, body=collections.UPDATE),
    _write("DELETE /collections/{}", collections.delete, answers.NOTHING),
    _write(
        "PUT /collections/{}/models",
        collections.add_models,
        answers.COLLECTION,
        body=collections.MODELS,
    ),
    _write(
        "PUT /collections/{}/assets",
        collections.add_assets,
        answers.COLLECTION,
        body=collections.ASSETS,
    ),
    _write(
        "DELETE /collections/{}/models",
        collections.remove_models,
        answers.COLLECTION,
        body=collections.MODELS,
    ),
    _write(
        "DELETE /collections/{}/assets",
        collections.remove_assets,
        answers.COLLECTION,
        body=collections.ASSETS,
    ),
)

ROUTES = {route.label: route for route in _ALL}


def find(method: str, segments: list[str]) -> tuple[Route | None, tuple[str, ...]]:
    """The endpoint for a path below the version, and the ids in the path."""
    plain = ROUTES.get(f"{method} /{'/'.join(segments)}")
    if plain is not None and "{}" not in plain.label:
        return plain, ()
    if len(segments) < 2 or not segments[1]:
        return None, ()
    shape = [segments[0], "{}", *segments[2:]]
    route = ROUTES.get(f"{method} /{'/'.join(shape)}")
    if route is None and len(segments) == 4 and segments[3]:
        return ROUTES.get(f"{method} /{'/'.join([*shape[:3], '{}'])}"), (segments[1], segments[3])
    return route, (segments[1],)
