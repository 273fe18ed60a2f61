"""What the server works on for a while: its jobs, and the trainings of models."""

from dataclasses import field

from catalogsync.values import dataclass

_ENDED = frozenset({"success", "failure", "canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job (GET /jobs/{jobId}); what the server does not tell is empty or None.

    `progress` is from 0 to 1, `units` what it costs in creative units. `model_id` and `epoch` are
    what it works on. `url` is where its file is for a while: it carries its own permission.
    """

    id: str
    status: str
    type: str = ""
    created_at: str = ""
    progress: float | None = None
    units: float | None = None
    model_id: str = ""
    epoch: str = ""
    error: str = ""
    hint: str = ""
    url: str = field(default="", repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.status in _ENDED

    @property
    def failure(self) -> str:
        """Why it came to nothing, in the server's words; empty if it did not."""
        if self.status == "canceled":
            return self.error or "it was canceled"
        return self.error or "no reason given" if self.status == "failure" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """Where the training of a model is (GET /models/{modelId}).

    `status` is the model's own; `images` counts its training images. `position` is the number of
    trainings before it in the queue, `progress` from 0 to 1. `ended_at` is when the last one ended.
    """

    model_id: str
    type: str
    status: str
    images: int = 0
    job_id: str = ""
    stage: str = ""
    position: int | None = None
    progress: float | None = None
    seconds_left: float | None = None
    ended_at: str = ""

    @property
    def running(self) -> bool:
        """Whether the model is being trained now."""
        return self.status == "training"


@dataclass(frozen=True, slots=True)
class Started:
    """A training that the server began, its job, and what that costs in creative units."""

    training: Training
    job_id: str
    units: float | None = None
