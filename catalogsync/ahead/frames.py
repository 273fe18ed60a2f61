"""Answers on their way from one process to another, each with the request that it is for."""

import json
import time
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread
from typing import IO, Self

from catalogsync.web.exchange import Answer

_TOGETHER_SECONDS = 0.01
"""How long an answer waits for others to go with it: who reads them has other things to do, and
stops those each time."""

_END = b""
"""What is put last: no answer is that short."""

_HEADERS = ("content-type", "date", "retry-after", "retry-after-ms")
"""What anybody wants to know of an answer besides its content."""


class AnswerWriter:
    """Writes answers to a stream, several at a time and from any thread, for a `with`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._due: SimpleQueue[bytes] = SimpleQueue()
        self._writer = Thread(target=self._write_all, daemon=True)

    def __enter__(self) -> Self:
        self._writer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._due.put(_END)
        self._writer.join()

    def write(self, target: str, answer: Answer) -> None:
        """Write the answer to the GET of a path with its query, soon."""
        headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
        size = len(answer.content)
        head = [target, answer.where, answer.status, headers, answer.seconds, size]
        self._due.put(json.dumps(head).encode() + b"\n" + answer.content)

    def _write_all(self) -> None:
        is_over = False
        while not is_over:
            frames = [self._due.get()]
            time.sleep(_TOGETHER_SECONDS)
            frames += [self._due.get() for _ in range(self._due.qsize())]
            self._stream.write(b"".join(frames))
            self._stream.flush()
            is_over = frames[-1] == _END


def read_answers(stream: IO[bytes]) -> Iterator[tuple[str, Answer]]:
    """Yield answers with their targets until there are no more, or one that is cut off."""
    while (line := stream.readline()).endswith(b"\n"):
        target, where, status, headers, seconds, size = json.loads(line)
        content = stream.read(size)
        if len(content) < size:
            return
        yield target, Answer(where, status, headers, content, seconds)
