"""The weights of a model: a job, then bytes that can be fetched in ranges."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from scenario_sdk import BadRequestError, NotFoundError, Scenario

from catalogsync.sandbox import running
from catalogsync.sandbox.server import Running
from tests.sandbox.conftest import Connect

PACK, SIZE = 100.0, 100_000


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Running]:
    with running(
        tmp_path, pack_s=PACK, weights_bytes=SIZE, validate_s=0, import_s=0, url_ttl_s=500
    ) as own:
        yield own


@pytest.fixture
def client(slow: Running, connect: Connect) -> Scenario:
    return connect(slow.url)


def trained(slow: Running, project: str, *epochs: str, **fields: Any) -> str:
    model = slow.control.create_model(project, **fields)
    slow.control.set_epochs(model, epochs)
    return model


def address(slow: Running, client: Scenario, model: str, **asked: Any) -> str:
    """Where the weights are, once they are packed."""
    job_id = client.models.download(model, **asked).job_id
    slow.control.advance(PACK + 1)
    output = client.jobs.retrieve(job_id).job.metadata.output
    assert output is not None
    return str(output["url"])


def test_a_download_is_a_job_and_then_a_file(client: Scenario, slow: Running, project: str) -> None:
    model = trained(slow, project)
    job_id = client.models.download(model).job_id
    job = client.jobs.retrieve(job_id).job
    assert (job.job_type, job.metadata.output) == ("model-download", None)
    assert job.status != "success"
    url = address(slow, client, model)
    assert url.startswith(slow.gallery)
    answer = httpx.get(url)
    (length,) = struct.unpack("<Q", answer.content[:8])
    assert json.loads(answer.content[8 : 8 + length])["lora"]["shape"] == [SIZE]
    assert len(answer.content) == 8 + length + SIZE
    assert answer.headers["content-length"] == str(len(answer.content))
    assert f"{model}.safetensors" in answer.headers["content-disposition"]


def test_a_download_is_resumed_where_it_ended(
    client: Scenario, slow: Running, project: str
) -> None:
    model = trained(slow, project)
    whole = httpx.get(address(slow, client, model))
    again = address(slow, client, model)
    half = len(whole.content) // 2
    asked = {"Range": f"bytes={half}-", "If-Range": whole.headers["etag"]}
    rest = httpx.get(again, headers=asked)
    assert rest.status_code == 206
    assert rest.headers["content-range"].startswith(f"bytes {half}-")
    assert rest.content == whole.content[half:]
    assert httpx.get(again, headers=asked | {"If-Range": '"other"'}).status_code == 200
    beyond = {"Range": f"bytes={len(whole.content)}-"}
    assert httpx.get(again, headers=beyond).status_code == 416


def test_epochs_differ_and_the_last_one_is_the_model(
    client: Scenario, slow: Running, project: str
) -> None:
    model = trained(slow, project, "000001", "000002")
    asked: list[dict[str, Any]] = [{}, {"model_epoch": "000001"}, {"model_epoch": "000002"}]
    latest, first, second = (
        httpx.get(address(slow, client, model, **each)).content for each in asked
    )
    assert latest == second != first


def test_an_uploaded_model_is_downloaded_as_it_was(client: Scenario, slow: Running) -> None:
    header = b'{"__metadata__":{}}'
    content = struct.pack("<Q", len(header)) + header + b"weights"
    upload = client.uploads.create(
        kind="model",
        file_name="ink.safetensors",
        content_type="application/octet-stream",
        file_size=len(content),
        parts=1,
    ).upload
    assert upload.parts is not None
    httpx.put(upload.parts[0].url, content=content)
    client.uploads.trigger_action(upload.id, action="complete")
    while (told := client.uploads.retrieve(upload.id).upload).status == "validating":
        pass
    model = told.entity_id
    assert model is not None
    copied = client.models.copy(model, copy_as_trained=True).model.id
    slow.control.advance(10)
    for each in (model, copied):
        assert httpx.get(address(slow, client, each)).content == content


def test_an_estimate_starts_no_job(client: Scenario, slow: Running, project: str) -> None:
    model = trained(slow, project)
    query = {"dryRun": "true", "projectId": project}
    with httpx.Client(base_url=slow.url, auth=("key", "secret"), verify=False) as raw:
        answer = raw.post(f"/models/{model}/download", params=query, json={})
    assert (answer.status_code, answer.json()) == (269, {"creativeUnitsCost": 0})
    assert list(client.jobs.list()) == []


def test_what_cannot_be_downloaded_is_refused(
    client: Scenario, slow: Running, project: str
) -> None:
    model = trained(slow, project, "000001")
    other = trained(slow, project, type="qwen-image-lora")
    bad: list[tuple[str, dict[str, Any]]] = [
        (client.models.create().model.id, {}),
        (trained(slow, project, type="custom"), {}),
        (model, {"model_epoch": "000009"}),
        (other, {"model_epoch": "000001"}),
    ]
    for each, asked in bad:
        with pytest.raises(BadRequestError):
            client.models.download(each, **asked)
    with pytest.raises(NotFoundError):
        client.models.download("model_none")


def test_addresses_end_and_cannot_be_made_up(client: Scenario, slow: Running, project: str) -> None:
    model = trained(slow, project)
    url = address(slow, client, model)
    assert httpx.get(url[:-1]).status_code == 403
    early = client.models.download(model).job_id
    assert httpx.get(url.replace(url.split("/")[-1].split("?")[0], early)).status_code == 403
    slow.control.advance(501)
    assert httpx.get(url).status_code == 403
