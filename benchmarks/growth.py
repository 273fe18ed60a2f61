"""How time and memory grow with the size of a catalog."""

from collections.abc import Sequence
from math import log


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of the values over the sizes, both as logarithms: 1 for what grows in proportion.

    Values that are not above 0 are left out; with less than two there is no slope: 0.
    """
    points = [(log(x), log(y)) for x, y in zip(sizes, values, strict=True) if y > 0]
    if len(points) < 2:
        return 0.0
    middle = sum(x for x, _ in points) / len(points)
    height = sum(y for _, y in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * (y - height) for x, y in points) / spread
