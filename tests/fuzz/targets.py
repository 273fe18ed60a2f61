"""Everything that reads what others wrote, each with what must hold whatever was written."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from catalogsync.codec import Mismatch, as_data, from_data
from catalogsync.errors import BadPlan, ManifestError, Problem, UsageError
from catalogsync.manifest import load
from catalogsync.manifest.document import MAX_PROBLEMS
from catalogsync.manifest.lfs import pointer
from catalogsync.manifest.schemas import Name, quick_test, validator
from catalogsync.manifest.strict_yaml import HOLE, MAX_DEPTH, MAX_NODES, parse
from catalogsync.manifest.text import local_path, mentions, pieces
from catalogsync.manifest.words import Unfit, visible
from catalogsync.model import Catalog, ModelSpec, RemoteModel, Snapshot
from catalogsync.review.markdown import render_markdown
from catalogsync.review.saved import SavedPlan, opened, saved_document, sealed
from catalogsync.review.text import render_plan
from catalogsync.snapshots import SavedSnapshot, parsed, written
from tests.engine.catalogs import HOSTILE
from tests.fuzz.mutations import TEXT_TOKENS, YAML_TOKENS, mutated, rearranged
from tests.manifest.support import CATALOG, MODEL, png
from tests.manifest.support import pointer as a_pointer
from tests.review.plans import plan_of

EXAMPLES = Path(__file__).parent.parent.parent / "examples/catalog"


@dataclass(frozen=True, slots=True)
class Target:
    """One reader: input near what it takes, and a check that raises where a promise is broken.

    The check is given a folder that `prepare` made ready.
    """

    name: str
    inputs: st.SearchStrategy[bytes]
    check: Callable[[bytes, Path], None]
    prepare: Callable[[Path], None] = lambda folder: None


def _catalog(folder: Path) -> None:
    """A small catalog; `catalog.yaml` and the model `ink` are to be written over."""
    images = folder / "models/ink/images"
    images.mkdir(parents=True)
    for name in ("01.webp", "02.png", "cover.webp"):
        (images / name).write_bytes(png(mark=name) if name.endswith("png") else _WEBP)
    (folder / "models/ink/description.md").write_text("![x](images/02.png) {model:other}\n")
    (folder / "models/other.yaml").write_text(MODEL)
    (folder / "catalog.yaml").write_text(CATALOG)
    (folder / "models/ink/model.yaml").write_text(MODEL)


_WEBP = (EXAMPLES / "models/ink-heroes/images/cover.webp").read_bytes()
_MODELS = [path.read_bytes() for path in sorted(EXAMPLES.glob("models/*/model.yaml"))]
_RICH = b"""name: Ink
type: flux.1-composition
shortDescription: Comic heroes
tags: [comic, "ink: b"]
description: "![x](images/01.webp) {model:other} {asset:images/02.png}"
promptGuide: {file: description.md}
thumbnail: images/cover.webp
examples:
  - images/02.png
  - {glob: "images/*.webp"}
  - {url: "https://example.org/a.png"}
  - {asset: asset_1}
collections: [Comics]
concepts:
  - {model: other, scale: 0.5}
