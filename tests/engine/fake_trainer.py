"""Trainings, jobs and downloads held in dicts, at the engine's ports."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from catalogsync.errors import NotFound, Rejected
from catalogsync.jobs import Job, Started, Training
from catalogsync.model import Price


@dataclass
class FakeTrainer:
    """Every method of `Trainer` and `Downloader` over plain dicts.

    `before` and `after` are called with a method's name before and after it takes effect, and may
    raise. A job ends as `ends` says once it was looked at `looks` times. What a real server may
    not tell can be left out: `tells_jobs` the job of a model, `tells_inputs` what a job works on.
    """

    trainings: dict[str, Training] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    units: float | None = 30
    refusals: dict[str, str] = field(default_factory=dict)
    looks: int = 1
    ends: str = "success"
    url: str = "https://files.example/w.safetensors"
    tells_jobs: bool = True
    tells_inputs: bool = True
    before: Callable[[str], None] = lambda name: None
    after: Callable[[str], None] = lambda name: None
    log: list[tuple[str, Any]] = field(default_factory=list)

    def add(self, model_id: str, status: str = "new", images: int = 3, **fields: Any) -> Training:
        """Put a model on the server."""
        settings = {"type": "flux.1-lora", **fields}
        training = Training(model_id=model_id, status=status, images=images, **settings)
        self.trainings[model_id] = training
        return training

    def count(self, name: str) -> int:
        """How often a method was called."""
        return sum(called == name for called, _ in self.log)

    def get_training(self, model_id: str) -> Training:
        self._called("get_training", model_id)
        if model_id not in self.trainings:
            raise NotFound(f"no model {model_id}", status=404)
        training = self.trainings[model_id]
        return training if self.tells_jobs else replace(training, job_id="")

    def price_training(
        self,
        model_id: str,
        images: int | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> Price:
        self._called("price_training", (model_id, images, dict(parameters or {})))
        return Price(self.units, self.refusals.get(model_id, ""))

    def start_training(self, model_id: str, parameters: Mapping[str, object]) -> Started:
        self._called("start_training", (model_id, dict(parameters)))
        if self.trainings[model_id].running:
            raise Rejected("Model is already training", status=400)
        job = self._job("model-training", model_id)
        stage = {"status": "training", "stage": "queued-for-train", "job_id": job.id}
        self.trainings[model_id] = replace(self.trainings[model_id], **stage)  # type: ignore[arg-type]
        self.after("start_training")
        return Started(self.trainings[model_id], job.id, self.units)

    def cancel_training(self, model_id: str) -> Training:
        self._called("cancel_training", model_id)
        if not self.trainings[model_id].running:
            raise Rejected("the model does not train", status=400)
        self.end(model_id, "canceled")
        self.after("cancel_training")
        return self.trainings[model_id]

    def price_download(self, model_id: str, epoch: str) -> Price:
        self._called("price_download", (model_id, epoch))
        return Price(self.units, self.refusals.get(model_id, ""))

    def start_download(self, model_id: str, epoch: str) -> str:
        self._called("start_download", (model_id, epoch))
        job = self._job("model-download", model_id, epoch)
        self.after("start_download")
        return job.id

    def get_job(self, job_id: str) -> Job:
        self._called("get_job", job_id)
        if job_id not in self.jobs:
            raise NotFound(f"no job {job_id}", status=404)
        job = self.jobs[job_id]
        looked = sum(call == ("get_job", job_id) for call in self.log)
        if job.type == "model-download" and not job.ended and looked >= self.looks:
            self.jobs[job_id] = replace(job, status=self.ends, url=self.url)
        return self._shown(self.jobs[job_id])

    def newest_jobs(self, types: Sequence[str]) -> Iterator[Job]:
        self._called("newest_jobs", tuple(types))
        newest = reversed(self.jobs.values())
        yield from [self._shown(job) for job in newest if job.type in types]

    def end(self, model_id: str, status: str = "success", error: str = "", hint: str = "") -> None:
        """Let a training end."""
        held = self.trainings[model_id]
        became = {"success": "trained", "failure": "failed", "canceled": "training-canceled"}
        self.trainings[model_id] = replace(held, status=became[status], stage="", progress=None)
        job = self.jobs[held.job_id]
        self.jobs[job.id] = replace(job, status=status, error=error, hint=hint, units=self.units)

    def _job(self, type: str, model_id: str, epoch: str = "") -> Job:
        number = len(self.jobs) + 1
        stamp = f"2026-01-01T00:00:{number:02}Z"
        job = Job(
            id=f"job_{number}",
            status="queued",
            type=type,
            created_at=stamp,
            model_id=model_id,
            epoch=epoch,
        )
        self.jobs[job.id] = job
        return job

    def _shown(self, job: Job) -> Job:
        return job if self.tells_inputs else replace(job, model_id="", epoch="")

    def _called(self, name: str, what: object) -> None:
        self.before(name)
        self.log.append((name, what))
