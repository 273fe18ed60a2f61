"""The second process: it reads what a plan will need, and hands on what it is answered.

It looks into answers only for what else to read, so that it imports little and is soon ready: what
they mean is for the first process to say.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import BinaryIO

from catalogsync.ahead.frames import write_answer
from catalogsync.ahead.order import Order
from catalogsync.errors import ApiError
from catalogsync.manifest.glance import Glance
from catalogsync.marks import marks_in
from catalogsync.scenario.answers import AnswerReader, Json
from catalogsync.scenario.connection import Connection
from catalogsync.scenario.exchanges import Bounds, Direct
from catalogsync.scenario.fields import id_of, items_of, strings, text
from catalogsync.scenario.paths import LISTING, MODELS, TEXTS, model_path, page_of, target_of
from catalogsync.scenario.request import Request
from catalogsync.web import Answer, Unanswered


def main() -> None:
    """Take an order from stdin, and write answers to stdout until all is read or anything fails."""
    told = sys.stdin.buffer.readline()
    if not told:
        return
    Thread(target=_end_with_the_first, daemon=True).start()
    with closing(_Reading(Order.from_json(told), sys.stdout.buffer)) as reading:
        reading.run()


def _end_with_the_first() -> None:
    """End when nobody is there any more whom anything could be handed on to."""
    sys.stdin.buffer.read()
    os._exit(0)


class _Failed(Exception):
    """Something is not as it should be, for the first process to find out what."""


class _Reading:
    """Reads for an order; every answer is handed on, a bad one too, and the first bad one ends it.

    What must be sent again is left to who knows how long to wait, and tells people so.
    """

    def __init__(self, order: Order, stream: BinaryIO) -> None:
        self._order = order
        self._stream = stream
        self._turn = Lock()
        connection = Connection(order.base_url, order.key, order.secret, order.project)
        self._direct = Direct(connection, Bounds().within(order.timeout))
        self._answers = AnswerReader(connection.secrets)
        self._due: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._failed = Event()

    def close(self) -> None:
        """Close all connections."""
        self._direct.close()

    def run(self) -> None:
        """Read the listing, and what it leads to with as many threads as were ordered."""
        threads = [Thread(target=self._attempt) for _ in range(self._order.jobs)]
        for thread in threads:
            thread.start()
        try:
            for text_of in self._texts():
                self._due.put(text_of)
        except (_Failed, ApiError):
            self._failed.set()
        finally:
            for _ in threads:
                self._due.put(None)
        for thread in threads:
            thread.join()

    def _texts(self) -> Iterator[tuple[str, str]]:
        """The texts that the manifests seem to manage: the ids of their models, and which."""
        glance = Glance(Path(self._order.root)) if self._order.texts else None
        for item in self._models():
            marks = marks_in(strings(item, "tags"))
            keys = [key for catalog, key in marks if catalog == self._order.catalog]
            if glance and len(keys) == 1:
                managed = glance.fields(keys[0])
                yield from ((id_of(item), field) for field in TEXTS if field in managed)

    def _models(self) -> Iterator[Json]:
        """The listing, page by page, until it ends or begins anew."""
        seen: set[str] = set()
        token = ""
        while token not in seen:
            seen.add(token)
            page = self._answers.read(self._answer(page_of(MODELS, LISTING, token)))
            if not isinstance(page, dict):
                raise _Failed
            yield from items_of(page, "models")
            token = text(page, "nextPaginationToken")
            if not token:
                return

    def _attempt(self) -> None:
        while (text_of := self._due.get()) and not self._failed.is_set():
            try:
                self._read(*text_of)
            except (_Failed, ApiError):
                self._failed.set()

    def _read(self, model_id: str, field: str) -> None:
        """Read a text; whether one that is not there is unset, the model itself tells."""
        answer = self._answer(Request("GET", model_path(model_id, TEXTS[field])))
        if answer.status == 404:
            answer = self._answer(Request("GET", model_path(model_id)))
        if not 200 <= answer.status < 300 and answer.status != 404:
            raise _Failed

    def _answer(self, request: Request) -> Answer:
        """An answer as it came, which is handed on."""
        target = target_of(request, self._order.project)
        try:
            answer = self._direct.exchange(request, target, time.monotonic() + self._order.timeout)
        except Unanswered as error:
            raise _Failed from error
        if not isinstance(answer, Answer):
            raise _Failed
        with self._turn:
            write_answer(self._stream, target, answer)
        return answer
