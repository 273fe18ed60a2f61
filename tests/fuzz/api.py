"""Requests that schemathesis makes from the sandbox's own document, right ones and wrong ones."""

import base64
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from PIL import Image
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from catalogsync.sandbox.server import Running

Operation = APIOperation[Any, Any, Any, Any]

KINDS = ("model", "asset", "collection", "upload", "job")
_KEY = ("key", "secret")
_STOCK = 3
_CONFORMS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

MEANT = re.compile(
    r"not found|does not exist|already|cannot be added and deleted|is not an image"
    r"|Invalid paginationToken|only available|requires (sortBy|privacy)|when privacy=private"
    r"|is not available for|can only be (set|changed)|applicable to Flux|for composition models"
    r"|is not a training image of this model|is not deleted|Cannot cancel|duplicates"
    r"|is not an image of the model"
    r"|has no epoch|Unhandled image format|Either 'image'|Invalid canvas|ids in a single"
)
"""What a request of the right form may be refused for: not its form, but what it means."""


@dataclass(slots=True)
class Stock:
    """Objects that requests can be about, made anew when they may be gone."""

    server: Running
    ids: dict[str, list[str]] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    client: requests.Session = field(default_factory=requests.Session)

    def fill(self) -> None:
        """Make some objects of every kind."""
        control = self.server.control
        trained = control.create_models([{"status": "trained"}] * (_STOCK - 1))
        control.set_epochs(trained[0], ["000001"])
        others = [{"status": "new"}, {"status": "training"}, {"status": "new"}]
        new, training, deleted = control.create_models(others)
        self.client.delete(f"{self.server.url}/models/{deleted}", auth=_KEY)
        self.ids["model"] = [*trained, new, training, deleted]
        self.ids["asset"] = [self._make("asset", name="a.png", image=PNG) for _ in range(_STOCK)]
        for each in self.ids["model"][: len(trained) + 1]:
            control.set_fields(each, exampleAssetIds=self.ids["asset"])
        control.set_training_images(trained[1], self.ids["asset"][1:])
        self.ids["collection"] = [self._make("collection", name="c") for _ in range(_STOCK)]
        self.ids["upload"] = [self._make("upload", **_UPLOAD) for _ in range(_STOCK)]
        upload = f"{self.server.url}/uploads/{self.ids['upload'][0]}"
        uploading = str(self.client.get(upload, auth=_KEY).json()["upload"]["jobId"])
        self.ids["job"] = [self._train(trained[1]), uploading]
        self.tokens = [self._token(kind) for kind in KINDS[:_STOCK]]

    def _make(self, what: str, /, **body: Any) -> str:
        answer = self.client.post(f"{self.server.url}/{what}s", json=dict(body), auth=_KEY)
        return str(answer.json()[what]["id"])

    def _train(self, model_id: str) -> str:
        train = f"{self.server.url}/models/{model_id}/train"
        answer = self.client.put(train, json={}, auth=_KEY).json()
        self.client.post(f"{train}/action", json={"action": "cancel"}, auth=_KEY)
        return str(answer["job"]["jobId"])

    def _token(self, kind: str) -> str:
        url = f"{self.server.url}/{kind}s?pageSize=1"
        return str(self.client.get(url, auth=_KEY).json()["nextPaginationToken"])

    def strategy(self, kind: str) -> st.SearchStrategy[str]:
        """An id of that kind, or of none."""
        return st.integers(0, 4 * _STOCK).map(lambda at: self._at(kind, at))

    def _at(self, kind: str, at: int) -> str:
        known = self.ids[kind]
        return known[at % len(known)] if at < 4 * _STOCK else "nothing"


def _png() -> str:
    out = BytesIO()
    Image.new("RGB", (4, 3)).save(out, "png")
    return base64.b64encode(out.getvalue()).decode()


PNG = _png()
_UPLOAD = {
    "kind": "image",
    "fileName": "a.png",
    "contentType": "image/png",
    "fileSize": 10,
    "parts": 1,
}


@dataclass(slots=True)
class Tally:
    """How often each operation was asked, and what it answered."""

    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def count(self, mode: str) -> int:
        """How many requests of a mode were sent."""
        return sum(count for (_, kind, _), count in self.answers.items() if kind == mode)

    def accepted(self) -> set[str]:
        """The operations that did something."""
        return {label for label, _, status in self.answers if status < 300}


def document(server: Running) -> dict[str, Any]:
    """The document that a server tells of itself."""
    answer = httpx.get(server.url.removesuffix("v1") + "openapi.json")
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def fuzz(
    server: Running, *, examples: int, seed: int | None = None, told: Callable[[str], object] = str
) -> Tally:
    """Send `examples` right and as many wrong requests to every operation; raise on a defect.

    Without a seed the same requests are sent each time.
    """
    stock, tally = Stock(server), Tally()
    for kind in KINDS:
        schemathesis.openapi.format(f"{kind}-id", stock.strategy(kind))
    schemathesis.openapi.format("project-id", st.sampled_from(["proj_default"] * 9 + ["p"]))
    tokens = st.integers(0, _STOCK - 1).map(lambda at: stock.tokens[at])
    schemathesis.openapi.format("page-token", tokens)
    others = st.sampled_from(["proj_default", *["proj_other"] * 9])
    schemathesis.openapi.format("other-project-id", others)
    several = st.lists(stock.strategy("asset"), min_size=1, max_size=3).map(",".join)
    schemathesis.openapi.format("asset-ids", several)
    schemathesis.openapi.format("canvas", st.sampled_from(["{}", '{"layers": []}', "{"]))
    images = [PNG, f"data:image/png;base64,{PNG}", "AAAA"]
    schemathesis.openapi.format("base64-image", st.sampled_from(images))
    for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
        for operation in _operations(server, mode):
            told(f"{operation.label}, {mode.value}")
            stock.fill()
            _fuzz(operation, mode, stock, tally, examples, seed)
    return tally


def _operations(server: Running, mode: GenerationMode) -> list[Operation]:
    # Credentials are no part of what is generated: each request has them.
    open_to_all = document(server) | {"security": []}
    if mode is GenerationMode.NEGATIVE:
        # A format says what an id is for; one that names nothing is of the right form.
        open_to_all = _without_formats(open_to_all)
    config = SchemathesisConfig.from_dict(
        {
            "base-url": server.url,
            "generation": {"allow-x00": False},
            "checks": {"negative_data_rejection": {"expected-statuses": ["4XX"]}},
        }
    )
    schema = schemathesis.openapi.from_dict(open_to_all, config=config)
    found = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        found.append(result.ok())
    return found


def _without_formats(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_formats(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _without_formats(child)
        for name, child in node.items()
        if name != "format" or not isinstance(child, str)
    }


def _fuzz(
    operation: Operation,
    mode: GenerationMode,
    stock: Stock,
    tally: Tally,
    examples: int,
    seed: int | None,
) -> None:
    consumes = operation.method == "delete" or "/train" in operation.path

    @settings(
        max_examples=examples,
        derandomize=seed is None,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: "Case[Any]") -> None:
        if consumes:
            stock.fill()
        answer = case.call(session=stock.client, auth=_KEY)
        tally.answers[operation.label, mode.value, answer.status_code] += 1
        case.validate_response(answer, checks=_CONFORMS)
        if mode is GenerationMode.NEGATIVE:
            case.validate_response(answer, checks=[negative_data_rejection])
        elif answer.status_code >= 400:
            said = answer.json().get("reason", "")
            assert MEANT.search(said), f"{operation.label} refuses what it says it takes: {said}"

    if seed is not None:
        asked = seeded(seed)(asked)
    asked()
