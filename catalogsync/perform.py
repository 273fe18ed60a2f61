"""Does one action on the server, and makes sure that the server kept it."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from itertools import islice
from threading import Lock
from typing import BinaryIO, assert_never

from catalogsync.actions import (
    Action,
    AdoptModel,
    CreateCollection,
    CreateModel,
    DeleteModel,
    EditCollections,
    EditTags,
    EndImport,
    EndNote,
    FieldValue,
    ForgetModel,
    ImportModel,
    PromoteModel,
    RestoreModel,
    SetDescription,
    SetExamples,
    SetPromptGuide,
    TrainingAction,
    UpdateModel,
    UploadAsset,
)
from catalogsync.attempts import create_collection, create_once
from catalogsync.diff import SCALARS
from catalogsync.errors import (
    ApiError,
    Interrupted,
    NotKept,
    OutcomeUnknown,
    Rejected,
)
from catalogsync.importer import Importer
from catalogsync.ledger import Ledger
from catalogsync.looking import Lookout
from catalogsync.members import Batch
from catalogsync.model import AssetRef, RemoteModel
from catalogsync.ports import CatalogWriter
from catalogsync.recovery import Recovery
from catalogsync.texts import as_compared
from catalogsync.training_writer import TrainingWriter

_NEWEST_PAGES = 20
"""How far back a file is looked for whose answer was lost: that is 2,000 assets."""


def _nowhere_from(action: PromoteModel) -> None:
    raise AssertionError(f"{action.model} is promoted without a project to bring it from")


FileOpener = Callable[[AssetRef], BinaryIO]


class Performer:
    """Does actions with a writer, a ledger of ids and a way to open files."""

    def __init__(
        self,
        writer: CatalogWriter,
        ledger: Ledger,
        open_file: FileOpener,
        *,
        pause: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        promote: Callable[[PromoteModel], object] = _nowhere_from,
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._open_file = open_file
        self._pause = pause
        self._importer = Importer(writer, ledger, open_file, pause)
        self._training = TrainingWriter(writer, ledger, pause, clock)
        self.lookout = Lookout(writer, ledger, self._training)
        self._recovery = Recovery(writer, ledger, self._edit_tags, pause)
        self._promote = promote
        self._lock = Lock()
        self._alike: defaultdict[tuple[object, object], Lock] = defaultdict(Lock)

    def move_together(self, batch: Batch) -> None:
        """Edit the membership of many models in one attempt; any `ApiError` leaves them unclear."""
        ledger = self._ledger
        if batch.adding:
            ids = [ledger.model_id(key) for key in batch.models]
            self._writer.add_to_collection(ledger.collection_id(batch.collection), ids)
            return
        members: defaultdict[str, list[str]] = defaultdict(list)
        for key in batch.models:
            for collection_id in ledger.collections_held(key, batch.collection):
                members[collection_id].append(ledger.model_id(key))
        for collection_id, ids in members.items():
            self._writer.remove_from_collection(collection_id, ids)

    def perform(self, action: Action) -> None:
        """Do the action; raise `ApiError` if it failed, `NotKept` if it did not stick."""
        writer, ledger = self._writer, self._ledger
        if isinstance(action, TrainingAction):
            self._training.perform(action, partial(self.lookout.check_replaced, action))
            return
        match action:
            case UploadAsset():
                self._upload(action)
            case CreateCollection(name=name):
                ledger.record_collection(name, create_collection(writer, name, self._pause))
            case CreateModel():
                self._create_model(action)
            case ImportModel():
                self._import_model(action)
            case EndImport(model=key):
                self._importer.end(key)
            case RestoreModel():
                self._recovery.model(action)
            case PromoteModel():
                self._promote(action)
            case EndNote(model=key):
                self._recovery.end(key)
            case UpdateModel():
                self._update_model(action)
            case (
                AdoptModel(model=key, add=add, delete=delete)
                | EditTags(model=key, add=add, delete=delete)
            ):
                self._edit_tags(ledger.model_id(key), add, delete)
            case ForgetModel(model=key, tags=tags):
                self._edit_tags(ledger.model_id(key), (), tags)
            case EditCollections():
                self._edit_collections(action)
            case SetExamples():
                self._set_examples(action)
            case SetDescription(model=key, text=text):
                sent, again = ledger.text(text), partial(self.lookout.check_replaced, action)
                kept = writer.set_description(ledger.model_id(key), sent, again=again)
                _expect_text(sent, kept)
            case SetPromptGuide(model=key, text=text):
                sent, again = ledger.text(text), partial(self.lookout.check_replaced, action)
                kept = writer.set_prompt_guide(ledger.model_id(key), sent, again=again)
                _expect_text(sent, kept)
            case DeleteModel(model=key):
                again = partial(self.lookout.check_unchanged, action)
                writer.delete_model(ledger.model_id(key), again=again)
            case _:
                assert_never(action)

    def _upload(self, action: UploadAsset) -> None:
        asset, options = action.asset, self._ledger.options(action.options)

        def send() -> str:
            if asset.url:
                return self._writer.fetch_asset(asset, options)
            with ExitStack() as opened:
                files = [opened.enter_context(self._open_file(each)) for each in asset.files]
                return self._writer.upload_asset(asset, files, options)

        found = create_once(send, lambda: self._find_asset(asset), self._pause)
        self._ledger.record_asset(asset, found)

    def _find_asset(self, asset: AssetRef) -> str | None:
        """A file whose answer was lost; many others may have arrived while it was waited for."""
        pages = islice(self._writer.newest_assets(), _NEWEST_PAGES)
        held = (each for page in pages for each in page)
        return next((each.id for each in held if each.digest == asset.digest), None)

    def _create_model(self, action: CreateModel) -> None:
        fields = self._fields(action.fields)
        with self._alone(fields):
            model_id = create_once(
                lambda: self._writer.create_model(fields).id,
                lambda: self._find_created(fields),
                self._pause,
            )
            self._ledger.record_model(action.model, model_id)
        self._edit_tags(model_id, action.tags, ())

    def _import_model(self, action: ImportModel) -> None:
        model_id = self._importer.model(action)
        self._ledger.record_model(action.model, model_id)
        self._edit_tags(model_id, action.tags, ())
        self._importer.end(action.model)
        became = action.model_type
        # Made and marked as ours it is done: the next plan tells the type that is not told now.
        with suppress(ApiError, Interrupted):
            became = self._writer.get_model(model_id).type
        if became != action.model_type:
            raise NotKept(
                f"the import made a model of type {became}, not {action.model_type}",
                hint=f"write `type: {became}`, or delete the model and correct `source`",
            )

    def _alone(self, fields: dict[str, object]) -> Lock:
        """Two creates that look alike must not overlap: a lost one is looked for by its looks."""
        with self._lock:
            return self._alike[fields.get("name"), fields.get("type")]

    def _find_created(self, fields: dict[str, object]) -> str | None:
        """A model that a create whose answer was lost left behind: new since the plan, untagged.

        Raises `OutcomeUnknown` where the only such model is not as a create leaves it.
        """
        doubtful = ""
        for model in self._writer.list_models():
            same = (model.name, model.type) == (fields.get("name"), fields.get("type"))
            if same and not model.tags and self._ledger.claim(model.id):
                if model.status == "new":
                    return model.id
                doubtful = model.id
        if doubtful:
            raise OutcomeUnknown(
                f"the answer was lost, and nothing tells whether {doubtful} was made by it",
                hint=f"pin it with `id: {doubtful}` if it is the one, or give it another name",
            )
        return None

    def _edit_tags(self, model_id: str, add: Sequence[str], delete: Sequence[str]) -> None:
        """Edit tags; unless the answer says that each was changed, look at what became of them."""
        if self._writer.edit_tags(model_id, add=add, delete=delete):
            return
        live = self._writer.get_model(model_id).tags
        if not live.issuperset(add) or not live.isdisjoint(delete):
            raise NotKept("the server did not keep the tags as sent")

    def _update_model(self, action: UpdateModel) -> None:
        sent, again = self._fields(action.fields), partial(self.lookout.check_replaced, action)
        kept = self._writer.update_model(self._ledger.model_id(action.model), sent, again=again)
        for field, value in sent.items():
            _expect_field(field, value, kept)

    def _fields(self, fields: tuple[tuple[str, FieldValue], ...]) -> dict[str, object]:
        return {name: self._ledger.sent(value) for name, value in fields}

    def _edit_collections(self, action: EditCollections) -> None:
        model_id = self._ledger.model_id(action.model)
        for name in action.add:
            self._add(self._ledger.collection_id(name), model_id)
        for name in action.remove:
            for collection_id in self._ledger.collections_held(action.model, name):
                self._remove(collection_id, model_id)

    def _add(self, collection_id: str, model_id: str) -> None:
        self._settle(
            lambda: self._writer.add_to_collection(collection_id, [model_id]),
            lambda: collection_id in self._writer.get_model(model_id).collection_ids,
        )

    def _remove(self, collection_id: str, model_id: str) -> None:
        self._settle(
            lambda: self._writer.remove_from_collection(collection_id, [model_id]),
            lambda: collection_id not in self._writer.get_model(model_id).collection_ids,
        )

    def _settle(self, change: Callable[[], None], is_so: Callable[[], bool]) -> None:
        """Make a change that is an error when it is so already: after one, look."""

        def attempt() -> bool:
            try:
                change()
            except Rejected:
                if not is_so():
                    raise
            return True

        create_once(attempt, lambda: True if is_so() else None, self._pause)

    def _set_examples(self, action: SetExamples) -> None:
        sent = tuple(map(self._ledger.asset_id, action.examples))
        again = partial(self.lookout.check_replaced, action)
        kept = self._writer.set_examples(self._ledger.model_id(action.model), sent, again=again)
        if kept != sent:
            missing = len(set(sent) - set(kept))
            what = f"{missing} of {len(sent)} examples are missing" if missing else "another order"
            raise NotKept(f"the server did not keep the examples as sent: {what}")


def _expect_field(field: str, sent: object, kept: RemoteModel) -> None:
    value = getattr(kept, SCALARS[field]) if field in SCALARS else None
    if value is not None and value != (sent or ""):
        raise NotKept(f"the server did not keep {field} as sent")


def _expect_text(sent: str, kept: str) -> None:
    if as_compared(kept) != as_compared(sent):
        raise NotKept("the server did not keep the text as sent")
