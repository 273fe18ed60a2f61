"""`catalog-sync validate`: check every manifest and file, without a network."""

from pathlib import Path

import click

from catalogsync.cli.opening import opened_cache
from catalogsync.cli.options import cache_option, catalog_argument, option
from catalogsync.cli.output import from_here
from catalogsync.cli.root import catalog_root
from catalogsync.errors import ManifestError
from catalogsync.manifest import load
from catalogsync.manifest.git import work_tree
from catalogsync.review.checked import Checked
from catalogsync.review.formats import CHECK_FORMATS


@click.command("validate")
@catalog_argument
@option(
    "--format",
    "format_name",
    type=click.Choice(list(CHECK_FORMATS)),
    default="text",
    show_default=True,
    help="How to tell it: for people, programs, GitHub annotations, code scanning, GitLab, JUnit.",
)
@option("--json", "as_json", is_flag=True, help="The same as --format json.")
@cache_option
def command(catalog: Path | None, format_name: str, as_json: bool, no_cache: bool) -> int:
    """Check schema, files, references and media; every problem of every file at once."""
    checked = _check(catalog_root(catalog), no_cache=no_cache)
    click.echo(CHECK_FORMATS["json" if as_json else format_name](checked), nl=False)
    return 1 if checked.problems else 0


def _check(root: Path, *, no_cache: bool) -> Checked:
    try:
        with opened_cache(no_cache=no_cache) as cache:
            loaded = load(root, known=cache.files(root))
    except ManifestError as error:
        here, within = f"{from_here(root)}/", _prefix(root)
        return Checked(problems=error.problems, here=here, within=within)
    return Checked(manifests=len(loaded.models), files=len(loaded.files))


def _prefix(root: Path) -> str:
    """The way to the catalog from the root of its repository, or from here if it is in none."""
    base = work_tree(root) or Path.cwd()
    try:
        parts = root.resolve().relative_to(base).parts
    except ValueError:
        return f"{root}/"
    return "".join(f"{part}/" for part in parts)
