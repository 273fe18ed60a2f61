"""Sends a file in parts with aiohttp: one session, each part streamed from disk by chunks."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import aiohttp

PART = 8 * 1024 * 1024
CHUNK = 256 * 1024


async def chunks(descriptor: int, start: int, end: int) -> AsyncIterator[bytes]:
    """Read a part; from the page cache that is faster than a thread."""
    for at in range(start, end, CHUNK):
        yield os.pread(descriptor, min(CHUNK, end - at), at)


async def send(origin: str, path: str, connections: int) -> None:
    """Send all parts over so many connections."""
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

    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(sender(session) for _ in range(connections)))


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], sys.argv[2], int(sys.argv[3])))
