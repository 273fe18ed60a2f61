"""Training sets from a manifest to the server and back, in the program's own words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catalogsync.sandbox import running
from tests.cli.conftest import MODEL, Run, live, write

TRAINING = """\
training:
  images:
    - {file: images/1.webp, caption: "ink hero, full body"}
    - images/2.webp
  parameters: {rank: 16, nbEpochs: 10, learningRate: 0.0001}
"""
PAIRS = "  pairs: [{source: images/1.webp, target: images/3.webp, instruction: make it rain}]\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A sandbox in which a model has room for three training images."""
    with running(tmp_path_factory.mktemp("sandbox"), max_training_images=3) as found:
        yield found


@pytest.fixture
def trained(catalog: Path) -> Path:
    """The catalog with a training set."""
    manifest(catalog, TRAINING)
    return catalog


def manifest(catalog: Path, training: str) -> None:
    write(catalog / "models/ink-heroes/model.yaml", MODEL + training)


def test_a_training_set_arrives_and_nothing_is_left_to_do(
    cli: Run, trained: Path, server: Any, project: str
) -> None:
    applied = cli("apply", trained, "--yes")
    assert applied.code == 0, applied.out
    assert "+ add      1.webp" in applied.out
    assert '"ink hero, full body"' in applied.out
    assert "parameters        rank 16" in applied.out
    server.control.forget_requests()
    assert cli("apply", trained, "--yes").out.endswith("No changes. 2 models match.\n")
    asked = [each for each in server.control.requests() if each.startswith(("PUT", "DELETE"))]
    assert asked == ["PUT /models/{}/train"]  # what a training would cost
    assert live(server, project)["Ink Heroes"]["status"] == "new"
    manifest(trained, TRAINING + PAIRS)
    applied = cli("apply", trained, "--yes")
    assert applied.code == 0, applied.out
    assert '+ 1.webp -> 3.webp  "make it rain"' in applied.out
    assert cli("plan", trained, "--detailed-exitcode").code == 0


def test_a_ceiling_is_told_in_the_servers_words_and_no_training_ever_begins(
    cli: Run, trained: Path, server: Any
) -> None:
    server.control.forget_requests()
    files = [f"    - images/{number}.webp\n" for number in (1, 2, 3)]
    Image.new("RGB", (9, 9), (1, 2, 3)).save(trained / "models/ink-heroes/more.webp")
    manifest(trained, "training:\n  images:\n" + "".join(files) + "    - more.webp\n")
    applied = cli("apply", trained, "--yes")
    assert applied.code == 4
    assert "! failed add training images to ink-heroes: " in applied.out
    assert "add-training-image" in applied.out + applied.err
    assert "PUT /models/{}/train" not in server.control.requests()


def test_while_a_model_trains_its_training_data_is_refused_by_name(
    cli: Run, trained: Path, server: Any, project: str
) -> None:
    assert cli("apply", trained, "--yes").code == 0
    server.control.set_fields(live(server, project)["Ink Heroes"]["id"], status="training")
    manifest(trained, TRAINING.replace("rank: 16", "rank: 8"))
    planned = cli("plan", trained)
    assert planned.code == 5
    assert "! refused ink-heroes: the model is training, and its training data" in planned.out
    manifest(trained, TRAINING + "classSlug: style\n")
    assert cli("apply", trained, "--yes").code == 0


def test_what_an_apply_changed_of_a_training_set_comes_back(
    cli: Run, trained: Path, server: Any
) -> None:
    assert cli("apply", trained, "--yes").code == 0
    other = TRAINING.replace("full body", "bust").replace("- images/2.webp", "- images/3.webp")
    manifest(trained, other.replace("rank: 16", "rank: 8") + PAIRS)
    undo = str(trained / "undo.json")
    assert cli("apply", trained, "--yes", "--undo-into", undo).code == 0
    back = cli("apply", trained, "--yes", "--restore", undo)
    assert back.code == 0, back.out
    manifest(trained, TRAINING)
    assert cli("plan", trained, "--detailed-exitcode").code == 0


def test_a_plan_against_a_snapshot_knows_training_sets(
    cli: Run, trained: Path, server: Any
) -> None:
    assert cli("apply", trained, "--yes").code == 0
    seen = trained / "live.json"
    assert cli("snapshot", trained, "--out", str(seen)).code == 0
    against = ("plan", trained, "--against", f"snapshot:{seen}", "--detailed-exitcode")
    assert cli(*against).code == 0
    manifest(trained, TRAINING.replace("full body", "bust"))
    planned = cli(*against)
    assert planned.code == 2
    assert '"ink hero, full body" -> "ink hero, bust"' in planned.out
