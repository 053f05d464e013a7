"""One side wins, once, because an operator said so: in all that flows from it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.pair import GRADES, LEVELS, Pair, make_pair

from tieline.domain.marks import mark
from tieline.domain.plan import UpdateFields

ENG = {
    "summary": st.sampled_from(("printer", "mouse", "fax")),
    "level": st.sampled_from(LEVELS),
    "labels": st.frozensets(st.sampled_from(("a", "b", "c"))),
    "points": st.sampled_from((Decimal(3), Decimal(5), None)),
    "done": st.booleans(),
}
IT = {
    "short": st.sampled_from(("printer", "screen", "desk")),
    "grade": st.sampled_from(GRADES),
    "tags": st.frozensets(st.sampled_from(("a", "b", "d"))),
    "size": st.sampled_from((Decimal(3), Decimal(7), None)),
    "closed": st.booleans(),
}


def some(values: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=values)


def edit(pair: Pair, eng: dict[str, Any], it: dict[str, Any]) -> None:
    for side, values in (("eng", eng), ("it", it)):
        if values:
            pair.systems[side].write(dict(values), pair.now)
    pair.now += timedelta(seconds=1)


def held(pair: Pair, side: str) -> dict[str, Any]:
    fields = pair.systems[side].ticket.fields
    return {name: mark(fields[name]) for name in (ENG if side == "eng" else IT)}


def carried(pair: Pair, plan: Any) -> None:
    """The plan, and the template's field that follows from it."""
    pair.carry_out(plan)
    pair.settle()


@given(some(ENG), some(IT), st.sampled_from(("eng", "it")))
def test_the_side_that_is_preferred_keeps_all_its_values_and_then_nothing_is_left(
    eng: dict[str, Any], it: dict[str, Any], prefer: str
) -> None:
    pair = make_pair()
    pair.settle()
    edit(pair, eng, it)
    before = held(pair, prefer)
    plan = pair.plan(prefer=prefer)
    written = {
        (a.side, w.field) for a in plan.actions if isinstance(a, UpdateFields) for w in a.writes
    }
    # What a template makes of the side that changed is none of the preferred side's values.
    assert {side for side, name in written if name != "note"} <= {"eng", "it"} - {prefer}
    carried(pair, plan)
    assert held(pair, prefer) == before
    assert [a for a in pair.plan(prefer=prefer).actions if a.side == prefer] == []
    assert pair.plan().actions == ()
    assert pair.plan(prefer=prefer).actions == ()


@given(some(ENG), some(IT), st.sampled_from(("eng", "it")))
def test_every_value_that_loses_is_kept(
    eng: dict[str, Any], it: dict[str, Any], prefer: str
) -> None:
    pair = make_pair()
    pair.settle()
    edit(pair, eng, it)
    plan = pair.plan(prefer=prefer)
    written = {
        (a.side, w.field): mark(w.before)
        for a in plan.actions
        if isinstance(a, UpdateFields)
        for w in a.writes
        if w.why == f"prefer {prefer}, once"
    }
    assert {(loss.side, loss.field): mark(loss.lost) for loss in plan.losses} == written


def test_a_difference_that_nobody_made_since_is_mended_only_when_a_side_is_preferred() -> None:
    pair = make_pair()
    pair.settle()
    edit(pair, {"summary": "fax"}, {})
    # The base takes the difference for agreement, as after a rule that came later.
    marks = {"eng": {"summary": mark("fax")}, "it": {"short": mark("printer")}}
    sides = {s: replace(b, marks={**b.marks, **marks[s]}) for s, b in pair.twin.sides.items()}
    pair.twin = replace(pair.twin, sides=sides)
    assert [a for a in pair.plan().actions if any(w.field == "short" for w in a.writes)] == []
    carried(pair, pair.plan(prefer="eng"))
    assert held(pair, "it")["short"] == mark("fax")


def test_a_field_that_does_not_flow_from_the_preferred_side_is_as_ever() -> None:
    pair = make_pair()
    pair.settle()
    edit(pair, {"due": date(2026, 5, 1)}, {})
    carried(pair, pair.plan(prefer="it"))
    assert pair.systems["it"].ticket.fields["until"] == date(2026, 5, 1)
    assert pair.systems["eng"].ticket.fields["due"] == date(2026, 5, 1)
