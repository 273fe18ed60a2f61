"""The catalog's own images as small copies, within a budget for the whole page."""

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from itertools import islice

from catalogsync.errors import CatalogSyncError
from catalogsync.manifest import open_file
from catalogsync.model import AssetKind, AssetRef, LocalFile
from catalogsync.pictures.picture import Picture
from catalogsync.pictures.shrink import BROKEN, TOO_LARGE, Copy, shrink

BUDGET = 15_000_000
"""How many characters all copies of a page may take."""

_MAX_FILE = 100_000_000
_SIZES = (
    (55_000, Copy(640, 80)),
    (32_000, Copy(480, 76)),
    (17_000, Copy(320, 72)),
    (10_500, Copy(240, 66)),
    (5_400, Copy(160, 60)),
    (0, Copy(112, 50)),
)
"""How small copies are made, each with the characters that a large one takes."""

_NO_ROOM = Picture(reason="left out to keep this page small")
_CHANGED = Picture(reason="the file changed after it was read")


def local_pictures(
    assets: Sequence[AssetRef], files: Mapping[str, LocalFile], *, budget: int = BUDGET
) -> dict[str, Picture]:
    """Small copies of those images that are in `files`, by their digest.

    The more there are, the smaller they are; what does not fit any more has none. The first
    ones come first. No more files are in memory than there are processors.
    """
    here = {sha[:32]: (sha, file) for sha, file in files.items()}
    images = (ref for ref in assets if ref.kind is AssetKind.IMAGE)
    wanted = {ref.digest: ref for ref in images if ref.digest in here}
    copy = _copy_for(len(wanted), budget)
    pictures = dict.fromkeys(wanted, _NO_ROOM)
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads, thread_name_prefix="pictures") as pool:
        made = _ahead(
            (pool.submit(_picture, ref, *here[digest], copy) for digest, ref in wanted.items()),
            threads,
        )
        for digest, picture in zip(wanted, made, strict=False):
            budget -= len(picture.uri)
            if budget < 0:
                break
            pictures[digest] = picture
    return pictures


def _ahead(futures: Iterator[Future[Picture]], number: int) -> Iterator[Picture]:
    """The results of futures in their order, with some of them under way at a time."""
    waiting = deque(islice(futures, number))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(islice(futures, 1))


def _copy_for(count: int, budget: int) -> Copy:
    return next(copy for size, copy in _SIZES if size * count <= budget)


def _picture(ref: AssetRef, sha: str, file: LocalFile, copy: Copy) -> Picture:
    if ref.size > _MAX_FILE:
        return TOO_LARGE
    try:
        with open_file(file) as stream:
            data = stream.read(_MAX_FILE + 1)
    except (CatalogSyncError, OSError):
        return BROKEN
    return shrink(data, ref.media_type, copy) if sha256(data).hexdigest() == sha else _CHANGED
