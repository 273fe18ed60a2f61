"""SIGKILL at every request of a promotion or a restore: the next run ends it, nothing twice."""

import itertools
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cli.killing import Ended, Scene, scene, write_models
from tests.cli.mixed import described

MODELS = {
    "ink": """\
name: Ink
type: flux.1-lora
shortDescription: Lines.
tags: [ink, wet]
collections: [Best]
thumbnail: files/0.png
examples: [files/0.png, files/1.png]
promptGuide: Short.
description: |
  Strokes.
  ![stroke](files/1.png)
"""
}
MARK = "catalog-sync:acme/ink"

Begin = Callable[[], "Two"]

numbers = itertools.count()


def write_catalog(folder: Path) -> None:
    """Write a catalog of one model that shows two pictures."""
    files = write_models(folder, MODELS)
    for number in range(2):
        Image.new("RGB", (16, 12), (number * 10, 40, 90)).save(files / f"{number}.png")


@dataclass(frozen=True)
class Two:
    """Staging and production of one try; `ink` is the model that was there before."""

    place: Scene
    staging: str
    production: str
    ink: str

    def run(self, command: str, *options: str) -> Ended:
        where = ("-C", str(self.place.catalog), "--jobs", "1", "--yes")
        return self.place.call(self.production, command, "ink", *where, *options)

    def finish(self, refused: Ended) -> Ended:
        """Do what a restore says that is killed when the model is back and bears its mark."""
        told = re.search("`catalog-sync (apply --only ink)`", refused.err)
        words = told[1].split() if told else ["plan", "--detailed-exitcode"]
        where = ("--target", "production")
        yes = ("--yes",) if told else ()
        return self.place.call(self.production, *words, str(self.place.catalog), *where, *yes)

    def held(self) -> list[list[str]]:
        """All that both projects hold, without what differs between two tries."""
        stay = {"Ink": self.ink}
        return [described(self.place, each, stay) for each in (self.staging, self.production)]


def two(place: Scene, *, has_ink: str) -> Two:
    """Two projects of one try, of which one has the model, trained."""
    number = next(numbers)
    named = {target: f"{target}_{number}" for target in ("staging", "production")}
    targets = ", ".join(f"{target}: {{project: {each}}}" for target, each in named.items())
    settings = f"apiVersion: catalogsync/v1\nname: acme\ntargets: {{{targets}}}\n"
    (place.catalog / "catalog.yaml").write_text(settings)
    fields = {"name": "Ink", "type": "flux.1-lora", "status": "trained", "tags": [MARK, "ink"]}
    (ink,) = place.server.control.create_models([fields], named[has_ink])
    return Two(place, **named, ink=ink)


def kill_and_run_again(begin: Begin, command: str, *options: str, every: int) -> None:
    """Let a run have its effect up to every nth request, kill it there, and run it once more.

    What is killed before a request is, for the server, what is killed after the one before it: so
    the one and the other take turns.
    """
    whole = begin()
    reaper = whole.place.reaper
    reaper.arm()
    assert whole.run(command, *options).code == 0
    steps, held = len(reaper.requests), whole.held()
    assert 15 <= steps <= 40
    for effective in range(0, steps + 1, every):
        before = effective % 2 == 0 and effective < steps
        tried = begin()
        reaper.arm(effective + before, "before" if before else "after")
        killed = tried.run(command, *options)
        assert killed.code == -signal.SIGKILL, killed
        reaper.arm()
        again = tried.run(command, *options)
        if "nothing to restore: ink is there" in again.err:
            again = tried.finish(again)
        assert again.code == 0, again
        assert tried.held() == held
        for project in (tried.staging, tried.production):
            tried.place.clear(project)


WAYS: dict[str, tuple[str, dict[str, Any], int]] = {
    "a copy that is copied": ("copy", {"transfer": "copy"}, 1),
    "a copy that moves": ("copy", {"transfer": "move", "copies_tags": True}, 5),
    "a model that is copied": ("transfer", {"transfer": "copy", "copies_tags": True}, 5),
    "a model that moves": ("transfer", {"transfer": "move"}, 5),
}
"""What is transferred, what the server makes of it, and at which of its requests it is killed."""


@pytest.mark.parametrize("way", WAYS)
def test_a_promotion_that_was_killed_brings_one_model(tmp_path: Path, way: str) -> None:
    by, settings, every = WAYS[way]
    write_catalog(tmp_path / "catalog")
    with scene(tmp_path, copy_s=0, **settings) as place:
        words = ("--from", "staging", "--to", "production", "--by", by)
        begin = partial(two, place, has_ink="staging")
        kill_and_run_again(begin, "promote", *words, every=every)


def test_a_restore_that_was_killed_restores_the_model_as_declared(tmp_path: Path) -> None:
    write_catalog(tmp_path / "catalog")
    with scene(tmp_path) as place:

        def begin() -> Two:
            made = two(place, has_ink="production")
            place.http.delete(
                f"/models/{made.ink}", params={"projectId": made.production}
            ).raise_for_status()
            return made

        kill_and_run_again(begin, "restore", "--target", "production", every=1)
