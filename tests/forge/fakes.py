"""GitHub and GitLab over real HTTP, as far as comments go: their pages, limits and errors."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Fault:
    """What the server answers instead, once, to the next request of that method."""

    method: str
    status: int
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FakeForge:
    """A forge with one pull request; `tokens` are those that may read, with their owner's name.

    Requests that begin with `hangs`, as method and path, are never answered: `hung` says that one
    came.
    """

    tokens: dict[str, str]
    may_write: set[str]
    comments: list[dict[str, Any]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    merged: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    hangs: str = ""
    hung: bool = False
    seen: list[str] = field(default_factory=list)

    default_page = 30
    longest = 65536

    def __enter__(self) -> Self:
        forge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def handle_one(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                headers = {name.lower(): value for name, value in self.headers.items()}
                if forge.hangs and forge.named(self.command, self.path).startswith(forge.hangs):
                    forge.hung = True
                    self.close_connection = forge.ended.wait()
                    return
                with forge.lock:
                    answer = forge.answer(self.command, self.path, headers, body)
                status, data, more = answer
                content = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(status)
                named = {"content-type": "application/json", "content-length": str(len(content))}
                for name, value in (named | dict(more)).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_one

        self.lock = threading.Lock()
        self.ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.root}"

    root = ""

    def named(self, method: str, target: str) -> str:
        """A request as its method and its path below the address of the API."""
        return f"{method} {target.removeprefix(self.root)}"

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: Any
    ) -> tuple[int, object, Mapping[str, str]]:
        """The status, the body and further headers of the answer."""
        self.seen.append(self.named(method, target))
        for fault in self.faults:
            if fault.method == method:
                self.faults.remove(fault)
                return fault.status, fault.body, fault.headers
        token = self.token(headers)
        if token not in self.tokens:
            return 401, {"message": self.words[401]}, {}
        if method != "GET" and token not in self.may_write:
            return 403, {"message": self.words[403]}, {}
        parts = urlsplit(target.removeprefix(self.root))
        query = dict(parse_qsl(parts.query))
        return self.route(method, parts.path, query, body, self.tokens[token])

    words: Mapping[int, str] = field(default_factory=dict)

    def token(self, headers: Mapping[str, str]) -> str:
        """The token that a request carries."""
        raise NotImplementedError

    def route(
        self, method: str, path: str, query: dict[str, str], body: Any, who: str
    ) -> tuple[int, object, Mapping[str, str]]:
        """What a request with a good token does."""
        raise NotImplementedError

    def page(
        self, path: str, query: dict[str, str], items: list[dict[str, Any]]
    ) -> tuple[int, object, Mapping[str, str]]:
        """One page of a listing, with the address of the next one in the Link header."""
        size = min(int(query.get("per_page", self.default_page)), 100)
        number = int(query.get("page", 1))
        last = max(1, -(-len(items) // size))
        links = [("first", 1), ("last", last)]
        links += [("next", number + 1)] if number < last else []
        address = f"{self.url}{path}?"
        asked = [(urlencode(query | {"per_page": size, "page": at}), name) for name, at in links]
        link = ", ".join(f'<{address}{again}>; rel="{name}"' for again, name in asked)
        return 200, items[(number - 1) * size : number * size], {"link": link}

    def say(self, who: str, body: str) -> dict[str, Any]:
        """Somebody writes a comment."""
        comment = self.comment(100 + len(self.comments), who, body)
        self.comments.append(comment)
        return comment

    def comment(self, number: int, who: str, body: str) -> dict[str, Any]:
        """A comment as the API shows it."""
        raise NotImplementedError

    def issue(self, number: int, who: str, body: Any) -> dict[str, Any]:
        """An open issue as the API shows it."""
        raise NotImplementedError

    def opened(self, body: Any, who: str) -> tuple[int, object, Mapping[str, str]]:
        """The answer to a new issue."""
        refused = self.too_long({"body": body.get("body") or body.get("description", "")})
        if refused is None:
            self.issues.append(self.issue(1 + len(self.issues), who, body))
        return refused or (201, self.issues[-1], {})

    def changed(self, number: str, body: Any) -> tuple[int, object, Mapping[str, str]]:
        """The answer to a change of an issue."""
        found = self.issues[int(number) - 1]
        states = {"close": "closed", "reopen": "opened"}
        state = states.get(body.pop("state_event", ""), found["state"])
        found.update({"state": state, **body})
        return 200, found, {}

    @property
    def bodies(self) -> list[str]:
        """The text of every comment."""
        return [comment["body"] for comment in self.comments]

    def written(self, body: Any, who: str) -> tuple[int, object, Mapping[str, str]]:
        """The answer to a new comment."""
        return self.too_long(body) or (201, self.say(who, body["body"]), {})

    def edited(self, number: str, body: Any) -> tuple[int, object, Mapping[str, str]]:
        """The answer to a change of a comment, by somebody who may change them all."""
        found = next(c for c in self.comments if c["id"] == int(number))
        refused = self.too_long(body)
        if refused is None:
            found["body"] = body["body"]
        return refused or (200, found, {})

    def too_long(self, body: Any) -> tuple[int, object, Mapping[str, str]] | None:
        """The refusal of a text that is too long."""
        raise NotImplementedError


class GitHub(FakeForge):
    """Pull request 7 of acme/catalog; whoever may write may edit everybody's comments."""

    def token(self, headers: Mapping[str, str]) -> str:
        assert headers["accept"] == "application/vnd.github+json"
        return headers["authorization"].removeprefix("Bearer ")

    def route(
        self, method: str, path: str, query: dict[str, str], body: Any, who: str
    ) -> tuple[int, object, Mapping[str, str]]:
        match method, path.removeprefix("/repos/acme/catalog").split("/")[1:]:
            case "GET", ["issues", "7", "comments"] | [
                "repositories",
                "1",
                "issues",
                "7",
                "comments",
            ]:
                # The address of a further page names the repository by its number.
                return self.page("/repositories/1/issues/7/comments", query, self.comments)
            case "POST", ["issues", "7", "comments"]:
                return self.written(body, who)
            case "PATCH", ["issues", "comments", number]:
                return self.edited(number, body)
            case "GET", ["issues", "7", "labels"] | ["repositories", "1", "issues", "7", "labels"]:
                return self.page("/repositories/1/issues/7/labels", query, self.named_labels)
            case "POST", ["issues", "7", "labels"]:
                self.labels += [name for name in body["labels"] if name not in self.labels]
                return 200, self.named_labels, {}
            case "DELETE", ["issues", "7", "labels", name]:
                self.labels.remove(unquote(name))
                return 200, self.named_labels, {}
            case "GET", ["issues"] | ["repositories", "1", "issues"]:
                ours = [i for i in self.issues if i["user"]["login"] == query["creator"]]
                pull = {"number": 7, "pull_request": {}, "user": {"login": who}, "body": "x"}
                return self.page("/repositories/1/issues", query, [pull, *ours])
            case "POST", ["issues"]:
                return self.opened(body, who)
            case "PATCH", ["issues", number]:
                return self.changed(number, body)
            case "GET", ["commits", sha, "pulls"]:
                return 200, self.merged.get(sha, []), {}
        return 404, {"message": "Not Found"}, {}

    @property
    def named_labels(self) -> list[dict[str, Any]]:
        """The labels of the pull request as the API shows them."""
        return [{"id": at, "name": name} for at, name in enumerate(self.labels)]

    def issue(self, number: int, who: str, body: Any) -> dict[str, Any]:
        url = f"https://github.com/acme/catalog/issues/{number}"
        return {"number": number, "user": {"login": who}, "state": "open", "html_url": url, **body}

    def comment(self, number: int, who: str, body: str) -> dict[str, Any]:
        kind = "Bot" if who.endswith("[bot]") else "User"
        return {"id": number, "user": {"login": who, "type": kind}, "body": body}

    def too_long(self, body: Any) -> tuple[int, object, Mapping[str, str]] | None:
        if len(body["body"]) <= self.longest:
            return None
        error = {
            "resource": "IssueComment",
            "code": "unprocessable",
            "field": "data",
            "message": "Body is too long (maximum is 65536 characters)",
        }
        return 422, {"message": "Validation Failed", "errors": [error]}, {}


