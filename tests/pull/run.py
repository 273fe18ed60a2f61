"""A pull in one call, as the command line wires it, without the command line."""

from pathlib import Path

from catalogsync.diff import Diff, diff
from catalogsync.manifest.overlay import load_with
from catalogsync.model import Catalog
from catalogsync.observe import observe
from catalogsync.plan import Plan
from catalogsync.ports import CatalogReader, CatalogWriter
from catalogsync.pull.draft import drafted
from catalogsync.pull.gather import grounds, to_observe
from catalogsync.pull.grounds import Draft, Grounds
from catalogsync.pull.selection import Wanted, choose
from catalogsync.pull.writer import Writer
from tests.engine.run import plan

SETTINGS = "apiVersion: catalogsync/v1\nname: acme\n"


def loaded(root: Path) -> Catalog:
    """The catalog in a folder, which may be empty but must be right."""
    catalog, problems = load_with(root, {}, {})
    assert problems == ()
    return catalog


def gathered(
    root: Path, server: CatalogReader, wanted: Wanted, base: Catalog | None = None
) -> Grounds:
    """Everything that a draft needs."""
    catalog = loaded(root)
    models = {model.id: model for model in server.list_models()}
    selection = choose(catalog, models, wanted, ())
    keys = selection.edited | selection.fresh.keys()
    snapshot = observe(server, to_observe(catalog, selection), keys=keys, jobs=2)
    return grounds(root, catalog, snapshot, selection, wanted, base=base)


def pull(
    root: Path, server: CatalogReader, wanted: Wanted | None = None, base: Catalog | None = None
) -> Draft:
    """Draft and write."""
    given = gathered(root, server, wanted or Wanted(), base)
    draft = drafted(given, lambda texts, assets: load_with(root, texts, assets))
    writer = Writer(root)
    for key, files in draft.files.items():
        if key in draft.fields:
            for file in files:
                writer.replace(file)
        else:
            writer.put_new(("models", key), {file.parts: file.after for file in files})
    writer.close()
    return draft


def planned(root: Path, server: CatalogWriter) -> Plan:
    """What a plan says then."""
    return plan(server, loaded(root))


def compared(root: Path, server: CatalogReader, base: Catalog) -> Diff:
    """What differs then, told apart by a base."""
    catalog = loaded(root)
    return diff(catalog, observe(server, catalog, jobs=2), base=base)


def changes(made: Plan) -> set[tuple[str, str]]:
    """The keys and fields that a plan would change, but for our mark."""
    found = {(m.key, change.field) for m in made.models for change in m.changes}
    return {(key, field) for key, field in found if field != "owner"}
