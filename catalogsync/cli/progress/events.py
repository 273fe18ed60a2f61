"""Progress for programs: one JSON object a line."""

import time

from catalogsync.cli.output import say
from catalogsync.cli.progress.values import CountingProgress, Load
from catalogsync.model import AssetRef
from catalogsync.review.document import dumped_line

_SECONDS_BETWEEN_EVENTS = 1.0


class Events(CountingProgress):
    """The same as JSON, one object a line."""

    def __init__(self, doing: str, load: Load) -> None:
        super().__init__(doing, load)
        self._last = 0.0

    def begun(self, asset: AssetRef) -> None:
        self._say("upload-begun", **self._file(asset))

    def ended(self, asset: AssetRef, *, done: bool) -> None:
        super().ended(asset, done=done)
        if not done:
            self._say("upload-given-up", **self._file(asset))

    def tell(self) -> None:
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_EVENTS:
            self._last = now
            done, due = self.steps
            self._say("progress", stepsDone=done, steps=due, **self._sizes())

    def tell_sent(self, asset: AssetRef) -> None:
        self._say("upload-finished", **self._file(asset), filesSent=self.files, **self._sizes())

    def _file(self, asset: AssetRef) -> dict[str, object]:
        return {"file": self.load.name(asset), "sha256": asset.sha256, "bytes": asset.size}

    def _sizes(self) -> dict[str, object]:
        total, load = self.sizes.total, self.load
        return {"files": load.files, "bytesSent": total, "bytesToSend": load.size}

    def _say(self, event: str, **values: object) -> None:
        say(dumped_line({"event": event, "doing": self.doing, **values}))
