"""One schedule: two generated catalogs, applied one after the other while requests go wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from catalogsync.actions import (
    Action,
    AddTrainingImages,
    AdoptModel,
    CreateCollection,
    EditCollections,
    EditTags,
    SetCaptions,
    UpdateModel,
    UploadAsset,
)
from catalogsync.errors import CatalogSyncError
from catalogsync.events import Event, Requested
from catalogsync.marks import owner_tag
from catalogsync.model import Catalog, ModelSpec
from catalogsync.outcome import Outcome, Status
from catalogsync.plan import Plan
from catalogsync.sandbox.faults import Faults
from catalogsync.sandbox.server import Running
from tests.engine.run import plan, run
from tests.soak.mixes import Mix
from tests.soak.project import READ_S, Project
from tests.soak.result import Result

TRIES_UNDER_FAULTS = 4
TRIES_AFTER = 2


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is applied while requests go wrong; seed and number name it."""

    seed: int
    number: int
    mix: Mix
    catalogs: tuple[Catalog, ...]

    @property
    def name(self) -> str:
        """What to run again to see the same."""
        return f"seed {self.seed}, schedule {self.number}, {self.mix.name}"


class Run:
    """A schedule as it runs, in a project of its own; an answer is waited for `read_s`."""

    def __init__(
        self,
        schedule: Schedule,
        server: Running,
        faults: Faults,
        files: Path,
        read_s: float = READ_S,
    ) -> None:
        self.result = Result(schedule.name)
        self._schedule = schedule
        self._faults = faults
        self._project = Project(server, files, read_s)
        self._late: list[Requested] = []
        self._twice: set[str] = set()
        self._ids: dict[str, str] = {}
        foreign: list[dict[str, Any]] = [
            {"name": "Foreign", "status": "trained", "tags": ["ours"]},
            {"name": "Other"},
        ]
        self._foreign = server.control.create_models(foreign, self._project.id)

    def carry_out(self) -> Result:
        """Apply each catalog until nothing is left to do, and check what is there after each."""
        requests, injected = self._faults.requests, Counter(self._faults.injected)
        self._faults.stop()
        before = self._project.models()
        for stage, catalog in enumerate(self._schedule.catalogs):
            self._converge(stage, catalog)
            self._count_assets(stage)
        after = self._project.models()
        self.result.lost += [f"foreign {id}" for id in self._foreign if after.get(id) != before[id]]
        self.result.requests = self._faults.requests - requests
        self.result.injected = self._faults.injected - injected
        return self.result

    @property
    def was_too_slow(self) -> bool:
        """Whether answers came too late that no fault held back.

        What the client has given up and the server does all the same, no client can rule out.
        """
        return len(self._late) > self.result.injected["lost"]

    def _hear(self, event: Event) -> None:
        if isinstance(event, Requested) and event.failure.endswith(
            ("no answer in time", "Timeout")
        ):
            self._late.append(event)

    def _converge(self, stage: int, catalog: Catalog) -> None:
        random = Random(f"{self._schedule.seed} {self._schedule.number} {stage}")
        rules = self._schedule.mix.rules(random)
        for _ in range(TRIES_UNDER_FAULTS):
            self._faults.start(random.randrange(2**32), rules)
            if is_done(self._apply(stage, catalog)):
                return
        self._faults.stop()
        for _ in range(TRIES_AFTER):
            left = self._apply(stage, catalog)
            if is_done(left):
                return
        self.result.unfinished.append(f"stage {stage}: {left.actions} {left.refusals}")

    def _apply(self, stage: int, catalog: Catalog) -> Plan:
        """Apply once, and return what a plan without faults then still wants."""
        self.result.applies += 1
        outcomes: Sequence[Outcome] = ()
        with self._project.client(self._hear) as client:
            try:
                outcomes = run(client, catalog, self._project.opened, prune=True)
            except CatalogSyncError:
                pass  # the run says that it failed
            except Exception as error:
                self.result.wrong.append(f"stage {stage}: {type(error).__name__}: {error}")
        self._faults.start(0, ())
        self._project.wait_until_it_accepts()
        with self._project.client() as client:
            left = plan(client, catalog, prune=True)
        done = [outcome.action for outcome in outcomes if outcome.status is Status.DONE]
        self.result.wrong += [f"stage {stage}: {a} is said to be done" for a in undone(done, left)]
        self._count_models(stage, catalog)
        return left

    def _count_models(self, stage: int, catalog: Catalog) -> None:
        models = self._project.models()
        tags = {owner_tag(catalog.name, spec.key): spec.key for spec in catalog.models}
        present: dict[str, str] = {}
        for model in models.values():
            for key in (tags[tag] for tag in model.tags if tag in tags):
                if key in present:
                    self.result.duplicates.append(f"stage {stage}: model {key}")
                present[key] = model.id
        for key, model_id in self._ids.items():
            if key in tags.values() and present.get(key) != model_id:
                self.result.lost.append(f"stage {stage}: model {key}")
        self._ids |= present

    def _count_assets(self, stage: int) -> None:
        """Once it has converged, nothing may be there twice or without an owner."""
        held = self._project.held()
        twice = {digest for digest, times in held.items() if times > 1 or not digest}
        new = sorted(twice - self._twice)
        self.result.duplicates += [
            f"stage {stage}: asset {digest or 'without name'}" for digest in new
        ]
        self._twice |= twice
        strays = [
            model.name
            for model in self._project.models().values()
            if model.id not in self._foreign and not model.tags
        ]
        self.result.duplicates += [f"stage {stage}: stray model {name}" for name in strays]


def is_done(left: Plan) -> bool:
    """Whether there is nothing left to do, for the program or for a person."""
    return not left.actions and "import-unclear" not in {each.code for each in left.refusals}


def undone(done: Sequence[Action], left: Plan) -> list[Action]:
    """What was said to be done although a plan still wants some of it."""
    wanted = {piece for action in left.actions for piece in _pieces(action)}
    for action in left.actions:
        # What an image is described as that is not in the set yet, no plan can know.
        if isinstance(action, AddTrainingImages):
            wanted -= {("caption", action.model, ref.digest or ref.id) for ref in action.images}
    return [action for action in done if wanted & _pieces(action)]


def _pieces(action: Action) -> set[tuple[str, ...]]:
    """The single things that an action does, each named."""
    match action:
        case UploadAsset(asset=asset):
            return {("asset", asset.sha256)}
        case CreateCollection(name=name):
            return {("collection", name)}
        case UpdateModel(model=key, fields=fields):
            return {("field", key, name) for name, _ in fields}
        case (
            EditTags(model=key, add=add, delete=delete)
            | AdoptModel(model=key, add=add, delete=delete)
        ):
            return {("tag", key, *each) for each in _signed(add, delete)}
        case SetCaptions(model=key, images=images):
            refs = [image.asset for image in images]
            return {("caption", key, ref.digest or ref.id) for ref in refs}
        case EditCollections(model=key, add=add, remove=remove):
            return {("member", key, *each) for each in _signed(add, remove)}
        case _:
            return {(type(action).__name__, action.model)}


def _signed(add: Sequence[str], remove: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield from (("+", name) for name in add)
    yield from (("-", name) for name in remove)


def manageable(spec: ModelSpec, mix: Mix) -> ModelSpec:
    """The manifest without what the API takes for other types only, and as the mix wants it."""
    fitting = spec if spec.type.startswith("flux") else replace(spec, concepts=None)
    return mix.adapted(fitting)
