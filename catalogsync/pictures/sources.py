"""Where the images of a page come from: the catalog's files, and what the server has."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from hashlib import sha256

from catalogsync.errors import CatalogSyncError
from catalogsync.manifest import open_file
from catalogsync.manifest.blobs import GitFile
from catalogsync.model import AssetKind, AssetRef, LocalFile
from catalogsync.pictures.copies import Source
from catalogsync.pictures.picture import Picture
from catalogsync.pictures.shrink import BROKEN, TOO_LARGE, Copy, shrink, shrink_any

_MAX_FILE = 100_000_000
_CHANGED = Picture(reason="the file changed after it was read")
_NOT_IN_GIT = Picture(reason="this clone does not have the file")
NOT_READ = Picture(reason="the server did not give it")


def local_sources(
    assets: Iterable[AssetRef], files: Mapping[str, LocalFile | GitFile]
) -> dict[str, Source]:
    """The images among the assets that are in `files`, by their digest."""
    here = {sha[:32]: (sha, file) for sha, file in files.items()}
    images = ((ref.digest, _image_of(ref)) for ref in assets)
    return {
        digest: partial(_from_file, image, *here[image.digest])
        for digest, image in images
        if image and image.digest in here
    }


def _image_of(ref: AssetRef) -> AssetRef | None:
    """The image that shows an asset: itself, or a canvas' thumbnail."""
    if ref.canvas:
        return ref.canvas.thumbnail
    return ref if ref.kind is AssetKind.IMAGE else None


def live_sources(
    assets: Iterable[AssetRef], urls: Mapping[str, str], read: Callable[[str], bytes | None]
) -> dict[str, Source]:
    """The images among the assets that the server has at `urls`, by their digest or id."""
    return {
        ref.digest or ref.id: partial(_from_server, urls[ref.id], read)
        for ref in assets
        if ref.id in urls
    }


def _from_file(ref: AssetRef, sha: str, file: LocalFile | GitFile, copy: Copy) -> Picture:
    if ref.size > _MAX_FILE:
        return TOO_LARGE
    in_git = isinstance(file, GitFile)
    try:
        data = _content(file)
    except (CatalogSyncError, OSError):
        return _NOT_IN_GIT if in_git else BROKEN
    if sha256(data).hexdigest() != sha:
        return _NOT_IN_GIT if in_git else _CHANGED
    return shrink(data, ref.media_type, copy)


def _content(file: LocalFile | GitFile) -> bytes:
    if isinstance(file, GitFile):
        return file.read(_MAX_FILE + 1)
    with open_file(file) as stream:
        return stream.read(_MAX_FILE + 1)


def _from_server(url: str, read: Callable[[str], bytes | None], copy: Copy) -> Picture:
    data = read(url)
    return NOT_READ if data is None else shrink_any(data, copy)
