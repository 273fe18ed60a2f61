"""A cache that saves work and never changes what comes out, whatever becomes of its file."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.cache import DigestCache, default_path, open_cache
from catalogsync.manifest import load
from catalogsync.model import AssetKind, AssetRef, Catalog
from tests.manifest.support import Folder, png, pointer

EVERYTHING = [field.name for field in fields(AssetRef)]
IMAGE = AssetRef("ab" * 32, "", "x.png", AssetKind.IMAGE, "image/png", 70, 2, 3)
REMOTE = replace(IMAGE, id="asset_1", name="naïve 🎨.png")
LATER = 10_000_000_000


def later() -> int:
    """A moment at which what was just written counts as settled."""
    return time.time_ns() + LATER


def opened(path: Path | None) -> DigestCache:
    """A cache whose run begins when all files have been at rest for a while."""
    return open_cache(path, now_ns=later())


def told(asset: AssetRef | None) -> list[object]:
    """All facts of an asset, those that take no part in comparison too."""
    return [getattr(asset, name) for name in EVERYTHING] if asset else []


def facts(catalog: Catalog) -> list[list[object]]:
    return [told(asset) for model in catalog.models for asset in model.assets]


class Counting:
    """Passes questions on to a cache and counts the files that had to be read."""

    def __init__(self, cache: DigestCache, root: Path) -> None:
        self._files = cache.files(root)
        self.read = 0

    def knows(self, path: str) -> bool:
        return self._files.knows(path)

    def recall(self, path: str, status: os.stat_result) -> AssetRef | None:
        return self._files.recall(path, status)

    def remember(self, path: str, status: os.stat_result, asset: AssetRef) -> None:
        self.read += 1
        self._files.remember(path, status, asset)


def load_with(path: Path | None, root: Path) -> tuple[Catalog, int]:
    """The catalog, and how many files were read for it."""
    with opened(path) as cache:
        counting = Counting(cache, root)
        return load(root, known=counting), counting.read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the cache of a test is."""
    return tmp_path / "home" / "catalog-sync" / "digests.sqlite"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A catalog with three pictures and a pointer."""
    folder = Folder(tmp_path / "catalog")
    for name in "abc":
        folder.write(f"models/ink/{name}.png", png(2, 3, mark=name))
    folder.write("models/ink/d.webp", pointer())
    folder.model("thumbnail: a.png\nexamples: [a.png, b.png, c.png, d.webp]\n")
    return folder


@pytest.fixture
def warm(folder: Folder, path: Path) -> Path:
    """The path of a cache that knows the catalog."""
    assert load_with(path, folder.root)[1] == 4
    return path


def test_what_is_known_is_not_read_again(folder: Folder, warm: Path) -> None:
    catalog, read = load_with(warm, folder.root)
    assert read == 0
    without = load(folder.root)
    assert (catalog, facts(catalog)) == (without, facts(without))


def test_an_edited_file_is_read_again_and_no_other(folder: Folder, warm: Path) -> None:
    folder.write("models/ink/b.png", png(5, 4, mark="longer than before"))
    catalog, read = load_with(warm, folder.root)
    assert read == 1
    assert facts(catalog) == facts(load(folder.root))
    assert load_with(warm, folder.root)[1] == 0


def test_another_content_of_the_same_size_and_mtime_is_seen(folder: Folder, warm: Path) -> None:
    file = folder.root / "models/ink/b.png"
    before = file.stat()
    folder.write("models/ink/b.png", png(2, 3, mark="x"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    catalog, read = load_with(warm, folder.root)
    assert read == 1
    assert facts(catalog) == facts(load(folder.root))


def test_a_file_put_in_the_place_of_another_is_seen(folder: Folder, warm: Path) -> None:
    file = folder.root / "models/ink/b.png"
    before = file.stat()
    other = folder.write("models/ink/other", png(2, 3, mark="x"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)
    assert file.stat().st_size == before.st_size
    catalog, read = load_with(warm, folder.root)
    assert read == 1
    assert facts(catalog) == facts(load(folder.root))


def test_a_file_that_was_just_written_is_not_kept(folder: Folder, path: Path) -> None:
    for _ in range(2):
        with open_cache(path) as cache:
            counting = Counting(cache, folder.root)
            load(folder.root, known=counting)
        assert counting.read == 4
    assert not path.exists()


def test_a_new_file_with_an_old_mtime_is_not_kept_either(folder: Folder, path: Path) -> None:
    for file in (folder.root / "models/ink").iterdir():
        os.utime(file, (0, 0))
    with open_cache(path) as cache:
        load(folder.root, known=cache.files(folder.root))
    assert not path.exists()


def test_a_link_in_the_place_of_a_known_file_is_refused(folder: Folder, warm: Path) -> None:
    file = folder.root / "models/ink/b.png"
    file.rename(folder.root / "models/ink/moved.png")
    folder.link("models/ink/b.png", "moved.png")
    with pytest.raises(Exception, match="1 problem") as caught:
        load_with(warm, folder.root)
    assert "is a link" in str(caught.value.problems)  # type: ignore[attr-defined]


def test_a_known_file_that_git_does_not_track_is_refused(folder: Folder, warm: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=folder.root, check=True)
    with pytest.raises(Exception, match="5 problems") as caught:
        load_with(warm, folder.root)
    assert "not tracked by Git" in str(caught.value.problems)  # type: ignore[attr-defined]


def test_what_is_wrong_with_a_file_is_found_every_time(folder: Folder, path: Path) -> None:
    folder.write("models/ink/b.png", b"no picture")
    for _ in range(2):
        with pytest.raises(Exception, match="1 problem"):
            load_with(path, folder.root)
    assert opened(path).holding().files == 3


def test_two_catalogs_do_not_mix(folder: Folder, warm: Path, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    other.write("models/ink/a.png", png(7, 7))
    other.model("thumbnail: a.png\n")
    assert load_with(warm, other.root)[1] == 1
    assert load_with(warm, folder.root)[1] == 0
    assert opened(warm).holding().files == 5


def test_a_catalog_is_known_by_any_way_that_leads_to_it(
    folder: Folder, warm: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(folder.root)
    assert load_with(warm, tmp_path / "link")[1] == 0


def test_nothing_is_written_where_nothing_was_learned(folder: Folder, warm: Path) -> None:
    before = warm.stat()
    load_with(warm, folder.root)
    after = warm.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize("few", [0, 1, 20])
def test_what_is_known_is_found_folder_by_folder_or_all_at_once(
    folder: Folder, path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("catalogsync.cache.digests._FEW_FOLDERS", few)
    for name in ("be", "be/low", "be0", "z"):
        folder.write(f"models/ink/{name}/e.png", png(2, 3, mark=name))
    examples = "[a.png, b.png, be/e.png, be/low/e.png, be0/e.png, z/e.png]"
    folder.model(f"thumbnail: c.png\nexamples: {examples}\n")
    catalog, read = load_with(path, folder.root)
    assert read == 7
    assert load_with(path, folder.root) == (catalog, 0)


def test_what_is_much_is_written_before_the_end(
    folder: Folder, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogsync.cache.digests._MOST_HELD", 2)
    with opened(path) as cache:
        load(folder.root, known=Counting(cache, folder.root))
        known = cache.assets("https://x", "p")
        known.remember(replace(REMOTE, id=f"asset_{number}") for number in range(3))
        held = opened(path).holding()
        assert (held.files, held.assets) == (4, 2)
    assert opened(path).holding().assets == 3
    assert load_with(path, folder.root)[1] == 0


def test_what_was_learned_can_be_kept_before_the_end(folder: Folder, path: Path) -> None:
    with opened(path) as cache:
        load(folder.root, known=Counting(cache, folder.root))
        known = cache.assets("https://x", "p")
        known.remember([REMOTE])
        known.keep()
        held = opened(path).holding()
    assert (held.files, held.assets) == (4, 1)


def test_a_run_waits_for_a_cache_that_is_blocked_once(
    folder: Folder, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def taken(descriptor: int, _how: int) -> bool:
        tried.append(descriptor)
        return False

    monkeypatch.setattr("catalogsync.cache.store._BUSY_SECONDS", 0.1)
    monkeypatch.setattr("catalogsync.cache.store._has_lock", taken)
    with opened(path) as cache:
        known = cache.assets("https://x", "p")
        known.remember([REMOTE])
        known.keep()
        first = len(tried)
        known.remember([REMOTE])
        known.keep()
        assert len(tried) - first <= 2 < first


def test_without_a_path_nothing_is_kept(folder: Folder) -> None:
    with opened(None) as cache:
        load(folder.root, known=cache.files(folder.root))
        assets = cache.assets("https://one.example/v1", "proj_1")
        assets.remember([REMOTE])
        assert assets.recall(["asset_1"]) == {}
    assert (cache.path, cache.holding().files) == (None, 0)


# Assets


def test_an_asset_is_known_with_all_its_facts(path: Path) -> None:
    with opened(path) as cache:
        cache.assets("https://one.example/v1", "proj_1").remember([REMOTE])
    known = opened(path).assets("https://one.example/v1", "proj_1")
    assert told(known.recall(["asset_0", "asset_1"])["asset_1"]) == told(REMOTE)
    assert known.recall(["asset_0"]) == {}


def test_servers_and_projects_do_not_mix(path: Path) -> None:
    with opened(path) as cache:
        cache.assets("https://one.example/v1", "proj_1").remember([REMOTE])
    for server, project in [
        ("https://one.example/v1", "proj_2"),
        ("https://one.example/v1", ""),
        ("https://two.example/v1", "proj_1"),
        ("https://one.example/v1\0proj_1", ""),
    ]:
        assert opened(path).assets(server, project).recall(["asset_1"]) == {}


def test_thousands_of_assets_are_asked_for_at_once(path: Path) -> None:
    many = [replace(REMOTE, id=f"asset_{number}") for number in range(3000)]
    with opened(path) as cache:
        cache.assets("s", "p").remember(many)
    ids = [asset.id for asset in many]
    assert opened(path).assets("s", "p").recall([*ids, "asset_none"]).keys() == set(ids)


def test_what_cannot_be_kept_does_not_keep_the_rest_out(path: Path) -> None:
    strange = [
        replace(REMOTE, id="no content", sha256=""),
        replace(REMOTE, id="broken text", name="\ud800"),
        replace(REMOTE, id="\ud800"),
        replace(REMOTE, id="endless", size=10**30),
    ]
    with opened(path) as cache:
        cache.assets("s", "p").remember([*strange, REMOTE])
    ids = [asset.id for asset in (*strange, REMOTE)]
    assert opened(path).assets("s", "p").recall(ids).keys() == {"asset_1"}


def test_neither_addresses_nor_projects_are_in_the_file(path: Path) -> None:
    with opened(path) as cache:
        cache.assets("https://secret-host.example/v1", "proj_secret").remember([REMOTE])
    content = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert REMOTE.sha256.encode() in content
    assert b"secret" not in content


# What may become of the file


def damage(path: Path, how: str) -> None:
    """Do something to a cache's file that nobody should ever do."""
    content = path.read_bytes()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_bytes(b"This is no database. " * 500)
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "holes":
        path.write_bytes(content[:1024] + bytes(len(content) - 1024))
    elif how == "vanished":
        path.unlink()
    elif how == "folder vanished":
        shutil.rmtree(path.parent)
    else:
        with closing(sqlite3.connect(path)) as database:
            for sql in SQL[how]:
                database.execute(sql)
            database.commit()


