"""What every reading of a plan says of models that are due for training, in the same words."""

from collections.abc import Sequence

from catalogsync.plan import Plan
from catalogsync.review.phrases import creative_units
from catalogsync.review.words import counted
from catalogsync.training_due import TrainingDue, Why, known_units

_WHY = {
    Why.NEW: "it is not trained yet",
    Why.FAILED: "its last training failed",
    Why.CANCELED: "its last training was canceled",
    Why.CHANGES: "its training data changes",
    Why.CHANGED: "its training data was changed after it was trained",
}
MOST_NAMED = 10
"""How many models are named where there is one line for all of them."""


def due_words(due: TrainingDue) -> str:
    """Why a model is due for training, on how many images and at what cost; foreign text in it."""
    return f"{_WHY[due.why]}; {counted(due.images, 'image')}, {_cost(due)}"


def _cost(due: TrainingDue) -> str:
    if not due.model_id:
        return "the cost is known once the model is there"
    if due.price is None:
        return "the cost was not asked: the live project tells it"
    if due.price.refusal:
        return f"the server would not train it: {due.price.refusal}"
    if due.units is None:
        return "at an unknown cost"
    now = f" for the {due.priced_images} it has now" if due.priced_images != due.images else ""
    return creative_units(due.units) + now


def due_command(due: Sequence[TrainingDue], at: str = "") -> str:
    """What begins the trainings, after it has shown what they cost and asked.

    `at` are the options that lead to the catalog and its project.
    """
    again = " --again" if any(each.again for each in due) else ""
    return f"catalog-sync train {' '.join(each.key for each in due)}{at}{again}"


def due_sentence(plan: Plan) -> str:
    """How many models are due and what that costs; empty for none. Scripts may rely on its form."""
    if not plan.training:
        return ""
    told = known_units(plan.training)
    unknown = len(plan.training) - len(told)
    costs = [creative_units(sum(told))] if told else []
    costs += [f"an unknown cost of {counted(unknown, 'model')}"] if told and unknown else []
    cost = " and ".join(costs) or "at an unknown cost"
    return f"Training due: {counted(len(plan.training), 'model')}, {cost}; an apply trains nothing."


def after_words(due: Sequence[TrainingDue], at: str = "") -> str:
    """What to do about what is due, for the end of an apply; empty for nothing."""
    if not due:
        return ""
    rest = len(due) - MOST_NAMED
    more = f" (and {counted(rest, 'more model')})" if rest > 0 else ""
    command = due_command(due[:MOST_NAMED], at)
    number = counted(len(due), "model")
    return f"Training due: {number}; to see the cost and be asked: {command}{more}"
