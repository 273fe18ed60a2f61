"""Senders of files, each run as a process of its own against `benchmarks.sink`."""
