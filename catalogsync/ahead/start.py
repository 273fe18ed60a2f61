"""Starts the second process: nothing else, so that nothing has to be imported before."""

import subprocess
import sys

_AT_ONCE = 64 * 1024
"""How many bytes are received at once: as many as a pipe holds."""

_AS_HERE = {"isolated": "-I", "ignore_environment": "-E", "no_user_site": "-s"}
"""What may keep Python from believing its environment, as a flag and as an option."""

# Where it runs may hold files of the names that Python would import: -P keeps it from that.
_COMMAND = (
    *(sys.executable, "-P"),
    *(option for flag, option in _AS_HERE.items() if getattr(sys.flags, flag)),
    *("-m", "catalogsync.ahead"),
)


def begun() -> "subprocess.Popen[bytes]":
    """A process that gets ready for an order, and ends without one when its stdin does.

    Raises `OSError` where no process can be had.
    """
    return subprocess.Popen(
        _COMMAND,
        bufsize=_AT_ONCE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that got no order, or whose answers nobody receives."""
    process.kill()
    process.communicate()
