"""The credentials go to the address that was given, and by no detour."""

import os
from pathlib import Path

import pytest

from catalogsync.errors import Unreachable, UsageError
from catalogsync.scenario import Connection, Transport
from tests.scenario.conftest import KEY, SECRET, Connect
from tests.scenario.server import Server


def made(base_url: str) -> Transport:
    return Transport(Connection(base_url, KEY, SECRET), read_only=True)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.cloud.scenario.com/v1",
        "https://127.0.0.1:8443/v1/",
        "http://127.0.0.1:1",
        "http://localhost/v1",
        "http://LOCALHOST/v1",
        "http://[::1]:8080/v1",
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_fine(base_url: str) -> None:
    made(base_url).close()


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.cloud.scenario.com/v1",
        "http://localhost.example.com/v1",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0/v1",
        "http://10.0.0.1/v1",
        "HTTP://example.com",
    ],
)
def test_http_to_another_machine_is_refused(base_url: str) -> None:
    with pytest.raises(UsageError, match="unencrypted"):
        made(base_url)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://canary:word@example.com/v1",
        "https://canary@example.com/v1",
        "https://@example.com/v1",
        "ftp://canary:word@example.com",
        "canary:word@example.com",
        "http://127.0.0.1@example.com/v1",
        "http://127.0.0.1\\@example.com/v1",
        "https://example.com/v1?canary=1",
        "https://example.com/v1?",
        "https://example.com/v1#canary",
        "https://example.com/v1#",
        "http://local\nhost/canary",
        "http://localhost\t/canary",
        " https://example.com",
        "https://example.com\u202e/canary",
        "https://[::1/canary",
        "https://example.com:port",
        "https://example.com:99999999",
        "https://" + "a" * 64 + ".example",
        "https://a..b",
        "https://",
        "https:///v1",
        "ftp://example.com",
        "file:///etc/passwd",
        "example.com/v1",
        "//example.com",
        "",
    ],
)
def test_what_is_no_plain_address_is_refused_without_repeating_it(base_url: str) -> None:
    with pytest.raises(UsageError) as caught:
        made(base_url)
    assert "canary" not in str(caught.value)
    assert caught.value.exit_code == 64


def test_how_to_give_a_host_with_other_letters_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        made("https://b\u00fccher.example/v1")
    assert caught.value.hint == "give https://HOST/v1, and a host with other letters as xn--..."


def test_the_environment_neither_redirects_nor_replaces_the_credentials(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    with Server() as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, address)
            monkeypatch.setenv(name.lower(), address)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        connect().get("/models")
        with pytest.raises(Unreachable):
            connect(url="https://127.0.0.1:1/v1", attempts=1).get("/models")
        assert proxy.connections == 0
    plain = server.requests[0].headers["authorization"]
    for name in [name for name in os.environ if "PROXY" in name.upper()]:
        monkeypatch.delenv(name)
    netrc.unlink()
    connect().get("/models")
    assert server.requests[1].headers["authorization"] == plain


def test_a_certificate_of_the_environment_is_not_trusted(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = str(Path(__file__).with_name("localhost.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    with Server(certificate=certificate) as server:
        with pytest.raises(Unreachable, match="CERTIFICATE"):
            connect(url=server.url, attempts=1).get("/models")
        assert server.requests == []
