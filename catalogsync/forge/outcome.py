"""What an apply did, in a few lines for the comment of its plan: our own words and numbers."""

from collections.abc import Mapping

from catalogsync.errors import UsageError
from catalogsync.forge.stamp import Subject
from catalogsync.review.words import visible

_TITLES = {
    (True, True): "## ✅ Applied",
    (True, False): "## ⚠️ Applied in part",
    (False, False): "## ❌ Not applied",
    (False, True): "## ✅ Nothing was left to apply",
}
"""The title, by whether anything was done and whether all of it was."""


def outcome_of(document: Mapping[str, object]) -> tuple[Subject, str]:
    """What the document of an apply is about, and the Markdown that tells its outcome."""
    match document:
        case {
            "catalog": str(catalog),
            "target": str(target),
            "result": str(result),
            "outcomes": list(outcomes),
            "refusals": list(refusals),
        }:
            done = [outcome["status"] == "done" for outcome in outcomes]
            title = _TITLES[any(done), all(done) and not refusals]
            return Subject(catalog, target), f"{title}\n\n{visible(result)}"
        case _:
            raise UsageError(
                "that is not what an apply printed",
                hint="give the file into which `catalog-sync apply --json` was written",
            )
