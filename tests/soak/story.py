"""Stories of a catalog: people edit manifests and models, applies run, die and meet faults."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from catalogsync.actions import RemoveTrainingImages, RestoreModel
from catalogsync.errors import CatalogSyncError
from catalogsync.events import Event, Requested, Tell, tell_nobody
from catalogsync.model import (
    Catalog,
    Mention,
    ModelRef,
    ModelSpec,
    RemoteModel,
    State,
    Text,
)
from catalogsync.outcome import Outcome, Status
from catalogsync.sandbox.faults import Faults
from catalogsync.sandbox.server import Running
from tests.engine.catalogs import KEYS, HandEdit, agreeing, catalogs, hand_edits, specs
from tests.engine.fake import Crash
from tests.engine.run import plan, run
from tests.soak.mixes import MIXES
from tests.soak.oracle import PREFIX, Oracle, by_key, mark, marks, unlike, untrue
from tests.soak.project import Project
from tests.soak.schedule import manageable, undone

FILES_MIX = MIXES[0]
OTHERS_MARK = f"{PREFIX}others/alpha"
Edit = tuple[object, ...]
keys = st.sampled_from(KEYS)
picks = st.integers(0, 7)
manifests = keys.flatmap(lambda key: specs(key, KEYS))
flags = st.booleans()


def _called(name: str, *arguments: st.SearchStrategy[object]) -> st.SearchStrategy[Edit]:
    """A method of a story, and what to call it with."""
    return st.tuples(st.just(name), *arguments)


to_manifests = (
    _called("rename_file", picks, keys, flags),
    _called("set_state", picks, st.sampled_from(State)),
    _called("delete_file", picks),
    _called("pin", picks, st.none() | picks),
    _called("protect", picks, flags),
)
by_hand = (
    _called("change", picks, hand_edits),
    _called("rename", picks, st.sampled_from(("Renamed", "Ink alpha", "Nobody's"))),
    _called("delete", picks),
    _called("delete_ours", picks),
    _called("unmark", picks),
    _called("publish", picks),
    _called("add", picks),
    _called("copy_mark", picks, keys),
)
edits = st.lists(st.one_of(_called("write", manifests), *to_manifests, *by_hand), max_size=3)
runs = st.one_of(
    _called("apply", flags, st.sampled_from((1, 4))),
    _called("apply_and_die", flags, st.integers(0, 40)),
    _called("apply_under_faults", flags, st.integers(0, 2**32)),
)


@dataclass(frozen=True)
class Stage:
    """Where stories are told: a sandbox, its faults and the files that manifests name."""

    server: Running
    faults: Faults
    files: Path


def dying_after(requests: int) -> Tell:
    """Ends the process, as it were, once so many requests were answered."""
    left = requests

    def tell(event: Event) -> None:
        nonlocal left
        left -= isinstance(event, Requested)
        if left < 0:
            raise Crash

    return tell


class Story(RuleBasedStateMachine):
    """What happens to one catalog and its project, and what must hold whatever happens."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.stage.faults.stop()
        self.project = Project(self.stage.server, self.stage.files)
        self.specs: dict[str, ModelSpec] = {}
        self.copied: set[str] = set()

    @initialize(catalog=catalogs())
    def begin(self, catalog: Catalog) -> None:
        """Some manifests, a model of another catalog and one of nobody."""
        for spec in catalog.models:
            self.write(spec)
        self.project.control.create_model(self.project.id, name="Theirs", tags=[OTHERS_MARK])
        self.project.control.create_model(self.project.id, name="Nobody's")

    @rule(edits=edits, then=runs)
    def day(self, edits: list[Edit], then: Edit) -> None:
        """People edit what they like, and a run follows."""
        for name, *arguments in (*edits, then):
            getattr(self, str(name))(*arguments)

    # Manifests

    def write(self, spec: ModelSpec) -> None:
        """Write a manifest, or another one in its place."""
        old = self.specs.get(spec.key, spec)
        fitting = manageable(spec, FILES_MIX)
        self.specs[spec.key] = replace(fitting, id=old.id, renamed_from=old.renamed_from)

    def rename_file(self, pick: int, key: str, told: bool) -> None:
        """Give a manifest another key, and say so or not."""
        old = self._spec(pick)
        if old and key not in self.specs:
            del self.specs[old.key]
            self.specs[key] = replace(old, key=key, renamed_from=old.key if told else "")

    def set_state(self, pick: int, state: State) -> None:
        """Let a manifest's model go, or want it back."""
        self._rewrite(pick, state=state)

    def delete_file(self, pick: int) -> None:
        """Delete a manifest."""
        old = self._spec(pick)
        if old:
            del self.specs[old.key]

    def pin(self, pick: int, model: int | None) -> None:
        """Name a model by its id, whosever it is, or no more."""
        model_id = "" if model is None else self._model(model).id
        if model_id not in {spec.id for spec in self.specs.values()} - {""}:
            self._rewrite(pick, id=model_id)

    def protect(self, pick: int, protect: bool) -> None:
        """Protect a model, or no more."""
        self._rewrite(pick, protect=protect)

    # By hand, on the server

    def change(self, pick: int, edit: HandEdit) -> None:
        """Change a model's tags, texts, examples and training data."""
        model = self._model(pick)
        at = edit.shuffle % (len(model.examples) + 1)
        known = frozenset(tag for tag in model.tags if not tag.startswith(PREFIX))
        with self.project.client() as person:
            person.update_model(model.id, {"shortDescription": edit.short_description[:256]})
            person.edit_tags(
                model.id, add=sorted(edit.tags - known), delete=sorted(known - edit.tags)
            )
            person.set_description(model.id, edit.description)
            person.set_examples(model.id, model.examples[at:] + model.examples[:at])
            held = person.get_model(model.id)
            images = held.training_images or ()
            person.set_training_pairs(model.id, (held.training_pairs or ())[::-1])
            for image in images[-1:]:
                person.set_caption(image.asset.id, edit.caption)
            for image in images[: edit.drop_images]:
                person.remove_training_image(model.id, image.asset.id)
            person.update_model(model.id, {"parameters": {"rank": 3}})

    def rename(self, pick: int, name: str) -> None:
        """Call a model something else."""
        with self.project.client() as person:
            person.update_model(self._model(pick).id, {"name": name})

    def delete(self, pick: int) -> None:
        """Delete a model."""
        with self.project.client() as person:
            person.delete_model(self._model(pick).id)

    def delete_ours(self, pick: int) -> None:
        """Delete a model that a manifest may want back."""
        ours = [model for model in self.project.models().values() if marks(model)]
        if ours:
            with self.project.client() as person:
                person.delete_model(ours[pick % len(ours)].id)

    def unmark(self, pick: int) -> None:
        """Take the tags off that make a model ours."""
        model = self._model(pick)
        self.project.control.set_fields(model.id, tags=sorted(model.tags - marks(model)))

    def publish(self, pick: int) -> None:
        """Make a model public."""
        self.project.control.set_fields(self._model(pick).id, privacy="public")

    def add(self, pick: int) -> None:
        """Make a model that no manifest knows, perhaps under the name of one."""
        spec = self._spec(pick)
        name = spec.name if spec and pick % 2 else "Another"
        self.project.control.create_model(self.project.id, name=name)

    def copy_mark(self, pick: int, key: str) -> None:
        """Put the tag of a key on whatever model."""
        model = self._model(pick)
        tags = model.tags | {mark(self._catalog(), key)}
        self.project.control.set_fields(model.id, tags=sorted(tags))
        self.copied.add(key)

    # Runs

    def apply(self, prune: bool, jobs: int) -> None:
        """Apply, while nothing goes wrong: it does all that it does not refuse."""
        outcomes = self._run(prune, jobs=jobs)
        if any(isinstance(outcome.action, RestoreModel) for outcome in outcomes):
            # What a deleted model is trained on cannot be read: what is too much goes now.
            rest = self._run(prune, jobs=jobs)
            assert {type(outcome.action) for outcome in rest} <= {RemoveTrainingImages}, rest
            outcomes = [*outcomes, *rest]
        assert {outcome.status for outcome in outcomes} <= {Status.DONE}, outcomes
        with self.project.client() as client:
            left = plan(client, self._catalog(), prune=prune)
            refused = {refusal.model for refusal in left.refusals}
            assert not left.actions, left.actions
            wrong = unlike(client, self._catalog(), self.project.models(), refused)
        assert not wrong, wrong
        twice = {key for key, ids in self._held().items() if len(ids) > 1}
        assert twice & self.specs.keys() <= refused
        unfinished = f"{PREFIX}unfinished"
        ours = by_key(self._catalog(), self.project.models())
        for key in self.specs.keys() - refused:
            for model_id in ours.get(key, ()):
                assert unfinished not in self.project.models()[model_id].tags

    def apply_and_die(self, prune: bool, requests: int) -> None:
        """Apply, and die after a number of requests."""
        with suppress(Crash):
            self._run(prune, jobs=1, tell=dying_after(requests))

    def apply_under_faults(self, prune: bool, seed: int) -> None:
        """Apply while requests go wrong."""
        rules = FILES_MIX.rules(Random(seed))
        catalog = self._catalog()
        outcomes: list[Outcome] = []
        with suppress(CatalogSyncError):  # it says that it failed
            outcomes = self._run(
                prune, jobs=4, trouble=lambda: self.stage.faults.start(seed, rules)
            )
        with self.project.client() as client:
            left = plan(client, catalog, prune=prune)
        done = [outcome.action for outcome in outcomes if outcome.status is Status.DONE]
        assert not undone(done, left), (done, left)

    @invariant()
    def nothing_is_there_twice(self) -> None:
        """No key has two models unless somebody copied its tag, no content two assets."""
        twice = {key for key, ids in self._held().items() if len(ids) > 1}
        assert twice <= self.copied, twice
        held = self.project.held()
        assert not [digest for digest, times in held.items() if times > 1 or not digest], held

    def _run(
        self,
        prune: bool,
        *,
        jobs: int,
        tell: Tell = tell_nobody,
        trouble: Callable[[], None] = lambda: None,
    ) -> list[Outcome]:
        """Run the whole engine once, and see that it did no harm and told no lies."""
        catalog, before = self._catalog(), self.project.models()
        oracle = Oracle(catalog, prune, before, self.project.deleted(), self.project.collections())
        outcomes: list[Outcome] = []
        trouble()
        try:
            with self.project.client(tell) as client:
                outcomes = run(client, catalog, self.project.opened, prune=prune, jobs=jobs)
        finally:
            self.stage.faults.stop()
            self.project.wait_until_it_accepts()
            after = self.project.models()
            wrong = oracle.wrongs(after)
            wrong += untrue(outcomes, catalog, before, after, self.project.held())
            assert not wrong, wrong
        return outcomes

    def _catalog(self) -> Catalog:
        """The manifests, as far as they can stand together."""
        there = {key for key, spec in self.specs.items() if spec.state is State.PRESENT}
        taken = set(self.specs)
        found = []
        for key in sorted(self.specs):
            spec = self.specs[key]
            spec = replace(
                spec, renamed_from="" if spec.renamed_from in taken else spec.renamed_from
            )
            taken.add(spec.renamed_from)
            found.append(_referring(spec, there))
        return Catalog(name="acme", models=agreeing(found))

    def _held(self) -> dict[str, list[str]]:
        return by_key(self._catalog(), self.project.models())

    def _spec(self, pick: int) -> ModelSpec | None:
        return list(self.specs.values())[pick % len(self.specs)] if self.specs else None

    def _rewrite(self, pick: int, **fields: object) -> None:
        spec = self._spec(pick)
        if spec:
            self.specs[spec.key] = replace(spec, **fields)  # type: ignore[arg-type]

    def _model(self, pick: int) -> RemoteModel:
        """One of the models on the server; there is always one, or somebody makes one."""
        models = list(self.project.models().values())
        if not models:
            self.project.control.create_model(self.project.id, name="Nobody's")
            models = list(self.project.models().values())
        return models[pick % len(models)]


def _referring(spec: ModelSpec, there: set[str]) -> ModelSpec:
    """A manifest without what it says of models that are not there, or would lead in a circle."""

    def text(found: Text | None) -> Text | None:
        return found and Text(tuple(part for part in found.parts if not _leads_away(part)))

    def _leads_away(part: str | Mention) -> bool:
        target = part.target if isinstance(part, Mention) else None
        return isinstance(target, ModelRef) and target.key not in there

    earlier = there & set(KEYS[: KEYS.index(spec.key)])
    concepts = tuple(each for each in spec.concepts or () if each.model.key in earlier)
    return replace(
        spec,
        description=text(spec.description),
        prompt_guide=text(spec.prompt_guide),
        concepts=None if spec.concepts is None else concepts,
    )
