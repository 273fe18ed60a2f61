"""Problems as SARIF 2.1.0, for code scanning."""

from urllib.parse import quote

from catalogsync.errors import Problem
from catalogsync.review.checked import Checked, fingerprints
from catalogsync.review.document import dumped
from catalogsync.review.words import visible

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_RULE = "invalid-catalog"


def as_sarif(checked: Checked) -> str:
    """One run with one result a problem."""
    problems = checked.in_repository
    rule = {
        "id": _RULE,
        "shortDescription": {"text": "The catalog's files have a problem."},
    }
    run = {
        "tool": {"driver": {"name": "catalog-sync", "rules": [rule]}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(problem, fingerprint)
            for problem, fingerprint in zip(problems, fingerprints(problems), strict=True)
        ],
    }
    return dumped({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(problem: Problem, fingerprint: str) -> dict[str, object]:
    hint = f"\nWhat to do: {visible(problem.hint)}" if problem.hint else ""
    return {
        "ruleId": _RULE,
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": f"{visible(problem.message)}{hint}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(problem.path)},
                    "region": {"startLine": problem.line, "startColumn": problem.column},
                }
            }
        ],
        "partialFingerprints": {"catalogSyncProblem/v1": fingerprint},
    }


def _uri(path: str) -> str:
    return quote(path, errors="surrogatepass")
