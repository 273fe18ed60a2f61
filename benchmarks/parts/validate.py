"""Loading and checking all manifests and files, without a network."""

from collections.abc import Iterator
from functools import partial

from benchmarks.cases import PROGRAM, Case, Project, Section
from benchmarks.choices import Choices
from benchmarks.peers.octodns import octodns_cases
from benchmarks.projects import touch


def validate(project: Project, choices: Choices) -> Iterator[Section]:
    """`validate` beside octoDNS with as many records."""
    command = (*PROGRAM, "validate", str(project.catalog))
    cold = Case("catalog-sync validate, cold cache", command, cold=True)
    cases = (
        cold,
        Case("catalog-sync validate, warm cache", command),
        Case(
            "catalog-sync validate, warm cache, 1 % of the manifests touched",
            command,
            prepare=partial(touch, project.catalog, project.models),
        ),
        *(octodns_cases(project.folder / "octodns", project.models) if choices.peers else ()),
    )
    title = f"Validate, {project.models:,} models, {project.files:,} files"
    yield Section("validate", title, cases, cold.name)
