"""A catalog that has one of everything."""

from pathlib import Path

import pytest

from catalogsync.model import (
    AssetRef,
    Catalog,
    Concept,
    LocalFile,
    Mention,
    ModelRef,
    ModelSpec,
    Text,
)
from tests.engine.catalogs import CONTENTS

SHAS = sorted(CONTENTS)


def image(number: int) -> AssetRef:
    """One of the eight files."""
    sha = SHAS[number]
    return AssetRef(sha256=sha, name=f"{number}.webp", size=len(CONTENTS[sha]))


@pytest.fixture
def example() -> Catalog:
    """Three models: a style, a character that mentions it, a composition of both."""
    style = ModelSpec(
        key="style",
        name="Ink",
        type="flux.1-lora",
        tags=frozenset({"ink", "comic"}),
        thumbnail=image(0),
        examples=(image(0), image(1), image(2)),
        description=Text(("# Ink\n", Mention("![pose](images/1.webp)", image(1)), "\n")),
    )
    hero = ModelSpec(
        key="hero",
        name="Hero",
        type="flux.1-lora",
        description=Text(("Use with ", Mention("{model:style}", ModelRef(key="style")), ".\n")),
        collections=frozenset({"Comics"}),
    )
    both = ModelSpec(
        key="both",
        name="Both",
        type="flux.1-composition",
        concepts=(Concept(ModelRef(key="style"), 0.8), Concept(ModelRef(key="hero"), 0.5)),
        prompt_guide=Text(("Short prompts.",)),
    )
    files = {sha: LocalFile(Path(), (sha,)) for sha in SHAS}
    return Catalog(name="acme", models=(both, hero, style), files=files)
