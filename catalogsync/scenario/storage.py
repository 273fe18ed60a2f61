"""What a project keeps and what uses it, read for whoever wants to throw something away."""

import re
from collections.abc import Iterator, Sequence

from catalogsync.errors import NotFound
from catalogsync.model import Holder, StoredAsset
from catalogsync.scenario.answers import Json
from catalogsync.scenario.fields import id_of, items_of
from catalogsync.scenario.paths import LISTING, MODELS, TEXTS, model_path
from catalogsync.scenario.transport import Transport
from catalogsync.scenario.wire import asset_from, is_there

_WORD = re.compile(r"[A-Za-z0-9_-]+")
_ADDRESS = re.compile(r"https?://\S*")
_MODEL_LISTS: tuple[dict[str, str], ...] = ({}, {"status": "deleted"}, {"privacy": "public"})
"""The lists that models stand in; a model that is made public leaves the first one."""


class Storage:
    """The port on what a project keeps."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def stored_assets(self) -> Iterator[StoredAsset]:
        """Yield every asset once (GET /assets)."""
        seen: set[str] = set()
        params = {"pageSize": "100", "sortBy": "createdAt", "sortDirection": "desc"}
        for page in self._http.pages("/assets", "assets", params):
            for item in page:
                if is_there(item) and id_of(item) not in seen:
                    seen.add(id_of(item))
                    yield _stored(item)

    def holders(self) -> Iterator[Holder]:
        """Yield every model once, also deleted and public ones (GET /models)."""
        seen: set[str] = set()
        for chosen in _MODEL_LISTS:
            for page in self._http.pages(MODELS, "models", {**LISTING, **chosen}):
                for item in page:
                    if id_of(item) not in seen:
                        seen.add(id_of(item))
                        yield _holder(item, public="privacy" in chosen)

    def words_of(self, model_id: str) -> frozenset[str]:
        """All words of a model and its texts (GET /models/{modelId}, its description and guide)."""
        words = _words(self._http.get(model_path(model_id)))
        for where in TEXTS.values():
            try:
                words |= _words(self._http.get(model_path(model_id, where)))
            except NotFound:
                # Unset, or the model is gone meanwhile: then this raises.
                self._http.get(model_path(model_id))
        return words

    def words_of_collections(self) -> frozenset[str]:
        """All words of the collections (GET /collections)."""
        pages = self._http.pages("/collections", "collections", {"pageSize": "100"})
        return frozenset().union(*(_words(page) for page in pages))

    def assets_left(self, asset_ids: Sequence[str]) -> frozenset[str]:
        """Those of the assets that are there (POST /assets/get-bulk)."""
        answer = self._http.read_by_post("/assets/get-bulk", {"assetIds": list(asset_ids)})
        return frozenset(id_of(item) for item in items_of(answer, "assets") if is_there(item))

    def delete_assets(self, asset_ids: Sequence[str]) -> None:
        """Delete assets, in one attempt (DELETE /assets)."""
        self._http.once("DELETE", "/assets", {"assetIds": list(asset_ids)})


def _stored(item: Json) -> StoredAsset:
    collections = item.get("collectionIds")
    return StoredAsset(
        asset=asset_from(item),
        created_at=str(item.get("createdAt") or ""),
        owner_id=str(item.get("ownerId") or ""),
        collection_ids=frozenset(map(str, collections if isinstance(collections, list) else ())),
        words=_words(item) - {id_of(item)},
    )


def _holder(item: Json, *, public: bool) -> Holder:
    return Holder(
        id=id_of(item),
        owner_id=str(item.get("ownerId") or ""),
        gone=bool(item.get("deletedAt")),
        public=public,
        words=_words(item),
    )


def _words(told: object) -> frozenset[str]:
    """Everything in an answer that may be an id: what is told in some way must not be missed."""
    return frozenset(word for text in _texts(told) for word in _WORD.findall(text))


def _texts(told: object) -> Iterator[str]:
    """Every text in an answer, but for addresses: their signatures are other words each time."""
    if isinstance(told, dict):
        for each in told.values():
            yield from _texts(each)
    elif isinstance(told, list):
        for each in told:
            yield from _texts(each)
    elif isinstance(told, str) and not _ADDRESS.fullmatch(told):
        yield told
