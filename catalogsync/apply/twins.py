"""Creates that another apply did at the same time."""

from collections.abc import Mapping, Sequence

from catalogsync.actions import Creation
from catalogsync.errors import Conflict
from catalogsync.outcome import Outcome, Status


def noticing_twins(
    outcomes: Sequence[Outcome], twins: Mapping[str, Sequence[str]]
) -> list[Outcome]:
    """The outcomes, with a conflict for every create that another apply did at the same time."""

    def noticed(outcome: Outcome) -> Outcome:
        action = outcome.action
        if not isinstance(action, Creation) or action.model not in twins:
            return outcome
        ids = ", ".join(twins[action.model])
        error = Conflict(
            f"another apply created the same model at the same time: {ids}",
            hint="delete the one you do not want in the web page; run one apply at a time",
        )
        return Outcome(action, Status.CONFLICT, error.message, error)

    return [noticed(outcome) for outcome in outcomes]
