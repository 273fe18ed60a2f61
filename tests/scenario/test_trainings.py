"""Trainings, downloads and jobs on the wire: prices that buy nothing, starts that are sent once."""

from collections.abc import Callable
from typing import Any

import pytest

from catalogsync.errors import (
    AccessDenied,
    AskedToWait,
    BadResponse,
    CeilingReached,
    NotFound,
    Rejected,
    Unreachable,
    WriteForbidden,
)
from catalogsync.jobs import Job, Training
from catalogsync.model import Price
from catalogsync.scenario import ScenarioClient, Transport
from tests.scenario.conftest import KEY, SECRET, Connect
from tests.scenario.server import Server, Step, close, reply

MODEL = {"id": "model_1", "type": "flux.1-lora", "status": "new", "trainingImagesNumber": 3}
JOB = {"jobId": "job_1", "jobType": "flux-model-training", "status": "queued", "metadata": {}}

ASKS: dict[str, Callable[[ScenarioClient], Price]] = {
    "training": lambda client: client.trainings.price_training("m/1"),
    "download": lambda client: client.downloads.price_download("m/1", ""),
}


@pytest.fixture
def client(connect: Connect) -> ScenarioClient:
    return ScenarioClient(connect())


@pytest.fixture
def reader(connect: Connect) -> ScenarioClient:
    return ScenarioClient(connect(read_only=True))


def test_the_question_for_a_price_is_in_the_query_and_nowhere_else(
    server: Server, reader: ScenarioClient
) -> None:
    server.script(*[reply(269, {"creativeUnitsCost": 12.5})] * 3)
    assert reader.trainings.price_training("m/1", parameters={"rank": 8}) == Price(12.5)
    assert reader.trainings.price_training("m", 7) == Price(12.5)
    assert reader.downloads.price_download("m", "e1") == Price(12.5)
    trained, simulated, downloaded = server.requests
    assert (trained.method, trained.path, trained.query) == (
        "PUT",
        "/v1/models/m%2F1/train",
        {"dryRun": "true"},
    )
    assert trained.json == {"parameters": {"rank": 8}}
    assert simulated.query == {"dryRun": "true", "trainingImagesCount": "7"}
    assert simulated.json == {}
    assert (downloaded.method, downloaded.query) == ("POST", {"dryRun": "true"})
    assert downloaded.json == {"modelEpoch": "e1"}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize(
    ("answer", "price"),
    [
        (reply(269, {}), Price()),
        (reply(269, {"creativeUnitsCost": True}), Price()),
        (reply(269, {"creativeUnitsCost": -100}), Price()),
        (reply(403, {"message": "no"}), Price()),
        (reply(404, {"reason": "no such model"}), Price(refusal="no such model")),
        (reply(400, {"reason": "Model is already training"}), Price(refusal="already training")),
    ],
)
def test_a_price_is_unknown_or_refused_in_the_words_of_the_server(
    server: Server,
    reader: ScenarioClient,
    ask: Callable[[ScenarioClient], Price],
    answer: Step,
    price: Price,
) -> None:
    server.script(answer)
    found = ask(reader)
    assert found.units is None
    assert price.refusal in found.refusal
    assert bool(price.refusal) == bool(found.refusal)


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_a_server_that_did_what_was_only_priced_is_told_at_once(
    server: Server, reader: ScenarioClient, ask: Callable[[ScenarioClient], Price]
) -> None:
    server.script(reply(200, {"job": JOB, "jobId": "job_1", "model": MODEL}))
    with pytest.raises(BadResponse, match="seems to have begun it"):
        ask(reader)
    assert len(server.requests) == 1


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_wrong_credentials_are_no_price(
    server: Server, reader: ScenarioClient, ask: Callable[[ScenarioClient], Price]
) -> None:
    server.script(reply(401, {}))
    with pytest.raises(AccessDenied):
        ask(reader)


def test_what_has_no_dry_run_is_not_sent_with_one(server: Server, transport: Transport) -> None:
    with pytest.raises(WriteForbidden):
        transport.dry_run("/models", {})
    assert server.connections == 0


