"""The mutants that mutmut makes of the project, in the folder `mutants`."""

import json
from pathlib import Path

from tests.mutation.results import Mutant

FOLDER = Path("mutants")


def make(jobs: int) -> None:
    """Copy the project and have every small break of each function in it, to be chosen by name."""
    # Only who makes mutants needs mutmut: all of its output is of no use here.
    from mutmut.__main__ import CatchOutput, create_mutants
    from mutmut.mutation.trampoline import set_mutant_under_test
    from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir

    set_mutant_under_test("mutant_generation")
    FOLDER.mkdir(exist_ok=True)
    with CatchOutput():
        copy_src_dir()
        copy_also_copy_files()
        create_mutants(jobs)


def made(folder: Path) -> list[Mutant]:
    """Every mutant that is in a folder."""
    mutants = []
    for file in sorted(folder.rglob("*.meta")):
        meta = json.loads(file.read_text())
        for name in meta["exit_code_by_key"]:
            function = name.partition("__mutmut_")[0].rpartition(".")[2]
            mutants.append(Mutant(name, meta["hash_by_function_name"][function]))
    return mutants
