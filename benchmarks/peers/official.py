"""Scripts on the vendor's client that read a catalog, as people write them.

`retrieve` reads every model and its description by itself, `list` takes the models from the
listing and reads the descriptions; one call after another, with the asynchronous client and a
semaphore, or in threads. Prints how many models it read.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from scenario_sdk import AsyncScenario, Scenario

ADDRESS = os.environ["SCENARIO_BASE_URL"]
AT_ONCE = 32


def one_by_one(each: bool, project: str) -> int:
    """One call after another."""
    client = Scenario(api_key="k", api_secret="s", base_url=ADDRESS)
    count = 0
    for model in client.models.list(page_size=500, project_id=project):
        if each:
            client.models.retrieve(model.id, project_id=project)
        client.models.description.retrieve(model.id, project_id=project)
        count += 1
    return count


def in_threads(each: bool, project: str) -> int:
    """The same client in all threads."""
    client = Scenario(api_key="k", api_secret="s", base_url=ADDRESS)

    def read(model_id: str) -> None:
        if each:
            client.models.retrieve(model_id, project_id=project)
        client.models.description.retrieve(model_id, project_id=project)

    ids = [model.id for model in client.models.list(page_size=500, project_id=project)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return len(list(pool.map(read, ids)))


def asynchronous(each: bool, project: str) -> int:
    """One task a model, and a semaphore."""

    async def read_all() -> int:
        limit = asyncio.Semaphore(AT_ONCE)

        async def read(model_id: str) -> None:
            async with limit:
                if each:
                    await client.models.retrieve(model_id, project_id=project)
                await client.models.description.retrieve(model_id, project_id=project)

        async with AsyncScenario(api_key="k", api_secret="s", base_url=ADDRESS) as client:
            listing = client.models.list(page_size=500, project_id=project)
            ids = [model.id async for model in listing]
            return len(await asyncio.gather(*map(read, ids)))

    return asyncio.run(read_all())


WAYS: dict[str, Callable[[bool, str], int]] = {
    "one-by-one": one_by_one,
    "threads": in_threads,
    "async": asynchronous,
}

if __name__ == "__main__":
    reads, way, project_id = sys.argv[1:]
    sys.stdout.write(f"{WAYS[way](reads == 'retrieve', project_id)}\n")
