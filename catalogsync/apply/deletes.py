"""What is deleted at last, once every model that had it as a concept has let go of it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeGuard

from catalogsync.actions import Action, DeleteModel, UpdateModel
from catalogsync.apply.attempt import Halt
from catalogsync.apply.round import Round
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer


class Deletes:
    """Deletes compositions before their parts, and no part of one that had to stay as it was."""

    def __init__(
        self,
        deletes: Sequence[DeleteModel],
        ended: Sequence[Outcome],
        refused: Iterable[str],
        performer: Performer,
        halt: Halt,
    ) -> None:
        self._deletes = deletes
        self._performer = performer
        self._lookout = performer.lookout
        self._halt = halt
        self._held: dict[str, str] = {}
        for key in refused:
            self._keep(key, "it is refused")
        for outcome in ended:
            self._note(outcome)

    def outcomes(self, jobs: int) -> Iterator[Outcome]:
        """Yield every delete's outcome."""
        left = list(self._deletes)
        while left:
            due = self._due(left)
            left = [action for action in left if action not in due]
            for outcome in self._round(due, jobs):
                self._note(outcome)
                yield outcome

    def _due(self, left: Sequence[DeleteModel]) -> dict[DeleteModel, str]:
        """Those that no other one holds, and their ids; all of them where they go in a circle."""
        ids = {action: self._lookout.model_id(action.model) for action in left}
        held = {part for action in left for part in self._lookout.parts(action.model)}
        return {action: id for action, id in ids.items() if id not in held} or ids

    def _round(self, due: dict[DeleteModel, str], jobs: int) -> Iterator[Outcome]:
        free = [action for action, model_id in due.items() if model_id not in self._held]
        for action, model_id in due.items():
            if model_id in self._held:
                reason = self._halt.reason or self._held[model_id]
                yield Outcome(action, Status.SKIPPED, reason)
        yield from Round(free, self._performer, self._halt).outcomes(jobs)

    def _note(self, outcome: Outcome) -> None:
        """Keep in mind what a model still has where what was to let go of it was not done."""
        action = outcome.action
        if outcome.status is not Status.DONE and _lets_go(action):
            self._keep(action.model, outcome.reason)

    def _keep(self, user: str, why: str) -> None:
        for part in self._lookout.parts(user):
            self._held[part] = f"{user} still has it as a concept: {why}"


def _lets_go(action: Action) -> TypeGuard[UpdateModel | DeleteModel]:
    """Whether a model has other concepts once that is done, or none."""
    if isinstance(action, UpdateModel):
        return "concepts" in dict(action.fields)
    return isinstance(action, DeleteModel)
