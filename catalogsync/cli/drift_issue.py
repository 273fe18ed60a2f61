"""What `ci github drift-issue` and `ci gitlab drift-issue` share."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalogsync.cli.options import option, timeout_option, together
from catalogsync.cli.output import say
from catalogsync.review.words import visible

if TYPE_CHECKING:
    from catalogsync.forge.comment import Writer
    from catalogsync.forge.tracker import Tracker

SECRET_VARIABLE = "CATALOG_SYNC_WEBHOOK_SECRET"

drift_options = together(
    option(
        "--markdown",
        type=click.Path(path_type=Path, dir_okay=False),
        required=True,
        help="What `drift --markdown` wrote.",
    ),
    option(
        "--exitcode",
        type=int,
        required=True,
        help="What the drift exited with; unless 0 or 2, the issue is left alone.",
    ),
    option("--label", metavar="NAME", help="On the issue when it is opened."),
    option(
        "--webhook",
        metavar="URL",
        help="Also tell this https address when the drift opens, changes or is resolved; "
        f"signed with {SECRET_VARIABLE}. Failing to fails nothing.",
    ),
    timeout_option,
)

_TOLD = (0, 2)


def could_tell(exitcode: int) -> bool:
    """Whether a drift check came to an end; says so if it did not."""
    if exitcode not in _TOLD:
        say(f"The check failed (exit code {exitcode}); the issue was left alone.")
    return exitcode in _TOLD


def tell_tracker(
    tracker: "Tracker",
    markdown: str,
    writer: "Writer",
    webhook_url: str | None,
    pause: Callable[[float], object],
) -> None:
    """Bring the issue in line, say what became of it, and tell the webhook of an event."""
    from catalogsync.forge.tracker import drift_marker_of, follow
    from catalogsync.forge.webhook import event_body, webhook

    hook = webhook(webhook_url, os.environ.get(SECRET_VARIABLE, "")) if webhook_url else None
    followed = follow(tracker, markdown, writer)
    say(visible(f"{followed.sentence} {followed.url}".strip()))
    if webhook_url and not hook:
        # The address is a secret, and the issue matters more than who is told of it.
        say("The webhook cannot be told: it is no https address. Give https://HOST/PATH.")
    if hook and followed.event:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = event_body(followed, drift_marker_of(markdown), writer.url, sent_at=now)
        say(hook.send(body, pause))
