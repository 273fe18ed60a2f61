"""Runs a command and writes what it took as JSON to the file named first.

It is a small process of its own: the peak memory that the kernel tells of a process is at least
that of the one which started it.
"""

import json
import os
import sys
import time

if __name__ == "__main__":
    target, *command = sys.argv[1:]
    started = time.perf_counter()
    child = os.fork()
    if not child:
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    taken = {
        "wall": time.perf_counter() - started,
        "cpu": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss / 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(target, "w", encoding="utf-8") as file:  # noqa: PTH123  # pathlib takes memory
        json.dump(taken, file)
