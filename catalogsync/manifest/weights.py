"""The formats that the weights of a model come in."""

from catalogsync.manifest.content import BadContent, Content, cut_off
from catalogsync.manifest.media import Format
from catalogsync.manifest.words import Unfit, quote
from catalogsync.model import AssetKind

_LENGTH = 8


def _safetensors(content: Content) -> tuple[int, int]:
    """A header of JSON behind its length, then the tensors."""
    length = int.from_bytes(content.at(0, _LENGTH), "little")
    if content.at(_LENGTH, 1) != b"{":
        raise BadContent("holds something else")
    if _LENGTH + length > content.size:
        raise cut_off()
    return 0, 0


def _pickled(content: Content) -> tuple[int, int]:
    """What PyTorch saves: a ZIP archive, or a bare pickle as it was before."""
    if not content.at(0, 4).startswith((b"PK\x03\x04", b"\x80")):
        raise BadContent("holds something else")
    return 0, 0


_BINARY = "application/octet-stream"
_CHECKS = {
    "safetensors": _safetensors,
    "ckpt": _pickled,
    "pt": _pickled,
    "pth": _pickled,
    "bin": _pickled,
}


def weights_format_of(name: str) -> Format:
    """The format that the extension of a file's name says."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension in _CHECKS:
        return Format(AssetKind.WEIGHTS, _BINARY, _CHECKS[extension])
    message = f"{quote('.' + extension)} holds no weights" if extension else "no extension"
    raise Unfit(message, f"known: {', '.join(_CHECKS)}")
