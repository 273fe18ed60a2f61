"""Keys and file names of our own, from names on the server that may be anything."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

_WORD = re.compile(r"[a-z0-9]+")
_LONGEST_KEY = 48
_LONGEST_NAME = 40
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ı": "i", "ð": "d"}
)

_PORTS = (f"{port}{number}" for port in ("com", "lpt") for number in range(10))
_DEVICES = frozenset(("con", "prn", "aux", "nul", "conin", "conout", *_PORTS))
"""What Windows takes for a device, whatever the extension."""


def slug(name: str, *, longest: int = _LONGEST_KEY) -> str:
    """The letters and digits of a name, in lower case and without marks, joined by hyphens.

    Empty where it has none that ASCII knows.
    """
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS)).lower()
    # An accent goes without a trace, everything else parts words.
    plain = "".join(char for char in plain if unicodedata.category(char) != "Mn")
    words = "-".join(_WORD.findall(plain))[:longest].strip("-")
    return f"{words}-1" if words in _DEVICES else words


def keys_for(models: Mapping[str, str], taken: Collection[str]) -> dict[str, str]:
    """A key for every model, given their names by id: none twice and none of those taken.

    Which key a model gets hangs on the names and ids alone, not on the order of a listing.
    """
    wanted = {held: slug(name) or slug(held) or "unnamed" for held, name in models.items()}
    first: dict[str, str] = {}
    for model_id in sorted(models):
        first.setdefault(wanted[model_id], model_id)
    used = set(taken)
    # Whoever would have a key without a number has it.
    found = {held: key for key, held in first.items() if key not in used}
    used |= set(found.values())
    for model_id in sorted(models):
        if model_id not in found:
            found[model_id] = _numbered(wanted[model_id], used)
            used.add(found[model_id])
    return found


def file_names(files: Iterable[tuple[str, str, str]], taken: Collection[str]) -> dict[str, str]:
    """A name for every file, given as (asset id, its name on the server, detected extension).

    What the server calls a file is only ever a source of letters and digits.
    """
    used = {name.casefold() for name in taken}
    found: dict[str, str] = {}
    for number, (asset_id, name, extension) in enumerate(files, 1):
        stem = name.rpartition(".")[0] or name
        base = slug(stem.replace("\\", "/").rpartition("/")[2], longest=_LONGEST_NAME)
        base = base or f"{number:02}"
        chosen = f"{base}.{extension}"
        count = 1
        while chosen in used:
            count += 1
            chosen = f"{base}-{count}.{extension}"
        found[asset_id] = chosen
        used.add(chosen)
    return found


def _numbered(base: str, used: Collection[str]) -> str:
    number = 2
    while f"{base}-{number}" in used:
        number += 1
    return f"{base}-{number}"
