"""The share of branches that the tests take, a line for each room of the engine.

Reads coverage.py's JSON report on standard input; exits 1 where a room stays under the floor.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

ROOMS = ("manifest", "observe", "diff", "plan", "apply", "scenario")
FLOOR = 95.0
"""Percent of the branches of a room."""


def rooms(report: Mapping[str, Any]) -> dict[str, float]:
    """The share of branches taken in percent, for each of `ROOMS`."""
    there: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for path, file in report["files"].items():
        room = path.removeprefix("catalogsync/").partition("/")[0].removesuffix(".py")
        there[room] += file["summary"]["num_branches"]
        taken[room] += file["summary"]["covered_branches"]
    return {room: 100 * taken[room] / there[room] for room in ROOMS}


def main() -> int:
    """Print the table."""
    found = rooms(json.load(sys.stdin))
    for room, percent in found.items():
        sys.stdout.write(f"{room:<10}{percent:>7.1f} % of branches\n")
    return int(min(found.values()) < FLOOR)


if __name__ == "__main__":
    sys.exit(main())
