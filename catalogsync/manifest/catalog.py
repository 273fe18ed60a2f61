"""Loading a catalog: every file read and checked, every problem of every file reported."""

import gc
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from catalogsync.errors import ManifestError, Problem, UsageError
from catalogsync.hashed import Hashed
from catalogsync.manifest.build import accept_dates, spec
from catalogsync.manifest.context import Context
from catalogsync.manifest.crosscheck import cross_check
from catalogsync.manifest.discover import Manifest, manifests
from catalogsync.manifest.document import Document, Written
from catalogsync.manifest.files import Files, Source
from catalogsync.manifest.folder import NOT_TRACKED, Folder, KnownFiles
from catalogsync.manifest.gist import gist, without_files
from catalogsync.manifest.later import Later
from catalogsync.manifest.root import CATALOG, MODELS
from catalogsync.manifest.settings import Settings, settings
from catalogsync.manifest.strict_yaml import MAX_BYTES
from catalogsync.manifest.tracked import Tracked
from catalogsync.manifest.valid import validate
from catalogsync.manifest.words import Unfit, visible
from catalogsync.manifest.yaml_errors import position
from catalogsync.model import Catalog, ModelSpec, State


def load(
    root: Path,
    *,
    known: KnownFiles | None = None,
    hashed: Hashed | None = None,
    tracked: Tracked | None = None,
    outlined: frozenset[str] = frozenset(),
) -> Catalog:
    """The catalog in a folder; raises `ManifestError` with everything that is wrong with it.

    A file that is `known` is opened and checked like any other, but not read. What is read whole
    is noted as `hashed`, for who sends it. Git is asked what it tracks, unless that is told. Of the
    models that are `outlined` texts and assets are not looked at: what they are called and say of
    others is there, and nothing else.
    """
    problems: list[Problem] = []
    with _opened(root, known, hashed, tracked) as folder:
        catalog = read(folder, problems, outlined=outlined)
    _raise_any(problems)
    return catalog


def completed(
    root: Path,
    catalog: Catalog,
    keys: Collection[str],
    *,
    known: KnownFiles | None = None,
    hashed: Hashed | None = None,
) -> Catalog:
    """The catalog with those models in whole that were outlined when it was loaded.

    Raises `ManifestError` with everything that is wrong with them.
    """
    problems: list[Problem] = []
    named = [spec for spec in catalog.models if spec.key in keys]
    found = [Manifest(spec.key, tuple(spec.source.path.split("/"))) for spec in named]
    states = {spec.key: spec.state for spec in catalog.models}
    with _opened(root, known, hashed) as folder, _without_collector():
        files = Files(folder)
        specs = _models(files, found, _settings(files, problems), problems, states)
    _raise_any(problems)
    whole = {spec.key: spec for spec in specs}
    models = tuple(whole.get(spec.key, spec) for spec in catalog.models)
    return replace(catalog, models=models, files={**catalog.files, **folder.by_digest})


def _opened(
    root: Path,
    known: KnownFiles | None,
    hashed: Hashed | None,
    tracked: Tracked | None = None,
) -> Folder:
    root = root.resolve()
    try:
        return Folder(root, known, hashed, tracked, Later())
    except OSError as error:
        raise UsageError(f"{root} cannot be opened: {error.strerror}") from None


def _raise_any(problems: list[Problem]) -> None:
    if problems:
        raise ManifestError(tuple(_summed_up(dict.fromkeys(problems))))


_MOST_UNTRACKED = 10
_NAMED = 3


