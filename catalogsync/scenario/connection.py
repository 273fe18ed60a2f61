"""Where the API is, who we are, and whom we trust to be it."""

import base64
import ssl
from dataclasses import dataclass, field

import httpx

from catalogsync.errors import UsageError

DEFAULT_BASE_URL = "https://api.cloud.scenario.com/v1"

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API is and who we are; an empty `project` means the credentials' own."""

    base_url: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    project: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What an error must never repeat, longest first; a sandbox's short words may stand."""
        pair = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        words = (pair, self.secret, self.key)
        return tuple(word for word in words if len(word) >= _SHORTEST_SECRET)


def tls_context(base_url: str) -> ssl.SSLContext:
    """Who is trusted over https; over http a context that trusts nobody, as it costs no time."""
    if base_url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context(trust_env=False)


def checked_base_url(base_url: str) -> str:
    """The base URL without a slash at its end; credentials travel over https or loopback only."""
    # Two parsers can disagree on what stands behind these characters, and so on the host.
    if not base_url.isprintable() or any(character in " @?#\\" for character in base_url):
        raise UsageError("the base URL must not hold credentials, a query, a fragment or spaces")
    try:
        url = httpx.URL(base_url)
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise UsageError("the base URL is not an address", hint="give https://HOST/v1") from error
    if url.scheme not in ("http", "https") or not url.host or (url.port or 0) > 65535:
        raise UsageError("the base URL is not an address", hint="give https://HOST/v1")
    if not is_private(url):
        raise UsageError(
            f"http://{url.host} would get the credentials unencrypted", hint="use https://"
        )
    return str(url).rstrip("/")


def is_private(url: httpx.URL) -> bool:
    """Whether nobody on the way can read what is sent there: https, or this machine."""
    return url.scheme == "https" or (url.scheme == "http" and url.host in _LOOPBACK)
