"""What a manifest may refer to: the files of the catalog and its other models."""

import re
from collections.abc import Mapping
from dataclasses import field

from catalogsync.manifest.captions import Captions
from catalogsync.manifest.files import Files
from catalogsync.manifest.settings import Settings
from catalogsync.manifest.words import Unfit, did_you_mean, quote
from catalogsync.model import ModelRef, State
from catalogsync.values import dataclass

_MODEL_ID = re.compile(r"model_[A-Za-z0-9._-]{1,120}")


@dataclass(frozen=True, slots=True)
class Context:
    """The catalog around a manifest; `states` has every key, and what is to become of it."""

    files: Files
    settings: Settings
    states: Mapping[str, State]
    captions: Captions = field(default_factory=Captions)

    def model(self, written: str) -> ModelRef:
        """The model that a key or an id names; raises `Unfit` when there is none."""
        state = self.states.get(written)
        if state is State.PRESENT:
            return ModelRef(key=written)
        if state is not None:
            message = f"{quote(written)} is {state}, so nothing can refer to it"
            raise Unfit(message, "refer to another model")
        if _MODEL_ID.fullmatch(written):
            return ModelRef(id=written)
        hint = did_you_mean(written, self.states)
        raise Unfit(
            f"{quote(written)} is no key of this catalog",
            hint or "name a manifest, or a model's id (model_...)",
        )
