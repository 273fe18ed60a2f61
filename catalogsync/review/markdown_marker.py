"""The hidden first line by which a comment of ours is found again."""

import json
import re
from typing import Literal

from catalogsync.drift import Drift
from catalogsync.plan import Plan

MARKER = "<!-- catalog-sync "
"""How the first line of every comment of ours begins; JSON and ` -->` follow."""

_LONGEST = 100
_NOT_PLAIN = re.compile(r"[<>&@#]|(?<=[-:])[-:]")


def marker(plan: Plan, kind: Literal["plan", "apply"], digest: str) -> str:
    """One line that names the catalog, the target, the project and the plan, by its `digest`."""
    return _line(plan, kind, changes=len(plan.models), digest=digest)


def drift_marker(drift: Drift) -> str:
    """One line that names the catalog, the target, the project and the drift, by its fingerprint.

    `known` is false where something could not be compared: that is not the end of a drift.
    """
    changes, known = len(drift.edited), not drift.refusals
    return _line(drift, "drift", changes=changes, digest=drift.fingerprint, known=known)


def _line(told: Plan | Drift, kind: str, **more: object) -> str:
    fields = {
        "kind": kind,
        "catalog": told.catalog[:_LONGEST],
        "target": told.target[:_LONGEST],
        "project": told.project[:_LONGEST],
        **more,
    }
    text = json.dumps(fields, sort_keys=True, ensure_ascii=True)
    # Inside a JSON string this means the same, and nothing can end the comment.
    inert = _NOT_PLAIN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return f"{MARKER}{inert} -->"
