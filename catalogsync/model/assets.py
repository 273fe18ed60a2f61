"""The values of assets: files by their content, and what the server keeps of them."""

from dataclasses import field
from enum import StrEnum
from pathlib import Path

from catalogsync.values import dataclass


class AssetKind(StrEnum):
    """The kinds of file that the API tells apart: weights become a model, the others an asset."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    MODEL_3D = "3d"
    CANVAS = "json"
    WEIGHTS = "model"


@dataclass(frozen=True, slots=True)
class AssetRef:
    """A file by its content, an asset the server has by its id, or both.

    Only `sha256` (64 hex digits) and `id` take part in comparison; the rest describes the file
    for people and for the upload. `size` is in bytes, `width` and `height` in pixels. What is at
    a `url` is for the server to fetch; its `sha256` is that of the address. `options` say how a
    new asset is filed; one that is there already keeps its own. A `canvas` is made of two files.
    """

    sha256: str = ""
    id: str = ""
    name: str = field(default="", compare=False)
    kind: AssetKind = field(default=AssetKind.IMAGE, compare=False)
    media_type: str = field(default="", compare=False)
    size: int = field(default=0, compare=False)
    width: int = field(default=0, compare=False)
    height: int = field(default=0, compare=False)
    url: str = field(default="", compare=False)
    options: "AssetOptions | None" = field(default=None, compare=False)
    canvas: "Canvas | None" = field(default=None, compare=False)

    @property
    def digest(self) -> str:
        """The part of `sha256` that names a file on the server: its first 32 hex digits."""
        return self.sha256[:32]

    @property
    def files(self) -> "tuple[AssetRef, ...]":
        """The files that are sent for it; what is fetched from a URL needs none."""
        if self.canvas:
            return self.canvas.files
        return () if self.url else (self,)


@dataclass(frozen=True, slots=True)
class Canvas:
    """A document of the web page's editor, and the image that stands for it."""

    scene: AssetRef
    thumbnail: AssetRef | None = None

    @property
    def files(self) -> tuple[AssetRef, ...]:
        """The document, and the thumbnail if there is one."""
        return (self.scene, self.thumbnail) if self.thumbnail else (self.scene,)


@dataclass(frozen=True, slots=True)
class AssetOptions:
    """How a new asset is filed: hidden, below a parent, in collections by their names, sorted."""

    hide: bool = False
    parent: AssetRef | None = None
    collections: tuple[str, ...] = ()


LARGEST_FILE = 5 * 1000**4
"""The largest file that the API takes, in bytes."""


NO_ASSET = AssetRef()
"""The empty asset reference: a thumbnail that is (to be) unset."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """Where the bytes of an asset are: `parts` are the path's parts below the catalog's folder."""

    root: Path
    parts: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path below the catalog's folder, with `/` between its parts."""
        return "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class StoredAsset:
    """An asset as the project keeps it: when it was made, and whose and where it is.

    `words` are all that the server tells of it, among them the ids of what it belongs to.
    """

    asset: AssetRef
    created_at: str
    owner_id: str = ""
    collection_ids: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Holder:
    """A model that may use assets, with all that a listing tells of it in `words`.

    `gone` is one that was deleted and may be restored, `public` one that others may own.
    """

    id: str
    owner_id: str = ""
    gone: bool = False
    public: bool = False
    words: frozenset[str] = frozenset()
