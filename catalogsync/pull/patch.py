"""What would be written, as a unified diff that `git apply` takes in the catalog's folder."""

from collections.abc import Iterable, Iterator
from difflib import unified_diff

from catalogsync.pull.grounds import FileText

_NO_END = "\\ No newline at end of file\n"


def patch(files: Iterable[FileText]) -> Iterator[str]:
    """The lines of the diff of all files, each with its line end."""
    for file in files:
        yield from _file(file)


def _file(file: FileText) -> Iterator[str]:
    path = "/".join(file.parts)
    yield f"diff --git a/{path} b/{path}\n"
    if file.before is None:
        yield "new file mode 100644\n"
    old, new = _lines(file.before or b""), _lines(file.after)
    source = "/dev/null" if file.before is None else f"a/{path}"
    for line in unified_diff(old, new, source, f"b/{path}"):
        yield line if line.endswith("\n") else f"{line}\n"
        if not line.endswith("\n"):
            yield _NO_END


def _lines(data: bytes) -> list[str]:
    """The lines of a text, cut at LF alone, as Git cuts them."""
    lines = data.decode("utf-8").split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
