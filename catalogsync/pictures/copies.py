"""As many copies as a page has room for: the more there are, the smaller they are."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from catalogsync.pictures.picture import Picture
from catalogsync.pictures.shrink import Copy

BUDGET = 11_000_000
"""How many characters all copies of a page may take."""

Source = Callable[[Copy], Picture]
"""Makes a copy of one image."""

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


def copies(sources: Mapping[str, Source], *, budget: int = BUDGET) -> dict[str, Picture]:
    """A copy from every source, under its key; the first ones come first.

    What does not fit any more has none. No more images are in memory than there are processors.
    """
    copy = next(copy for size, copy in _SIZES if size * len(sources) <= budget)
    pictures = dict.fromkeys(sources, _NO_ROOM)
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads, thread_name_prefix="pictures") as pool:
        made = _ahead((pool.submit(source, copy) for source in sources.values()), threads)
        for key, picture in zip(sources, made, strict=False):
            budget -= len(picture.uri)
            if budget < 0:
                break
            pictures[key] = picture
    return pictures


def _ahead(futures: Iterator[Future[Picture]], number: int) -> Iterator[Picture]:
    """The results of futures in their order, with some of them under way at a time."""
    waiting = deque(islice(futures, number))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(islice(futures, 1))
