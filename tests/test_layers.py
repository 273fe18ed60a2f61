"""Imports point down, a package is imported in one room, no command pays for another."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "catalogsync"

FLOORS = (
    ("values",),
    (
        "claims",
        "codec",
        "errors",
        "events",
        "hashed",
        "jobs",
        "marks",
        "model",
        "texts",
        "__init__",
    ),
    (
        "actions",
        "cache",
        "contents",
        "identity",
        "import_notes",
        "manifest",
        "mentions",
        "polling",
        "ports",
        "sending",
        "shard",
        "web",
    ),
    (
        "assumed",
        "attempts",
        "deleted",
        "diff",
        "download",
        "estimate",
        "members",
        "named",
        "observe",
        "outcome",
        "pictures",
        "scenario",
        "snapshots",
        "training",
    ),
    (
        "ahead",
        "insync",
        "ledger",
        "promotion",
        "remarks",
        "roundtrip",
        "training_data",
        "training_due",
        "unused",
    ),
    ("importer", "recovery", "rules", "steps", "training_writer"),
    ("looking", "promoter"),
    ("perform", "plan", "pull"),
    ("drift",),
    ("apply", "approval", "restoring", "review"),
    ("forge",),
    ("cli",),
    ("__main__",),
)
"""Every room of the engine, from the ground up; the sandbox stands apart."""

ONE_ROOM = {
    "yaml": "manifest",
    "jsonschema": "manifest",
    "PIL": "pictures",
    "deepdiff": "diff",
    "h11": "web",
    "httpcore": "web",
    "certifi": "web",
    "click": "cli",
    "rich": "cli",
    "starlette": "sandbox",
    "uvicorn": "sandbox",
    "markdown_it": "sandbox",
    "platformdirs": "cache",
}
"""The one room of the engine, or the sandbox, that imports a third-party package."""

ALSO_IN_THE_SANDBOX = {"PIL"}
"""What the sandbox, which shares nothing with the engine, imports for itself."""

HTTP_CLIENTS = {"httpx": {"web", "scenario", "forge"}}
"""A client for each API, over what `web` lays down for all of them."""


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports() -> Iterator[tuple[str, str, str]]:
    """(room, file, imported module) for every import of the package, lazy ones too."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                yield room(path), str(path.relative_to(PACKAGE)), node.module or ""
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield room(path), str(path.relative_to(PACKAGE)), alias.name


def test_every_room_has_a_floor() -> None:
    rooms = {room(path) for path in PACKAGE.rglob("*.py")}
    assert rooms == {name for floor in FLOORS for name in floor} | {"sandbox"}


def test_imports_point_down() -> None:
    level = {name: at for at, floor in enumerate(FLOORS) for name in floor}
    wrong = [
        f"{file} imports {module}"
        for here, file, module in imports()
        if module.startswith("catalogsync.") and here != "sandbox"
        for there in [module.split(".")[1]]
        if there not in (here, "sandbox") and level[there] >= level[here]
    ]
    assert wrong == []


def test_the_sandbox_shares_nothing_with_the_engine() -> None:
    crossing = [
        f"{file} imports {module}"
        for here, file, module in imports()
        if module.startswith("catalogsync.") and here != "cli"
        if (here == "sandbox") != (module.split(".")[1] == "sandbox")
    ]
    assert crossing == []


def test_each_package_is_imported_in_one_room() -> None:
    found = defaultdict(set)
    for here, _, module in imports():
        top = module.split(".")[0]
        if top not in sys.stdlib_module_names and top not in ("catalogsync", ""):
            found[top].add(here)
    one_room = {
        package: {only, "sandbox"} if package in ALSO_IN_THE_SANDBOX else {only}
        for package, only in ONE_ROOM.items()
    }
    assert dict(found) == one_room | HTTP_CLIENTS


def test_values_are_defined_where_that_is_cheap() -> None:
    """What `dataclasses` compiles for each of them would be nearly half of every start."""
    dear = [
        f"{path.relative_to(PACKAGE)}: {node.name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if room(path) not in ("sandbox", "values")
        if "catalogsync.values" not in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if "dataclass" in (said := ast.unparse(decorator)) and "frozen=True" in said
    ]
    assert dear == []


def test_the_network_needs_no_terminal() -> None:
    script = "import sys, catalogsync.scenario.images, catalogsync.forge; print(*sys.modules)"
    command = [sys.executable, "-c", script]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "httpx" in loaded
    assert {"rich", "pygments", "click"}.isdisjoint(loaded)


LIGHT = {
    "catalogsync.scenario.client": {"httpx", "httpcore", "email", "http.client"},
    "catalogsync.ahead.reading": {"httpx", "email", "logging", "yaml", "catalogsync.model"},
}
"""What is soon ready, and what it would wait for."""


@pytest.mark.parametrize(("module", "dear"), LIGHT.items(), ids=LIGHT)
def test_the_api_is_asked_without_what_takes_long_to_import(module: str, dear: set[str]) -> None:
    script = f"import sys, {module}; print(*(name for name, it in sys.modules.items() if it))"
    command = [sys.executable, "-c", script]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert dear.isdisjoint(loaded)


@pytest.mark.parametrize(
    ("command", "unwanted"),
    [
        (
            ["--version"],
            {"sqlite3", "httpx", "yaml", "jsonschema", "deepdiff", "rich", "PIL", "starlette"},
        ),
        (
            ["--help"],
            {"sqlite3", "httpx", "yaml", "jsonschema", "deepdiff", "rich", "PIL", "starlette"},
        ),
        (["plan", "--help"], {"sqlite3", "httpx", "deepdiff", "rich", "PIL", "starlette"}),
        (
            ["show", "--help"],
            {"sqlite3", "httpx", "yaml", "jsonschema", "deepdiff", "rich", "PIL", "starlette"},
        ),
        (["ci", "github", "comment", "--help"], {"sqlite3", "httpx", "yaml", "deepdiff"}),
        (["schema"], {"httpx", "deepdiff", "rich", "starlette"}),
        (
            ["validate", "examples/catalog"],
            {
                "httpx",
                "deepdiff",
                "jsonschema",
                "rich",
                "starlette",
                "difflib",
                "xml",
                "decimal",
                "catalogsync.manifest.translate",
                "catalogsync.diff",
                "catalogsync.plan",
                "catalogsync.scenario",
                "catalogsync.web",
            },
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_nothing_that_it_does_not_need(
    command: list[str], unwanted: set[str]
) -> None:
    script = (
        "import sys; from catalogsync.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*(name for name, it in sys.modules.items() if it), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        check=True,
    )
    modules = set(done.stderr.split())
    loaded = modules | {name.split(".")[0] for name in modules}
    assert loaded & unwanted == set()
