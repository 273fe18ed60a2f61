"""The lock file of the action holds all that pyproject.toml asks for, each file by its hash."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]


def locked() -> dict[str, str]:
    """Every locked package with its version."""
    pins = re.findall(r"^([a-z0-9-]+)==([^ ]+) (?:;.*)?\\$", LOCK, re.MULTILINE)
    return dict(pins)


@pytest.mark.parametrize("text", ASKED)
def test_every_requirement_is_locked_at_a_version_that_it_takes(text: str) -> None:
    requirement = Requirement(text)
    version = locked()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version), f"{text}: run script/lock"


def test_what_they_require_is_locked_too() -> None:
    missing = []
    for name in locked():
        try:
            needs = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue  # locked for another version of Python
        here = [n for n in needs if n.marker is None or n.marker.evaluate({"extra": ""})]
        missing += [f"{name}: {n}" for n in here if canonicalize_name(n.name) not in locked()]
    assert missing == []


def test_every_package_has_hashes_and_no_address() -> None:
    blocks = re.split(r"^(?=\S)", LOCK, flags=re.MULTILINE)
    pins = [block for block in blocks if block and not block.startswith("#")]
    assert len(pins) == len(locked())
    assert all("--hash=sha256:" in block for block in pins)
    assert "://" not in LOCK
