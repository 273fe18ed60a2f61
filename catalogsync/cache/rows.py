"""What the entries of all caches have in common."""

import os
from hashlib import sha256
from typing import Any

Row = tuple[Any, ...]

IDS_PER_QUERY = 500

RACY_NS = 2_000_000_000
"""A file touched this shortly before the run may change again without a new time to show for it."""


def scope_of(*words: str) -> bytes:
    """What keeps the entries of one folder or project apart, without telling its address."""
    return sha256(b"\0".join(map(os.fsencode, words))).digest()[:16]


def fits(row: Row) -> bool:
    """Whether SQLite can hold the values: a server may tell endless sizes and broken texts."""
    for value in row:
        if isinstance(value, str):
            if not encodable(value):
                return False
        elif isinstance(value, int) and abs(value) >= 1 << 63:
            return False
    return True


def encodable(text: str) -> bool:
    """Whether a text can be written as UTF-8."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
