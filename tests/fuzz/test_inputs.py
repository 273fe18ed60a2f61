"""The short form of `script/soak --inputs`, and what earlier runs found or aimed at."""

from pathlib import Path

import pytest

from tests.fuzz.inputs import run
from tests.fuzz.targets import TARGETS, Target

CORPUS = Path(__file__).parent / "corpus"
EXAMPLES = 200
"""Inputs for each target in a run of the tests."""

KEPT = [
    pytest.param(target, file, id=f"{target.name}/{file.name}")
    for target in TARGETS
    for file in sorted((CORPUS / target.name).iterdir())
]


@pytest.mark.parametrize(("target", "file"), KEPT)
def test_what_was_kept_is_read_or_refused_in_a_sentence(
    target: Target, file: Path, tmp_path: Path
) -> None:
    target.prepare(tmp_path)
    target.check(file.read_bytes(), tmp_path)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_is_nearly_valid_is_read_or_refused_in_a_sentence(
    target: Target, tmp_path: Path
) -> None:
    assert run(target, tmp_path, examples=EXAMPLES) >= EXAMPLES


def test_every_folder_of_the_corpus_has_a_target() -> None:
    assert {each.name for each in CORPUS.iterdir()} == {target.name for target in TARGETS}
