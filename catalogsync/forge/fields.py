"""What is read out of the JSON of a forge, checked."""

from collections.abc import Mapping

from catalogsync.errors import BadResponse, UsageError
from catalogsync.forge.comment import Comment
from catalogsync.forge.tracker import Issue


def comment_of(data: object, author_in: str, login: str) -> Comment:
    """A comment; its author's login name is `data[author_in][login]`, empty for a ghost."""
    found = data if isinstance(data, dict) else {}
    number, author = found.get("id"), found.get(author_in)
    if type(number) is not int:
        raise BadResponse("the server tells of a comment that has no number")
    name = author.get(login) if isinstance(author, dict) else ""
    return Comment(number, str(name or ""), str(found.get("body") or ""))


def issue_of(data: object, names: tuple[str, str, str, str, str], *, opened: str) -> Issue:
    """An issue; the `names` are of its number, its author, that one's login, its text and URL."""
    number_in, author_in, login, body_in, url_in = names
    found = data if isinstance(data, dict) else {}
    number, author = found.get(number_in), found.get(author_in)
    if type(number) is not int:
        raise BadResponse("the server tells of an issue that has no number")
    told = {name: str(found.get(name) or "") for name in ("title", body_in, url_in)}
    name = author.get(login) if isinstance(author, dict) else ""
    is_open = found.get("state") == opened
    return Issue(number, str(name or ""), told["title"], told[body_in], is_open, told[url_in])


def required(environ: Mapping[str, str], name: str, where: str) -> str:
    """A variable that every job of `where` has."""
    if not environ.get(name):
        raise UsageError(f"{name} is not set", hint=f"this command runs inside a job of {where}")
    return environ[name]


def number_of(text: str, name: str) -> int:
    """A variable that holds a number."""
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"{name} is not a number", hint="leave it as the CI sets it")
    return int(text)
