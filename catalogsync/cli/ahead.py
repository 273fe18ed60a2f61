"""Lets the reads of a large catalog begin while its manifests are loaded."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from catalogsync.cli.choices import Choices, chosen_target, credentials
from catalogsync.errors import CatalogSyncError
from catalogsync.manifest.common import catalog_without_models
from catalogsync.manifest.glance import size

if TYPE_CHECKING:
    from catalogsync.ahead import Ahead, Order

_WORTH_IT = 200
"""How many models it takes for a second process to save more than it costs."""


@contextmanager
def reading_ahead(root: Path, choices: Choices) -> "Iterator[Ahead | None]":
    """What is read beside the loading, for the length of a `with`; None where that does not pay.

    Where anything is wrong nothing is begun: it is told in its own place.
    """
    ahead = _begun(root, choices) if _pays(root, choices) else None
    try:
        yield ahead
    finally:
        if ahead:
            ahead.close()


def _begun(root: Path, choices: Choices) -> "Ahead | None":
    from catalogsync.ahead import Ahead

    try:
        order = _order(root, choices)
        return Ahead(order) if order else None
    except (CatalogSyncError, OSError, RuntimeError):
        return None


def _pays(root: Path, choices: Choices) -> bool:
    """Whether there is another core, a Python to run on it, and enough for it to do."""
    possible = choices.sandbox is None and _cores() > 1 and bool(sys.executable)
    return possible and size(root) >= _WORTH_IT


def _cores() -> int:
    """How many cores this process may run on."""
    may_be_told = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if may_be_told else os.cpu_count() or 1


def _order(root: Path, choices: Choices) -> "Order | None":
    """What to read: all that manifests seem to need where all of them count, else the listing."""
    from catalogsync.ahead import Order

    key, secret = credentials()
    catalog = catalog_without_models(root)
    if catalog is None:
        return None
    target = chosen_target(catalog, choices)
    return Order(
        base_url=choices.address,
        key=key,
        secret=secret,
        project=target.project,
        jobs=choices.jobs,
        timeout=choices.timeout,
        root=str(root.resolve()),
        catalog=catalog.name,
        texts=choices.takes_all and not choices.recalls,
    )
