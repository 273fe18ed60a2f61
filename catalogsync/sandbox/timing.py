"""How work that takes time moves on: a function of the clock, so that nothing has to move it."""

import math
from dataclasses import dataclass

from catalogsync.sandbox.world import Json

_PENDING = 0.2  # of the queue
_STARTING = 0.1  # of the work
_FINALIZING = 0.9
_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """Work that began to wait at `since` and then runs; all in seconds."""

    since: float
    queue: float
    run: float

    @property
    def end(self) -> float:
        """When it is done."""
        return self.since + self.queue + self.run

    def done(self, now: float) -> float:
        """The part of the work that is done, from 0 to 1."""
        if now >= self.end:
            return 1.0
        return max(0.0, (now - self.since - self.queue) / self.run) if self.run else 0.0

    def progress(self, now: float) -> Json:
        """The `trainingProgress` of a model."""
        shown: Json = {
            "stage": self._stage(now),
            "updatedAt": _ms(now),
            "startedAt": _ms(self.since),
            "progress": round(self.done(now), 4),
            "remainingTimeMs": max(0, _ms(self.end) - _ms(now)),
        }
        if shown["stage"] == "queued-for-train":
            left = (self.since + self.queue - now) / self.queue
            shown["position"] = min(_AHEAD, math.ceil(left * _AHEAD))
        return shown

    def _stage(self, now: float) -> str:
        elapsed = now - self.since
        if elapsed < self.queue * _PENDING:
            return "pending"
        if elapsed < self.queue:
            return "queued-for-train"
        return "starting-train" if self.done(now) < _STARTING else "running-train"

    def history(self, now: float) -> list[tuple[str, float]]:
        """The statuses of a job until now, with the moments they were reached."""
        begun = self.since + self.queue
        steps = [
            ("queued", self.since),
            ("warming-up", begun),
            ("in-progress", begun + self.run * _STARTING),
            ("finalizing", begun + self.run * _FINALIZING),
            ("success", self.end),
        ]
        return [step for step in steps if step[1] <= now] or steps[:1]


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
