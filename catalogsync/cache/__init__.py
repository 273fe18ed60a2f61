"""What earlier runs learned, in disposable files of the user's cache directory.

As in Git's index, a file whose size, times and inode are still the same is not read again, and an
asset on the server never changes. Of a model what was read holds, for who wants that, until its
`updatedAt` moves. A cache that is missing, damaged, of another version or not ours
alone is an empty one: everything is learned anew, and nothing fails.
"""

from catalogsync.cache.digests import DigestCache, Holding, default_path, open_cache, undo_folder
from catalogsync.cache.reads import ModelReads

__all__ = ["DigestCache", "Holding", "ModelReads", "default_path", "open_cache", "undo_folder"]
