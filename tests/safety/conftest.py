"""What the attacks need: the program, a catalog and a sandbox that keeps what it is sent."""

from collections.abc import Iterator
from typing import Any

import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import catalog, cli, project
from tests.safety.canary import Recorder

__all__ = ["catalog", "cli", "project", "recorder", "server"]


@pytest.fixture(scope="session")
def recorder() -> Recorder:
    """All that the sandbox of this process was sent."""
    return Recorder()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, recorder: Recorder) -> Iterator[Any]:
    """One sandbox for all attacks of a process."""
    with running(tmp_path_factory.mktemp("sandbox"), middleware=(recorder,)) as found:
        yield found
