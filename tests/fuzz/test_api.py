"""The short form of `script/soak --fuzz-api`: the sandbox does as its document says."""

from pathlib import Path

from catalogsync.sandbox import running
from tests.fuzz.api import fuzz
from tests.fuzz.test_openapi import OPERATIONS

EXAMPLES = 10
"""Right requests, and wrong ones, for each operation in a run of the tests."""


ALWAYS_REFUSED = {"POST /jobs/{jobId}/action"}
"""Only what generates images can be canceled, and nothing in a sandbox does."""


def test_generated_requests_are_answered_as_the_document_says(tmp_path: Path) -> None:
    with running(tmp_path, validate_s=0, import_s=0) as server:
        tally = fuzz(server, examples=EXAMPLES)
    assert tally.accepted() == set(OPERATIONS) - ALWAYS_REFUSED
    assert tally.count("negative") >= EXAMPLES * len(OPERATIONS) * 0.9
