"""Models with training images, for tests that train and download them."""

import base64
import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from tests.cli.conftest import write

TYPES = {"ink": "flux.1-lora", "paint": "flux.2-dev-lora", "pose": "custom", "bare": "flux.1-lora"}
IMAGES = {"ink": 3, "paint": 2, "pose": 1, "bare": 0}
PROJECT = "proj_train"


def write_catalog(folder: Path, ids: dict[str, str] | None = None) -> Path:
    """Write a catalog of four models, two of which can be trained."""
    (folder / "models").mkdir(parents=True)
    settings = f"targets: {{main: {{project: {PROJECT}}}}}\ndefault: main\n"
    write(folder / "catalog.yaml", f"apiVersion: catalogsync/v1\nname: acme\n{settings}")
    for key, type_ in TYPES.items():
        pin = f"id: {ids[key]}\n" if ids else ""
        write(folder / f"models/{key}.yaml", f"name: {key.title()}\ntype: {type_}\n{pin}")
    return folder


def picture() -> bytes:
    """A small PNG."""
    file = BytesIO()
    Image.new("RGB", (8, 8), (9, 9, 9)).save(file, "PNG")
    return file.getvalue()


def past_prices(middleware: Any) -> Any:
    """The same middleware, but not for the questions for a price, which have the same path."""

    def wrapped(app: Any) -> Any:
        inner = middleware(app)

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            asks = b"dryRun" in scope["query_string"]
            await (app if asks else inner)(scope, receive, send)

        return serve

    return wrapped


def priced(units: float | None) -> Any:
    """A middleware that names this price for everything, or none."""
    body = b"{}" if units is None else json.dumps({"creativeUnitsCost": units}).encode()

    def middleware(app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            if b"dryRun" not in scope["query_string"]:
                await app(scope, receive, send)
                return
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 269, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return serve

    return middleware


class Api:
    """What a person sees and does in the web page of a project."""

    def __init__(self, server: Any, project: str = PROJECT) -> None:
        self.server = server
        self.ids: dict[str, str] = {}
        params = {"projectId": project}
        # The key that tests of killed runs take for their own.
        auth = (str(os.getpid()), "secret")
        self.http = httpx.Client(base_url=server.url, auth=auth, params=params)

    def close(self) -> None:
        self.http.close()

    def make(self, status: str = "new") -> dict[str, str]:
        """Make the models of the catalog, with their training images, and return their ids."""
        ids = self.ids = dict[str, str]()
        for key, type_ in TYPES.items():
            ids[key] = self.server.control.create_model(
                self.http.params["projectId"], name=key.title(), type=type_, status=status
            )
            for number in range(IMAGES[key]):
                data = "data:image/png;base64," + base64.b64encode(picture()).decode()
                body = {"data": data, "name": f"{number}.png"}
                answer = self.http.post(f"/models/{ids[key]}/training-images", json=body)
                answer.raise_for_status()
        return ids

    def model(self, model_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/models/{model_id}").raise_for_status()
        return dict(answer.json()["model"])

    def jobs(self, *types: str) -> list[dict[str, Any]]:
        """The jobs of the project, the newest first."""
        found = self.http.get("/jobs", params={"pageSize": "100"}).raise_for_status().json()["jobs"]
        return [job for job in found if not types or job["jobType"] in types]
