"""Faults as one writes them on a command line: `seed=7,rate=0.05,lost@POST /models=1x`."""

from fnmatch import fnmatchcase

from catalogsync.sandbox.faults.kinds import FAULTS, LABELS
from catalogsync.sandbox.faults.schedule import Rule


class BadSpec(ValueError):
    """A text that describes no schedule of faults."""


def parsed(text: str) -> tuple[int, list[Rule]]:
    """The seed and the rules that a text describes.

    Its entries, separated by commas, are `seed=N`; `rate=R`, which is any fault anywhere; and
    `FAULT=R` or `FAULT@ENDPOINT=R`, where R is a probability, or `3x` for the first three calls.
    """
    seed, rules = 0, list[Rule]()
    for entry in filter(None, map(str.strip, text.split(","))):
        name, equals, value = entry.rpartition("=")
        if not equals:
            raise BadSpec(f"{entry!r} is not NAME=VALUE")
        if name == "seed":
            seed = int(_number(entry, value))
        else:
            rules.append(_rule(entry, "*" if name == "rate" else name, value))
    return seed, rules


def _rule(entry: str, name: str, value: str) -> Rule:
    fault, _, endpoint = name.partition("@")
    if not any(fnmatchcase(known, fault) for known in FAULTS):
        raise BadSpec(f"{fault!r} is no fault; there are: {', '.join(FAULTS)}")
    endpoint = endpoint or "*"
    if not any(fnmatchcase(known, endpoint) for known in LABELS):
        raise BadSpec(f"{endpoint!r} is no endpoint; there are: {', '.join(sorted(LABELS))}")
    if not any(map(Rule((fault,), endpoint).choices, LABELS)):
        raise BadSpec(f"{fault} cannot happen at {endpoint}")
    if value.endswith("x"):
        return Rule((fault,), endpoint, times=int(_number(entry, value[:-1])))
    rate = _number(entry, value)
    if not 0 <= rate <= 1:
        raise BadSpec(f"{entry!r}: a probability is between 0 and 1, a number of times is `3x`")
    return Rule((fault,), endpoint, rate)


def _number(entry: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise BadSpec(f"{entry!r}: {value!r} is not a number") from None
