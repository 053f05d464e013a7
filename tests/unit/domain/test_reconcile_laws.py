"""The laws of the one operation, for random edits of people on both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pair import GRADES, LEVELS, PEOPLE, SPECS, Pair, make_link, make_pair, rule

from tieline.domain.lens import same
from tieline.domain.marks import mark
from tieline.domain.ticket import Person, Value

TEXTS = st.text("ab *_\n", max_size=8)
TAGS = st.frozensets(st.sampled_from(["red", "green", "blue"]), max_size=3)


def people(side: str) -> st.SearchStrategy[Value]:
    return st.none() | st.sampled_from([Person(f"{side}:{e}", e, e) for e in PEOPLE])


VALUES: dict[str, dict[str, st.SearchStrategy[Value]]] = {
    "eng": {
        "summary": TEXTS,
        "level": st.sampled_from(LEVELS),
        "labels": TAGS,
        "points": st.none() | st.integers(0, 9).map(Decimal),
        "owner": people("eng"),
        "due": st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 9)),
        "done": st.booleans(),
    },
    "it": {
        "short": TEXTS,
        "grade": st.sampled_from(GRADES),
        "tags": TAGS,
        "size": st.none() | st.integers(0, 9).map(Decimal),
        "assigned": people("it"),
        "closed": st.booleans(),
    },
}


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str, object]:
    """A person's edit: a field, a comment or a file, made, changed or taken away."""
    side = draw(st.sampled_from(["eng", "it"]))
    what = draw(st.sampled_from([*VALUES[side], "comment", "edit", "delete", "attach", "detach"]))
    if what in VALUES[side]:
        return side, what, draw(VALUES[side][what])
    return side, what, draw(st.integers(0, 5))


def apply(pair: Pair, side: str, what: str, value: object) -> None:
    pair.now += timedelta(seconds=1)
    system = pair.systems[side]
    own = [c for c in system.comments.values() if not c.ours]
    if what in VALUES[side]:
        system.write({what: value}, pair.now)
    elif what == "comment":
        system.comment(f"remark {value}", pair.now, public=value != 0)
    elif what == "edit" and own:
        old = own[value % len(own)]
        system.comments[old.id] = replace(old, body=f"changed {value}", updated=pair.now)
    elif what == "delete" and system.comments:
        system.comments.pop(list(system.comments)[value % len(system.comments)])
    elif what == "attach":
        system.attach(f"file{value}.txt", 10 + value, pair.now)
    elif what == "detach" and system.files:
        system.files.pop(list(system.files)[value % len(system.files)])


def agree(pair: Pair) -> bool:
    tickets = {name: system.read() for name, system in pair.systems.items()}
    for one in pair.link.fields:
        if one.template is None and len(one.targets) > 1:
            values = {s: tickets[s].fields[n] for s, n in one.names.items()}
            specs = {s: SPECS[s][n] for s, n in one.names.items()}
            if not same(one, pair.link, values, specs):
                return False
    return True


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(edits(), max_size=6), max_size=4), st.booleans())
def test_random_edits_on_both_sides_come_to_rest_and_then_nothing_is_planned(
    bursts: list[list[tuple[str, str, object]]], editable: bool
) -> None:
    pair = make_pair()
    pair.systems["it"].editable = editable
    pair.settle()
    for burst in bursts:
        for side, what, value in burst:
            apply(pair, side, what, value)
        assert pair.settle() <= 2
        assert agree(pair)
        assert not pair.plan().actions


@settings(max_examples=100, deadline=None)
@given(st.lists(edits(), max_size=8))
def test_one_sides_edits_of_a_burst_never_come_back_to_it(
    burst: list[tuple[str, str, object]],
) -> None:
    """A lossy conversion must not flow back over its richer original."""
    pair = make_pair()
    pair.settle()
    for _, what, value in [e for e in burst if e[0] == "eng"]:
        apply(pair, "eng", what, value)
    before = pair.systems["eng"].read()
    pair.settle()
    assert pair.systems["eng"].read() == before


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.integers(0, 9))
def test_edits_of_different_fields_on_both_sides_are_both_kept(text: str, points: int) -> None:
    pair = make_pair()
    pair.settle()
    apply(pair, "eng", "summary", text)
    apply(pair, "it", "size", Decimal(points))
    pair.settle()
    assert mark(pair.systems["it"].ticket.fields["short"]) == mark(text.strip())
    assert pair.systems["eng"].ticket.fields["points"] == Decimal(points)


