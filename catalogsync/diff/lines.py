"""A Markdown text as lines that keep their mentions."""

from collections.abc import Iterable

from catalogsync.model import Mention, Text
from catalogsync.texts import normalised


def lines_of(text: Text) -> list[Text]:
    """The lines of a text; a mention is never cut, empty lines at the end do not count."""
    lines: list[list[str | Mention]] = [[]]
    for part in text.parts:
        if isinstance(part, Mention):
            lines[-1].append(part)
            continue
        first, *more = normalised(part).split("\n")
        lines[-1].append(first)
        lines += [[line] for line in more]
    found = [Text(tuple(part for part in line if part)) for line in lines]
    while found and not found[-1].parts:
        found.pop()
    return found


def joined(lines: Iterable[Text]) -> Text:
    """The text of these lines."""
    parts = [part for line in lines for part in ("\n", *line.parts)]
    return Text(tuple(_merged(parts[1:])))


def _merged(parts: Iterable[str | Mention]) -> list[str | Mention]:
    """Adjacent strings as one."""
    found: list[str | Mention] = []
    for part in parts:
        if found and isinstance(part, str) and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return found
