"""The second process: it reads what a plan will need, and hands on what it is answered."""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import BinaryIO

from catalogsync.ahead.frames import write_answer
from catalogsync.ahead.order import Order
from catalogsync.errors import ApiError, NotFound
from catalogsync.identity import owners
from catalogsync.manifest.glance import Glance
from catalogsync.model import RemoteModel
from catalogsync.scenario import Bounds, Connection, Direct, ScenarioClient, Transport
from catalogsync.scenario.exchanges import Exchanges
from catalogsync.scenario.request import Request
from catalogsync.web import Answer, Failure


def main() -> None:
    """Take an order from stdin, and write answers to stdout until all is read or anything fails."""
    told = sys.stdin.buffer.readline()
    if not told:
        return
    order = Order.from_json(told)
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    connection = Connection(order.base_url, order.key, order.secret, order.project)
    # What must be sent again is left to who knows how long to wait, and tells people so.
    bounds = Bounds(attempts=1).within(order.timeout)
    stop = threading.Event()
    exchanges = _HandedOn(Direct(connection, bounds), sys.stdout.buffer)
    transport = Transport(connection, read_only=True, bounds=bounds, stop=stop, exchanges=exchanges)
    with closing(transport), ThreadPoolExecutor(order.jobs) as pool:
        client = ScenarioClient(transport)
        try:
            for read in _texts(client, client.list_models(), order):
                pool.submit(_attempt, read, stop)
        except ApiError:
            stop.set()


def _end_with_the_first() -> None:
    """End when nobody is there any more whom anything could be handed on to."""
    sys.stdin.buffer.read()
    os._exit(0)


class _HandedOn:
    """Exchanges whose answers are handed on, bad ones too."""

    def __init__(self, exchanges: Exchanges, stream: BinaryIO) -> None:
        self._exchanges = exchanges
        self._stream = stream
        self._lock = threading.Lock()

    def wait(self, request: Request, target: str) -> None:
        self._exchanges.wait(request, target)

    def exchange(self, request: Request, target: str, by: float) -> Answer | Failure:
        answer = self._exchanges.exchange(request, target, by)
        if isinstance(answer, Answer):
            with self._lock:
                write_answer(self._stream, target, answer)
        return answer

    def close(self) -> None:
        self._exchanges.close()


def _texts(
    client: ScenarioClient, models: Iterable[RemoteModel], order: Order
) -> Iterator[Callable[[], str]]:
    """Reads of the texts that the manifests seem to manage, model by model."""
    glance = Glance(Path(order.root)) if order.texts else None
    reads = {"description": client.get_description, "promptGuide": client.get_prompt_guide}
    for model in models:
        keys = [key for catalog, key in owners(model) if catalog == order.catalog]
        if glance and len(keys) == 1:
            for field in reads.keys() & glance.fields(keys[0]):
                yield partial(reads[field], model.id)


def _attempt(read: Callable[[], str], stop: threading.Event) -> None:
    try:
        read()
    except NotFound:
        return
    except ApiError:
        stop.set()
