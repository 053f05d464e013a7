"""A breach of a law of `make backlog` is seen as one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tieline_ops.backlog.edits import EDITS, choose
from tieline_ops.backlog.pairs import ENG, IT, LENA, OURS, Pair, title
from tieline_ops.backlog.report import checks, spread, told
from tieline_ops.backlog.run import Figures, Load
from tieline_ops.backlog.samples import Sample, growth
from tieline_ops.backlog.seen import Writes, differing
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.rate_limit import RateLimit
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def jira() -> JiraSandbox:
    return JiraSandbox()


@pytest.fixture
def servicenow() -> ServiceNowSandbox:
    return ServiceNowSandbox()


@pytest.fixture
def pair(jira: JiraSandbox, servicenow: ServiceNowSandbox) -> Pair:
    key = jira.create_issue(LENA, summary=title(0, 0))
    number = servicenow.create(LENA, short_description=title(0, 0))
    return Pair(0, jira.raw(key).id, key, servicenow.raw(number)["sys_id"], number, IT)


@pytest.fixture
def writes(jira: JiraSandbox, servicenow: ServiceNowSandbox, pair: Pair) -> Writes:
    made = Writes()
    made.listen(jira, servicenow)
    return made


def test_an_older_title_after_a_newer_one_is_a_breach_on_either_side(
    writes: Writes, jira: JiraSandbox, servicenow: ServiceNowSandbox, pair: Pair
) -> None:
    for edit in (1, 3, 2):
        jira.edit(OURS, pair.key, summary=title(0, edit))
        servicenow.edit(OURS, pair.incident, short_description=title(0, edit))
    assert len(writes.backwards) == 2
    assert writes.by_side == {ENG: 3, IT: 3}
    assert writes.titles == 6


def test_what_people_write_and_what_stays_is_no_write_of_ours(
    writes: Writes, jira: JiraSandbox, servicenow: ServiceNowSandbox, pair: Pair
) -> None:
    jira.edit(LENA, pair.key, summary=title(0, 2))
    jira.edit(LENA, pair.key, summary=title(0, 1))
    servicenow.edit(LENA, pair.incident, short_description=title(0, 1))
    servicenow.edit(OURS, pair.incident, urgency="1")
    assert (writes.backwards, writes.titles, writes.total) == ([], 0, 1)


def test_our_title_over_a_newer_one_of_a_person_is_a_breach(
    writes: Writes, jira: JiraSandbox, pair: Pair
) -> None:
    jira.edit(LENA, pair.key, summary=title(0, 4))
    jira.edit(OURS, pair.key, summary=title(0, 3))
    assert len(writes.backwards) == 1


def test_a_pair_differs_until_both_sides_say_what_was_said_last(
    jira: JiraSandbox, servicenow: ServiceNowSandbox, pair: Pair
) -> None:
    (change,) = choose([pair], seed=1)
    assert differing([change], jira, servicenow) == [change]
    jira.edit(LENA, pair.key, summary=change.title, priority="Low")
    assert differing([change], jira, servicenow) == [change]
    servicenow.edit(LENA, pair.incident, short_description=change.title, urgency="3")
    assert differing([change], jira, servicenow) == []
    jira.edit(LENA, pair.key, summary=title(0, 99))
    assert differing([change], jira, servicenow) == [change]


def test_changes_are_of_every_kind_and_the_same_for_one_seed() -> None:
    pairs = [Pair(n, f"{n}", f"OPS-{n}", f"{n}", f"INC{n}", IT) for n in range(500)]
    changes = choose(pairs, seed=7)
    assert changes == choose(pairs, seed=7) != choose(pairs, seed=8)
    assert {c.webhook for c in changes} == {"sent", "dropped", "doubled", "late"}
    assert {(c.side, c.edits, c.both) for c in changes} == {
        (side, edits, both) for side in (ENG, IT) for edits in (1, EDITS) for both in (True, False)
    }
    # What no webhook tells of must be found by polls alone.
    assert all(c.edits == 1 and not c.both for c in changes if c.webhook == "dropped")


def whole() -> Figures:
    """A run in which every law held."""
    limits = [RateLimit(1, 1, taken=9, refused=3) for _ in range(2)]
    writes = Writes()
    writes.by_side.update({ENG: 4, IT: 5})
    samples = [Sample(n, 0, 0, 0, 70, 200, 100) for n in range(40)]
    found = Figures(Load(10, *limits), pairs=10, edits=10, fields=10, writes=writes)
    found.agreed_in = found.rested_in = 9.0
    found.samples, found.processes = samples, 4
    return found


BREACHES = {
    "lost": 1,
    "second_tickets": 1,
    "dead_letters": 1,
    "parked": 1,
    "waiting": 1,
    "edits": 8,
    "rested_in": 0.0,
}


def test_a_run_in_which_every_law_held_passes() -> None:
    assert [check for check in checks(whole()) if not check.held] == []
    assert "**NO**" not in told(whole())


@pytest.mark.parametrize("name", BREACHES)
def test_each_breach_fails(name: str) -> None:
    found = whole()
    setattr(found, name, BREACHES[name])
    assert len([check for check in checks(found) if not check.held]) == 1
    assert told(found).count("**NO**") == 1


@pytest.mark.parametrize("name", ["paused", "bugs"])
def test_what_the_log_tells_of_fails(name: str) -> None:
    found = whole()
    found.log[name] = 1
    assert len([check for check in checks(found) if not check.held]) == 1


def test_a_limit_that_was_not_met_or_not_kept_fails() -> None:
    found = whole()
    found.load.jira.refused = 0
    found.load.servicenow.early = 1
    assert len([check for check in checks(found) if not check.held]) == 2


def test_more_connections_than_processes_prove_nothing() -> None:
    found = whole()
    for n in range(5):
        found.load.jira.call(f"a{n}", NOW + timedelta(seconds=n * 0.1))
    for n in range(5):
        found.load.jira.call(f"a{n}", NOW + timedelta(seconds=n * 0.1))
    assert [c.held for c in checks(found) if c.what.startswith("connections")] == [False]


@pytest.mark.parametrize("grown", ["functions", "systems"])
def test_memory_that_grows_fails(grown: str) -> None:
    found = whole()
    values = {"functions": 70.0, "systems": 200.0, "emulator": 100.0}
    for n in range(30, 40):
        more = {**values, grown: values[grown] * 2}
        found.samples[n] = Sample(n, 0, 0, 0, **more)
    assert len([check for check in checks(found) if not check.held]) == 1


def test_growth_is_between_the_largest_of_the_first_and_of_the_last_quarter() -> None:
    assert growth([10, 20, 99, 99, 99, 99, 15, 30]) == pytest.approx(0.5)
    assert growth([7]) == 0


def test_samples_are_spread_from_the_first_to_the_last() -> None:
    samples = whole().samples
    some = spread(samples, 12)
    assert len(some) == 12
    assert (some[0], some[-1]) == (samples[0], samples[-1])
    assert spread(samples[:3], 12) == samples[:3]