LOST: dict[str, Step] = {
    "no answer": close,
    "half an answer": reply(200, b'{"job": '),
    "a page": reply(502, b"<h1>Bad Gateway</h1>", content_type="text/html"),
    "something else": reply(200, {"ok": True}),
    "another model": reply(200, {"model": {**MODEL, "id": "other"}, "job": JOB}),
}
STARTS: dict[str, Callable[[ScenarioClient], object]] = {
    "training": lambda client: client.trainings.start_training("m", {}),
    "cancel": lambda client: client.trainings.cancel_training("m"),
    "download": lambda client: client.downloads.start_download("m", ""),
}


@pytest.mark.parametrize("begin", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_what_is_begun_is_sent_once_whatever_comes_back(
    server: Server, client: ScenarioClient, begin: Callable[[ScenarioClient], object], lost: Step
) -> None:
    server.script(lost)
    with pytest.raises((Unreachable, BadResponse)) as raised:
        begin(client)
    assert raised.value.may_have_been_applied
    assert len(server.requests) == 1


def test_a_training_is_started_with_its_parameters(server: Server, client: ScenarioClient) -> None:
    training = {**MODEL, "status": "training", "jobId": "job_1"}
    server.script(reply(200, {"job": JOB, "model": training, "creativeUnitsCost": 30}))
    started = client.trainings.start_training("model_1", {"rank": 8})
    assert (started.job_id, started.units, started.training.running) == ("job_1", 30, True)
    (request,) = server.requests
    assert (request.json, request.query) == ({"parameters": {"rank": 8}}, {})


def test_a_cool_down_is_waited_for_and_the_start_sent_again(
    server: Server, client: ScenarioClient
) -> None:
    training = {**MODEL, "status": "training", "jobId": "job_1"}
    server.script(
        reply(429, {"reason": "Too many requests", "remainingSeconds": 0.01}),
        reply(200, {"job": JOB, "model": training}),
    )
    assert client.trainings.start_training("model_1", {}).job_id == "job_1"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"reason": "Too many requests", "remainingSeconds": 900}, AskedToWait),
        (
            {"details": {"actionName": "parallel-training", "actionLimit": 1}},
            CeilingReached,
        ),
    ],
)
def test_what_waiting_does_not_cure_is_told(
    server: Server, client: ScenarioClient, body: dict[str, Any], error: type[Exception]
) -> None:
    server.script(reply(429, body))
    with pytest.raises(error):
        client.trainings.start_training("m", {})
    assert len(server.requests) == 1


def test_a_training_is_told_with_stage_place_and_time_left(
    server: Server, client: ScenarioClient
) -> None:
    progress = {"stage": "queued-for-train", "updatedAt": 1, "position": 2, "progress": 0.25}
    server.script(
        reply(
            200,
            {
                "model": MODEL
                | {
                    "status": "training",
                    "jobId": "job_1",
                    "trainingProgress": {**progress, "remainingTimeMs": 90_000},
                    "trainingStats": {"endedAt": "2026-01-01T00:00:00.000Z"},
                }
            },
        )
    )
    assert client.trainings.get_training("model_1") == Training(
        model_id="model_1",
        type="flux.1-lora",
        status="training",
        images=3,
        job_id="job_1",
        stage="queued-for-train",
        position=2,
        progress=0.25,
        seconds_left=90.0,
        ended_at="2026-01-01T00:00:00.000Z",
    )


NO_PROGRESS: list[object] = [
    {},
    None,
    7,
    {"stage": 5, "position": "x", "progress": []},
    {"position": -1, "progress": 1.5, "remainingTimeMs": 1e300},
    {"position": 1e300, "progress": -0.1, "remainingTimeMs": -1},
]


@pytest.mark.parametrize("progress", NO_PROGRESS)
def test_progress_that_tells_nothing_is_none(
    server: Server, client: ScenarioClient, progress: object
) -> None:
    server.script(reply(200, {"model": {**MODEL, "trainingProgress": progress}}))
    found = client.trainings.get_training("model_1")
    assert (found.stage, found.position, found.progress, found.seconds_left) == (
        "",
        None,
        None,
        None,
    )


