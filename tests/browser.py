"""A headless Chromium, spoken to over a pipe in its own DevTools protocol; nothing in between."""

import base64
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from select import select
from typing import Any, BinaryIO

Json = dict[str, Any]

_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PIECE = 1 << 16
_PATIENCE = 120.0


class Browser:
    """One process of Chromium; `page` opens a file in a page of its own."""

    def __init__(self, inbox: int, outbox: BinaryIO) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._numbers = count(1)
        self._rest = b""
        self.events: dict[str, list[Json]] = {}

    @contextmanager
    def page(self, file: Path, *, width: int = 1280, dark: bool = False) -> Iterator["Page"]:
        """A file opened in a window of that width; closed at the end of the `with`."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        answer = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        page = Page(self, answer["sessionId"])
        try:
            page.prepare(width, dark)
            page.open(file.resolve().as_uri())
            yield page
        finally:
            self.call("Target.closeTarget", {"targetId": target})

    def call(self, method: str, params: Json | None = None, session: str = "") -> Json:
        """Send a command and wait for its answer; what happens meanwhile is noted."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        self._outbox.write(json.dumps(message).encode() + b"\0")
        self._outbox.flush()
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: Json = answer["result"]
                return result

    def receive(self) -> Json:
        """The next message; an event is noted for its session."""
        while b"\0" not in self._rest:
            assert select([self._inbox], [], [], _PATIENCE)[0], "Chromium does not answer"
            data = os.read(self._inbox, _PIECE)
            assert data, "Chromium went away"
            self._rest += data
        text, _, self._rest = self._rest.partition(b"\0")
        message: Json = json.loads(text)
        if "method" in message:
            self.events.setdefault(message.get("sessionId", ""), []).append(message)
        return message


class Page:
    """One page in the browser."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def call(self, method: str, **params: Any) -> Json:
        """A command of the DevTools protocol to this page."""
        return self._browser.call(method, params, self._session)

    def prepare(self, width: int, dark: bool) -> None:
        """Listen, set the window's width and the colour scheme, and let nothing out."""
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        """Go to a page and wait until it has loaded."""
        self.call("Page.navigate", url=url)
        while not self.heard("Page.loadEventFired"):
            self._browser.receive()

    def heard(self, method: str) -> list[Json]:
        """What the page has told of one kind of event so far."""
        events = self._browser.events.get(self._session, [])
        return [event["params"] for event in events if event["method"] == method]

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str, text: str = "") -> None:
        """A key pressed and let go."""
        code = {"Tab": 9, "Enter": 13}[key]
        what = {"key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}
        self.call("Input.dispatchKeyEvent", type="keyDown", **what)
        self.call("Input.dispatchKeyEvent", type="keyUp", **what)

    def screenshot(self, path: Path) -> None:
        """The whole page as a PNG."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium for the length of a `with`."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    assert found, "the tests need Chromium: apt-get install chromium"
    theirs_in, ours_out = map(_high, os.pipe())
    ours_in, theirs_out = map(_high, os.pipe())
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        silence = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
        process = os.posix_spawn(
            found,
            [found, *_FLAGS, f"--user-data-dir={profile}"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, theirs_in, 3),
                (os.POSIX_SPAWN_DUP2, theirs_out, 4),
                silence,
            ],
        )
        os.close(theirs_in)
        os.close(theirs_out)
        with os.fdopen(ours_out, "wb") as outbox:
            running = Browser(ours_in, outbox)
            try:
                yield running
            finally:
                running.call("Browser.close")
                os.waitpid(process, 0)
                os.close(ours_in)


def _high(descriptor: int) -> int:
    """The same pipe under a number that is out of the way of 3 and 4."""
    high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return high
