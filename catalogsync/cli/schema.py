"""`catalog-sync schema`: print a JSON Schema."""

from typing import Literal

import click

_NAMES = ["model", "catalog", "plan", "drift", "train", "download"]


@click.command("schema")
@click.argument("name", type=click.Choice(_NAMES), default="model")
def command(name: Literal["model", "catalog", "plan", "drift", "train", "download"]) -> None:
    """Print a JSON Schema (draft 2020-12): of a manifest, of catalog.yaml, of a JSON document."""
    from catalogsync.manifest import schema_text

    click.echo(schema_text(name), nl=False)
