"""Markdown texts of a manifest, with their mentions resolved."""

import re
from typing import Any

from catalogsync.errors import Problem
from catalogsync.manifest.context import Context
from catalogsync.manifest.document import Document
from catalogsync.manifest.paths import split
from catalogsync.manifest.strict_yaml import Hole
from catalogsync.manifest.text import Found, local_path, mentions, pieces
from catalogsync.manifest.words import Unfit, quote, visible
from catalogsync.manifest.yaml_errors import position
from catalogsync.model import AssetKind, AssetRef, Mention, ModelRef, Text

MAX_BYTES = 256 * 1024
_ASSET_ID = re.compile(r"asset_[A-Za-z0-9_-]{1,120}")
_EXTENSIONS = (".md", ".markdown")
_LOOKS_LIKE_A_FILE = re.compile(r"[\w./-]+\.(?:md|markdown)")

Folder = tuple[str, ...]


def markdown(document: Document, name: str, folder: Folder, context: Context) -> Text | None:
    """The text that a field declares, in place or as a file."""
    value: Any = document.value.get(name)
    if value is None or isinstance(value, Hole):
        return None
    if isinstance(value, str):
        return _inline(document, name, value, folder, context)
    if isinstance(value["file"], Hole):
        return None
    try:
        parts = folder + split(value["file"])
        text = _read(parts, context)
    except Unfit as unfit:
        message = f"{name}.file: {quote(value['file'])}: {unfit.message}"
        document.report([name, "file"], message, unfit.hint)
        return None
    return _of_file(document, parts, text, context)


def _inline(
    document: Document, name: str, value: str, folder: Folder, context: Context
) -> Text | None:
    if _LOOKS_LIKE_A_FILE.fullmatch(value):
        hint = f"write {name}: {{file: {value}}}"
        document.report([name], f"{name}: {quote(value)} is a file's name, not a text", hint)
        return None
    text, unfit = _resolve(value, folder, context)
    for found, each in unfit:
        written = quote(value[found.start : found.end])
        document.report([name], f"{name}: {written}: {each.message}", each.hint)
    return text


def _of_file(document: Document, parts: Folder, text: str, context: Context) -> Text | None:
    result, unfit = _resolve(text, parts[:-1], context)
    for found, each in unfit:
        line, column = position(text, found.start)
        message = f"{quote(text[found.start : found.end])}: {each.message}"
        path = visible("/".join(parts))
        document.problems.append(Problem(path, line, column, message, each.hint))
    return result


def _read(parts: Folder, context: Context) -> str:
    if not parts[-1].lower().endswith(_EXTENSIONS):
        raise Unfit("no Markdown file", "give it the extension .md")
    data = context.files.read_text(parts, MAX_BYTES)
    if data.startswith(b"\xef\xbb\xbf"):
        raise Unfit("a byte order mark at the start", "save it as UTF-8 without one")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unfit(f"line {line} is not UTF-8", "save it as UTF-8") from None


def _resolve(
    text: str, folder: Folder, context: Context
) -> tuple[Text | None, list[tuple[Found, Unfit]]]:
    used: list[Found] = []
    targets: list[AssetRef | ModelRef] = []
    unfit: list[tuple[Found, Unfit]] = []
    for found in mentions(text):
        try:
            target = _target(found, folder, context)
        except Unfit as error:
            unfit.append((found, error))
            continue
        if target is not None:
            used.append(found)
            targets.append(target)
    if unfit:
        return None, unfit
    parts: list[str | Mention] = []
    strings = pieces(text, used)
    for found, target in zip(used, targets, strict=True):
        parts += [next(strings), Mention(text[found.start : found.end], target)]
    parts.append(next(strings))
    return Text(tuple(part for part in parts if part)), []


def _target(found: Found, folder: Folder, context: Context) -> AssetRef | ModelRef | None:
    if found.kind == "model":
        return context.model(found.argument)
    if found.kind == "asset":
        if _ASSET_ID.fullmatch(found.argument):
            return AssetRef(id=found.argument)
        return context.files.asset(folder + split(found.argument))
    path = local_path(found.argument)
    if path is None:
        return None
    asset = context.files.asset(folder + split(path))
    if asset.kind is not AssetKind.IMAGE:
        raise Unfit(f"not an image ({asset.kind})", f"write {{asset:{visible(path)}}}")
    return asset
