"""YAML files of a catalog: edited so that what is not meant stays as it is, or laid out anew."""

from catalogsync.roundtrip.edit import with_items, with_value, without
from catalogsync.roundtrip.editor import Kept
from catalogsync.roundtrip.form import formatted, written
from catalogsync.roundtrip.judge import Uneditable

__all__ = ["Kept", "Uneditable", "formatted", "with_items", "with_value", "without", "written"]