class GitLab(FakeForge):
    """Merge request 7 of project 12."""

    root = "/api/v4"
    default_page = 20
    longest = 1_000_000

    def token(self, headers: Mapping[str, str]) -> str:
        return headers["private-token"]

    def route(
        self, method: str, path: str, query: dict[str, str], body: Any, who: str
    ) -> tuple[int, object, Mapping[str, str]]:
        if path == "/user":
            return 200, {"id": 5, "username": who}, {}
        match method, path.removeprefix("/projects/12").split("/")[1:]:
            case "GET", ["merge_requests", "7", "notes"]:
                return self.page("/projects/12/merge_requests/7/notes", query, self.comments)
            case "POST", ["merge_requests", "7", "notes"]:
                return self.written(body, who)
            case "PUT", ["merge_requests", "7", "notes", number]:
                return self.edited(number, body)
            case "GET", ["issues"]:
                name = query["author_username"]
                ours = [i for i in self.issues if i["author"]["username"] == name]
                return self.page("/projects/12/issues", query, ours)
            case "POST", ["issues"]:
                return self.opened(body, who)
            case "PUT", ["issues", number]:
                return self.changed(number, body)
            case "GET", ["repository", "commits", sha, "merge_requests"]:
                return 200, self.merged.get(sha, []), {}
        return 404, {"message": "404 Not found"}, {}

    def issue(self, number: int, who: str, body: Any) -> dict[str, Any]:
        url = f"https://gitlab.com/acme/catalog/-/issues/{number}"
        author = {"username": who}
        return {"iid": number, "author": author, "state": "opened", "web_url": url, **body}

    def comment(self, number: int, who: str, body: str) -> dict[str, Any]:
        return {"id": number, "author": {"username": who}, "body": body, "system": False}

    def too_long(self, body: Any) -> tuple[int, object, Mapping[str, str]] | None:
        if len(body["body"]) <= self.longest:
            return None
        return 400, {"message": {"note": ["is too long (maximum is 1000000 characters)"]}}, {}
