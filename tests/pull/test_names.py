"""Keys and file names are ours, whatever the server calls its models and files."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.manifest.paths import split
from catalogsync.pull.names import file_names, keys_for, slug

HOSTILE = {
    "../../etc/passwd": "etc-passwd",
    "..\\..\\windows\\system32": "windows-system32",
    "/absolute/path": "absolute-path",
    "C:\\boot.ini": "c-boot-ini",
    "\\\\server\\share\\x": "server-share-x",
    "~root/.ssh/id_rsa": "root-ssh-id-rsa",
    ".git": "git",
    ".git/hooks/pre-commit": "git-hooks-pre-commit",
    "....//....//x": "x",
    "a\x00b": "a-b",
    "a\nb\r\tc": "a-b-c",
    "\x1b[31mred\x1b[0m": "31mred-0m",
    "\u202egpj.exe": "gpj-exe",
    "zero\u200bwidth": "zero-width",
    "CON": "con-1",
    "nul": "nul-1",
    "Lpt9": "lpt9-1",
    "COM1": "com1-1",
    "aux.webp": "aux-webp",
    "con ": "con-1",
    "$(rm -rf ~)": "rm-rf",
    "`id`; ls | sh & *?": "id-ls-sh",
    "--force": "force",
    "-rf": "rf",
    "%2e%2e%2fetc": "2e-2e-2fetc",
    "null": "null",
    "no": "no",
    "1.10": "1-10",
    "0x10": "0x10",
    "Ink & Heroes!": "ink-heroes",
    "Nébuleuse Œuvre": "nebuleuse-oeuvre",
    "Straße": "strasse",
    "ＦＵＬＬ　ｗｉｄｔｈ": "full-width",
    "ﬁne": "fine",
    "x" * 10_000: "x" * 48,
    "trailing... ": "trailing",
    "": "",
    "🎨👩\u200d🎤": "",
    "日本語": "",
    "...": "",
    "/": "",
}
"""What a server may call something, and the letters and digits that are left of it."""

KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
names = st.sampled_from(sorted(HOSTILE)) | st.text(max_size=30)


@pytest.mark.parametrize(("name", "left"), HOSTILE.items(), ids=lambda text: ascii(text)[:30])
def test_of_a_hostile_name_letters_and_digits_are_left(name: str, left: str) -> None:
    assert slug(name) == left
    key = keys_for({"model_Ab1": name}, ())["model_Ab1"]
    assert key == (left or "model-ab1")
    file = file_names([("asset_1", name, "webp")], ())["asset_1"]
    assert re.fullmatch(r"[a-z0-9-]{1,42}\.webp", file)
    assert split(f"images/{file}") == ("images", file)


def test_the_natural_name_of_a_file_is_kept() -> None:
    files = [
        ("a1", "02.png", "webp"),
        ("a2", "Lantern Witch.PNG", "png"),
        ("a3", "02.webp", "webp"),
        ("a4", "", "glb"),
        ("a5", "dir/02.webp", "webp"),
    ]
    found = file_names(files, {"04.GLB"})
    assert list(found.values()) == [
        "02.webp", "lantern-witch.png", "02-2.webp", "04-2.glb", "02-3.webp",
    ]  # fmt: skip


def test_twins_are_numbered_by_their_ids_and_who_needs_no_number_has_none() -> None:
    models = {"model_c": "Ink", "model_a": "INK!", "model_b": "ink", "model_d": "Ink 2"}
    assert keys_for(models, ()) == {
        "model_a": "ink",
        "model_d": "ink-2",
        "model_b": "ink-3",
        "model_c": "ink-4",
    }
    assert keys_for({"model_a": "Ink"}, {"ink"}) == {"model_a": "ink-2"}


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first look at Unicode takes seconds
@given(st.dictionaries(st.text("abAB", min_size=1, max_size=6), names, max_size=8), st.randoms())
def test_keys_are_unique_and_the_same_in_every_order(
    models: dict[str, str], random: object
) -> None:
    taken = {slug(name) for name in list(models.values())[:2]}
    found = keys_for(models, taken)
    shuffled = list(models.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert keys_for(dict(shuffled), taken) == found
    assert found.keys() == models.keys()
    assert len(set(found.values())) == len(found)
    assert not taken & set(found.values())
    assert all(KEY.fullmatch(key) for key in found.values())
