"""The short form of the soak's stories: the same ones each time."""

from pathlib import Path

from tests.soak.stories import tell_stories

STORIES = 30
DAYS = 12


def test_whatever_people_do_nothing_is_lost_doubled_or_told_wrong(tmp_path: Path) -> None:
    tell_stories(tmp_path, stories=STORIES, days=DAYS)
