"""A download in words and as a document."""

from catalogsync.codec import as_data
from catalogsync.download import Downloaded
from catalogsync.review.document import FORMAT_VERSION
from catalogsync.review.text import Line
from catalogsync.review.words import file_size, visible
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class DownloadReport:
    """The weights of a model as a file; `same` where it was there before, byte for byte.

    `units` is what was agreed to, in creative units; None where it was not asked for again.
    """

    catalog: str
    target: str
    project: str
    key: str
    model_id: str
    epoch: str
    job_id: str
    file: str
    bytes: int
    sha256: str
    same: bool
    units: float | None


def download_document(report: DownloadReport) -> dict[str, object]:
    """A download as JSON data."""
    return {**as_data(report), "format_version": FORMAT_VERSION}


def render_downloaded(done: Downloaded, path: str) -> list[Line]:
    """Where the file is, how large, and its digest."""
    how = "is there already, the same" if done.same else file_size(done.size)
    return [Line(f"{visible(path)}  {how}  sha256:{done.sha256}", "bold")]
