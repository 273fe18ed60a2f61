"""What a run of the bench found: values, and the file that keeps them."""

import json
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

NOISY = 0.10
"""A row is marked when others had more than this share of the processors."""

SLOWER = 1.10
"""A case counts as slower from this ratio on, if its fastest run is above the median before."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a case: seconds of wall and processor time, peak memory in MB, requests sent.

    The memory is the most that all of its processes had together, as far as that was seen.
    `new` are the requests that the server had to ask for, `server_cpu` the seconds of processor
    time of its answers, and `others` the share of the machine that had nothing to do with it.
    What was sent was `arriving` for so many seconds, from its first byte to its last. A fixed piece
    of work took a core `pace` seconds before and after it, 0 where nobody looked.
    """

    wall: float
    cpu: float
    megabytes: float
    requests: int = 0
    new: int = 0
    server_cpu: float = 0.0
    others: float = 0.0
    arriving: float = 0.0
    pace: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """A case and its runs; `latency` in seconds, `reference` is the case it is compared with.

    `missing` says why there are no runs, or no more.
    """

    part: str
    section: str
    case: str
    runs: tuple[Run, ...]
    jobs: int = 1
    latency: float = 0.0
    reference: str = ""
    missing: str = ""

    @property
    def wall(self) -> float:
        """The median of the runs, in seconds."""
        return statistics.median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """The median of the processor time, in seconds."""
        return statistics.median(run.cpu for run in self.runs)

    @property
    def megabytes(self) -> float:
        """The largest peak."""
        return max(run.megabytes for run in self.runs)

    @property
    def requests(self) -> int:
        """How many requests a run sends."""
        return self.runs[0].requests

    @property
    def bound(self) -> float:
        """The seconds that the latency alone takes: requests x latency / jobs."""
        return self.requests * self.latency / self.jobs

    @property
    def others(self) -> float:
        """The share of the machine that others had, weighed by the length of the runs."""
        return sum(r.others * r.wall for r in self.runs) / sum(r.wall for r in self.runs)

    @property
    def is_noisy(self) -> bool:
        """Whether others had so much of the machine that the times say little."""
        return self.others > NOISY


@dataclass(frozen=True, slots=True)
class Stage:
    """Processor time (s) and peak memory (MB) of a stage, for each number of models."""

    name: str
    models: tuple[int, ...]
    seconds: tuple[float, ...]
    megabytes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """All that one call of the bench found, and on what.

    Of the uploads there are the rows that were `sent`, and the tables as they were printed.
    """

    machine: Mapping[str, str]
    rows: tuple[Row, ...] = ()
    stages: tuple[Stage, ...] = ()
    sent: tuple[Row, ...] = ()
    uploads: str = ""


def written(results: Results) -> str:
    """The results as JSON."""
    return json.dumps(asdict(results), indent=1, ensure_ascii=False) + "\n"


def read(path: Path) -> Results:
    """The results that a file keeps."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Results(
        data["machine"],
        _rows(data["rows"]),
        tuple(Stage(**{k: _tuple(v) for k, v in each.items()}) for each in data["stages"]),
        _rows(data.get("sent", ())),
        data["uploads"],
    )


def _rows(data: Iterable[dict[str, Any]]) -> tuple[Row, ...]:
    return tuple(Row(**row | {"runs": tuple(Run(**run) for run in row["runs"])}) for row in data)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Figures:
    """What a case or a stage took: its time and the least one, in seconds, and its peak in MB."""

    seconds: float
    least: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A case or a stage, now and before."""

    name: str
    now: Figures
    before: Figures

    @property
    def ratio(self) -> float:
        """The time now as a multiple of the time before."""
        return self.now.seconds / self.before.seconds

    @property
    def is_slower(self) -> bool:
        """Whether it has become slower, and not by chance."""
        return self.ratio > SLOWER and self.now.least > self.before.seconds


def compared(now: Results, before: Results) -> list[Compared]:
    """The cases and the stages that both have measured."""
    known = dict(_figures(before))
    return [Compared(name, found, known[name]) for name, found in _figures(now) if name in known]


def _figures(results: Results) -> Iterator[tuple[str, Figures]]:
    for row in (*results.rows, *results.sent):
        if row.runs:
            least = min(run.wall for run in row.runs)
            yield f"{row.section}: {row.case}", Figures(row.wall, least, row.megabytes)
    for stage in results.stages:
        told = zip(stage.models, stage.seconds, stage.megabytes, strict=True)
        for models, seconds, megabytes in told:
            name = f"Growth: {stage.name}, {models:,} models"
            yield name, Figures(seconds, seconds, megabytes)
