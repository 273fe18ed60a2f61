"""`catalog-sync schema`: print a JSON Schema."""

from typing import Literal

import click


@click.command("schema")
@click.argument("name", type=click.Choice(["model", "catalog", "plan", "drift"]), default="model")
def command(name: Literal["model", "catalog", "plan", "drift"]) -> None:
    """Print the JSON Schema (draft 2020-12) of a manifest, of catalog.yaml, a plan or drift."""
    from catalogsync.manifest import schema_text

    click.echo(schema_text(name), nl=False)
