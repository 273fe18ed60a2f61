"""Sends a file in parts with aiohttp: one session, each part streamed from disk by chunks."""

import asyncio
import hashlib
import os
import ssl
from collections.abc import AsyncIterator

import aiohttp

from benchmarks.senders.asked import asked

PART = 8 * 1024 * 1024
CHUNK = 256 * 1024


async def chunks(descriptor: int, start: int, end: int) -> AsyncIterator[bytes]:
    """Read a part; from the page cache that is faster than a thread."""
    for at in range(start, end, CHUNK):
        yield os.pread(descriptor, min(CHUNK, end - at), at)


def digest(path: str) -> str:
    """The digest of the whole file."""
    with open(path, "rb") as file:  # noqa: PTH123  # as a script would
        return hashlib.file_digest(file, "sha256").hexdigest()


async def send(origin: str, path: str, connections: int, ca: str | None, *, sha256: bool) -> None:
    """Send all parts over so many connections, while a thread hashes if that is asked for."""
    descriptor = os.open(path, os.O_RDONLY)
    size = os.fstat(descriptor).st_size
    starts = iter(range(0, size, PART))

    async def sender(session: aiohttp.ClientSession) -> None:
        for start in starts:
            end = min(start + PART, size)
            headers = {"Content-Length": str(end - start)}
            body = chunks(descriptor, start, end)
            url = f"{origin}/parts/{start}"
            async with session.put(url, data=body, headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()

    trusted = ssl.create_default_context(cafile=ca) if ca else True
    connector = aiohttp.TCPConnector(limit=connections, ssl=trusted)
    async with aiohttp.ClientSession(connector=connector) as session:
        work = [sender(session) for _ in range(connections)]
        hashing = [asyncio.to_thread(digest, path)] if sha256 else []
        await asyncio.gather(*work, *hashing)


if __name__ == "__main__":
    told = asked()
    asyncio.run(send(told.origin, told.path, told.connections, told.ca, sha256=told.sha256))
