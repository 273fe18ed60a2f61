"""Problems as annotations of a GitHub Actions run, by the escaping rules of its runner."""

from catalogsync.errors import Problem
from catalogsync.review.checked import Checked, problem_line, sentence
from catalogsync.review.words import counted, visible

_MOST = 9
"""GitHub shows ten annotations of a step and drops the others without a word."""

_IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = _IN_DATA | str.maketrans({":": "%3A", ",": "%2C"})


def as_annotations(checked: Checked) -> str:
    """At most nine annotations, one that counts the rest, and the rest as lines of the log."""
    shown, rest = checked.in_repository[:_MOST], checked.problems[_MOST:]
    lines = [_annotation(problem) for problem in shown]
    if rest:
        more = f"and {counted(len(rest), 'more problem')}; the log of this step has them all"
        lines.append(f"::error title=catalog-sync::{more.translate(_IN_DATA)}")
    lines += [problem_line(checked, problem) for problem in rest]
    return "\n".join([*lines, sentence(checked)]) + "\n"


def _annotation(problem: Problem) -> str:
    properties = {
        "file": visible(problem.path),
        "line": str(problem.line),
        "col": str(problem.column),
        "title": "catalog-sync",
    }
    given = ",".join(
        f"{name}={value.translate(_IN_PROPERTY)}" for name, value in properties.items()
    )
    hint = f"\nWhat to do: {visible(problem.hint)}" if problem.hint else ""
    return f"::error {given}::{(visible(problem.message) + hint).translate(_IN_DATA)}"
