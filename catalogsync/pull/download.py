"""Files of the server beside their manifests: their own bytes, under names of ours."""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Event

from catalogsync.errors import Interrupted
from catalogsync.manifest.content import Content
from catalogsync.manifest.files import examined
from catalogsync.manifest.media import detected, format_of
from catalogsync.manifest.words import Unfit
from catalogsync.model import AssetKind, AssetRef
from catalogsync.pull.grounds import Grounds
from catalogsync.pull.names import file_names
from catalogsync.pull.pictures import Picture
from catalogsync.pull.selection import Kind, Note
from catalogsync.pull.writer import Writer
from catalogsync.values import dataclass

Parts = tuple[str, ...]
Copy = Callable[[str, Callable[[bytes], object], int], bool]
"""Hands what is at a URL, of so many bytes at most, to a function; whether it is all there."""

LARGEST = 2_000_000_000
"""The largest file that is downloaded, in bytes."""

_IN_MEMORY = 1 << 20
_ON_SERVER = "it stays in the manifest by its id alone"


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that was fetched for a manifest: its number at the writer, and what it is."""

    key: str
    asset: AssetRef
    number: int
    extension: str


def download(
    wanted: Mapping[str, Sequence[str]],
    assets: Mapping[str, AssetRef],
    urls: Mapping[str, str],
    *,
    copy: Copy,
    writer: Writer,
    jobs: int,
    stop: Event | None = None,
    step: Callable[[int, int], None] = lambda done, due: None,
) -> tuple[list[Downloaded], list[Note]]:
    """Fetch the files of some assets for each key, at most `jobs` at once, until told to `stop`."""
    tasks = [(key, assets.get(held, AssetRef(id=held))) for key in wanted for held in wanted[key]]
    found: list[Downloaded] = []
    notes: list[Note] = []

    def copy_unless_stopped(url: str, write: Callable[[bytes], object], most: int) -> bool:
        def checked(chunk: bytes) -> object:
            _go_on(stop)
            return write(chunk)

        _go_on(stop)
        return copy(url, checked, most)

    def fetch(task: tuple[str, AssetRef]) -> Downloaded | Note:
        key, asset = task
        try:
            return _fetched(key, asset, urls.get(asset.id, ""), copy_unless_stopped, writer)
        except Unfit as unfit:
            message = f"asset {asset.id}: {unfit.message}"
            return Note(key, "files", Kind.LEFT_OUT, message, unfit.hint or _ON_SERVER)

    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="download")
    try:
        for done, each in enumerate(pool.map(fetch, tasks), 1):
            (found if isinstance(each, Downloaded) else notes).append(each)  # type: ignore[arg-type]
            step(done, len(tasks))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return found, notes


def _go_on(stop: Event | None) -> None:
    if stop and stop.is_set():
        raise Interrupted("interrupted: nothing was written")


def _fetched(key: str, asset: AssetRef, url: str, copy: Copy, writer: Writer) -> Downloaded:
    # What the server converted may be larger in its original form than it says.
    most = min(4 * asset.size + _IN_MEMORY, LARGEST) if asset.size else LARGEST
    if asset.size > LARGEST:
        raise Unfit(f"{asset.size:,} bytes, {LARGEST:,} are downloaded at most")
    number, descriptor = writer.begin()
    with os.fdopen(descriptor, "w+b") as stream:
        digest = sha256()

        def write(chunk: bytes) -> None:
            stream.write(chunk)
            digest.update(chunk)

        if not (url and copy(url, write, most)):
            raise Unfit("the server did not give its file within the size and the time allowed")
        stream.flush()
        os.fsync(stream.fileno())
        if asset.sha256 and not digest.hexdigest().startswith(asset.digest):
            raise Unfit(
                f"its file has the digest sha256:{digest.hexdigest()}, "
                f"the server told of sha256:{asset.sha256}"
            )
        size = stream.tell()
        data = os.pread(stream.fileno(), size, 0) if size <= _IN_MEMORY else None
        os.lseek(stream.fileno(), 0, os.SEEK_SET)
        content = Content(stream.fileno(), size, data)
        extension = detected(content, asset.media_type)
        os.lseek(stream.fileno(), 0, os.SEEK_SET)
        name = f"x.{extension}"
        there = examined(content, name, format_of(name))
    return Downloaded(key, replace(there, id=asset.id, name=asset.name), number, extension)


@dataclass(frozen=True, slots=True)
class Placed:
    """A downloaded file and where it goes."""

    key: str
    asset: AssetRef
    number: int
    parts: Parts


def placed(
    found: Iterable[Downloaded],
    folders: Mapping[str, Parts],
    taken: Callable[[Parts], Collection[str]],
) -> Iterator[Placed]:
    """Where each file goes, below the folder of its key; `taken` are the names in a folder."""
    by_folder: defaultdict[tuple[str, Parts], list[Downloaded]] = defaultdict(list)
    for each in found:
        kind = "images" if each.asset.kind is AssetKind.IMAGE else "media"
        by_folder[each.key, (*folders[each.key], kind)].append(each)
    for (key, folder), held in by_folder.items():
        names = file_names(
            ((one.asset.id, one.asset.name, one.extension) for one in held), taken(folder)
        )
        for one in held:
            name = names[one.asset.id]
            yield Placed(key, replace(one.asset, name=name), one.number, (*folder, name))


def with_files(given: Grounds, files: Iterable[Placed]) -> Grounds:
    """The grounds with some files there, each of them known to be an asset."""
    pictures: defaultdict[str, dict[str, Picture]] = defaultdict(dict)
    stored: dict[Parts, AssetRef] = {}
    for file in files:
        beside = manifest_folder(given, file.key)
        path = "/".join(file.parts[len(beside) :])
        pictures[file.key][file.asset.id] = Picture(path, file.asset.sha256)
        stored[file.parts] = replace(file.asset, id="")
    return replace(given, pictures=dict(pictures), stored=stored)


def manifest_folder(given: Grounds, key: str) -> Parts:
    """The folder that a manifest is in."""
    written = given.written.get(key)
    return written.parts[:-1] if written else ("models", key)


def file_folder(given: Grounds, key: str) -> Parts:
    """The folder that a manifest's own files are in."""
    folder = manifest_folder(given, key)
    return folder if folder == ("models", key) else (*folder, key)


def names_in(root: Path, parts: Parts) -> frozenset[str]:
    """What a folder of the catalog holds already."""
    folder = root.joinpath(*parts)
    return frozenset(path.name for path in folder.iterdir()) if folder.is_dir() else frozenset()
