"""Uploads that nothing uses: found, shown, and deleted only where nothing can miss them."""

import base64
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults, parsed
from tests.cli.conftest import Result, Run, write
from tests.cli.terminal import Terminal
from tests.cli.test_hanging import QUICK, Hanging, silent

THREE_DAYS = 3 * 24 * 3600
BARE = "apiVersion: catalogsync/v1\nname: acme\ntargets: {main: {project: proj_gc}}\n"


def png(color: tuple[int, int, int]) -> bytes:
    file = BytesIO()
    Image.new("RGB", (16, 12), color).save(file, "PNG")
    return file.getvalue()


class Project:
    """A project with uploads of ours that an apply could have left, three days ago."""

    def __init__(self, server: Any, project: str = "proj_gc") -> None:
        self.server = server
        self.id = project

    def send(self, method: str, path: str, body: object = None, **params: str) -> Any:
        answer = httpx.request(
            method,
            f"{self.server.url}{path}",
            params={"projectId": self.id, **params},
            json=body,
            auth=("k", "s"),
        )
        return answer.raise_for_status().json()

    def upload(self, color: tuple[int, int, int] = (9, 9, 9), **fields: object) -> str:
        """Send a picture as an apply does; return its asset's id."""
        data = png(color)
        name = f"left.{sha256(data).hexdigest()[:32]}.png"
        body = {"name": name, "image": base64.b64encode(data).decode(), **fields}
        return str(self.send("POST", "/assets", body)["asset"]["id"])

    def model(self, **fields: Any) -> str:
        """A model that no catalog knows."""
        return str(self.server.control.create_model(self.id, name="Somebody's", **fields))

    def assets(self) -> set[str]:
        """The ids of all assets that are there."""
        return {each["id"] for each in self.send("GET", "/assets", pageSize="100")["assets"]}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Project]:
    with running(tmp_path / "box", train_s=1, queue_s=0) as server:
        server.control.advance(-THREE_DAYS)
        yield Project(server)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A catalog of one model without files."""
    folder = tmp_path / "bare"
    (folder / "models").mkdir(parents=True)
    write(folder / "catalog.yaml", BARE)
    write(folder / "models/one.yaml", "name: One\ntype: custom\n")
    return folder


@pytest.fixture
def gc(cli: Run, box: Project, bare: Path) -> Callable[..., Result]:
    return lambda *options: cli("gc", bare, "--base-url", box.server.url, *options)


def test_a_file_that_no_model_shows_any_more_is_listed(
    gc: Callable[..., Result], box: Project
) -> None:
    asset = box.upload()
    day = box.send("GET", f"/assets/{asset}")["asset"]["createdAt"][:10]
    found = gc()
    assert found.code == 0
    size = len(png((9, 9, 9)))
    assert f"  left.png  16x12  {size} B  {day}  {asset}\n" in found.out
    assert found.out.endswith(f"Unused: 1 upload ({size} B). 0 uploads in use.\n")
    assert box.assets() == {asset}


def test_without_delete_nothing_is_sent_that_writes(
    gc: Callable[..., Result], box: Project
) -> None:
    box.upload()
    box.model()
    box.server.control.forget_requests()
    assert gc().code == 0
    methods = {request.split()[0] for request in box.server.control.requests()}
    assert methods == {"GET"}


def test_what_an_apply_leaves_behind_is_deleted_and_no_more(
    cli: Run, catalog: Path, box: Project
) -> None:
    write(catalog / "catalog.yaml", BARE)
    at = ("--base-url", box.server.url)
    assert cli("apply", catalog, *at, "--yes").code == 0
    there = box.assets()
    folder = catalog / "models/ink-heroes"
    text = (folder / "model.yaml").read_text()
    write(folder / "model.yaml", text.replace(", images/3.webp", ""))
    (folder / "images/3.webp").unlink()
    assert cli("apply", catalog, *at, "--yes").code == 0
    found = cli("gc", catalog, *at, "--delete", "--yes")
    assert found.code == 0
    assert "3.webp" in found.out
    assert "\nDeleted: 1 upload (" in found.out
    assert len(there - box.assets()) == 1
    assert cli("plan", catalog, *at, "--no-cache", "--detailed-exitcode").code == 0
    assert "Nothing to delete. 2 uploads in use.\n" in cli("gc", catalog, *at, "--delete").out


def thumbnail(box: Project, asset: str) -> None:
    box.send("PUT", f"/models/{box.model()}", {"thumbnail": asset})


def example(box: Project, asset: str) -> None:
    box.send("PUT", f"/models/{box.model()}/examples", {"assetIds": [asset]})


def description(box: Project, asset: str) -> None:
    text = f"See {{asset:{asset}}}."
    box.send("PUT", f"/models/{box.model()}/description", {"description": text})


def prompt_guide(box: Project, asset: str) -> None:
    text = f"https://x.example/{asset} is meant"
    box.send("PUT", f"/models/{box.model()}/prompt-guide", {"promptGuide": text})


def training_image(box: Project, asset: str) -> None:
    """The fourth: a listing shows three."""
    model = box.model(status="new")
    others = [
        box.send(
            "POST",
            "/assets",
            {"name": f"{n}.png", "image": base64.b64encode(png((n, 0, 0))).decode()},
        )["asset"]["id"]
        for n in range(3)
    ]
    for each in (*others, asset):
        box.send("POST", f"/models/{model}/training-images", {"assetId": each})


def deleted_model(box: Project, asset: str) -> None:
    model = box.model()
    box.send("PUT", f"/models/{model}/examples", {"assetIds": [asset]})
    box.send("DELETE", f"/models/{model}")


def collection(box: Project, asset: str) -> None:
    made = box.send("POST", "/collections", {"name": "Favourites"})["collection"]["id"]
    box.send("PUT", f"/collections/{made}/assets", {"assetIds": [asset]})


def cover_of_a_collection(box: Project, asset: str) -> None:
    made = box.send("POST", "/collections", {"name": "Favourites"})["collection"]["id"]
    box.send("PUT", f"/collections/{made}", {"thumbnail": asset})


def parent(box: Project, asset: str) -> None:
    image = base64.b64encode(png((1, 1, 1))).decode()
    box.send("POST", "/assets", {"name": "made-of-it.png", "image": image, "parentId": asset})


USES = (
    *(thumbnail, example, description, prompt_guide, training_image),
    *(deleted_model, collection, cover_of_a_collection, parent),
)


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_what_is_used_in_any_way_stays(
    gc: Callable[..., Result], box: Project, use: Callable[[Project, str], None]
) -> None:
    used, left = box.upload(), box.upload((5, 5, 5))
    use(box, used)
    found = gc("--delete", "--yes")
    assert found.code == 0, found.err
    assert "Deleted: 1 upload (" in found.out
    assert used in box.assets()
    assert left not in box.assets()


def test_a_file_that_a_manifest_wants_stays(
    gc: Callable[..., Result], box: Project, bare: Path
) -> None:
    box.upload()
    (bare / "models/cover.png").write_bytes(png((9, 9, 9)))
    write(bare / "models/one.yaml", "name: One\ntype: custom\nthumbnail: cover.png\n")
    assert gc().out.endswith("Nothing to delete. 1 upload in use.\n")


def test_what_somebody_else_uploaded_is_not_ours_to_delete(
    gc: Callable[..., Result], box: Project
) -> None:
    body = {"name": "holiday.png", "image": base64.b64encode(png((7, 7, 7))).decode()}
    box.send("POST", "/assets", body)
    assert gc("--delete", "--yes").out.endswith("Nothing to delete. 0 uploads in use.\n")
    assert len(box.assets()) == 1


def test_what_was_sent_a_moment_ago_waits_for_its_model(
    gc: Callable[..., Result], box: Project
) -> None:
    box.upload()
    assert "0 uploads in use, 1 too young to tell.\n" in gc("--older-than", "4").out
    box.server.control.advance(THREE_DAYS)
    young = box.upload((5, 5, 5))
    assert "0 uploads in use, 1 too young to tell.\n" in gc("--delete", "--yes").out
    assert box.assets() == {young}


def test_nobody_to_ask_and_no_yes_is_refused(gc: Callable[..., Result], box: Project) -> None:
    asset = box.upload()
    found = gc("--delete")
    assert found.code == 64
    assert "give --yes to delete without asking" in found.err
    assert box.assets() == {asset}


@pytest.mark.parametrize(("answer", "left"), [("n", 2), ("y", 1)])
def test_what_a_model_took_while_the_question_stood_stays(
    box: Project, bare: Path, answer: str, left: int
) -> None:
    taken, _ = box.upload(), box.upload((5, 5, 5))
    size = len(png((9, 9, 9))) + len(png((5, 5, 5)))
    with Terminal("gc", bare, "--delete", url=box.server.url) as terminal:
        terminal.until(f"DELETE 2 uploads ({size} B) from main proj_gc? [y/N]")
        example(box, taken)
        terminal.type(f"{answer}\n")
        assert terminal.end() == (0 if answer == "y" else 1)
    assert taken in box.assets()
    assert len(box.assets()) == left


def test_json_is_one_document_with_what_was_deleted(
    gc: Callable[..., Result], box: Project
) -> None:
    asset = box.upload()
    told = json.loads(gc("--delete", "--yes", "--json").out)
    assert told["counts"]["deleted"] == told["counts"]["unused"] == 1
    assert [(each["id"], each["deleted"]) for each in told["assets"]] == [(asset, True)]
    assert (told["catalog"], told["target"], told["project"]) == ("acme", "main", "proj_gc")


def test_the_page_shows_the_picture_and_defuses_its_name(
    gc: Callable[..., Result], box: Project, tmp_path: Path
) -> None:
    data = png((200, 30, 30))
    name = f"<script>x.{sha256(data).hexdigest()[:32]}.png"
    box.send("POST", "/assets", {"name": name, "image": base64.b64encode(data).decode()})
    assert gc("--html", tmp_path / "page.html").code == 0
    page = (tmp_path / "page.html").read_text()
    assert "data:image/webp;base64," in page
    assert "&lt;script&gt;x.png" in page
    assert "<script>" not in page


@pytest.mark.parametrize("endpoint", ["GET /models/{}", "GET /models/{}/description"])
def test_where_a_use_cannot_be_read_nothing_is_deleted(
    cli: Run, tmp_path: Path, bare: Path, endpoint: str
) -> None:
    seed, rules = parsed(f"500@{endpoint}=1.0")
    with running(tmp_path / "box", middleware=(Faults(seed, rules),)) as server:
        server.control.advance(-THREE_DAYS)
        project = Project(server)
        asset = project.upload()
        project.model()
        found = cli("gc", bare, "--base-url", server.url, "--delete", "--yes", *QUICK)
        assert found.code == 1
        assert "\nDeleted" not in found.out
        assert project.assets() == {asset}


def test_a_lost_answer_to_a_delete_is_looked_up(cli: Run, tmp_path: Path, bare: Path) -> None:
    seed, rules = parsed("reset-after@DELETE /assets=1x")
    with running(tmp_path / "box", middleware=(Faults(seed, rules),)) as server:
        server.control.advance(-THREE_DAYS)
        project = Project(server)
        project.upload()
        found = cli("gc", bare, "--base-url", server.url, "--delete", "--yes")
        assert found.code == 0
        assert "Deleted: 1 upload (" in found.out
        assert project.assets() == set()
        assert server.control.requests()["DELETE /assets"] == 1


def test_of_a_lost_delete_that_cannot_be_looked_up_it_is_said_that_nobody_knows(
    cli: Run, tmp_path: Path, bare: Path
) -> None:
    seed, rules = parsed("reset-after@DELETE /assets=1x,401@POST /assets/get-bulk=1x")
    with running(tmp_path / "box", middleware=(Faults(seed, rules),)) as server:
        server.control.advance(-THREE_DAYS)
        project = Project(server)
        asset = project.upload()
        found = cli("gc", bare, "--base-url", server.url, "--delete", "--yes", "--json")
        assert project.assets() == set()
    told = json.loads(found.out)
    assert found.code == 3
    assert "Deleted: 0 uploads (0 B); of 1 more it is not known." in found.err
    assert [(each["id"], each["deleted"]) for each in told["assets"]] == [(asset, None)]
    assert (told["counts"]["deleted"], told["counts"]["unknown"]) == (0, 1)


REQUESTS = (
    "GET /assets",
    "GET /collections",
    "GET /models",
    "GET /models/{}",
    "GET /models/{}/description",
    "GET /models/{}/prompt-guide",
    "DELETE /assets",
)
"""Every request of a gc that deletes."""


def test_the_table_holds_every_request(gc: Callable[..., Result], box: Project) -> None:
    box.upload()
    box.model()
    box.server.control.forget_requests()
    assert gc("--delete", "--yes").code == 0
    assert set(box.server.control.requests()) == set(REQUESTS)


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_that_hangs_ends_it(cli: Run, tmp_path: Path, bare: Path, request_: str) -> None:
    hanging = Hanging(request_, silent)
    with running(tmp_path / "box", middleware=(hanging,)) as server:
        server.control.advance(-THREE_DAYS)
        project = Project(server)
        project.upload()
        project.model()
        found = cli("gc", bare, "--base-url", server.url, "--delete", "--yes", *QUICK)
    assert hanging.hung
    assert found.code == 1
    assert "no answer in time" in found.err
