"""The images of a model, deleted through it.

Chosen where nothing is documented: the images of a model are its examples and its thumbnail; they
are deleted as `DELETE /assets` deletes; ids that are no images of the model refuse the whole call.
"""

from catalogsync.sandbox import assets, model_records
from catalogsync.sandbox.checks import Object, Text
from catalogsync.sandbox.errors import TOO_MANY_ASSETS, bad_request
from catalogsync.sandbox.world import Call, Json

_MOST = 100
DELETE_QUERY = Object({"ids": Text(longest=20_000, shortest=1, form="asset-ids")}, ("ids",))


def delete(call: Call) -> Json:
    """`DELETE /models/{modelId}/images`: those named in the query, with commas."""
    wanted = call.query["ids"].split(",")
    if len(wanted) > _MOST:
        raise bad_request(TOO_MANY_ASSETS)
    with call.world.store.writing():
        doc = model_records.kept(call)
        own = {*doc["exampleAssetIds"], doc.get("thumbnail")}
        for each in wanted:
            if each not in own:
                raise bad_request(f"ids: {each} is not an image of the model")
        assets.remove(call, wanted)
    return {}
