"""The program at a terminal, for tests that type and read."""

import codecs
import os
import pty
import re
import select
import subprocess
import sys
from contextlib import suppress
from typing import Self


class Terminal:
    """The program with a terminal for its input and output."""

    def __init__(self, *arguments: object, url: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "catalogsync", *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ
            | {
                "SCENARIO_BASE_URL": url,
                "SCENARIO_SDK_API_KEY": "k",
                "SCENARIO_SDK_API_SECRET": "s",
            },
        )
        os.close(theirs)
        self.shown = ""
        self.raw = ""
        # What is read may end in the middle of a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()

    def until(self, text: str) -> None:
        """Read until the text is shown."""
        while text not in self.shown:
            self.shown += self._read()

    def _read(self) -> str:
        ready, _, _ = select.select([self._ours], [], [], 30)
        assert ready, f"nothing more is shown after {self.shown!r}"
        data = os.read(self._ours, 4096)
        if not data:
            raise OSError("the other side of the terminal is closed")
        return self._decoder.decode(data)

    def type(self, text: str) -> None:
        """Type on the keyboard."""
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        with suppress(OSError):  # what Linux says when the other side of a terminal is closed
            while True:
                self.shown += self._read()
        os.close(self._ours)
        self.raw = self.shown
        self.shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.shown)
        return self.process.wait(timeout=30)
