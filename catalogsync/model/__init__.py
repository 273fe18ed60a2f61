"""The values that flow between the stages: what the catalog wants and what the server has.

In a `ModelSpec`, `None` means that the manifest does not manage the field and an empty value
that it makes the field empty. In a `RemoteModel`, `None` means that the field was not read.
"""

from catalogsync.model.assets import (
    LARGEST_FILE,
    NO_ASSET,
    AssetKind,
    AssetOptions,
    AssetRef,
    Canvas,
    Holder,
    LocalFile,
    StoredAsset,
)
from catalogsync.model.catalog import SCENARIO, UNLIMITED, Catalog, Limit, Policy, Target
from catalogsync.model.manifests import (
    Concept,
    Ignored,
    Mention,
    ModelRef,
    ModelSpec,
    Parameter,
    Parameters,
    Source,
    State,
    Text,
    TrainingImage,
    TrainingPair,
    Weights,
    WeightsSource,
)
from catalogsync.model.remote import InSync, Price, ReadBefore, RemoteModel, Snapshot

__all__ = [
    "LARGEST_FILE",
    "NO_ASSET",
    "SCENARIO",
    "UNLIMITED",
    "AssetKind",
    "AssetOptions",
    "AssetRef",
    "Canvas",
    "Catalog",
    "Concept",
    "Holder",
    "Ignored",
    "InSync",
    "Limit",
    "LocalFile",
    "Mention",
    "ModelRef",
    "ModelSpec",
    "Parameter",
    "Parameters",
    "Policy",
    "Price",
    "ReadBefore",
    "RemoteModel",
    "Snapshot",
    "Source",
    "State",
    "StoredAsset",
    "Target",
    "Text",
    "TrainingImage",
    "TrainingPair",
    "Weights",
    "WeightsSource",
]