SQL = {
    "other version": ["PRAGMA user_version = 7"],
    "other tables": ["DROP TABLE files", "CREATE TABLE files (x)"],
    "views": ["PRAGMA user_version = 0", "DROP TABLE files", "CREATE VIEW files AS SELECT 1"],
    "wrong types": ["UPDATE files SET sha256 = 5, size = 'x'"],
    "no kind": ["UPDATE files SET kind = 'film'"],
    "no text": [
        "UPDATE files SET path = CAST(CAST('models/ink/' AS BLOB) || X'ff' AS TEXT)"
        " WHERE path LIKE '%a.png'"
    ],
    "no stamp": ["UPDATE files SET stamp = NULL"],
}
FILES = ["empty", "text", "truncated", "holes", "vanished", "folder vanished"]


@pytest.mark.parametrize("how", [*FILES, *SQL])
def test_a_spoilt_cache_is_an_empty_one_and_mends_itself(
    folder: Folder, warm: Path, how: str
) -> None:
    damage(warm, how)
    catalog, read = load_with(warm, folder.root)
    assert read == 4
    assert facts(catalog) == facts(load(folder.root))
    assert load_with(warm, folder.root)[1] == 0


def test_a_file_cut_at_any_length_never_fails(folder: Folder, warm: Path) -> None:
    content, without = warm.read_bytes(), facts(load(folder.root))
    for length in range(0, len(content), 509):
        warm.write_bytes(content[:length])
        assert facts(load_with(warm, folder.root)[0]) == without


