"""Reads that begin beside the loading: the same requests and words, and nothing left behind."""

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from catalogsync.ahead import Ahead, Order, process, start
from catalogsync.ahead.frames import AnswerWriter, read_answers
from catalogsync.cli import early as beside
from catalogsync.scenario import Direct
from catalogsync.scenario.request import Request
from catalogsync.web import Answer, Failure
from tests.cli.conftest import OTHER, Result, Run, Web, live, write
from tests.cli.test_errors import program
from tests.scenario.server import Server, Step, hang, html, reply, reset, truncated

PLAIN = "name: {name}\ntype: flux.1-lora\nshortDescription: Plain.\n"


@pytest.fixture
def larger(applied: Path, cli: Run, web: Web, server: Any, project: str) -> Path:
    """An applied catalog with a model of every kind: texts or none, pinned, new, edited by hand."""
    models = applied / "models"
    web.put("", {"shortDescription": "By hand."})
    write(models / "plain.yaml", PLAIN.format(name="Plain"))
    (models / "pinned").mkdir()
    write(models / "pinned/model.yaml", PLAIN.format(name="Pinned") + "description: Pinned.\n")
    assert cli("apply", applied, "--yes").code == 0
    pinned = live(server, project)["Pinned"]
    server.control.set_fields(pinned["id"], tags=[])
    write(
        models / "pinned/model.yaml",
        PLAIN.format(name="Pinned") + f"id: {pinned['id']}\ndescription: Pinned anew.\n",
    )
    write(models / "new.yaml", OTHER.replace("Both", "New"))
    web.put("", {"shortDescription": "By hand again."})
    server.control.forget_requests()
    return applied


