"""`catalog-sync validate`: check every manifest and file, without a network."""

from pathlib import Path

import click

from catalogsync.cli.options import catalog_argument
from catalogsync.cli.session import catalog_root
from catalogsync.errors import ManifestError
from catalogsync.manifest import load
from catalogsync.review.words import counted, visible


@click.command("validate")
@catalog_argument
def command(catalog: Path | None) -> int:
    """Check schema, files, references and media; every problem of every file at once."""
    root = catalog_root(catalog)
    try:
        loaded = load(root)
    except ManifestError as error:
        for problem in error.problems:
            click.echo(visible(str(Path(_shown(root)) / str(problem))))
        files = len({problem.path for problem in error.problems})
        click.echo(f"{counted(len(error.problems), 'problem')} in {counted(files, 'file')}.")
        return 1
    manifests, files = len(loaded.models), len(loaded.files)
    click.echo(f"No problems. {counted(manifests, 'manifest')}, {counted(files, 'file')}.")
    return 0


def _shown(root: Path) -> str:
    """The catalog's folder as seen from here, so that editors and terminals can open it."""
    try:
        return str(root.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(root)
