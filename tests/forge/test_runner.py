"""The runner's files: a summary within its budget, outputs that no value can break out of."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.forge.runner import SUMMARY_BUDGET, add_outputs
from tests.forge.action import read_outputs
from tests.forge.conftest import Run, plan

DOCUMENT = {
    "digest": "sha256:ab12",
    "counts": {"create": 1, "update": 2, "delete": 3, "refused": 4, "upload_bytes": 5},
    "models": [{}] * 6,
}


def outputs(run: Run, tmp_path: Path, *arguments: object, document: object) -> dict[str, str]:
    result = run(
        *("github", "outputs", "--plan", "plan.json", *arguments),
        env={"GITHUB_OUTPUT": str(tmp_path / "out")},
        **{"plan.json": json.dumps(document)},
    )
    assert (result.code, result.out, result.err) == (0, "", "")
    return read_outputs((tmp_path / "out").read_text(encoding="utf-8"))


def test_outputs_tell_what_a_plan_amounts_to(run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").touch()
    arguments = ("--exitcode", 2, "--report", "page.html")
    assert outputs(run, tmp_path, *arguments, document=DOCUMENT) == {
        "exitcode": "2",
        "changes": "6",
        "to-create": "1",
        "to-update": "2",
        "to-delete": "3",
        "refused": "4",
        "upload-bytes": "5",
        "plan-digest": "sha256:ab12",
        "plan-path": "plan.json",
        "report-path": "page.html",
    }


def test_an_apply_tells_where_the_way_back_is(run: Run, tmp_path: Path) -> None:
    held = outputs(run, tmp_path, "--exitcode", 0, document=DOCUMENT | {"undo": "a.undo.json"})
    assert held["undo-path"] == "a.undo.json"
    (tmp_path / "out").unlink()
    nothing = outputs(run, tmp_path, "--exitcode", 0, document=DOCUMENT | {"undo": ""})
    assert "undo-path" not in nothing


def test_an_error_has_its_exit_code_only(run: Run, tmp_path: Path) -> None:
    arguments = ("--exitcode", 1, "--report", "none.html")
    held = outputs(run, tmp_path, *arguments, document={"error": {"kind": "ManifestError"}})
    assert held == {"exitcode": "1", "plan-path": "plan.json"}


def test_what_is_not_there_is_no_output(run: Run, tmp_path: Path) -> None:
    env = {"GITHUB_OUTPUT": str(tmp_path / "out")}
    run("github", "outputs", "--plan", "none.json", "--exitcode", "3", env=env)
    assert read_outputs((tmp_path / "out").read_text(encoding="utf-8")) == {"exitcode": "3"}


_LINES = st.lists(st.sampled_from(["a<<b", "b", "c=d", "a<<"]) | st.text("a<=: \r\té"), max_size=5)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), _LINES.map("\n".join)))
def test_no_value_breaks_out_of_its_output(values: dict[str, str]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "out"
        add_outputs(file, values)
        assert read_outputs(file.read_bytes().decode()) == values


def test_a_summary_is_added_below_what_is_there(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n", encoding="utf-8")
    env = {"GITHUB_STEP_SUMMARY": str(page)}
    run("github", "summary", "--markdown", "plan.md", env=env, **{"plan.md": plan()})
    assert page.read_text(encoding="utf-8") == f"before\n{plan().rstrip()}\n\n"


def test_a_summary_keeps_its_budget(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    env = {"GITHUB_STEP_SUMMARY": str(page)}
    text = plan() + "ü" * (SUMMARY_BUDGET // 2)
    run("github", "summary", "--markdown", "plan.md", env=env, **{"plan.md": text})
    written = page.read_text(encoding="utf-8")
    assert "Plan: 1 to create.\n\nThe whole is too long for this page." in written
    assert "ü" not in written


def test_outside_of_a_job_it_says_what_is_missing(run: Run) -> None:
    result = run("github", "outputs", "--exitcode", "0", env={"GITHUB_OUTPUT": ""})
    assert (result.code, "GITHUB_OUTPUT is not set" in result.err) == (64, True)
