"""Hypothesis strategies for plans, made as real ones are."""

from dataclasses import replace

from hypothesis import strategies as st

from catalogsync.plan import Plan
from catalogsync.rules import NO_ALLOWANCES
from tests.engine.catalogs import FILES, catalogs, hand_edits, words
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import EVERYTHING, plan, run
from tests.engine.test_convergence import edit_by_hand


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """What a catalog would do to a server that another one and some people have left."""
    server = FakeServer()
    if draw(st.booleans()):
        run(server, draw(catalogs()), files_of(FILES))
        edit_by_hand(server, draw(st.lists(hand_edits, max_size=4)))
        server.add_model(draw(words))
    allow = draw(st.sampled_from((EVERYTHING, NO_ALLOWANCES)))
    made = plan(server, draw(catalogs()), prune=draw(st.booleans()), allow=allow)
    return replace(made, target=draw(words), project=draw(words))
