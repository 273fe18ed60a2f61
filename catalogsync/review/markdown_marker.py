"""The hidden first line by which a comment of ours is found again."""

import json
import re
from typing import Literal

from catalogsync.plan import Plan

MARKER = "<!-- catalog-sync "
"""How the first line of every comment of ours begins; JSON and ` -->` follow."""

_LONGEST = 100
_NOT_PLAIN = re.compile(r"[<>&@#]|(?<=[-:])[-:]")


def marker(plan: Plan, kind: Literal["plan", "apply"]) -> str:
    """One line that names the catalog, the target, the project and the plan, by its digest."""
    fields = {
        "kind": kind,
        "changes": len(plan.models),
        "catalog": plan.catalog[:_LONGEST],
        "target": plan.target[:_LONGEST],
        "project": plan.project[:_LONGEST],
        "digest": plan.digest,
    }
    text = json.dumps(fields, sort_keys=True, ensure_ascii=True)
    # Inside a JSON string this means the same, and nothing can end the comment.
    inert = _NOT_PLAIN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return f"{MARKER}{inert} -->"
