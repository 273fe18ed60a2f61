"""Only what was approved is done, whatever happened to manifests and server meanwhile."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.apply import apply
from catalogsync.approval import unapproved, unexpected
from catalogsync.diff import diff
from catalogsync.ledger import Ledger
from catalogsync.model import Catalog
from catalogsync.observe import observe
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import Plan, build_plan
from catalogsync.review.saved import Scope
from tests.engine.catalogs import FILES, HandEdit, catalogs, hand_edits
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import EVERYTHING, plan, run
from tests.engine.test_convergence import edit_by_hand

open_file = files_of(FILES)
thorough = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def apply_approved(
    server: FakeServer, catalog: Catalog, approved: Plan
) -> tuple[Plan, list[Outcome]]:
    """Apply of a catalog what is approved, as the command line does."""
    doomed = Scope(prune=True).is_doomed
    snapshot = observe(server, catalog, jobs=2, restorable=True, doomed=doomed)
    found = diff(catalog, snapshot, prune=True)
    fresh = build_plan(catalog, found, allow=EVERYTHING)
    objected = unapproved(fresh, approved, {spec.key for spec in catalog.models})
    found = replace(found, refusals=(*found.refusals, *objected))
    left = build_plan(catalog, found, allow=EVERYTHING)
    performer = Performer(server, Ledger(found, snapshot), open_file, pause=lambda seconds: None)
    return left, list(apply(left, performer, jobs=2))


@thorough
@given(
    before=catalogs(), planned=catalogs(), now=catalogs(), edits=st.lists(hand_edits, max_size=4)
)
def test_only_what_was_approved_is_done(
    before: Catalog, planned: Catalog, now: Catalog, edits: list[HandEdit]
) -> None:
    server = FakeServer()
    run(server, before, open_file)
    approved = plan(server, planned, prune=True)
    edit_by_hand(server, edits)
    fresh = plan(server, now, prune=True)
    left, outcomes = apply_approved(server, now, approved)
    assert {outcome.status for outcome in outcomes} <= {Status.DONE}
    digests = {model.digest for model in approved.models}
    assert {model.digest for model in left.models} <= digests
    assert set(left.actions) <= set(fresh.actions)
    # Whatever is due and was not done is named.
    done = {model.key for model in left.models}
    named = {refusal.model for refusal in left.refusals}
    assert {model.key for model in fresh.models} <= done | named
    assert not done & named


@thorough
@given(before=catalogs(), after=catalogs())
def test_what_did_not_change_is_done_as_a_whole_and_once(before: Catalog, after: Catalog) -> None:
    server = FakeServer()
    run(server, before, open_file)
    approved = plan(server, after, prune=True)
    left, outcomes = apply_approved(server, after, approved)
    assert left == approved
    assert {outcome.status for outcome in outcomes} <= {Status.DONE}
    again, nothing = apply_approved(server, after, approved)
    assert (again.models, again.refusals, nothing) == ((), left.refusals, [])


@given(made=catalogs())
def test_a_digest_is_that_of_one_plan(made: Catalog) -> None:
    approved = plan(FakeServer(), made)
    assert not list(unexpected(approved, approved.digest))
    (refusal,) = unexpected(replace(approved, unchanged=7), approved.digest)
    assert (refusal.model, refusal.code) == ("", "plan-changed")
