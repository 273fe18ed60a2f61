"""What a run tells of its files: bars on a terminal, a line each in a log, JSON for programs."""

import json
import re
from pathlib import Path
from typing import Any

from tests.cli.conftest import MODEL, Run, write
from tests.cli.terminal import Terminal
from tests.cli.test_kinds import wav
from tests.cli.test_sources import SAFETENSORS

IMAGES = [f"models/ink-heroes/images/{number}.webp" for number in (1, 2, 3)]


def add_sound(catalog: Path, size: int) -> None:
    (catalog / "models/ink-heroes/voice.wav").write_bytes(wav(size))
    text = MODEL.replace("images/3.webp]", "images/3.webp, voice.wav]")
    write(catalog / "models/ink-heroes/model.yaml", text)


def test_a_log_gets_one_line_for_every_file(cli: Run, catalog: Path) -> None:
    lines = cli("apply", catalog, "--yes").err.splitlines()
    sent = sorted(line.split(",")[0].split(" (")[0] for line in lines if line.startswith("sent "))
    assert sent == [f"sent {path}" for path in IMAGES]
    assert [line.split(", ")[1] for line in lines if line.startswith("sent ")] == [
        f"{number} of 3 files" for number in (1, 2, 3)
    ]


def test_quiet_says_nothing_of_files(cli: Run, catalog: Path) -> None:
    assert cli("apply", catalog, "--yes", "--quiet").err == ""


def test_programs_get_events_that_add_up(cli: Run, catalog: Path) -> None:
    add_sound(catalog, 9 * 1024 * 1024)
    result = cli("apply", catalog, "--yes", "--json")
    assert result.code == 0
    json.loads(result.out)
    # What people read stands there as well; events are the lines that are JSON.
    events = [json.loads(line) for line in result.err.splitlines() if line.startswith('{"')]
    first = next(event for event in events if event["event"] == "progress" and event["files"])
    assert first["stepsDone"] == 0 < first["steps"]
    of_uploads = [event for event in events if event["event"].startswith("upload-")]
    paths = [*IMAGES, "models/ink-heroes/voice.wav"]
    for kind in ("upload-begun", "upload-finished"):
        assert sorted(e["file"] for e in of_uploads if e["event"] == kind) == paths
    last = of_uploads[-1]
    files = [catalog / path for path in paths]
    total = sum(path.stat().st_size for path in files)
    assert (last["filesSent"], last["files"]) == (4, 4)
    assert last["bytesSent"] == last["bytesToSend"] == total


def test_a_terminal_shows_the_files_in_flight_below_a_bar_for_all_bytes(
    catalog: Path, server: Any
) -> None:
    add_sound(catalog, 30 * 1024 * 1024)
    terminal = Terminal("apply", catalog, "--yes", url=server.url)
    assert terminal.end() == 0
    assert "sending" in terminal.shown
    assert re.search(r"B of 31\.5 MB  [\d.]+ [kM]B/s", terminal.shown)
    assert re.search(r"\d:\d\d:\d\d", terminal.shown)
    assert "models/ink-heroes/voice.wav" in terminal.shown
    *_, result, way_back = terminal.shown.rstrip().splitlines()
    assert result.endswith("0 deleted.")
    assert way_back.startswith("To go back: catalog-sync apply ")


def test_weights_that_two_models_are_made_of_are_counted_for_each(cli: Run, catalog: Path) -> None:
    weights = SAFETENSORS + bytes(6 * 1024 * 1024)
    for key in ("one", "two"):
        (catalog / f"models/{key}").mkdir()
        (catalog / f"models/{key}/w.safetensors").write_bytes(weights)
        text = f"name: {key}\ntype: flux.1-lora\nsource: {{file: w.safetensors}}\n"
        write(catalog / f"models/{key}/model.yaml", text)
    result = cli("apply", catalog, "--yes", "--json", "--only", "one", "--only", "two")
    assert result.code == 0, result.err
    events = [json.loads(line) for line in result.err.splitlines() if line.startswith('{"')]
    last = [event for event in events if event["event"] == "upload-finished"][-1]
    assert (last["filesSent"], last["files"]) == (2, 2)
    assert last["bytesSent"] == last["bytesToSend"] == 2 * len(weights)


def test_a_long_path_is_shortened_so_that_every_bar_has_one_line(
    catalog: Path, server: Any
) -> None:
    size = 30 * 1024 * 1024
    images = catalog / "models/ink-heroes/images"
    (images / f"{'voice-of-somebody-' * 5}1.wav").write_bytes(wav(size))
    text = MODEL.replace("images/3.webp]", "{glob: 'images/*.wav'}]")
    write(catalog / "models/ink-heroes/model.yaml", text)
    terminal = Terminal("apply", catalog, "--yes", url=server.url)
    assert terminal.end() == 0
    assert re.search(r"  …\S+-somebody-1\.wav .* of 31\.5 MB ", terminal.shown)
    assert re.search(r"sending .* of 31\.5 MB  \S+ .B/s ", terminal.shown)
