"""Many reads at once, counted."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Progress = Callable[[int, int], None]
"""Called with the number of reads done and known to be due."""

T = TypeVar("T")
R = TypeVar("R")


class Reads:
    """Runs reads on a pool, counts them, and gives their results."""

    def __init__(self, pool: ThreadPoolExecutor, progress: Progress) -> None:
        self._pool = pool
        self._progress = progress
        self._done = 0
        self._due = 0

    def each(
        self,
        read: Callable[[T], R],
        items: Sequence[T],
        came: Callable[[T], bool] = lambda item: False,
    ) -> Iterator[tuple[T, R]]:
        """Yield every item with `read(item)`; the first failure ends it.

        What `came` already is read here, and comes first: to hand it to a thread would take longer.
        What did not is on its way meanwhile.
        """
        self._due += len(items)
        others: list[tuple[T, Future[R]]] = []
        for item in items:
            if came(item):
                yield self._counted(item, read(item))
            else:
                others.append((item, self._pool.submit(read, item)))
        for item, result in others:
            yield self._counted(item, result.result())

    def _counted(self, item: T, result: R) -> tuple[T, R]:
        self._done += 1
        self._progress(self._done, self._due)
        return item, result


@contextmanager
def pool_of(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that gives up what is queued when its body fails or is interrupted."""
    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="observe")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
