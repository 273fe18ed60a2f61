"""The refusals of the API, each with the body that clients of the service have been seen to read.

No error schema is published. 400 and 410 carry `reason` and `trace_id`, 403 carries `message`.
The bodies of 401, 404 and 413 were never seen: 401 and 413 follow the gateway in front of such
services (`message`), 404 follows 400.
"""

import secrets
from collections.abc import Mapping
from typing import Any

RETIRED = "Creating SD 1.5 and SDXL models is no longer available."
TOO_MANY_ASSETS = "Too many assetIds provided in a single request"
UNHANDLED_IMAGE = "Unhandled image format"
IMAGE_OR_CANVAS = "Either 'image' or 'canvas' must be provided"
ALREADY_TRAINING = "Model is already training"
ALREADY_TRAINING_IMAGE = "The provided assetId is already a training image of this model"
CANNOT_CANCEL = "Cannot cancel this type of job"
REFUSALS = (400, 401, 403, 404, 410, 413, 429)


class ApiError(Exception):
    """A request that is answered with an error status and a JSON body."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {dict(body)}")
        self.status = status
        self.body = body


def _reason(status: int, reason: str, **more: Any) -> ApiError:
    return ApiError(status, {"reason": reason, "trace_id": secrets.token_hex(16), **more})


def bad_request(reason: str) -> ApiError:
    """A request the API does not accept as it stands."""
    return _reason(400, reason)


def unauthorized() -> ApiError:
    """Credentials that are missing or wrong."""
    return ApiError(401, {"message": "Unauthorized"})


def forbidden(message: str) -> ApiError:
    """A request the caller's role does not allow."""
    return ApiError(403, {"message": message})


def not_found(what: str, identity: str) -> ApiError:
    """An object that does not exist, was deleted, or belongs to another project."""
    return _reason(404, f"{what} {identity} not found")


def gone(reason: str) -> ApiError:
    """Something the service no longer offers."""
    return _reason(410, reason)


def too_large() -> ApiError:
    """A body above the gateway's cap."""
    return ApiError(413, {"message": "Request Too Long"})


def cooldown(seconds: int) -> ApiError:
    """The rate limit: worth another try after `seconds`."""
    return _reason(429, "Too many requests", remainingSeconds=seconds)


def ceiling(action: str, limit: int) -> ApiError:
    """The limit of a plan: another try meets the same answer."""
    details = {"actionName": action, "actionLimit": limit}
    return _reason(429, f"The limit of your plan for {action} is reached", details=details)
