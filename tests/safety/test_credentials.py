"""Promise 9: neither repository nor environment nor network leads the credentials elsewhere."""

import base64
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from catalogsync.errors import BadResponse
from catalogsync.model import AssetRef
from catalogsync.sandbox import running
from catalogsync.scenario import ImageReader
from catalogsync.scenario.parts import Part, PartSender
from catalogsync.scenario.planned_file import PlannedFile
from catalogsync.scenario.tally import Tally
from catalogsync.sending import NoWatcher
from tests.cli.conftest import MODEL, Run, live, write
from tests.cli.test_canaries import said
from tests.cli.test_errors import program
from tests.media import sound
from tests.safety.canary import Recorder
from tests.scenario.server import Server

SECRET = "canary-of-the-secret-77ab"
PAIR = base64.b64encode(f"key:{SECRET}".encode())


@pytest.fixture
def other() -> Iterator[Server]:
    """Somebody else's server, which nothing should ever connect to."""
    with Server() as server:
        yield server
        assert (server.connections, server.requests) == (0, [])


@pytest.fixture
def with_sound(catalog: Path) -> Path:
    """The catalog with a file that is sent in parts."""
    (catalog / "models/ink-heroes/x.wav").write_bytes(sound())
    text = MODEL.replace("images/3.webp]", "images/3.webp, x.wav]")
    write(catalog / "models/ink-heroes/model.yaml", text)
    return catalog


def proxies(address: str) -> dict[str, str]:
    """Every variable by which a program is told of a proxy."""
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "SOCKS_PROXY")
    return {form: address for name in names for form in (name, name.lower())} | {"NO_PROXY": "x"}


ELSEWHERE = ("{url}", "http://{host}/v1", "socks5://{host}", "socks5h://{host}")


