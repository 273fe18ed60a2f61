"""A catalog that is known to have no problem is not read again, and no change of it goes unseen."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.cli.validate import check
from catalogsync.manifest import catalog as loading
from catalogsync.model import Catalog
from catalogsync.review.checked import Checked
from catalogsync.review.formats import CHECK_FORMATS
from tests.cli.conftest import Run
from tests.manifest.support import MODEL, Folder, png, pointer
from tests.manifest.test_commit import git
from tests.test_cache import FILES, damage, later

MARK = 4711
"""A number of manifests that only the cache can tell."""

FIELDS = "thumbnail: images/1.png\nexamples: [{glob: 'images/*.png'}]\n"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where the cache of a test is."""
    return tmp_path / "home" / "catalog-sync" / "digests.sqlite"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A catalog without a problem, below the root of a repository that tracks it."""
    folder = sound(tmp_path / "repository" / "catalog")
    git(tmp_path / "repository", "init", "-q")
    git(tmp_path / "repository", "add", ".")
    return folder


def sound(root: Path) -> Folder:
    folder = Folder(root)
    folder.model(FIELDS)
    folder.write("models/two.yaml", MODEL)
    folder.write("models/ink/notes/read.txt", "nobody does\n")
    for name in "123":
        folder.write(f"models/ink/images/{name}.png", png(mark=name))
    return folder


def checked(root: Path, cache: Path | None) -> Checked:
    """What a check says whose run begins when all files have been at rest for a while."""
    return check(root, cache, now_ns=later())


def mark(cache: Path) -> None:
    """Make what the cache says of a catalog one that nothing else can say."""
    with closing(sqlite3.connect(cache)) as database:
        assert database.execute("UPDATE verdicts SET manifests = ?", [MARK]).rowcount == 1
        database.commit()


def verdicts(cache: Path) -> int:
    """How many verdicts are kept."""
    with closing(sqlite3.connect(cache)) as database:
        return int(database.execute("SELECT count(*) FROM verdicts").fetchone()[0])


@pytest.fixture
def known(folder: Folder, cache: Path) -> Path:
    """The cache, which knows that the catalog has no problem."""
    assert checked(folder.root, cache) == Checked(manifests=2, files=3)
    mark(cache)
    assert checked(folder.root, cache) == Checked(manifests=MARK, files=3)
    return cache


def wait_for_the_clock(folder: Path) -> None:
    """Let the clock of the file system move on from its last tick."""
    probe = folder / "probe"
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        probe.touch()
    probe.unlink()


def test_a_catalog_is_known_by_any_way_that_leads_to_it(
    folder: Folder, known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(folder.root)
    assert checked(tmp_path / "link", known).manifests == MARK
    monkeypatch.chdir(folder.root)
    assert checked(Path(), known).manifests == MARK


def test_without_a_cache_all_is_read(folder: Folder, known: Path) -> None:
    assert checked(folder.root, None) == Checked(manifests=2, files=3)


@pytest.mark.parametrize("name", CHECK_FORMATS)
def test_every_format_is_the_same_bytes(folder: Folder, cache: Path, name: str) -> None:
    wanted = CHECK_FORMATS[name](checked(folder.root, None))
    for _ in range(2):
        assert CHECK_FORMATS[name](checked(folder.root, cache)) == wanted
    assert verdicts(cache) == 1


def test_problems_are_never_kept(folder: Folder, cache: Path) -> None:
    folder.model(f"{FIELDS}tags: [3]\n")
    for _ in range(2):
        assert len(checked(folder.root, cache).problems) == 1
    assert verdicts(cache) == 0


# What may change


def test_another_content_of_the_same_size_and_mtime_is_seen(folder: Folder, known: Path) -> None:
    file = folder.root / "models/ink/model.yaml"
    before = file.stat()
    file.write_text(file.read_text().replace("name:", "nome:"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert checked(folder.root, known).problems


def test_a_change_by_way_of_another_name_of_a_file_is_seen(
    folder: Folder, tmp_path: Path, cache: Path
) -> None:
    os.link(folder.root / "models/two.yaml", tmp_path / "two")
    assert checked(folder.root, cache) == Checked(manifests=2, files=3)
    (tmp_path / "two").write_text(MODEL.replace("name:", "nome:"))
    assert checked(folder.root, cache).problems


def replaced(folder: Folder) -> None:
    before = (folder.root / "models/two.yaml").stat()
    other = folder.write("models/other", MODEL.replace("name:", "nome:"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(folder.root / "models/two.yaml")


def swapped_pictures(folder: Folder) -> None:
    images = folder.root / "models/ink/images"
    (images / "1.png").rename(images / "x")
    (images / "2.png").rename(images / "1.png")
    (images / "x").rename(images / "2.png")


def swapped_folders(folder: Folder) -> None:
    other = sound(folder.root.parent / "other")
    other.write("models/two.yaml", "name: [\n")
    folder.root.rename(folder.root.with_name("was"))
    other.root.rename(folder.root)


def new_below_a_glob(folder: Folder) -> None:
    folder.write("models/ink/images/4.png", png(mark="4"))


def new_twin(folder: Folder) -> None:
    shutil.copy2(folder.root / "models/ink/images/1.png", folder.root / "models/ink/images/4.png")


def removed(folder: Folder) -> None:
    (folder.root / "models/ink/images/1.png").unlink()


def file_as_link(folder: Folder) -> None:
    file = folder.root / "models/ink/images/1.png"
    file.rename(folder.root / "aside.png")
    file.symlink_to(folder.root / "aside.png")


def folder_as_link(folder: Folder) -> None:
    images = folder.root / "models/ink/images"
    images.rename(folder.root / "aside")
    images.symlink_to(folder.root / "aside")


def models_as_link(folder: Folder) -> None:
    (folder.root / "models").rename(folder.root / "aside")
    (folder.root / "models").symlink_to("aside")


def catalog_as_link(folder: Folder) -> None:
    (folder.root / "catalog.yaml").rename(folder.root / "aside.yaml")
    (folder.root / "catalog.yaml").symlink_to("aside.yaml")


def pipe(folder: Folder) -> None:
    (folder.root / "models/ink/images/1.png").unlink()
    os.mkfifo(folder.root / "models/ink/images/1.png")


def settings_edited(folder: Folder) -> None:
    folder.write("catalog.yaml", "apiVersion: catalogsync/v1\nname: 3\n")


def pointers(folder: Folder) -> None:
    folder.write("models/ink/images/1.png", pointer())
    folder.write("models/ink/images/2.png", pointer())


def untracked(folder: Folder) -> None:
    git(folder.root, "rm", "-q", "--cached", "models/ink/images/1.png")


def nothing_tracked(folder: Folder) -> None:
    (folder.root.parent / ".git/index").unlink()


def repository_within(folder: Folder) -> None:
    git(folder.root, "init", "-q")


def repository_around_gone(folder: Folder) -> None:
    shutil.rmtree(folder.root.parent / ".git")


def repository_elsewhere(folder: Folder) -> None:
    """A work tree whose .git is a file."""
    git(folder.root, "init", "-q", "--separate-git-dir", "../elsewhere")


def repository_spoilt(folder: Folder) -> None:
    (folder.root.parent / ".git/config").write_text("[core\n")


def disguised_repository(folder: Folder) -> None:
    for name in ("objects", "refs"):
        (folder.root / name).mkdir()
    folder.write("HEAD", "ref: refs/heads/main\n")


CHANGES: list[Callable[[Folder], None]] = [
    replaced,
    swapped_pictures,
    swapped_folders,
    new_below_a_glob,
    new_twin,
    removed,
    file_as_link,
    folder_as_link,
    models_as_link,
    catalog_as_link,
    pipe,
    settings_edited,
    pointers,
    untracked,
    nothing_tracked,
    repository_within,
    repository_around_gone,
    repository_elsewhere,
    repository_spoilt,
    disguised_repository,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_changed_is_seen(
    folder: Folder, known: Path, change: Callable[[Folder], None]
) -> None:
    change(folder)
    told = checked(folder.root, known)
    assert told == checked(folder.root, None)
    assert checked(folder.root, known) == told


def test_a_catalog_that_moved_is_read_where_it_is(
    folder: Folder, known: Path, tmp_path: Path
) -> None:
    moved = folder.root.rename(tmp_path / "moved")
    assert checked(moved, known) == Checked(manifests=2, files=3)
    assert verdicts(known) == 2


def test_where_git_is_gone_nobody_says_what_is_tracked(
    folder: Folder, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untracked(folder)
    monkeypatch.setenv("PATH", "")
    assert checked(folder.root, cache) == Checked(manifests=2, files=3)
    monkeypatch.undo()
    assert checked(folder.root, cache).problems


def test_a_hidden_file_changes_nothing(folder: Folder, cache: Path) -> None:
    folder.write("models/ink/images/.DS_Store", "a")
    assert checked(folder.root, cache) == Checked(manifests=2, files=3)
    mark(cache)
    folder.write("models/ink/images/.DS_Store", "b")
    assert checked(folder.root, cache).manifests == MARK


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_where_a_stamp_cannot_tell_nothing_is_kept(folder: Folder, cache: Path, kind: str) -> None:
    if kind == "link":
        folder.link("models/ink/notes/link.txt", "read.txt")
    else:
        os.mkfifo(folder.root / "models/ink/notes/pipe")
    assert checked(folder.root, cache) == Checked(manifests=2, files=3)
    assert verdicts(cache) == 0


# What changes at the wrong moment


def test_of_what_was_just_written_nothing_is_kept(folder: Folder, cache: Path) -> None:
    assert check(folder.root, cache) == Checked(manifests=2, files=3)
    assert not cache.exists()


def test_a_new_file_with_an_old_mtime_was_just_written(folder: Folder, cache: Path) -> None:
    for path in (folder.root, *folder.root.rglob("*")):
        os.utime(path, (0, 0))
    assert check(folder.root, cache) == Checked(manifests=2, files=3)
    assert not cache.exists()


@pytest.mark.parametrize("at", ["touched since", "long ago"])
def test_what_is_known_holds_only_for_what_is_at_rest(folder: Folder, known: Path, at: str) -> None:
    ago = 0 if at == "touched since" else 10_000_000_000
    found = check(folder.root, known, now_ns=time.time_ns() + ago)
    assert found.manifests == (2 if at == "touched since" else MARK)


def test_what_is_edited_while_it_is_read_is_read_again(
    folder: Folder, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = loading.load

    def read_then_edited(root: Path, **options: object) -> Catalog:
        found = load(root, **options)  # type: ignore[arg-type]
        replaced(folder)
        return found

    monkeypatch.setattr(loading, "load", read_then_edited)
    assert checked(folder.root, cache) == Checked(manifests=2, files=3)
    monkeypatch.undo()
    assert checked(folder.root, cache).problems


def test_what_git_tracks_is_what_it_said_before_the_files_were_read(
    folder: Folder, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = loading.load

    def untracked_then_read(root: Path, **options: object) -> Catalog:
        untracked(folder)
        return load(root, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loading, "load", untracked_then_read)
    assert checked(folder.root, cache) == Checked(manifests=2, files=3)
    monkeypatch.undo()
    assert checked(folder.root, cache).problems


# What may become of the cache

SQL = {
    "other version": ["PRAGMA user_version = 7"],
    "other tables": ["DROP TABLE verdicts", "CREATE TABLE verdicts (x)"],
    "views": ["DROP TABLE verdicts", "CREATE VIEW verdicts AS SELECT 1"],
    "no number": ["UPDATE verdicts SET manifests = 'x'"],
    "no count": ["UPDATE verdicts SET files = -1"],
    "no state": ["UPDATE verdicts SET state = NULL"],
}


@pytest.mark.parametrize("how", [*FILES, *SQL])
def test_a_spoilt_cache_knows_nothing_and_mends_itself(
    folder: Folder, known: Path, how: str
) -> None:
    if how in FILES:
        damage(known, how)
    else:
        with closing(sqlite3.connect(known)) as database:
            for sql in SQL[how]:
                database.execute(sql)
            database.commit()
    assert checked(folder.root, known) == Checked(manifests=2, files=3)
    mark(known)
    assert checked(folder.root, known).manifests == MARK


def test_a_folder_that_others_may_write_to_is_not_believed(folder: Folder, known: Path) -> None:
    known.parent.chmod(0o777)
    assert checked(folder.root, known) == Checked(manifests=2, files=3)
    known.parent.chmod(0o700)
    assert checked(folder.root, known).manifests == MARK


def test_where_nothing_can_be_written_everything_is_read(folder: Folder, cache: Path) -> None:
    cache.parent.parent.write_text("a file")
    for _ in range(2):
        assert checked(folder.root, cache) == Checked(manifests=2, files=3)


CHECKER = """\
import sys, time
from pathlib import Path
from catalogsync.cli.validate import check
print("ready", flush=True)
sys.stdin.readline()
for _ in range(10):
    print(check(Path(sys.argv[1]), Path(sys.argv[2]), now_ns=time.time_ns() + 10**10).manifests)
