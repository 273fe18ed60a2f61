"""What every attack on a file must meet, with each command that reads files."""

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cli.conftest import Run
from tests.safety.canary import Recorder, left_in, seen

COMMANDS = (
    ("validate",),
    ("plan",),
    ("plan", "--html", "made/page.html"),
    ("apply", "--yes"),
    ("pull", "--all", "--download", "--force"),
)
"""Run from a folder that holds `made`, in which files may be left."""


def refused_by_all(
    cli: Run, catalog: Path, recorder: Recorder, made: Path, places: list[str]
) -> str:
    """Check that every command refuses a catalog at its places, and tells and sends nothing.

    Returns what was said.
    """
    recorder.taken()
    said = ""
    for command, *options in COMMANDS:
        found = cli(command, catalog, *options)
        told = found.out + found.err
        assert found.code == 1
        assert [place for place in places if f"{place}:" not in told] == [], told
        assert not seen(told)
        said += told
    assert not seen(left_in(made))
    assert recorder.taken() == b""
    return said


MEASURED = """
import re, sys
from pathlib import Path
from catalogsync.cli import main
try:
    main(sys.argv[2:])
finally:
    (peak,) = re.findall(r"VmHWM:\\s*([0-9]+) kB", Path("/proc/self/status").read_text())
    Path(sys.argv[1]).write_text(peak)
"""


def bounded(notes: Path, *arguments: object) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run the program in a process of at most 2 GB and a minute; the most memory it used, in MB."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

    command = [sys.executable, "-c", MEASURED, str(notes), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limited)
    return done, int(notes.read_text()) * 1024 // 1_000_000


class Hook:
    """A middleware that does something once, when the first request of a kind has come."""

    def __init__(self, request: str, act: Any) -> None:
        self._request = request
        self._act = act

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            request = f"{scope['method']} {scope['path'].removeprefix('/v1')}"
            act = self._act
            if act and request.startswith(self._request):
                self._act = None
                act()
            await app(scope, receive, send)

        return serve

    @property
    def happened(self) -> bool:
        """Whether that request came."""
        return self._act is None
