"""What an earlier run sent and did not come to use is found again, and sent once only."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalogsync.cache import open_cache
from catalogsync.errors import NotKept, Rejected, UploadFailed, UploadStuck
from catalogsync.model import AssetKind, AssetRef, Weights, WeightsSource
from catalogsync.polling import Patience
from catalogsync.ports import KnownUploads
from catalogsync.sandbox import running
from catalogsync.scenario import Connection, ScenarioClient, Transport, Uploader
from catalogsync.scenario.exchanges import Bounds
from catalogsync.scenario.parts import PartBounds
from tests.media import picture
from tests.scenario.renaming import renaming
from tests.scenario.test_uploads import Desk, Faults, fetched

PATIENCE = Patience(first_poll=0.01, longest_poll=0.05, deadline=5)
NO_PATIENCE = Patience(first_poll=0.01, longest_poll=0.01, deadline=0.02)

AUDIO = AssetKind.AUDIO, "audio/wav"


@contextmanager
def a_desk(folder: Path, *middleware: Any, **settings: Any) -> Iterator[Desk]:
    faults = Faults()
    settings = {"validate_s": 0.01, "import_s": 0.01, **settings}
    with running(folder / "box", middleware=(faults, *middleware), **settings) as server:
        connection = Connection(server.url, "k", "s", "proj_uploads")
        transport = Transport(connection, read_only=False, bounds=Bounds(first_wait=0.01))
        uploader = Uploader(transport)
        yield Desk(server, faults, transport, uploader, folder)
        uploader.close()
        transport.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose server keeps names."""
    with a_desk(tmp_path) as found:
        yield found


def known_in(folder: Path) -> KnownUploads:
    """What the cache says at the beginning of a run."""
    return open_cache(folder / "home/digests.sqlite").uploads("server", "proj_uploads")


def sent(desk: Desk, asset: AssetRef, patience: Patience = PATIENCE) -> str:
    """Send a file as a run of its own does, and return the asset's id."""
    uploader = Uploader(
        desk.transport,
        bounds=PartBounds(first_wait=0.01),
        patience=patience,
        sent=known_in(desk.folder),
    )
    try:
        with (desk.folder / asset.name).open("rb") as file:
            return uploader.send(asset, file)
    finally:
        uploader.close()


def parts_sent(desk: Desk) -> int:
    return int(desk.server.control.requests()["PUT part"])


def is_there_once(desk: Desk, asset: AssetRef, asset_id: str) -> None:
    """Check that the server holds the file, once, and tells its digest."""
    content = (desk.folder / asset.name).read_bytes()
    assert desk.held(asset_id) == content
    (page,) = ScenarioClient(desk.transport).newest_assets()
    assert [(held.id, held.digest) for held in page] == [(asset_id, asset.digest)]


def test_an_upload_with_all_its_parts_is_completed_by_the_next_run(desk: Desk) -> None:
    asset = desk.wav(17 * 1024 * 1024)
    desk.faults.before.append(("POST", "/action", lambda: 400))
    with pytest.raises(Rejected):
        sent(desk, asset)
    is_there_once(desk, asset, sent(desk, asset))
    assert parts_sent(desk) == 3


def test_an_upload_that_is_still_validating_is_waited_for(tmp_path: Path) -> None:
    with a_desk(tmp_path, validate_s=3600) as desk:
        asset = desk.wav(100)
        with pytest.raises(UploadStuck):
            sent(desk, asset, NO_PATIENCE)
        with pytest.raises(UploadStuck):
            sent(desk, asset, NO_PATIENCE)
        desk.server.control.advance(4000)
        is_there_once(desk, asset, sent(desk, asset))
        assert parts_sent(desk) == 1


def test_what_the_server_fetches_already_is_not_begun_again(desk: Desk) -> None:
    asset = fetched("https://example.org/a.png")

    def run() -> str:
        uploader = Uploader(desk.transport, patience=PATIENCE, sent=known_in(desk.folder))
        with closing(uploader):
            return uploader.fetch(asset)

    desk.faults.before.append(("GET", "/uploads/", lambda: 400))
    with pytest.raises(Rejected):
        run()
    again = run()
    (page,) = ScenarioClient(desk.transport).newest_assets()
    assert [(held.id, held.digest) for held in page] == [(again, asset.digest)]
    assert desk.server.control.requests()["POST /uploads"] == 1


def test_an_upload_that_has_failed_is_begun_anew(tmp_path: Path) -> None:
    with a_desk(tmp_path, validate_s=3600, part_ttl_s=9000) as desk:
        asset = desk.wav(100)
        with pytest.raises(UploadStuck):
            sent(desk, asset, NO_PATIENCE)
        desk.server.control.fail_upload(known_in(tmp_path).recall(asset.sha256), "a full disk")
        desk.faults.after.append(("POST", "/action", lambda: desk.server.control.advance(4000)))
        asset_id = sent(desk, asset)
        assert desk.held(asset_id) == (desk.folder / asset.name).read_bytes()
        assert parts_sent(desk) == 2


@pytest.mark.parametrize("upload_id", ["upload_nowhere", "..", "\n", "%2e%2e/models"])
def test_an_upload_that_is_not_there_is_begun_anew(desk: Desk, upload_id: str) -> None:
    asset = desk.wav(100)
    known_in(desk.folder).remember(asset.sha256, upload_id)
    is_there_once(desk, asset, sent(desk, asset))


