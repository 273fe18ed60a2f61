"""What cannot be compared because it was not read: never taken for empty."""

from catalogsync.diff.managed import UNLISTED
from catalogsync.identity import Match, Refusal
from catalogsync.model import State


def unread(found: Match) -> Refusal | None:
    """The refusal of a manifest that manages a field which is not known of its model."""
    if found.live is None or found.spec.state is not State.PRESENT:
        return None
    missing = [
        name
        for name, attribute in UNLISTED.items()
        if getattr(found.spec, attribute) is not None and getattr(found.remote, attribute) is None
    ]
    if not missing:
        return None
    return Refusal(
        found.spec.key,
        "not-read",
        f"what the server has for {', '.join(missing)} was not read",
        "take a new snapshot with these manifests, or plan against live",
    )
