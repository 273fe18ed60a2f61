"""The command line: parse, wire, print, exit; one file per command."""

from catalogsync.cli.main import main

__all__ = ["main"]
