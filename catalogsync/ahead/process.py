"""The first process: it lets a second one read, and takes the answers as it needs them."""

import subprocess
import threading
from contextlib import suppress

from catalogsync.ahead.frames import read_answers
from catalogsync.ahead.order import Order
from catalogsync.ahead.start import begun, end
from catalogsync.web.exchange import Answer

_LOOK_SECONDS = 0.2
"""How often who waits looks whether the run is to end."""


class Ahead:
    """Answers that come from a second process until it ends; each is good for one request.

    It may be a process that is begun already. Raises `OSError` where no process can be had.
    """

    def __init__(self, order: Order, process: "subprocess.Popen[bytes] | None" = None) -> None:
        self._process = process or begun()
        assert self._process.stdin
        self._told = self._process.stdin
        # A process that has ended already brings no answers, which does no harm.
        with suppress(OSError):
            self._told.write(order.to_json())
            self._told.flush()
        self._came: dict[str, Answer] = {}
        self._awaited: dict[str, threading.Event] = {}
        self._taken: set[str] = set()
        self._ended = False
        self._lock = threading.Lock()
        self._receiver = threading.Thread(target=self._receive, name="ahead", daemon=True)
        try:
            self._receiver.start()
        except RuntimeError:
            end(self._process)
            raise

    def wait(self, target: str, stop: threading.Event) -> bool:
        """Wait for the answer to the GET of a path with its query while it may still come.

        Whether it came, and nobody took it yet.
        """
        with self._lock:
            if self._ended or target in self._came or target in self._taken:
                return target in self._came
            awaited = self._awaited.setdefault(target, threading.Event())
        while not (awaited.wait(_LOOK_SECONDS) or stop.is_set()):
            pass
        return target in self._came

    def take(self, target: str) -> Answer | None:
        """The answer, if it came and nobody took it."""
        with self._lock:
            self._taken.add(target)
            return self._came.pop(target, None)

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
                awaited.set()

    def _keep(self, target: str, answer: Answer) -> None:
        with self._lock:
            if target not in self._taken:
                self._came[target] = answer
            awaited = self._awaited.pop(target, None)
        if awaited:
            awaited.set()
