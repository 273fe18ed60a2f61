"""Runs the second process: `python -m catalogsync.ahead`."""

from catalogsync.ahead.reading import main

main()
