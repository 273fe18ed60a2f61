"""GitOps for a Scenario model catalog: manifests in Git, plan, review, apply."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# httpx imports what its own command line needs, rich and pygments, and does without if it cannot.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None keeps it from importing


def on_demand(package: str, files: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package that imports each name from its file once it is asked for."""

    def imported(name: str) -> Any:
        if name not in files:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{files[name]}"), name)

    return imported
