"""Runs a command and writes what it took as JSON to the file named first.

It is a small process of its own: the peak memory that the kernel tells of a process is at least
that of the one which started it. What several processes have together nobody tells; it is looked
up ten times a second.
"""

import json
import os
import signal
import sys
import time

_LOOK_S = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")


def _together(process: str) -> int:
    """Bytes of memory that a process and all that it started have now."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as told:  # noqa: PTH123
            found = int(told.read().split()[1]) * _PAGE
        for thread in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208
            with open(f"/proc/{process}/task/{thread}/children", encoding="ascii") as told:  # noqa: PTH123
                found += sum(map(_together, told.read().split()))
    except OSError:  # it has ended meanwhile
        return 0
    return found


def _most_together(child: int) -> int:
    """The most that a process and all that it started have had when somebody looked."""
    most = 0
    while signal.sigtimedwait({signal.SIGCHLD}, _LOOK_S) is None:
        most = max(most, _together(str(child)))
    return most


if __name__ == "__main__":
    target, *command = sys.argv[1:]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    started = time.perf_counter()
    child = os.fork()
    if not child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.execvp(command[0], command)
    most = _most_together(child) if os.path.exists("/proc/self/task") else 0  # noqa: PTH110
    _, status, usage = os.wait4(child, 0)
    taken = {
        "wall": time.perf_counter() - started,
        "cpu": usage.ru_utime + usage.ru_stime,
        "megabytes": max(usage.ru_maxrss * 1024, most) / 2**20,
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(target, "w", encoding="utf-8") as file:  # noqa: PTH123  # pathlib takes memory
        json.dump(taken, file)
