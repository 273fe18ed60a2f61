"""`catalog-sync schema`: print a JSON Schema."""

from typing import Literal

import click


@click.command("schema")
@click.argument("name", type=click.Choice(["model", "catalog"]), default="model")
def command(name: Literal["model", "catalog"]) -> None:
    """Print the JSON Schema (draft 2020-12) of a manifest or of catalog.yaml."""
    from catalogsync.manifest import schema_text

    click.echo(schema_text(name), nl=False)
