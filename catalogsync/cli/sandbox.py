"""`catalog-sync sandbox`: a local Scenario API on loopback."""

from errno import EADDRINUSE
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalogsync.cli.options import DEFAULT_SANDBOX
from catalogsync.cli.session import check_sandbox_folder, sandbox_module
from catalogsync.errors import UsageError

if TYPE_CHECKING:
    from catalogsync.sandbox.faults import Faults


@click.group("sandbox")
def command() -> None:
    """A local Scenario API: no account, no network, a gallery to look at."""


@command.command("serve")
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; 0: a free one.")
@click.option("--latency", type=click.FloatRange(0), default=0, metavar="MS", help="Slow down.")
@click.option("--key", metavar="KEY", help="Accept this key only.")
@click.option("--secret", metavar="SECRET", help="Accept this secret only.")
@click.option("--faults", metavar="SPEC", help="Let things go wrong: seed=7,rate=0.05.")
def serve(directory: Path | None, latency: float, faults: str | None, **options: Any) -> None:
    """Serve the API kept in DIR until Ctrl-C; prints its address when it is ready.

    The address without /v1 shows the models as a gallery. With --faults, requests go wrong on
    purpose, the same ones for the same seed; docs/reliability.md has the list.
    """
    directory = directory or Path(DEFAULT_SANDBOX)
    check_sandbox_folder(directory)
    try:
        sandbox_module().serve(
            directory,
            latency_ms=latency,
            middleware=(_faults(faults),) if faults else (),
            on_ready=lambda url: click.echo(f"listening on {url}"),
            **options,
        )
    except OSError as error:
        if error.errno != EADDRINUSE:
            raise
        raise UsageError(
            f"port {options['port']} is taken", hint="name another, or leave --port out"
        ) from None


def _faults(spec: str) -> "Faults":
    sandbox_module()
    from catalogsync.sandbox.faults import BadSpec, Faults, parsed

    try:
        return Faults(*parsed(spec))
    except BadSpec as error:
        raise UsageError(
            f"--faults: {error}", hint="for example: seed=7,rate=0.05 or lost@POST /models=1x"
        ) from None
