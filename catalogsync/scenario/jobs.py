"""The jobs of a project, as the API tells them."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from catalogsync.errors import BadResponse
from catalogsync.jobs import Job
from catalogsync.scenario.fields import mapping, number, number_within, object_of, text
from catalogsync.scenario.paths import path_part
from catalogsync.scenario.transport import Transport

_JOBS_PER_PAGE = "100"
_PAGES_READ = 5

_PLACES = (
    ("output", "url"),
    ("output", "downloadUrl"),
    ("output", "signedUrl"),
    ("output", "fileUrl"),
    ("output",),
    ("url",),
    ("downloadUrl",),
    ("signedUrl",),
    ("fileUrl",),
)
"""Where in a job's `metadata` the address of its file may be: the API documents no place.

The first that holds an address counts; a list counts by its first element. `metadata.output` is
where the results of other jobs are, and the names are those that the API gives addresses elsewhere.
"""


class Jobs:
    """Reads jobs."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def get_job(self, job_id: str) -> Job:
        """Look at a job (GET /jobs/{jobId})."""
        answer = self._http.get(f"/jobs/{path_part(job_id)}")
        return self._job(object_of(answer, "job"))

    def newest_jobs(self, types: Sequence[str]) -> Iterator[Job]:
        """Yield the newest few hundred jobs of some types, the newest first (GET /jobs)."""
        params = {"pageSize": _JOBS_PER_PAGE, "types": ",".join(types)}
        for number_, page in enumerate(self._http.pages("/jobs", "jobs", params), 1):
            yield from map(self._job, page)
            if number_ == _PAGES_READ:
                return

    def _job(self, data: Mapping[str, object]) -> Job:
        metadata = mapping(data, "metadata")
        asked = mapping(metadata, "input")
        told = (text(data, "jobId"), text(data, "status"))
        job_id, status = map(self._http.plain, told)
        if not job_id or not status:
            raise BadResponse("the server describes a job without its id or its status")
        return Job(
            id=job_id,
            status=status,
            type=text(data, "jobType"),
            created_at=text(data, "createdAt"),
            progress=number_within(data, "progress", 1),
            units=number(mapping(data, "billing"), "cuCost"),
            model_id=text(asked, "modelId"),
            epoch=text(asked, "modelEpoch"),
            error=self._http.plain(text(metadata, "error")),
            hint=self._http.plain(text(metadata, "hint")),
            url=_address(metadata),
        )


def _address(metadata: Mapping[str, object]) -> str:
    """The first address in one of the `_PLACES`, or nothing."""
    for place in _PLACES:
        held: object = metadata
        for name in place:
            held = _first(held)
            held = held.get(name) if isinstance(held, dict) else None
        held = _first(held)
        if isinstance(held, str) and _looks_like_one(held):
            return held
    return ""


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _looks_like_one(value: str) -> bool:
    try:
        return urlsplit(value).scheme in ("http", "https")
    except ValueError:
        return False
