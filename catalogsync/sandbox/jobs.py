"""The job endpoints: trainings, downloads, and uploads under their `jobId`.

Chosen where nothing is documented: the file of a download is at `metadata.output.url`, a new signed
address each time; a list has no other filters than `type` and `types`; uploads are not listed.
"""

import json

from catalogsync.sandbox import checks, job_records, paging, upload_records
from catalogsync.sandbox.checks import Choice, Object
from catalogsync.sandbox.errors import CANNOT_CANCEL, bad_request
from catalogsync.sandbox.world import Call, Json

_LISTING = paging.Listing("jobs", "jobs", "doc", paging.Size(50, 100))
# As documented: where `types` is given, `type` is ignored.
_FILTERS = {"types": "instr(',' || ? || ',', ',' || type || ',') > 0", "type": "type = ?"}
QUERY = Object({**paging.query(_LISTING.size), **dict.fromkeys(_FILTERS, checks.FILTER)})
ACT = Object({"action": Choice(("cancel",), "an action")})


def read_list(call: Call) -> Json:
    """`GET /jobs`, the newest first."""
    asked = [name for name in _FILTERS if name in call.query][:1]
    where = [("project = ?", call.project), *((_FILTERS[name], call.query[name]) for name in asked)]
    return paging.read_page(
        call, _LISTING, "created", where, lambda row: job_records.show(call, json.loads(row[0]))
    )


def read(call: Call) -> Json:
    """`GET /jobs/{jobId}`."""
    upload = upload_records.of_job(call, call.ids[0])
    if upload is not None:
        return {"job": upload_records.show_job(call, upload)}
    return {"job": job_records.show(call, job_records.owned(call, call.ids[0]))}


def act(call: Call) -> Json:
    """`POST /jobs/{jobId}/action`: only what generates images can be canceled."""
    read(call)
    raise bad_request(CANNOT_CANCEL)
