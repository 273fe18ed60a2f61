"""A catalog in a temporary folder, written by a test."""

import os
import struct
import zlib
from pathlib import Path

import pytest

from catalogsync.errors import ManifestError
from catalogsync.manifest import load
from catalogsync.model import Catalog, ModelSpec

CATALOG = "apiVersion: catalogsync/v1\nname: acme\n"
MODEL = "name: Ink\ntype: flux.1-lora\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 2, height: int = 2, *, mark: str = "") -> bytes:
    """A PNG; `mark` makes its content another one."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * ((width + 1) * height) if width * height < 10_000 else b"")
    parts = (chunk(b"IHDR", head), chunk(b"tEXt", b"mark\0" + mark.encode()), chunk(b"IDAT", rows))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def pointer(digest: str = "ab" * 32, size: int = 123456) -> bytes:
    """A Git LFS pointer."""
    head = "version https://git-lfs.github.com/spec/v1\n"
    return f"{head}oid sha256:{digest}\nsize {size}\n".encode()


class Folder:
    """A catalog's folder, with a valid catalog.yaml and one valid model called ink."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("catalog.yaml", CATALOG)
        self.write("models/ink/model.yaml", MODEL)

    def write(self, path: str, content: str | bytes) -> Path:
        """Writes a file below the catalog's folder."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def model(self, more: str) -> None:
        """Adds fields to the model ink."""
        self.write("models/ink/model.yaml", MODEL + more)

    def link(self, path: str, target: str | os.PathLike[str]) -> None:
        """Makes a symbolic link."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(target)

    def load(self) -> Catalog:
        """The catalog."""
        return load(self.root)

    def ink(self) -> ModelSpec:
        """The model ink."""
        return next(model for model in self.load().models if model.key == "ink")

    def problems(self) -> list[str]:
        """Every problem of the catalog, as text."""
        with pytest.raises(ManifestError) as caught:
            self.load()
        return [str(problem) for problem in caught.value.problems]

    def problem(self) -> str:
        """The only problem of the catalog."""
        (problem,) = self.problems()
        return problem
