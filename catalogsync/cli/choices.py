"""What the user said: the options that many commands share, and the credentials."""

import os
from fnmatch import fnmatchcase
from pathlib import Path

from catalogsync.cli.changed import Changed
from catalogsync.errors import AccessDenied, UnknownKey, UsageError
from catalogsync.model import SCENARIO, Catalog, Target
from catalogsync.shard import Shard
from catalogsync.values import dataclass

KEY_VARIABLE = "SCENARIO_SDK_API_KEY"
SECRET_VARIABLE = "SCENARIO_SDK_API_SECRET"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the common options said."""

    catalog: Path | None = None
    target: str | None = None
    project: str | None = None
    base_url: str | None = None
    sandbox: str | None = None
    jobs: int = 8
    no_cache: bool = False
    verbose: int = 0
    log_json: bool = False
    quiet: bool = False
    max_wait: float = 300.0
    timeout: float = 120.0
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    shard: Shard | None = None
    changed_since: str | None = None
    refresh: str = "full"

    @property
    def address(self) -> str:
        """Where the API is."""
        return self.base_url or SCENARIO

    @property
    def takes_all(self) -> bool:
        """Whether every model counts."""
        return not (self.only or self.exclude or self.keys or self.shard or self.changed_since)

    @property
    def recalls(self) -> bool:
        """Whether what was read before is taken for models that did not change since."""
        return self.refresh == "changed"


def chosen_target(catalog: Catalog, choices: Choices) -> Target:
    """The target by name, else the catalog's default; --project goes before its project."""
    name = choices.target or catalog.default_target
    if not name and len(catalog.targets) > 1 and not choices.project:
        raise UsageError(
            "catalog.yaml has several targets and no default",
            hint=f"choose one with --target: {', '.join(t.name for t in catalog.targets)}",
        )
    if not name and len(catalog.targets) == 1:
        name = catalog.targets[0].name
    known = {target.name: target for target in catalog.targets}
    if name and name not in known:
        raise UsageError(
            f"there is no target {name!r} in catalog.yaml",
            hint=f"it has: {', '.join(sorted(known)) or 'none'}",
        )
    target = known.get(name, Target(""))
    return Target(target.name, choices.project or target.project, _server(choices))


def _server(choices: Choices) -> str:
    """What tells one server from another: the embedded one has another address in every run."""
    if choices.sandbox is not None:
        return f"sandbox:{Path(choices.sandbox).resolve()}"
    return choices.address.rstrip("/")


def selected(
    catalog: Catalog, choices: Choices, changed: Changed | None = None
) -> frozenset[str] | None:
    """The keys that the options and what changed leave, or those of a shard, or None for all."""
    if choices.shard:
        if choices.only or choices.exclude or choices.changed_since:
            raise UsageError(
                "--shard divides the whole catalog and cannot go with --only, --exclude or "
                "--changed-since",
                hint="give one or the other",
            )
        return choices.shard.keys(catalog)
    named = _named(catalog, choices)
    if changed is None or changed.keys is None:
        return named
    return changed.keys if named is None else named & changed.keys


def _named(catalog: Catalog, choices: Choices) -> frozenset[str] | None:
    if choices.keys:
        return _known_keys(catalog, choices.keys)
    if not (choices.only or choices.exclude):
        return None
    keys = [spec.key for spec in catalog.models]
    for glob in choices.only:
        if not any(fnmatchcase(key, glob) for key in keys):
            raise UsageError(
                f"--only {glob} matches no model",
                hint=f"give --only once for each glob; keys: {', '.join(keys)}",
            )
    chosen = frozenset(
        key
        for key in keys
        if (not choices.only or _any_matches(key, choices.only))
        and not _any_matches(key, choices.exclude)
    )
    if not chosen:
        raise UsageError("--only and --exclude leave no model", hint=f"keys: {', '.join(keys)}")
    return chosen


def _known_keys(catalog: Catalog, keys: tuple[str, ...]) -> frozenset[str]:
    specs = [spec.key for spec in catalog.models]
    unknown = [key for key in dict.fromkeys(keys) if key not in specs]
    if unknown:
        raise UnknownKey(
            f"there is no manifest {', '.join(unknown)}", hint=f"keys: {', '.join(specs)}"
        )
    return frozenset(keys)


def _any_matches(key: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key, glob) for glob in globs)


def credentials() -> tuple[str, str]:
    """The key and the secret; raises `AccessDenied` unless both are there and can be sent."""
    key, secret = os.environ.get(KEY_VARIABLE, ""), os.environ.get(SECRET_VARIABLE, "")
    missing = [n for n, v in ((KEY_VARIABLE, key), (SECRET_VARIABLE, secret)) if not v]
    if missing:
        raise AccessDenied(
            f"{' and '.join(missing)} not set",
            hint="export an API key of your project, or try it with --sandbox",
        )
    if not (key.isascii() and secret.isascii() and (key + secret).isprintable()) or ":" in key:
        raise AccessDenied(
            f"{KEY_VARIABLE} or {SECRET_VARIABLE} holds characters that no key has",
            hint="copy them again, without quotes or line ends",
        )
    return key, secret
