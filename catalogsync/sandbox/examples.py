"""The example images of a model.

Chosen where nothing is documented: uploaded assets may be examples; an example without a
generation behind it names the model itself as its model; an empty list clears.
"""

from catalogsync.sandbox import asset_records, model_records
from catalogsync.sandbox.checks import ListOf, Object, reference
from catalogsync.sandbox.world import Call, Json

_IMAGES = ListOf(reference("asset"), most=150, distinct=True)
UPDATE = Object({"assetIds": _IMAGES}, required=("assetIds",))


def read(call: Call) -> Json:
    """`GET /models/{modelId}/examples`."""
    return _show(call, model_records.kept(call))


def update(call: Call) -> Json:
    """`PUT /models/{modelId}/examples`: the whole list, in order."""

    def replace(doc: Json) -> None:
        wanted = call.body["assetIds"]
        asset_records.must_exist(call, wanted, "assetIds")
        doc["exampleAssetIds"] = wanted

    return _show(call, model_records.edit(call, replace))


def _show(call: Call, doc: Json) -> Json:
    wanted: list[str] = doc["exampleAssetIds"]
    found = asset_records.find(call, wanted)
    shown = [{"asset": found[each], "modelId": doc["id"]} for each in wanted if each in found]
    return {"examples": shown}
