"""Training models on purpose: what it costs, the start that is made once, and how it ends."""

from catalogsync.training.cancel import canceled
from catalogsync.training.choose import TrainingPlan, choose, look_at
from catalogsync.training.follow import PATIENCE, follow, states
from catalogsync.training.parameters import as_sent, parameters_of
from catalogsync.training.result import Fate, Result, exit_code
from catalogsync.training.start import known_jobs, start
from catalogsync.training.wish import Wish

__all__ = [
    "PATIENCE",
    "Fate",
    "Result",
    "TrainingPlan",
    "Wish",
    "as_sent",
    "canceled",
    "choose",
    "exit_code",
    "follow",
    "known_jobs",
    "look_at",
    "parameters_of",
    "start",
    "states",
]
