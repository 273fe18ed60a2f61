"""Where on this machine the user's cache is, and what is no cache but kept like one."""

from pathlib import Path

from platformdirs import user_cache_dir, user_state_dir


def default_path() -> Path | None:
    """Where the user's cache is, or None for somebody without a home."""
    path = Path(user_cache_dir("catalog-sync", appauthor=False), "digests.sqlite")
    return path if path.is_absolute() else None


def undo_folder() -> Path:
    """Where what applies changed is kept; raises `OSError` for somebody without a home."""
    path = Path(user_state_dir("catalog-sync", appauthor=False), "undo")
    if not path.is_absolute():
        raise FileNotFoundError("the user has no home")
    return path
