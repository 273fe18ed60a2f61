"""The program: finds the command, and turns whatever goes wrong into a message and an exit code."""

import atexit
import gc
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from io import TextIOWrapper
from itertools import pairwise
from types import FrameType
from typing import NoReturn

import click

from catalogsync import __version__
from catalogsync.cli.dropped import told_again
from catalogsync.errors import CatalogSyncError, Interrupted, UsageError

_COMMANDS = {
    "apply": ("apply", "Make the project look like the manifests."),
    "ci": ("ci", "Tell GitHub or GitLab of a plan or of drift: comment, summary, issue."),
    "doctor": ("doctor", "Check credentials, project, network and versions."),
    "download": ("download", "Fetch the weights of a model."),
    "drift": ("drift", "Tell what was changed on the server since the last apply."),
    "fmt": ("fmt", "Bring manifests into the one canonical layout."),
    "gc": ("gc", "List uploads that nothing uses any more, and delete them."),
    "init": ("init", "Start a catalog in a folder."),
    "plan": ("plan", "Show what an apply would do; reads only."),
    "promote": ("promote", "Bring models from one project to another."),
    "pull": ("pull", "Write what the project has into manifests."),
    "restore": ("restore", "Bring back models that were deleted."),
    "sandbox": ("sandbox", "Run a local Scenario API, no account needed."),
    "snapshot": ("snapshot", "Write what plans need of the project into a file."),
    "schema": ("schema", "Print a JSON Schema of the catalog format."),
    "show": ("show", "Show a saved plan; opens no socket."),
    "train": ("train", "Train models on purpose; follow and cancel trainings."),
    "validate": ("validate", "Check every manifest and file; opens no socket."),
}
"""Every command with its module and its line in the help: no module is imported for either."""


_LISTING = frozenset({"apply", "drift", "plan", "snapshot"})
"""Commands that list the project, which may begin in a second process."""


class _Commands(click.Group):
    """Imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"catalogsync.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names."""
        if args[0] not in _COMMANDS and not ctx.resilient_parsing:
            # Only a mistake needs what takes its time to import.
            from catalogsync.manifest.words import did_you_mean, quote

            hint = did_you_mean(args[0], _COMMANDS) or "see catalog-sync --help"
            raise UsageError(f"there is no command {quote(args[0])}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="catalog-sync", message="%(prog)s %(version)s")
def program() -> None:
    """GitOps for a Scenario model catalog: manifests in Git, plan, review, apply.

    \b
    Exit codes: 0 fine, 1 error, 2 changes (with --detailed-exitcode)
    or drift, 3 credentials or permission, 4 applied in part, 5 refused, 64 usage,
    130 interrupted.
    """


def collect_seldom() -> None:
    """Let Python look for cycles only after many new objects.

    A catalog is millions of values without a cycle. Looking through them each time that they grew
    by a quarter takes a third of the processor time of a plan, and makes it grow faster than they.
    """
    gc.set_threshold(1_000_000, 50, 100)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program with the given arguments, or the command line's, and exit."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # The same result is the same bytes, whatever the locale.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    signal.signal(signal.SIGTERM, _terminate)
    # All memory is given back at the end; Python would look for cycles in it before.
    atexit.register(gc.freeze)
    collect_seldom()
    try:
        with told_again(), _begun_early(given) as early:
            code = program.main(given, prog_name="catalog-sync", standalone_mode=False, obj=early)
    except CatalogSyncError as error:
        code = _complain(error, given)
    except (click.Abort, KeyboardInterrupt):
        code = _complain(Interrupted("interrupted"), given)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = UsageError.exit_code
    except click.ClickException as error:
        code = _complain(UsageError(error.format_message(), hint=_hint(error)), given)
    except BrokenPipeError:
        # The reader went away, as with `| head`: nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        hint = "check that it is there, that it may be read or written, and that the disk has room"
        code = _complain(CatalogSyncError(f"{error.strerror or error}{where}", hint=hint), given)
    except Exception as defect:
        code = _complain(_crashed(defect, given), given)
    sys.exit(code if isinstance(code, int) else 0)


def _begun_early(given: Sequence[str]) -> AbstractContextManager[object]:
    """A second process for a command that may need one, for the length of a `with`."""
    if not given or given[0] not in _LISTING:
        return nullcontext()
    # No other command pays for this.
    from catalogsync.cli.early import begun_early

    return begun_early(given[1:])


def _hint(error: click.ClickException) -> str:
    """What to do about a command line that is wrong."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"see {context.command_path} --help" if context else ""


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _crashed(defect: Exception, arguments: Sequence[str]) -> CatalogSyncError:
    # What it takes to tell of a crash is imported only now.
    from catalogsync.cli.crash import report, saved

    # What a defect says stays untold: it may hold anything.
    what = f"a defect of catalog-sync or its installation: {type(defect).__name__}"
    text = report(defect, arguments, known_words=_COMMANDS)
    where = saved(text)
    if where:
        return CatalogSyncError(what, hint=f"report it with {where}, which holds no secrets")
    sys.stderr.write(text)
    return CatalogSyncError(what, hint="report it with the lines above, which hold no secrets")


def _complain(error: CatalogSyncError, arguments: Sequence[str]) -> int:
    # Colours and escapes are needed only now.
    from catalogsync.cli.output import show_error

    show_error(error, as_json=_wants_json(arguments))
    return error.exit_code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether --json is meant, also where a command line is too wrong to be parsed."""
    try:
        variable = click.BOOL.convert(os.environ.get("CATALOG_SYNC_JSON") or "no", None, None)
    except click.BadParameter:
        variable = True
    asked = {"--json", "--format=json"} & set(arguments)
    return bool(variable or asked or ("--format", "json") in pairwise(arguments))
