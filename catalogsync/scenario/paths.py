"""Where the API has things, and what it is asked there by more than one of us."""

from urllib.parse import quote, urlencode

from catalogsync.errors import Rejected
from catalogsync.scenario.request import Request

MODELS = "/models"
LISTING = {"pageSize": "500"}
"""The parameters of a page of models."""

TEXTS = {"description": "description", "promptGuide": "prompt-guide"}
"""The texts that a model has beside its record, and where each is below it."""


def model_path(model_id: str, *rest: str) -> str:
    """The path of a model, or of something below it."""
    return "/".join((MODELS, path_part(model_id), *rest))


def path_part(identifier: str) -> str:
    """An id as one part of a path; what would name another resource is refused."""
    # "." and ".." stand for other paths even when they are quoted, and nothing for the listing.
    if not identifier.strip(".") or not identifier.isprintable():
        raise Rejected(f"{identifier!r} cannot be an id")
    return quote(identifier, safe="")


def target_of(request: Request, project: str) -> str:
    """The path of a request with its query, for a project unless that is the credentials' own."""
    query = urlencode({**request.params, **({"projectId": project} if project else {})})
    return f"{request.path}?{query}" if query else request.path
