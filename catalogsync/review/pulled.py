"""What a pull wrote, or would write, for people and for programs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from catalogsync.model import AssetRef
from catalogsync.pull.grounds import Draft
from catalogsync.pull.selection import Kind, Note
from catalogsync.review.text import Line
from catalogsync.review.words import counted, file_size, quoted, visible
from catalogsync.values import dataclass

FORMAT_VERSION = "1.0"
"""Readers refuse another major number and ignore keys they do not know."""

_WIDTH = 18


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of a draft: `written` keys, the files that were downloaded, and what was not."""

    draft: Draft
    written: frozenset[str]
    files: Sequence[tuple[str, str, AssetRef]]
    notes: tuple[Note, ...]

    @property
    def refused(self) -> tuple[Note, ...]:
        """What should have been pulled and was not."""
        return tuple(note for note in self.notes if note.kind is Kind.REFUSED)

    @property
    def fresh(self) -> tuple[str, ...]:
        """The keys of new manifests."""
        return tuple(key for key in self._keys if key not in self.draft.fields)

    @property
    def edited(self) -> tuple[str, ...]:
        """The keys of manifests that were edited."""
        return tuple(key for key in self._keys if key in self.draft.fields)

    @property
    def _keys(self) -> tuple[str, ...]:
        return tuple(key for key in self.draft.files if key in self.written)


def render_pulled(pulled: Pulled, *, dry: bool = False) -> list[Line]:
    """The lines for people; what was refused comes first."""
    lines = [line for note in pulled.notes for line in _note(note)]
    files: dict[str, list[tuple[str, AssetRef]]] = {}
    for key, path, asset in pulled.files:
        files.setdefault(key, []).append((path, asset))
    remarks = dict(pulled.draft.remarks)
    for key in (*pulled.fresh, *pulled.edited):
        lines += _model(pulled.draft, key, files.get(key, ()))
        if key in remarks and key in pulled.edited:
            lines.append(Line(f"    {remarks[key]}", "yellow"))
    lines.append(Line(summary(pulled, dry=dry), "bold"))
    return lines


def summary(pulled: Pulled, *, dry: bool = False) -> str:
    """The one sentence that says what it amounts to; scripts may rely on its form."""
    size = sum(asset.size for _, _, asset in pulled.files)
    parts = [
        counted(len(pulled.fresh), "new manifest"),
        f"{len(pulled.edited)} edited",
        f"{counted(len(pulled.files), 'file')} downloaded ({file_size(size)})",
        f"{len(pulled.refused)} refused",
    ]
    return f"{'Would pull' if dry else 'Pulled'}: {', '.join(parts)}."


def pulled_document(pulled: Pulled, *, patch: str | None = None) -> dict[str, object]:
    """The same as JSON data; with the patch where nothing was written."""
    return {
        "format_version": FORMAT_VERSION,
        "summary": summary(pulled, dry=patch is not None),
        "dry_run": patch is not None,
        "new": [_entry(pulled.draft, key) for key in pulled.fresh],
        "edited": [
            _entry(pulled.draft, key) | {"fields": list(pulled.draft.fields[key])}
            for key in pulled.edited
        ],
        "downloaded": [
            {
                "key": key,
                "path": path,
                "asset": asset.id,
                "sha256": asset.sha256,
                "size": asset.size,
            }
            for key, path, asset in pulled.files
        ],
        "notes": [
            {
                "model": note.model,
                "field": note.field,
                "kind": str(note.kind),
                "message": note.message,
                "hint": note.hint,
            }
            for note in pulled.notes
        ],
        **({} if patch is None else {"patch": patch}),
    }


def _entry(draft: Draft, key: str) -> dict[str, object]:
    name, model_id = draft.names[key]
    paths = ["/".join(file.parts) for file in draft.files[key]]
    return {"key": key, "name": name, "id": model_id, "files": paths}


def _note(note: Note) -> Iterator[Line]:
    refused = note.kind is Kind.REFUSED
    sign, style = ("!", "red") if refused else (".", "yellow")
    where = visible(note.model) + (f" {note.field}" if note.field else "")
    yield Line(f"{sign} {note.kind} {where}: {visible(note.message)}", style)
    if note.hint:
        yield Line(f"    what to do: {visible(note.hint)}")


def _model(draft: Draft, key: str, files: Iterable[tuple[str, AssetRef]]) -> Iterator[Line]:
    name, model_id = draft.names[key]
    fields = draft.fields.get(key)
    head = f"{visible(key)}  {quoted(name)}  {visible(model_id)}"
    yield Line(
        f"+ new {head}" if fields is None else f"~ edit {head}",
        "green" if fields is None else "yellow",
    )
    for file in draft.files[key]:
        yield Line(f"    {visible('/'.join(file.parts))}")
    if fields:
        yield Line(f"    {'takes':<{_WIDTH}}{', '.join(fields)}")
    for path, asset in files:
        yield Line(f"    {visible(path)}  {file_size(asset.size)}  sha256:{asset.sha256}")


def lines_of_patch(patch: Iterable[str]) -> Iterator[Line]:
    """A patch in colours, with what cannot be seen as escapes: all but tabs and line ends."""
    for line in patch:
        text = line.removesuffix("\n")
        end = "\r" if text.endswith("\r") else ""
        shown = "\t".join(map(visible, text.removesuffix(end).split("\t")))
        yield Line(f"{shown}{end}", _style(line))


_STYLES: Mapping[str, str] = {"+": "green", "-": "red", "@": "cyan", "d": "bold"}


def _style(line: str) -> str:
    return _STYLES.get(line[:1], "")
