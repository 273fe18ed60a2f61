"""Addresses that may get credentials, and whom we trust to be there."""

import re
import socket
import ssl
from urllib.parse import quote

import certifi

from catalogsync.errors import UsageError
from catalogsync.values import dataclass

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PORTS = {"http": 80, "https": 443}

_LABEL = r"[a-z0-9_][a-z0-9_-]{0,62}"
_PLAIN = re.compile(
    rf"(?P<scheme>https?)://(?:(?P<host>{_LABEL}(?:\.{_LABEL})*\.?)|\[(?P<ipv6>[0-9a-f:.]+)\])"
    r"(?::(?P<port>[0-9]{0,5}))?(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?P<fragment>#.*)?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
"""Up to the path nothing but a scheme, a host and a port, in ASCII."""

_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)
"""A host that programs take for an address of four bytes, each in its own way."""

_LONGEST = 65_536

_QUOTED = "!#$%&'()*+,/:;=?@[]~"
"""Characters that stay as they are; whoever made an address has quoted what had to be."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A server: what is connected to."""

    scheme: str
    host: str
    port: int

    @property
    def named(self) -> str:
        """How the server is named to itself: its usual port goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read what is sent there: https, or this machine."""
        return self.scheme == "https" or self.host in _LOOPBACK


@dataclass(frozen=True, slots=True)
class Address:
    """A plain address: the server, and the path with the query, quoted."""

    origin: Origin
    target: str

    def __str__(self) -> str:
        return f"{self.origin.scheme}://{self.origin.named}{self.target}"


def plain_address(url: str) -> Address | None:
    """The address in a URL, without its fragment; None for one with credentials, or none at all."""
    found = _PLAIN.fullmatch(url) if len(url) <= _LONGEST and url.isprintable() else None
    if not found or not _is_host(found):
        return None
    scheme = found["scheme"].lower()
    port = int(found["port"] or _PORTS[scheme])
    if port > 65535:
        return None
    target = quote(f"{found['path'] or '/'}{found['query'] or ''}", safe=_QUOTED)
    return Address(Origin(scheme, (found["host"] or found["ipv6"]).lower(), port), target)


def _is_host(found: re.Match[str]) -> bool:
    """Whether the host is a name, or an address that is written in the one usual way."""
    try:
        if found["ipv6"]:
            socket.inet_pton(socket.AF_INET6, found["ipv6"])
        elif _NUMBER.fullmatch(found["host"]):
            socket.inet_pton(socket.AF_INET, found["host"])
    except OSError:
        return False
    return True


def checked_base_url(base_url: str, example: str = "https://HOST/v1") -> str:
    """The base URL without a slash at its end; credentials travel over https or loopback only."""
    if not base_url.isprintable() or any(character in " @?#\\" for character in base_url):
        raise UsageError("the base URL must not hold credentials, a query, a fragment or spaces")
    address = plain_address(base_url)
    if address is None:
        letters = "" if base_url.isascii() else ", and a host with other letters as xn--..."
        raise UsageError("the base URL is not an address", hint=f"give {example}{letters}")
    if not address.origin.is_private:
        raise UsageError(
            f"http://{address.origin.host} would get the credentials unencrypted",
            hint="use https://",
        )
    return str(address).rstrip("/")


def private_address(url: str) -> Address | None:
    """The address in a URL that a server named, if nobody on the way reads what is sent."""
    address = plain_address(url)
    return address if address and address.origin.is_private else None


def tls_context(base_url: str) -> ssl.SSLContext:
    """Who is trusted over https; over http a context that trusts nobody, as it costs no time."""
    if base_url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return trusted_authorities()


def trusted_authorities() -> ssl.SSLContext:
    """Those that come with the program, whatever the environment says."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
