"""One sandbox for the session, a project of its own for every test."""

import base64
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import httpx
import pytest
from PIL import Image
from scenario_sdk import Scenario

from catalogsync.sandbox import running
from catalogsync.sandbox.server import Running

Connect = Callable[..., Scenario]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Makes images that differ from each other."""

    def png(self, width: int = 4, height: int = 3) -> bytes:
        """A PNG of that size and of a random colour."""
        return self.of("PNG", width, height)

    def of(self, kind: str, width: int = 4, height: int = 3) -> bytes:
        """An image in any format that Pillow writes."""
        image = Image.new("RGB", (width, height), f"#{secrets.token_hex(3)}")
        target = BytesIO()
        image.save(target, kind)
        return target.getvalue()

    def encoded(self) -> str:
        """A PNG as base64."""
        return base64.b64encode(self.png()).decode()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("sandbox"), validate_s=0, import_s=0) as server:
        yield server


@pytest.fixture
def project() -> str:
    return f"proj_{secrets.token_hex(6)}"


@pytest.fixture
def connect(project: str) -> Iterator[Connect]:
    """Opens official clients, strict about answers, and closes them."""
    opened: list[Scenario] = []

    def open_client(url: str, *, project_id: str = project, key: str = "key") -> Scenario:
        client = Scenario(
            api_key=key,
            api_secret="secret",
            base_url=url,
            default_query={"projectId": project_id},
            max_retries=0,
            _strict_response_validation=True,
            # Loading certificates takes longer than most tests.
            http_client=httpx.Client(verify=False),
        )
        opened.append(client)
        return client

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def client(server: Running, connect: Connect) -> Scenario:
    """The official client, in this test's project."""
    return connect(server.url)


@pytest.fixture
def stranger(server: Running, connect: Connect) -> Scenario:
    """The official client, in another project."""
    return connect(server.url, project_id=f"proj_{secrets.token_hex(6)}")


@pytest.fixture
def raw(server: Running, project: str) -> Iterator[httpx.Client]:
    """A plain HTTP client for what the official one cannot say."""
    with httpx.Client(
        base_url=server.url,
        auth=("key", "secret"),
        params={"projectId": project},
        verify=False,
    ) as client:
        yield client


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    return Pictures()


@pytest.fixture
def asset(client: Scenario, pictures: Pictures) -> Callable[[], str]:
    """Uploads a new image and returns its id."""
    return lambda: client.assets.upload(name="a.png", image=pictures.encoded()).asset.id
