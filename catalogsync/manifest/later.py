"""Large files that nobody has hashed yet: put off until all are known, then hashed at once."""

import os
from collections import deque
from collections.abc import Callable
from threading import Event

from catalogsync.manifest.files import Parts
from catalogsync.manifest.media import Format
from catalogsync.manifest.words import Unfit
from catalogsync.model import AssetRef

Look = Callable[[Parts, Format], tuple[AssetRef, os.stat_result]]
"""Looks into a file: the asset that it is, and its status before that; raises `Unfit`."""


class Later:
    """The large files of a folder: hashing holds no lock of Python, so every core takes one.

    Once `stopped`, hashing is to end.
    """

    def __init__(self) -> None:
        self.stopped = Event()
        self._due: dict[Parts, Format] = {}
        self._found: dict[Parts, tuple[AssetRef, os.stat_result] | Unfit] | None = None

    def asset(
        self, parts: Parts, form: Format, look: Look
    ) -> tuple[AssetRef, os.stat_result] | None:
        """The asset that a large file is, and its status before it was read; None when put off."""
        if self._found is None:
            self._due[parts] = form
            return None
        found = self._found.get(parts)
        if isinstance(found, Unfit):
            raise found
        return found or look(parts, form)

    def settle(self, look: Look) -> None:
        """Look into what was put off; from now on nothing is."""
        found = self._found = {}
        due = deque(self._due.items())
        if not due:
            return

        def work() -> None:
            while not self.stopped.is_set():
                try:
                    parts, form = due.popleft()
                except IndexError:
                    return
                try:
                    found[parts] = look(parts, form)
                except Unfit as unfit:
                    found[parts] = unfit

        # Many a run has no such file, and the module takes its time to import.
        from concurrent.futures import ThreadPoolExecutor, as_completed

        with ThreadPoolExecutor(thread_name_prefix="hash") as pool:
            try:
                workers = [pool.submit(work) for _ in range(os.cpu_count() or 1)]
                for worker in as_completed(workers):
                    worker.result()
            except BaseException:
                self.stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
