"""A promotion in one call, as the command line wires it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import BinaryIO

from catalogsync.actions import By, PromoteModel
from catalogsync.apply import apply
from catalogsync.diff import diff
from catalogsync.ledger import Ledger
from catalogsync.model import AssetRef, Catalog
from catalogsync.observe import observe
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import Plan, build_plan
from catalogsync.ports import CatalogWriter
from catalogsync.promoter import Patience, Promoter, Route
from catalogsync.promotion import SourceProject, retrained, training_only, with_promotions
from tests.engine.catalogs import FILES
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import EVERYTHING

QUICK = Patience(deadline=3.0)
PRODUCTION = "proj_production"


@dataclass(frozen=True)
class Way:
    """From staging to a production project; `say` hears what a promotion says."""

    staging: CatalogWriter
    production: CatalogWriter
    project: str
    open_file: Callable[[AssetRef], BinaryIO]
    say: Callable[[str], None]

    def planned(self, catalog: Catalog, by: By) -> tuple[Plan, Promoter, Ledger]:
        """What a promotion of the whole catalog would do, and what it does that with."""
        keys = frozenset(spec.key for spec in catalog.models)
        models = {model.id: model for model in self.staging.list_models()}
        snapshot = observe(self.production, catalog, keys=keys, jobs=1, restorable=True, notes=True)
        found = diff(catalog, snapshot, keys=keys, anew=True, promoting=True)
        training = training_only(catalog, found)
        there = observe(self.staging, training, jobs=1)
        source = SourceProject(
            "staging", {**models, **there.models}, by, retrained(training, there)
        )
        found = with_promotions(catalog, found, source, snapshot.models)
        ledger = Ledger(found, snapshot)
        route = Route(catalog.name, self.staging, self.production, self.project, seen=models)
        promoter = Promoter(route, ledger, lambda seconds: None, self.say, QUICK)
        return build_plan(catalog, found, allow=EVERYTHING), promoter, ledger

    def promote(self, catalog: Catalog, by: By) -> list[Outcome]:
        """Bring over what production lacks, then apply."""
        plan, promoter, ledger = self.planned(catalog, by)
        bringing = [replace(m, actions=_promotions(m.actions)) for m in plan.models]
        moving = replace(
            plan,
            models=tuple(model for model in bringing if model.actions),
            uploads=(),
            collections=(),
        )
        performer = Performer(
            self.production, ledger, self.open_file, pause=lambda s: None, promote=promoter.bring
        )
        outcomes = list(apply(moving, performer, jobs=1))
        failed = {o.action.model for o in outcomes if o.status is not Status.DONE}  # type: ignore[union-attr]
        keys = frozenset(s.key for s in catalog.models) - failed - {r.model for r in plan.refusals}
        snapshot = observe(self.production, catalog, keys=keys, jobs=1, restorable=True, notes=True)
        found = diff(catalog, snapshot, keys=keys, anew=True)
        rest = build_plan(catalog, found, allow=EVERYTHING)
        second = Performer(
            self.production, Ledger(found, snapshot), self.open_file, pause=lambda s: None
        )
        return [*outcomes, *apply(rest, second, jobs=1)]


@dataclass
class Projects:
    """Staging and production; `said` is what a promotion says."""

    staging: FakeServer
    production: FakeServer
    said: list[str] = field(default_factory=list)

    @classmethod
    def new(cls, *, moves: bool = False, copies_tags: bool = False) -> "Projects":
        """Two empty projects of one server, whose transfers do the one or the other."""
        lock = RLock()
        production = FakeServer(lock=lock, counter=500_000)
        staging = FakeServer(
            lock=lock,
            others={PRODUCTION: production},
            transfers_move=moves,
            copies_tags=copies_tags,
        )
        return cls(staging, production)

    def plan(self, catalog: Catalog, by: By = By.COPY) -> Plan:
        """What a promotion of the whole catalog would do."""
        return self._way.planned(catalog, by)[0]

    def promote(self, catalog: Catalog, by: By = By.COPY) -> list[Outcome]:
        """Bring over what production lacks, then apply."""
        return self._way.promote(catalog, by)

    @property
    def _way(self) -> Way:
        return Way(self.staging, self.production, PRODUCTION, files_of(FILES), self.said.append)


def _promotions(actions: Sequence[object]) -> tuple[PromoteModel, ...]:
    return tuple(action for action in actions if isinstance(action, PromoteModel))
