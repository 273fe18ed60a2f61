"""Validation against the JSON Schemas."""

from catalogsync.manifest.document import Document
from catalogsync.manifest.schemas import Name, quick_test


def validate(document: Document, name: Name) -> bool:
    """Whether the document is valid; what is not is reported, and cut out of its value."""
    if quick_test(name)(document.value):
        return True
    from catalogsync.manifest.translate import explain  # only for what is refused

    return explain(document, name)
