"""Files that were edited, and that their manifest still takes for the asset they once were."""

from collections.abc import Mapping

from catalogsync.contents import Contents
from catalogsync.identity import Match, Refusal
from catalogsync.model import AssetRef, Catalog


def held_in(base: Catalog | None) -> dict[str, str]:
    """The content of every asset that base names beside a file."""
    refs = (ref for spec in base.models for ref in spec.assets) if base else ()
    return {ref.id: ref.sha256 for ref in refs if ref.id and ref.sha256}


def edited_file(
    found: Match, was: Mapping[str, str], told: Mapping[str, AssetRef], contents: Contents
) -> Refusal | None:
    """Why a manifest is refused that says of an asset what base does not: a file was edited.

    An asset never changes. Where the server has not `told` its content, the edit would pass for
    what is there already, and never be sent.
    """
    for ref in found.spec.assets if was else ():
        on_trust = ref.id in told and not told[ref.id].sha256 and contents.id_of(ref) == ref.id
        if ref.sha256 and on_trust and was.get(ref.id, ref.sha256) != ref.sha256:
            return Refusal(
                found.spec.key,
                "edited-file",
                f"{ref.name} is not what base has for {ref.id}, and an asset never changes",
                "take out its `asset:` to upload the file, or restore it; if base is wrong, take "
                "out its `file:`",
            )
    return None
