"""Runs the second process: `python -m catalogsync.ahead`."""

import os

from catalogsync.ahead.reading import main

main()
# What is waited for to end: a thread that reads from stdin would keep Python from ending.
os._exit(0)
