"""The weights of models: what a download costs, and the job that packs them."""

from catalogsync.errors import BadResponse
from catalogsync.model import Price
from catalogsync.scenario.answers import Json
from catalogsync.scenario.fields import text
from catalogsync.scenario.jobs import Jobs
from catalogsync.scenario.paths import model_path
from catalogsync.scenario.prices import Begun, asked_price

_BEGUN = Begun("a download", "jobId", "look at the jobs in the web page")


class Downloads(Jobs):
    """Lets the server pack the weights of models."""

    def price_download(self, model_id: str, epoch: str) -> Price:
        """Ask what a download costs (POST /models/{modelId}/download?dryRun=true)."""
        return asked_price(lambda: self._http.dry_run(_path(model_id), _body(epoch)), _BEGUN)

    def start_download(self, model_id: str, epoch: str) -> str:
        """Begin the packing of weights, in one attempt, and return the job's id.

        Without an epoch it is the model's own (POST /models/{modelId}/download).
        """
        answer = self._http.once("POST", _path(model_id), _body(epoch))
        job_id = self._http.plain(text(answer, "jobId"))
        if not job_id:
            raise BadResponse("the server begins a download without telling its job")
        return job_id


def _path(model_id: str) -> str:
    return model_path(model_id, "download")


def _body(epoch: str) -> Json:
    return {"modelEpoch": epoch} if epoch else {}