@pytest.mark.parametrize(("policy", "winner"), [("newest", "it"), ("eng", "eng"), ("it", "it")])
def test_edits_of_the_same_field_follow_the_conflict_policy(policy: str, winner: str) -> None:
    pair = make_pair(make_link(conflicts=policy))
    pair.settle()
    apply(pair, "eng", "summary", "from eng")
    apply(pair, "it", "short", "from it")
    plan = pair.plan()
    pair.settle()
    assert pair.systems["eng"].ticket.fields["summary"] == f"from {winner}"
    assert pair.systems["it"].ticket.fields["short"] == f"from {winner}"
    assert [(loss.lost, loss.kept) for loss in plan.losses] == [
        ("from it" if winner == "eng" else "from eng", f"from {winner}")
    ]


@pytest.mark.parametrize("policy", ["newest", "eng", "it", "hold"])
@pytest.mark.parametrize("side", ["eng", "it"])
def test_a_write_that_nobody_recorded_does_not_flow_back_as_its_system_spells_it(
    policy: str, side: str
) -> None:
    pair = make_pair(make_link(conflicts=policy, fields=(rule("summary", "short"),)))
    pair.settle()
    fields = {"eng": "summary", "it": "short"}
    other = "it" if side == "eng" else "eng"
    apply(pair, side, fields[side], "it is **hot** \u2600")
    apply(pair, other, fields[other], "it is hot ?")  # ours, by a try that died
    plan = pair.plan(again=True)
    assert (plan.actions, plan.losses, plan.problems) == ((), (), ())
    pair.carry_out(plan)
    assert pair.settle() == 0
    assert pair.systems[side].ticket.fields[fields[side]] == "it is **hot** \u2600"


@pytest.mark.parametrize("again", [True, False])
def test_other_words_are_a_conflict_although_a_try_may_have_died(again: bool) -> None:
    pair = make_pair(make_link(conflicts="newest"))
    pair.settle()
    apply(pair, "eng", "summary", "it is hot")
    apply(pair, "it", "short", "it is hot, still")
    plan = pair.plan(again=again)
    assert [(loss.lost, loss.kept) for loss in plan.losses] == [("it is hot", "it is hot, still")]


def test_hold_writes_nothing_and_says_what_to_do_until_the_sides_are_equal() -> None:
    pair = make_pair(make_link(conflicts="hold"))
    pair.settle()
    apply(pair, "eng", "summary", "one")
    apply(pair, "it", "short", "two")
    for _ in range(2):
        plan = pair.plan()
        assert "short" not in [w.field for action in plan.actions for w in action.writes]
        assert [p.kind for p in plan.problems] == ["conflict"]
        pair.carry_out(plan)
    apply(pair, "it", "short", "one")
    assert not pair.plan().problems
    pair.settle()
    apply(pair, "it", "short", "three")
    pair.settle()
    assert pair.systems["eng"].ticket.fields["summary"] == "three"


def test_tags_added_and_removed_on_both_sides_merge_element_by_element() -> None:
    pair = make_pair()
    apply(pair, "eng", "labels", frozenset({"red", "green"}))
    pair.settle()
    apply(pair, "eng", "labels", frozenset({"green", "blue"}))
    apply(pair, "it", "tags", frozenset({"red", "green", "x"}))
    pair.settle()
    assert pair.systems["eng"].ticket.fields["labels"] == {"green", "blue", "x"}
    assert pair.systems["it"].ticket.fields["tags"] == {"green", "blue", "x"}


def test_a_value_that_means_the_incoming_one_already_stays() -> None:
    pair = make_pair(level=LEVELS[3])
    pair.systems["it"].write({"grade": GRADES[2]}, pair.now)
    pair.settle()
    assert pair.systems["eng"].ticket.fields["level"] == LEVELS[3]
    apply(pair, "it", "grade", GRADES[0])
    pair.settle()
    apply(pair, "it", "grade", GRADES[2])
    pair.settle()
    assert pair.systems["eng"].ticket.fields["level"] == LEVELS[2]