@pytest.mark.parametrize("form", ELSEWHERE)
def test_no_variable_leads_a_real_process_elsewhere(
    catalog: Path, tmp_path: Path, server: Any, recorder: Recorder, other: Server, form: str
) -> None:
    address = form.format(url=other.url, host=f"127.0.0.1:{other.port}")
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login netrc-login password netrc-word\n")
    netrc.chmod(0o600)
    nowhere = str(tmp_path / "nowhere.pem")
    certificates = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    env = {
        **os.environ,
        **proxies(address),
        **dict.fromkeys(certificates, nowhere),
        "NETRC": str(netrc),
        "HOME": str(tmp_path),
        "SCENARIO_BASE_URL": server.url,
        "SCENARIO_SDK_API_KEY": "key",
        "SCENARIO_SDK_API_SECRET": SECRET,
        "SCENARIO_URL": other.url,
        "BASE_URL": other.url,
    }
    recorder.taken()
    done = subprocess.run(program("plan", catalog), env=env, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0
    received = recorder.taken()
    assert PAIR in received
    assert b"netrc" not in received
    assert base64.b64encode(b"netrc-login:netrc-word") not in received


def test_no_file_of_the_checkout_leads_elsewhere(
    cli: Run, catalog: Path, other: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assignments = f"SCENARIO_BASE_URL={other.url}\nCATALOG_SYNC_BASE_URL={other.url}\n"
    for name in (".env", ".envrc", ".netrc", "netrc", ".catalog-sync.env", "httpx.toml"):
        write(catalog / name, assignments)
    for name in ("catalog-sync.toml", ".catalog-sync.yaml", "pyproject.toml", "setup.cfg"):
        write(catalog / name, f"[tool.catalog-sync]\nbase_url = '{other.url}'\n")
    monkeypatch.chdir(catalog)
    assert cli("plan").code == 0


FIELDS = (
    "baseUrl", "base_url", "base-url", "url", "host", "endpoint", "api", "proxy", "headers",
    "apiKey", "api_key", "key", "secret", "token", "credentials", "authorization", "env",
    "include", "extends", "plugins", "hooks", "run",
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_names_an_address_or_a_credential(
    cli: Run, catalog: Path, server: Any, other: Server, field: str
) -> None:
    head = "apiVersion: catalogsync/v1\nname: acme\n"
    places = {
        "catalog.yaml:3:1": ("catalog.yaml", f"{head}{field}: {other.url}\n"),
        "catalog.yaml:3:35": (
            "catalog.yaml",
            f"{head}targets: {{main: {{project: proj_x, {field}: {other.url}/}}}}\n",
        ),
        "models/both.yaml:3:1": ("models/both.yaml", f"name: B\ntype: custom\n{field}: x\n"),
    }
    server.control.forget_requests()
    for place, (name, text) in places.items():
        kept = (catalog / name).read_text()
        write(catalog / name, text)
        for command in ("validate", "plan"):
            found = cli(command, catalog)
            assert found.code == 1
            assert f"{place}: " in found.out + found.err
            assert f'unknown field "{field}"' in found.out + found.err
        write(catalog / name, kept)
    assert not server.control.requests()


@pytest.mark.parametrize(
    "written",
    ["${SCENARIO_SDK_API_SECRET}", "$SCENARIO_SDK_API_SECRET", "%SCENARIO_SDK_API_SECRET%",
     "{{ env.SCENARIO_SDK_API_SECRET }}", "!ENV", "~", "$(env)", "`env`"],
)  # fmt: skip
def test_nothing_in_a_manifest_is_replaced(
    cli: Run, catalog: Path, server: Any, project: str, recorder: Recorder, written: str
) -> None:
    text = f"name: 'x{written}'\ntype: custom\ndescription: '{written}'\ntags: ['{written}']\n"
    write(catalog / "models/both.yaml", text)
    recorder.taken()
    assert cli("apply", catalog, "--yes", env={"SCENARIO_SDK_API_SECRET": SECRET}).code == 0
    assert written in live(server, project)[f"x{written}"]["tags"]
    assert SECRET.encode() not in recorder.taken()


REDIRECTED = ("GET /models", "POST /models", "POST /assets", "POST /uploads", "PUT /parts/.*")
PLACES = (
    "{url}/v1/models",
    "http://127.0.0.1:{port}/v1/models",
    "//127.0.0.1:{port}/v1",
    "https://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "http://key:word@127.0.0.1:{port}/",
    "\\\\127.0.0.1\\x",
)


STATUSES = (301, 302, 303, 307, 308)


class Redirecting:
    """A middleware that redirects the requests of one kind, each time to the next place."""

    def __init__(self, pattern: str, places: Iterator[tuple[int, str]]) -> None:
        self._pattern = re.compile(pattern)
        self._places = places
        self.count = 0

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            request = f"{scope['method']} {scope['path'].removeprefix('/v1')}"
            if not self._pattern.fullmatch(request):
                await app(scope, receive, send)
                return
            while (await receive()).get("more_body"):
                pass
            self.count += 1
            status, place = next(self._places)
            await said(status, location=place)("", send)

        return serve


@pytest.mark.parametrize("request_", REDIRECTED)
def test_no_redirect_is_followed(
    cli: Run, with_sound: Path, tmp_path: Path, other: Server, request_: str
) -> None:
    places = [place.format(url=other.url, port=other.port) for place in PLACES]
    redirecting = Redirecting(request_, zip(cycle(STATUSES), cycle(places), strict=False))
    with running(tmp_path / "box", middleware=(redirecting,)) as server:
        while redirecting.count < (len(PLACES) if request_ == "GET /models" else 2):
            found = cli("apply", with_sound, "--base-url", server.url, "--yes")
            assert found.code in (1, 4)
            assert re.search(r"redirects|refused \(30.\)", found.out + found.err)


@pytest.mark.parametrize(
    "url",
    [
        "http://bucket.example/part",
        "http://127.0.0.1:{port}@bucket.example/part",
        "http://key:word@127.0.0.1:{port}/part",
        "https://key:word@127.0.0.1:{port}/part",
        "http://localhost.bucket.example/part",
        "http://127.1:{port}/part",
        "http://2130706433:{port}/part",
        "http://0x7f000001:{port}/part",
        "http://0.0.0.0:{port}/part",
        "http://[::ffff:127.0.0.1]:{port}/part",
        "http://10.0.0.1/part",
        "http://169.254.169.254/latest/meta-data/",
        "ftp://127.0.0.1:{port}/part",
        "ws://127.0.0.1:{port}/part",
        "file:///etc/passwd",
        "data:text/plain,x",
        "javascript:alert(1)",
        "//127.0.0.1:{port}/part",
        "/part",
        "https:///part",
        "https://bucket.example:99999/part",
        f"https://{'bucket' * 11}.example/part",
        "",
    ],
)
def test_nothing_is_sent_or_read_where_others_could_read_along(
    tmp_path: Path, other: Server, url: str
) -> None:
    """Neither a part of a file to an address that the server names, nor a picture from there."""
    address = url.format(port=other.port)
    asset = AssetRef(sha256(b"part").hexdigest(), name="x.wav", size=4)
    (tmp_path / "x.wav").write_bytes(b"part")
    stop = Event()
    with (
        ThreadPoolExecutor() as pool,
        (tmp_path / "x.wav").open("rb") as file,
        PlannedFile(asset, file, stop=stop, hashing=pool) as planned,
        closing(PartSender(stop=stop)) as sender,
        closing(ImageReader()) as reader,
    ):
        with pytest.raises(BadResponse, match="cannot be used"):
            sender.send(Part(1, 0, 4), address, planned, Tally(asset, NoWatcher()))
        assert reader.read(address) is None
