"""A catalog read from a Git commit is the one that was on disk, and reading it touches nothing."""

import os
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from catalogsync.cache import open_cache
from catalogsync.errors import CatalogSyncError, ManifestError, UsageError
from catalogsync.manifest import load
from catalogsync.manifest.commit import load_commit
from catalogsync.model import Catalog

from .support import CATALOG, MODEL, Folder, png, pointer

IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")


def git(root: Path, *arguments: str, given: bytes = b"") -> str:
    """Run Git in a folder."""
    command = ["git", *IDENTITY, *arguments]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, input=given)
    return os.fsdecode(done.stdout.rstrip(b"\n"))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A catalog that is a repository without a commit."""
    folder = Folder(tmp_path / "clone")
    git(folder.root, "init", "-q", "-b", "main")
    return folder


def commit(folder: Folder) -> None:
    """Commit everything."""
    git(folder.root, "add", "-A", "-f")
    git(folder.root, "commit", "-q", "-m", "x")


def at(folder: Folder, ref: str = "HEAD") -> Catalog:
    """The catalog at a commit."""
    found = load_commit(folder.root, ref).catalog
    assert found
    return found


def problems(folder: Folder) -> list[str]:
    """What is wrong with the catalog at HEAD."""
    with pytest.raises(ManifestError) as caught:
        load_commit(folder.root, "HEAD")
    return [str(problem) for problem in caught.value.problems]


def facts(catalog: Catalog) -> list[tuple[object, ...]]:
    """Also those facts of the assets that take no part in comparison."""
    assets = (asset for spec in catalog.models for asset in spec.assets)
    return [(a.sha256, a.name, a.kind, a.media_type, a.size, a.width, a.height) for a in assets]


def test_a_committed_catalog_is_the_one_on_disk(folder: Folder) -> None:
    folder.write("models/ink/images/1.png", png(3, 5))
    folder.write("models/ink/images/10.png", png(mark="ten"))
    folder.write("models/ink/images/2.webp", pointer("cd" * 32, 98765))
    folder.write("models/ink/x.md", "![pose](images/1.png) {model:b}")
    folder.write("models/b.yaml", MODEL.replace("Ink", "B") + "description: '{model:ink}'\n")
    folder.model(
        "thumbnail: images/1.png\nexamples: [{glob: images/*}]\ndescription: {file: x.md}\n"
    )
    commit(folder)
    on_disk, in_git = folder.load(), at(folder)
    assert in_git.models == on_disk.models
    assert (in_git.name, in_git.policy) == (on_disk.name, on_disk.policy)
    assert facts(in_git) == facts(on_disk)
    assert in_git.files == {}


def test_the_example_catalog_is_the_same_in_git(tmp_path: Path) -> None:
    example = Path(__file__).parent.parent.parent / "examples/catalog"
    root = tmp_path / "deep" / "in"
    root.mkdir(parents=True)
    subprocess.run(["cp", "-R", example, root / "a catalog"], check=True)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "x")
    found = load_commit(root / "a catalog", "HEAD").catalog
    assert found
    assert found.models == load(root / "a catalog").models


@pytest.mark.parametrize("ref", ["main", "v1", "HEAD~1", "@{0}", "main^{tree}^{commit}", "short"])
def test_any_name_of_a_commit_will_do(folder: Folder, ref: str) -> None:
    commit(folder)
    git(folder.root, "tag", "-a", "v1", "-m", "x")
    first = git(folder.root, "rev-parse", "HEAD")
    if ref == "HEAD~1":
        folder.model("shortDescription: later\n")
        commit(folder)
    if ref.startswith("main^{"):
        with pytest.raises(UsageError, match="there is no commit"):
            load_commit(folder.root, ref)
        return
    found = load_commit(folder.root, first[:10] if ref == "short" else ref)
    assert found.commit == first
    assert found.catalog
    assert found.catalog.models[0].short_description is None


def test_nothing_of_the_checkout_is_touched_or_run(folder: Folder, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    folder.write(".gitattributes", "* filter=evil diff=evil\n")
    folder.write("models/ink/x.png", png())
    folder.model("thumbnail: x.png\n")
    commit(folder)
    run = f"sh -c 'touch {evil}; cat'"
    for name in ("filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv"):
        git(folder.root, "config", name, run)
    git(folder.root, "config", "core.fsmonitor", f"touch {evil}")
    (folder.root / "models/ink/x.png").unlink()
    folder.write("models/ink/model.yaml", "broken: [")
    before = snapshot(folder.root)
    assert at(folder).models[0].thumbnail
    assert snapshot(folder.root) == before
    assert not evil.exists()


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, with its size and time."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(file): (file.stat().st_size, file.stat().st_mtime_ns) for file in files}


def test_a_commit_without_the_catalog_has_none(folder: Folder) -> None:
    commit(folder)
    other = Folder(folder.root / "other")
    assert load_commit(other.root, "HEAD").catalog is None
    (folder.root / "catalog.yaml").rename(folder.root / "catalog.txt")
    commit(folder)
    assert load_commit(folder.root, "HEAD").catalog is None


@pytest.mark.parametrize("kept", ["", "models/.gitkeep", "models/notes.txt"])
def test_a_commit_may_hold_a_catalog_without_manifests(folder: Folder, kept: str) -> None:
    (folder.root / "models/ink/model.yaml").unlink()
    if kept:
        folder.write(kept, "")
    commit(folder)
    assert at(folder).models == ()


def test_all_problems_at_the_commit_are_told_with_their_place(folder: Folder) -> None:
    folder.model("tags: [a, a]\nthumbnail: imgs/x.png\nexamples: [{glob: '*.webp'}]\n")
    folder.write("models/b.yaml", "name: B\n")
    folder.write("models/ink/images/x.png", "no picture")
    commit(folder)
    folder.model("")
    found = problems(folder)
    assert all(text.startswith("HEAD:models/") for text in found)
    assert any('"imgs" is not there; did you mean "images"?' in text for text in found)
    assert any("no file matches" in text for text in found)
    assert any('"type" is missing' in text for text in found)


@pytest.mark.parametrize(
    ("path", "more", "told"),
    [
        ("models/ink/x.png", "thumbnail: x.png\n", '"x.png" is a link'),
        ("models/ink/i", "thumbnail: i/x.png\n", '"i" is a link'),
        ("models/b.yaml", "", '"b.yaml" is a link'),
        ("models/more", "", "a link to a folder"),
        ("models/ink/x.md", "description: {file: x.md}\n", '"x.md" is a link'),
    ],
)
def test_links_are_not_followed(folder: Folder, path: str, more: str, told: str) -> None:
    folder.write("models/ink/images/x.png", png())
    folder.write("models/ink/y.md", "y")
    target = {"models/ink/x.png": "images/x.png", "models/b.yaml": "ink/model.yaml"}
    folder.link(path, target.get(path, "images" if path.endswith("/i") else "ink"))
    folder.model(more)
    commit(folder)
    assert any(told in problem for problem in problems(folder))


def test_a_link_that_nothing_refers_to_is_no_problem(folder: Folder) -> None:
    folder.write("models/ink/1.png", png())
    folder.link("models/ink/latest.png", "1.png")
    folder.link("models/ink/away.png", "/etc/passwd")
    folder.model("thumbnail: 1.png\n")
    commit(folder)
    assert at(folder).models == folder.load().models


def test_a_submodule_is_not_entered(folder: Folder) -> None:
    commit(folder)
    head = git(folder.root, "rev-parse", "HEAD")
    git(folder.root, "update-index", "--add", "--cacheinfo", f"160000,{head},models/sub")
    git(folder.root, "commit", "-q", "-m", "x")
    (problem,) = problems(folder)
    assert "models/sub:1:1: a link to a folder" in problem
    folder.model("thumbnail: sub/x.png\n")
    git(folder.root, "mv", "models/sub", "models/ink/sub", "-k")
    git(folder.root, "rm", "-q", "--cached", "models/sub")
    git(folder.root, "update-index", "--add", "--cacheinfo", f"160000,{head},models/ink/sub")
    git(folder.root, "add", "models/ink/model.yaml")
    git(folder.root, "commit", "-q", "-m", "x")
    assert any('"sub" is a submodule' in text for text in problems(folder))


def test_names_of_every_kind_are_read(folder: Folder) -> None:
    names = ["new\nline.png", "tab\there.png", "é 🎨.png", '"q".png', "a,b.png", ":(top).png"]
    for number, name in enumerate(names):
        folder.write(f"models/ink/i/{name}", png(mark=str(number)))
    folder.model("examples: [{glob: 'i/*.png'}]\n")
    commit(folder)
    assert at(folder).models == folder.load().models


def tree_of(folder: Folder, entries: bytes) -> None:
    """Commit a tree that holds catalog.yaml and models, the latter as given."""
    models = git(
        folder.root, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=entries
    )
    settings = git(folder.root, "hash-object", "-w", "--stdin", given=CATALOG.encode())
    listing = f"100644 blob {settings}\tcatalog.yaml\n040000 tree {models}\tmodels\n"
    tree = git(folder.root, "mktree", given=listing.encode())
    made = git(folder.root, "commit-tree", tree, "-m", "x")
    git(folder.root, "update-ref", "refs/heads/main", made)


@pytest.mark.parametrize("name", ["../../../etc/x.yaml", ".git/x.yaml", "..", "/etc/passwd"])
def test_a_tree_that_no_checkout_would_take_leads_nowhere(folder: Folder, name: str) -> None:
    blob = git(folder.root, "hash-object", "-w", "--stdin", given=MODEL.encode())
    good = b"100644 b.yaml\0" + bytes.fromhex(blob)
    evil = b"100644 " + name.encode() + b"\0" + bytes.fromhex(blob)
    tree_of(folder, evil + good if name < "b" else good + evil)
    assert [spec.key for spec in at(folder).models] == ["b"]


def test_a_manifest_over_the_limit_is_a_problem_and_the_next_is_read(folder: Folder) -> None:
    folder.write("models/a.yaml", MODEL + "#" * 3_000_000)
    folder.write("models/z.yaml", "name: Z\n")
    folder.write("models/empty.yaml", "")
    commit(folder)
    found = problems(folder)
    assert any("models/a.yaml:1:1: larger than 256 KiB" in text for text in found)
    assert any('models/z.yaml:1:1: "type" is missing' in text for text in found)
    assert any("models/empty.yaml" in text for text in found)


def test_a_large_file_is_only_hashed(folder: Folder) -> None:
    content = b"fLaC" + bytes(17 << 20)
    folder.write("models/ink/a.flac", content)
    folder.write("models/ink/b.png", png())
    folder.model("examples: [a.flac, b.png]\n")
    commit(folder)
    large, small = at(folder).models[0].assets
    assert (large.sha256, large.size) == (sha256(content).hexdigest(), len(content))
    assert small.sha256 == sha256(png()).hexdigest()


def test_texts_in_git_lfs_are_a_problem(folder: Folder) -> None:
    folder.write("models/ink/x.md", pointer())
    folder.model("description: {file: x.md}\n")
    commit(folder)
    assert "Git does not have the text; keep texts out of Git LFS" in problems(folder)[0]


def test_what_was_read_of_a_blob_is_remembered(folder: Folder, tmp_path: Path) -> None:
    folder.write("models/ink/a.png", png(3, 4))
    folder.write("models/ink/b.webp", pointer())
    folder.model("examples: [a.png, b.webp]\n")
    commit(folder)
    path = tmp_path / "cache" / "digests.sqlite"
    with open_cache(path) as cache:
        first = load_commit(folder.root, "HEAD", known=cache.blobs(folder.root)).catalog
    oid = git(folder.root, "rev-parse", "HEAD:models/ink/a.png")
    (folder.root / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with open_cache(path) as cache:
        again = load_commit(folder.root, "HEAD", known=cache.blobs(folder.root)).catalog
    assert first
    assert again
    assert facts(first) == facts(again)


def test_a_shallow_clone_without_the_commit_says_what_to_fetch(folder: Folder) -> None:
    commit(folder)
    old = git(folder.root, "rev-parse", "HEAD")
    folder.model("shortDescription: later\n")
    commit(folder)
    lean = folder.root.parent / "lean"
    git(folder.root.parent, "clone", "-q", "--depth=1", folder.root.as_uri(), str(lean))
    with pytest.raises(UsageError) as caught:
        load_commit(lean, "HEAD~1")
    assert caught.value.message == "there is no commit 'HEAD~1' in this clone"
    assert "git fetch --unshallow" in caught.value.hint
    assert "fetch-depth: 0" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        load_commit(lean, old)
    assert caught.value.hint.endswith(f"git fetch --depth=1 origin {old}")
    assert load_commit(lean, "HEAD").catalog


def test_a_partial_clone_fetches_nothing(folder: Folder) -> None:
    folder.write("models/ink/a.png", png())
    folder.model("examples: [a.png]\n")
    commit(folder)
    git(folder.root, "config", "uploadpack.allowFilter", "true")
    url, lean = folder.root.as_uri(), folder.root.parent / "lean"
    git(folder.root.parent, "clone", "-q", "--no-checkout", "--filter=blob:none", url, str(lean))
    with pytest.raises(CatalogSyncError, match="Git does not have the content of object") as caught:
        load_commit(lean, "HEAD")
    assert "git fetch --refetch --no-filter" in caught.value.hint
    git(lean, "fetch", "-q", "--refetch", "--no-filter")
    assert load_commit(lean, "HEAD").catalog


def test_a_clone_that_lacks_a_tree_is_an_error_and_not_half_a_catalog(folder: Folder) -> None:
    folder.write("models/z/model.yaml", MODEL.replace("Ink", "Z"))
    commit(folder)
    oid = git(folder.root, "rev-parse", "HEAD:models/z")
    (folder.root / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(CatalogSyncError, match="git ls-tree cannot list the commit"):
        load_commit(folder.root, "HEAD")


@pytest.mark.parametrize("ref", ["", "-h", "--all", "nope", "a b", "main:catalog.yaml", "\n", "é"])
def test_what_is_no_commit_is_refused(folder: Folder, ref: str) -> None:
    commit(folder)
    with pytest.raises(UsageError, match="no commit"):
        load_commit(folder.root, ref)


def test_outside_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is in no Git repository"):
        load_commit(Folder(tmp_path).root, "HEAD")


def test_a_repository_that_git_does_not_read_is_an_error(folder: Folder) -> None:
    commit(folder)
    folder.write(".git/HEAD", "nonsense")
    with pytest.raises(CatalogSyncError, match="git cannot read the repository: fatal"):
        load_commit(folder.root, "HEAD")


def test_without_git_it_says_what_to_install(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(folder)
    monkeypatch.setenv("PATH", os.fspath(folder.root))
    with pytest.raises(UsageError, match="there is no git"):
        load_commit(folder.root, "HEAD")
