"""Weights at the port: packed once, fetched whole whatever breaks, known by their digest."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.download import (
    Bounds,
    Downloaded,
    Packing,
    Place,
    Seen,
    Want,
    Watch,
    download,
)
from catalogsync.errors import (
    AddressExpired,
    BadResponse,
    FileDiffers,
    Interrupted,
    OutcomeUnknown,
    Rejected,
    TookTooLong,
    Unreachable,
    UploadFailed,
    UsageError,
)
from tests.engine.fake_trainer import FakeTrainer
from tests.engine.test_training import failing, never

WEIGHTS = random.Random(1).randbytes(600_000)
OTHER = random.Random(2).randbytes(600_000)
WANT = Want("ink", "m-ink")
HIDDEN = ".ink."


class Killed(BaseException):
    """The process dies here."""


@dataclass
class FakeStream:
    start: int
    size: int | None
    tag: str
    name: str
    content: bytes
    breaks: int | None
    kills: bool = False

    def chunks(self) -> Iterator[bytes]:
        left = self.content[self.start : None if self.breaks is None else self.start + self.breaks]
        for at in range(0, len(left), 50_000):
            yield left[at : at + 50_000]
        if self.breaks is not None and self.start + self.breaks < len(self.content):
            raise Killed if self.kills else Unreachable("the file broke off")


@dataclass
class FakeFiles:
    """A server of one file that breaks off as `breaks` says: after so many bytes, or never."""

    content: bytes = WEIGHTS
    tag: str = '"1"'
    name: str = "w.safetensors"
    ranges: bool = True
    tells_size: bool = True
    kills: bool = False
    breaks: list[int | None] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    asked: list[tuple[str, int, str]] = field(default_factory=list)

    @contextmanager
    def open(self, url: str, start: int, tag: str) -> Iterator[FakeStream]:
        self.asked.append((url, start, tag))
        if url in self.expired:
            raise AddressExpired("not accepted (403)", status=403)
        begins = start if self.ranges and tag in ("", self.tag) else 0
        size = len(self.content) if self.tells_size else None
        breaks = self.breaks.pop(0) if self.breaks else None
        yield FakeStream(begins, size, self.tag, self.name, self.content, breaks, self.kills)


def agreed(doubtful: bool) -> None:
    """Whoever is asked says yes."""


def fetch(
    folder: Path,
    server: FakeTrainer,
    files: FakeFiles,
    *,
    want: Want = WANT,
    trained_at: str = "",
    most: int = 10_000_000,
    deadline: float = 60,
    agree: Callable[[bool], object] = agreed,
    replace_file: bool = False,
    wait: Callable[[float], bool] = never,
    seen: Callable[[Seen], object] = lambda seen: None,
) -> Downloaded:
    with closing(Place(folder, want)) as place:
        return download(
            Packing(server, want, place, wait, deadline=deadline),
            place,
            want,
            files,
            trained_at=trained_at,
            agree=agree,
            bounds=Bounds(most, deadline),
            replace_file=replace_file,
            wait=wait,
            watch=Watch(bytes=seen),
        )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def check(folder: Path, content: bytes = WEIGHTS, name: str = "ink.safetensors") -> None:
    """The file is there, whole, with its digest beside it, and nothing else is."""
    assert names(folder) == [name, f"{name}.sha256"]
    assert (folder / name).read_bytes() == content
    assert (folder / f"{name}.sha256").read_text() == f"{sha256(content).hexdigest()}  {name}\n"


def test_a_file_appears_whole_with_its_digest(tmp_path: Path) -> None:
    server, seen = FakeTrainer(looks=3), list[Seen]()
    done = fetch(tmp_path, server, FakeFiles(), seen=seen.append)
    check(tmp_path)
    assert (done.name, done.size, done.same) == ("ink.safetensors", len(WEIGHTS), False)
    assert done.sha256 == sha256(WEIGHTS).hexdigest()
    assert (seen[0], seen[-1]) == (Seen(0, len(WEIGHTS)), Seen(len(WEIGHTS), len(WEIGHTS)))
    assert server.count("start_download") == 1


def test_what_breaks_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    files = FakeFiles(breaks=[200_000, 100_000])
    fetch(tmp_path, FakeTrainer(), files)
    check(tmp_path)
    assert [start for _, start, _ in files.asked] == [0, 200_000, 300_000]
    assert [tag for _, _, tag in files.asked] == ["", '"1"', '"1"']


def test_a_server_that_ignores_ranges_begins_anew(tmp_path: Path) -> None:
    files = FakeFiles(ranges=False, breaks=[200_000, 400_000])
    fetch(tmp_path, FakeTrainer(), files)
    check(tmp_path)


def test_a_file_whose_size_is_not_told_ends_where_it_ends(tmp_path: Path) -> None:
    fetch(tmp_path, FakeTrainer(), FakeFiles(tells_size=False, breaks=[200_000]))
    check(tmp_path)


def test_a_file_that_changed_meanwhile_is_fetched_anew(tmp_path: Path) -> None:
    files = FakeFiles(breaks=[200_000], kills=True)
    with pytest.raises(Killed):
        fetch(tmp_path, FakeTrainer(), files)
    server = FakeTrainer()
    changed = FakeFiles(OTHER, '"2"')
    fetch(tmp_path, server, changed)
    check(tmp_path, OTHER)


def test_bytes_of_nobody_knows_what_are_not_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        fetch(tmp_path, FakeTrainer(), FakeFiles(tag="", breaks=[200_000], kills=True))
    files = FakeFiles(OTHER, tag="")
    fetch(tmp_path, FakeTrainer(), files)
    check(tmp_path, OTHER)
    assert files.asked[0][1] == 0


class MovedOn(FakeFiles):
    """A server that says the same tag, or another, for other bytes in the middle of a file."""

    @contextmanager
    def open(self, url: str, start: int, tag: str) -> Iterator[FakeStream]:
        if start:
            self.content, self.tag = OTHER, '"2"'
        with super().open(url, start, tag if not start else self.tag) as stream:
            yield stream


def test_a_part_of_another_file_is_never_put_behind_the_first(tmp_path: Path) -> None:
    fetch(tmp_path, FakeTrainer(), MovedOn(breaks=[200_000]))
    check(tmp_path, OTHER)


@settings(deadline=None, max_examples=60)
@given(
    runs=st.lists(
        st.lists(st.integers(0, 600_000), min_size=1, max_size=4), min_size=0, max_size=4
    ),
    ranges=st.booleans(),
    tells_size=st.booleans(),
    tag=st.sampled_from(['"1"', ""]),
)
def test_whatever_breaks_and_whoever_is_killed_the_file_is_right(
    tmp_path_factory: pytest.TempPathFactory,
    runs: list[list[int]],
    ranges: bool,
    tells_size: bool,
    tag: str,
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    server = FakeTrainer()
    for number, breaks in enumerate([*runs, []]):
        files = FakeFiles(
            tag=tag,
            ranges=ranges,
            tells_size=tells_size,
            breaks=list(breaks),
            kills=number % 2 == 0,
        )
        try:
            fetch(folder, server, files)
            break
        except (Killed, Unreachable):
            assert all(name.startswith(HIDDEN) for name in names(folder))
    check(folder)
    assert server.count("start_download") == 1


@pytest.mark.parametrize("breaks", [0, 1])
def test_a_line_over_which_nothing_comes_is_given_up(tmp_path: Path, breaks: int) -> None:
    files = FakeFiles(breaks=[breaks] * 100)
    with pytest.raises(Unreachable):
        fetch(tmp_path, FakeTrainer(), files)
    assert len(files.asked) == 5


def test_the_hint_says_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as raised:
        fetch(tmp_path, FakeTrainer(), FakeFiles(breaks=[200_000, *[0] * 99]))
    assert "it goes on after the 200,000 bytes" in raised.value.hint


@pytest.mark.parametrize("tells_size", [True, False])
def test_a_file_that_is_too_large_is_refused(tmp_path: Path, tells_size: bool) -> None:
    with pytest.raises(Rejected, match="at most"):
        fetch(tmp_path, FakeTrainer(), FakeFiles(tells_size=tells_size), most=300_000)
    assert all(name.startswith(HIDDEN) for name in names(tmp_path))


def test_more_than_was_promised_is_refused(tmp_path: Path) -> None:
    class Lying(FakeFiles):
        @contextmanager
        def open(self, url: str, start: int, tag: str) -> Iterator[FakeStream]:
            with super().open(url, start, tag) as stream:
                stream.size = 100_000
                yield stream

    with pytest.raises(Rejected):
        fetch(tmp_path, FakeTrainer(), Lying())


def test_time_that_is_over_leaves_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(TookTooLong, match="after -1 s"):
        fetch(tmp_path, FakeTrainer(looks=0), FakeFiles(), deadline=-1)


def test_who_stops_goes_on_the_next_time(tmp_path: Path) -> None:
    seen: list[Seen] = []
    server = FakeTrainer()
    with pytest.raises(Interrupted):
        fetch(tmp_path, server, FakeFiles(), seen=seen.append, wait=lambda _: len(seen) > 4)
    files = FakeFiles()
    fetch(tmp_path, server, files)
    check(tmp_path)
    assert files.asked[0][1] > 0
    assert server.count("start_download") == 1


def test_an_address_that_expired_is_asked_for_anew(tmp_path: Path) -> None:
    server, files = FakeTrainer(url="old"), FakeFiles(expired={"old"})

    def fresh(name: str) -> None:
        if files.asked and name == "get_job":
            server.jobs["job_1"] = server._job("model-download", "m-ink").__class__(
                id="job_1", status="success", type="model-download", model_id="m-ink", url="new"
            )

    server.before = fresh
    fetch(tmp_path, server, files)
    check(tmp_path)
    assert [url for url, _, _ in files.asked] == ["old", "new"]


def test_a_job_of_an_earlier_run_whose_file_is_gone_is_followed_by_a_new_one(
    tmp_path: Path,
) -> None:
    server = FakeTrainer(url="old")
    with pytest.raises(Killed):
        fetch(tmp_path, server, FakeFiles(breaks=[200_000], kills=True))
    server.url = "new"
    asked: list[bool] = []
    files = FakeFiles(expired={"old"})
    fetch(tmp_path, server, files, agree=asked.append)
    check(tmp_path)
    assert asked == [False]
    assert server.count("start_download") == 2
    assert files.asked[-1] == ("new", 200_000, '"1"')


def test_an_address_that_is_never_accepted_ends_it(tmp_path: Path) -> None:
    server = FakeTrainer(url="old")
    with pytest.raises(AddressExpired):
        fetch(tmp_path, server, FakeFiles(expired={"old"}))
    assert server.count("start_download") == 1
    server.url = "new"
    fetch(tmp_path, server, FakeFiles(expired={"old"}))
    check(tmp_path)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_job_is_begun_once_though_the_answer_gets_lost(tmp_path: Path, when: str) -> None:
    server = FakeTrainer()
    setattr(server, when, failing("start_download", Unreachable("lost")))
    asked: list[bool] = []
    if when == "after":
        fetch(tmp_path, server, FakeFiles(), agree=asked.append)
    else:
        with pytest.raises(OutcomeUnknown):
            fetch(tmp_path, server, FakeFiles(), agree=asked.append)
        fetch(tmp_path, server, FakeFiles(), agree=asked.append)
    check(tmp_path)
    assert asked == ([False] if when == "after" else [False, True])
    assert len(server.jobs) == 1


def test_the_job_of_a_run_that_was_killed_as_it_began_is_found(tmp_path: Path) -> None:
    server = FakeTrainer()
    server.start_download("m-ink", "")  # somebody else's, from before

    def dies(name: str) -> None:
        if name == "start_download":
            raise Killed

    server.after = dies
    with pytest.raises(Killed):
        fetch(tmp_path, server, FakeFiles())
    server.after = lambda name: None
    done = fetch(tmp_path, server, FakeFiles(), agree=lambda doubtful: pytest.fail("asked"))
    check(tmp_path)
    assert done.job_id == "job_2"
    assert len(server.jobs) == 2


ANOTHER = {
    "an epoch": Want("ink", "m-ink", "000001"),
    "its own": Want("ink", "m-ink", own_epoch="000001"),
}


@pytest.mark.parametrize("want", ANOTHER.values(), ids=ANOTHER)
def test_a_job_of_another_epoch_is_not_taken_for_one_whose_answer_got_lost(
    tmp_path: Path, want: Want
) -> None:
    server = FakeTrainer()

    def lost(name: str) -> None:
        if name == "start_download":
            server.before = lambda name: None
            server.start_download("m-ink", "000002")  # somebody else's, at the same time
            raise Unreachable("lost")

    server.before = lost
    with pytest.raises(OutcomeUnknown):
        fetch(tmp_path, server, FakeFiles(), want=want)
    asked: list[bool] = []
    done = fetch(tmp_path, server, FakeFiles(), want=want, agree=asked.append)
    assert (done.job_id, asked) == ("job_2", [True])


@pytest.mark.parametrize(
    ("want", "told"),
    [
        (Want("ink", "m-ink", "000001"), "000001"),
        (Want("ink", "m-ink", "000001"), ""),
        (Want("ink", "m-ink", own_epoch="000001"), "000001"),
        (Want("ink", "m-ink", own_epoch="000001"), ""),
        (WANT, "000001"),
    ],
)
def test_a_job_of_the_same_epoch_or_that_tells_none_is_found(
    tmp_path: Path, want: Want, told: str
) -> None:
    server = FakeTrainer()

    def lost(name: str) -> None:
        if name == "start_download":
            server.jobs["job_1"] = replace(server.jobs["job_1"], epoch=told)
            raise Unreachable("lost")

    server.after = lost
    done = fetch(tmp_path, server, FakeFiles(), want=want)
    assert (done.job_id, server.count("start_download")) == ("job_1", 1)


def test_who_does_not_agree_gets_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    def no(doubtful: bool) -> None:
        raise UsageError("there is nobody to ask")

    server = FakeTrainer()
    with pytest.raises(UsageError):
        fetch(tmp_path, server, FakeFiles(), agree=no)
    assert names(tmp_path) == []
    assert server.count("start_download") == 0


def test_a_begin_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    server = FakeTrainer()
    server.before = failing("start_download", Rejected("no", status=400))
    with pytest.raises(Rejected):
        fetch(tmp_path, server, FakeFiles())
    assert names(tmp_path) == []


def test_who_stops_before_a_begin_was_sent_is_not_told_that_it_may_have_been_paid_for(
    tmp_path: Path,
) -> None:
    server, asked = FakeTrainer(), list[bool]()
    server.before = failing("start_download", Interrupted("interrupted"))
    with pytest.raises(Interrupted):
        fetch(tmp_path, server, FakeFiles(), agree=asked.append)
    assert names(tmp_path) == []
    fetch(tmp_path, server, FakeFiles(), agree=asked.append)
    assert asked == [False, False]


def test_who_stops_while_a_lost_begin_is_looked_for_is_told_that_it_may_have_been_paid_for(
    tmp_path: Path,
) -> None:
    server, asked = FakeTrainer(), list[bool]()
    server.before = failing("start_download", Unreachable("lost"))
    with pytest.raises(Interrupted):
        fetch(tmp_path, server, FakeFiles(), wait=lambda seconds: seconds > 0)
    fetch(tmp_path, server, FakeFiles(), agree=asked.append)
    assert asked == [True]


def test_a_job_that_fails_is_told_in_its_words_and_begun_anew_the_next_time(
    tmp_path: Path,
) -> None:
    server = FakeTrainer(ends="failure")
    with pytest.raises(UploadFailed, match="could not pack it: no reason given"):
        fetch(tmp_path, server, FakeFiles())
    server.ends = "success"
    fetch(tmp_path, server, FakeFiles())
    check(tmp_path)


def test_a_job_that_does_not_say_where_its_file_is_is_told_to_a_person(tmp_path: Path) -> None:
    with pytest.raises(BadResponse, match="not where its file is"):
        fetch(tmp_path, FakeTrainer(url=""), FakeFiles())


def test_weights_from_before_a_training_are_not_taken_for_its_own(tmp_path: Path) -> None:
    server = FakeTrainer()
    with pytest.raises(Killed):
        fetch(tmp_path, server, FakeFiles(breaks=[200_000], kills=True))
    fetch(tmp_path, server, FakeFiles(OTHER, '"2"'), trained_at="2026-01-01T00:00:01.5Z")
    check(tmp_path, OTHER)
    assert server.count("start_download") == 2


def test_the_same_file_again_is_the_same(tmp_path: Path) -> None:
    fetch(tmp_path, FakeTrainer(), FakeFiles())
    assert fetch(tmp_path, FakeTrainer(), FakeFiles()).same
    check(tmp_path)


def test_another_file_is_refused_until_it_may_be_replaced(tmp_path: Path) -> None:
    fetch(tmp_path, FakeTrainer(), FakeFiles())
    server, files = FakeTrainer(), FakeFiles(OTHER, '"2"')
    with pytest.raises(FileDiffers, match="is another file than the server sends") as raised:
        fetch(tmp_path, server, files)
    assert raised.value.exit_code == 5
    assert (tmp_path / "ink.safetensors").read_bytes() == WEIGHTS
    fetch(tmp_path, server, files, replace_file=True)
    check(tmp_path, OTHER)
    assert server.count("start_download") == 1


def test_a_file_that_was_damaged_is_told(tmp_path: Path) -> None:
    fetch(tmp_path, FakeTrainer(), FakeFiles())
    (tmp_path / "ink.safetensors").write_bytes(b"damaged")
    with pytest.raises(FileDiffers, match="was changed: what the server sends is what"):
        fetch(tmp_path, FakeTrainer(), FakeFiles())


@pytest.mark.parametrize("keeps_file", [True, False])
def test_a_digest_that_is_another_one_is_told(tmp_path: Path, keeps_file: bool) -> None:
    fetch(tmp_path, FakeTrainer(), FakeFiles())
    record = tmp_path / "ink.safetensors.sha256"
    record.write_text(f"{'0' * 64}  ink.safetensors\n")
    if not keeps_file:
        (tmp_path / "ink.safetensors").unlink()
    with pytest.raises(FileDiffers, match=r"than ink\.safetensors\.sha256 says"):
        fetch(tmp_path, FakeTrainer(), FakeFiles())


@pytest.mark.parametrize(
    "text", ["", "nonsense", f"{'0' * 64}  other\n", "0" * 64, f"{'0' * 64}  ink.safetensors"]
)
def test_a_record_of_something_else_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "ink.safetensors.sha256").write_text(text)
    fetch(tmp_path, FakeTrainer(), FakeFiles())
    check(tmp_path)


HOSTILE = {
    "../../etc/passwd": "ink.bin",
    "/etc/cron.d/x.sh": "ink.sh",
    "..": "ink.bin",
    "": "ink.bin",
    "x.tar.gz": "ink.gz",
    "w.SafeTensors": "ink.safetensors",
    "w.a/../../b": "ink.bin",
    "w.\u202egnp": "ink.bin",
    "w.tens\x00ors": "ink.bin",
    "w.;rm -rf": "ink.bin",
    "w." + "a" * 300: "ink.bin",
    "CON": "ink.bin",
    "w.safetensors\n": "ink.bin",
}


@pytest.mark.parametrize(("name", "expected"), HOSTILE.items())
def test_only_an_extension_of_a_name_of_the_server_is_used(
    tmp_path: Path, name: str, expected: str
) -> None:
    fetch(tmp_path, FakeTrainer(), FakeFiles(name=name))
    check(tmp_path, name=expected)


@pytest.mark.parametrize("epoch", ["../../x", "/etc", ".", "a b", "x" * 300, "\u202e", "-rf"])
def test_an_epoch_that_is_no_name_is_a_digest(epoch: str) -> None:
    assert len(Want("ink", "m", epoch).stem) == len("ink-") + 12


def test_every_epoch_has_a_file_of_its_own(tmp_path: Path) -> None:
    want = Want("ink", "m-ink", "000002")
    fetch(tmp_path, FakeTrainer(), FakeFiles(), want=want)
    check(tmp_path, name="ink-000002.safetensors")


def test_a_link_where_the_bytes_are_to_go_is_not_followed(tmp_path: Path) -> None:
    folder, victim = tmp_path / "out", tmp_path / "victim"
    folder.mkdir()
    victim.write_bytes(b"precious")
    with closing(Place(folder, WANT)) as place:
        part = place._part
    (folder / part).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        fetch(folder, FakeTrainer(), FakeFiles())
    assert victim.read_bytes() == b"precious"


def test_a_file_with_another_name_as_well_is_not_written_into(tmp_path: Path) -> None:
    folder, victim = tmp_path / "out", tmp_path / "victim"
    folder.mkdir()
    victim.write_bytes(b"precious")
    with closing(Place(folder, WANT)) as place:
        part = place._part
    (folder / part).hardlink_to(victim)
    with pytest.raises(UsageError, match="no file of ours"):
        fetch(folder, FakeTrainer(), FakeFiles())
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("replace_file", [False, True])
def test_a_link_under_the_name_of_the_file_is_not_followed(
    tmp_path: Path, replace_file: bool
) -> None:
    folder, victim = tmp_path / "out", tmp_path / "victim"
    folder.mkdir()
    victim.write_bytes(b"precious")
    (folder / "ink.safetensors").symlink_to(victim)
    with pytest.raises(FileDiffers, match="is no file"):
        fetch(folder, FakeTrainer(), FakeFiles(), replace_file=replace_file)
    assert victim.read_bytes() == b"precious"


def test_links_where_notes_and_digests_go_are_replaced(tmp_path: Path) -> None:
    folder, victim = tmp_path / "out", tmp_path / "victim"
    folder.mkdir()
    victim.write_bytes(b"precious")
    with closing(Place(folder, WANT)) as place:
        note = place._note
    (folder / note).symlink_to(victim)
    (folder / "ink.safetensors.sha256").symlink_to(victim)
    fetch(folder, FakeTrainer(), FakeFiles())
    check(folder)
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("what", ["fifo", "folder"])
def test_what_is_no_file_is_never_opened_for_long(tmp_path: Path, what: str) -> None:
    name = tmp_path / "ink.safetensors"
    os.mkfifo(name) if what == "fifo" else name.mkdir()
    with pytest.raises(FileDiffers, match="is no file"):
        fetch(tmp_path, FakeTrainer(), FakeFiles())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"type": "Note"}', b"\xff", b"7" * 5000])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    with closing(Place(tmp_path, WANT)) as place:
        note = place._note
    (tmp_path / note).write_bytes(content)
    fetch(tmp_path, FakeTrainer(), FakeFiles())
    check(tmp_path)


def test_two_at_once_do_not_write_into_one_file(tmp_path: Path) -> None:
    with (
        closing(Place(tmp_path, WANT)) as place,
        place.part(),
        pytest.raises(UsageError, match="is being downloaded into this folder already"),
    ):
        fetch(tmp_path, FakeTrainer(), FakeFiles())


def test_no_note_holds_an_address(tmp_path: Path) -> None:
    server = FakeTrainer(url="https://files.example/w?Signature=canary")
    with pytest.raises(Killed):
        fetch(tmp_path, server, FakeFiles(breaks=[200_000], kills=True))
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir() if "json" in path.name)
    assert b"job_1" in left
    assert b"canary" not in left


def test_no_address_is_in_what_a_job_looks_like() -> None:
    server: Any = FakeTrainer(url="https://files.example/w?Signature=canary")
    server.start_download("m-ink", "")
    assert server.get_job("job_1").url
    assert "canary" not in repr(server.get_job("job_1"))
