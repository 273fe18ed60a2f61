"""`catalog-sync pull`: what the server has, as manifests: new ones, and edits to others."""

import shlex
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from catalogsync.cli.again import typed_again
from catalogsync.cli.base import Known, base_option, known_base
from catalogsync.cli.choices import Choices
from catalogsync.cli.options import (
    catalog_argument,
    connection_options,
    json_option,
    option,
    talk_options,
)
from catalogsync.cli.output import from_here, say, write_lines, write_text
from catalogsync.cli.progress import progress
from catalogsync.cli.session import Session, session
from catalogsync.errors import FileChanged, Interrupted, UsageError
from catalogsync.manifest.overlay import load_with
from catalogsync.manifest.uncommitted import uncommitted
from catalogsync.manifest.words import did_you_mean
from catalogsync.observe import observe
from catalogsync.ports import ASSETS_PER_READ
from catalogsync.pull.download import (
    Placed,
    download,
    file_folder,
    names_in,
    placed,
    with_files,
)
from catalogsync.pull.draft import Load, drafted
from catalogsync.pull.fields import FIELDS
from catalogsync.pull.gather import grounds, to_download, to_observe
from catalogsync.pull.grounds import Draft, Grounds
from catalogsync.pull.patch import patch
from catalogsync.pull.selection import Kind, Note, Wanted, choose
from catalogsync.pull.writer import Writer
from catalogsync.review.document import dumped
from catalogsync.review.pulled import Pulled, lines_of_patch, pulled_document, render_pulled
from catalogsync.review.words import counted, visible
from catalogsync.values import dataclass

Parts = tuple[str, ...]


