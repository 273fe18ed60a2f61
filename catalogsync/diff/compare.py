"""One manifest against one model."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from fnmatch import translate as pattern_of

from catalogsync.claims import Claim
from catalogsync.contents import Contents
from catalogsync.diff.leaves import leaf_differences
from catalogsync.diff.lists import list_differences
from catalogsync.diff.managed import READ_ALONE
from catalogsync.diff.training import training_changes
from catalogsync.diff.values import Change, ModelDiff, Value, Verb
from catalogsync.identity import Match, Origin
from catalogsync.import_notes import Note
from catalogsync.marks import (
    OWNER_PREFIX,
    PROTECTED_TAG,
    UNFINISHED_TAG,
    owner_tag,
    promoting_owner,
)
from catalogsync.mentions import canonical, parsed
from catalogsync.model import (
    Catalog,
    Concept,
    Mention,
    ModelRef,
    ModelSpec,
    RemoteModel,
    Snapshot,
    State,
    Text,
)
from catalogsync.texts import normalised

RESERVED_TAGS = (f"{OWNER_PREFIX}*", "sc:*", "deprecated:*")
"""Tags that a manifest never manages: ours, and the vendor's."""


_NOTHING = RemoteModel(id="", name="", type="", status="new", updated_at="")

SCALARS = {
    "name": "name",
    "type": "type",
    "shortDescription": "short_description",
    "classSlug": "class_slug",
    "epoch": "epoch",
    "promptEmbedding": "prompt_embedding",
    "negativePromptEmbedding": "negative_prompt_embedding",
}
"""Fields that are one string on both sides: the API's name and ours."""


_VERBS = {
    Origin.PINNED: Verb.ADOPT,
    Origin.INTERRUPTED: Verb.ADOPT,
    Origin.CLAIMED: Verb.ADOPT,
    Origin.DELETED: Verb.RESTORE,
}
"""What becomes of a model that is not ours yet, by how its manifest came by it."""


def _source(spec: ModelSpec, remote: RemoteModel | None, note: Note | None) -> Iterator[Change]:
    """What a new model is made of, or the note of an import that is over."""
    if remote is None and spec.weights:
        yield Change(spec.key, ("source",), None, spec.weights)
    elif remote and note:
        yield Change(spec.key, ("import",), note.name, None)


def _claimed(found: Match, claims: Sequence[Claim]) -> Iterator[Change]:
    """The note of how a model came to be ours, once that is over."""
    names = [claim.name for claim in claims]
    if found.live and UNFINISHED_TAG in found.live.tags:
        names = names or [UNFINISHED_TAG]
    if names and found.origin is not Origin.DELETED:
        yield Change(found.spec.key, ("note",), names[0], None)


def _unread(change: Change) -> Change:
    """A change of a deleted model, which does not tell what its texts are."""
    return replace(change, before=None) if change.field in READ_ALONE else change


def _unseen(spec: ModelSpec, changes: Iterable[Change]) -> Iterator[Change]:
    """The managed fields of a deleted model that cannot be read: they are set, also to nothing."""
    told = {change.field for change in changes}
    for field, attribute in READ_ALONE.items():
        if getattr(spec, attribute) is not None and field not in told:
            yield Change(spec.key, (field,), None, "")


