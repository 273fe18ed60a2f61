"""Reads from the server what the manifests need to be compared with, and nothing else."""

from catalogsync.observe.observing import observe, of_every_field

__all__ = ["observe", "of_every_field"]
