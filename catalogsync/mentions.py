"""References inside Markdown: `{asset:<id>}` and `{model:<id>}` as the API writes them."""

import re
from collections.abc import Callable, Iterator

from catalogsync.model import AssetRef, Mention, ModelRef, Text
from catalogsync.texts import normalised

_REFERENCE = re.compile(r"\{(asset):([A-Za-z0-9_-]+)\}|\{(model):([A-Za-z0-9_.-]+)\}")


def parsed(text: str) -> Text:
    """The server's text, cut at its references."""
    return Text(tuple(_parts(normalised(text))))


def _parts(text: str) -> Iterator[str | Mention]:
    start = 0
    for found in _REFERENCE.finditer(text) if "{" in text else ():
        if found.start() > start:
            yield text[start : found.start()]
        target = AssetRef(id=found[2]) if found[1] else ModelRef(id=found[4])
        yield Mention(found[0], target)
        start = found.end()
    if start < len(text):
        yield text[start:]


def filled(
    text: Text, *, asset: Callable[[AssetRef], str], model: Callable[[ModelRef], str]
) -> str:
    """The text as the API wants it: every mention written with the given ids."""

    def name(mention: Mention) -> str:
        if isinstance(mention.target, AssetRef):
            return f"{{asset:{asset(mention.target)}}}"
        return f"{{model:{model(mention.target)}}}"

    return normalised("".join(p if isinstance(p, str) else name(p) for p in text.parts))


def canonical(
    text: Text, *, asset: Callable[[AssetRef], str], model: Callable[[ModelRef], str]
) -> tuple[str | tuple[str, str], ...]:
    """The text in a form that is equal exactly for texts that mean the same.

    Mentions become (kind, token) pairs, so that no text can pass for one; line ends and empty
    lines at the end do not count.
    """
    parts: list[str | tuple[str, str]] = []
    for part in text.parts:
        for piece in _parts(normalised(part)) if isinstance(part, str) else (part,):
            if isinstance(piece, Mention):
                parts.append(_token(piece.target, asset, model))
            elif parts and isinstance(parts[-1], str):
                parts[-1] += piece
            else:
                parts.append(piece)
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip("\n")
    return tuple([part for part in parts if part != ""])


def _token(
    target: AssetRef | ModelRef, asset: Callable[[AssetRef], str], model: Callable[[ModelRef], str]
) -> tuple[str, str]:
    if isinstance(target, AssetRef):
        return "asset", asset(target)
    return "model", model(target)


def mentioned_assets(text: str) -> list[str]:
    """The ids of the assets that the server's text mentions."""
    found = _REFERENCE.finditer(text) if "{asset:" in text else ()
    return [reference[2] for reference in found if reference[1]]
