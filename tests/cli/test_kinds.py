"""Audio and video among the examples, from a manifest to the server and back to no changes."""

from pathlib import Path
from typing import Any

from tests.cli.conftest import MODEL, Run, write


def wav(size: int) -> bytes:
    form = b"fmt " + (16).to_bytes(4, "little") + b"\1\0\1\0" + b"\x40\x1f\0\0" * 2 + b"\1\0\x08\0"
    body = b"WAVE" + form + b"data" + (size - 44).to_bytes(4, "little") + bytes(size - 44)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def test_a_sound_among_the_examples_goes_in_parts_once(
    cli: Run, catalog: Path, server: Any
) -> None:
    (catalog / "models/ink-heroes/voice.wav").write_bytes(wav(9 * 1024 * 1024))
    text = MODEL.replace("images/3.webp]", "images/3.webp, voice.wav]")
    write(catalog / "models/ink-heroes/model.yaml", text)
    server.control.forget_requests()
    applied = cli("apply", catalog, "--yes")
    assert applied.code == 0, applied.out
    assert server.control.requests()["PUT part"] == 2
    assert "voice.wav  9.4 MB  upload" in applied.out
    again = cli("apply", catalog, "--yes")
    assert again.out.endswith("No changes. 2 models match.\n")
    assert server.control.requests()["POST /uploads"] == 1
