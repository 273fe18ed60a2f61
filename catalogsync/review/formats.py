"""The formats in which a check can be told."""

from collections.abc import Callable

from catalogsync.review.annotations import as_annotations
from catalogsync.review.checked import Checked, as_text
from catalogsync.review.code_quality import as_code_quality
from catalogsync.review.document import check_document, dumped
from catalogsync.review.junit import as_junit
from catalogsync.review.sarif import as_sarif

CHECK_FORMATS: dict[str, Callable[[Checked], str]] = {
    "text": as_text,
    "json": lambda checked: dumped(check_document(checked)),
    "github": as_annotations,
    "sarif": as_sarif,
    "codequality": as_code_quality,
    "junit": as_junit,
}
"""The name of each format and what writes it."""
