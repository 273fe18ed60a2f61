"""`catalog-sync restore`: models back that were deleted, while the server still has them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click

from catalogsync.cli.carrying import Manner, asked, carried_document, carried_out
from catalogsync.cli.choices import Choices
from catalogsync.cli.options import (
    allowance_options,
    catalog_option,
    connection_options,
    json_option,
    option,
    talk_options,
)
from catalogsync.cli.output import say, write_lines, write_text
from catalogsync.cli.planning import Planned, Planning, make_plan
from catalogsync.cli.session import Session, session
from catalogsync.cli.undo import say_way_back
from catalogsync.deleted import last_day, restorable_until
from catalogsync.diff import RESERVED_TAGS, Verb
from catalogsync.errors import CatalogSyncError, Interrupted, UnknownKey, UsageError
from catalogsync.identity import owners
from catalogsync.marks import promoting_owner
from catalogsync.model import RemoteModel
from catalogsync.recovery import Return, bring_back, is_there
from catalogsync.review.document import FORMAT_VERSION, dumped, error_document
from catalogsync.review.saved import Scope
from catalogsync.review.text import Line, render_plan
from catalogsync.review.words import counted, quoted, visible
from catalogsync.rules import Allowances


@click.command("restore")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@catalog_option
@option("--id", "ids", metavar="ID", multiple=True, help="A model without manifest; repeatable.")
@option("--list", "lists", is_flag=True, help="Only list what can be restored.")
@connection_options
@allowance_options
@option("--yes", "-y", is_flag=True, help="Do not ask.")
@option("--lfs-pull", is_flag=True, help="Let Git LFS download the files that are to be sent.")
@json_option
@talk_options
def command(
    keys: tuple[str, ...],
    ids: tuple[str, ...],
    lists: bool,
    yes: bool,
    lfs_pull: bool,
    allow_update: int | None,
    allow_upload: int | None,
    as_json: bool,
    quiet: bool,
    color: str,
    **options: Any,
) -> int:
    """Bring back models that were deleted: the server keeps them for 30 days.

    A KEY of the catalog: its model comes back under its old id, and is then what its manifest says.
    With --id a model that no manifest describes any more: it comes back as it was, but for its
    collections. Shows what it would do, and asks.

    To undo what an apply changed, see `catalog-sync apply --restore FILE`.
    """
    if bool(keys) + bool(ids) + lists != 1:
        raise UsageError("name KEYs, or --id, or --list", hint="restore --list shows what there is")
    choices = Choices(quiet=quiet, **options)
    if lists:
        return _list(choices, as_json=as_json, color=color)
    manner = Manner(choices.jobs, not yes, quiet, as_json, color, lfs_pull)
    if ids:
        return _by_id(choices, ids, manner)
    allow = Allowances(update=allow_update, upload=allow_upload)
    try:
        return _by_key(choices, keys, allow, manner)
    except UnknownKey as error:
        error.hint = "restore --list shows what there is; --id takes what has no manifest any more"
        raise


def _by_key(choices: Choices, keys: Sequence[str], allow: Allowances, manner: Manner) -> int:
    with session(replace(choices, keys=tuple(keys)), read_only=False) as opened:
        planned = make_plan(
            opened,
            Planning(Scope(only=tuple(keys)), allow),
            jobs=manner.jobs,
            quiet=manner.quiet,
            as_json=manner.as_json,
        )
        _check_restores(planned, keys)
        lines = render_plan(planned.plan, jobs=manner.jobs)
        write_lines(lines, color=manner.color, to_stderr=manner.as_json)
        done = carried_out(opened, planned, manner)
        if done.anything:
            say_way_back(done, choices, quiet=manner.quiet)
    if manner.as_json:
        write_text(dumped(carried_document(planned, done)))
    return done.code


def _check_restores(planned: Planned, keys: Sequence[str]) -> None:
    """Raise an error unless every key has a model to be restored, or a refusal that is told."""
    plan = planned.plan
    clear = {model.key for model in plan.models if model.verb is Verb.RESTORE}
    clear |= {refusal.model for refusal in plan.refusals}
    there = [f"{key} is there ({planned.diff.ids[key]})" for key in keys if key in planned.diff.ids]
    gone = [
        f"no deleted model bears the mark of {key}"
        for key in keys
        if key not in planned.diff.ids and key not in clear
    ]
    if there or gone:
        raise CatalogSyncError(
            f"nothing to restore: {'; '.join([*there, *gone])}", hint=_what_instead(planned, keys)
        )


def _what_instead(planned: Planned, keys: Sequence[str]) -> str:
    """What to do where nothing is to be restored; a run that was killed may have left changes."""
    unlike = [m.key for m in planned.plan.models if m.key in keys and m.key in planned.diff.ids]
    if unlike:
        only = "".join(f" --only {key}" for key in unlike)
        return f"`catalog-sync apply{only}` makes it what its manifest says"
    return (
        "restore --list shows what can be restored; what a manifest pins by `id:` is found "
        "without its mark"
    )


def _by_id(choices: Choices, ids: Sequence[str], manner: Manner) -> int:
    ended: list[Return] = []
    with session(choices, read_only=False, may_be_empty=True) as opened:
        deleted = {model.id: model for model in opened.client.list_deleted()}
        models = _chosen(opened, deleted, ids)
        lines = [Line(_line(model), "cyan") for model in models]
        write_lines(lines, color=manner.color, to_stderr=manner.as_json)
        asked(opened, f"Restore {counted(len(models), 'model')}", asks=manner.asks)
        for model in models:
            ended.append(bring_back(opened.client, model, _tags_of(model), opened.stop))
            write_lines(_became(ended[-1]), color=manner.color, to_stderr=manner.as_json)
        code = _exit_code(ended, interrupted=opened.stop.is_set())
    if manner.as_json:
        write_text(dumped(_document(ended, code)))
    return code


def _became(each: Return) -> list[Line]:
    name = f"{quoted(each.model.name)} {visible(each.model.id)}"
    tags = visible(", ".join(each.tags))
    if each.error is None:
        return [Line(f"Restored {name}: nobody's, until a manifest pins it.")]
    if each.is_back:
        maybe = "perhaps " if each.in_doubt else ""
        what = f"restored {name}, but {maybe}without its tags {tags}"
    elif each.in_doubt:
        what = f"nothing tells whether {name} is back" + (f"; its tags were {tags}" if tags else "")
    else:
        what = f"not restored: {name}"
    lines = [Line(f"! {what}: {visible(each.error.message)}", "red")]
    if each.error.hint:
        lines.append(Line(f"    what to do: {visible(each.error.hint)}"))
    if each.error.trace_id:
        lines.append(Line(f"    trace id of the API: {visible(each.error.trace_id)}"))
    return lines


def _exit_code(ended: Sequence[Return], *, interrupted: bool) -> int:
    """130 interrupted, 0 all done, 4 in part, else that of the gravest error."""
    if interrupted:
        return Interrupted.exit_code
    errors = [each.error for each in ended if each.error]
    if errors and any(each.is_back for each in ended):
        return 4
    return max((error.exit_code for error in errors), default=0)


def _document(ended: Sequence[Return], code: int) -> dict[str, object]:
    """What is back with its tags, what is not or lacks them and why, and the error, if any."""
    restored: list[dict[str, object]] = []
    failed: list[dict[str, object]] = []
    for each in ended:
        told: dict[str, object] = {"id": each.model.id, "name": each.model.name}
        if each.is_back:
            restored.append(told | {"tags": [] if each.error else list(each.tags)})
        if each.error:
            failed.append(told | {"tags": list(each.tags), "reason": each.error.message})
    known = (*(each.error for each in ended if each.error), Interrupted("interrupted"))
    error = next((error for error in known if error.exit_code == code), None)
    document: dict[str, object] = {
        "format_version": FORMAT_VERSION,
        "restored": restored,
        "failed": failed,
    }
    return document | (error_document(error) if error else {})


def _chosen(
    opened: Session, deleted: dict[str, RemoteModel], ids: Sequence[str]
) -> list[RemoteModel]:
    missing = [model_id for model_id in dict.fromkeys(ids) if model_id not in deleted]
    there = [model_id for model_id in missing if is_there(opened.client, model_id)]
    if unknown := [model_id for model_id in missing if model_id not in there]:
        raise CatalogSyncError(
            f"not among the deleted models of the project: {', '.join(unknown)}",
            hint="restore --list shows them; what was deleted more than 30 days ago is lost",
        )
    if there:
        said = f"nothing to restore: {', '.join(f'{model_id} is there' for model_id in there)}"
        if len(there) == len(set(ids)):
            raise CatalogSyncError(said, hint="restore --list shows what can be restored")
        say(visible(said))
    models = [deleted[model_id] for model_id in dict.fromkeys(ids) if model_id in deleted]
    wanted = opened.catalog.wanted
    held = {key: m for m in models for key in _keys(opened, m) if key in wanted}
    if held:
        raise UsageError(
            "; ".join(f"{model.id} has a manifest: {key}" for key, model in held.items()),
            hint=f"catalog-sync restore {' '.join(held)} also brings back its tags and collections",
        )
    return models


def _keys(opened: Session, model: RemoteModel) -> Iterator[str]:
    yield from (key for catalog, key in owners(model) if catalog == opened.catalog.name)


def _tags_of(model: RemoteModel) -> tuple[str, ...]:
    """The tags that a restored model is given back; marks of catalogs are for an apply."""
    prefixes = tuple(glob.removesuffix("*") for glob in RESERVED_TAGS)
    return tuple(sorted(tag for tag in model.tags if not tag.startswith(prefixes)))


def _line(model: RemoteModel) -> str:
    tags = "".join(f" +{visible(tag)}" for tag in _tags_of(model))
    until = visible(restorable_until(model))
    return f"= restore {quoted(model.name)}  {visible(model.id)}  ({until}){tags}"


def _list(choices: Choices, *, as_json: bool, color: str) -> int:
    today = datetime.now(UTC).date()
    with session(choices, read_only=True, may_be_empty=True) as opened:
        found = sorted(opened.client.list_deleted(), key=lambda m: (m.deleted_at, m.id))
    rows = []
    for model in reversed(found):
        until = last_day(model)
        rows.append(
            {
                "id": model.id,
                "name": model.name,
                "deleted_at": model.deleted_at,
                "days_left": max(0, (until - today).days) if until else None,
                "keys": [f"{catalog}/{key}" for catalog, key in owners(model)],
            }
        )
    if as_json:
        write_text(dumped({"format_version": FORMAT_VERSION, "restorable": rows}))
        return 0
    write_lines(map(_row, rows) if rows else [Line("Nothing can be restored.")], color=color)
    return 0


def _row(row: dict[str, Any]) -> Line:
    left = "" if row["days_left"] is None else f", {counted(row['days_left'], 'day')} left"
    whose = f"  {visible(', '.join(map(_whose, row['keys'])))}" if row["keys"] else ""
    deleted = f"deleted {visible(row['deleted_at'][:10])}{left}"
    return Line(f"{visible(row['id'])}  {quoted(row['name'])}{whose}  {deleted}")


def _whose(mark: str) -> str:
    """A catalog's model, or the copy of one that a promotion has deleted once it had arrived."""
    catalog, _, key = mark.partition("/")
    promoted = catalog.removeprefix(promoting_owner(""))
    return mark if promoted == catalog else f"a promotion's copy of {promoted}/{key}"
