"""Every command of the program is in one of the tables of requests that hang, or makes none."""

from click import Context

from catalogsync.cli.main import program
from tests.cli import test_gc, test_hanging, test_promote, test_restore
from tests.forge import test_hanging as forge

TABLES = {
    **{name.split()[0]: table for name, table in test_hanging.EVERY_REQUEST.items()},
    **{words[0]: table for words, table in test_hanging.ON_PURPOSE.items()},
    "ci": tuple(request for table in forge.COMMANDS.values() for request in table),
    "gc": test_gc.REQUESTS,
    "promote": test_promote.REQUESTS,
    "restore": test_restore.REQUESTS,
}
"""The requests of every command, each of which hangs in a test beside its table."""

OFFLINE = {"fmt", "init", "sandbox", "schema", "show", "validate"}
"""Commands that ask nobody anything."""


def test_every_command_has_its_table_or_is_offline() -> None:
    assert all(TABLES.values())
    assert not TABLES.keys() & OFFLINE
    assert TABLES.keys() | OFFLINE == set(program.list_commands(Context(program)))
