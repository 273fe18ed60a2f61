"""`catalog-sync validate`: check every manifest and file, without a network."""

from pathlib import Path

import click

from catalogsync.cli.options import cache_option, catalog_argument
from catalogsync.cli.session import catalog_root, opened_cache
from catalogsync.errors import ManifestError
from catalogsync.manifest import load
from catalogsync.review.words import counted, visible


@click.command("validate")
@catalog_argument
@cache_option
def command(catalog: Path | None, no_cache: bool) -> int:
    """Check schema, files, references and media; every problem of every file at once."""
    root = catalog_root(catalog)
    try:
        with opened_cache(no_cache=no_cache) as cache:
            loaded = load(root, known=cache.files(root))
    except ManifestError as error:
        for problem in error.problems:
            click.echo(visible(f"{_shown(root)}/{problem}"))
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
