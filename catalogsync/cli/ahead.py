"""Lets the reads of a large catalog begin while its manifests are loaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalogsync.cli.choices import Choices, chosen_target, credentials
from catalogsync.cli.early import Early, pays
from catalogsync.errors import CatalogSyncError
from catalogsync.manifest.common import catalog_without_models

if TYPE_CHECKING:
    from catalogsync.ahead import Ahead, Order


@contextmanager
def reading_ahead(root: Path, choices: Choices, *, yields: bool) -> "Iterator[Ahead | None]":
    """What is read beside the loading, for the length of a `with`; None where that does not pay.

    It `yields` to the loading where that takes longer. Where anything is wrong nothing is begun:
    it is told in its own place.
    """
    context = click.get_current_context(silent=True)
    early = context.find_object(Early) if context else None
    may_begin = choices.sandbox is None and pays(root)
    ahead = _begun(root, choices, early, yields=yields) if may_begin else None
    if early:
        early.close()
    try:
        yield ahead
    finally:
        if ahead:
            ahead.close()


def _begun(root: Path, choices: Choices, early: Early | None, *, yields: bool) -> "Ahead | None":
    from catalogsync.ahead import Ahead

    try:
        order = _order(root, choices, yields=yields)
        return Ahead(order, early.take() if early else None) if order else None
    except (CatalogSyncError, OSError, RuntimeError):
        return None


def _order(root: Path, choices: Choices, *, yields: bool) -> "Order | None":
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
        yields=yields,
    )
