"""`catalog-sync validate`: check every manifest and file, without a network."""

from pathlib import Path

import click

from catalogsync.cache import Verdict, default_path, open_verdicts
from catalogsync.cli.options import cache_option, catalog_argument, option
from catalogsync.cli.root import catalog_root
from catalogsync.errors import ManifestError
from catalogsync.manifest import work_tree
from catalogsync.manifest.state import state_of
from catalogsync.manifest.tracked import Tracked
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
    checked = check(catalog_root(catalog), None if no_cache else default_path())
    click.echo(CHECK_FORMATS["json" if as_json else format_name](checked), nl=False)
    return 1 if checked.problems else 0


def check(root: Path, cache: Path | None, *, now_ns: int | None = None) -> Checked:
    """What is wrong with a catalog; read anew unless it is known to be as it was without fault.

    `cache` is the file of what earlier runs learned, `now_ns` when this one began.
    """
    tracked = Tracked(root)
    if cache is None:
        return _read(root, None, tracked, now_ns)
    verdicts = open_verdicts(cache, root, now_ns=now_ns)
    state = state_of(root, tracked, verdicts.rest_ns)
    known = verdicts.recall(state) if state else None
    if known:
        return Checked(manifests=known.manifests, files=known.files)
    checked = _read(root, cache, tracked, now_ns)
    # What is edited while it is read can never be in the state before again.
    if state and not checked.problems:
        verdicts.keep(state, Verdict(checked.manifests, checked.files))
    return checked


def _read(root: Path, cache: Path | None, tracked: Tracked, now_ns: int | None) -> Checked:
    # What it takes to read a catalog is imported only for one that is not known.
    from catalogsync.cache import open_cache
    from catalogsync.manifest import load

    try:
        with open_cache(cache, now_ns=now_ns) as learned:
            loaded = load(root, known=learned.files(root), tracked=tracked)
    except ManifestError as error:
        from catalogsync.cli.output import from_here

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
