"""Saved plans on disk, and what a catalog and a target must be to take one."""

from collections.abc import Sequence
from pathlib import Path

from catalogsync.errors import Refused, UsageError
from catalogsync.plan import LIVE, Plan
from catalogsync.review.saved import SavedPlan, opened


def read_plan(path: Path) -> SavedPlan:
    """The saved plan in a file."""
    if not path.is_file():
        raise UsageError(
            f"{path} is no file", hint="name a plan saved by `catalog-sync plan --out`"
        )
    return opened(read_whole(path), str(path))


_LARGEST = 256 * 1024 * 1024


def read_whole(path: Path) -> bytes:
    """What is in a file of our own making; raises `UsageError` for more than we ever write."""
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise UsageError(f"{path} is larger than 256 MiB", hint="make it again")
    return data


def told_apart(places: Sequence[Path]) -> tuple[Path | None, Path | None]:
    """The catalog and the saved plan among what was named, in any order."""
    plans = [place for place in places if _is_plan(place)]
    catalog = _the_one("catalog", [place for place in places if not _is_plan(place)])
    return catalog, _the_one("saved plan", plans)


def plans_apart(places: Sequence[Path]) -> tuple[Path | None, list[Path]]:
    """The catalog and the saved plans, of which there is at least one, each once."""
    plans = [place for at, place in enumerate(places) if at == 0 or _is_plan(place)]
    catalog = _the_one("catalog", [place for place in places[1:] if place not in plans])
    return catalog, list(dict.fromkeys(plans))


def _the_one(what: str, named: Sequence[Path]) -> Path | None:
    if len(named) > 1:
        raise UsageError(
            f"more than one {what}: {', '.join(map(str, named))}",
            hint="name at most one catalog and one saved plan",
        )
    return next(iter(named), None)


def _is_plan(place: Path) -> bool:
    if place.is_dir() or place.name == "catalog.yaml":
        return False
    return place.suffix == ".json" or place.is_file()


def check_is_for(approved: Plan, catalog: str, target: str, project: str) -> None:
    """Raise `Refused` for an offline plan, and for one of another catalog, target or project."""
    if approved.against != LIVE:
        raise Refused(
            f"the plan was made against {approved.against}, not against the live project",
            hint="plan without --against, and have that plan approved",
        )
    for what, theirs, ours, hint in (
        ("catalog", approved.catalog, catalog, "apply it to the catalog it was made for"),
        ("target", approved.target, target, "say the one it was made for with --target"),
        ("project", approved.project, project, "plan again, or say its project with --project"),
    ):
        if theirs != ours:
            raise Refused(
                f"the plan is for {what} {theirs or '(none)'}, this is {ours or '(none)'}",
                hint=hint,
            )
