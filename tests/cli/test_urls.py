"""Examples and thumbnails that the server fetches from an address."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import MODEL, Run, write

ART = "https://example.org/art/4.webp"


@pytest.fixture
def with_address(catalog: Path) -> Path:
    """A catalog in which two models show what is at an address, one as its thumbnail too."""
    text = MODEL.replace("images/3.webp]", f"{{url: '{ART}'}}]")
    write(catalog / "models/ink-heroes/model.yaml", text)
    other = f"name: Both\ntype: custom\nthumbnail: {{url: '{ART}'}}\nexamples: [{{url: '{ART}'}}]\n"
    write(catalog / "models/both.yaml", other)
    return catalog


def test_what_is_at_an_address_is_fetched_once(cli: Run, with_address: Path, server: Any) -> None:
    server.control.forget_requests()
    planned = cli("plan", with_address)
    assert f"+ add      3  from {ART}  fetch" in planned.out
    assert planned.out.endswith("2 files to upload (76 B), 0 reorders, 0 to delete, 1 to fetch.\n")
    assert "POST /uploads" not in server.control.requests()
    applied = cli("apply", with_address, "--yes")
    assert applied.code == 0, applied.out
    assert applied.out.endswith("2 files uploaded (76 B), 0 deleted, 1 fetched.\n")
    again = cli("plan", with_address, "--no-cache")
    assert again.out.endswith("No changes. 2 models match.\n")
    moved = (with_address / "models/ink-heroes/model.yaml").read_text()
    moved = moved.replace(f"images/2.webp, {{url: '{ART}'}}", f"{{url: '{ART}'}}, images/2.webp")
    write(with_address / "models/ink-heroes/model.yaml", moved)
    assert cli("apply", with_address, "--yes", "--no-cache").code == 0
    assert server.control.requests()["POST /uploads"] == 1


def test_an_address_that_a_model_does_not_show_yet_is_known_from_an_earlier_run(
    cli: Run, with_address: Path, server: Any
) -> None:
    assert cli("apply", with_address, "--yes").code == 0
    server.control.forget_requests()
    write(with_address / "models/third.yaml", MODEL_WITH_ART)
    planned = cli("plan", with_address, "--no-cache")
    assert f"from {ART}  on the server" in planned.out
    assert cli("apply", with_address, "--yes", "--no-cache").code == 0
    assert "POST /uploads" not in server.control.requests()


MODEL_WITH_ART = f"name: Third\ntype: custom\nexamples: [{{url: '{ART}'}}]\n"


def test_what_cannot_be_fetched_fails_by_name_and_the_rest_goes_on(
    cli: Run, with_address: Path, server: Any
) -> None:
    gone = "https://example.org/art/gone.webp"
    server.control.publish(gone, None)
    path = with_address / "models/both.yaml"
    write(path, path.read_text().replace(ART, gone))
    applied = cli("apply", with_address, "--yes")
    assert applied.code == 4
    assert f"! failed fetch {gone}: gone.webp: the server could not use the file:" in applied.out
    assert re.search(r"Applied: 1 created, .* 1 not finished", applied.out)


def test_a_kind_is_said_where_the_address_does_not_say_it(
    cli: Run, catalog: Path, server: Any
) -> None:
    url = "https://example.org/picture?id=7"
    write(
        catalog / "models/both.yaml",
        f"name: Both\ntype: custom\nexamples: [{{url: '{url}', kind: image}}]\n",
    )
    applied = cli("apply", catalog, "--yes")
    assert applied.code == 0, applied.out
    assert cli("plan", catalog, "--detailed-exitcode").code == 0
