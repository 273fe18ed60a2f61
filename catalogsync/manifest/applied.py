"""Which commit was applied last: a Git note or a tag says so, where an apply was told to leave one.

A note hangs on the commit under a ref of its own, with a line of JSON for every project that the
commit was applied to. Nothing is pushed or fetched.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path

from catalogsync.errors import CatalogSyncError, UsageError
from catalogsync.manifest.blobs import Blobs
from catalogsync.manifest.git import ask, complaint
from catalogsync.model import SCENARIO
from catalogsync.values import dataclass

NOTES = "refs/notes/catalog-sync"
"""The ref of the notes, to be pushed and fetched by whoever wants to share them."""

_LARGEST = 1 << 20
_OURS = "catalog-sync: applied"


@dataclass(frozen=True, slots=True)
class Applied:
    """What was applied where, and when (UTC): a line of a note, the text of a tag.

    Where a line of an older version names no server, it counts for the one that needs no name.
    """

    catalog: str
    target: str
    project: str
    server: str = SCENARIO
    at: str = ""

    def is_of(self, other: "Applied") -> bool:
        """Whether both speak of the same project."""
        return replace(self, at="") == replace(other, at="")


def newest_applied(root: Path, place: Applied) -> str | None:
    """The commit that was applied last to a project, as the notes of this clone say."""
    answer = ask(root, "notes", f"--ref={NOTES}", "list")
    pairs = [line.split() for line in answer.stdout.decode().splitlines()]
    times: list[tuple[str, str]] = []
    with Blobs(root) as blobs:
        for blob, commit in pairs:
            blobs.turn_to(blob)
            times += [
                (each.at, commit) for each in _lines(blobs.read(_LARGEST)) if each.is_of(place)
            ]
    return max(times)[1] if times else None


def write_note(root: Path, commit: str, applied: Applied) -> None:
    """Note on a commit that it was applied; what the note says of other projects stays."""
    known = ask(root, "notes", f"--ref={NOTES}", "show", commit)
    others = [each for each in _lines(known.stdout) if not each.is_of(applied)]
    text = "".join(f"{_line(each)}\n" for each in sorted((*others, applied), key=_line))
    _do(root, "notes", f"--ref={NOTES}", "add", "--force", "--file=-", commit, given=text)


def check_tag(root: Path, name: str, place: Applied) -> None:
    """Raise `UsageError` unless a tag may have this name and is ours to move.

    A tag tells of one server: a trial on another one must not move what the real project has.
    """
    if name.startswith("-") or ask(root, "check-ref-format", f"refs/tags/{name}").returncode:
        raise UsageError(f"{name!r} is no name for a tag", hint="take one as applied-production")
    held = ask(root, "for-each-ref", "--format=%(contents:subject)", f"refs/tags/{name}")
    subject = held.stdout.decode("utf-8", "replace").strip()
    exists = ask(root, "show-ref", "--verify", "--quiet", f"refs/tags/{name}").returncode == 0
    if exists and not subject.startswith(_OURS):
        raise UsageError(
            f"the tag {name} is there and was not made by catalog-sync",
            hint="take another name, or delete that tag",
        )
    body = ask(root, "for-each-ref", "--format=%(contents:body)", f"refs/tags/{name}")
    other = next((each for each in _lines(body.stdout) if each.server != place.server), None)
    if other:
        raise UsageError(
            f"the tag {name} says what was applied on {other.server}, and this is {place.server}",
            hint="take another name, or delete that tag",
        )


def move_tag(root: Path, commit: str, name: str, applied: Applied) -> None:
    """Let a tag stand on a commit, wherever it stood before."""
    text = f"{_OURS}\n\n{_line(applied)}\n"
    _do(root, "tag", "--no-sign", "--force", "--file=-", name, commit, given=text)


def _do(root: Path, *arguments: str, given: str) -> None:
    """Write to the repository: without its hooks, and under a name of ours if nobody has one."""
    known = ask(root, "var", "GIT_COMMITTER_IDENT").returncode == 0
    name = (
        () if known else ("-c", "user.name=catalog-sync", "-c", "user.email=catalog-sync@localhost")
    )
    plain = ("-c", "core.hooksPath=/dev/null", *name)
    done = ask(root, *plain, *arguments, given=given.encode())
    if done.returncode:
        raise CatalogSyncError(
            f"Git did not record the apply: {complaint(done)}",
            hint="what was applied is applied; record it by hand, or see docs/base.md",
        )


def _line(applied: Applied) -> str:
    return json.dumps(asdict(applied), sort_keys=True)


def _lines(note: bytes) -> list[Applied]:
    """What a note says; lines that are not ours, or not whole, say nothing."""
    found = []
    for line in note.decode("utf-8", "replace").splitlines():
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(data, dict):
            continue
        values = {"server": SCENARIO} | data
        names = ("catalog", "target", "project", "server", "at")
        if all(isinstance(values.get(name), str) for name in names):
            found.append(Applied(*(values[name] for name in names)))
    return found
