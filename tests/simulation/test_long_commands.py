"""Commands that go on for long, as people call them: paused sides, Ctrl-C, and what they tell."""

from __future__ import annotations

import io
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from support.unheard import unheard
from support.world import JANE, ROOT, World, real_link, world

from tieline.domain.link import Brake
from tieline_ops.bringing import Asker, Left
from tieline_ops.calling import Calls
from tieline_ops.cli import main
from tieline_ops.speaking import progress
from tieline_ops.trouble import Trouble

LINK = "jira-servicenow"
FAST = ("--rate", "60000")
Ask = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass
class Post:
    """An operator's place before a world; `before` is called with each question."""

    w: World
    capsys: pytest.CaptureFixture[str]
    before: Callable[[Mapping[str, Any]], None] = lambda _: None
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def ask(self, event: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(event)
        self.before(event)
        return self.w.invoke(event)

    def told(self, *words: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["--project", str(ROOT), *words])
        assert isinstance(ended.value.code, int)
        printed = self.capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    def old(self, count: int) -> list[str]:
        """Incidents that were there before, and match."""
        with unheard(self.w.jira, self.w.snow):
            return [self.w.incident(f"ticket {n}") for n in range(count)]

    def twins(self, count: int) -> list[str]:
        made = [self.w.incident(f"ticket {n}") for n in range(count)]
        self.w.settle(ticks=1)
        return made


@pytest.fixture(autouse=True)
def _ctrl_c() -> Iterator[None]:
    """Ctrl-C is heard, also where a shell's background job, which these may run in, ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Post]:
    with world() as w:
        yield _post(w, monkeypatch, capsys)


def _post(w: World, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Post:
    made = Post(w, capsys)
    patch.setattr(Calls, "ask", lambda _, __, event: made.ask(event))
    for verb in ("backfill", "connect", "disconnect", "audit"):
        patch.setattr(
            f"tieline_ops.commands.{verb}.Asker", partial(Asker, clock=w.clock, sleep=w.sleep)
        )
    return made


def test_a_side_that_wants_fewer_calls_is_waited_for_and_that_is_said_once(post: Post) -> None:
    post.old(3)
    post.w.snow.faults.status(429, count=1, retry_after=90)
    began = post.w.clock()
    status, out, err = post.told("backfill", LINK, "--side", "it", *FAST)
    assert status == 0, err
    assert "3 put on the queue" in out
    assert err.count("it is paused until 09:") == 1
    assert "(throttled): " in err
    assert "429" in err
    assert (post.w.clock() - began).total_seconds() >= 90


def test_what_was_done_before_a_side_was_paused_is_kept(post: Post) -> None:
    names = post.twins(3)
    second = post.w.snow.raw(names[1])["sys_id"]
    ids = [post.w.snow.raw(name)["sys_id"] for name in names]
    post.w.snow.faults.status(429, path=f".*{second}.*", count=1, retry_after=90)
    question = {"tieline": "connect_keys", "side": "it", "field": "key", "ids": ids}
    answer = post.w.invoke(question)
    assert answer["count"] == 1
    assert answer["why"].startswith("it is paused until ")
    again = post.w.invoke({**question, "ids": ids[1:]})
    assert again["paused"]["kind"] == "throttled"
    assert "count" not in again


@pytest.mark.parametrize(
    "words",
    [
        ("backfill", LINK, "--side", "it"),
        ("connect", LINK, "--by", "eng.key=it.correlation_display"),
        ("disconnect", LINK, "INC0000001", "--yes"),
        ("audit", LINK, "--all"),
    ],
)
def test_a_persons_pause_ends_a_command_with_the_reason_and_the_way_out(
    words: tuple[str, ...], post: Post
) -> None:
    post.twins(1)
    post.w.invoke({"tieline": "pause", "side": "it", "reason": "moving house", "who": "lena"})
    status, _, err = post.told(*words)
    assert status == 1
    assert "it is paused until a person ends it (person): moving house" in err
    assert f"`tieline resume {LINK} it` ends that" in err


def test_the_brakes_pause_names_the_command_that_releases_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with world(real_link(brake=Brake(writes_per_hour=2))) as w:
        post = _post(w, monkeypatch, capsys)
        post.old(3)
        assert post.told("backfill", LINK, "--side", "it", *FAST)[0] == 0
        w.flow()
        status, _, err = post.told("disconnect", LINK, "--all", "--note", "--yes")
        assert status == 1
        assert "(brake): 2 writes between" in err
        assert f"`tieline release {LINK} " in err


def test_more_births_than_the_brake_lets_through_are_foretold_and_told_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with world(real_link(brake=Brake(writes_per_hour=4))) as w:
        post = _post(w, monkeypatch, capsys)
        post.old(5)
        words = ("backfill", LINK, "--side", "it", *FAST)
        status, _, err = post.told(*words, "--dry-run")
        assert status == 0
        assert "about 10 writes; the brake comes on after 4 an hour" in err
        assert f"`tieline release {LINK} --writes 10`" in err
        status, _, err = post.told(*words)
        assert status == 0
        assert "so after some 2 tickets from now" in err
        w.flow()
        status, _, err = post.told(*words)
        assert status == 1
        assert "is paused by the brake: 4 writes between" in err
        w.invoke({"tieline": "release", "seconds": 3600, "who": "lena"})
        assert "brake" not in post.told(*words)[2]


def test_a_dry_pairing_foretells_the_brake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with world(real_link(brake=Brake(writes_per_hour=1))) as w:
        post = _post(w, monkeypatch, capsys)
        with unheard(w.jira, w.snow):
            for n in (1, 2):
                w.jira.create_issue(JANE, summary=f"ticket {n}", priority="Low")
                w.incident(f"ticket {n}")
        _, out, err = post.told("connect", LINK, "--by", "summary")
        assert out.startswith("eng OPS-")
        assert "writes; the brake comes on after 1 an hour, 1 more now" in err


def test_half_a_minute_without_a_terminal_gives_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    moments = iter([0.0, 10.0, 30.0, 30.0, 40.0])
    with progress("reading", clock=lambda: next(moments)) as now:
        for text in ("1 of 9", "2 of 9", "3 of 9"):
            now(text)
    assert capsys.readouterr().err == "reading: 2 of 9\n"


def test_what_is_left_is_told_with_how_long_it_may_take() -> None:
    moments = iter([0.0, 60.0])
    left = Left(100, "pairs: ", lambda: next(moments))
    assert left.told(0) == "pairs: 0 of 100"
    assert left.told(25) == "pairs: 25 of 100, about 3 min left"
    assert left.told(100) == "pairs: 100 of 100"


def _interrupt(_: Mapping[str, Any]) -> None:
    ident = threading.main_thread().ident
    assert ident is not None
    signal.pthread_kill(ident, signal.SIGINT)


def test_what_a_function_was_doing_at_ctrl_c_is_told_of(post: Post) -> None:
    post.twins(3)
    post.before = lambda e: _interrupt(e) if e["tieline"] == "disconnect_all" else None
    status, out, err = post.told("disconnect", LINK, "--all", "--yes", "--rate", "12")
    assert status == 1
    assert out == "1 twins ended\n"
    assert "stopping…\n" in err
    assert "Stopped. The same command goes on" in err
    assert [e["tieline"] for e in post.asked].count("disconnect_all") == 1


def test_a_second_ctrl_c_waits_for_no_answer(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.twins(1)
    stopping, over = threading.Event(), threading.Event()
    late: list[bool] = []
    stop = Asker.stop

    def heard(asker: Asker) -> None:
        stop(asker)
        stopping.set()

    def twice(event: Mapping[str, Any]) -> None:
        if event["tieline"] == "disconnect_all":
            _interrupt(event)
            stopping.wait(20)
            _interrupt(event)
            late.append(not over.wait(20))
            raise Trouble("nobody waits for this")

    monkeypatch.setattr(Asker, "stop", heard)
    post.before = twice
    try:
        status, out, _ = post.told("disconnect", LINK, "--all", "--yes")
    finally:
        over.set()
    assert (status, out) == (1, "0 twins ended\n")
    assert not any(late)


def test_a_backfill_tells_of_what_it_queued_while_somebody_stopped_it(post: Post) -> None:
    post.old(3)
    post.before = lambda e: _interrupt(e) if e["tieline"] == "backfill" else None
    status, out, _ = post.told("backfill", LINK, "--side", "it", "--rate", "12")
    assert status == 1
    assert "1 put on the queue so far" in out


def test_the_question_before_twins_end_says_how_many_there_are(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.twins(2)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    status, out, _ = post.told("disconnect", LINK, "--all")
    assert status == 1
    assert f"End up to 2 twins of {LINK} for good?" in out


def test_named_twins_end_no_faster_than_the_rate(post: Post) -> None:
    names = post.twins(3)
    post.before = lambda e: _interrupt(e) if e["tieline"] == "disconnect" else None
    status, out, _ = post.told("disconnect", LINK, *names, "--yes", "--rate", "12")
    assert (status, out.count(": ended")) == (1, 1)


def test_a_pairing_that_is_stopped_while_it_reads_counts_nothing(post: Post) -> None:
    post.old(1)
    post.before = lambda e: _interrupt(e) if e["tieline"] == "connect_list" else None
    status, out, err = post.told("connect", LINK, "--by", "summary")
    assert (status, out) == (1, "")
    assert "Stopped." in err


def test_a_backfill_that_is_stopped_in_its_second_side_says_what_is_listed_anew(
    post: Post,
) -> None:
    post.old(1)
    sides: list[str] = []

    def stop(event: Mapping[str, Any]) -> None:
        if event["tieline"] == "backfill" and event["side"] not in sides:
            sides.append(event["side"])
            if len(sides) == 2:
                post.w.invoke(
                    {"tieline": "pause", "side": event["side"], "reason": "x", "who": "lena"}
                )

    post.before = stop
    status, _, err = post.told("backfill", LINK, *FAST)
    assert status == 1
    assert f"It lists {sides[0]} once more" in err
    assert f"--side {sides[1]} leaves it" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backfill", LINK, "--since", "2999-01-01"), "--since 2999-01-01 is in the future"),
        (("connect", LINK, "--by", "summary", "--since", "2999-01-01"), "is in the future"),
        (
            ("backfill", LINK, "--side", "it", "--where", "urgency=Hihg"),
            "urgency of it is never 'Hihg'; did you mean '1 - High'?",
        ),
    ],
)
def test_words_that_no_ticket_can_meet_are_refused(
    words: tuple[str, ...], said: str, post: Post
) -> None:
    status, _, err = post.told(*words)
    assert status > 0
    assert said in err
