"""Runs the second process: `python -m catalogsync.ahead`."""

import os
import signal

from catalogsync.ahead.reading import main

# Ctrl-C is for the first process, which ends this one.
signal.signal(signal.SIGINT, signal.SIG_IGN)
try:
    main()
finally:
    # The thread that reads from stdin would keep Python from an orderly end.
    os._exit(0)
