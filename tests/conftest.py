"""What all tests share: folders of their own, never the user's."""

import os
import signal
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import settings


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Tell of two values in which fields they differ: pytest knows only those of `dataclasses`."""
    if op != "==" or type(left) is not type(right) or not hasattr(left, "__dataclass_fields__"):
        return None
    held = [each.name for each in fields(left) if each.compare]  # type: ignore[arg-type]
    sides = [(name, getattr(left, name), getattr(right, name)) for name in held]
    differing = [f"  {name}: {one!r} != {other!r}" for name, one, other in sides if one != other]
    return [f"two values of {type(left).__qualname__} differ in", *differing]


# Processes that the tests start inherit it: a shell has it ignored for what it runs in the
# background.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A slow machine is no defect: no property has to hold within a time.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that stands for the user's cache directory, in child processes too."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as changed:
        changed.setitem(os.environ, "XDG_CACHE_HOME", str(folder))
        changed.setitem(os.environ, "XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield folder
