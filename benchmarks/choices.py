"""What a call of the bench asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choices:
    """The sizes of the catalogs in models, latencies in ms, how often, and whether with peers.

    Each model has so many `pictures`, or as many as each part is meant for.
    """

    sizes: tuple[int, ...]
    latencies: tuple[float, ...]
    runs: int
    peers: bool = True
    pictures: int | None = None

    @property
    def latency(self) -> float:
        """The middle one: that of all parts but one, which is measured at each."""
        return sorted(self.latencies)[len(self.latencies) // 2]


FULL = Choices((100, 1000, 10_000), (0, 20, 80), 5)
QUICK = Choices((100, 1000), (20,), 3)
