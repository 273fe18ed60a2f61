"""What a watcher is told of files on their way: whatever happens, the bytes add up."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import pytest
from PIL import Image

from catalogsync.errors import ApiError
from catalogsync.model import AssetKind, AssetRef
from tests.scenario.test_uploads import MIB, Desk, opened


@dataclass
class Record:
    """A watcher that notes everything."""

    begun_files: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    ends: list[tuple[str, bool]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def begun(self, asset: AssetRef) -> None:
        self.begun_files.append(asset.name)

    def sent(self, asset: AssetRef, count: int) -> None:
        assert self.begun_files == [asset.name]
        assert not self.ends
        with self.lock:
            self.counts.append(count)

    def ended(self, asset: AssetRef, *, kept: bool) -> None:
        self.ends.append((asset.name, kept))


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
def desk(tmp_path: Path, record: Record) -> Iterator[Desk]:
    with opened(tmp_path, watcher=record) as desk:
        yield desk


def image(desk: Desk) -> AssetRef:
    out = io.BytesIO()
    Image.effect_noise((700, 700), 90).save(out, "png")
    assert len(out.getvalue()) > 2 * 192 * 1024
    return desk.file("a.png", out.getvalue(), AssetKind.IMAGE, "image/png")


def test_a_file_in_parts_is_told_from_begin_to_end(desk: Desk, record: Record) -> None:
    asset = desk.wav(20 * MIB)
    desk.send(asset)
    assert sum(record.counts) == asset.size
    assert min(record.counts) > 0
    assert len(record.counts) > 3
    assert record.ends == [(asset.name, True)]


def test_a_whole_image_is_told_by_what_was_sent_of_it(desk: Desk, record: Record) -> None:
    asset = image(desk)
    assert desk.held(desk.send(asset)) == (desk.folder / asset.name).read_bytes()
    assert sum(record.counts) == asset.size
    assert len(record.counts) > 2
    assert record.ends == [(asset.name, True)]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_part_that_is_repeated_takes_its_bytes_back(
    desk: Desk, record: Record, when: str
) -> None:
    faults = desk.faults.before if when == "before" else desk.faults.after
    faults += [("PUT", "/parts/", lambda: 503)] * 2
    asset = desk.wav(20 * MIB)
    desk.send(asset)
    assert sum(record.counts) == asset.size
    assert min(record.counts) < 0 or when == "before"
    assert record.ends == [(asset.name, True)]


def test_an_upload_that_is_begun_anew_takes_all_bytes_back(desk: Desk, record: Record) -> None:
    desk.faults.after += [("PUT", "/parts/", lambda: 403)] * 3
    asset = desk.wav(100)
    desk.send(asset)
    assert record.counts == [100, -100] * 3 + [100]
    assert record.ends == [(asset.name, True)]


def test_an_image_that_is_asked_for_again_is_counted_once(desk: Desk, record: Record) -> None:
    desk.faults.before.append(("POST", "/assets", lambda: 429))
    asset = image(desk)
    desk.send(asset)
    assert sum(record.counts) == asset.size
    assert record.ends == [(asset.name, True)]


@pytest.mark.parametrize("path", ["/parts/", "/action"])
def test_of_a_file_that_failed_nothing_counts(desk: Desk, record: Record, path: str) -> None:
    method = "PUT" if path == "/parts/" else "POST"
    desk.faults.before.append((method, path, lambda: 400))
    with pytest.raises(ApiError):
        desk.send(desk.wav(20 * MIB))
    assert sum(record.counts) == 0
    assert record.ends == [("sound.wav", False)]


def test_a_failed_image_is_told_as_failed(desk: Desk, record: Record) -> None:
    desk.faults.after.append(("POST", "/assets", lambda: 400))
    with pytest.raises(ApiError):
        desk.send(image(desk))
    assert sum(record.counts) == 0
    assert record.ends == [("a.png", False)]