def test_an_asset_that_was_deleted_since_is_sent_again(desk: Desk) -> None:
    asset = desk.wav(100)
    first = sent(desk, asset)
    project = {"projectId": "proj_uploads"}
    url, body = f"{desk.server.url}/assets", {"assetIds": [first]}
    httpx.request("DELETE", url, params=project, json=body, auth=("k", "s")).raise_for_status()
    again = sent(desk, asset)
    assert again != first
    is_there_once(desk, asset, again)


def test_what_holds_another_file_is_not_taken(desk: Desk) -> None:
    other = desk.file("b.wav", (desk.folder / desk.wav(200).name).read_bytes(), *AUDIO)
    sent(desk, other)
    asset = desk.wav(100)
    known = known_in(desk.folder)
    known.remember(asset.sha256, known.recall(other.sha256))
    assert desk.held(sent(desk, asset)) == (desk.folder / asset.name).read_bytes()
    assert len(desk.names()) == 2


def test_another_process_may_have_completed_the_same_upload_first(desk: Desk) -> None:
    asset = desk.wav(100)
    desk.faults.after.append(("POST", "/action", lambda: 400))
    is_there_once(desk, asset, sent(desk, asset))
    assert parts_sent(desk) == 1


def test_without_a_cache_one_run_still_knows_what_it_sent() -> None:
    known = open_cache(None).uploads("server", "proj")
    known.remember("ab" * 32, "upload_1")
    assert known.recall("ab" * 32) == "upload_1"
    assert known.recall("cd" * 32) == ""


@pytest.fixture
def renamed(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose server gives every file a name of its own."""
    with a_desk(tmp_path, renaming) as found:
        yield found


def a_picture(desk: Desk) -> AssetRef:
    return desk.file("x.png", picture("PNG"), AssetKind.IMAGE, "image/png")


def a_sound(desk: Desk) -> AssetRef:
    return desk.wav(100)


@pytest.mark.parametrize("make", [a_picture, a_sound])
def test_where_names_are_not_kept_a_tag_tells_the_content(
    renamed: Desk, make: Callable[[Desk], AssetRef]
) -> None:
    asset = make(renamed)
    is_there_once(renamed, asset, sent(renamed, asset))
    assert renamed.names() == ["upload.bin"]


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_tag_that_was_not_set_is_set_by_the_next_run(renamed: Desk, lost: str) -> None:
    asset = a_sound(renamed)
    faults = renamed.faults.before if lost == "before" else renamed.faults.after
    faults.append(("PUT", "/tags", lambda: 400))
    with pytest.raises(NotKept):
        sent(renamed, asset)
    is_there_once(renamed, asset, sent(renamed, asset))
    assert parts_sent(renamed) == 1


def weights_of(desk: Desk) -> AssetRef:
    """Weights of two parts."""
    content = b"\2\0\0\0\0\0\0\0{}" + bytes(9 * 1024 * 1024)
    return desk.file("ink.safetensors", content, AssetKind.WEIGHTS, "application/octet-stream")


def delivered(desk: Desk, asset: AssetRef, purpose: str, *, complete: bool = False) -> str:
    """Send weights as a run of its own does, and perhaps make a model of them."""
    uploader = Uploader(desk.transport, patience=PATIENCE, sent=known_in(desk.folder))
    with closing(uploader), (desk.folder / asset.name).open("rb") as file:
        upload = uploader.deliver(asset, file, purpose)
        if complete:
            uploader.finish_import(upload, Weights(WeightsSource.FILE, asset.name, asset))
        return upload


def test_weights_that_nothing_was_made_of_yet_are_not_sent_again(desk: Desk) -> None:
    asset = weights_of(desk)
    upload = delivered(desk, asset, "ink")
    assert delivered(desk, asset, "ink", complete=True) == upload
    assert parts_sent(desk) == 2
    assert len(list(ScenarioClient(desk.transport).list_models())) == 1


def test_weights_become_a_model_for_each_that_is_made_of_them(desk: Desk) -> None:
    asset = weights_of(desk)
    uploads = {delivered(desk, asset, "ink"), delivered(desk, asset, "paint", complete=True)}
    # One that became a model, which somebody may have deleted since, is no way to another.
    uploads.add(delivered(desk, asset, "paint", complete=True))
    assert len(uploads) == 3
    assert len(list(ScenarioClient(desk.transport).list_models())) == 2


def test_weights_that_cannot_be_completed_are_sent_anew(desk: Desk) -> None:
    asset = weights_of(desk)
    upload = delivered(desk, asset, "ink")
    desk.faults.before.append(("POST", "/action", lambda: 400))
    with pytest.raises(UploadFailed):
        delivered(desk, asset, "ink", complete=True)
    assert delivered(desk, asset, "ink", complete=True) != upload


def test_weights_whose_upload_the_server_has_lost_are_sent_anew(desk: Desk) -> None:
    asset = weights_of(desk)
    upload = delivered(desk, asset, "ink")
    desk.faults.before.append(("GET", f"/uploads/{upload}", lambda: 404))
    assert delivered(desk, asset, "ink", complete=True) != upload
