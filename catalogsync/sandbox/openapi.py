"""The sandbox as an OpenAPI 3.1 document, made from the table of its routes.

What a request may say comes from the very values that check it. A request of this form can still
be refused for what it means: a model that does not exist, a tag that is there already.
"""

from itertools import pairwise
from typing import Any

from catalogsync.sandbox import answers
from catalogsync.sandbox.errors import REFUSALS
from catalogsync.sandbox.routes import ROUTES, Route
from catalogsync.sandbox.world import Json

_DESCRIPTION = """What the local Scenario API accepts and answers.
No text may hold the null character. A body may have 10 MB. The contents of files, signed addresses
for parts of uploads and the pages of the gallery are outside of this document."""
_NAMES = {"models": "model", "assets": "asset", "uploads": "upload", "collections": "collection"}
_NAMES |= {"jobs": "job", "training-images": "asset"}


def document(address: str) -> Json:
    """The document of a server at `address`, which ends with a slash."""
    paths: dict[str, Json] = {}
    for route in ROUTES.values():
        method, path = route.label.split(" ")
        paths.setdefault(_named(path), {})[method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The catalog-sync sandbox",
            "version": "1",
            "description": _DESCRIPTION,
        },
        "servers": [{"url": f"{address}v1"}],
        "security": [{"basic": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
            "schemas": answers.OBJECTS,
        },
    }


def _named(path: str) -> str:
    for name, _ in _ids(path):
        path = path.replace("{}", f"{{{name}}}", 1)
    return path


def _ids(path: str) -> list[tuple[str, str]]:
    """The names of the ids in a path, and what they are ids of."""
    kinds = [_NAMES.get(each, "") for each, after in pairwise(path.split("/")) if after == "{}"]
    names = [f"{kinds[0]}Id", "trainingImageId"] if kinds else []
    return list(zip(names, kinds, strict=False))


def _operation(route: Route) -> Json:
    _, path = route.label.split(" ")
    operation: Json = {
        "summary": (route.handler.__doc__ or "").splitlines()[0],
        "operationId": f"{route.handler.__module__.rpartition('.')[2]}.{route.handler.__name__}",
        "parameters": [*_path_parameters(path), *_query_parameters(route)],
        "responses": _responses(route),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(route.body.describe())}
    return operation


def _path_parameters(path: str) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "format": f"{kind}-id"},
        }
        for name, kind in _ids(path)
    ]


def _query_parameters(route: Route) -> list[Json]:
    return [
        {
            "name": name,
            "in": "query",
            "schema": kind.describe(),
            "required": name in route.query.required,
        }
        for name, kind in route.query.fields.items()
    ]


def _responses(route: Route) -> Json:
    refused = {"description": "Refused", "content": _json(answers.ref("Refusal"))}
    responses: Json = {"200": {"description": "Done", "content": _json(route.answer)}}
    if "dryRun" in route.query.fields:
        estimate = {"description": "An estimate", "content": _json(answers.ref("Estimate"))}
        responses["269"] = estimate
    return responses | {str(status): refused for status in REFUSALS}


def _json(schema: Any) -> Json:
    return {"application/json": {"schema": schema}}
