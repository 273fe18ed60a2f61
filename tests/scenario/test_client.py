"""Each method of the port asks its endpoint and understands the answer."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest

from catalogsync.errors import ApiError, BadResponse, Conflict, FileChanged, NotFound, Rejected
from catalogsync.model import AssetRef, RemoteModel
from catalogsync.ports import CatalogWriter, Look
from catalogsync.scenario import ScenarioClient, Transport
from tests.scenario.server import Server, html, reply, reset
from tests.scenario.test_wire import ASSET, SMALLEST

Call = Callable[[CatalogWriter], RemoteModel]
CONTENT = b"an image"
SHA = hashlib.sha256(CONTENT).hexdigest()
FILE = AssetRef(sha256=SHA, name="pose.png", size=len(CONTENT))
KEPT = f"pose.{SHA[:32]}.png"


@pytest.fixture
def client(transport: Transport) -> CatalogWriter:
    return ScenarioClient(transport)


def model(**more: object) -> dict[str, Any]:
    return SMALLEST | more


def asset(**more: object) -> dict[str, Any]:
    return ASSET | more


def test_models_are_listed_once_and_without_the_deleted(
    server: Server, client: CatalogWriter
) -> None:
    first = [
        model(id="m1"),
        model(id="m2", deletedAt="2026-01-01"),
        model(id="m4", status="deleted"),
    ]
    server.script(
        reply(200, {"models": first, "nextPaginationToken": "t"}),
        reply(200, {"models": [model(id="m1"), model(id="m3")]}),
    )
    assert [found.id for found in client.list_models()] == ["m1", "m3"]
    assert server.requests[0].query == {"pageSize": "500"}


def test_the_list_is_of_when_its_first_page_came(server: Server, transport: Transport) -> None:
    """What is read later, even in another process, was read after that."""
    client = ScenarioClient(transport)
    assert client.listed_at is None
    dates = [f"Sun, 01 Mar 2026 12:00:0{second} GMT" for second in range(3)]
    server.script(
        reply(200, {"models": [model()], "nextPaginationToken": "t"}, date=dates[0]),
        reply(200, {"models": []}, date=dates[1]),
        reply(200, {"assets": []}, date=dates[2]),
    )
    assert len(list(client.list_models())) == 1
    client.get_assets(["a"])
    assert client.listed_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_only_what_was_deleted_is_listed_as_deleted(server: Server, client: CatalogWriter) -> None:
    page = [model(id="m1"), model(id="m2", deletedAt="2026-01-01"), model(id="m3", deletedAt=None)]
    server.script(reply(200, {"models": page}))
    assert [(found.id, found.deleted_at) for found in client.list_deleted()] == [
        ("m2", "2026-01-01")
    ]
    assert server.requests[0].query == {"pageSize": "500", "status": "deleted"}


@pytest.mark.parametrize(
    ("call", "path", "body"),
    [
        (lambda c: c.restore_model("m1"), "/models/m1/restore", None),
        (
            lambda c: c.copy_model("m1"),
            "/models/m1/copy",
            {"copyAsTrained": True, "copyExamples": True},
        ),
        (
            lambda c: c.transfer_model("m1", "p2"),
            "/models/m1/transfer",
            {"destinationProjectId": "p2"},
        ),
        (
            lambda c: c.transfer_model("m1", "p2", "t2"),
            "/models/m1/transfer",
            {"destinationProjectId": "p2", "destinationTeamId": "t2"},
        ),
    ],
)
def test_what_makes_a_model_of_another_is_attempted_once(
    server: Server, client: CatalogWriter, call: Call, path: str, body: object
) -> None:
    server.script(reply(200, {"model": model(id="m2")}))
    assert call(client).id == "m2"
    server.script(html(502))
    with pytest.raises(ApiError) as lost:
        call(client)
    assert lost.value.may_have_been_applied
    assert [(each.method, each.path) for each in server.requests] == [("POST", f"/v1{path}")] * 2
    sent = b"" if body is None else json.dumps(body).encode()
    assert [each.body for each in server.requests] == [sent] * 2


@pytest.mark.parametrize(
    "call",
    [
        lambda c, again: c.update_model("m1", {"name": "x"}, again=again),
        lambda c, again: c.set_description("m1", "x", again=again),
        lambda c, again: c.set_prompt_guide("m1", "x", again=again),
        lambda c, again: c.set_examples("m1", ["a1"], again=again),
        lambda c, again: c.set_caption("a1", "x", again=again),
        lambda c, again: c.set_training_pairs("m1", [], again=again),
        lambda c, again: c.delete_model("m1", again=again),
    ],
)
def test_what_replaces_is_not_repeated_where_the_look_before_it_says_no(
    server: Server, client: CatalogWriter, call: Callable[[CatalogWriter, Look], object]
) -> None:
    def again() -> None:
        raise Conflict("somebody changed it")

    server.script(reply(503))
    with pytest.raises(Conflict):
        call(client, again)
    assert len(server.requests) == 1


def test_a_client_of_another_project_asks_for_that_one(
    server: Server, client: ScenarioClient
) -> None:
    server.script(reply(200, {"models": []}), reply(200, {"models": []}))
    list(client.in_project("p2").list_models())
    list(client.list_models())
    assert [each.query.get("projectId") for each in server.requests] == ["p2", None]


def test_a_broken_model_in_a_listing_ends_it(server: Server, client: CatalogWriter) -> None:
    server.script(reply(200, {"models": [model(), {"id": "m2"}]}))
    with pytest.raises(BadResponse):
        list(client.list_models())


def test_a_model_that_is_read_has_its_embeddings(server: Server, client: CatalogWriter) -> None:
    server.script(reply(200, {"model": model(promptEmbedding="p")}))
    found = client.get_model("model_1")
    assert (found.prompt_embedding, found.negative_prompt_embedding) == ("p", "")


@pytest.mark.parametrize(
    ("read", "key"),
    [
        (lambda client: client.get_description("m"), "description"),
        (lambda client: client.get_prompt_guide("m"), "promptGuide"),
    ],
)
@pytest.mark.parametrize(
    ("held", "text"),
    [({"value": "Hello\n"}, "Hello\n"), ({"value": None}, ""), (None, ""), ("Plain", "Plain")],
)
def test_a_text_is_read(
    server: Server,
    client: CatalogWriter,
    read: Callable[[CatalogWriter], str],
    key: str,
    held: object,
    text: str,
) -> None:
    server.script(reply(200, {key: held}))
    assert read(client) == text


@pytest.mark.parametrize("held", [7, ["x"], {"value": 7}, {"value": ["x"]}])
def test_a_text_that_is_none_is_a_bad_response(
    server: Server, client: CatalogWriter, held: object
) -> None:
    server.script(reply(200, {"description": held}))
    with pytest.raises(BadResponse):
        client.get_description("m")


def test_a_missing_text_of_a_model_that_exists_is_empty(
    server: Server, client: CatalogWriter
) -> None:
    server.script(reply(404), reply(200, {"model": model()}))
    assert client.get_description("m") == ""
    assert server.seen == ["GET /models/m/description", "GET /models/m"]


def test_a_missing_text_of_a_model_that_is_missing_is_an_error(
    server: Server, client: CatalogWriter
) -> None:
    server.script(reply(404), reply(404))
    with pytest.raises(NotFound):
        client.get_prompt_guide("m")


@pytest.mark.parametrize("failure", [reply(403), reply(500), html(200), reply(200, {})])
def test_a_missing_text_counts_as_empty_only_if_the_model_answers(
    server: Server, client: CatalogWriter, failure: Any
) -> None:
    server.script(reply(404), failure, failure, failure)
    with pytest.raises(ApiError):
        client.get_description("m")


def test_assets_that_are_deleted_failed_or_not_asked_for_are_left_out(
    server: Server, client: CatalogWriter
) -> None:
    answer = [
        asset(id="a1"),
        asset(id="a2", deletedAt="2026-01-01"),
        asset(id="a3", status="error"),
        asset(id="a4", status="pending"),
        asset(id="a9"),
    ]
    server.script(reply(200, {"assets": answer}))
    assert set(client.get_assets(["a1", "a2", "a3", "a4", "a5"])) == {"a1", "a4"}
    assert server.seen == ["POST /assets/get-bulk"]
    assert server.requests[0].json == {"assetIds": ["a1", "a2", "a3", "a4", "a5"]}


@pytest.mark.parametrize("body", [{}, {"assets": None}, {"assets": [None]}, {"assets": [{}]}])
def test_assets_that_cannot_be_read_are_an_error(
    server: Server, client: CatalogWriter, body: dict[str, object]
) -> None:
    server.script(reply(200, body))
    with pytest.raises(BadResponse):
        client.get_assets(["a1"])


def test_the_newest_assets_come_first_and_page_by_page(
    server: Server, client: CatalogWriter
) -> None:
    server.script(
        reply(200, {"assets": [asset(id="a1")], "nextPaginationToken": "t"}),
        reply(200, {"assets": [], "nextPaginationToken": "u"}),
        reply(200, {"assets": [asset(id="a2"), asset(id="a3", status="error")]}),
    )
    assert [[held.id for held in page] for page in client.newest_assets()] == [["a1"], ["a2"]]
    query = server.requests[0].query
    assert query == {"pageSize": "100", "sortBy": "createdAt", "sortDirection": "desc"}


def test_collections_are_told_by_id_for_names_may_repeat(
    server: Server, client: CatalogWriter
) -> None:
    found = [{"id": "c2", "name": "x"}, {"id": "c1", "name": "x"}, {"id": "c3", "name": "y"}]
    server.script(reply(200, {"collections": found}))
    assert client.list_collections() == {"c1": "x", "c2": "x", "c3": "y"}


@pytest.mark.parametrize("broken", [{"name": "x"}, {"id": None}, {"id": 5}, {"id": ""}])
def test_a_collection_without_an_id_is_a_bad_response(
    server: Server, client: CatalogWriter, broken: dict[str, object]
) -> None:
    server.script(reply(200, {"collections": [broken]}), reply(200, {"collection": broken}))
    with pytest.raises(BadResponse):
        client.list_collections()
    with pytest.raises(BadResponse):
        client.create_collection("x")


def test_a_collection_without_a_name_does_not_pass_for_none(
    server: Server, client: CatalogWriter
) -> None:
    server.script(reply(200, {"collections": [{"id": "c1"}]}))
    with pytest.raises(BadResponse, match="collection without name"):
        client.list_collections()


def test_every_write_asks_its_endpoint(server: Server, client: CatalogWriter) -> None:
    server.script(
        reply(200, {"model": model()}),
        reply(200, {"model": model()}),
        reply(200, {"added": ["a"], "deleted": ["b"]}),
        reply(200, {"description": {"value": "text"}}),
        reply(200, {"promptGuide": None}),
        reply(200, {"examples": [{"asset": asset(id="a2")}, {"asset": asset(id="a1")}]}),
        reply(200, {"collection": {"id": "c1"}}),
    )
    assert client.create_model({"name": "x"}).id == "model_1"
    assert client.update_model("m", {"epoch": None}).id == "model_1"
    client.edit_tags("m", add=["a"], delete=["b"])
    assert client.set_description("m", "text") == "text"
    assert client.set_prompt_guide("m", "") == ""
    assert client.set_examples("m", ["a2", "a1"]) == ("a2", "a1")
    assert client.create_collection("new") == "c1"
    client.add_to_collection("c1", ["m"])
    client.remove_from_collection("c1", ["m"])
    client.delete_model("m")
    assert [
        (sent, r.body and r.json) for sent, r in zip(server.seen, server.requests, strict=True)
    ] == [
        ("POST /models", {"name": "x"}),
        ("PUT /models/m", {"epoch": None}),
        ("PUT /models/m/tags", {"add": ["a"], "delete": ["b"], "strict": False}),
        ("PUT /models/m/description", {"description": "text"}),
        ("PUT /models/m/prompt-guide", {"promptGuide": None}),
        ("PUT /models/m/examples", {"assetIds": ["a2", "a1"]}),
        ("POST /collections", {"name": "new"}),
        ("PUT /collections/c1/models", {"modelIds": ["m"]}),
        ("DELETE /collections/c1/models", {"modelIds": ["m"]}),
        ("DELETE /models/m", b""),
    ]


@pytest.mark.parametrize("examples", [[{}], [{"asset": None}], [{"asset": {}}], None])
def test_examples_that_cannot_be_read_back_are_a_bad_response(
    server: Server, client: CatalogWriter, examples: object
) -> None:
    server.script(reply(200, {"examples": examples}))
    with pytest.raises(BadResponse):
        client.set_examples("m", ["a1"])


CREATES: dict[str, Callable[[CatalogWriter], object]] = {
    "model": lambda client: client.create_model({}),
    "collection": lambda client: client.create_collection("x"),
    "asset": lambda client: client.upload_asset(FILE, [BytesIO(CONTENT)], {}),
    "adding to a collection": lambda client: client.add_to_collection("c", ["m"]),
    "taking from a collection": lambda client: client.remove_from_collection("c", ["m"]),
}


@pytest.mark.parametrize("create", CREATES.values(), ids=CREATES)
def test_what_cannot_be_repeated_is_attempted_once(
    server: Server, client: CatalogWriter, create: Callable[[CatalogWriter], object]
) -> None:
    server.script(reset)
    with pytest.raises(ApiError) as caught:
        create(client)
    assert caught.value.may_have_been_applied
    assert len(server.requests) == 1


def test_deleting_what_is_gone_is_no_error(server: Server, client: CatalogWriter) -> None:
    server.script(reset, reply(404))
    client.delete_model("m")
    assert server.seen == ["DELETE /models/m"] * 2


def test_an_upload_carries_its_digest_in_its_name(server: Server, client: CatalogWriter) -> None:
    server.script(reply(200, {"asset": asset(id="a7", metadata={"name": KEPT})}))
    assert client.upload_asset(FILE, [BytesIO(CONTENT)], {}) == "a7"
    (sent,) = server.requests
    assert sent.json == {"name": KEPT, "image": base64.b64encode(CONTENT).decode()}


@pytest.mark.parametrize("name", ["renamed.png", "", f"pose.{'f' * 32}.png"])
def test_an_upload_is_tagged_with_its_digest_where_the_name_is_not_kept(
    server: Server, client: CatalogWriter, name: str
) -> None:
    server.script(reply(200, {"asset": asset(id="a/7", metadata={"name": name})}))
    assert client.upload_asset(FILE, [BytesIO(CONTENT)], {}) == "a/7"
    assert server.seen == ["POST /assets", "PUT /assets/a%2F7/tags"]
    assert server.requests[1].json == {"add": [f"sha256:{SHA}"], "delete": [], "strict": False}


def test_a_file_that_changed_is_not_sent(server: Server, client: CatalogWriter) -> None:
    with pytest.raises(FileChanged, match=r"pose\.png"):
        client.upload_asset(FILE, [BytesIO(CONTENT + b"!")], {})
    assert server.connections == 0


@pytest.mark.parametrize(
    ("identifier", "sent"),
    [
        ("../x", "..%2Fx"),
        ("a/b", "a%2Fb"),
        ("a?b=c", "a%3Fb%3Dc"),
        ("a#b", "a%23b"),
        ("a%2Fb", "a%252Fb"),
        ("a b", "a%20b"),
        ("é", "%C3%A9"),
        ("http://example.com", "http%3A%2F%2Fexample.com"),
        ("...x", "...x"),
    ],
)
def test_an_id_stays_one_part_of_the_path(
    server: Server, client: CatalogWriter, identifier: str, sent: str
) -> None:
    client.delete_model(identifier)
    client.edit_tags(identifier, add=[], delete=[])
    client.add_to_collection(identifier, ["m"])
    assert [received.target for received in server.requests] == [
        f"/v1/models/{sent}",
        f"/v1/models/{sent}/tags",
        f"/v1/collections/{sent}/models",
    ]


@pytest.mark.parametrize("identifier", ["", ".", "..", "...", "a\nb", "a\x00", "\ud800"])
def test_what_cannot_be_an_id_reaches_no_other_resource(
    server: Server, client: CatalogWriter, identifier: str
) -> None:
    with pytest.raises(Rejected, match="cannot be an id") as caught:
        client.delete_model(identifier)
    assert caught.value.message.isprintable()
    with pytest.raises(Rejected):
        client.add_to_collection(identifier, ["m"])
    assert server.connections == 0
