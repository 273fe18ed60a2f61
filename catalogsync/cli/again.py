"""The words that lead a command which is typed next, in this shell, to the same project."""

import os
import shlex
from collections.abc import Iterable

from catalogsync.cli.choices import Choices
from catalogsync.cli.options import ADDRESS_VARIABLES


def typed_again(choices: Choices) -> list[str]:
    """The options that lead to the same project."""
    from_shell = choices.base_url in map(os.environ.get, ADDRESS_VARIABLES)
    given = (
        ("--target", choices.target),
        ("--project", choices.project),
        ("--sandbox", choices.sandbox),
        ("--base-url", "" if from_shell else choices.base_url),
    )
    return [word for name, value in given if value for word in (name, value)]


def options_again(choices: Choices) -> list[str]:
    """The same for a command that takes the catalog as an option."""
    return [*(["-C", str(choices.catalog)] if choices.catalog else []), *typed_again(choices)]


def arguments_again(choices: Choices) -> list[str]:
    """The same for a command that takes the catalog as an argument."""
    return [*([str(choices.catalog)] if choices.catalog else []), *typed_again(choices)]


def added(words: Iterable[str]) -> str:
    """Words as they are added to a command."""
    return "".join(f" {shlex.quote(word)}" for word in words)
