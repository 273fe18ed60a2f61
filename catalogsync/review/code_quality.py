"""Problems as a report for GitLab's Code Quality."""

from catalogsync.review.checked import Checked, fingerprints
from catalogsync.review.document import dumped
from catalogsync.review.words import visible


def as_code_quality(checked: Checked) -> str:
    """One entry a problem."""
    problems = checked.in_repository
    return dumped(
        [
            {
                "description": visible("; ".join(filter(None, (problem.message, problem.hint)))),
                "check_name": "invalid-catalog",
                "fingerprint": fingerprint,
                "severity": "major",
                "location": {"path": visible(problem.path), "lines": {"begin": problem.line}},
            }
            for problem, fingerprint in zip(problems, fingerprints(problems), strict=True)
        ]
    )
