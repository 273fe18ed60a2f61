"""The first process: it lets a second one read, and takes the answers as it needs them."""

import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress

from catalogsync.ahead.frames import read_answers
from catalogsync.ahead.order import Order
from catalogsync.web.exchange import Answer

# Where it runs may hold files of the names that Python would import: -P keeps it from that.
_COMMAND = (sys.executable, "-P", "-m", "catalogsync.ahead")


class Ahead:
    """Answers that come from a second process until it ends; each is good for one request.

    Raises `OSError` where no process can be had.
    """

    def __init__(self, order: Order) -> None:
        self._process = subprocess.Popen(
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdin
        self._told = self._process.stdin
        # A process that has ended already brings no answers, which does no harm.
        with suppress(OSError):
            self._told.write(order.to_json())
            self._told.flush()
        self._came: dict[str, Answer] = {}
        self._awaited: dict[str, Future[Answer | None]] = {}
        self._taken: set[str] = set()
        self._ended = False
        self._lock = threading.Lock()
        self._receiver = threading.Thread(target=self._receive, name="ahead", daemon=True)
        self._receiver.start()

    def take(self, target: str) -> Answer | None:
        """The answer to the GET of a path with its query, waited for while it may still come."""
        with self._lock:
            if target in self._taken:
                return None
            self._taken.add(target)
            if self._ended or target in self._came:
                return self._came.pop(target, None)
            awaited = self._awaited[target] = Future()
        return awaited.result()

    @property
    def process_id(self) -> int:
        """The id of the second process."""
        return self._process.pid

    def close(self) -> None:
        """End the process, if it still reads, and forget what nobody took. Can be repeated."""
        self._process.kill()
        self._receiver.join()
        self._came.clear()
        with suppress(OSError):
            self._told.close()
        self._process.wait()

    def _receive(self) -> None:
        assert self._process.stdout
        try:
            # Whatever is no answer is the end of them.
            with self._process.stdout as stream, suppress(ValueError, TypeError):
                for target, answer in read_answers(stream):
                    self._keep(target, answer)
        finally:
            with self._lock:
                self._ended = True
            for awaited in self._awaited.values():
                awaited.set_result(None)

    def _keep(self, target: str, answer: Answer) -> None:
        with self._lock:
            awaited = self._awaited.pop(target, None)
            if awaited is None:
                self._came[target] = answer
        if awaited:
            awaited.set_result(answer)