def test_a_value_without_counterpart_is_a_problem_and_the_other_fields_still_cross() -> None:
    link = make_link()
    rules = tuple(r for r in link.fields if r.id != "eng.level|it.grade")
    short = rule("level", "grade", values=(("Low", "a"),))
    pair = make_pair(make_link(fields=(*rules, short)), level=LEVELS[0])
    pair.systems["it"].write({"grade": GRADES[0]}, pair.now)
    pair.settle()
    apply(pair, "eng", "level", LEVELS[2])
    apply(pair, "eng", "summary", "still crosses")
    plan = pair.plan()
    assert [p.kind for p in plan.problems] == ["refused"]
    pair.settle()
    assert pair.systems["it"].ticket.fields["short"] == "still crosses"
    assert pair.plan().problems, "it stays visible until it is applied"


def test_internal_comments_never_cross_unless_the_rule_says_so() -> None:
    pair = make_pair()
    pair.settle()
    pair.systems["it"].comment("caller is a VIP", pair.now, public=False)
    pair.systems["it"].comment("have you tried?", pair.now)
    pair.settle()
    assert pair.texts("eng") == ["Jane: have you tried?"]


def test_an_edit_is_told_once_by_a_further_comment_where_comments_cannot_be_edited() -> None:
    pair = make_pair()
    pair.systems["it"].editable = False
    id = pair.systems["eng"].comment("first", pair.now)
    pair.settle()
    for text in ("second", "third", "second"):
        pair.now += timedelta(seconds=5)
        old = pair.systems["eng"].comments[id]
        pair.systems["eng"].comments[id] = replace(old, body=text, updated=pair.now)
        pair.settle()
    assert pair.texts("it") == [
        "Jane: first",
        "(edited) Jane: second",
        "(edited) Jane: third",
        "(edited) Jane: second",
    ]
    assert pair.texts("eng") == ["second"]


def test_a_deleted_comment_goes_away_with_its_copy_and_a_deleted_copy_is_not_made_again() -> None:
    pair = make_pair()
    one = pair.systems["eng"].comment("one", pair.now)
    pair.systems["eng"].comment("two", pair.now)
    pair.settle()
    del pair.systems["eng"].comments[one]
    copy = next(
        iter(c for c in pair.systems["it"].comments if "two" in pair.systems["it"].comments[c].body)
    )
    del pair.systems["it"].comments[copy]
    pair.settle()
    assert pair.texts("it") == []
    assert pair.texts("eng") == ["two"]


def test_the_same_file_on_both_sides_is_one_attachment() -> None:
    pair = make_pair()
    pair.systems["eng"].attach("log.txt", 7, pair.now)
    pair.systems["it"].attach("log.txt", 7, pair.now)
    pair.systems["eng"].attach("photo.png", 9, pair.now)
    pair.settle()
    assert pair.names("eng") == pair.names("it") == ["log.txt|7", "photo.png|9"]


def test_a_field_that_goes_to_and_fro_by_itself_is_stopped() -> None:
    pair = make_pair()
    pair.settle()
    turns = 0
    while not pair.plan().problems:
        side, name = (("eng", "summary"), ("it", "short"))[turns % 2]
        pair.now += timedelta(seconds=5)
        apply(pair, side, name, f"rewritten {turns}")
        pair.carry_out(pair.plan())
        turns += 1
        assert turns < 15
    assert [p.kind for p in pair.plan().problems] == ["loop"]
    pair.carry_out(pair.plan())
    pair.now += timedelta(minutes=12)
    assert not pair.plan().problems


def test_two_people_who_take_turns_with_a_field_are_not_stopped() -> None:
    pair = make_pair()
    pair.settle()
    for turn in range(40):
        side, name = (("eng", "summary"), ("it", "short"))[turn % 2]
        pair.now += timedelta(seconds=30)
        apply(pair, side, name, f"edited {turn}")
        assert not pair.plan().problems
        pair.carry_out(pair.plan())


@pytest.mark.parametrize("there", ["is it hot ?", "is it hot", "is it cold"])
def test_what_a_system_made_of_an_unrecorded_write_does_not_flow_back(there: str) -> None:
    pair = make_pair()
    pair.settle()
    apply(pair, "eng", "summary", "is it hot \u2600")
    pair.now += timedelta(seconds=1)
    pair.systems["it"].write({"short": there}, pair.now)
    written = {w.field for action in pair.plan(again=True).actions for w in action.writes}
    assert written - {"note"} == ({"summary"} if there == "is it cold" else set())
    pair.carry_out(pair.plan(again=True))
    pair.settle()
    kept = "is it cold" if there == "is it cold" else "is it hot \u2600"
    assert pair.systems["eng"].ticket.fields["summary"] == kept
