"""What turns something valid into something nearly so: bytes cut and patched, JSON rearranged."""

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from catalogsync.manifest import schema

YAML_TOKENS = (
    *("&a ", "*a", "!!python/object:os.system ", "!x ", "<<: ", "? ", "---\n", "...\n"),
    *("%YAML 1.1\n", "\t", "\x00", "\ufeff", "\u202e", "\u2028", "\x85", "\r", "\n", "\n  ", ": "),
    *("[", "]", "{", "}", "- ", "#", '"', "'", "|\n", ">-\n  ", "\\", "\\x00", '"\\ud800"'),
    *("null", "~", "yes", "0x1F", "1e999", "1e9", "-0.0", ".nan", ".inf", "9" * 30, "1:30"),
    *("2020-01-01", "2020-13-45", "", '""', "[]", "{}", "true", "<<"),
    *("../../", "/etc/passwd", "images/01.webp", "images/*.webp", "**", "{file: x.md}", "C:\\x"),
    *('{glob: "images/*"}', "{url: https://example.org/a.png}", "{asset: asset_1}", "asset_1"),
    *("sha256: ", f"{{file: images/02.png, asset: asset_1, sha256: {'ab' * 32}}}", "ab" * 32),
    *("{model:ink}", "{asset:x}", "![x](images/01.webp)", "catalog-sync:a/b", "sc:featured"),
    *("a" * 65, "a" * 300, "é" * 64, "🎨", "- a\n" * 200, "[" * 40, "{a: " * 40),
    *sorted(schema("model")["properties"]),
    *sorted(schema("catalog")["properties"]),
    *sorted(schema("model")["properties"]["type"]["enum"]),
)
"""What a person, or somebody worse, may write into a manifest."""

TEXT_TOKENS = (
    *("![", "](", ")", "[", "]", "<", ">", "{asset:", "{model:", "}", "`", "```\n", "~~~\n"),
    *("\\", "\n", "\n\n", "\r\n", " ", "%41", "%ff", '"t"', "'", "https://x/", "images/01.webp"),
    *("\x00", "\x1b[31m", "\u202e", "\u200b", "\ud800", "\udfff", "🎨", "\U000e0041", "é"),
    *("version https://git-lfs.github.com/spec/v1\n", "oid sha256:", "ab" * 32, "size ", "1" * 20),
)

_SCALARS = (
    *(None, True, False, 0, 1, -1, 10**30, 0.5, 1e308, "", "x", "\ud800", "\u202e", "a" * 500),
    *(" ", "\n", "0" * 64, "sha256:", "2020-01-01T00:00:00Z", "1.0", "1.9", "2.0"),
)
_ODD: tuple[Any, ...] = ([], {}, [[]], [None], {"type": "Plan"}, {"": ""})

places = st.floats(0, 1, exclude_max=True)
lengths = st.integers(0, 40)


def mutated(seeds: Sequence[bytes], tokens: Sequence[str]) -> st.SearchStrategy[bytes]:
    """One of the seeds with a few of its bytes cut out, copied, turned over or pushed in."""
    encoded = [token.encode("utf-8", "surrogatepass") for token in tokens]
    one = st.one_of(
        st.builds(_insert, places, st.sampled_from(encoded)),
        st.builds(_replace, places, lengths, st.sampled_from(encoded)),
        st.builds(_copy, places, places, lengths),
        st.builds(_insert, places, st.binary(min_size=1, max_size=4)),
        st.builds(_cut, places),
    )
    return st.builds(_applied, st.sampled_from(seeds), st.lists(one, max_size=6))


def _applied(seed: Any, steps: Sequence[Callable[[Any], Any]]) -> Any:
    for step in steps:
        seed = step(seed)
    return seed


def _insert(place: float, token: bytes) -> Callable[[bytes], bytes]:
    return _replace(place, 0, token)


def _replace(place: float, length: int, token: bytes) -> Callable[[bytes], bytes]:
    def step(data: bytes) -> bytes:
        at = int(place * (len(data) + 1))
        return data[:at] + token + data[at + length :]

    return step


def _copy(source: float, place: float, length: int) -> Callable[[bytes], bytes]:
    def step(data: bytes) -> bytes:
        begin = int(source * (len(data) + 1))
        return _insert(place, data[begin : begin + length])(data)

    return step


def _cut(place: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(place * (len(data) + 1))]


def rearranged(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of the seeds, which are JSON, with a few of its values changed, moved or left out."""
    other = st.sampled_from((*_SCALARS, *_ODD))
    one = st.one_of(
        st.builds(_set, places, other),
        st.builds(_drop, places),
        st.builds(_graft, places, places),
        st.builds(_nest, places, st.integers(1, 60)),
    )
    changed = st.builds(_applied, st.sampled_from(seeds).map(json.loads), st.lists(one, max_size=4))
    return changed.map(lambda value: json.dumps(value).encode())


def _slots(value: Any) -> list[tuple[Any, Any]]:
    """Every container with every key in it, from the outside in."""
    found: list[tuple[Any, Any]] = []
    queue = [value]
    for each in queue:
        keys = each.keys() if isinstance(each, dict) else range(len(each))
        found += [(each, key) for key in keys]
        queue += [each[key] for key in keys if isinstance(each[key], dict | list)]
    return found


def _at(place: float, value: Any) -> tuple[Any, Any] | None:
    slots = _slots(value) if isinstance(value, dict | list) else []
    return slots[int(place * len(slots))] if slots else None


def _set(place: float, other: Any) -> Callable[[Any], Any]:
    def step(value: Any) -> Any:
        if (slot := _at(place, value)) is None:
            return other
        slot[0][slot[1]] = copy.deepcopy(other)
        return value

    return step


def _drop(place: float) -> Callable[[Any], Any]:
    def step(value: Any) -> Any:
        if (slot := _at(place, value)) is not None:
            del slot[0][slot[1]]
        return value

    return step


def _graft(source: float, place: float) -> Callable[[Any], Any]:
    def step(value: Any) -> Any:
        taken, slot = _at(source, value), _at(place, value)
        if taken is not None and slot is not None:
            slot[0][slot[1]] = copy.deepcopy(taken[0][taken[1]])
        return value

    return step


def _nest(place: float, depth: int) -> Callable[[Any], Any]:
    def step(value: Any) -> Any:
        if (slot := _at(place, value)) is not None:
            for _ in range(depth):
                slot[0][slot[1]] = [slot[0][slot[1]]]
        return value

    return step
