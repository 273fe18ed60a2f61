"""Many reads at once: counted, and in the order in which they were asked."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Progress = Callable[[int, int], None]
"""Called with the number of reads done and known to be due."""

T = TypeVar("T")
R = TypeVar("R")


class Reads:
    """Runs reads on a pool, counts them, and gives their results in the order they were asked."""

    def __init__(self, pool: ThreadPoolExecutor, progress: Progress) -> None:
        self._pool = pool
        self._progress = progress
        self._done = 0
        self._due = 0

    def each(self, read: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield `read(item)` for every item; the first failure ends it."""
        self._due += len(items)
        for result in self._pool.map(read, items):
            self._done += 1
            self._progress(self._done, self._due)
            yield result


@contextmanager
def pool_of(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that gives up what is queued when its body fails or is interrupted."""
    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="observe")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
