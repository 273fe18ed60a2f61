"""Counts the bytes of one file for who watches, so that its sum is the file's size at the end."""

from threading import Lock
from types import TracebackType

from catalogsync.model import AssetRef
from catalogsync.sending import Watcher


class Tally:
    """Tells a watcher of one file, for the length of a `with`; used by several threads."""

    def __init__(self, asset: AssetRef, watcher: Watcher) -> None:
        self._asset = asset
        self._watcher = watcher
        self._sent = 0
        self._lock = Lock()

    def __enter__(self) -> "Tally":
        self._watcher.begun(self._asset)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error:
            self.take_back()
        self._watcher.ended(self._asset, kept=error is None)

    def add(self, count: int) -> None:
        """Count bytes that were sent, or below 0 those that have to be sent again."""
        if not count:
            return
        with self._lock:
            self._sent += count
        self._watcher.sent(self._asset, count)

    def take_back(self) -> None:
        """Count nothing as sent."""
        self.add(-self._sent)
