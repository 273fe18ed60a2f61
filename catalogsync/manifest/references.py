"""References from a manifest to assets: single files, ids and globs."""

import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import translate as pattern_of
from functools import lru_cache
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from catalogsync.manifest.canvases import canvas_of
from catalogsync.manifest.document import Document, where
from catalogsync.manifest.files import Files
from catalogsync.manifest.media import format_of
from catalogsync.manifest.paths import split
from catalogsync.manifest.strict_yaml import Hole
from catalogsync.manifest.tags import unique
from catalogsync.manifest.words import Unfit, quote
from catalogsync.model import NO_ASSET, AssetKind, AssetOptions, AssetRef

Folder = tuple[str, ...]
At = list[str | int]

MAX_EXAMPLES = 150
_DIGITS = re.compile(r"([0-9]+)")
_ASSET_ID = re.compile(r"asset_[A-Za-z0-9_-]+")


def thumbnail(document: Document, folder: Folder, files: Files) -> AssetRef | None:
    """The thumbnail that a manifest declares."""
    value = document.value.get("thumbnail")
    if value is None or isinstance(value, Hole):
        return None
    if value == "":
        return NO_ASSET
    for asset, at in assets(document, value, ["thumbnail"], folder, files):
        if asset.kind is AssetKind.IMAGE:
            return asset
        message = f"thumbnail: {quote(asset.name)} is not an image ({asset.kind})"
        document.report(at, message, "name an image")
    return None


def examples(document: Document, folder: Folder, files: Files) -> tuple[AssetRef, ...] | None:
    """The examples that a manifest declares, its globs spelled out."""
    value = document.value.get("examples")
    if value is None or isinstance(value, Hole):
        return None
    result: list[AssetRef] = []
    seen: dict[str, At] = {}
    for index, entry in enumerate(value):
        for asset, at in assets(document, entry, ["examples", index], folder, files):
            result.append(asset)
            refuse_twin(document, asset, at, seen)
    if len(result) > MAX_EXAMPLES >= len(value):
        message = f"examples: {len(result)} after the globs, {MAX_EXAMPLES} are allowed"
        document.report(["examples"], message, "take some out")
    return tuple(result)


def each_example(
    document: Document, entry: Any, index: int, folder: Folder, files: Files
) -> Iterator[AssetRef]:
    """What one entry of the examples stands for."""
    for asset, _ in assets(document, entry, ["examples", index], folder, files):
        yield asset


def refuse_twin(document: Document, asset: AssetRef, at: At, seen: dict[str, At]) -> None:
    """Report an asset that a list has already, and remember where it has this one."""
    for mark in (asset.sha256, asset.id):
        if not mark:
            continue
        first = seen.setdefault(mark, at)
        if first is not at:
            line = document.place(first).line
            what = (
                f"the same content ({quote(asset.name)})" if mark == asset.sha256 else quote(mark)
            )
            message = f"{where(at)}: {what} is there twice, first in {where(first)} on line {line}"
            document.report(at, message, "take one out")
            return


def assets(
    document: Document,
    value: Any,
    at: At,
    folder: Folder,
    files: Files,
    *,
    most: int = MAX_EXAMPLES,
) -> Iterator[tuple[AssetRef, At]]:
    """What one reference stands for, each with its place; a glob may match so many at most."""
    if isinstance(value, Hole):
        return
    entry = value if isinstance(value, dict) else {"file": value}
    if any(isinstance(part, Hole) for part in entry.values()):
        return
    options = _options(document, entry, at, folder, files)
    for name in ("file", "glob"):
        if name in entry:
            at = [*at, name] if entry is value else at
            asset_id = entry.get("asset", "")
            try:
                for asset in _READERS[name](entry[name], folder, files, most):
                    if asset_id or options:
                        _check_held(document, entry, asset, at)
                        asset = replace(asset, id=asset_id, options=options)
                    yield asset, at
            except Unfit as unfit:
                written = quote(entry[name])
                document.report(at, f"{where(at)}: {written}: {unfit.message}", unfit.hint)
            return
    if "canvas" in entry:
        try:
            yield replace(_canvas(entry, folder, files), options=options), at
        except Unfit as unfit:
            message = f"{where(at)}: {quote(entry['canvas'])}: {unfit.message}"
            document.report([*at, "canvas"], message, unfit.hint)
    elif "url" in entry:
        try:
            fetched = _fetched(entry["url"], entry.get("kind"))
            yield replace(fetched, options=options), [*at, "url"]
        except Unfit as unfit:
            message = f"{where([*at, 'url'])}: {quote(entry['url'])}: {unfit.message}"
            document.report([*at, "url"], message, unfit.hint)
    elif "asset" in entry:
        yield AssetRef(id=entry["asset"]), [*at, "asset"]


