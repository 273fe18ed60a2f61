"""What is to be written, judged before it is: by the loader, the comparison and the rules.

Whatever would not load, would not be equal to the server, or would be refused by a plan is taken
out again by name, until nothing is left to be said against the rest.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from catalogsync.contents import Contents
from catalogsync.diff import TRAINING, Came, Change, Diff, ModelDiff, diff
from catalogsync.errors import ManifestError, Problem
from catalogsync.identity import Refusal
from catalogsync.manifest.words import visible
from catalogsync.model import AssetRef, Catalog, ModelSpec, RemoteModel
from catalogsync.pull.edits import LET_GO, Edit, Situation, WriteFile, edited, edits_for
from catalogsync.pull.fields import ATTRIBUTES, field_at, fields_with_gone, in_manifest
from catalogsync.pull.fresh import Surroundings, files, values
from catalogsync.pull.grounds import Draft, FileText, Grounds, Parts
from catalogsync.pull.selection import Kind, Note
from catalogsync.pull.taken import NOT_PULLED
from catalogsync.roundtrip.judge import Uneditable
from catalogsync.rules import refused_models
from catalogsync.values import dataclass

Load = Callable[
    [Mapping[Parts, bytes], Mapping[Parts, AssetRef]], tuple[Catalog, tuple[Problem, ...]]
]
"""The catalog as it would be with some texts and assets in it, and what would be wrong with it."""

_WHOLE = frozenset(("name", "type", "id", ""))
"""The fields that a manifest cannot do without."""

_BY_CODE = {"concept-twice": "concepts", "type-fixed": "type", "no-such-epoch": "epoch"}
_UNWRITABLE = (Uneditable, UnicodeEncodeError)
_UNSAID = "what the server has cannot be written so that a plan is empty"
_BY_HAND = "change it by hand, or put it back on the server with apply"


@dataclass(frozen=True, slots=True)
class _Complaint:
    key: str
    field: str
    message: str
    hint: str = ""


def drafted(grounds: Grounds, load: Load) -> Draft:
    """Write everything, let it be judged, take out what is complained of, and begin again."""
    work = _Work(grounds)
    while True:
        texts = work.texts()
        catalog, problems = load(texts, grounds.stored)
        complaints = list(work.problems(problems, texts))
        if not problems:
            complaints = list(work.differences(catalog))
        if not complaints:
            return work.draft(texts)
        before = work.size
        work.take_out(complaints)
        assert work.size != before, "what is complained of must become less"


class _Work:
    """What is still to be written, and what was said against the rest."""

    def __init__(self, grounds: Grounds) -> None:
        self._grounds = grounds
        # The listing that they were chosen from tells no texts.
        live, fresh = grounds.snapshot.models, grounds.selection.fresh
        self._fresh = {key: live[model.id] for key, model in fresh.items() if model.id in live}
        self._dropped: defaultdict[str, set[str]] = defaultdict(set)
        self._explicit: defaultdict[str, set[str]] = defaultdict(set)
        self._edits: dict[str, dict[str, Edit]] = {}
        self._owner: dict[Parts, str] = {}
        self._notes = list(grounds.selection.notes)
        self._before = _refusals(grounds.catalog, grounds.found)
        self._keys = {model_id: key for key, model_id in grounds.found.ids.items()}
        coming = self._coming_keys()
        for model in grounds.found.models:
            if model.key in grounds.written and model.remote:
                self._plan(model, coming)
        for spec in grounds.gone:
            self._edits[spec.key] = {"state": LET_GO}
            self._try(spec.key)

    def _coming_keys(self) -> Mapping[str, str]:
        """The key of every model that has a manifest, or is to get one, by its id."""
        return self._keys | {model.id: key for key, model in self._fresh.items()}

    def _plan(self, found: ModelDiff, keys: Mapping[str, str]) -> None:
        grounds, key = self._grounds, found.key
        at = Situation(
            found,
            grounds.written[key],
            grounds.found,
            keys,
            grounds.defaults,
            grounds.pictures.get(key, {}),
        )
        self._edits[key] = {}
        for edit in edits_for(at):
            if isinstance(edit, Edit):
                self._edits[key][edit.field] = edit
            else:
                name, unfit = edit
                self._note(key, name, Kind.REFUSED, unfit.message, unfit.hint)
        self._try(key)

    def _try(self, key: str) -> None:
        """Take out the edits that the way a manifest is written does not allow."""
        text = self._grounds.written[key].data.decode("utf-8")
        for name, edit in list(self._edits[key].items()):
            try:
                text = edited(text, edit.steps)
            except Uneditable as unfit:
                del self._edits[key][name]
                self._note(key, name, Kind.REFUSED, unfit.message, unfit.hint or _BY_HAND)

    def _note(self, key: str, name: str, kind: Kind, message: str, hint: str) -> None:
        self._notes.append(Note(key, name, kind, message, hint))

    def texts(self) -> dict[Parts, bytes]:
        """Every text file as it is to be."""
        self._owner = {}
        found: dict[Parts, bytes] = {}
        coming = self._coming_keys()
        for key, live in list(self._fresh.items()):
            new = self._new(key, live, coming)
            found |= {("models", key, name): data for name, data in new.items()}
        for key, edits in self._edits.items():
            written = self._grounds.written[key]
            steps = [step for edit in edits.values() for step in edit.steps]
            after = edited(written.data.decode("utf-8"), steps).encode()
            changed = {step.parts: step.data for step in steps if isinstance(step, WriteFile)}
            changed |= {written.parts: after} if after != written.data else {}
            self._owner |= dict.fromkeys(changed, key)
            found |= changed
        return found

    def _new(self, key: str, live: RemoteModel, keys: Mapping[str, str]) -> dict[str, bytes]:
        """The files of a new manifest; a text that no file can hold is taken out."""
        held = values(live, self._around(key, keys))
        held = {name: value for name, value in held.items() if name not in self._dropped[key]}
        try:
            made = self._files(key, held)
        except _UNWRITABLE:
            self._take_out_unwritable(key, held)
            return self._new(key, live, keys) if key in self._fresh else {}
        self._owner |= {("models", key, name): key for name in made}
        return made

    def _files(self, key: str, held: Mapping[str, Any]) -> dict[str, bytes]:
        return files(held, explicit=self._explicit[key], modeline=self._grounds.modeline)

    def _take_out_unwritable(self, key: str, held: Mapping[str, Any]) -> None:
        """Find the fields that no file can hold; if none by itself is to blame, all are."""
        found = []
        for name, value in held.items():
            try:
                self._files(key, {name: value})
            except _UNWRITABLE:
                found.append(name)
        message = "it holds what no file can hold"
        self.take_out(_Complaint(key, name, message) for name in found or [""])

    def _around(self, key: str, keys: Mapping[str, str]) -> Surroundings:
        grounds = self._grounds
        return Surroundings(
            grounds.snapshot,
            keys,
            grounds.catalog.ignore_tags,
            grounds.defaults,
            grounds.pictures.get(key, {}),
            grounds.modeline,
        )

    def problems(
        self, problems: Iterable[Problem], texts: Mapping[Parts, bytes]
    ) -> Iterator[_Complaint]:
        """Whose fault the loader's problems are."""
        problems = tuple(problems)
        by_path = {visible("/".join(parts)): parts for parts in self._owner}
        blamed = False
        for problem in problems:
            parts = by_path.get(problem.path)
            if parts is None:
                continue
            blamed = True
            name = field_at(parts, texts[parts], problem.line)
            message = problem.message.removeprefix(f"{name}: ")
            yield _Complaint(self._owner[parts], name, message, problem.hint)
        if problems and not blamed:
            yield from self._elsewhere(problems)

    def _elsewhere(self, problems: tuple[Problem, ...]) -> Iterator[_Complaint]:
        """Who may be meant where a manifest that is not ours has the problem.

        It may refer to a model that is to go, or close a circle of concepts.
        """
        message = problems[0].message
        going = [key for key, edits in self._edits.items() if "state" in edits]
        for key in [key for key in going if f'"{key}"' in message] or going:
            yield _Complaint(key, "state", f"{problems[0].path}: {message}", problems[0].hint)
        if going:
            return
        ours = [key for key in self._fresh if "concepts" not in self._dropped[key]]
        ours += [key for key, edits in self._edits.items() if "concepts" in edits]
        named = [key for key in ours if key in message.split()] or ours
        if not named:
            raise ManifestError(problems)
        yield from (_Complaint(key, "concepts", message) for key in named)

    def differences(self, catalog: Catalog) -> Iterator[_Complaint]:
        """What a plan would still say of what is to be written."""
        keys = self._grounds.selection.edited | self._fresh.keys()
        given = self._grounds
        after = diff(
            catalog, given.snapshot, keys=frozenset(keys), base=given.base, today=given.today
        )
        specs = {spec.key: spec for spec in catalog.models}
        yield from self._refused(_refusals(catalog, after), specs, after.contents)
        for model in after.models:
            differing = {in_manifest(change.field) for change in model.changes} - NOT_PULLED
            if model.key in self._fresh:
                yield from (_Complaint(model.key, name, _UNSAID) for name in sorted(differing))
            undone = {change.field for change in model.changes if _is_wrong(change)}
            for name in sorted(undone & self._edits.get(model.key, {}).keys()):
                yield _Complaint(model.key, name, _UNSAID, _BY_HAND)
        yield from self._strays(specs)

    def _refused(
        self, refusals: Iterable[Refusal], specs: Mapping[str, ModelSpec], contents: Contents
    ) -> Iterator[_Complaint]:
        for refusal in refusals:
            said = refusal.message, refusal.hint
            if refusal.model in self._fresh:
                named = _BY_CODE.get(refusal.code, "")
                spec = specs[refusal.model]
                gone = refusal.code == "no-such-asset"
                fields = list(fields_with_gone(spec, contents)) if gone else [named]
                yield from (_Complaint(spec.key, name, *said) for name in fields)
            elif refusal not in self._before and self._edits.get(refusal.model):
                yield _Complaint(refusal.model, "", *said)

    def _strays(self, specs: Mapping[str, ModelSpec]) -> Iterator[_Complaint]:
        """Edits that change what another field or another manifest says: by a file in common."""
        for spec in self._grounds.catalog.models:
            meant = set(self._edits.get(spec.key, ()))
            meant |= TRAINING.keys() if meant & TRAINING.keys() else set()
            changed = {
                name
                for name, attribute in ATTRIBUTES.items()
                if getattr(spec, attribute) != getattr(specs[spec.key], attribute)
            }
            for name in sorted(changed - meant):
                folder = tuple(spec.source.path.split("/"))[:-1]
                for key, edits in self._edits.items():
                    for edit in edits.values():
                        steps = [step for step in edit.steps if isinstance(step, WriteFile)]
                        if any(step.parts[: len(folder)] == folder for step in steps):
                            message = f"its file is also the {name} of {spec.key}"
                            yield _Complaint(key, edit.field, message, "give each a file")

    def take_out(self, complaints: Iterable[_Complaint]) -> None:
        """Write less, or otherwise, and say so."""
        for each in dict.fromkeys(complaints):
            if each.key in self._fresh:
                self._take_out_of_new(each)
            elif each.key in self._edits:
                self._take_back(each)

    def _take_out_of_new(self, each: _Complaint) -> None:
        key, name = each.key, each.field
        if name in _WHOLE:
            del self._fresh[key]
            message = f"{name}: {each.message}" if name else each.message
            hint = "give it another in the web page" if name == "name" else each.hint
            self._notes = [note for note in self._notes if note.model != key]
            self._note(key, "", Kind.REFUSED, message, hint)
        elif name not in self._explicit[key] | self._dropped[key]:
            self._explicit[key].add(name)
        elif name not in self._dropped[key]:
            self._dropped[key].add(name)
            self._note(key, name, Kind.LEFT_OUT, each.message, each.hint)
        else:
            del self._fresh[key]
            hint = "look at defaults in catalog.yaml: they add to what the server has"
            self._note(key, name, Kind.REFUSED, each.message, hint)

    def _take_back(self, each: _Complaint) -> None:
        edits = self._edits[each.key]
        meant = [name for name in edits if each.field in (name, in_manifest(name))]
        for name in meant or list(edits):
            edit = edits.pop(name)
            if edit.otherwise:
                edits[name] = replace(edit, steps=edit.otherwise, otherwise=())
            else:
                self._note(each.key, name, Kind.REFUSED, each.message, each.hint or _BY_HAND)

    @property
    def size(self) -> tuple[int, ...]:
        """What tells one state of the work from the next."""
        edits = [edit for held in self._edits.values() for edit in held.values()]
        return (
            len(self._fresh),
            sum(map(len, self._explicit.values())),
            sum(map(len, self._dropped.values())),
            len(edits) + sum(1 for edit in edits if edit.otherwise),
        )

    def draft(self, texts: Mapping[Parts, bytes]) -> Draft:
        """What is left, as it was judged."""
        olds = {
            parts: data
            for written in self._grounds.written.values()
            for parts, data in [(written.parts, written.data), *written.texts.values()]
        }
        found: defaultdict[str, list[FileText]] = defaultdict(list)
        for parts, after in texts.items():
            if olds.get(parts) != after:
                found[self._owner[parts]].append(FileText(parts, olds.get(parts), after))
        live = self._grounds.snapshot.models
        ids = self._grounds.found.ids
        named = {key: live[ids[key]] for key in self._edits if key in ids} | self._fresh
        names = {key: (model.name, model.id) for key, model in named.items()}
        names |= {spec.key: (spec.name, spec.id) for spec in self._grounds.gone}
        return Draft(
            files=dict(sorted((key, tuple(held)) for key, held in found.items())),
            fields={key: tuple(edits) for key, edits in self._edits.items()},
            names=names,
            notes=tuple(sorted(set(self._notes))),
            remarks=tuple(
                (key, edit.said)
                for key, edits in sorted(self._edits.items())
                for edit in edits.values()
                if edit.said
            ),
        )


def _is_wrong(change: Change) -> bool:
    """Whether a difference that is left is more than Git's own change."""
    return change.came is not Came.PENDING


def _refusals(catalog: Catalog, found: Diff) -> frozenset[Refusal]:
    return frozenset((*found.refusals, *refused_models(catalog, found)))