@pytest.fixture
def worth_it(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Lets reads begin ahead for a catalog of any size, or for none."""

    def set_to(pays: bool) -> None:
        monkeypatch.setattr(beside, "_WORTH_IT", 0 if pays else sys.maxsize)

    return set_to


COMMANDS = {
    "plan": ("plan",),
    "plan of few": ("plan", "--only", "ink-heroes"),
    "plan of what changed": ("plan", "--refresh", "changed"),
    "drift": ("drift",),
    "snapshot": ("snapshot", "--out", "-"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_same_is_asked_and_said(
    cli: Run,
    larger: Path,
    server: Any,
    worth_it: Callable[[bool], None],
    command: tuple[str, ...],
) -> None:
    def run(pays: bool) -> tuple[Result, Counter[str]]:
        worth_it(pays)
        server.control.forget_requests()
        return cli(command[0], larger, *command[1:]), server.control.requests()

    run(False)
    assert run(True) == run(False)


def test_what_a_second_process_reads_is_not_asked_again(
    cli: Run,
    applied: Path,
    server: Any,
    worth_it: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first one asks for nothing itself, and tells of every request as if it were its own."""
    worth_it(True)
    server.control.forget_requests()
    ours: list[str] = []
    exchange = Direct.exchange

    def counted(lines: Direct, request: Request, target: str, by: float) -> Answer | Failure:
        ours.append(request.method)
        return exchange(lines, request, target, by)

    monkeypatch.setattr(Direct, "exchange", counted)
    found = cli("plan", applied, "-v", "--no-cache")
    gets = [line for line in found.err.splitlines() if line.startswith("GET ")]
    sent = server.control.requests()
    assert set(ours) == {"POST"}
    assert len(gets) == sum(sent[told] for told in sent if told.startswith("GET ")) == 4


@pytest.fixture
def begun(
    monkeypatch: pytest.MonkeyPatch, worth_it: Callable[[bool], None]
) -> "list[subprocess.Popen[bytes]]":
    """The processes that are begun before the command is known."""
    worth_it(True)
    found: list[subprocess.Popen[bytes]] = []

    def begin() -> "subprocess.Popen[bytes]":
        found.append(start.begun())
        return found[-1]

    def again() -> "subprocess.Popen[bytes]":
        raise AssertionError("there was one already")

    monkeypatch.setattr(beside, "begun", begin)
    monkeypatch.setattr(process, "begun", again)
    return found


@pytest.mark.parametrize("inside", [False, True])
def test_the_process_that_reads_is_begun_before_the_command_is_known(
    cli: Run,
    applied: Path,
    begun: "list[subprocess.Popen[bytes]]",
    monkeypatch: pytest.MonkeyPatch,
    inside: bool,
) -> None:
    if inside:
        monkeypatch.chdir(applied / "models")
    assert cli("plan", *([] if inside else [applied])).code == 0
    (second,) = begun
    assert second.poll() is not None
    assert second.stdin
    assert second.stdin.closed


WRONG = {
    "an option": ("plan", "--nonsense"),
    "a key": ("plan", "--only", "nobody"),
    "a file": ("apply", "--restore", "catalog/catalog.yaml"),
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_a_process_that_gets_no_order_is_ended(
    cli: Run, applied: Path, begun: "list[subprocess.Popen[bytes]]", given: tuple[str, ...]
) -> None:
    assert cli(given[0], applied, *given[1:]).code == 64
    (second,) = begun
    assert second.poll() is not None


ASKS_NOBODY = {
    "help": ("plan", "--help"),
    "no command": (),
    "another command": ("validate",),
    "a sandbox": ("plan", "--sandbox", "box"),
    "a commit": ("plan", "--against=git:HEAD"),
}


@pytest.mark.parametrize("given", ASKS_NOBODY.values(), ids=ASKS_NOBODY)
def test_what_asks_nobody_begins_no_process(
    cli: Run,
    applied: Path,
    begun: "list[subprocess.Popen[bytes]]",
    monkeypatch: pytest.MonkeyPatch,
    given: tuple[str, ...],
) -> None:
    monkeypatch.chdir(applied)
    cli(*given)
    assert begun == []


@pytest.fixture
def order(server: Any, applied: Path, project: str) -> Order:
    """What is ordered for the applied catalog."""
    return Order(
        base_url=server.url,
        key="key",
        secret="longer-than-a-word",
        project=project,
        jobs=2,
        timeout=20.0,
        root=str(applied),
        catalog="acme",
        texts=True,
        yields=False,
    )


@pytest.fixture
def begin() -> Iterator[Callable[[Order], Ahead]]:
    """Begins what is ended after the test, whatever became of it."""
    begun: list[Ahead] = []

    def begin(order: Order) -> Ahead:
        begun.append(Ahead(order))
        return begun[-1]

    yield begin
    for ahead in begun:
        ahead.close()


LISTING = "/models?pageSize=500"


def brought(ahead: Ahead, target: str) -> Answer | None:
    """What the second process brings, waited for."""
    ahead.wait(target, Event())
    return ahead.take(target)


def test_an_answer_is_good_for_one_request(
    order: Order, begin: Callable[[Order], Ahead], server: Any, project: str
) -> None:
    ahead = begin(order)
    model = live(server, project)["Ink Heroes"]["id"]
    text = brought(ahead, f"/models/{model}/description?projectId={project}")
    assert text
    assert (text.status, b"# Ink" in text.content) == (200, True)
    listing = f"{LISTING}&projectId={project}"
    assert brought(ahead, listing)
    assert brought(ahead, listing) is None


def test_what_nobody_took_is_forgotten_once_the_first_look_is_over(
    order: Order, begin: Callable[[Order], Ahead], server: Any, project: str
) -> None:
    """Who looks again before a write must see what is there then."""
    ahead = begin(order)
    model = live(server, project)["Ink Heroes"]["id"]
    text, guide = (
        f"/models/{model}/{kind}?projectId={project}" for kind in ("description", "prompt-guide")
    )
    assert brought(ahead, text)
    assert brought(ahead, f"/models/{model}?projectId={project}") is None
    ahead.close()
    assert brought(ahead, guide) is None


def test_without_texts_the_listing_alone_is_read(
    order: Order, begin: Callable[[Order], Ahead], server: Any, project: str
) -> None:
    server.control.forget_requests()
    ahead = begin(replace(order, texts=False))
    assert brought(ahead, f"{LISTING}&projectId={project}")
    assert brought(ahead, "/models/any/description") is None
    assert server.control.requests() == {"GET /models": 1}


@pytest.fixture
def ordered(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """What is ordered of second processes."""
    found: list[Order] = []
    told = Order.to_json

    def noted(order: Order) -> bytes:
        found.append(order)
        return told(order)

    monkeypatch.setattr(Order, "to_json", noted)
    return found


@pytest.mark.parametrize("yields", [False, True])
def test_a_process_that_yields_lets_others_go_first(
    order: Order, begin: Callable[[Order], Ahead], project: str, yields: bool
) -> None:
    ahead = begin(replace(order, yields=yields))
    assert brought(ahead, f"{LISTING}&projectId={project}")
    niceness = os.getpriority(os.PRIO_PROCESS, ahead.process_id)
    assert (niceness > os.getpriority(os.PRIO_PROCESS, 0)) is yields


def test_it_yields_until_something_is_known_of_the_files(
    larger: Path,
    cli: Run,
    worth_it: Callable[[bool], None],
    ordered: list[Order],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    worth_it(True)
    cli("plan", larger, "--no-cache")
    cli("plan", larger)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "of-nobody-yet"))
    cli("plan", larger)
    cli("plan", larger)
    assert [order.yields for order in ordered] == [True, False, True, False]


FAILURES: dict[str, Step] = {
    "429": reply(429, {"reason": "Too many"}),
    "500": reply(500, {"reason": "Broken"}),
    "401": reply(401, {"reason": "Who?"}),
    "reset": reset,
    "truncated": truncated(),
    "no model": reply(200, {"models": [{"id": 1}]}),
    "no JSON": reply(200, b"<h1>"),
}


def test_what_the_server_refuses_is_handed_on_too(
    order: Order, begin: Callable[[Order], Ahead]
) -> None:
    with Server() as server:
        server.script(reply(429, {"reason": "Too many"}, retry_after="7"))
        ahead = begin(replace(order, base_url=server.url, project=""))
        answer = brought(ahead, LISTING)
        assert answer
        assert (answer.status, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_what_fails_is_tried_once_and_left_to_the_first_process(
    order: Order, begin: Callable[[Order], Ahead], failure: Step
) -> None:
    with Server() as server:
        server.script(failure)
        ahead = begin(replace(order, base_url=server.url, project=""))
        assert brought(ahead, "/models/any/description") is None
        assert len(server.requests) == 1


@pytest.fixture
def many(order: Order, tmp_path: Path) -> Order:
    """What is ordered one by one for a catalog of models m0 to m4 with two texts each."""
    for number in range(5):
        place = tmp_path / f"many/models/m{number}.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        write(place, "description: A.\npromptGuide: B.\n")
    return replace(order, root=str(tmp_path / "many"), project="", jobs=1)


def listed(number: int, **told: object) -> dict[str, object]:
    """One of them as a listing tells of it."""
    return {"id": f"id{number}", "tags": [f"catalog-sync:acme/m{number}"], **told}


def test_only_what_the_first_process_would_ask_is_asked(
    many: Order, begin: Callable[[Order], Ahead]
) -> None:
    twice = listed(2)["tags"] * 2  # type: ignore[operator]
    models = [
        *(listed(0), listed(0), listed(1, status="deleted"), listed(2, tags=twice)),
        *(listed(3, deletedAt="2026-01-01"), listed(4, tags=["catalog-sync:other/m4"])),
    ]
    with Server() as server:
        server.script(reply(200, {"models": models}))
        ahead = begin(replace(many, base_url=server.url))
        assert brought(ahead, "/models/nobody/description") is None
        asked = sorted(request.target.removeprefix("/v1") for request in server.requests)
    texts = [f"/models/id{n}/{text}" for n in (0, 2) for text in ("description", "prompt-guide")]
    assert asked == [*texts, LISTING]


@pytest.mark.parametrize("bad", [html(), reply(429, {}), reply(200, b"[]"), reset])
def test_after_a_text_that_fails_nothing_is_asked(
    many: Order, begin: Callable[[Order], Ahead], bad: Step
) -> None:
    with Server() as server:
        server.script(reply(200, {"models": [listed(number) for number in range(5)]}), bad)
        ahead = begin(replace(many, base_url=server.url))
        assert brought(ahead, "/models/id4/prompt-guide") is None
        assert len(server.requests) == 2


def test_whether_a_text_is_unset_the_model_tells(
    many: Order, begin: Callable[[Order], Ahead]
) -> None:
    with Server() as server:
        server.script(reply(200, {"models": [listed(0)]}), reply(404, {}), reply(404, {}))
        ahead = begin(replace(many, base_url=server.url))
        assert brought(ahead, "/models/id0/prompt-guide")
        asked = [request.target.removeprefix("/v1") for request in server.requests]
    model = "/models/id0"
    assert asked == [LISTING, f"{model}/description", model, f"{model}/prompt-guide"]


def test_who_gets_to_know_that_a_text_is_not_there_finds_the_model(
    many: Order, begin: Callable[[Order], Ahead]
) -> None:
    """It is asked for next, and a request of its own for each would take ever so long."""
    with Server() as server:
        server.script(reply(200, {"models": [listed(0)]}), reply(404, {}))
        ahead = begin(replace(many, base_url=server.url))
        text = brought(ahead, "/models/id0/description")
        assert text
        assert text.status == 404
        assert ahead.take("/models/id0")


def test_what_was_taken_once_is_not_brought_again(order: Order) -> None:
    ahead = Ahead(order)
    ahead.close()
    assert ahead.take("/a") is None
    ahead._keep("/a", Answer("GET /a", 200, {}, b"{}"))
    assert ahead.take("/a") is None


@pytest.mark.parametrize("code", ["", "print('[1')", "print('{}')", "import sys; sys.exit(3)"])
def test_a_process_that_brings_nothing_does_no_harm(
    cli: Run,
    applied: Path,
    worth_it: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
    code: str,
) -> None:
    worth_it(True)
    monkeypatch.setattr(start, "_COMMAND", (sys.executable, "-c", code))
    assert "No changes. 2 models match." in cli("plan", applied).out


def test_a_process_that_cannot_begin_does_no_harm(
    cli: Run,
    applied: Path,
    worth_it: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worth_it(True)
    monkeypatch.setattr(start, "_COMMAND", ("/nowhere/python",))
    assert "No changes. 2 models match." in cli("plan", applied).out


def test_a_process_that_is_killed_is_waited_for_no_longer(
    order: Order, begin: Callable[[Order], Ahead]
) -> None:
    with Server() as server, ThreadPoolExecutor(1) as pool:
        server.script(hang)
        ahead = begin(replace(order, base_url=server.url))
        waiting = pool.submit(brought, ahead, "/models/any/description")
        while not server.requests:
            assert not waiting.done()
        os.kill(ahead.process_id, signal.SIGKILL)
        assert waiting.result(timeout=20) is None


def test_a_run_that_is_to_end_waits_no_longer(
    order: Order, begin: Callable[[Order], Ahead]
) -> None:
    stop = Event()
    with Server() as server, ThreadPoolExecutor(1) as pool:
        server.script(hang)
        ahead = begin(replace(order, base_url=server.url))
        waiting = pool.submit(ahead.wait, "/models/any/description", stop)
        while not server.requests:
            assert not waiting.done()
        stop.set()
        waiting.result(timeout=20)
        assert is_running(ahead.process_id)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_plan_that_is_to_end_leaves_no_process(applied: Path, number: signal.Signals) -> None:
    """Also where the signal reaches the first process alone, as in CI."""
    with Server() as server:
        first, second = planning(applied, server, "--timeout", "60")
        first.send_signal(number)
        first.wait(timeout=50)
        assert not is_running(second)


def test_at_the_end_no_process_is_left(order: Order) -> None:
    with Server() as server:
        server.script(hang)
        ahead = Ahead(replace(order, base_url=server.url))
        while not server.requests:
            assert is_running(ahead.process_id)
        ahead.close()
        assert not is_running(ahead.process_id)


def test_a_process_ends_with_the_one_that_began_it(applied: Path) -> None:
    with Server() as server:
        first, second = planning(applied, server)
        first.kill()
        first.wait()
        while is_running(second):
            assert len(server.requests) == 1


def planning(root: Path, server: Server, *options: str) -> tuple["subprocess.Popen[bytes]", int]:
    """A plan of many models that waits for a server, and the process that reads ahead for it."""
    for number in range(200):
        write(root / f"models/m{number}.yaml", PLAIN.format(name=f"M{number}"))
    server.script(*[hang] * 4)
    first = subprocess.Popen(
        program("plan", root, "--base-url", server.url, *options),
        env=os.environ | {"SCENARIO_SDK_API_KEY": "k", "SCENARIO_SDK_API_SECRET": "s"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not server.requests:
        assert first.poll() is None
    return first, second_of(first)


def is_running(pid: int) -> bool:
    """Whether there is such a process, and not only what is left of one."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def second_of(first: "subprocess.Popen[bytes]") -> int:
    """The process that reads ahead for another one."""
    tree = Path(f"/proc/{first.pid}/task/{first.pid}/children")
    return next(pid for pid in map(int, tree.read_text().split()) if reads_ahead(pid))


def reads_ahead(pid: int) -> bool:
    return b"catalogsync.ahead" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_nothing_is_imported_from_where_it_runs(
    cli: Run, applied: Path, tmp_path: Path, worth_it: Callable[[bool], None], server: Any
) -> None:
    worth_it(True)
    marker = tmp_path / "imported"
    for name in ("json.py", "httpx.py", "h11.py", "catalogsync/__init__.py"):
        place = tmp_path / "where" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        write(place, f"open({str(marker)!r}, 'w')\n")
    with contextlib.chdir(tmp_path / "where"):
        found = cli("plan", applied)
    assert "No changes. 2 models match." in found.out
    assert not marker.exists()


FEW = {"few models": (sys.maxsize, 2), "one core": (0, 1)}


@pytest.mark.parametrize(("worth", "cores"), FEW.values(), ids=FEW)
def test_where_it_does_not_pay_there_is_no_process(
    cli: Run, applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worth: int, cores: int
) -> None:
    monkeypatch.setattr(beside, "_WORTH_IT", worth)
    monkeypatch.setattr(beside, "_cores", lambda: cores)
    monkeypatch.setattr(start, "_COMMAND", ("touch", str(tmp_path / "begun")))
    assert "No changes. 2 models match." in cli("plan", applied).out
    assert not (tmp_path / "begun").exists()


def test_a_bad_manifest_is_told_as_ever(
    cli: Run, applied: Path, worth_it: Callable[[bool], None]
) -> None:
    write(applied / "models/bad.yaml", "name: 1\n")
    worth_it(False)
    without = cli("plan", applied)
    worth_it(True)
    assert cli("plan", applied) == without
    assert without.code == 1


def test_an_order_does_not_show_the_credentials(order: Order) -> None:
    assert order.secret not in repr(order)
    assert order.secret not in " ".join(start._COMMAND)
    assert Order.from_json(order.to_json()) == order


def test_who_waits_is_told_whether_an_answer_came(
    many: Order, begin: Callable[[Order], Ahead]
) -> None:
    with Server() as server:
        server.script(reply(200, {"models": [listed(0)]}))
        ahead = begin(replace(many, base_url=server.url))
        text = "/models/id0/description"
        assert ahead.wait(text, Event())
        assert ahead.wait(text, Event())
        assert ahead.take(text)
        assert not ahead.wait(text, Event())
        assert not ahead.wait("/models/nobody/description", Event())


def test_answers_from_many_threads_are_each_whole() -> None:
    answers = {f"/{n}": Answer("GET /", 200, {}, b"%d\n" % n * n, 0.5) for n in range(300)}
    written = BytesIO()
    with AnswerWriter(written) as writer, ThreadPoolExecutor(8) as pool:
        for target, answer in answers.items():
            pool.submit(writer.write, target, answer)
    assert dict(read_answers(BytesIO(written.getvalue()))) == answers


def test_an_answer_that_is_cut_off_is_none() -> None:
    answer = Answer("GET /a", 200, {"content-type": "application/json"}, b"{}\n\n", 0.5)
    once, written = BytesIO(), BytesIO()
    with AnswerWriter(once) as writer:
        writer.write("/a?b=c", answer)
    with AnswerWriter(written) as writer:
        writer.write("/a?b=c", answer)
        writer.write("/d", answer)
    first, whole = len(once.getvalue()), written.getvalue()
    for length in range(len(whole)):
        read = list(read_answers(BytesIO(whole[:length])))
        assert read == ([("/a?b=c", answer)] if length >= first else [])
