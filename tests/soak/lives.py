"""Models that are promoted, deleted and restored, while requests go wrong."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from catalogsync.actions import By
from catalogsync.errors import CatalogSyncError, Unreachable
from catalogsync.events import Event, Requested
from catalogsync.marks import owner_tag
from catalogsync.model import AssetRef, Catalog, ModelSpec, RemoteModel, Text
from catalogsync.outcome import Outcome, Status
from catalogsync.promotion import travelling_mark
from catalogsync.sandbox import running
from catalogsync.sandbox.faults import Faults
from catalogsync.sandbox.server import Running
from catalogsync.scenario import ScenarioClient
from tests.engine.catalogs import CONTENTS
from tests.engine.promoting import Way
from tests.engine.run import plan, run
from tests.soak.mixes import MIXES
from tests.soak.project import DRIP_S, READ_S, WAIT_S, Project
from tests.soak.result import Result
from tests.soak.schedule import TRIES_AFTER, TRIES_UNDER_FAULTS, undone
from tests.soak.soak import written_files

SERVERS = [(transfer, tags) for transfer in ("copy", "move") for tags in (False, True)]
"""What a transfer does, and whether a copy has the tags of the original."""

_PATIENCE_S = (READ_S, 8.0, 40.0)


def _picture(sha: str) -> AssetRef:
    return AssetRef(sha, name=f"{sha[:4]}.png", size=len(CONTENTS[sha]))


_FIRST, _SECOND = map(_picture, sorted(CONTENTS)[:2])
INK = ModelSpec(
    key="ink",
    name="Ink",
    type="flux.1-lora",
    short_description="lines",
    tags=frozenset({"comic"}),
    collections=frozenset({"Best"}),
    description=Text(("Strokes.",)),
    thumbnail=_FIRST,
    examples=(_SECOND, _FIRST),
)
ACME = Catalog(name="acme", models=(INK,))
MARK = owner_tag("acme", "ink")

Step = Callable[[], list[Outcome]]


class Life:
    """The life of one model: promoted, then deleted in production, then restored there."""

    def __init__(
        self, seed: int, server: Running, faults: Faults, files: Path, *, moves: bool, read_s: float
    ) -> None:
        self._random = Random(seed)
        self._by = self._random.choice(list(By))
        self._moves = moves and self._by is By.TRANSFER
        self._faults = faults
        self._staging = Project(server, files, read_s)
        self._production = Project(server, files, read_s)
        self._late = 0
        self.result = Result(f"life of seed {seed}, by {self._by}, moves: {moves}")

    def carry_out(self) -> Result:
        """Promote and restore until nothing is left to do, and check what is there after each."""
        requests, injected = self._faults.requests, Counter(self._faults.injected)
        self._faults.stop()
        self._train()
        before = self._staging.models()
        self._converge("promote", self._promote)
        promoted = self._ours()
        self._check_staging(before)
        with self._production.client() as client:
            for model in promoted:
                client.delete_model(model.id)
        self._converge("restore", self._apply)
        if [model.id for model in self._ours()] != [model.id for model in promoted]:
            self.result.lost.append("the restored model is another one")
        self.result.requests = self._faults.requests - requests
        self.result.injected = self._faults.injected - injected
        return self.result

    @property
    def was_too_slow(self) -> bool:
        """Whether answers came too late that no fault held back."""
        return self._late > self.result.injected["lost"]

    def _train(self) -> None:
        with self._staging.client() as client:
            run(client, ACME, self._staging.opened)
        for model_id in self._staging.models():
            self._staging.control.set_status(model_id, "trained")

    def _promote(self) -> list[Outcome]:
        with self._client() as production:
            staging = production.in_project(self._staging.id)
            project = self._production
            way = Way(staging, production, project.id, project.opened, lambda text: None)
            return way.promote(ACME, self._by)

    def _apply(self) -> list[Outcome]:
        with self._client() as client:
            return run(client, ACME, self._production.opened)

    @contextmanager
    def _client(self) -> Iterator[ScenarioClient]:
        with self._production.client(self._hear) as client:
            yield client

    def _hear(self, event: Event) -> None:
        if isinstance(event, Requested):
            self._late += event.failure.endswith(("no answer in time", "Timeout"))

    def _converge(self, name: str, step: Step) -> None:
        rules = MIXES[0].rules(self._random)
        for _ in range(TRIES_UNDER_FAULTS):
            self._faults.start(self._random.randrange(2**32), rules)
            if self._is_done_after(name, step):
                return
        for _ in range(TRIES_AFTER):
            self._faults.stop()
            if self._is_done_after(name, step):
                return
        self.result.unfinished.append(name)

    def _is_done_after(self, name: str, step: Step) -> bool:
        """Take a step; it may fail, but neither double nor lie."""
        self.result.applies += 1
        outcomes: Sequence[Outcome] = ()
        try:
            outcomes = step()
        except CatalogSyncError:
            pass  # the run says that it failed
        except Exception as error:
            self.result.wrong.append(f"{name}: {type(error).__name__}: {error}")
        self._faults.stop()
        self._production.wait_until_it_accepts()
        try:
            with self._client() as client:
                left = plan(client, ACME, anew=name == "promote")
        except Unreachable:
            # Nothing goes wrong on purpose by now: the machine is slow, and the life is run again.
            return False
        done = [each.action for each in outcomes if each.status is Status.DONE]
        self.result.wrong += [f"{name}: {each} is said to be done" for each in undone(done, left)]
        self._count(name)
        return bool(self._ours()) and not self._leftovers() and not left.models

    def _count(self, name: str) -> None:
        """Nothing may be there twice at any time, also not a copy on its way."""
        copies = [m for m in self._staging.models().values() if MARK not in m.tags]
        for what, found in (("production", self._production.models()), ("staging", copies)):
            if len(found) > 1:
                self.result.duplicates.append(f"{name}: {len(found)} models in {what}")
        for digest, times in self._production.held().items():
            if times > 1 or not digest:
                self.result.duplicates.append(f"{name}: asset {digest or 'without name'}")

    def _ours(self) -> list[RemoteModel]:
        return [m for m in self._production.models().values() if MARK in m.tags]

    def _leftovers(self) -> list[str]:
        """What tells of a promotion or restore that is under way."""
        mark = travelling_mark("acme", "ink")
        projects = (self._staging, self._production)
        marked = [m.id for each in projects for m in each.models().values() if mark in m.tags]
        notes = [n for each in projects for n in each.collections() if n != "Best"]
        return [*marked, *notes]

    def _check_staging(self, before: dict[str, RemoteModel]) -> None:
        if self._staging.models() != ({} if self._moves else before):
            self.result.lost.append("staging is not as it was")


def live_through(
    folder: Path,
    *,
    lives: int,
    first_seed: int,
    seconds: float = float("inf"),
    told: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Live until there are enough lives or the time is over, a share on every kind of server."""
    place = folder / "lives"
    place.mkdir()
    files = written_files(place)
    results = []
    for at, (transfer, copies_tags) in enumerate(SERVERS):
        ends = time.monotonic() + seconds / len(SERVERS)
        faults = Faults(wait_s=WAIT_S, drip_s=DRIP_S)
        how: Any = {
            "transfer": transfer,
            "copies_tags": copies_tags,
            "copy_s": 0,
            "middleware": (faults,),
        }
        with running(place / f"box{at}", validate_s=0, import_s=0, **how) as server:
            for seed in range(first_seed + at, first_seed + lives, len(SERVERS)):
                if time.monotonic() > ends:
                    break
                results.append(_lived(seed, server, faults, files, moves=transfer == "move"))
                told(results[-1])
    return results


def _lived(seed: int, server: Running, faults: Faults, files: Path, *, moves: bool) -> Result:
    """What became of a life; one that a slow machine spoilt is lived again with more patience."""
    for again, read_s in enumerate(_PATIENCE_S):
        life = Life(seed, server, faults, files, moves=moves, read_s=read_s)
        result = life.carry_out()
        result.again = again
        if result.good or not life.was_too_slow:
            break
    return result
