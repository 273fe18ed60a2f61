"""The same promises over real HTTP, against the sandbox: generated catalogs, files and servers."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from catalogsync.model import Catalog, ModelSpec, Weights, WeightsSource
from catalogsync.outcome import Status
from catalogsync.sandbox import running
from catalogsync.scenario import Connection, ScenarioClient, Transport
from tests.engine.catalogs import CONTENTS, catalogs
from tests.engine.fake import files_of
from tests.engine.run import plan, run

open_file = files_of(CONTENTS)
projects = count()


@pytest.fixture(scope="module", params=["strict", "real"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A sandbox as the official client wants it, and one with the oddities of real records."""
    settings: Any = {"fidelity": request.param}
    with running(tmp_path_factory.mktemp("sandbox"), validate_s=0, import_s=0, **settings) as found:
        yield found


def accepted(spec: ModelSpec) -> ModelSpec:
    """The manifest without what the API takes for other types only, and without large files."""
    if spec.weights and spec.weights.source is WeightsSource.FILE:
        spec = replace(spec, weights=Weights(WeightsSource.HUGGING_FACE, "owner/name"))
    return spec if spec.type.startswith("flux") else replace(spec, concepts=None)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=catalogs(), after=catalogs())
def test_any_catalog_is_applied_and_then_any_other(
    server: Any, before: Catalog, after: Catalog
) -> None:
    project = f"proj_generated_{next(projects)}"
    transport = Transport(Connection(server.url, "k", "s", project), read_only=False)
    client = ScenarioClient(transport)
    for catalog in (before, after):
        wanted = replace(catalog, models=tuple(map(accepted, catalog.models)))
        outcomes = run(client, wanted, open_file)
        assert {outcome.status for outcome in outcomes} <= {Status.DONE}, outcomes
        assert not plan(client, wanted).models
        server.control.forget_requests()
        assert run(client, wanted, open_file) == []
        assert not [name for name in server.control.requests() if name.startswith("PUT")]
    transport.close()
