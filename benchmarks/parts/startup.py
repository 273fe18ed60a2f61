"""How long a command takes before it does anything."""

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cases import PROGRAM, Case, Project, Section
from benchmarks.choices import Choices

_HERE = Path(__file__).parent
_BARE = (sys.executable, str(_HERE.parent / "peers/bare.py"))
_EXAMPLE = str(_HERE.parent.parent / "examples/catalog")


def startup(project: Project, choices: Choices) -> Iterator[Section]:
    """Commands that do next to nothing, beside a program on click that does nothing at all."""
    bare = Case("a bare click program, --version", (*_BARE, "--version"))
    cases = (
        bare,
        Case("a bare click program, --help", (*_BARE, "--help")),
        Case("catalog-sync --version", (*PROGRAM, "--version")),
        Case("catalog-sync --help", (*PROGRAM, "--help")),
        Case("catalog-sync validate, 12 models, warm", (*PROGRAM, "validate", _EXAMPLE)),
        Case(
            f"catalog-sync plan, {project.models} model, no latency",
            (*PROGRAM, "plan", str(project.catalog), "--quiet", "--detailed-exitcode"),
            8,
        ),
    )
    yield Section("startup", "Start-up", cases, bare.name)