def no_folder(path: Path) -> None:
    path.parent.parent.mkdir()
    path.parent.write_text("a file")


def read_only_folder(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o500)


def folder_in_its_place(path: Path) -> None:
    path.mkdir(parents=True)


def device(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")


@pytest.mark.parametrize("spoil", [no_folder, read_only_folder, folder_in_its_place, device])
def test_where_nothing_can_be_written_there_is_no_cache(
    folder: Folder, path: Path, spoil: object
) -> None:
    spoil(path)  # type: ignore[operator]
    without = facts(load(folder.root))
    for _ in range(2):
        catalog, _read = load_with(path, folder.root)
        assert facts(catalog) == without
    assert opened(path).holding().assets == 0


def test_a_folder_that_others_may_write_to_is_not_believed(folder: Folder, warm: Path) -> None:
    warm.parent.chmod(0o777)
    assert load_with(warm, folder.root)[1] == 4
    warm.parent.chmod(0o700)
    assert load_with(warm, folder.root)[1] == 0


def test_the_folder_is_for_its_owner_only(warm: Path) -> None:
    assert stat.S_IMODE(warm.parent.stat().st_mode) == 0o700


def test_a_cache_that_grew_too_large_starts_anew(folder: Folder, warm: Path) -> None:
    with warm.open("r+b") as file:
        file.truncate(300 << 20)
    folder.write("models/ink/b.png", png(9, 9))
    load_with(warm, folder.root)
    held = opened(warm).holding()
    assert held.size < 1 << 20


# Several processes

WRITER = """\
import sys, time
from pathlib import Path
from catalogsync.cache import open_cache
from catalogsync.model import AssetRef
path, name = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for turn in range(20):
    with open_cache(path) as cache:
        assets = cache.assets("s", "p")
        assets.remember(AssetRef("ab" * 32, f"{name}_{turn}_{n}") for n in range(50))
        assets.recall([f"{name}_{turn}_0"])
"""


def writers(path: Path, names: str) -> Iterator[subprocess.Popen[str]]:
    """Processes that wait for a line before they write."""
    for name in names:
        yield subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.mark.parametrize("before", ["nothing", "text"])
def test_processes_that_write_at_once_lose_nothing(path: Path, before: str) -> None:
    names = "abcd"
    if before == "text":
        path.parent.mkdir(parents=True, mode=0o700)
        path.write_bytes(b"This is no database. " * 500)
    processes = list(writers(path, names))
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
    ids = [f"{name}_{turn}_{n}" for name in names for turn in range(20) for n in range(50)]
    found = opened(path).assets("s", "p").recall(ids).keys()
    assert found == set(ids)


# Whatever happens


CHANGES = st.sampled_from(
    ["load", "edit", "swap", "touch", "remove cache", "text", "truncated", "other version"]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(CHANGES, min_size=1, max_size=6))
def test_a_load_with_any_cache_is_a_load_without(
    tmp_path_factory: pytest.TempPathFactory, changes: list[str]
) -> None:
    root = tmp_path_factory.mktemp("any")
    path, folder = root / "cache" / "digests.sqlite", Folder(root / "catalog")
    folder.model("thumbnail: a.png\nexamples: [a.png, b.png]\n")
    for name in "ab":
        folder.write(f"models/ink/{name}.png", png(mark=name))
    for number, change in enumerate(["load", *changes]):
        file = folder.root / "models/ink/b.png"
        if change == "edit":
            file.write_bytes(png(mark=chr(0x100 + number)))
        elif change == "swap":
            other = folder.write("models/ink/other", png(mark=chr(0x200 + number)))
            other.replace(file)
        elif change == "touch":
            os.utime(file, (number, number))
        elif path.exists() and change != "load":
            damage(path, "vanished" if change == "remove cache" else change)
        catalog, _ = load_with(path, folder.root)
        without = load(folder.root)
        assert (catalog, facts(catalog)) == (without, facts(without))


def test_the_users_cache_is_where_the_system_keeps_such_things(own_cache: Path) -> None:
    assert default_path() == own_cache / "catalog-sync" / "digests.sqlite"
