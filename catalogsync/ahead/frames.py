"""Answers on their way from one process to another, each with the request that it is for."""

import json
from collections.abc import Iterator
from typing import IO

from catalogsync.web.exchange import Answer

_HEADERS = ("content-type", "date", "retry-after", "retry-after-ms")
"""What anybody wants to know of an answer besides its content."""


def write_answer(stream: IO[bytes], target: str, answer: Answer) -> None:
    """Write the answer to the GET of a path with its query."""
    headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
    size = len(answer.content)
    head = [target, answer.where, answer.status, headers, answer.seconds, size]
    stream.write(json.dumps(head).encode() + b"\n" + answer.content)
    stream.flush()


def read_answers(stream: IO[bytes]) -> Iterator[tuple[str, Answer]]:
    """Yield answers with their targets until there are no more, or one that is cut off."""
    while (line := stream.readline()).endswith(b"\n"):
        target, where, status, headers, seconds, size = json.loads(line)
        content = stream.read(size)
        if len(content) < size:
            return
        yield target, Answer(where, status, headers, content, seconds)
