"""Brings models over from another project, so that a run that is killed meanwhile makes no second.

The API has two ways. A copy is made within a project; a transfer takes a model to another one,
"with a copy or a full ownership change": which is not documented, so that both are looked for.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import field
from functools import partial

from catalogsync.actions import By, PromoteModel
from catalogsync.attempts import create_collection, create_once
from catalogsync.claims import Way, claim_name
from catalogsync.errors import (
    AccessDenied,
    ApiError,
    CatalogSyncError,
    Interrupted,
    NotFound,
    OutcomeUnknown,
    UploadFailed,
    UploadStuck,
)
from catalogsync.ledger import Ledger
from catalogsync.marks import OWNER_PREFIX
from catalogsync.model import RemoteModel
from catalogsync.ports import CatalogWriter
from catalogsync.promotion import is_copy_of, travelling_mark
from catalogsync.recovery import is_there
from catalogsync.training_due import data_marks
from catalogsync.values import dataclass

COPYING = "copying"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the server may take over a copy; in seconds."""

    first_poll: float = 0.3
    longest_poll: float = 5.0
    deadline: float = 1800.0


@dataclass(frozen=True, slots=True)
class Route:
    """From where to where; `seen` are the models of the source when the plan was made.

    `team` is that of the destination, where it is another one.
    """

    catalog: str
    source: CatalogWriter
    destination: CatalogWriter
    project: str
    team: str = ""
    seen: Mapping[str, RemoteModel] = field(default_factory=dict)


