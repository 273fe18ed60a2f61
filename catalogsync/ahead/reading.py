"""The second process: it reads what a plan will need, and hands on what it is answered.

It looks into answers only for what else to read, so that it imports little and is soon ready.
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread

from catalogsync.ahead.frames import AnswerWriter
from catalogsync.ahead.order import Order
from catalogsync.errors import Interrupted, NotFound
from catalogsync.manifest.glance import Glance
from catalogsync.marks import marks_in
from catalogsync.scenario.answers import AnswerReader, Json
from catalogsync.scenario.connection import Connection
from catalogsync.scenario.exchanges import Bounds, Direct
from catalogsync.scenario.fields import id_of, required_strings
from catalogsync.scenario.paging import each_model, pages_of
from catalogsync.scenario.paths import LISTING, MODELS, TEXTS, model_path, target_of
from catalogsync.scenario.request import Request
from catalogsync.web import Answer, Failure

_BEHIND_OTHERS = 10
"""By how much the niceness rises: where cores are short, the others get nine tenths of them."""


def main() -> None:
    """Take an order from stdin, and write answers to stdout until all is read or anything fails."""
    told = sys.stdin.buffer.readline()
    if not told:
        return
    Thread(target=_end_with_the_first, daemon=True).start()
    order = Order.from_json(told)
    if order.yields:
        os.nice(_BEHIND_OTHERS)
    with (
        AnswerWriter(sys.stdout.buffer) as writer,
        closing(_Reading(order, writer)) as reading,
    ):
        reading.run()


def _end_with_the_first() -> None:
    """End when nobody is there any more whom anything could be handed on to."""
    sys.stdin.buffer.read()
    os._exit(0)


class _Reading:
    """Reads for an order; every answer is handed on, a bad one too, and the first bad one ends it.

    What must be sent again is left to who knows how long to wait, and tells people so.
    """

    def __init__(self, order: Order, writer: AnswerWriter) -> None:
        self._order = order
        self._writer = writer
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
        threads = [
            Thread(target=self._until_failed, args=(self._read_texts,))
            for _ in range(self._order.jobs)
        ]
        for thread in threads:
            thread.start()
        self._until_failed(self._find_texts)
        for _ in threads:
            self._due.put(None)
        for thread in threads:
            thread.join()

    def _until_failed(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            # Whatever it was, the first process meets it too, and knows what to say.
            self._failed.set()

    def _find_texts(self) -> None:
        """Find the texts that the manifests seem to manage: the ids of their models, and which."""
        glance = Glance(Path(self._order.root)) if self._order.texts else None
        for item in each_model(pages_of(self._read, MODELS, "models", LISTING)):
            marks = marks_in(required_strings(item, "tags"))
            keys = [key for catalog, key in marks if catalog == self._order.catalog]
            if glance and len(keys) == 1:
                managed = glance.fields(keys[0])
                for field in sorted(TEXTS.keys() & managed):
                    self._due.put((id_of(item), TEXTS[field]))

    def _read_texts(self) -> None:
        while text := self._due.get():
            self._read_text(*text)

    def _read_text(self, model_id: str, where: str) -> None:
        """Read a text; whether one that is not there is unset, the model itself tells.

        That goes on first: who gets to know of the text asks for the model at once.
        """
        target, text = self._asked(Request("GET", model_path(model_id, where)))
        try:
            self._meaning(text)
        except NotFound:
            with suppress(NotFound):
                self._read(Request("GET", model_path(model_id)))
        finally:
            self._writer.write(target, text)

    def _read(self, request: Request) -> Json:
        """What the answer to a request means, once that was handed on as it came."""
        target, answer = self._asked(request)
        self._writer.write(target, answer)
        return self._meaning(answer)

    def _asked(self, request: Request) -> tuple[str, Answer]:
        """The path of a request with its query, and the answer to it."""
        if self._failed.is_set():
            raise Interrupted("another read failed")
        target = target_of(request, self._order.project)
        answer = self._direct.exchange(request, target, time.monotonic() + self._order.timeout)
        if isinstance(answer, Failure):
            raise answer.error
        return target, answer

    def _meaning(self, answer: Answer) -> Json:
        result = self._answers.read(answer)
        if isinstance(result, Failure):
            raise result.error
        return result