def _check_held(document: Document, entry: dict[str, Any], asset: AssetRef, at: At) -> None:
    """Report a file that is not any more what an entry says that an asset holds."""
    if entry.get("sha256", asset.sha256) != asset.sha256:
        message = f"{where(at)}: {quote(entry['file'])} is not {entry['asset']} any more"
        hint = "take out asset: and sha256: to upload it, or restore the file"
        document.report([*at[:-1], "sha256"], message, hint)


def _canvas(entry: Any, folder: Folder, files: Files) -> AssetRef:
    scene = files.canvas(folder + split(entry["canvas"]))
    image = entry.get("thumbnail")
    return canvas_of(scene, files.asset(folder + split(image)) if image else None)


def _options(
    document: Document, entry: Any, at: At, folder: Folder, files: Files
) -> AssetOptions | None:
    """How an asset is to be filed when it is made, if an entry says so."""
    if entry.keys().isdisjoint(("hide", "parent", "collections")):
        return None
    if entry.keys().isdisjoint(("file", "glob", "url", "canvas")):
        message = f"{where(at)}: hide, parent and collections are for a file that is sent"
        document.report(at, message, "name the file too, or take them out")
    names = entry.get("collections", ())
    unique(document, names, [*at, "collections"])
    if any(isinstance(name, Hole) for name in names):
        return None
    parent = _parent(document, entry.get("parent"), [*at, "parent"], folder, files)
    return AssetOptions(entry.get("hide", False), parent, tuple(sorted(set(names))))


def _parent(
    document: Document, written: str | None, at: At, folder: Folder, files: Files
) -> AssetRef | None:
    """The asset that others are filed below: by its id, or a file of the catalog."""
    if written is None:
        return None
    if _ASSET_ID.fullmatch(written):
        return AssetRef(id=written)
    try:
        return files.asset(folder + split(written))
    except Unfit as unfit:
        document.report(at, f"{where(at)}: {quote(written)}: {unfit.message}", unfit.hint)
    return None


def _fetched(url: str, kind: str | None) -> AssetRef:
    """What is at an address, told apart by the address and not by what is there."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Unfit(f"no address: {error}", "check it in a browser") from None
    name = PurePosixPath(unquote(parts.path)).name or parts.netloc
    digest = sha256(f"catalog-sync:url\0{url}".encode()).hexdigest()
    return AssetRef(digest, name=name, kind=AssetKind(kind) if kind else _kind(name), url=url)


def _kind(name: str) -> AssetKind:
    try:
        return format_of(name).kind
    except Unfit as unfit:
        raise Unfit(unfit.message, "say what it is: kind: image, video, audio or 3d") from None


def _file(path: str, folder: Folder, files: Files, most: int) -> list[AssetRef]:
    return [files.asset(folder + split(path))]


def _glob(pattern: str, folder: Folder, files: Files, most: int) -> list[AssetRef]:
    return [files.asset(parts) for parts in globbed(pattern, folder, files, most)]


def globbed(pattern: str, folder: Folder, files: Files, most: int = MAX_EXAMPLES) -> list[Folder]:
    """The files that a pattern matches, in natural order; raises `Unfit` when there is none."""
    if "**" in pattern:
        raise Unfit("** is not supported", "write one glob for each folder")
    found = [folder]
    *folders, last = split(pattern)
    for part in folders:
        found = [each for base in found for each in _matches(base, part, files, folders=True)]
    found = [each for base in found for each in _matches(base, last, files, folders=False)]
    if not found:
        raise Unfit("no file matches", "check the pattern; * and ? do not cross a /")
    if len(found) > most:
        raise Unfit(f"{len(found)} files match, {most} are allowed", "narrow it down")
    return sorted(found, key=lambda parts: natural(parts[len(folder) :]))


_READERS = {"file": _file, "glob": _glob}


def _matches(base: Folder, part: str, files: Files, *, folders: bool) -> Iterator[Folder]:
    if not any(sign in part for sign in "*?["):
        yield (*base, part)
        return
    fits = _compiled(part).match
    for name in files.names(base, folders=folders):
        if not name.startswith(".") and fits(name):
            yield (*base, name)


@lru_cache(maxsize=256)
def _compiled(part: str) -> re.Pattern[str]:
    return re.compile(pattern_of(part))


def natural(parts: Folder) -> list[tuple[str | tuple[int, str], ...]]:
    """The key that sorts paths by name with numbers by value: 2 before 10."""
    return [_chunks(part) for part in parts]


@lru_cache(maxsize=4096)
def _chunks(part: str) -> tuple[str | tuple[int, str], ...]:
    # Every other chunk is of digits, the first is not: equal places hold equal kinds.
    chunks: list[Any] = _DIGITS.split(part)
    chunks[1::2] = [(int(digits), digits) for digits in chunks[1::2]]
    return tuple(chunks)