class _Accept(click.ParamType[tuple[str, str]]):
    """A key, or a key and a field."""

    name = "accept"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Take the text apart."""
        if isinstance(value, tuple):
            return value
        key, _, field = str(value).partition(":")
        if field and field not in FIELDS:
            near = did_you_mean(field, FIELDS)
            known = near or f"there are {', '.join(FIELDS)}"
            self.fail(f"{field!r} is no field of a manifest; {known}", param, ctx)
        return key, field


@click.command("pull")
@catalog_argument
@option("--all", "everything", is_flag=True, help="Every model of the project.")
@option(
    "--only",
    metavar="GLOB",
    multiple=True,
    help="Models whose key, name or id matches; repeatable.",
)
@option("--tag", "tags", metavar="TAG", multiple=True, help="Models with this tag; repeatable.")
@option("--id", "ids", metavar="ID", multiple=True, help="This model; repeatable.")
@option(
    "--accept",
    type=_Accept(),
    metavar="KEY[:FIELD]",
    multiple=True,
    help="Only what the server has for this manifest, or this field of it; repeatable.",
)
@base_option
@option("--download", "downloads", is_flag=True, help="Examples and thumbnails as files.")
@option("--dry-run", is_flag=True, help="Print the patch and write nothing.")
@option("--force", is_flag=True, help="Write over files that Git could not bring back.")
@connection_options
@json_option
@talk_options
def command(
    everything: bool,
    only: tuple[str, ...],
    tags: tuple[str, ...],
    ids: tuple[str, ...],
    accept: tuple[tuple[str, str], ...],
    base: str | None,
    downloads: bool,
    dry_run: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
    color: str,
    **options: Any,
) -> int:
    """Write what the server has into manifests. Reads the project and changes nothing there.

    A model that is asked for and has a manifest: the manifest is edited where the server was, and
    nothing else in it is touched; what Git changed itself stays. One that has none gets one.
    Without --all, --only, --tag, --id or --accept, every model that has a manifest. Exits 5 when
    something is refused.
    """
    wanted = Wanted(everything, only, tags, ids, _accepted(accept))
    if accept and (everything or wanted.picks):
        raise UsageError("--accept names manifests by itself", hint="leave --all and the like out")
    if everything and wanted.picks:
        raise UsageError("--all is every model", hint="leave --only, --tag and --id out")
    choices = Choices(quiet=quiet, **options)
    with session(choices, read_only=True, may_be_empty=True) as opened:
        if not (opened.catalog.models or everything or wanted.picks or accept):
            raise UsageError("the catalog has no manifest yet", hint="take models over with --all")
        known = known_base(
            opened.root,
            opened.catalog,
            opened.target,
            ref=base,
            blobs=opened.blobs,
            takes_head=True,
        )
        if not quiet and opened.catalog.models:
            say(_told_apart(known))
        given = _gathered(opened, wanted, known, jobs=choices.jobs, quiet=quiet)
        draft = drafted(given, _loader(opened))
        if dry_run:
            notes = () if force else _uncommitted(opened.root, draft)
            pulled = _without(draft, notes)
            _show_patch(pulled, as_json=as_json, color=color, quiet=quiet)
            if downloads and not quiet:
                files = sum(map(len, to_download(draft, given).values()))
                say(f"--download would bring {counted(files, 'file')}; the patch shows their ids.")
        else:
            with closing(Writer(opened.root)) as writer:
                run = _Run(opened, given, draft, writer, choices)
                pulled = run.written(downloads=downloads, force=force, quiet=quiet)
            if as_json:
                write_text(dumped(pulled_document(pulled)))
            else:
                write_lines(render_pulled(pulled), color=color)
            if pulled.written and not quiet:
                _say_next(opened, pulled, choices)
    return 5 if pulled.refused else 0


def _accepted(accept: tuple[tuple[str, str], ...]) -> Mapping[str, frozenset[str]]:
    fields: dict[str, set[str]] = {}
    whole = {key for key, field in accept if not field}
    for key, field in accept:
        fields.setdefault(key, set()).add(field)
    return {key: frozenset() if key in whole else frozenset(fields[key]) for key in fields}


def _told_apart(known: Known) -> str:
    base = known.base
    if base and base.commit:
        said = f" ({base.said})" if base.said else ""
        return visible(f"Taking what was edited on the server since {base.commit[:12]}{said}.")
    why = f" ({base.said})" if base and base.said else ""
    return visible(f"No commit is known to be applied{why}: taking all that differs.")


def _gathered(opened: Session, wanted: Wanted, base: Known, *, jobs: int, quiet: bool) -> Grounds:
    with progress("reading", quiet=quiet) as tell:
        models = {model.id: model for model in opened.client.list_models()}
        taken = {name.partition(".")[0].casefold() for name in names_in(opened.root, ("models",))}
        taken |= {name.casefold() for name in names_in(opened.root, ("models",))}
        selection = choose(opened.catalog, models, wanted, taken)
        snapshot = observe(
            opened.client,
            to_observe(opened.catalog, selection),
            keys=selection.edited | selection.fresh.keys(),
            jobs=jobs,
            progress=tell.step,
            known=opened.known,
        )
    return grounds(
        opened.root,
        opened.catalog,
        snapshot,
        selection,
        wanted,
        opened.files,
        base=base.catalog,
        today=datetime.now(UTC).date(),
    )


def _loader(opened: Session) -> Load:
    return lambda texts, assets: load_with(opened.root, texts, assets, known=opened.files)


def _without(draft: Draft, notes: tuple[Note, ...]) -> Pulled:
    """The draft without the keys that something speaks against."""
    written = draft.files.keys() - {note.model for note in notes if not note.field}
    return Pulled(draft, frozenset(written), (), tuple(sorted((*draft.notes, *notes))))


def _uncommitted(root: Path, draft: Draft) -> tuple[Note, ...]:
    """Speaks against the keys whose files Git could not bring back."""
    old = {
        file.parts: key
        for key, held in draft.files.items()
        for file in held
        if file.before is not None
    }
    found: dict[str, list[str]] = {}
    for parts in sorted(uncommitted(root, old)):
        found.setdefault(old[parts], []).append("/".join(parts))
    hint = "commit or stash it first, or write over it with --force"
    return tuple(
        Note(key, "", Kind.REFUSED, f"{', '.join(paths)} holds what no commit has", hint)
        for key, paths in found.items()
    )


def _show_patch(pulled: Pulled, *, as_json: bool, color: str, quiet: bool) -> None:
    texts = pulled.draft.files
    files = [file for key in texts if key in pulled.written for file in texts[key]]
    if as_json:
        write_text(dumped(pulled_document(pulled, patch="".join(patch(files)))))
        return
    if files:
        write_lines(lines_of_patch(patch(files)), color=color)
    said = render_pulled(pulled, dry=True)
    write_lines([line for line in said if not quiet or line.style == "red"], to_stderr=True)


def _say_next(opened: Session, pulled: Pulled, choices: Choices) -> None:
    here = from_here(opened.root)
    plan = shlex.join(["catalog-sync", "plan", str(here), *typed_again(choices)])
    if pulled.fresh or pulled.files:
        say("\nIn a Git repository only tracked files count; a plan then adopts the new models.")
        say(visible(f"Next: {shlex.join(['git', 'add', str(here / 'models')])}"))
        say(visible(f"      {plan}"))
    else:
        say(f"\nNext: {visible(plan)}")


@dataclass(frozen=True, slots=True)
class _Run:
    """Downloads and writes."""

    opened: Session
    given: Grounds
    draft: Draft
    writer: Writer
    choices: Choices

    def written(self, *, downloads: bool, force: bool, quiet: bool) -> Pulled:
        """Write the draft, with the files if they are wanted, model by model."""
        draft, files, notes = self.draft, list[Placed](), list[Note]()
        if downloads:
            draft, files, notes = self._with_downloads(quiet=quiet)
        notes += () if force else _uncommitted(self.opened.root, draft)
        written = _without(draft, tuple(notes)).written
        kept = [file for file in files if file.key in written and self._is_used(draft, file)]
        for key in sorted(written):
            try:
                self._write(draft, key, [file for file in kept if file.key == key])
            except FileChanged as error:
                notes.append(Note(key, "", Kind.REFUSED, error.message, error.hint))
        pulled = _without(draft, tuple(notes))
        told = [(f.key, "/".join(f.parts), f.asset) for f in kept if f.key in pulled.written]
        return replace(pulled, files=told)

    def _with_downloads(self, *, quiet: bool) -> tuple[Draft, list[Placed], list[Note]]:
        from catalogsync.scenario import ImageReader

        wanted = to_download(self.draft, self.given)
        ids = list(dict.fromkeys(held for assets in wanted.values() for held in assets))
        urls: dict[str, str] = {}
        for start in range(0, len(ids), ASSETS_PER_READ):
            urls |= self.opened.client.get_file_urls(ids[start : start + ASSETS_PER_READ])
        with (
            closing(ImageReader(seconds=self.choices.timeout)) as reader,
            progress("downloading", quiet=quiet) as tell,
        ):
            found, notes = download(
                wanted,
                self.given.snapshot.assets,
                urls,
                copy=lambda url, write, most: reader.copy(url, write, most=most),
                writer=self.writer,
                jobs=self.choices.jobs,
                stop=self.opened.stop,
                step=tell.step,
            )
        folders = {key: file_folder(self.given, key) for key in wanted}
        files = list(placed(found, folders, lambda parts: names_in(self.opened.root, parts)))
        draft = drafted(with_files(self.given, files), _loader(self.opened))
        return draft, files, notes

    def _is_used(self, draft: Draft, file: Placed) -> bool:
        """Whether a manifest came to name the file."""
        name = file.parts[-1].encode()
        return any(name in text.after for text in draft.files[file.key])

    def _write(self, draft: Draft, key: str, files: list[Placed]) -> None:
        """Files first, and the manifest that names them last."""
        if self.opened.stop.is_set():
            raise Interrupted("interrupted: run pull again for the rest")
        for file in files:
            self.writer.settle(file.number, file.parts)
        texts = draft.files[key]
        if key not in draft.fields:
            new = {text.parts: text.after for text in texts}
            self.writer.put_new(("models", key), new)
            return
        for file in files:
            self.writer.put(file.parts)
        for text in sorted(texts, key=lambda text: text.parts[-1].endswith((".yaml", ".yml"))):
            self.writer.replace(text)