classSlug: art-style
epoch: "000001"
promptEmbedding: a
negativePromptEmbedding: ""
protect: true
state: present
renamedFrom: old
"""


def _check_model(data: bytes, folder: Path) -> None:
    (folder / "models/ink/model.yaml").write_bytes(data)
    _check_load(folder, data)


def _check_settings(data: bytes, folder: Path) -> None:
    (folder / "catalog.yaml").write_bytes(data)
    _check_load(folder, data)


def _check_load(folder: Path, data: bytes) -> None:
    """A catalog that survives the codec, or problems with places to look at."""
    try:
        catalog = load(folder)
    except ManifestError as error:
        _check_problems(error.problems, data)
    else:
        _check_catalog(catalog)


def _check_problems(problems: Sequence[Problem], data: bytes) -> None:
    assert 1 <= len(problems) <= 2 * (MAX_PROBLEMS + 1)
    # YAML and Python count lines by different signs.
    lines = len(re.findall(rb"\r\n|[\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9]", data)) + 1
    for problem in problems:
        assert problem.path
        assert 1 <= problem.line <= max(lines, 3), problem
        assert problem.column >= 1
        assert problem.message
        assert str(problem).isprintable(), problem
        assert len(problem.message) <= 1000, problem


def _says(*texts: str) -> None:
    assert all(texts)


def _check_catalog(catalog: Catalog) -> None:
    for spec in catalog.models:
        again = from_data(ModelSpec, json.loads(json.dumps(as_data(spec))))
        assert again == spec
        assert as_data(again) == as_data(spec)
        json.dumps(as_data(spec), ensure_ascii=False).encode()  # no half of a surrogate pair


def _check_yaml(data: bytes, folder: Path) -> None:
    """A value within the limits, and both readers of a schema of one mind about it."""
    value, flaws = parse(data.decode("utf-8", "replace"))
    for flaw in flaws:
        assert flaw.line >= 1
        assert flaw.column >= 1
        assert flaw.message
    if value is HOLE:
        assert flaws
        return
    assert _size(value, MAX_DEPTH) <= MAX_NODES
    names: tuple[Name, ...] = ("model", "catalog")
    for name in names:
        assert quick_test(name)(value) == validator(name).is_valid(value)


def _size(value: Any, depth: int) -> int:
    """How many values there are in a value, which may go no deeper than that."""
    if not isinstance(value, dict | list):
        return 1
    assert depth > 0, "deeper than allowed"
    items = value.values() if isinstance(value, dict) else value
    return 1 + sum(_size(each, depth - 1) for each in items)


def _check_markdown(data: bytes, folder: Path) -> None:
    """Mentions in order and inside of the text, which they and the rest make up again."""
    text = data.decode("utf-8", "surrogatepass") if _decodes(data) else data.decode("latin-1")
    found = list(mentions(text))
    for before, after in pairwise(found):
        assert before.end <= after.start
    between = list(pieces(text, found))
    assert len(between) == len(found) + 1
    whole = between[0]
    for each, piece in zip(found, between[1:], strict=True):
        assert 0 <= each.start < each.end <= len(text)
        whole += text[each.start : each.end] + piece
        if each.kind == "image":
            _check_path(each.argument)
    assert whole == text


def _check_path(target: str) -> None:
    try:
        path = local_path(target)
    except Unfit as unfit:
        _says(unfit.message)
    else:
        assert path is None or path


def _decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _check_visible(data: bytes, folder: Path) -> None:
    """Text that prints, twice the same, and untouched where it printed already."""
    text = data.decode("utf-8", "surrogatepass") if _decodes(data) else data.decode("latin-1")
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown
    assert shown == text or not text.isprintable()
    shown.encode()


def _check_pointer(data: bytes, folder: Path) -> None:
    """No pointer, a damaged one, or one that says what is in it."""
    try:
        found = pointer(data)
    except Unfit as unfit:
        _says(unfit.hint)
        return
    if found is not None:
        assert re.fullmatch("[0-9a-f]{64}", found.sha256)
        assert found.sha256.encode() in data
        assert str(found.size).encode() in data


def _check_plan(data: bytes, folder: Path) -> None:
    """A plan that can be shown and saved again, or a sentence about the file; the same resealed."""
    for content in (data, _resealed(data)):
        try:
            saved = opened(content, "plan.json")
        except BadPlan as bad:
            _says(bad.hint)
            str(bad).encode("utf-8", "backslashreplace")
            continue
        again = sealed(saved_document(saved))
        assert sealed(saved_document(opened(again.encode(), "again"))) == again
        "\n".join(str(line.text) for line in render_plan(saved.plan)).encode()
        render_markdown(saved.plan).encode()


def _resealed(data: bytes) -> bytes:
    """The document with all its digests as they have to be, as far as it is one."""
    document: Any = None
    try:
        document = json.loads(data)
        parts = {**document, "type": "SavedPlan", "plan": document}
        plan = from_data(SavedPlan, parts).plan
        document["digest"] = plan.digest
        for told, model in zip(document.get("models", []), plan.models, strict=True):
            told["digest"] = model.digest
    except (ValueError, TypeError, RecursionError):
        pass
    try:
        return sealed(document).encode()
    except (TypeError, ValueError, RecursionError):
        return data


def _check_snapshot(data: bytes, folder: Path) -> None:
    """A snapshot that is written as it was read, or a sentence; the same with a right digest."""
    body = data.partition(b"\n")[2]
    right = b'{"digest": "sha256:%s",\n' % hashlib.sha256(body).hexdigest().encode() + body
    whole = data.removeprefix(b"{")
    digest = hashlib.sha256(whole).hexdigest().encode()
    for content in (data, right, b'{"digest": "sha256:%s",\n' % digest + whole):
        try:
            found = parsed(content)
        except UsageError as error:
            _says(error.hint)
            continue
        text = written(found)
        assert text.isascii()
        assert written(parsed(text.encode())) == text


def _check_codec(data: bytes, folder: Path) -> None:
    """A value that gives back what it was made of, or a word about where it does not fit."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    for kind in (ModelSpec, RemoteModel, Snapshot, SavedPlan):
        try:
            found = from_data(kind, value)
        except Mismatch as mismatch:
            _says(str(mismatch))
        else:
            told = as_data(found)
            assert as_data(from_data(kind, json.loads(json.dumps(told)))) == told


