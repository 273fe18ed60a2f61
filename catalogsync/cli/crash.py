"""What is told of a crash: where in the code, and of the command its words and options only.

Neither values nor messages are told, as they may hold secrets.
"""

import os
import platform
import re
import tempfile
import traceback
from collections.abc import Container, Iterator, Sequence

from catalogsync import __version__

_OPTION = re.compile(r"--[a-z][a-z-]*|-[hqvy]+")


def report(defect: BaseException, arguments: Sequence[str], *, known_words: Container[str]) -> str:
    """Versions, the command without its values, and the traceback of an exception."""
    command = " ".join(["catalog-sync", *(_shown(word, known_words) for word in arguments)])
    lines = [
        f"catalog-sync {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {command}",
        "Values and messages are left out: they may hold secrets.",
        "",
        *_traceback(defect),
    ]
    return "\n".join(lines) + "\n"


def saved(text: str) -> str:
    """Write a report where only the user can read it, and return where; empty if that fails."""
    try:
        descriptor, path = tempfile.mkstemp(".txt", "catalog-sync-crash-")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return ""
    return path


def _shown(word: str, known_words: Container[str]) -> str:
    if word in known_words:
        return word
    name, has_value, _ = word.partition("=")
    if not _OPTION.fullmatch(name):
        return "..."
    return f"{name}=..." if has_value else name


def _traceback(defect: BaseException) -> Iterator[str]:
    """An exception's places in the code, after those of what it came from."""
    seen: set[int] = set()
    chain: list[BaseException] = []
    link: BaseException | None = defect
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        chain.append(link)
        link = link.__cause__ or link.__context__
    for each in reversed(chain):
        yield f"{type(each).__module__}.{type(each).__qualname__}"
        for frame in traceback.extract_tb(each.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