def test_a_job_tells_why_it_failed_and_what_it_cost(server: Server, client: ScenarioClient) -> None:
    metadata = {"error": f"out of\nmemory {KEY} {SECRET}", "hint": "less", "input": {}}
    billing = {"cuCost": 30, "cuDiscount": 0}
    job = {**JOB, "status": "failure", "metadata": metadata, "billing": billing, "progress": 0.5}
    server.script(reply(200, {"job": job}))
    found = client.trainings.get_job("job_1")
    assert (found.failure, found.hint) == ("out of memory *** ***", "less")
    assert (found.units, found.progress, found.ended) == (30, 0.5, True)


@pytest.mark.parametrize("missing", ["jobId", "status"])
def test_a_job_without_id_or_status_is_no_job(
    server: Server, client: ScenarioClient, missing: str
) -> None:
    server.script(reply(200, {"job": {k: v for k, v in JOB.items() if k != missing}}))
    with pytest.raises(BadResponse):
        client.trainings.get_job("job_1")


def test_a_job_that_is_not_there_is_not_found(server: Server, client: ScenarioClient) -> None:
    server.script(reply(404, {"reason": "Job job_1 not found"}))
    with pytest.raises(NotFound):
        client.downloads.get_job("job_1")


@pytest.mark.parametrize("job_id", ["..", ".", ""])
def test_an_id_that_is_another_path_is_refused(
    server: Server, client: ScenarioClient, job_id: str
) -> None:
    with pytest.raises(Rejected):
        client.downloads.get_job(job_id)
    assert server.connections == 0


URL = "https://files.example/w.safetensors?Signature=x"


@pytest.mark.parametrize(
    ("metadata", "url"),
    [
        ({"output": {"url": URL}}, URL),
        ({"output": {"downloadUrl": URL}}, URL),
        ({"output": {"signedUrl": URL}}, URL),
        ({"output": [{"url": URL}]}, URL),
        ({"output": URL}, URL),
        ({"output": [URL]}, URL),
        ({"url": URL}, URL),
        ({"downloadUrl": URL}, URL),
        ({"url": [URL, "https://other.example"]}, URL),
        ({"output": {"url": "ftp://x"}, "url": URL}, URL),
        ({"output": {"url": None}, "downloadUrl": URL}, URL),
        ({}, ""),
        ({"output": {"entityId": "model_1"}}, ""),
        ({"output": []}, ""),
        ({"url": "/relative"}, ""),
        ({"url": "file:///etc/passwd"}, ""),
        ({"url": "https://[broken"}, ""),
        ({"url": 7}, ""),
    ],
)
def test_the_address_of_a_file_is_looked_for_where_it_may_be(
    server: Server, client: ScenarioClient, metadata: dict[str, Any], url: str
) -> None:
    server.script(reply(200, {"job": {**JOB, "status": "success", "metadata": metadata}}))
    assert client.downloads.get_job("job_1").url == url


def test_the_newest_jobs_are_asked_for_by_type_and_not_without_end(
    server: Server, client: ScenarioClient
) -> None:
    pages = [
        reply(200, {"jobs": [{**JOB, "jobId": f"job_{n}"}], "nextPaginationToken": f"t{n}"})
        for n in range(9)
    ]
    server.script(*pages)
    found = list(client.downloads.newest_jobs(["model-download", "upload"]))
    assert [job.id for job in found] == [f"job_{n}" for n in range(5)]
    assert server.requests[0].query == {"pageSize": "100", "types": "model-download,upload"}
    assert isinstance(found[0], Job)


def test_a_download_is_begun_with_its_epoch(server: Server, client: ScenarioClient) -> None:
    server.script(*[reply(200, {"jobId": "job_1"})] * 2)
    assert client.downloads.start_download("m", "e1") == "job_1"
    assert client.downloads.start_download("m", "") == "job_1"
    assert [request.json for request in server.requests] == [{"modelEpoch": "e1"}, {}]
