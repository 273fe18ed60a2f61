"""A catalog in parts: planned apart, read as one, applied one after another."""

import json
from pathlib import Path
from typing import Any

import pytest

from catalogsync.manifest import load
from catalogsync.shard import Shard
from tests.cli.conftest import Run, Web, live, write
from tests.cli.test_plan_and_apply import NOTHING, last_line

KEYS = ("ash", "beech", "cedar", "dogwood", "elm", "fir")


@pytest.fixture
def catalog(catalog: Path) -> Path:
    """The usual two models, of which one refers to the other, and six that stand alone."""
    for key in KEYS:
        fields = f"collections: [Trees]\nthumbnail: ink-heroes/images/{len(key) % 3 + 1}.webp\n"
        write(catalog / f"models/{key}.yaml", f"name: {key.title()}\ntype: custom\n{fields}")
    return catalog


@pytest.fixture
def saved(cli: Run, catalog: Path, tmp_path: Path) -> list[Path]:
    """The plans of three shards, each saved."""
    paths = [tmp_path / f"plan-{number}.json" for number in (1, 2, 3)]
    for number, path in enumerate(paths, 1):
        assert cli("plan", catalog, "--shard", f"{number}/3", "--out", path).code == 0
    return paths


def keys_of(catalog: Path, number: int) -> set[str]:
    return set(Shard(number, 3).keys(load(catalog)))


def planned(path: Path) -> set[str]:
    return {model["key"] for model in json.loads(path.read_bytes())["models"]}


def test_the_shards_are_shown_as_the_plan_of_the_whole(
    cli: Run, catalog: Path, saved: list[Path], tmp_path: Path
) -> None:
    whole = cli("plan", catalog, "--out", "whole.json")
    parts = [planned(path) for path in saved]
    assert parts == [keys_of(catalog, number) for number in (1, 2, 3)]
    assert set().union(*parts) == planned(tmp_path / "whole.json")
    assert sum(map(len, parts)) == len(KEYS) + 2
    files = ("--markdown", "all.md", "--html", "all.html", "--json-into", "all.json")
    shown = cli("show", *reversed(saved), catalog, *files)
    assert (shown.code, shown.out) == (0, whole.out)
    cli("show", "whole.json", catalog, "--markdown", "whole.md", "--html", "whole.html")
    document, expected = (json.loads(Path(f"{n}.json").read_bytes()) for n in ("all", "whole"))
    assert document["digest"] == expected["digest"]
    assert document["scope"] == expected["scope"]
    assert len(document["uploads"]) == 3
    read_at = document["read_at"], expected["read_at"]
    for name in ("all.md", "all.html"):
        there = Path(name).read_text().replace(*read_at)
        assert there == Path(name.replace("all", "whole")).read_text()


def test_the_merged_plan_is_applied_as_one(
    cli: Run, catalog: Path, saved: list[Path], server: Any, project: str
) -> None:
    merged = cli("show", *saved, "--json").out
    write(catalog.parent / "all.json", merged)
    assert cli("apply", catalog, "all.json").code == 0
    assert len(live(server, project)) == len(KEYS) + 2


def test_the_shards_are_applied_one_after_another_and_share_what_they_need(
    cli: Run, catalog: Path, saved: list[Path], server: Any, project: str
) -> None:
    for number, path in enumerate(reversed(saved), 1):
        assert cli("apply", catalog, path).code == 0
        done = set().union(*map(planned, saved[-number:]))
        assert len(live(server, project)) == len(done)
    assert last_line(cli("plan", catalog).out) == NOTHING.replace("2 models", "8 models")


def test_an_apply_of_a_shard_leaves_the_others_alone_orphans_too(
    cli: Run, catalog: Path, server: Any, project: str
) -> None:
    assert cli("apply", catalog, "--yes").code == 0
    gone = [key for key in KEYS if key not in ("ash", "beech", "cedar")]
    for key in gone:
        (catalog / f"models/{key}.yaml").unlink()
    left = len(KEYS) + 2
    for number in (1, 2, 3):
        assert cli("apply", catalog, "--yes", "--prune", "--shard", f"{number}/3").code == 0
        left -= sum(1 for key in gone if Shard(number, 3).has(key))
        assert len(live(server, project)) == left
    assert left == len(KEYS) + 2 - len(gone)


def test_drift_of_a_shard_is_that_of_its_models(cli: Run, applied: Path, web: Web) -> None:
    web.put("", {"shortDescription": "By hand."})
    (mine,) = (n for n in (1, 2, 3) if "ink-heroes" in keys_of(applied, n))
    codes = [cli("drift", applied, "--shard", f"{number}/3").code for number in (1, 2, 3)]
    assert codes == [2 if number == mine else 0 for number in (1, 2, 3)]


def test_show_says_which_shards_are_missing(cli: Run, saved: list[Path]) -> None:
    found = cli("show", saved[0], saved[2])
    assert (found.code, found.out) == (1, "")
    assert "1 shard missing: 2/3" in found.err
    assert cli("show", saved[0]).code == 0


@pytest.mark.parametrize("shard", ["0/2", "3/2", "2", "1/0", "a/b", "1/2/3", "-1/2", "1/99999"])
def test_what_is_no_shard_is_refused(cli: Run, catalog: Path, shard: str) -> None:
    found = cli("plan", catalog, f"--shard={shard}")
    assert found.code == 64
    assert "is no shard; write 1/4, 2/4, 3/4 or 4/4" in found.err


@pytest.mark.parametrize("other", ["--only", "--exclude"])
def test_a_shard_is_of_the_whole_catalog(cli: Run, catalog: Path, other: str) -> None:
    found = cli("plan", catalog, "--shard", "1/2", other, "a*")
    assert found.code == 64
    assert "--shard divides the whole catalog" in found.err


def test_the_shard_of_a_saved_plan_cannot_be_changed(
    cli: Run, catalog: Path, saved: list[Path]
) -> None:
    found = cli("apply", catalog, saved[0], "--shard", "2/3")
    assert found.code == 64
    assert "are in the saved plan already" in found.err


def test_a_shard_is_planned_offline_too(cli: Run, clone: Path) -> None:
    write(clone / "models/elm.yaml", "name: Elm\ntype: custom\ntags: [new]\n")
    found = [
        cli("plan", clone, "--against", "git:HEAD", "--shard", f"{number}/3", "--json")
        for number in (1, 2, 3)
    ]
    models = [{model["key"] for model in json.loads(each.out)["models"]} for each in found]
    assert models == [{"elm"} & keys_of(clone, number) for number in (1, 2, 3)]


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_what_an_apply_changed_is_not_brought_back_in_parts(
    cli: Run, catalog: Path, command: str
) -> None:
    assert cli("apply", catalog, "--yes", "--undo-into", "undo.json").code == 0
    found = cli(command, catalog, "--restore", "undo.json", "--shard", "1/2")
    assert found.code == 64
    assert "cannot go with --shard" in found.err
