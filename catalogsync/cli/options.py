"""The options that commands share; each has an environment variable CATALOG_SYNC_<OPTION>."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_SANDBOX = ".catalog-sync/sandbox"
ADDRESS_VARIABLES = ("CATALOG_SYNC_BASE_URL", "SCENARIO_BASE_URL")


def option(name: str, *names: str, **settings: Any) -> Callable[[Command], Command]:
    """A click option with its environment variable."""
    variable = "CATALOG_SYNC_" + name.removeprefix("--").upper().replace("-", "_")
    settings.setdefault("envvar", variable)
    return click.option(name, *names, **settings)


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, in the order in which the help shows them."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(options):
            command = decorator(command)
        return command

    return decorate


class Size(click.ParamType[int]):
    """A number of bytes: 500000, 2GB, 1.5MiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Turn the text into bytes."""
        from catalogsync.manifest.settings import size

        try:
            return size(int(value) if str(value).isdigit() else str(value))
        except ValueError:
            self.fail(f"{value!r} is not a size; write 500000, 200MB or 2GB", param, ctx)


class ShardType(click.ParamType[Any]):
    """A part of the catalog: 2/8."""

    name = "shard"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the text into a shard."""
        from catalogsync.shard import Shard

        if isinstance(value, Shard):
            return value
        number, _, of = str(value).partition("/")
        digits = all(re.fullmatch("[0-9]{1,4}", part) for part in (number, of))
        shard = Shard(int(number), int(of)) if digits else None
        if shard is None or not shard.is_sound:
            self.fail(f"{value!r} is no shard; write 1/4, 2/4, 3/4 or 4/4", param, ctx)
        return shard


_WEEK = 7 * 24 * 3600


class Seconds(click.ParamType[float]):
    """A time that ends, within a week: clocks of the system have an end too."""

    name = "seconds"

    def __init__(self, *, least: float = 0.001) -> None:
        self._least = least

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Turn the text into a number."""
        seconds = click.FLOAT.convert(value, param, ctx)
        if not self._least <= seconds <= _WEEK:
            self.fail(f"{value!r} is no time to wait; write seconds, as 60 or 2.5", param, ctx)
        return float(seconds)


catalog_argument = click.argument(
    "catalog", required=False, type=click.Path(path_type=Path), metavar="[CATALOG]"
)

catalog_option = option(
    "--catalog",
    "-C",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The catalog's folder, if it is not the nearest one upward from here.",
)

keys_argument = click.argument("keys", nargs=-1, required=True, metavar="KEY...")

quiet_option = option("--quiet", "-q", is_flag=True, help="No progress, only results and errors.")

color_option = option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour the output.",
)

talk_options = together(
    quiet_option,
    color_option,
)

cache_option = option(
    "--no-cache", is_flag=True, help="Read every file and asset anew, and keep nothing of it."
)

timeout_option = option(
    "--timeout",
    type=Seconds(),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long one request may take, with all its attempts.",
)

_project_options = together(
    option("--target", metavar="NAME", help="The environment to use, from catalog.yaml."),
    option("--project", metavar="ID", help="The project to use instead of the target's."),
)

_YES = frozenset({"1", "true", "yes", "on"})


def _sandbox(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """The folder of the sandbox; as a variable says no more than yes, the usual one."""
    return DEFAULT_SANDBOX if value and value.lower() in _YES else value


server_options = together(
    option(
        "--base-url",
        metavar="URL",
        envvar=ADDRESS_VARIABLES,
        help="Where the API is, if not at Scenario.",
    ),
    option(
        "--sandbox",
        metavar="[DIR]",
        is_flag=False,
        flag_value=DEFAULT_SANDBOX,
        callback=_sandbox,
        help=f"Use a local API kept in DIR ({DEFAULT_SANDBOX}); no account needed.",
    ),
    option(
        "--jobs",
        type=click.IntRange(1, 64),
        default=8,
        show_default=True,
        help="How many requests may run at once.",
    ),
    timeout_option,
    option(
        "--max-wait",
        type=Seconds(least=0),
        default=300,
        show_default=True,
        metavar="SECONDS",
        help="How long a request may wait because the server asks for it; longer ends the run.",
    ),
    cache_option,
    option(
        "--verbose",
        "-v",
        count=True,
        help="Say every request on stderr; twice: also retries, waits and what was known already.",
    ),
    option("--log-json", is_flag=True, help="Say that as JSON, one object a line."),
)

connection_options = together(_project_options, server_options)

selection_options = together(
    option(
        "--only",
        metavar="GLOB",
        multiple=True,
        help="Only keys that match; repeatable.",
    ),
    option(
        "--exclude",
        metavar="GLOB",
        multiple=True,
        help="No keys that match; repeatable.",
    ),
    option(
        "--changed-since",
        metavar="REF",
        help="Only models that are not as they were at a commit, with all they refer to.",
    ),
    option(
        "--shard",
        type=ShardType(),
        metavar="I/N",
        help="Only part I of N of the catalog: disjoint parts that are the whole together.",
    ),
)

live_images_option = option(
    "--html-live-images",
    is_flag=True,
    help="Show pictures in the HTML that only the server has.",
)

allowance_options = together(
    option("--allow-update", type=click.IntRange(0), metavar="N", help="Allow N updates."),
    option("--allow-upload", type=Size(), metavar="SIZE", help="Allow uploads of SIZE."),
)

plan_options = together(
    option(
        "--refresh",
        type=click.Choice(["full", "changed"]),
        default="full",
        show_default=True,
        help="Look at all models, or only at those that moved, here or there, since the last look.",
    ),
    option("--prune", is_flag=True, help="Also delete models of this catalog without manifest."),
    option("--anew", is_flag=True, help="Create models anew that were deleted: restore none."),
    option("--allow-delete", type=click.IntRange(0), metavar="N", help="Allow N deletes."),
    allowance_options,
    live_images_option,
)

json_option = option("--json", "as_json", is_flag=True, help="Print one JSON document.")
