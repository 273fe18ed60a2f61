"""`catalog-sync doctor`: is everything there that a plan and an apply need?"""

import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalogsync import __version__
from catalogsync.cli.choices import (
    KEY_VARIABLE,
    SECRET_VARIABLE,
    Choices,
    chosen_target,
    credentials,
)
from catalogsync.cli.init import PLACEHOLDER
from catalogsync.cli.opening import open_catalog, opened_cache
from catalogsync.cli.options import catalog_argument, connection_options
from catalogsync.cli.session import connect, log_of
from catalogsync.errors import ApiError, CatalogSyncError, ManifestError, UsageError
from catalogsync.model import Catalog, Target
from catalogsync.review.words import counted, file_size, visible
from catalogsync.values import dataclass

if TYPE_CHECKING:
    from catalogsync.cache import DigestCache


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `error` is None where it is in order, or where nobody is `sure`."""

    what: str
    says: str
    error: CatalogSyncError | None = None
    sure: bool = True


@click.command("doctor")
@catalog_argument
@connection_options
def command(catalog: Path | None, **options: Any) -> int:
    """Check catalog, credentials, project, network and versions; say what to do about each."""
    findings = list(_examine(Choices(catalog=catalog, **options)))
    for finding in findings:
        sign = "FAIL" if finding.error else "ok  " if finding.sure else "?   "
        click.echo(f"{sign}  {finding.what:<12}{visible(finding.says)}")
        if finding.error and finding.error.hint:
            click.echo(f"      {'':<12}what to do: {visible(finding.error.hint)}")
        if finding.error and finding.error.trace_id:
            click.echo(f"      {'':<12}trace id of the API: {visible(finding.error.trace_id)}")
    return max((f.error.exit_code for f in findings if f.error), default=0)


def _examine(choices: Choices) -> Iterator[Finding]:
    yield Finding("versions", _versions())
    catalogs: list[Catalog] = []
    with opened_cache(no_cache=choices.no_cache) as cache:
        yield _attempt("catalog", lambda: _catalog(choices, catalogs, cache))
    yield Finding("cache", _cache(cache))
    target = Target("")
    if catalogs:
        yield _attempt("target", lambda: _target(catalogs[0], choices))
        with suppress(CatalogSyncError):
            target = chosen_target(catalogs[0], choices)
    if choices.sandbox is None:
        yield _attempt("credentials", _credentials)
    if choices.sandbox is not None or _have_credentials():
        yield _attempt("api", lambda: _api(choices, target))
    role = "the API does not tell; reader is enough to plan, apply needs editor"
    yield Finding("role", role, sure=False)


def _attempt(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, look())
    except CatalogSyncError as error:
        return Finding(what, error.message, error)


def _versions() -> str:
    parts = [f"catalog-sync {__version__}", f"Python {platform.python_version()}"]
    parts += [f"{name} {importlib.metadata.version(name)}" for name in ("httpx", "pyyaml")]
    has_sandbox = importlib.util.find_spec("starlette") and importlib.util.find_spec("uvicorn")
    return ", ".join([*parts, "sandbox" if has_sandbox else "no sandbox"])


def _catalog(choices: Choices, found: list[Catalog], cache: "DigestCache") -> str:
    try:
        catalog = open_catalog(choices.catalog, cache)
    except ManifestError as error:
        error.hint = "run catalog-sync validate to see them all"
        raise
    found.append(catalog)
    return f"{catalog.name}, {counted(len(catalog.models), 'manifest')}"


def _cache(cache: "DigestCache") -> str:
    """What is kept from run to run; a cache that cannot be used is slow, but nothing to mend."""
    if cache.path is None:
        return "not used"
    held = cache.holding()
    sorts = {"file": held.files, "asset": held.assets, "verdict": held.verdicts}
    entries = ", ".join(counted(number, what) for what, number in sorts.items())
    return f"{cache.path}: {entries}, {file_size(held.size)}"


def _target(catalog: Catalog, choices: Choices) -> str:
    target = chosen_target(catalog, choices)
    if target.project == PLACEHOLDER and choices.sandbox is None:
        raise UsageError(
            f"{target.name}: {PLACEHOLDER} is no project",
            hint="write the id of yours in catalog.yaml, as the web page shows it",
        )
    return f"{target.name or '(none)'}, project {target.project or 'of the credentials'}"


def _have_credentials() -> bool:
    return bool(os.environ.get(KEY_VARIABLE) and os.environ.get(SECRET_VARIABLE))


def _credentials() -> str:
    credentials()
    return f"{KEY_VARIABLE} and {SECRET_VARIABLE} are set"


def _api(choices: Choices, target: Target) -> str:
    with connect(choices, target, read_only=True, tell=log_of(choices)) as client:
        try:
            count = sum(1 for _ in client.list_models())
        except ApiError as error:
            if error.hint == error.usual_hint:
                error.hint = "check --base-url and --project"
            raise
    return f"answers, {counted(count, 'model')} in the project"
