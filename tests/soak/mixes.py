"""What goes wrong together, and in which catalogs: two mixes, and what no client can cure."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from random import Random

from catalogsync.model import AssetKind, AssetRef, ModelSpec, Weights, WeightsSource
from catalogsync.sandbox.faults import FAULTS, Rule
from catalogsync.sandbox.faults.kinds import LABELS
from tests.engine.catalogs import CONTENTS
from tests.media import sound

SOUNDS = {hashlib.sha256(content).hexdigest(): content for content in map(sound, range(50, 54))}
FILES = CONTENTS | SOUNDS


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Faults that stay out at some endpoints, by patterns, and why."""

    fault: str
    endpoint: str
    why: str


@dataclass(frozen=True, slots=True)
class Mix:
    """Faults that happen together, and what manifests become under them."""

    name: str
    adapted: Callable[[ModelSpec], ModelSpec]
    excluded: tuple[Exclusion, ...]

    def rules(self, random: Random) -> list[Rule]:
        """All faults now and then, or a few of them often."""
        names = list(FAULTS)
        rate = random.choice((0.05, 0.1, 0.2))
        if random.random() < 0.6:
            names, rate = random.sample(names, 4), random.choice((0.2, 0.4))
        return [
            Rule(allowed, label, rate)
            for label in sorted(LABELS)
            if (allowed := tuple(name for name in names if self._allows(name, label)))
        ]

    def _allows(self, fault: str, label: str) -> bool:
        return not any(
            fnmatchcase(fault, each.fault) and fnmatchcase(label, each.endpoint)
            for each in self.excluded
        )


def _with_sounds(spec: ModelSpec) -> ModelSpec:
    """Files only, some of them sounds, which are sent in parts; nothing from an address."""

    def changed(ref: AssetRef) -> AssetRef:
        number = int(ref.sha256[:8] or "0", 16)
        if not ref.url:
            return ref
        sha = sorted(SOUNDS)[number % len(SOUNDS)]
        return AssetRef(
            sha, name=f"{sha[:4]}.wav", kind=AssetKind.AUDIO, media_type="audio/wav",
            size=len(SOUNDS[sha]),
        )  # fmt: skip

    thumbnail = None if spec.thumbnail and spec.thumbnail.url else spec.thumbnail
    examples = spec.examples and tuple(dict.fromkeys(map(changed, spec.examples)))
    return replace(spec, thumbnail=thumbnail, examples=examples, weights=None)


def _from_elsewhere(spec: ModelSpec) -> ModelSpec:
    if spec.weights and spec.weights.source is WeightsSource.FILE:
        return replace(spec, weights=Weights(WeightsSource.HUGGING_FACE, "owner/name"))
    return spec


_NEVER = (
    Exclusion("tags-normalised", "*", "a server that changes tags never has a manifest's tags"),
)
_RESETS = ("refused", "reset-before", "reset-during")
_DOUBTFUL = tuple(
    name
    for name, fault in FAULTS.items()
    if fault.loses or name in (*_RESETS, "408", "500", "502", "503", "504")
)

MIXES = (
    Mix(
        "files",
        _with_sounds,
        (
            *_NEVER,
            Exclusion(
                "renamed-file", "*", "without its name, a file whose answer is lost is not found"
            ),
        ),
    ),
    Mix(
        "from elsewhere",
        _from_elsewhere,
        (
            *_NEVER,
            Exclusion("refused", "*", "it meets whoever connects, also where nothing may be lost"),
            *(
                Exclusion(name, method, "whether the server fetches something cannot be asked")
                for name in _DOUBTFUL
                for method in ("POST *", "PUT *", "DELETE *")
            ),
            Exclusion(
                "*", "[DP]* /collections/{}", "an import that is not noted is a person's to judge"
            ),
            Exclusion("*", "PUT /assets/{}/tags", "what was fetched is found by its tag alone"),
        ),
    ),
)
