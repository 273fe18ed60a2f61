"""`catalog-sync sandbox`: a local Scenario API on loopback."""

from pathlib import Path
from typing import Any

import click

from catalogsync.cli.options import DEFAULT_SANDBOX
from catalogsync.cli.session import check_sandbox_folder, sandbox_module


@click.group("sandbox")
def command() -> None:
    """A local Scenario API: no account, no network, a gallery to look at."""


@command.command("serve")
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; 0: a free one.")
@click.option("--latency", type=click.FloatRange(0), default=0, metavar="MS", help="Slow down.")
@click.option("--key", metavar="KEY", help="Accept this key only.")
@click.option("--secret", metavar="SECRET", help="Accept this secret only.")
def serve(directory: Path | None, latency: float, **options: Any) -> None:
    """Serve the API kept in DIR until Ctrl-C; prints its address when it is ready.

    The address without /v1 shows the models as a gallery.
    """
    directory = directory or Path(DEFAULT_SANDBOX)
    check_sandbox_folder(directory)
    sandbox_module().serve(
        directory,
        latency_ms=latency,
        on_ready=lambda url: click.echo(f"listening on {url}"),
        **options,
    )
