"""What earlier runs learned, in disposable files of the user's cache directory.

As in Git's index, a file whose size, times and inode are still the same is not read again, and an
asset on the server never changes. Of a model what was read holds, for who wants that, until its
`updatedAt` moves. A catalog that had no problem has none as long as nothing moves that a check of
it depends on. A cache that is missing, damaged, of another version or not ours
alone is an empty one: everything is learned anew, and nothing fails.

What is named here is imported when somebody needs it.
"""

from typing import TYPE_CHECKING

from catalogsync import on_demand

if TYPE_CHECKING:
    from catalogsync.cache.digests import DigestCache, Holding, open_cache
    from catalogsync.cache.folders import default_path, undo_folder
    from catalogsync.cache.reads import ModelReads
    from catalogsync.cache.verdicts import Verdict, Verdicts, open_verdicts

__all__ = [
    "DigestCache",
    "Holding",
    "ModelReads",
    "Verdict",
    "Verdicts",
    "default_path",
    "open_cache",
    "open_verdicts",
    "undo_folder",
]

__getattr__ = on_demand(
    __name__,
    {
        "DigestCache": "digests",
        "Holding": "digests",
        "ModelReads": "reads",
        "Verdict": "verdicts",
        "Verdicts": "verdicts",
        "default_path": "folders",
        "open_cache": "digests",
        "open_verdicts": "verdicts",
        "undo_folder": "folders",
    },
)
