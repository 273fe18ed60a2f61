"""The training of models: what it costs, its start, where it is, and its end."""

from collections.abc import Mapping

from catalogsync.errors import BadResponse
from catalogsync.jobs import Started, Training
from catalogsync.model import Price
from catalogsync.scenario.answers import Json
from catalogsync.scenario.fields import id_of, mapping, number, number_within, object_of, text
from catalogsync.scenario.jobs import Jobs
from catalogsync.scenario.paths import model_path
from catalogsync.scenario.prices import Begun, asked_price

_BEGUN = Begun(
    "a training", "job", "look with `train --status`, and cancel it with `train --cancel`"
)

_MOST = 10**12
"""What is larger than this is no count and no time in milliseconds: 30 years."""


class Trainings(Jobs):
    """Starts, follows and cancels trainings; over a read-only transport, tells and prices them."""

    def get_training(self, model_id: str) -> Training:
        """Look at the training of a model (GET /models/{modelId})."""
        return self._training(model_id, self._http.get(model_path(model_id)))

    def price_training(
        self,
        model_id: str,
        images: int | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> Price:
        """Ask what a training costs, starting none (PUT /models/{modelId}/train?dryRun=true).

        `images` is the number to assume for a model that has none yet. Only in the query does
        `dryRun` count: in the body it is ignored, and the training runs.
        """
        simulated = {} if images is None else {"trainingImagesCount": str(images)}
        return asked_price(
            lambda: self._http.dry_run(
                _train(model_id), _body(parameters), method="PUT", params=simulated
            ),
            _BEGUN,
        )

    def start_training(self, model_id: str, parameters: Mapping[str, object]) -> Started:
        """Start a paid training, in one attempt (PUT /models/{modelId}/train)."""
        answer = self._http.once("PUT", _train(model_id), _body(parameters))
        job = object_of(answer, "job")
        training = self._training(model_id, answer)
        job_id = self._http.plain(text(job, "jobId")) or training.job_id
        return Started(training, job_id, number(answer, "creativeUnitsCost"))

    def cancel_training(self, model_id: str) -> Training:
        """Cancel a training, in one attempt (POST /models/{modelId}/train/action)."""
        path = f"{_train(model_id)}/action"
        return self._training(model_id, self._http.once("POST", path, {"action": "cancel"}))

    def _training(self, model_id: str, answer: Json) -> Training:
        model = object_of(answer, "model")
        if id_of(model) != model_id:
            raise BadResponse("the server describes another model than was asked for")
        progress = mapping(model, "trainingProgress")
        position = number_within(progress, "position", _MOST)
        left = number_within(progress, "remainingTimeMs", _MOST)
        return Training(
            model_id=model_id,
            type=text(model, "type"),
            status=self._http.plain(text(model, "status")),
            images=int(number_within(model, "trainingImagesNumber", _MOST) or 0),
            job_id=self._http.plain(text(model, "jobId")),
            stage=self._http.plain(text(progress, "stage")),
            position=None if position is None else int(position),
            progress=number_within(progress, "progress", 1),
            seconds_left=None if left is None else left / 1000,
            ended_at=text(mapping(model, "trainingStats"), "endedAt"),
        )


def _train(model_id: str) -> str:
    return model_path(model_id, "train")


def _body(parameters: Mapping[str, object] | None) -> Json:
    return {"parameters": dict(parameters)} if parameters else {}