class Comparison:
    """Compares one manifest at a time against a snapshot.

    `ids` are the models of the keys that have one, `gone` the keys of models whose manifests went.
    """

    def __init__(
        self,
        catalog: Catalog,
        snapshot: Snapshot,
        contents: Contents,
        ids: Mapping[str, str],
        gone: Mapping[str, str] | None = None,
    ) -> None:
        self._catalog = catalog
        self._gone = gone or {}
        self._contents = contents
        self._keys = {model_id: key for key, model_id in ids.items()}
        self._collections = snapshot.collections or {}
        globs = (*RESERVED_TAGS, *catalog.ignore_tags)
        self._is_ignored = re.compile("|".join(map(pattern_of, globs))).match

    def model(self, found: Match, note: Note | None, claims: Sequence[Claim]) -> ModelDiff | None:
        """What differs between a manifest and its model, or None where nothing does.

        The `note` is that of an import, `claims` those of how the model came to be ours.
        """
        spec, remote = found.spec, found.remote
        if spec.state is State.ABSENT:
            return ModelDiff(spec.key, Verb.DELETE, spec, remote) if remote else None
        if spec.state is State.UNMANAGED:
            marks = tuple(self._our_marks(spec, remote)) if remote else ()
            return ModelDiff(spec.key, Verb.FORGET, spec, remote, marks) if marks else None
        changes = (
            *_source(spec, remote, note),
            *_claimed(found, claims),
            *self.changes(spec, remote or _NOTHING),
        )
        if remote is None:
            return ModelDiff(spec.key, Verb.CREATE, spec, None, changes)
        if found.origin is Origin.DELETED:
            changes = (*map(_unread, changes), *self._lost(found), *_unseen(spec, changes))
        verb = _VERBS.get(found.origin, Verb.UPDATE)
        return ModelDiff(spec.key, verb, spec, remote, changes, found.origin) if changes else None

    def changes(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        """What differs between a manifest and a model that is there."""
        yield from self._ownership(spec, live)
        yield from self._values(spec, live)
        yield from self._tags(spec, live)
        yield from self._collection_names(spec, live)
        yield from self._thumbnail(spec, live)
        yield from self._examples(spec, live)
        yield from training_changes(spec, live, self._contents)
        yield from self._text(spec.key, "description", spec.description, live.description)
        yield from self._text(spec.key, "promptGuide", spec.prompt_guide, live.prompt_guide)

    def _lost(self, found: Match) -> Iterator[Change]:
        """The tags that a manifest leaves alone, and that a restored model comes back without."""
        left_alone = self._catalog.ignore_tags if found.spec.tags is not None else ("*",)
        for tag in sorted(found.lost_tags):
            ours = any(fnmatchcase(tag, glob) for glob in left_alone)
            if ours and not any(fnmatchcase(tag, glob) for glob in RESERVED_TAGS):
                yield Change(found.spec.key, ("tags", tag), None, tag)

    def _ownership(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        tag = owner_tag(self._catalog.name, spec.key)
        old = owner_tag(self._catalog.name, spec.renamed_from)
        travelling = owner_tag(promoting_owner(self._catalog.name), spec.key)
        old = travelling if travelling in live.tags else old
        if tag not in live.tags:
            yield Change(spec.key, ("owner",), old if old in live.tags else None, tag)
        elif old in live.tags:
            yield Change(spec.key, ("owner",), old, tag)
        protected = PROTECTED_TAG in live.tags
        if protected != spec.protect:
            yield Change(spec.key, ("protect",), protected, spec.protect)

    def _our_marks(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        """What a model that is to be forgotten bears of ours, to be taken off."""
        keys = filter(None, (spec.key, spec.renamed_from))
        marks = [tag for key in keys if (tag := owner_tag(self._catalog.name, key)) in live.tags]
        for tag in marks:
            yield Change(spec.key, ("owner",), tag, None)
        if marks and PROTECTED_TAG in live.tags:
            yield Change(spec.key, ("protect",), True, False)

    def _values(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        wanted = {name: getattr(spec, attribute) for name, attribute in SCALARS.items()}
        after: dict[str, object] = {n: value for n, value in wanted.items() if value is not None}
        before: dict[str, object] = {n: getattr(live, SCALARS[n]) or "" for n in after}
        if spec.concepts is not None:
            after["concepts"] = self._concepts(spec.concepts)
            before["concepts"] = self._concepts(live.concepts)
        if before != after:
            for path, old, new in leaf_differences(before, after):
                yield Change(spec.key, path, old, new)

    def _concepts(self, concepts: Iterable[Concept]) -> dict[str, dict[str, Value]]:
        return {
            self.model_name(concept.model): {"scale": concept.scale, "epoch": concept.epoch}
            for concept in concepts
        }

    def model_name(self, ref: ModelRef) -> str:
        """What another model is called here: its key, or its id where it has none."""
        return ref.key or self._keys.get(ref.id, ref.id)

    def _tags(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        if spec.tags is None:
            return
        differing = [tag for tag in live.tags ^ spec.tags if not self._is_ignored(tag)]
        for tag in sorted(differing):
            old, new = (tag if tag in side else None for side in (live.tags, spec.tags))
            yield Change(spec.key, ("tags", tag), old, new)

    def _collection_names(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        if spec.collections is None:
            return
        known = self._collections
        before = {known[held] for held in live.collection_ids if held in known}
        for name in sorted(before ^ spec.collections):
            old, new = (name if name in side else None for side in (before, spec.collections))
            yield Change(spec.key, ("collections", name), old, new)

    def _thumbnail(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        if spec.thumbnail is None:
            return
        if self._contents.token(spec.thumbnail) != self._contents.token_of(live.thumbnail):
            before = self._contents.described(live.thumbnail) if live.thumbnail else None
            after = spec.thumbnail if self._contents.token(spec.thumbnail) else None
            yield Change(spec.key, ("thumbnail",), before, after)

    def _examples(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        if spec.examples is None:
            return
        contents = self._contents
        before = [contents.token_of(asset_id) for asset_id in live.examples]
        if before == [contents.token(ref) for ref in spec.examples]:
            return
        held = [(contents.token_of(each), contents.described(each)) for each in live.examples]
        wanted = [(contents.token(ref), contents.in_full(ref)) for ref in spec.examples]
        for name, old, new in list_differences(held, wanted):
            yield Change(spec.key, ("examples", name), old, new)

    def _text(
        self, key: str, field: str, wanted: Text | None, live: str | None
    ) -> Iterator[Change]:
        if wanted is None:
            return
        if self.canonical(Text((live or "",))) != self.canonical(wanted):
            before = self.in_words_of(wanted, parsed(live or ""))
            yield Change(key, (field,), before, normalised(wanted.written))

    def canonical(self, text: Text) -> tuple[str | tuple[str, str], ...]:
        """A text in a form that is equal exactly for texts that mean the same."""
        return canonical(text, asset=self._contents.token, model=self._model_token)

    def _model_token(self, ref: ModelRef) -> str:
        # No id holds an equals sign: a key that somebody typed in the web page is no mention.
        key = ref.key or self._keys.get(ref.id)
        return f"key={key}" if key else ref.id

    def in_words_of(self, author: Text, text: Text) -> str:
        """The server's text, with references written as the manifest's author writes them."""
        words = {self.canonical(Text((m,))): m.written for m in author.mentions}
        keys = self._gone_but_for(author) | self._keys if self._gone else self._keys

        def word(part: str | Mention) -> str:
            if isinstance(part, str):
                return part
            if isinstance(part.target, ModelRef) and part.target.id in keys:
                return f"{{model:{keys[part.target.id]}}}"
            return normalised(words.get(self.canonical(Text((part,))), part.written))

        return "".join(map(word, text.parts))

    def _gone_but_for(self, author: Text) -> dict[str, str]:
        """The keys of models whose manifests went, but for those that the author calls by id."""
        parts = (parsed(p).mentions if isinstance(p, str) else (p,) for p in author.parts)
        targets = (mention.target for part in parts for mention in part)
        by_id = {target.id for target in targets if isinstance(target, ModelRef)}
        return {model_id: key for model_id, key in self._gone.items() if model_id not in by_id}
