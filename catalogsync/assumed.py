"""What a server would hold if a catalog had been applied to it: what offline plans compare with."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from catalogsync.marks import PROTECTED_TAG, owner_tag
from catalogsync.mentions import filled
from catalogsync.model import (
    AssetRef,
    Catalog,
    Concept,
    ModelRef,
    ModelSpec,
    RemoteModel,
    Snapshot,
    State,
    Text,
    TrainingImage,
    TrainingPair,
)
from catalogsync.values import dataclass

MADE = "git."
"""What the ids of models and collections begin with that only the server knows."""

_MADE_ASSET = "git-"


def as_applied(base: Catalog, wanted: Catalog) -> Snapshot:
    """A project to which `base` was applied when it was empty but for what is named by its id.

    What `base` does not manage is empty. Models and assets that only `wanted` names by id are
    taken to be there; an id that `wanted` pins to a key of `base` is taken for that model's.
    """
    ids = _ids(base, wanted)
    present = [spec for spec in base.models if spec.state is State.PRESENT]
    names = _Names(base.name, ids, _captions(present))
    models = [names.model(spec) for spec in present]
    assets = {names.asset(ref): names.described(ref) for spec in present for ref in spec.assets}
    named = {name for spec in present for name in spec.collections or ()}
    named |= {name for s in present for each in s.asset_options for name in each.collections}
    collections = {names.collection(name): name for name in named}
    unseen = [_unseen(spec) for spec in _unowned(base, wanted, set(ids.values()))]
    snapshot = Snapshot({model.id: model for model in (*models, *unseen)}, assets, collections)
    return trusting(snapshot, wanted)


def trusting(snapshot: Snapshot, wanted: Catalog) -> Snapshot:
    """The snapshot with every asset that `wanted` names by its id taken to be there."""
    refs = (ref for spec in wanted.models for ref in spec.assets)
    named = {ref.id: AssetRef(id=ref.id) for ref in refs if ref.id}
    return replace(snapshot, assets=named | dict(snapshot.assets))


def _captions(specs: Iterable[ModelSpec]) -> dict[AssetRef, str]:
    """The caption of every training image that a manifest gives one, whichever set it is in."""
    images = (image for spec in specs for image in spec.training_images or ())
    return {image.asset: image.caption for image in images if image.caption is not None}


def _ids(base: Catalog, wanted: Catalog) -> dict[str, str]:
    """The id of every model that is there once `base` was applied, by its key."""
    pinned = {spec.id for spec in base.models}
    ids = {spec.key: spec.id for spec in base.models if spec.state is State.PRESENT}
    for spec in wanted.models:
        key = spec.key if spec.key in ids else spec.renamed_from
        if ids.get(key) == "" and spec.id not in pinned:
            ids[key] = spec.id
    return {key: model_id or MADE + key for key, model_id in ids.items()}


def _unowned(base: Catalog, wanted: Catalog, owned: set[str]) -> Iterable[ModelSpec]:
    """The manifests whose pinned model is there and bears no mark."""
    settled = owned | {spec.id for spec in base.models}
    let_go = [spec for spec in base.models if spec.state is State.UNMANAGED]
    fresh = [spec for spec in wanted.models if spec.id not in settled]
    return (spec for spec in (*let_go, *fresh) if spec.id)


def _unseen(spec: ModelSpec) -> RemoteModel:
    """A model of which nothing is known but its id."""
    return RemoteModel(
        id=spec.id,
        name=spec.name,
        type=spec.type,
        status="",
        updated_at="",
        description="",
        prompt_guide="",
        prompt_embedding="",
        negative_prompt_embedding="",
        training_images=(),
        training_pairs=(),
        training_parameters=(),
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """Writes what manifests say in the server's ids."""

    catalog: str
    ids: Mapping[str, str]
    captions: Mapping[AssetRef, str]

    def model(self, spec: ModelSpec) -> RemoteModel:
        """The model of a manifest that was applied."""
        marks = {owner_tag(self.catalog, spec.key)} | ({PROTECTED_TAG} if spec.protect else set())
        return replace(
            _unseen(spec),
            id=self.ids[spec.key],
            status="trained" if spec.weights else "",
            short_description=spec.short_description or "",
            tags=(spec.tags or frozenset()) | marks,
            description=self._text(spec.description),
            prompt_guide=self._text(spec.prompt_guide),
            thumbnail=self.asset(spec.thumbnail) if spec.thumbnail else "",
            examples=tuple(map(self.asset, spec.examples or ())),
            collection_ids=frozenset(map(self.collection, spec.collections or ())),
            class_slug=spec.class_slug or "",
            concepts=tuple(map(self._concept, spec.concepts or ())),
            epoch=spec.epoch or "",
            prompt_embedding=spec.prompt_embedding or "",
            negative_prompt_embedding=spec.negative_prompt_embedding or "",
            training_count=len(spec.training_images or ()),
            training_images=tuple(
                TrainingImage(
                    AssetRef(id=self.asset(image.asset)), self.captions.get(image.asset, "")
                )
                for image in spec.training_images or ()
            ),
            training_pairs=tuple(
                TrainingPair(
                    AssetRef(id=self.asset(pair.source)),
                    AssetRef(id=self.asset(pair.target)),
                    pair.instruction,
                )
                for pair in spec.training_pairs or ()
            ),
            training_parameters=spec.training_parameters or (),
        )

    def asset(self, ref: AssetRef) -> str:
        """The id of an asset; empty for none."""
        return ref.id or (_MADE_ASSET + ref.digest if ref.sha256 else "")

    def described(self, ref: AssetRef) -> AssetRef:
        """The asset as the server tells of it: by a name with half its digest, or by a tag."""
        told = ref.sha256 if ref.url else ref.digest
        return replace(ref, id=self.asset(ref), sha256=told, url="")

    def collection(self, name: str) -> str:
        """The id of a collection."""
        return MADE + name

    def _text(self, text: Text | None) -> str:
        return filled(text, asset=self.asset, model=self._referred) if text else ""

    def _concept(self, concept: Concept) -> Concept:
        return replace(concept, model=ModelRef(id=self._referred(concept.model)))

    def _referred(self, ref: ModelRef) -> str:
        return self.ids[ref.key] if ref.key else ref.id
