"""Requests that no client means: whatever comes, the answer is no 5xx."""

from random import Random
from typing import Any

import httpx
import pytest
from scenario_sdk import Scenario

from catalogsync.sandbox.routes import ROUTES

FIELDS = [
    "name",
    "shortDescription",
    "type",
    "classSlug",
    "concepts",
    "collectionIds",
    "baseModelId",
    "thumbnail",
    "epoch",
    "parameters",
    "promptEmbedding",
    "negativePromptEmbedding",
    "add",
    "delete",
    "strict",
    "description",
    "promptGuide",
    "assetIds",
    "modelIds",
    "minimal",
    "settings",
    "allTrainingImages",
    "image",
    "canvas",
    "hide",
    "parentId",
    "kind",
    "fileName",
    "contentType",
    "fileSize",
    "parts",
    "url",
    "civitaiModelUrl",
    "huggingFaceModelName",
    "assetOptions",
    "action",
]
FILTERS = [
    "pageSize",
    "paginationToken",
    "sortBy",
    "sortDirection",
    "privacy",
    "status",
    "collectionId",
    "createdAfter",
    "type",
    "types",
    "deleted",
    "dryRun",
    "projectId",
    "authorId",
]
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 1e308, 10**30, 2, [], {}),
    *(
        "",
        "x",
        "\x00",
        "é" * 3000,
        "http://[",
        "https://x/y",
        "data:,",
        "image",
        "model",
        "complete",
    ),
    *([None], ["a"], ["a", "a"], [1], [["x"]], [{"modelId": None}], [{"modelId": "m", "scale": 1}]),
    *({"parentId": []}, {"collectionIds": [[]]}, {"rank": 1}, {"hide": 1}),
]
WORDS = ["0", "1", "x", "true", "deleted", "public", "private", "createdAt", "score", "é", "\x00"]


@pytest.mark.parametrize("label", ROUTES)
def test_no_request_makes_the_server_fail(
    client: Scenario, raw: httpx.Client, project: str, label: str
) -> None:
    random = Random(label)
    method, path = label.split()
    known = {
        "models": client.models.create().model.id,
        "collections": client.collections.create(name="c").collection.id,
    }
    identity = known.get(path.split("/")[1], "none")
    for _ in range(25):
        body = {field: random.choice(VALUES) for field in random.sample(FIELDS, 8)}
        for field in random.sample(FIELDS, 3):
            query = {name: random.choice(WORDS) for name in random.sample(FILTERS, 1)}
            answer = raw.request(
                method,
                path.replace("{}", random.choice([identity, identity, "n%00é"])),
                params={"projectId": project} | query,
                json=random.choice([body, {field: random.choice(VALUES)}]),
            )
            assert answer.status_code < 500, (body, query)
            assert answer.headers["content-type"] == "application/json"
