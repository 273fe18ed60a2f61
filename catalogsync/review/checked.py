"""What checking a catalog found, as text; other formats stand beside this file."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from catalogsync.errors import Problem
from catalogsync.review.words import counted, visible
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: the problems, or the numbers of manifests and files without any.

    `here` leads to the catalog from where the user stands, `within` from the root of the
    repository; both are empty or end with a slash.
    """

    problems: tuple[Problem, ...] = ()
    manifests: int = 0
    files: int = 0
    here: str = ""
    within: str = ""

    @property
    def in_repository(self) -> tuple[Problem, ...]:
        """The problems with paths from the root of the repository."""
        return tuple(replace(each, path=f"{self.within}{each.path}") for each in self.problems)


def as_text(checked: Checked) -> str:
    """One line a problem, and the sentence that counts them."""
    lines = [problem_line(checked, problem) for problem in checked.problems]
    return "\n".join([*lines, sentence(checked)]) + "\n"


def problem_line(checked: Checked, problem: Problem) -> str:
    """A problem on one line, its path as seen from where the user stands."""
    return visible(f"{checked.here}{problem}")


def sentence(checked: Checked) -> str:
    """The one sentence that counts what was found."""
    if not checked.problems:
        manifests = counted(checked.manifests, "manifest")
        return f"No problems. {manifests}, {counted(checked.files, 'file')}."
    files = len({problem.path for problem in checked.problems})
    return f"{counted(len(checked.problems), 'problem')} in {counted(files, 'file')}."


_PLACE = re.compile(r"(\bline |:)\d+")


def fingerprints(problems: Sequence[Problem]) -> list[str]:
    """What tells each problem from all others and stays the same when its line moves."""
    import json  # as long to import as to read what the cache knows, which is often all there is

    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for problem in problems:
        what = problem.path, _PLACE.sub(r"\1?", problem.message)
        seen[what] += 1
        text = json.dumps([*what, seen[what]])
        found.append(hashlib.sha256(text.encode()).hexdigest())
    return found
