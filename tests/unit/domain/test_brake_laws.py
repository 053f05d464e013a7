"""The brake, as any number of workers work it on one tally: no hour holds more than the limit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tieline.domain.brake import (
    AHEAD,
    Counting,
    Tally,
    ahead,
    counted,
    counting,
    end_of,
    granted,
    said,
    step_of,
)

START = datetime(2026, 3, 2, 9, 58, 13, tzinfo=UTC)
HOUR = timedelta(hours=1)
waits = st.sampled_from((0, 0, 0, 1, 20, 200, 299, 300, 301, 900, 1800)) | st.integers(0, 7200)


@dataclass
class Worker:
    """What a process remembers: the tally as it saw it, and what it counted ahead."""

    known: Tally = field(default_factory=Tally)
    step: int = 0
    left: int = 0


@dataclass
class Hours:
    """A limit, the stored tally, the workers, and when each write was made."""

    limit: int
    workers: list[Worker]
    now: datetime = START
    tally: Tally = field(default_factory=Tally)
    writes: list[datetime] = field(default_factory=list)
    counts: int = 0

    def write(self, worker: Worker) -> bool:
        if worker.left == 0 or worker.step != step_of(self.now):
            asked = ahead(self.limit, counted(worker.known, self.now))
            back = {worker.step: worker.left} if worker.left else {}
            self._store(counting(asked, back, worker.known, self.now))
            worker.known, worker.step = self.tally, step_of(self.now)
            worker.left = granted(self.tally, asked, self.limit, self.now)
        if worker.left == 0:
            return False
        worker.left -= 1
        self.writes.append(self.now)
        return True

    def _store(self, change: Counting) -> None:
        self.counts += 1
        steps = {s: n for s, n in self.tally.steps.items() if s not in change.forget}
        for step, count in change.adds.items():
            steps[step] = steps.get(step, 0) + count
        self.tally = replace(self.tally, total=self.tally.total + change.total, steps=steps)

    def release(self, writes: int = 0, time: timedelta = timedelta(0)) -> None:
        until = end_of(self.now + time) if time else None
        self.tally = replace(self.tally, free=self.tally.total + writes, until=until)

    def most_in_an_hour(self, since: datetime = START) -> int:
        found = [w for w in self.writes if w >= since]
        return max((sum(w <= o < w + HOUR for o in found) for w in found), default=0)


acts = st.lists(st.tuples(waits, st.integers(0, 3), st.integers(1, 30)), max_size=40)
limits = st.integers(1, 40) | st.integers(400, 600)


@given(limits, acts)
def test_no_hour_holds_more_than_the_limit_whenever_it_begins(
    limit: int, acts: list[tuple[int, int, int]]
) -> None:
    hours = Hours(limit, [Worker() for _ in range(4)])
    for wait, who, writes in acts:
        hours.now += timedelta(seconds=wait)
        for _ in range(writes):
            hours.write(hours.workers[who])
    assert hours.most_in_an_hour() <= limit


@given(limits, acts)
def test_it_brakes_only_when_the_hour_is_full_but_for_what_others_counted_ahead(
    limit: int, acts: list[tuple[int, int, int]]
) -> None:
    hours = Hours(limit, [Worker() for _ in range(4)])
    wide = HOUR + timedelta(minutes=5)
    for wait, who, writes in acts:
        hours.now += timedelta(seconds=wait)
        for _ in range(writes):
            if hours.write(hours.workers[who]):
                continue
            lately = sum(w > hours.now - wide for w in hours.writes)
            held = sum(w.left for w in hours.workers)
            assert lately + held >= limit
            return  # from here on the side is paused


@given(limits, acts, st.integers(0, 50), waits)
def test_after_a_release_a_wave_goes_on_for_a_limit_more_and_what_was_let_through(
    limit: int, acts: list[tuple[int, int, int]], more: int, wait: int
) -> None:
    hours = Hours(limit, [Worker() for _ in range(4)])
    for before, who, writes in acts:
        hours.now += timedelta(seconds=before)
        for _ in range(writes):
            hours.write(hours.workers[who])
    hours.now += timedelta(seconds=wait)
    held = sum(w.left for w in hours.workers)
    hours.release(writes=more)
    released = hours.now
    made = 0
    while hours.write(hours.workers[0]):
        made += 1
    # Not at once again, and not without end.
    assert limit + more - AHEAD <= made <= limit + more + held
    assert all(w >= released for w in hours.writes[-made:])


@given(st.integers(1, 600), st.integers(1, 7200), st.integers(1, 700))
def test_until_a_released_time_is_over_nothing_brakes_and_then_the_limit_holds(
    limit: int, seconds: int, wave: int
) -> None:
    hours = Hours(limit, [Worker() for _ in range(3)])
    while hours.write(hours.workers[0]):
        pass
    hours.release(time=timedelta(seconds=seconds))
    assert all(hours.write(hours.workers[n % 3]) for n in range(wave))
    hours.now = over = end_of(hours.now + timedelta(seconds=seconds))
    for _ in range(3):
        hours.now += timedelta(minutes=5)
        for n in range(limit + 20):
            hours.write(hours.workers[n % 3])
    assert limit - 3 * AHEAD <= hours.most_in_an_hour(over) <= limit
    assert hours.most_in_an_hour(over) > 0


@given(st.integers(1, 5000), st.integers(1, 3))
def test_everything_arrives_however_often_it_is_released(wave: int, people: int) -> None:
    hours = Hours(500, [Worker() for _ in range(people)])
    arrived, releases = 0, 0
    while arrived < wave:
        if hours.write(hours.workers[arrived % people]):
            arrived += 1
        else:
            hours.release()
            releases += 1
    assert releases <= wave // (500 - AHEAD * people) + 1


def test_a_wave_costs_a_tenth_of_a_count_for_each_write() -> None:
    hours = Hours(100_000, [Worker()])
    for _ in range(1000):
        assert hours.write(hours.workers[0])
    assert hours.counts == 100


def test_a_process_that_comes_back_after_a_while_gives_back_what_it_did_not_use() -> None:
    hours = Hours(500, [Worker()])
    for _ in range(6):
        hours.write(hours.workers[0])
        hours.now += timedelta(minutes=5)
    assert sum(hours.tally.steps.values()) == hours.tally.total == 5 + ahead(500, 5)


def test_what_is_said_names_the_count_the_hour_and_the_way_out() -> None:
    tally = Tally(total=500, steps={step_of(START - timedelta(minutes=20)): 500})
    told = said("writes", 500, tally, START, "tieline release crm-jira eng")
    assert told == (
        "500 writes between 09:35 and 09:58 UTC on 2026-03-02 are as many as `brake` allows in an "
        "hour; `tieline release crm-jira eng` shows what waits"
    )