print(*sys.modules, file=sys.stderr)
"""


def checkers(count: int, root: Path, cache: Path) -> list[tuple[str, str]]:
    """What processes print that all check a catalog at once, and what they imported."""
    command = [sys.executable, "-c", CHECKER, str(root), str(cache)]
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe)
        for _ in range(count)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    found = [process.communicate("go\n", timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * count
    return found


def test_processes_that_check_at_once_say_the_same(folder: Folder, cache: Path) -> None:
    assert {out for out, _ in checkers(3, folder.root, cache)} == {"2\n" * 10}
    mark(cache)
    assert checked(folder.root, cache).manifests == MARK


def test_for_a_catalog_that_is_known_nothing_is_imported_that_reads_one(
    folder: Folder, known: Path
) -> None:
    ((out, modules),) = checkers(1, folder.root, known)
    assert out == f"{MARK}\n" * 10
    loaded = {name for name in modules.split() if name.startswith(("catalogsync.", "yaml"))}
    assert loaded == {
        "catalogsync.cache",
        "catalogsync.cache.folders",
        "catalogsync.cache.rows",
        "catalogsync.cache.store",
        "catalogsync.cache.verdicts",
        "catalogsync.cli",
        "catalogsync.cli.dropped",
        "catalogsync.cli.main",
        "catalogsync.cli.options",
        "catalogsync.cli.root",
        "catalogsync.cli.validate",
        "catalogsync.errors",
        "catalogsync.manifest",
        "catalogsync.manifest.git",
        "catalogsync.manifest.root",
        "catalogsync.manifest.state",
        "catalogsync.manifest.tracked",
        "catalogsync.manifest.words",
        "catalogsync.review",
        "catalogsync.review.checked",
        "catalogsync.review.formats",
        "catalogsync.review.words",
        "catalogsync.values",
    }


def test_doctor_counts_them(
    cli: Run, catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    real = time.time_ns
    monkeypatch.setattr("time.time_ns", lambda: real() + 10_000_000_000)
    for _ in range(2):
        assert cli("validate", catalog).out == "No problems. 2 manifests, 3 files.\n"
    assert ": 3 files, 0 assets, 1 verdict, " in cli("doctor", catalog).out


# Whatever happens

EDITS: dict[str, Callable[[Folder], object]] = {
    "nothing": lambda folder: None,
    "good manifest": lambda folder: folder.model(FIELDS),
    "bad manifest": lambda folder: folder.model("tags: [3]\n"),
    "new model": lambda folder: folder.write("models/new.yaml", MODEL),
    "bad place": lambda folder: folder.write("models/ink/images/x.yaml", MODEL),
    "in its place": lambda folder: (folder.root / "models/ink/images/x.yaml").unlink(True),
    "good picture": lambda folder: folder.write("models/ink/images/2.png", png(mark="g")),
    "bad picture": lambda folder: folder.write("models/ink/images/2.png", b"none"),
    "pointer": lambda folder: folder.write("models/ink/images/2.png", pointer()),
    "no picture": lambda folder: (folder.root / "models/ink/images/2.png").unlink(True),
    "old picture": lambda folder: os.utime(folder.root / "models/ink/images/3.png", (1, 1)),
    "other name": lambda folder: folder.write("catalog.yaml", "apiVersion: catalogsync/v1\n"),
    "its name": lambda folder: folder.write(
        "catalog.yaml", "apiVersion: catalogsync/v1\nname: acme\n"
    ),
    "repository": lambda folder: git(folder.root, "init", "-q"),
    "add": lambda folder: subprocess.run(["git", "add", "."], cwd=folder.root),
    "forget": lambda folder: subprocess.run(
        ["git", "rm", "-rqf", "--cached", "models/ink/images"],
        cwd=folder.root,
        stderr=subprocess.DEVNULL,
    ),
    "no repository": lambda folder: shutil.rmtree(folder.root / ".git", ignore_errors=True),
}


@settings(max_examples=30)
@given(st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=8))
def test_after_any_edits_a_check_says_what_it_says_without_a_cache(
    tmp_path_factory: pytest.TempPathFactory, edits: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    cache, edited = folder / "home" / "digests.sqlite", sound(folder / "catalog")
    for edit in ("nothing", *edits):
        EDITS[edit](edited)
        for _ in range(2):
            assert checked(edited.root, cache) == checked(edited.root, None)
        wait_for_the_clock(folder)
