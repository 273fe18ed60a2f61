"""On what was measured."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.pace import pace
from catalogsync import __version__

_TOOLS = {
    "git": ("git", "--version"),
    "curl": ("curl", "--version"),
    "rclone": ("rclone", "version"),
    "openssl": ("openssl", "version"),
}
_NUMBER = re.compile(r"\d+(?:\.\d+)+\w*")
_PACKAGES = ("httpx", "pyyaml", "click", "scenario-sdk", "octodns", "aiohttp", "boto3", "s5cmd")
_LOOKS = 20
_HERE = Path(__file__).parent


def machine() -> Mapping[str, str]:
    """The machine and the versions of all that takes part."""
    found = {
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "catalog-sync": __version__,
        "cores": str(os.cpu_count()),
        "processor": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "memory": _field("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "fixed work": f"{min(pace() for _ in range(_LOOKS)) * 1000:.0f} ms",
        "Python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        **{name: _told(command) for name, command in _TOOLS.items()},
    }
    return {name: value for name, value in found.items() if value}


def commit() -> str:
    """The commit that is measured, with a plus if there are changes to it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--exclude=*", "--dirty=+"],
        cwd=_HERE,
        capture_output=True,
        text=True,
    )
    return told.stdout.strip() or "unknown"


def _field(file: str, name: str) -> str:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(found, "")


def _told(command: Sequence[str]) -> str:
    """The version that a program tells, if it is there."""
    if not shutil.which(command[0]):
        return ""
    told = subprocess.run(command, capture_output=True, text=True).stdout
    return found[0] if (found := _NUMBER.search(told)) else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
