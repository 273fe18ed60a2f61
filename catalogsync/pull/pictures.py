"""Files beside a manifest that hold an asset, as the manifest refers to them."""

from collections.abc import Mapping

from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """The path of a file, relative to its manifest, and the sha256 of what it holds."""

    path: str
    sha256: str


Pictures = Mapping[str, Picture]
"""The files that hold an asset, by its id."""


def asset(asset_id: str, pictures: Pictures) -> dict[str, str]:
    """A reference to an asset, with the file that holds it and its digest."""
    held = pictures.get(asset_id)
    if held is None:
        return {"asset": asset_id}
    return {"file": held.path, "asset": asset_id, "sha256": held.sha256}
