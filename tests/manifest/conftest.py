"""Fixtures of the manifest tests."""

from pathlib import Path

import pytest

from .support import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A valid catalog to spoil."""
    return Folder(tmp_path)
