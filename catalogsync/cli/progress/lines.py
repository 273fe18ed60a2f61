"""Progress in a log."""

import time

from catalogsync.cli.output import say
from catalogsync.cli.progress.values import CountingProgress, Load
from catalogsync.model import AssetRef
from catalogsync.review.words import duration, file_size, visible

_SECONDS_BETWEEN_LINES = 5.0


class Lines(CountingProgress):
    """One line for every file that was sent, and one every few seconds."""

    def __init__(self, doing: str, load: Load) -> None:
        super().__init__(doing, load)
        self._began = self._last = time.monotonic()

    def tell(self) -> None:
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            say(f"{self.doing}: {self._steps()}{self._bytes(now)}")

    def tell_sent(self, asset: AssetRef) -> None:
        load = self.load
        name, size = visible(load.name(asset)), file_size(asset.size)
        say(f"sent {name} ({size}), {self.files} of {load.files} files")

    def _steps(self) -> str:
        done, due = self.steps
        return f"{done} of {due} steps"

    def _bytes(self, now: float) -> str:
        if not self.load.size:
            return ""
        rate = self.sizes.total / max(now - self._began, 0.001)
        left = f", {duration((self.load.size - self.sizes.total) / rate)} left" if rate else ""
        amount = f"{file_size(self.sizes.total)} of {file_size(self.load.size)}"
        return f", {amount}, {file_size(int(rate))}/s{left}"
