"""What every attack on a file must meet, with each command that reads files."""

from pathlib import Path
from typing import Any

from tests.cli.conftest import Run
from tests.safety.canary import Recorder, left_in, seen

COMMANDS = (("validate",), ("plan",), ("plan", "--html", "made/page.html"), ("apply", "--yes"))
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
