"""The models that a command line names by their keys."""

from collections.abc import Iterable, Sequence

from catalogsync.errors import UsageError
from catalogsync.identity import Match, Refusal, match
from catalogsync.manifest.words import did_you_mean
from catalogsync.model import Catalog, RemoteModel, State

Named = tuple[tuple[Match, ...], tuple[Refusal, ...]]


def check_keys(catalog: Catalog, keys: Iterable[str]) -> None:
    """Raise `UsageError` for keys that no manifest has, all of them at once."""
    known = [spec.key for spec in catalog.models]
    unknown = [key for key in keys if key not in known]
    if unknown:
        near = next((hint for key in unknown if (hint := did_you_mean(key, known))), "")
        raise UsageError(
            f"the catalog has no model {', '.join(unknown)}",
            hint=near or f"keys: {', '.join(known) or 'none'}",
        )


def named(catalog: Catalog, keys: Sequence[str], models: Iterable[RemoteModel]) -> Named:
    """The models on the server that belong to these keys, and why those do that have none.

    Each key counts once, in the order it is named first.
    """
    check_keys(catalog, keys)
    found = match(catalog, {model.id: model for model in models})
    refused = {refusal.model: refusal for refusal in found.refusals}
    matched = {each.spec.key: each for each in found.matches}
    there, missing = [], []
    for key in dict.fromkeys(keys):
        refusal = refused.get(key) or _refusal(matched[key])
        if refusal:
            missing.append(refusal)
        else:
            there.append(matched[key])
    return tuple(there), tuple(missing)


def _refusal(found: Match) -> Refusal | None:
    key = found.spec.key
    if found.spec.state is not State.PRESENT:
        hint = "say `state: present` in its manifest to have to do with it again"
        return Refusal(key, "let-go", f"its manifest says `state: {found.spec.state}`", hint)
    if found.remote is None:
        hint = f"make it first: catalog-sync apply --only {key}"
        return Refusal(key, "not-there", "there is no such model on the server yet", hint)
    return None
