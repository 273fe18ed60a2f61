"""The formats in which a check can be told."""

from collections.abc import Callable
from importlib import import_module

from catalogsync.review.checked import Checked, as_text

Format = Callable[[Checked], str]


def _from(module: str, function: str) -> Format:
    """A format that is imported only when something is told in it."""

    def told(checked: Checked) -> str:
        write: Format = getattr(import_module(f"catalogsync.review.{module}"), function)
        return write(checked)

    return told


CHECK_FORMATS: dict[str, Format] = {
    "text": as_text,
    "json": _from("document", "as_check_json"),
    "github": _from("annotations", "as_annotations"),
    "sarif": _from("sarif", "as_sarif"),
    "codequality": _from("code_quality", "as_code_quality"),
    "junit": _from("junit", "as_junit"),
}
"""The name of each format and what writes it."""
