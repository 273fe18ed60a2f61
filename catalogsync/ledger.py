"""The ids on the server, as known before an apply and as they become known during it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from threading import Lock

from catalogsync.actions import FieldValue
from catalogsync.diff import Diff
from catalogsync.mentions import filled
from catalogsync.model import AssetOptions, AssetRef, Concept, ModelRef, RemoteModel, Snapshot, Text


class Ledger:
    """Turns keys, contents and names into the server's ids; safe to use from several threads."""

    def __init__(self, diff: Diff, snapshot: Snapshot) -> None:
        self._made: dict[str, str] = {}
        self._models = dict(diff.ids)
        self._models |= {found.key: found.remote.id for found in diff.models if found.remote}
        self._contents = diff.contents
        self._uploaded: dict[str, str] = {}
        self._collections = dict(snapshot.collections or {})
        self._notes = {key: [note.collection_id] for key, note in diff.notes.items()}
        self._claims = {
            key: [claim.collection_id for claim in held] for key, held in diff.claims.items()
        }
        self._observed = snapshot.models
        self._parts: dict[str, frozenset[str]] = defaultdict(frozenset)
        held = [(composed.key, composed.model) for composed in diff.composed]
        for key, model in (*held, *((m.key, m.remote) for m in diff.models if m.remote)):
            self._parts[key] |= {concept.model.id for concept in model.concepts}
        self._claimed = set(snapshot.models)
        self._lock = Lock()

    def model_id(self, key: str) -> str:
        """The id of a model of this catalog."""
        return self._models[key]

    def asset_id(self, ref: AssetRef) -> str:
        """The id of an asset with this content."""
        return self._uploaded.get(ref.sha256) or self._contents.id_of(ref) or ref.id

    def asset_among(self, ref: AssetRef, held: Iterable[str]) -> str:
        """The id of an asset with this content: one of those held, if any of them has it."""
        token = self._contents.token(ref)
        same = (each for each in held if self._contents.token_of(each) == token)
        return next(same, None) or self.asset_id(ref)

    def collection_id(self, name: str) -> str:
        """The id of the collection of a name; of several the smallest."""
        return min(held for held, known in self._collections.items() if known == name)

    def collections_held(self, key: str, name: str) -> list[str]:
        """The ids of the collections of a name that the model was seen in."""
        held = self._observed[self._models[key]].collection_ids
        return sorted(found for found in held if self._collections.get(found) == name)

    def notes(self, key: str) -> list[str]:
        """The ids of the collections that say that the model is imported."""
        with self._lock:
            return list(self._notes.get(key, ()))

    def claims(self, key: str) -> list[str]:
        """The ids of the collections that say how the model comes to be this key's."""
        with self._lock:
            return list(self._claims.get(key, ()))

    def ids(self) -> dict[str, str]:
        """The model id of every key, as far as it is known by now."""
        with self._lock:
            return dict(self._models)

    def made(self) -> dict[str, str]:
        """The model id of every key whose model was created, or restored, since the plan."""
        with self._lock:
            return dict(self._made)

    def observed(self, key: str) -> RemoteModel | None:
        """The model as the plan saw it; None for a new one."""
        return self._observed.get(self._models[key])

    def trained_on(self, asset_ids: Iterable[str]) -> set[str]:
        """The ids of the models that were seen to have one of these assets in their sets."""
        return {model_id for each in asset_ids for model_id in self._trained_on.get(each, ())}

    @cached_property
    def _trained_on(self) -> Mapping[str, Sequence[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for model in self._observed.values():
            for image in model.training_images or ():
                found[image.asset.id].append(model.id)
        return found

    def parts(self, key: str) -> frozenset[str]:
        """The ids of the models that the plan saw as concepts of a model."""
        return self._parts.get(key, frozenset())

    def text(self, text: Text) -> str:
        """A Markdown text with the ids it is sent with."""
        return filled(text, asset=self.asset_id, model=self._referred)

    def concepts(self, concepts: tuple[Concept, ...]) -> list[dict[str, object]]:
        """The parts of a composition as the API takes them."""
        return [
            {"modelId": self._referred(concept.model), "scale": concept.scale}
            | ({"modelEpoch": concept.epoch} if concept.epoch else {})
            for concept in concepts
        ]

    def options(self, options: AssetOptions | None) -> dict[str, object]:
        """How a new asset is filed, as the API takes it."""
        if options is None:
            return {}
        ids = [self.collection_id(name) for name in options.collections]
        told: dict[str, object] = {"hide": True} if options.hide else {}
        told |= {"parentId": self.asset_id(options.parent)} if options.parent else {}
        return told | ({"collectionIds": ids} if ids else {})

    def sent(self, value: FieldValue) -> object:
        """The value of a field as the API takes it."""
        if isinstance(value, AssetRef):
            return self.asset_id(value)
        return self.concepts(value) if isinstance(value, tuple) else value

    def record_model(self, key: str, model_id: str) -> None:
        """Remember the id of a model that was created."""
        with self._lock:
            self._models[key] = self._made[key] = model_id
            self._claimed.add(model_id)

    def was_observed(self, model_id: str) -> bool:
        """Whether a model was there when the plan was made."""
        return model_id in self._observed

    def claim(self, model_id: str) -> bool:
        """Take a model that nobody has taken yet; False if it was known or taken before."""
        with self._lock:
            if model_id in self._claimed:
                return False
            self._claimed.add(model_id)
            return True

    def record_asset(self, ref: AssetRef, asset_id: str) -> None:
        """Remember the id of a file that was sent."""
        with self._lock:
            self._uploaded[ref.sha256] = asset_id

    def record_note(self, key: str, collection_id: str) -> None:
        """Remember the id of a collection that says that a model is imported."""
        with self._lock:
            self._notes.setdefault(key, []).append(collection_id)

    def record_claim(self, key: str, collection_id: str) -> None:
        """Remember the id of a collection that says how a model comes to be this key's."""
        with self._lock:
            self._claims.setdefault(key, []).append(collection_id)

    def record_collection(self, name: str, collection_id: str) -> None:
        """Remember the id of a collection that was created."""
        with self._lock:
            self._collections[collection_id] = name

    def _referred(self, ref: ModelRef) -> str:
        return self._models[ref.key] if ref.key else ref.id
