"""GitOps for a Scenario model catalog: manifests in Git, plan, review, apply."""

import sys

__version__ = "0.1.0"

# httpx imports what its own command line needs, rich and pygments, and does without if it cannot.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None keeps it from importing
