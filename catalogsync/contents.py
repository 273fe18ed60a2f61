"""What is known about asset contents: which id holds which bytes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from catalogsync.model import AssetRef, ModelSpec
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Contents:
    """The assets the server has, by id and by the digest of their bytes."""

    assets: Mapping[str, AssetRef]
    by_digest: Mapping[str, str]

    def token(self, ref: AssetRef) -> str:
        """A word that is the same for two references exactly if they mean the same content."""
        return _token(ref) if ref.sha256 else self.token_of(ref.id)

    def token_of(self, asset_id: str) -> str:
        """The token of an asset the server has."""
        asset = self.assets.get(asset_id)
        return _token(asset) if asset and asset.sha256 else asset_id

    def id_of(self, ref: AssetRef) -> str | None:
        """The id of an asset with this content, or None if the server has none yet."""
        if ref.id in self.assets and self._holds(ref):
            return ref.id
        return self.by_digest.get(ref.digest) if ref.sha256 else None

    def described(self, asset_id: str) -> AssetRef:
        """What is known of an asset, for people."""
        return self.assets.get(asset_id, AssetRef(id=asset_id))

    def in_full(self, ref: AssetRef) -> AssetRef:
        """A reference with what is known of it, for people."""
        return ref if ref.sha256 or not ref.id else self.described(ref.id)

    def _holds(self, ref: AssetRef) -> bool:
        return not ref.sha256 or self.assets[ref.id].digest == ref.digest


def known_contents(specs: Iterable[ModelSpec], assets: Mapping[str, AssetRef]) -> Contents:
    """Combine what the server tells of its assets with what the manifests say of them.

    A manifest's `{file, asset}` pair counts where the server does not tell the content itself
    and the picture is as large as the file's.
    """
    known = dict(assets)
    for spec in specs:
        for ref in spec.assets:
            if ref.id in known and ref.sha256 and _may_hold(known[ref.id], ref):
                known[ref.id] = replace(known[ref.id], sha256=ref.sha256)
    by_digest: dict[str, str] = {}
    for asset_id, asset in known.items():
        digest = asset.digest
        if digest and asset_id <= by_digest.get(digest, asset_id):
            by_digest[digest] = asset_id
    return Contents(known, by_digest)


def _may_hold(asset: AssetRef, file: AssetRef) -> bool:
    """Whether nothing that is known speaks against an asset holding a file's content."""
    if asset.sha256:
        return False
    sizes = (asset.width, asset.height), (file.width, file.height)
    return (0, 0) in sizes or sizes[0] == sizes[1]


def _token(asset: AssetRef) -> str:
    return f"sha256={asset.sha256[:32]}"
