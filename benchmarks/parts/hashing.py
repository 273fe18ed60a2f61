"""Large files that nobody has looked at yet: read and hashed by every core."""

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cases import PROGRAM, Case, Project, Section
from benchmarks.choices import Choices

_FILES = 8
_MIB = 1024 * 1024
_SIZE = 128 * _MIB

_CATALOG = "apiVersion: catalogsync/v1\nname: large\n"
_MODEL = 'name: Large\ntype: flux.1-lora\nexamples: [{glob: "*.fbx"}]\n'


def hashing(project: Project, choices: Choices) -> Iterator[Section]:
    """`validate` of a few large files beside what hashes them one after another."""
    folder = project.folder / "large"
    files = _written(folder)
    ours = Case("catalog-sync validate, cold cache", (*PROGRAM, "validate", str(folder)), cold=True)
    others = (
        Case("sha256sum, one after another", ("sha256sum", *files)),
        Case("openssl sha256, one after another", ("openssl", "dgst", "-sha256", *files)),
    )
    title = f"Hash {_FILES} files of {_SIZE // _MIB} MiB"
    yield Section("hashing", title, (ours, *(others if choices.peers else ())), ours.name)


def _written(folder: Path) -> list[str]:
    """The files of a catalog with one model, in memory by the time they are measured."""
    model = folder / "models/large"
    model.mkdir(parents=True)
    (folder / "catalog.yaml").write_text(_CATALOG, encoding="utf-8")
    (model / "model.yaml").write_text(_MODEL, encoding="utf-8")
    files = [model / f"{number}.fbx" for number in range(_FILES)]
    for file in files:
        with file.open("wb") as stream:
            stream.write(b"; FBX 7\n")
            for _ in range(_SIZE // _MIB):
                stream.write(random.randbytes(_MIB))
    return list(map(str, files))