def _summed_up(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems; that a catalog was never added to Git is one, however many files it has."""
    untracked = []
    for problem in problems:
        if problem.message.endswith(NOT_TRACKED):
            untracked.append(problem)
        else:
            yield problem
    if len(untracked) <= _MOST_UNTRACKED:
        yield from untracked
        return
    yield from sorted(untracked)[:_NAMED]
    message = f"{len(untracked) - _NAMED} more places name files that are {NOT_TRACKED}"
    hint = f"git add {MODELS}: only tracked files are uploaded"
    yield Problem(CATALOG, 1, 1, message, hint)


def read(
    source: Source,
    problems: list[Problem],
    *,
    may_be_empty: bool = False,
    others: frozenset[str] = frozenset(),
    outlined: frozenset[str] = frozenset(),
) -> Catalog:
    """The catalog in a source of files, as far as it can be read; what is wrong is reported.

    Manifests may refer to the keys of `others`, which are not read.
    """
    files = Files(source)
    with _without_collector():
        common = _settings(files, problems)
        usual = outlined | others
        found = [each for each in manifests(files, problems, usual) if each.key not in others]
        states = dict.fromkeys(others, State.PRESENT)
        specs = _models(files, found, common, problems, states, outlined)
    if not found and not may_be_empty:
        hint = "write models/<key>.yaml; an empty catalog would mean to delete every model"
        problems.append(Problem(CATALOG, 1, 1, "the catalog has no manifest", hint))
    return Catalog(
        name=common.name,
        models=tuple(specs),
        files=source.by_digest,
        targets=common.targets,
        default_target=common.default_target,
        policy=common.policy,
        ignore_tags=common.ignore_tags,
    )


@contextmanager
def _without_collector() -> Iterator[None]:
    """Holds Python's cycle collector still.

    Reading makes millions of values and no cycle, and looking for one takes a quarter of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _settings(files: Files, problems: list[Problem]) -> Settings:
    document = read_document(files, (CATALOG,), problems)
    return settings(document) if document else Settings()


def _models(
    files: Files,
    found: list[Manifest],
    common: Settings,
    problems: list[Problem],
    states: dict[str, State],
    outlined: frozenset[str] = frozenset(),
) -> list[ModelSpec]:
    """The models of the manifests; `states` are those of the others, and get theirs too."""
    written: dict[str, Written] = {}
    documents: dict[str, Document] = {}
    called: dict[str, ModelSpec] = {}
    for manifest in found:
        key, text = manifest.key, _read_text(files, manifest.parts, problems)
        states[key] = State.PRESENT
        if text is None:
            continue
        known = gist(manifest, text, common.defaults) if key in outlined else None
        if known:
            called[key] = known
            written[key] = Written(manifest.path, text, problems)
        elif document := _manifest(manifest.path, text, problems):
            documents[key] = document
    for key in _sharing_a_name(called, documents) if outlined else ():
        # Whose a model is may hang on all that is said of those of one name.
        outlined -= {key}
        if called.pop(key, None) and (
            document := _manifest(written[key].path, written[key].text, problems)
        ):
            documents[key] = document
    for key, document in documents.items():
        states[key] = _state(document)
        if key in outlined:
            document.value = without_files(document.value)
    context = Context(files, common, states)
    readable = [manifest for manifest in found if manifest.key in documents]
    specs = [*called.values(), *_specs(readable, documents, context, problems)]
    specs.sort(key=lambda spec: spec.key)
    cross_check(specs, written | documents)
    return specs


def _sharing_a_name(
    called: Mapping[str, ModelSpec], documents: Mapping[str, Document]
) -> list[str]:
    """The keys of the models that are called as another one is."""
    names = {key: spec.name for key, spec in called.items()}
    names |= {key: str(document.value.get("name")) for key, document in documents.items()}
    count = Counter(names.values())
    return [key for key, name in names.items() if count[name] > 1]


def _manifest(path: str, text: str, problems: list[Problem]) -> Document | None:
    """The document of a manifest; None, with the reason reported, if it cannot be taken for one."""
    document = Document(path, text, problems)
    if not document.readable:
        return None
    accept_dates(document.value)
    validate(document, "model")
    return document if isinstance(document.value, dict) else None


def _specs(
    found: list[Manifest],
    documents: dict[str, Document],
    context: Context,
    problems: list[Problem],
) -> list[ModelSpec]:
    """The models of the manifests; one that names a file which was put off is read again."""
    files = context.files
    specs: list[ModelSpec] = []
    waiting: list[int] = []
    for at, manifest in enumerate(found):
        document = documents[manifest.key]
        before, told, reported = files.put_off, document.told, len(problems)
        specs.append(_spec(manifest, documents, context))
        if files.put_off > before:
            waiting.append(at)
            document.told = told
            del problems[reported:]
    files.settle()
    for at in waiting:
        specs[at] = _spec(found[at], documents, context)
    return specs


def _state(document: Document) -> State:
    state = document.value.get("state", State.PRESENT)
    return State(state) if isinstance(state, str) else State.PRESENT


def _spec(manifest: Manifest, documents: dict[str, Document], context: Context) -> ModelSpec:
    if context.states[manifest.key] is not State.PRESENT:
        # What a model says that goes is never sent, and may speak of others that go, or of itself.
        context = replace(context, states=dict.fromkeys(context.states, State.PRESENT))
    return spec(documents[manifest.key], manifest, context)


def read_document(files: Files, parts: tuple[str, ...], problems: list[Problem]) -> Document | None:
    """One YAML file; None, with the reason reported, if it cannot be read as one."""
    text = _read_text(files, parts, problems)
    document = None if text is None else Document("/".join(parts), text, problems)
    return document if document and document.readable else None


def _read_text(files: Files, parts: tuple[str, ...], problems: list[Problem]) -> str | None:
    """What is in a text file; None, with the reason reported, if it is none."""
    path = "/".join(parts)
    try:
        return _text(files.read(parts, MAX_BYTES))
    except Unfit as unfit:
        problems.append(Problem(visible(path), 1, 1, unfit.message, unfit.hint))
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        line, column = position(before, len(before))
        message = "a byte that is not UTF-8"
        problems.append(Problem(visible(path), line, column, message, "save the file as UTF-8"))
    return None


def _text(data: bytes) -> str:
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise Unfit("a byte order mark at the start", "save the file as UTF-8 without one")
    return data.decode("utf-8")
