"""Which files of a catalog Git tracks."""

from functools import cached_property
from pathlib import Path

from catalogsync.manifest.git import ask, complaint, work_tree
from catalogsync.manifest.words import Unfit


class Tracked:
    """What Git tracks below a folder: asked once, when somebody wants to know."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @cached_property
    def answer(self) -> bytes | None:
        """The names as Git gives them; None where there is no Git to ask.

        Raises `Unfit` when there is a repository that Git does not want to read: taking this for
        "no repository" would let untracked files through.
        """
        if work_tree(self._root) is None:
            return None
        try:
            answer = ask(self._root, "ls-files", "-z")
        except FileNotFoundError:
            return None
        if answer.returncode:
            raise Unfit(
                f"git cannot tell which files are tracked: {complaint(answer)}",
                "run git status here to see why",
            )
        return answer.stdout

    @cached_property
    def names(self) -> frozenset[str] | None:
        """The tracked files, relative to the folder; None where there is no Git to ask."""
        if self.answer is None:
            return None
        return frozenset(self.answer.decode("utf-8", "surrogateescape").split("\0"))
