"""What became of one schedule."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Result:
    """What was done under a name, and what went wrong; each of the lists is to be empty.

    It was run so often `again`, because the machine had been too slow for it.
    """

    name: str
    again: int = 0
    applies: int = 0
    requests: int = 0
    kills: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    unfinished: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything promised was kept."""
        return not (self.unfinished or self.duplicates or self.lost or self.wrong)
