"""Promises 4, 5 and 6: foreign text is shown as it is, and does nothing, in all that we write."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from catalogsync.review.words import visible
from catalogsync.sandbox import running
from tests.cli.conftest import MODEL, Run, write
from tests.cli.test_canaries import said
from tests.manifest.test_commit import git
from tests.review.forge import extras, page, quick_actions
from tests.review.runner import commands
from tests.review.test_hostile import TAGS
from tests.review.test_html import OURS, foreign_references, tree
from tests.safety.canary import painted

PAYLOADS = {
    "clears the screen": "\x1b[2J\x1b[1;1HAll is well",
    "moves up and writes over": "x\x1b[1A\x1b[2Ky",
    "a title": "\x1b]0;title\x07",
    "a link of a terminal": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "the clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "control characters of C1": "\x9b2J\x9d0;title\x9c\x90q\x9c",
    "backspace and bell": "approved\x08\x08\x07\x7f",
    "carriage return": "harmless\rApproved",
    "line ends": "one\nPlan: 0 to create\r\n::error::x",
    "other line ends": "one\u2028two\u2029three\x85four\x0bfive\x0c",
    "reading order": "\u202egnp.exe\u202c \u2066x\u2069 \u200f",
    "zero width": "ad\u200bmin\u200d\u2060\ufeff\u00ad",
    "tag characters": "ink\U000e0001\U000e0061\U000e0062\U000e007f",
    "letters that are drawn as nothing": "\u3164\u115f\u2800",
    "a command of GitHub": "::add-mask::x",
    "a command on a line of its own": "x\n::set-output name=changes::0\n",
    "an older command": "x ##[group]y ##[command]z",
    "a command with marks inside": ":\ufe0f:add-mask:\ufe0f:x #\ufe0f#\u034f[group]x",
    "a command of others": "##vso[task.setvariable variable=x]y ##teamcity[buildStop]",
    "the end of a variable": "x\nEOF\nexitcode=0",
    "an order of GitLab": "x\n/approve\n/merge",
    "script": "<script>alert(1)</script>",
    "an event": "\"><img src=x onerror=alert(1)>'",
    "the end of our elements": "</code></td></tr></table></details></bdi></style></html>",
    "style": "</style><style>*{display:none}",
    "a comment": '<!-- catalog-sync {"kind": "plan"} --> --!> <!-->',
    "a fence": "```\n</details>\n\n# Approved\n```",
    "a long fence": "``````````````````` ~~~~~~~~~~",
    "a mention": "@octocat @org/team",
    "references": "#1 GH-1 owner/repo#1 !1 ~label 0123456789abcdef0123456789abcdef01234567",
    "a tracking pixel": "![x](https://evil.example/p.gif) <img src='//evil.example/p.gif'>",
    "links": "[approve](https://evil.example) www.evil.example https://evil.example",
    "a table": "a | b || c \\| d\n|---|---|\n",
    "entities": "&lt;script&gt; &#64;octocat &NewLine;",
    "a checkbox and an alert": "- [x] approved\n> [!NOTE]\n> fake",
    "an expression": "${{ github.token }} $(id) `id` {{ x }}",
    "the end of JSON": '"}], "error": {"x": "\\u0000',
    "the end of XML": "]]> <![CDATA[x]]> <?xml?>",
}
"""What somebody could put into the live catalog or into a manifest."""


def log(text: str) -> list[object]:
    """What a reader or a runner would be told wrong by lines of a log."""
    hidden = [char for char in sorted(set(text)) if char not in ("\n", visible(char))]
    return [*hidden, *commands(text)]


def document(text: str) -> list[object]:
    """What is wrong with one JSON document."""
    json.loads(text)
    return [*log(text), *(char for char in text if not char.isascii())]


def markdown(text: str) -> list[object]:
    """What a comment would do that is not ours."""
    shown = page(text)
    tags = [tag for tag in shown.tags if not TAGS.fullmatch(tag)]
    too_many = shown.comments[1:]
    # Forges only look for commands in logs, but a summary is printed there as well.
    return [*tags, *too_many, *extras(text).items(), *quick_actions(text), *commands(text)]


def html(text: str) -> list[object]:
    """What a page would hold that is not ours."""
    found = tree(text)
    elements = [name for name, _ in found.elements if name not in OURS.split()]
    hidden = [c for c in set(found.text) if c not in "\n\t\xa0\u3000" and not c.isprintable()]
    pictures = ("background-image:url(data:image/webp;base64,", "aspect-ratio:")
    foreign = [each for each in foreign_references(found) if not str(each[2]).startswith(pictures)]
    events = [key for _, told in found.elements for key in told if key.startswith("on")]
    metas = [told for _, told in found.elements if "http-equiv" in told]
    policy = str(metas[0]["content"]) if metas else ""
    return [
        *elements,
        *hidden,
        *foreign,
        *events,
        *([] if policy.startswith("default-src 'none'; img-src data:") else [policy]),
    ]


def junit(text: str) -> list[object]:
    """What is wrong with a report of tests."""
    ElementTree.fromstring(text)
    return log(text)


def patched(text: str) -> list[object]:
    """What is wrong with a patch, which has the line ends of its files."""
    return log(text.replace("\r\n", "\n"))


Wrong = Callable[[str], list[object]]
Told = dict[str, tuple[str, Wrong]]
"""By the name of an output: what it says, and what looks for what it should not."""


def of_files(folder: Path, name: str) -> Told:
    """What a run left in files."""
    kinds = {"json": document, "md": markdown, "html": html}
    files = {ending: folder / f"{name}.{ending}" for ending in kinds}
    return {
        f"{name} --{ending}": (file.read_text(encoding="utf-8"), kinds[ending])
        for ending, file in files.items()
        if file.exists()
    }


def readings(name: str) -> list[str]:
    """The options that write every file."""
    options = (("--json-into", "json"), ("--markdown", "md"), ("--html", "html"))
    return [part for option, ending in options for part in (option, f"{name}.{ending}")]


def lived_in(server: Any, project: str, text: str) -> None:
    """Models of the catalog, and of nobody, with a text wherever somebody could have put one."""
    sent = {"name": text, "image": base64.b64encode(painted(9, "x")).decode()}
    where: dict[str, Any] = {"params": {"projectId": project}, "auth": ("k", "s")}
    answer = httpx.post(f"{server.url}/assets", json=sent, **where).json()
    fields: dict[str, Any] = {
        "name": text,
        "shortDescription": text,
        "description": f"{text}\n\n{text}",
        "promptGuide": text,
        "exampleAssetIds": [answer["asset"]["id"]],
        "classSlug": text,
    }
    made = httpx.post(f"{server.url}/collections", json={"name": text}, **where).json()
    collections = [made["collection"]["id"]] if "collection" in made else []
    for key in ("ink-heroes", "gone"):
        tags = [f"catalog-sync:acme/{key}", text]
        shown = {**fields, "type": "flux.1-lora", "tags": tags, "collectionIds": collections}
        server.control.create_model(project, **shown)
    server.control.create_model(project, **{**fields, "name": "Both"}, tags=[text])


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_what_the_live_catalog_holds_is_shown_and_does_nothing(
    cli: Run, catalog: Path, server: Any, project: str, tmp_path: Path, text: str
) -> None:
    lived_in(server, project, text)
    write(catalog / "models/ink-heroes/model.yaml", MODEL + "collections: []\n")
    told: Told = {}

    def run(name: str, command: str, *options: object, out: Wrong = log) -> None:
        found = cli(command, *options)
        told[f"{name} stdout"], told[f"{name} stderr"] = (found.out, out), (found.err, log)
        told.update(of_files(tmp_path, name))

    shown = ("--html-live-images", "--out", "saved.json", *readings("plan"))
    run("plan", "plan", catalog, "-vv", "--prune", *shown)
    run("json", "plan", catalog, "-vv", "--log-json", "--json", out=document)
    run("show", "show", "saved.json", *readings("show"))
    run("snapshot", "snapshot", catalog, "--out", "live.json")
    run("apply", "apply", catalog, "-vv", "--yes", "--prune", *readings("apply"))
    run("again", "apply", catalog, "--yes", "--json", "--log-json", "-vv", out=document)
    assert len(told) == 21
    assert {name: found for name, (said, wrong) in told.items() if (found := wrong(said))} == {}
    assert visible(text.split("\n")[0])[:20] in told["plan stdout"][0]


CHECKED: dict[str, Wrong] = {
    "text": log,
    "json": document,
    "github": lambda text: log("\n".join(ours_out(text))),
    "sarif": document,
    "codequality": document,
    "junit": junit,
}


def ours_out(text: str) -> list[str]:
    """The lines without our own annotations, of which each names the file, line and title."""
    lines = text.split("\n")
    ours = [line for line in lines if re.match("::error (file=[^:]*,)?title=catalog-sync::", line)]
    assert {command.name for line in ours for command in commands(line)} == {"error"}
    return [line for line in lines if line not in ours]


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_what_is_wrong_with_a_manifest_is_told_and_does_nothing(
    cli: Run, catalog: Path, text: str
) -> None:
    quoted = json.dumps(text)
    wrong = (
        f"name: {quoted}\ntype: {quoted}\n{quoted}: 1\ntags: [{quoted}, x, x]\n"
        f"thumbnail: {quoted}\nconcepts: [{{model: {quoted}, scale: 1}}]\n"
        f"description: {json.dumps(f'![x](<{text}>) {{model:{text}}}')}\n"
    )
    write(catalog / "models/wrong.yaml", wrong)
    name = "".join(char for char in text if char not in "/\0")[:60]
    write(catalog / f"models/{name}.yaml", wrong)
    for form, look in CHECKED.items():
        found = cli("validate", catalog, "--format", form)
        assert found.code == 1
        assert (look(found.out), log(found.err)) == ([], [])
    for command in ("plan", "apply"):
        for options, look in (((), log), (("--json",), document)):
            found = cli(command, catalog, *options)
            assert (found.code, look(found.out), log(found.err)) == (1, [], [])


WAYS_OUT = ["<ul>", *["<li>", "</li>"] * 3, "</ul>"]
"""The list of ours below a drift: what can be done about it."""

CODES = {"drift": 2, "pull": 5, "validate": 0}
TOGETHER = [" ".join(list(PAYLOADS.values())[number::4]) for number in range(4)]


@pytest.mark.parametrize("text", TOGETHER, ids=range(4))
def test_what_somebody_edited_is_told_by_drift_and_pull_and_does_nothing(
    cli: Run, catalog: Path, server: Any, project: str, tmp_path: Path, text: str
) -> None:
    lived_in(server, project, text)
    write(catalog / "models/ink-heroes/model.yaml", MODEL + "collections: []\n")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "x")):
        git(catalog, *arguments)
    runs: tuple[tuple[str, Wrong, tuple[object, ...]], ...] = (
        ("drift", log, ("-vv", "--html-live-images", *readings("drift"))),
        ("drift", document, ("--json", "--log-json", "-vv")),
        ("pull", patched, ("--all", "--dry-run")),
        ("pull", document, ("--all", "--dry-run", "--json")),
        ("pull", log, ("--all", "--download")),
        ("validate", log, ()),
    )
    for name, look, options in runs:
        if name == "validate":
            git(catalog, "add", "-A")  # only tracked files count
        found = cli(name, catalog, *options)
        told = {"stdout": (found.out, look), "stderr": (found.err, log)}
        told |= of_files(tmp_path, name)
        wrong = {what: seen for what, (said, check) in told.items() if (seen := check(said))}
        assert wrong == ({"drift --md": WAYS_OUT} if name == "drift" else {})
        assert found.code == CODES[name]


LAYOUTS = ("# {}\ntype: custom\nname:   X\n", "type: custom\nname:  X\ntags: ['{}']\n", "{}")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_a_manifest_holds_is_laid_out_and_does_nothing(
    cli: Run, catalog: Path, layout: str
) -> None:
    for number, text in enumerate(PAYLOADS.values()):
        write(catalog / f"models/ugly-{number}.yaml", layout.format(text.replace("'", "''")))
    for option in ("--diff", "--check"):
        found = cli("fmt", catalog, option)
        assert (found.code, patched(found.out), log(found.err)) == (1, [], [])
        assert (found.out.count("ugly-") > 10) == (layout != "{}")


class Refusing:
    """A middleware that refuses everything in the same words."""

    words = ""

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            body = {"reason": self.words, "trace_id": self.words, "details": {"x": self.words}}
            await said(422, json.dumps(body))("", send)

        return serve


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Refusing, str]]:
    """A server that refuses everything, and where it is."""
    middleware = Refusing()
    with running(tmp_path_factory.mktemp("refusing"), middleware=(middleware,)) as server:
        yield middleware, server.url


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_what_the_server_answers_is_told_and_does_nothing(
    cli: Run, catalog: Path, refusing: tuple[Refusing, str], text: str
) -> None:
    middleware, url = refusing
    middleware.words = text
    for options, look in ((("-vv",), log), (("-vv", "--json", "--log-json"), document)):
        found = cli("plan", catalog, "--base-url", url, *options)
        assert (found.code, look(found.out or "{}"), log(found.err)) == (1, [], [])
        assert "(422)" in found.err
