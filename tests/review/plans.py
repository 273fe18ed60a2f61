"""Plans made by hand: one foreign text everywhere a plan can hold one, and as many as wanted."""

from dataclasses import replace

from catalogsync.actions import (
    AdoptModel,
    CreateModel,
    DeleteModel,
    ForgetModel,
    ModelAction,
    RestoreModel,
    SetExamples,
    UpdateModel,
    UploadAsset,
)
from catalogsync.diff import Accepted, Came, Change, Hunk, Placed, Verb
from catalogsync.errors import Rejected
from catalogsync.identity import Refusal
from catalogsync.model import AssetRef, Price, TrainingImage, TrainingPair
from catalogsync.outcome import Outcome, Status
from catalogsync.plan import Base, ModelPlan, Orphan, Plan
from catalogsync.training_due import TrainingDue, Why

VERBS: dict[Verb, ModelAction] = {
    Verb.CREATE: CreateModel("", (), ()),
    Verb.RESTORE: RestoreModel("", "", (), ""),
    Verb.ADOPT: AdoptModel("", (), ()),
    Verb.UPDATE: UpdateModel("", ()),
    Verb.FORGET: ForgetModel("", ()),
    Verb.DELETE: DeleteModel(""),
}


def picture(name: str, number: int = 1) -> AssetRef:
    return AssetRef(sha256=f"{number:064x}", name=name, size=12_345, width=640, height=480)


def model(verb: Verb, key: str, text: str) -> ModelPlan:
    """A model of which everything changes, with a foreign text in every place."""
    ref = picture(text)
    changes = (
        Change(key, ("owner",), None, text),
        Change(key, ("shortDescription",), f"was {text}", text),
        Change(key, ("concepts", text, "scale"), 0.5, None),
        Change(key, ("protect",), False, True),
        Change(key, ("tags", text), None, text),
        Change(key, ("tags", f"old {text}"), f"old {text}", None),
        Change(key, ("collections", text), None, text),
        Change(key, ("thumbnail",), AssetRef(id=text), ref),
        Change(key, ("examples", "a"), None, Placed(1, ref)),
        Change(key, ("examples", "b"), Placed(2, ref), Placed(3, ref)),
        Change(key, ("examples", "c"), Placed(4, ref), Placed(4, ref)),
        Change(key, ("examples", "d"), Placed(5, ref), None),
        Change(key, ("trainingImages", "a"), None, TrainingImage(ref, text)),
        Change(key, ("trainingImages", "b"), TrainingImage(ref, text), None),
        Change(key, ("trainingImages", "c"), TrainingImage(ref, "x"), TrainingImage(ref, text)),
        Change(key, ("trainingImagePairs",), (), (TrainingPair(ref, AssetRef(id=text), text),)),
        Change(key, ("parameters", "conceptPrompt"), None, text),
        Change(key, ("parameters", "samplePrompts"), (), (text, "x")),
        Change(key, ("description",), f"old\n{text}\nsame", f"new\n{text}\n{text}\nsame"),
        Change(key, ("promptGuide",), text + "x", text + "y"),
    )
    action = replace(VERBS[verb], model=key)
    model_id = "" if verb is Verb.CREATE else f"model_{text}"
    name = f"Name {text}"
    told = tuple(map(edited, changes))
    came = Came.CONFLICT if verb is Verb.DELETE else Came.DRIFT
    return ModelPlan(key, name, verb, model_id, told, (action,), f"note {text}", came=came)


def edited(change: Change) -> Change:
    """A change that would undo an edit, the description's by both sides."""
    hunks = (Hunk(Came.CONFLICT, 2, ("x",), ("y",)),) if change.field == "description" else ()
    return replace(change, came=hunks[0].came if hunks else Came.DRIFT, hunks=hunks)


def plan_of(text: str) -> Plan:
    """A plan of everything that can be in one, with a foreign text in every place."""
    return Plan(
        catalog=f"c{text}",
        target=f"t{text}",
        project=f"p{text}",
        uploads=(UploadAsset(picture(text)),),
        models=tuple(model(verb, f"{verb}{text}", text) for verb in Verb),
        refusals=(
            Refusal("", "max-delete", f"a limit of {text} is broken", f"say {text}"),
            Refusal(f"refused{text}", "same-name", f"{text}", f"pin it with `id: {text}` or not"),
        ),
        orphans=(Orphan(f"o{text}", f"i{text}", text), Orphan("k", "i", f"Name {text}")),
        unchanged=2,
        base=Base("ab" * 20, text),
        alone=2,
        training=(
            TrainingDue(f"new{text}", text, "", Why.NEW, 3, 3),
            TrainingDue(f"k{text}", text, f"m{text}", Why.CHANGES, 3, 2, Price(20)),
            TrainingDue(f"r{text}", text, f"m{text}", Why.CHANGED, 1, 1, Price(None, text)),
        ),
        accepted=(Accepted(Change(f"a{text}", ("tags", text), None, text), text, text, text),),
    )


def outcomes_of(plan: Plan, text: str) -> list[Outcome]:
    """Everything that can become of the actions of a plan."""
    ends = [
        (Status.DONE, None),
        (Status.FAILED, Rejected(text, hint=f"do {text}")),
        (Status.CONFLICT, None),
        (Status.SKIPPED, None),
    ]
    actions = [*plan.actions, SetExamples(f"more{text}", ())]
    pairs = zip(actions, ends * len(actions), strict=False)
    return [Outcome(action, status, f"because {text}", error) for action, (status, error) in pairs]


def many(counts: dict[Verb, int], refusals: int = 0, text: str = "x", broken: int = 0) -> Plan:
    """A plan of as many models of each verb as wanted, and of refusals of models and of all."""
    models = [
        ModelPlan(
            key=f"{verb}-{number}",
            name=f"Model {number}",
            verb=verb,
            model_id="" if verb is Verb.CREATE else f"model_{number:06}",
            changes=(
                Change(f"{verb}-{number}", ("shortDescription",), text, f"{text}!"),
                Change(f"{verb}-{number}", ("description",), "old", f"{text}\nmore"),
            ),
            actions=(replace(VERBS[verb], model=f"{verb}-{number}"),),
        )
        for verb, count in counts.items()
        for number in range(count)
    ]
    refused = [
        Refusal(f"refused-{number}", "same-name", f"refused for {text}", f"do {text}")
        for number in range(refusals)
    ]
    limits = [Refusal("", "max-delete", f"limit {number} of {text}") for number in range(broken)]
    return Plan(
        catalog="acme",
        target="live",
        project="proj_1",
        models=tuple(models),
        refusals=(*limits, *refused),
        unchanged=7,
    )
