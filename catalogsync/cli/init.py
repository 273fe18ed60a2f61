"""`catalog-sync init`: start a catalog."""

import re
from pathlib import Path
from shlex import quote

import click

from catalogsync.errors import UsageError

_CATALOG = """\
# yaml-language-server: $schema=schemas/catalog.schema.json
apiVersion: catalogsync/v1
# The owner mark on every model of this catalog: a catalog of another name has other models.
name: {name}
# Environments; --target picks one.
targets:
  {target}: {{project: {project}}}
default: {target}
# More deletes than this need --allow-delete N.
policy:
  maxDelete: 3
"""

_MODEL = """\
# yaml-language-server: $schema=../../schemas/model.schema.json
# The folder's name is the model's key. A field that is not here is not managed.
name: My first model
type: flux.1-lora
shortDescription: One line that the catalog shows below the name.
tags: [example]
description: {file: description.md}
# thumbnail: images/cover.webp
# examples:                   # in this order; files relative to this manifest
#   - images/01.webp
#   - {glob: "images/more/*.webp"}
"""

_DESCRIPTION = """\
# My first model

What it is for, and how to get good results with it. Images beside this file can be shown with
`![what it shows](images/01.webp)`, other models of this catalog with `{model:their-key}`.
"""

PLACEHOLDER = "proj_replace_me"
"""The project of a new catalog, until somebody writes the id of a real one."""

_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_IGNORE = ".catalog-sync/\n"


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--name", help="The catalog's name; by default the folder's.")
@click.option(
    "--project", metavar="ID", help="Take over this project: no example, `pull --all` comes next."
)
def command(folder: Path, name: str | None, project: str | None) -> None:
    """Start a catalog in FOLDER (here): catalog.yaml, one manifest, schemas for the editor."""
    from catalogsync.manifest import schema, schema_text

    if project is not None and not _PROJECT.fullmatch(project):
        raise UsageError(f"{project!r} is no project", hint="give its id, as in the web page")
    rule = schema("catalog")["properties"]["name"]
    if name is not None and not re.search(rule["pattern"], name):
        raise UsageError(f"--name {name!r}: {rule['patternErrorMessage']}")
    example = {
        "models/my-first-model/model.yaml": _MODEL,
        "models/my-first-model/description.md": _DESCRIPTION,
    }
    settings = {
        "name": name or _name_of(folder),
        "target": "production" if project else "staging",
        "project": project or PLACEHOLDER,
    }
    files = {
        "catalog.yaml": _CATALOG.format(**settings),
        **({} if project else example),
        "schemas/catalog.schema.json": schema_text("catalog"),
        "schemas/model.schema.json": schema_text("model"),
        ".gitignore": _IGNORE,
    }
    taken = [path for path in files if path != ".gitignore" and (folder / path).exists()]
    if taken:
        raise UsageError(
            f"{folder / taken[0]} exists already",
            hint="choose an empty folder; nothing was written",
        )
    for path, text in files.items():
        target = folder / path
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        click.echo(f"wrote {target}")
    if project:
        click.echo(f"\nNext: catalog-sync pull {quote(str(folder))} --all", err=True)
        return
    click.echo(
        f"\nNext: git add {quote(str(folder))} (in a repository, only tracked files count), then\n"
        f"catalog-sync plan {quote(str(folder))} --sandbox (no account needed).",
        err=True,
    )


def _name_of(folder: Path) -> str:
    """A catalog name from a folder's: a-z 0-9 . - only, at most 40 long."""
    name = re.sub(r"[^a-z0-9.-]+", "-", folder.resolve().name.lower()).strip("-.")
    return name[:40].rstrip("-.") or "catalog"