class Promoter:
    """Keeps a note of every promotion in the destination from before it begins (see `claims`).

    `sleep` waits, and is true when the user has stopped the run; `say` is told what to be said.
    """

    def __init__(
        self,
        route: Route,
        ledger: Ledger,
        sleep: Callable[[float], object],
        say: Callable[[str], None],
        patience: Patience | None = None,
    ) -> None:
        self._route = route
        self._ledger = ledger
        self._sleep = sleep
        self._say = say
        self._patience = patience or Patience()

    def bring(self, action: PromoteModel) -> str:
        """Bring a model over, whatever an earlier run has done of it; return its new id."""
        key = action.model
        resumed = bool(self._ledger.claims(key))
        if not action.arrived and not resumed:
            created = create_collection(self._route.destination, action.note, self._sleep)
            self._ledger.record_claim(key, created)
        arrived = action.arrived or (self._arrived(action, new_only=False) if resumed else None)
        if not arrived:
            travelling = action.source
            if resumed and travelling not in self._route.seen:
                raise OutcomeUnknown(
                    f"{travelling} is in neither project, and nothing tells what became of it",
                    hint="look for it in the web page of both; if it is there, pin it with `id: "
                    f'model_...`; to give it up, delete the collection "{action.note}..."',
                )
            if action.by is By.COPY:
                travelling = self._copy(action, resumed=resumed)
            arrived = self._transferred(action, travelling, resumed=resumed)
        if not action.arrived:
            self._note_arrival(action, arrived)
        self._wait(self._route.destination, arrived, action.model)
        self._clear(action, arrived)
        self._ledger.record_model(key, arrived)
        return arrived

    def _mark(self, key: str) -> str:
        return travelling_mark(self._route.catalog, key)

    def _copy(self, action: PromoteModel, *, resumed: bool) -> str:
        """The copy that goes to the destination, made once; it is never taken for the original."""
        source = self._route.source
        original = self._route.seen[action.source]

        def found(*, new_only: bool) -> str | None:
            models = [m for m in source.list_models() if m.id != original.id]
            marked = [m.id for m in models if self._mark(action.model) in m.tags]
            alike = [m.id for m in models if is_copy_of(m, original)]
            if new_only:
                alike = [model_id for model_id in alike if model_id not in self._route.seen]
            return self._the_one(marked or alike, action)

        copied = found(new_only=False) if resumed else None
        if copied is None:
            try:
                copied = create_once(
                    lambda: source.copy_model(original.id).id,
                    lambda: found(new_only=True),
                    self._sleep,
                )
            except ApiError as error:
                if not (resumed or error.may_have_been_applied):
                    self._take_back(action)
                raise
        held = source.get_model(copied)
        ours = {tag for tag in held.tags if tag.startswith(OWNER_PREFIX)}
        ours -= {self._mark(action.model), *data_marks(held)}
        source.edit_tags(copied, add=[self._mark(action.model)], delete=sorted(ours))
        self._wait(source, copied, action.model)
        return copied

    def _transferred(self, action: PromoteModel, travelling: str, *, resumed: bool) -> str:
        """Take a model to the destination, once, and return the id that it has there."""
        arrived = partial(self._arrived, action, new_only=True, travelling=travelling)
        transfer = _Transfer(self._route, travelling, arrived, begun=resumed)
        try:
            return create_once(transfer.attempt, arrived, self._sleep)
        except ApiError as error:
            if not transfer.begun:
                self._take_back(action, travelling)
            if isinstance(error, AccessDenied) and error.status == 403:
                error.hint = (
                    "one key is needed with the editor role in both projects, and a subscription "
                    "that transfers; another team's project takes --to-team"
                )
            raise

    def _take_back(self, action: PromoteModel, copied: str = "") -> None:
        """Delete a copy and the note where the server refused to go on with them for sure.

        A note that stayed would take what somebody makes by that name later for ours.
        """
        with suppress(CatalogSyncError):
            if copied not in ("", action.source):
                self._route.source.delete_model(copied)
            for collection_id in self._ledger.claims(action.model):
                self._route.destination.delete_collection(collection_id)

    def _arrived(self, action: PromoteModel, *, new_only: bool, travelling: str = "") -> str | None:
        """The model in the destination that a transfer has made, if it has.

        It bears the copy's mark, has the id of what was sent, or looks like it and is nobody's:
        a plan refuses to begin where such a one is there already.
        """
        original = self._route.seen.get(action.source)
        models = list(self._route.destination.list_models())
        sure = [m.id for m in models if self._mark(action.model) in m.tags]
        sure += [m.id for m in models if m.id in (action.source, travelling) and m.id not in sure]
        if sure:
            return self._the_one(sure, action)
        alike = [m.id for m in models if original and is_copy_of(m, original)]
        if new_only:
            observed = self._ledger.was_observed
            alike = [model_id for model_id in alike if not observed(model_id)]
        return self._the_one(alike, action)

    def _the_one(self, ids: Iterable[str], action: PromoteModel) -> str | None:
        found = sorted(ids)
        if len(found) > 1:
            raise OutcomeUnknown(
                f"more than one model may be what was to become {action.model}: {', '.join(found)}",
                hint="delete or rename the ones that are not, then run it again",
            )
        return found[0] if found else None

    def _note_arrival(self, action: PromoteModel, arrived: str) -> None:
        name = claim_name(
            Way.PROMOTING,
            self._route.catalog,
            action.model,
            source=action.source,
            model_id=arrived,
        )
        for collection_id in self._ledger.claims(action.model):
            self._route.destination.rename_collection(collection_id, name)

    def _wait(self, writer: CatalogWriter, model_id: str, key: str) -> None:
        """Wait until a model is not copied any more."""
        waited, wait = 0.0, self._patience.first_poll
        while (status := writer.get_model(model_id).status) == COPYING:
            if not waited:
                self._say(f"{key}: the server copies {model_id}")
            if waited >= self._patience.deadline:
                raise UploadStuck(
                    f"the server still copies {model_id}",
                    hint="run it again later: it goes on where this one stopped",
                )
            if self._sleep(wait):
                raise Interrupted("interrupted")
            waited += wait
            wait = min(wait * 1.5, self._patience.longest_poll)
        if status == "failed":
            raise UploadFailed(
                f"the server could not copy {model_id}: its status is failed",
                hint="delete it in the web page, then run it again",
            )

    def _clear(self, action: PromoteModel, arrived: str) -> None:
        """Delete the copy that a transfer has left behind, and say what became of the original."""
        route = self._route
        for model in list(route.source.list_models()):
            if self._mark(action.model) in model.tags and model.id != action.source:
                route.source.delete_model(model.id)
        if action.by is By.TRANSFER and not action.arrived:
            stays = is_there(route.source, action.source)
            became = "is still there" if stays else "moved: it is not there any more"
            self._say(f"{action.model}: in {action.origin} {action.source} {became}")


class _Transfer:
    """A transfer of one model; once it may have been done, be it by an earlier run, it is `begun`.

    `arrived` looks for what it has made.
    """

    def __init__(
        self, route: Route, travelling: str, arrived: Callable[[], str | None], *, begun: bool
    ) -> None:
        self._route = route
        self._travelling = travelling
        self._arrived = arrived
        self.begun = begun

    def attempt(self) -> str:
        """Transfer the model and return the id that it has in the destination."""
        route, travelling = self._route, self._travelling
        try:
            made = route.source.transfer_model(travelling, route.project, route.team).id
        except NotFound:
            if not self.begun:
                raise
            # A transfer that moves, whose answer was lost: what is gone here is there.
            return self._found(f"{travelling} is gone, and {route.project} does not show it")
        except ApiError as error:
            self.begun |= error.may_have_been_applied
            raise
        self.begun = True
        if is_there(route.destination, made):
            return made
        return self._found(
            f"the server says that it transferred {travelling}, but {route.project} does not show "
            "it"
        )

    def _found(self, otherwise: str) -> str:
        found = self._arrived()
        if not found:
            raise OutcomeUnknown(
                otherwise, hint="look for it in the web page of both projects; then run it again"
            ) from None
        return found
