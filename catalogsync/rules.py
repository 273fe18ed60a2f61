"""What a plan refuses, and why: per model, and by the catalog's brakes for the whole plan."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from catalogsync.diff import Diff, ModelDiff, Verb
from catalogsync.identity import Refusal, owners
from catalogsync.import_notes import unclear_hint, weights_digest
from catalogsync.marks import PROTECTED_TAG
from catalogsync.model import Catalog, Limit, ModelSpec, Policy, State
from catalogsync.training_data import judge_training
from catalogsync.values import dataclass

_TYPES_WITH_EPOCHS = ("flux.1-lora", "flux.1-kontext-lora")


@dataclass(frozen=True, slots=True)
class Allowances:
    """What the user allows for this run beyond the catalog's policy; `upload` is in bytes."""

    delete: int | None = None
    update: int | None = None
    upload: int | None = None


NO_ALLOWANCES = Allowances()


def refused_models(catalog: Catalog, diff: Diff) -> tuple[Refusal, ...]:
    """Everything that speaks against one model or another, and what depends on those."""
    unmatched = {refusal.model for refusal in diff.refusals}  # their assets were not read
    specs = [spec for spec in catalog.models if spec.key not in unmatched]
    found = [r for spec in specs for r in _judge_manifest(spec, diff)]
    found += [r for model in diff.models for r in _judge_change(model, diff)]
    ours = {model.key for model in diff.models}
    found += [refusal for refusal in _judge_deletes(catalog, diff) if refusal.model in ours]
    refused = {refusal.model for refusal in (*diff.refusals, *found)}
    return (*found, *dependents(diff, refused))


def _judge_manifest(spec: ModelSpec, diff: Diff) -> Iterator[Refusal]:
    """What no change needs to be made for: it holds as long as the manifest stands so."""
    if spec.state is not State.PRESENT or not diff.covers(spec.key):
        return
    named = dict.fromkeys(ref.id for ref in spec.assets if ref.id and not ref.sha256)
    for asset_id in named:
        if asset_id not in diff.contents.assets:
            yield Refusal(
                spec.key,
                "no-such-asset",
                f"asset {asset_id} does not exist in this project",
                "correct the id, or name a file instead",
            )


def _judge_change(model: ModelDiff, diff: Diff) -> Iterator[Refusal]:
    if model.spec and model.verb not in (Verb.DELETE, Verb.FORGET):
        yield from _judge_import(model, diff)
        yield from _judge_fields(model, diff)
        yield from judge_training(model, diff)


def _judge_delete(model: ModelDiff) -> Iterator[Refusal]:
    on_server = model.remote is not None and PROTECTED_TAG in model.remote.tags
    if on_server or (model.spec and model.spec.protect):
        yield Refusal(
            model.key,
            "protected",
            "the model is protected and will not be deleted",
            "apply a manifest with `protect: false` and `state: present` first, or delete it "
            "by hand in the web page",
        )


def _judge_deletes(catalog: Catalog, diff: Diff) -> list[Refusal]:
    """What speaks against the deletes, those of the other shards among them."""
    deletes = [m for m in (*diff.models, *diff.elsewhere) if m.verb is Verb.DELETE]
    if not deletes:
        return []
    found = [refusal for model in deletes for refusal in _judge_delete(model)]
    found += _judge_identity(catalog, diff, deletes)
    return [*found, *_judge_parts(diff, deletes, {refusal.model for refusal in found})]


def _judge_identity(
    catalog: Catalog, diff: Diff, deletes: Sequence[ModelDiff]
) -> Iterator[Refusal]:
    """Refuse to delete what a manifest refers to by id, and one of several with the same mark."""
    present = [spec for spec in catalog.models if spec.state is State.PRESENT]
    users = {ref.id: spec.key for spec in present for ref in spec.model_refs if ref.id}
    for model in deletes:
        user = users.get(model.remote.id) if model.remote else None
        if user:
            yield Refusal(
                model.key,
                "still-used",
                f"{user} refers to the model that would be deleted",
                f"take the reference out of {user} first",
            )
        marks = owners(model.remote) if model.remote else ()
        ours = (key for owner, key in marks if owner == catalog.name)
        shared = {held for key in ours for held in diff.twins.get(key, ())}
        if shared:
            yield Refusal(
                model.key,
                "ambiguous",
                f"more than one model on the server bears this mark: {', '.join(sorted(shared))}",
                "delete the ones you do not want in the web page, or take the mark off them",
            )


def _judge_parts(
    diff: Diff, deletes: Sequence[ModelDiff], refused: Collection[str]
) -> Iterator[Refusal]:
    """Refuse to delete what a model of ours keeps as a concept, be it as it is not deleted."""
    keys = {model.remote.id: model.key for model in deletes if model.remote}
    stay = set(refused)
    keeping = deque(c for c in diff.composed if c.keeps or keys.get(c.model.id) in stay)
    while keeping:
        user = keeping.popleft()
        for part in dict.fromkeys(concept.model.id for concept in user.model.concepts):
            if part in keys and keys[part] not in stay:
                stay.add(keys[part])
                keeping += (c for c in diff.composed if c.model.id == part)
                yield Refusal(
                    keys[part],
                    "still-used",
                    f"{user.key} has the model that would be deleted as a concept",
                    f"take it out of {user.key} first, or in the same apply",
                )


def deletes_elsewhere(catalog: Catalog, diff: Diff) -> int:
    """How many models the other shards delete, as far as nothing speaks against it."""
    refused = {refusal.model for refusal in _judge_deletes(catalog, diff)}
    return sum(1 for model in diff.elsewhere if model.key not in refused)


