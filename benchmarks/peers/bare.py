"""A program on click that does nothing: what no program on click can be faster than."""

import click


@click.command()
@click.version_option("0.1.0")
def program() -> None:
    """Do nothing."""


program()
