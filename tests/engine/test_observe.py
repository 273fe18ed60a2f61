"""What is read, how little, and what a failed read means."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from catalogsync.errors import ApiError, BadResponse
from catalogsync.marks import owner_tag
from catalogsync.model import AssetRef, Catalog, Mention, ModelSpec, Text
from catalogsync.observe import observe
from tests.engine.catalogs import CONTENTS
from tests.engine.conftest import SHAS, image
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import run

INK = ModelSpec(key="ink", name="Ink", type="flux.1-lora")


def reads(server: FakeServer, catalog: Catalog, **settings: object) -> list[str]:
    """The names of the calls that observing takes, sorted."""
    server.log.clear()
    observe(server, catalog, **settings)  # type: ignore[arg-type]
    return sorted(name for name, _ in server.log)


def owned(server: FakeServer, key: str = "ink", **fields: object) -> str:
    return server.add_model("Ink", tags=frozenset({owner_tag("acme", key)}), **fields).id  # type: ignore[arg-type]


def test_a_plain_manifest_takes_the_listing_only() -> None:
    server = FakeServer()
    owned(server, examples=("asset_1",), thumbnail="asset_2")
    server.add_model("A stranger")
    assert reads(server, Catalog(name="acme", models=(INK,))) == ["list_models"]


def test_a_text_is_read_only_where_it_is_managed() -> None:
    server = FakeServer()
    owned(server)
    owned(server, "other")
    managed = replace(INK, description=Text(("x",)))
    catalog = Catalog(name="acme", models=(managed, replace(INK, key="other")))
    assert reads(server, catalog) == ["get_description", "list_models"]


@dataclass
class ServerAhead(FakeServer):
    """A project of which the texts of some models come before they are asked for."""

    came: frozenset[str] = frozenset()
    readers: dict[str, str] = field(default_factory=dict)

    def came_ahead(self, model_id: str, field: str) -> bool:
        assert field in ("description", "prompt_guide")
        return model_id in self.came

    def get_description(self, model_id: str) -> str:
        self.readers[model_id] = threading.current_thread().name
        return super().get_description(model_id)


def test_a_text_that_came_ahead_is_read_without_another_thread() -> None:
    server = ServerAhead()
    keys = ("ink", "oil", "wax")
    first, second, third = (owned(server, key) for key in keys)
    server.descriptions = dict(zip((first, second, third), keys, strict=True))
    server.came = frozenset({first, third})
    models = tuple(replace(INK, key=key, description=Text(("x",))) for key in keys)
    progress: list[tuple[int, int]] = []
    found = observe(
        server, Catalog(name="acme", models=models), progress=lambda *told: progress.append(told)
    )
    assert [found.models[each].description for each in (first, second, third)] == [*keys]
    here = threading.current_thread().name
    assert server.readers.keys() == {first, second, third}
    assert [each for each, name in server.readers.items() if name == here] == [first, third]
    assert progress == [(1, 3), (2, 3), (3, 3)]


def test_what_does_not_come_ahead_is_on_its_way_while_a_text_is_waited_for() -> None:
    """Or else a catalog with texts and training data would take the time of both."""
    asked = threading.Event()

    @dataclass
    class Slow(ServerAhead):
        def came_ahead(self, model_id: str, field: str) -> bool:
            return model_id == second and asked.wait(20)

        def get_description(self, model_id: str) -> str:
            if model_id == first:
                asked.set()
            return super().get_description(model_id)

    server = Slow()
    first, second = (owned(server, key) for key in ("ink", "oil"))
    models = tuple(replace(INK, key=key, description=Text(("x",))) for key in ("ink", "oil"))
    observe(server, Catalog(name="acme", models=models))
    here = threading.current_thread().name
    assert [each for each, name in server.readers.items() if name == here] == [second]


def test_embeddings_are_read_only_where_they_are_managed() -> None:
    server = FakeServer()
    owned(server)
    catalog = Catalog(name="acme", models=(replace(INK, prompt_embedding="x"),))
    assert reads(server, catalog) == ["get_model", "list_models"]


def test_assets_are_resolved_two_hundred_at_a_time() -> None:
    server = FakeServer()
    ids = tuple(server.add_asset(b"%d" % number) for number in range(401))
    owned(server, examples=ids)
    catalog = Catalog(name="acme", models=(replace(INK, examples=(AssetRef(id=ids[0]),)),))
    server.log.clear()
    observe(server, catalog)
    assert sorted(count for name, count in server.log if name == "get_assets") == [1, 200, 200]


def test_a_model_that_is_not_selected_is_not_read() -> None:
    server = FakeServer()
    owned(server)
    catalog = Catalog(name="acme", models=(replace(INK, description=Text(("x",))),))
    assert reads(server, catalog, keys=frozenset()) == ["list_models"]


def test_collections_are_read_only_where_they_are_managed() -> None:
    server = FakeServer()
    catalog = Catalog(name="acme", models=(replace(INK, collections=frozenset({"A"})),))
    assert reads(server, catalog) == ["list_collections", "list_models"]


def test_a_file_that_was_sent_but_not_used_is_found_again() -> None:
    server = FakeServer()
    catalog = Catalog(name="acme", models=(replace(INK, examples=(image(0), image(1))),))
    held = server.add_asset(CONTENTS[SHAS[0]])
    outcomes = run(server, catalog, files_of(CONTENTS))
    sent = [what for name, what in server.writes if name == "upload_asset"]
    assert sent == [SHAS[1]]
    assert {outcome.status.value for outcome in outcomes} == {"done"}
    assert next(iter(server.models.values())).examples[0] == held


def test_a_file_that_was_sent_but_not_used_is_found_behind_what_others_made_since() -> None:
    server = FakeServer()
    held = server.add_asset(CONTENTS[SHAS[0]])
    for number in range(6):
        server.add_asset(b"somebody else's %d" % number)
    catalog = Catalog(name="acme", models=(replace(INK, examples=(image(0),)),))
    assert run(server, catalog, files_of(CONTENTS))[0].status.value == "done"
    assert next(iter(server.models.values())).examples == (held,)
    assert [name for name, _ in server.writes if name == "upload_asset"] == []


def test_looking_for_such_files_costs_three_reads_at_most_when_there_are_none() -> None:
    server = FakeServer()
    pages: list[int] = []
    strangers = [[AssetRef(id=f"asset_{number}")] for number in range(100)]

    def newest() -> Iterator[Sequence[AssetRef]]:
        for number, page in enumerate(strangers):
            pages.append(number)
            yield page

    server.newest_assets = newest  # type: ignore[method-assign]
    catalog = Catalog(name="acme", models=(replace(INK, examples=(image(0),)),))
    assert reads(server, catalog) == ["list_models"]
    assert pages == [0, 1, 2]


@pytest.mark.parametrize(
    "method", ["list_models", "get_description", "get_prompt_guide", "get_model", "get_assets"]
)
def test_a_failed_read_ends_the_run(method: str) -> None:
    server = FakeServer()
    owned(server, examples=("asset_1",))
    spec = replace(
        INK,
        description=Text(("x",)),
        prompt_guide=Text(("x",)),
        prompt_embedding="x",
        examples=(AssetRef(id="asset_1"),),
    )

    def fail(*_: object, **__: object) -> None:
        raise BadResponse("broken")

    setattr(server, method, fail)
    with pytest.raises(ApiError):
        observe(server, Catalog(name="acme", models=(spec,)))
    assert server.writes == []


def test_progress_ends_at_what_was_due() -> None:
    server = FakeServer()
    owned(server)
    seen: list[tuple[int, int]] = []
    catalog = Catalog(name="acme", models=(replace(INK, description=Text(("x",))),))
    observe(server, catalog, progress=lambda done, due: seen.append((done, due)))
    assert seen[-1] == (1, 1)


@dataclass
class Memory:
    """What is known of the assets, in a dict."""

    held: dict[str, AssetRef] = field(default_factory=dict)

    def recall(self, asset_ids: Iterable[str]) -> Mapping[str, AssetRef]:
        return {each: self.held[each] for each in asset_ids if each in self.held}

    def remember(self, assets: Iterable[AssetRef]) -> None:
        self.held |= {asset.id: asset for asset in assets if asset.sha256}

    def keep(self) -> None:
        """Nothing else is done with it."""


def with_three_examples(server: FakeServer) -> tuple[str, ...]:
    ids = tuple(server.add_asset(CONTENTS[sha]) for sha in SHAS[:3])
    owned(server, examples=ids)
    return ids


def test_assets_that_are_known_are_not_read() -> None:
    server, memory = FakeServer(), Memory()
    with_three_examples(server)
    catalog = Catalog(name="acme", models=(replace(INK, examples=(image(0), image(1))),))
    first = observe(server, catalog, known=memory)
    assert reads(server, catalog, known=memory) == ["list_models"]
    assert observe(server, catalog, known=memory) == first == observe(server, catalog)


def test_only_what_is_not_known_is_read() -> None:
    server, memory = FakeServer(), Memory()
    ids = with_three_examples(server)
    memory.remember(server.assets[each] for each in ids[:2])
    catalog = Catalog(name="acme", models=(replace(INK, examples=(image(0),)),))
    server.log.clear()
    assert observe(server, catalog, known=memory).assets.keys() == set(ids)
    assert ("get_assets", 1) in server.log
    assert memory.held.keys() == set(ids)


def test_an_asset_whose_content_the_server_does_not_tell_is_read_every_time() -> None:
    server, memory = FakeServer(), Memory()
    owned(server, examples=(server.add_asset(None),))
    catalog = Catalog(name="acme", models=(replace(INK, examples=()),))
    observe(server, catalog, known=memory)
    assert "get_assets" in reads(server, catalog, known=memory)


def test_an_asset_that_a_manifest_names_is_read_though_it_is_known() -> None:
    server, memory = FakeServer(), Memory()
    ids = with_three_examples(server)
    memory.remember(server.assets.values())
    pinned = replace(INK, examples=(AssetRef(id=ids[0]), image(1)))
    server.log.clear()
    observe(server, Catalog(name="acme", models=(pinned,)), known=memory)
    assert [count for name, count in server.log if name == "get_assets"] == [1]


def test_a_deleted_asset_that_a_text_still_mentions_is_missed_though_it_is_known() -> None:
    server, memory = FakeServer(), Memory()
    held = server.add_asset(CONTENTS[SHAS[0]])
    memory.remember(server.assets.values())
    model_id = owned(server)
    server.descriptions[model_id] = f"{{asset:{held}}}"
    del server.assets[held]
    text = Text((Mention("![x](images/0.webp)", image(0)),))
    catalog = Catalog(name="acme", models=(replace(INK, description=text),))
    assert observe(server, catalog, known=memory) == observe(server, catalog)


def test_a_run_that_fails_after_reading_assets_still_tells_of_them() -> None:
    server, memory = FakeServer(), Memory()
    ids = with_three_examples(server)

    def fail() -> None:
        raise BadResponse("broken")

    server.newest_assets = fail  # type: ignore[method-assign, assignment]
    spec = replace(INK, examples=(image(0), image(7)))
    with pytest.raises(ApiError):
        observe(server, Catalog(name="acme", models=(spec,)), known=memory)
    assert memory.held.keys() == set(ids)
