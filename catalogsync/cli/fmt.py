"""`catalog-sync fmt`: one canonical layout for the files of a catalog."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path

import click

from catalogsync.cli.options import option
from catalogsync.cli.output import from_here, write_lines, write_text
from catalogsync.cli.readings import write_all
from catalogsync.cli.root import catalog_root
from catalogsync.errors import ManifestError, Problem, UsageError
from catalogsync.manifest import find_catalog
from catalogsync.manifest.alone import YamlFile, yaml_files
from catalogsync.review.pulled import lines_of_patch
from catalogsync.review.words import counted, visible
from catalogsync.roundtrip import Uneditable, formatted
from catalogsync.values import dataclass


@click.command("fmt")
@click.argument(
    "places", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[CATALOG|PATHS]..."
)
@option("--check", is_flag=True, help="Write nothing; exit 1 if a file is not laid out so.")
@option("--diff", is_flag=True, help="Write nothing; print what would change.")
def command(places: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Bring catalog.yaml and the manifests into the one canonical layout.

    Comments stay, and no file comes to mean anything else. A file with an error is left as it is.
    """
    results = [_laid_out(root, file) for root, file in _chosen(places)]
    changed = [result for result in results if result.differs]
    writes = not (check or diff)
    if writes:
        write_all({result.path: result.after for result in changed})
    for result in changed:
        if diff:
            write_lines(lines_of_patch(_diff(result)), color="never")
        else:
            write_text(f"{visible(_shown(result.path))}\n")
    problems = tuple(problem for result in results for problem in result.problems)
    if not diff:
        fine = len([r for r in results if not (r.differs or r.problems)])
        done = "laid out anew" if writes else "to be laid out anew"
        click.echo(f"{counted(len(changed), 'file')} {done}, {fine} as they should be.")
    if problems:
        raise ManifestError(problems, where="files that were left as they are")
    return 1 if check and changed else 0


@dataclass(frozen=True, slots=True)
class _Result:
    """A file before and after; the same where it has problems."""

    path: Path
    before: str
    after: str
    problems: tuple[Problem, ...] = ()

    @property
    def differs(self) -> bool:
        return self.before != self.after


def _chosen(places: Sequence[Path]) -> Iterator[tuple[Path, YamlFile]]:
    """The files that are in what was named, with their catalogs' folders."""
    named: dict[Path, list[tuple[str, ...]]] = {}
    for place in places or (catalog_root(None),):
        root = find_catalog(place if place.is_dir() else place.parent)
        real = place.resolve() if place.is_dir() else place.parent.resolve() / place.name
        named.setdefault(root, []).append(real.relative_to(root).parts)
    for root, wanted in named.items():
        files = list(yaml_files(root))
        for parts in wanted:
            if not any(file.parts[: len(parts)] == parts for file in files):
                raise UsageError(
                    f"{root.joinpath(*parts)} is no file of a catalog",
                    hint="name catalog.yaml, manifests, or folders that hold them",
                )
        yield from ((root, file) for file in files if _is_in(file, wanted))


def _is_in(file: YamlFile, wanted: Iterable[tuple[str, ...]]) -> bool:
    return any(file.parts[: len(parts)] == parts for parts in wanted)


def _laid_out(root: Path, file: YamlFile) -> _Result:
    path = root.joinpath(*file.parts)
    if file.problems:
        here = from_here(root)
        problems = tuple(replace(p, path=str(here / p.path)) for p in file.problems)
        return _Result(path, file.text, file.text, problems)
    try:
        return _Result(path, file.text, formatted(file.text, file.kind))
    except Uneditable as told:
        problem = Problem(visible(_shown(path)), 1, 1, told.message, told.hint)
        return _Result(path, file.text, file.text, (problem,))


def _shown(path: Path) -> str:
    return str(from_here(path.parent) / path.name)


def _diff(result: _Result) -> Iterator[str]:
    for line in unified_diff(
        _lines(result.before),
        _lines(result.after),
        f"a/{_shown(result.path)}",
        f"b/{_shown(result.path)}",
    ):
        yield line if line.endswith("\n") else f"{line}\n"
        if not line.endswith("\n"):
            yield "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """The lines as Git counts them, whatever else YAML takes for a line break."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