def shared_policy(policy: Policy, diff: Diff) -> Policy:
    """The brakes as they hold for a shard: all shards together stay within the catalog's.

    Deletes are counted over all shards, so that their limit is not divided.
    """
    shard = diff.shard
    if shard is None:
        return policy
    update, upload = policy.max_update, policy.max_upload
    if update.percent is not None:
        update = Limit(count=int(update.percent * diff.managed_here // 100))
    elif update.count is not None:
        update = Limit(count=shard.share(update.count))
    upload = None if upload is None else shard.share(upload)
    return replace(policy, max_update=update, max_upload=upload)


def _judge_import(model: ModelDiff, diff: Diff) -> Iterator[Refusal]:
    """Refuse an import that the server refuses, and one that might run already."""
    if model.remote or model.promotion or not model.spec or not model.spec.weights:
        return
    weights = weights_digest(model.spec.weights)
    note, price = diff.notes.get(model.key), diff.prices.get(weights)
    if note and (not note.upload or note.weights != weights):
        what = "weights" if note.weights == weights else "other weights"
        yield Refusal(
            model.key,
            "import-unclear",
            f"an import of {what} was begun for it, and nothing tells what became of it",
            unclear_hint(note.name),
        )
    if price and price.refusal:
        yield Refusal(model.key, "source-refused", price.refusal, "correct `source`")


def _judge_fields(model: ModelDiff, diff: Diff) -> Iterator[Refusal]:
    """Refuse what the API would; what hangs on a status that is not known passes."""
    if model.spec and _names_one_twice(model.spec, diff):
        yield Refusal(
            model.key,
            "concept-twice",
            "two of its concepts are the same model",
            "keep one of them",
        )
    if model.remote and model.remote.status == "copying" and not model.promotion:
        yield Refusal(
            model.key,
            "copying",
            f"the server still copies {model.remote.id}",
            "plan again when that is done",
        )
    changed = {change.field: change.after for change in model.changes}
    status = model.remote.status if model.remote else "new"
    if model.remote and "type" in changed and status not in ("new", ""):
        yield Refusal(
            model.key,
            "type-fixed",
            f"the type is {model.remote.type} and cannot become {changed['type']}: "
            f"the API changes it only while a model is new, and this one is {status}",
            "restore `type` in the manifest, or make a new model under another key",
        )
    epoch = changed.get("epoch")
    if epoch and not _has_epoch(model, str(epoch)):
        yield Refusal(
            model.key,
            "no-such-epoch",
            f"epoch {epoch} cannot be set: the API takes one of a trained model's own epochs",
            "leave `epoch` out until the model is trained",
        )


def _names_one_twice(spec: ModelSpec, diff: Diff) -> bool:
    """Whether two concepts are one model, be it by key and by id."""
    refs = [concept.model for concept in spec.concepts or ()]
    return len({ref.id or diff.ids.get(ref.key, ref.key) for ref in refs}) < len(refs)


def _has_epoch(model: ModelDiff, epoch: str) -> bool:
    remote = model.remote or (model.promotion and model.promotion.source)
    if remote and not remote.status:
        return True
    return bool(
        remote
        and remote.status == "trained"
        and remote.type in _TYPES_WITH_EPOCHS
        and epoch in remote.epochs
    )


def dependents(diff: Diff, refused: set[str]) -> list[Refusal]:
    """Models that refer to one that will not exist, directly or through others."""
    changing = [m for m in diff.models if m.spec and m.verb not in (Verb.DELETE, Verb.FORGET)]
    new = (Verb.CREATE, Verb.RESTORE)
    coming = {m.key for m in changing if m.verb in new and m.key not in refused}
    users: defaultdict[str, list[str]] = defaultdict(list)
    for model in changing:
        for ref in model.spec.model_refs if model.spec else ():
            if ref.key:
                users[ref.key].append(model.key)
    missing = deque(key for key in users if key not in diff.ids and key not in coming)
    found: dict[str, Refusal] = {}
    while missing:
        gone = missing.popleft()
        for key in users[gone]:
            if key not in found:
                found[key] = _depends(key, gone)
                if key not in diff.ids:
                    missing.append(key)
    return [refusal for key, refusal in found.items() if key not in refused]


def _depends(key: str, missing: str) -> Refusal:
    return Refusal(
        key,
        "depends",
        f"it refers to {missing}, which is refused, left out or not there",
        f"solve what is refused for {missing}, or include it",
    )


def broken_limits(
    policy: Policy, allow: Allowances, *, managed: int, deletes: int, updates: int, upload: int
) -> Iterator[Refusal]:
    """The brakes that a plan would break; each speaks for the whole plan."""
    for verb, number, limit, allowed in (
        ("delete", deletes, policy.max_delete, allow.delete),
        ("update", updates, policy.max_update, allow.update),
    ):
        limit = limit if allowed is None else Limit(count=allowed)
        if number and not limit.allows(number, of=managed):
            yield Refusal(
                "",
                f"max-{verb}",
                f"{number} models to {verb}, but at most {limit} of {managed} are allowed",
                f"review them, then allow them for this run with --allow-{verb} {number}",
            )
    most = policy.max_upload if allow.upload is None else allow.upload
    if most is not None and upload > most:
        yield Refusal(
            "",
            "max-upload",
            f"{upload:,} bytes to upload, but at most {most:,} are allowed",
            f"allow it for this run with --allow-upload {upload}",
        )