def _json(*values: object) -> list[bytes]:
    return [json.dumps(as_data(value)).encode() for value in values]


_PLANS = [
    sealed(saved_document(SavedPlan(plan_of(text), "2026-03-01T12:00:00Z"))).encode()
    for text in ("x", *HOSTILE[-3:])
]
_REMOTE = RemoteModel(
    id="model_1",
    name="Ink",
    type="custom",
    status="trained",
    updated_at="2026",
    tags=frozenset({"b", "a"}),
)
_SNAPSHOT = Snapshot({"model_1": _REMOTE}, {}, {"c": "Comics"})
_SAVED = SavedSnapshot("acme", "main", "proj_1", "2026-03-01T12:00:00Z", _SNAPSHOT)
_SNAPSHOTS = [written(_SAVED).encode()]
_SPECS = _json(ModelSpec(key="ink", name="Ink", type="custom"), _REMOTE, _SNAPSHOT)
_TEXTS = [text.encode() for text in HOSTILE if text]
_TEXTS.append(b"![pose](images/pose.webp) `code` {asset:a.png}\n\n~~~\n{model:x}\n~~~\n")

TARGETS: Sequence[Target] = (
    Target("model", mutated([_RICH, *_MODELS], YAML_TOKENS), _check_model, _catalog),
    Target(
        "settings",
        mutated([(EXAMPLES / "catalog.yaml").read_bytes(), CATALOG.encode()], YAML_TOKENS),
        _check_settings,
        _catalog,
    ),
    Target("yaml", mutated([_RICH, *_MODELS], YAML_TOKENS), _check_yaml),
    Target("markdown", mutated(_TEXTS, TEXT_TOKENS), _check_markdown),
    Target("visible", mutated(_TEXTS, TEXT_TOKENS), _check_visible),
    Target("pointer", mutated([a_pointer()], TEXT_TOKENS), _check_pointer),
    Target("plan", rearranged(_PLANS) | mutated(_PLANS, TEXT_TOKENS), _check_plan),
    Target("snapshot", rearranged(_SNAPSHOTS) | mutated(_SNAPSHOTS, TEXT_TOKENS), _check_snapshot),
    Target("codec", rearranged(_SPECS), _check_codec),
)
