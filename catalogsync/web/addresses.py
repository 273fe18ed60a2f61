"""Addresses that may get credentials, and whom we trust to be there."""

import ssl

import httpx

from catalogsync.errors import UsageError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def tls_context(base_url: str) -> ssl.SSLContext:
    """Who is trusted over https; over http a context that trusts nobody, as it costs no time."""
    if base_url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return trusted_authorities()


def trusted_authorities() -> ssl.SSLContext:
    """Those that come with the program, whatever the environment says."""
    context = httpx.create_ssl_context(trust_env=False)
    context.set_alpn_protocols(["http/1.1"])
    return context


def checked_base_url(base_url: str, example: str = "https://HOST/v1") -> str:
    """The base URL without a slash at its end; credentials travel over https or loopback only."""
    # Two parsers can disagree on what stands behind these characters, and so on the host.
    if not base_url.isprintable() or any(character in " @?#\\" for character in base_url):
        raise UsageError("the base URL must not hold credentials, a query, a fragment or spaces")
    try:
        url = httpx.URL(base_url)
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise UsageError("the base URL is not an address", hint=f"give {example}") from error
    if url.scheme not in ("http", "https") or not url.host or (url.port or 0) > 65535:
        raise UsageError("the base URL is not an address", hint=f"give {example}")
    if not is_private(url):
        raise UsageError(
            f"http://{url.host} would get the credentials unencrypted", hint="use https://"
        )
    return str(url).rstrip("/")


def is_private(url: httpx.URL) -> bool:
    """Whether nobody on the way can read what is sent there: https, or this machine."""
    return url.scheme == "https" or (url.scheme == "http" and url.host in _LOOPBACK)


def can_be_asked(url: str) -> bool:
    """Whether an address that a server named may be asked: private, and without credentials.

    What stands before an @ would become a header.
    """
    try:
        address = httpx.URL(url)
        address.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        return False
    reachable = bool(address.host) and (address.port or 0) <= 65535
    return reachable and is_private(address) and not address.userinfo
