"""A server that does not keep the names files are sent under."""

import json
from typing import Any

from tests.scenario.test_uploads import App

_NAMES = {"/v1/assets": "name", "/v1/uploads": "fileName"}


def renaming(app: App) -> App:
    """A middleware of the sandbox: every file that arrives is called the same."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        name = _NAMES.get(scope["path"])
        if scope["method"] != "POST" or name is None:
            await app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        changed = json.dumps(json.loads(body) | {name: "upload.bin"}).encode()

        async def renamed() -> Any:
            return {"type": "http.request", "body": changed}

        await app(scope, renamed, send)

    return serve
