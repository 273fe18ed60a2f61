"""What people must know of a model in a plan besides its changes."""

from catalogsync.actions import By
from catalogsync.deleted import namesake_hint, restorable_until
from catalogsync.diff import READ_ALONE, Diff, ModelDiff, Promotion, Verb
from catalogsync.identity import Origin

_NOTES = {
    Origin.INTERRUPTED: "left behind, untagged, by an apply that was interrupted",
    Origin.CLAIMED: "brought here, untagged, by a run that was interrupted",
}
_TEXTS_ARE_SET = "its texts cannot be read while it is deleted: the manifest's replace them"
_IMAGES_STAY = "training images that its manifest does not name stay until the next plan"
_UNSEEN = "only the live project knows what it holds by now; here that counts as empty"


def remark(found: ModelDiff, diff: Diff) -> str:
    """What people must know of a model besides its changes."""
    live = found.remote
    if found.promotion:
        return _promotion_note(found.promotion)
    if found.verb is Verb.RESTORE and live:
        unread = any(change.field in READ_ALONE for change in found.changes)
        trains = found.spec is not None and found.spec.training_images is not None
        told = (restorable_until(live), *[_TEXTS_ARE_SET] * unread, *[_IMAGES_STAY] * trains)
        return "; ".join(told)
    if found.verb is Verb.CREATE and found.spec:
        return namesake_hint(found.spec, diff.deleted.values())
    unseen = found.verb is Verb.ADOPT and live and not (live.status or live.tags)
    return _UNSEEN if unseen else _NOTES.get(found.origin, "")


def _promotion_note(promotion: Promotion) -> str:
    source, origin = promotion.source.id, promotion.origin
    if promotion.arrived:
        return f"brought over from {origin} before; a copy that was left there is deleted"
    if promotion.by is By.COPY:
        return (
            f"{source} stays in {origin}; a copy of it is transferred, and deleted there should "
            "the transfer leave it behind"
        )
    return f"{source} itself is transferred: the API does not say whether {origin} keeps it"
