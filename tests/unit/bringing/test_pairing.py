"""Which tickets belong together, how `--by` and lists are read, and what a wrong one is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pair import make_link

from tieline_ops.bringing import Reached
from tieline_ops.pairing import Held, held_by_list, match, read_by, read_csv
from tieline_ops.trouble import Wrong

LINK = make_link()
ORDER = ("eng", "it")
KEYS = st.lists(st.sampled_from(["", "a", "b", "c", "d", "e", "f"]), max_size=12)


def held(eng: list[str], it: list[str]) -> dict[str, list[Held]]:
    sides = {"eng": eng, "it": it}
    return {
        s: [Held(f"{s}{n}", f"{s}-{n}", k) for n, k in enumerate(ks)] for s, ks in sides.items()
    }


@given(KEYS, KEYS)
def test_only_keys_that_one_ticket_of_each_side_holds_are_paired(
    eng: list[str], it: list[str]
) -> None:
    found = match(ORDER, held(eng, it))
    for first, second in found.pairs:
        key = eng[int(first.removeprefix("eng"))]
        assert key == it[int(second.removeprefix("it"))] != ""
        assert eng.count(key) == it.count(key) == 1
    assert len({t for pair in found.pairs for t in pair}) == 2 * len(found.pairs)
    told = {s: len(found.pairs) + found.keyless[s] + len(found.alone[s]) for s in ORDER}
    for _, several in found.ambiguous:
        for side, names in several.items():
            told[side] += len(names)
    assert told == {"eng": len(eng), "it": len(it)}


def test_one_ticket_that_is_listed_twice_is_one_ticket() -> None:
    one = Held("1", "OPS-1", "a")
    found = match(ORDER, {"eng": [one, one], "it": [Held("2", "INC2", "a")]})
    assert found.pairs == [("1", "2")]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("eng.key=it.note", {"eng": "key", "it": "note"}),
        ("it.note = eng.key", {"eng": "key", "it": "note"}),
        ("it.u_ref.no=eng.Story Points", {"eng": "Story Points", "it": "u_ref.no"}),
        ("summary", {"eng": "summary", "it": "short"}),
        ("it.short", {"eng": "summary", "it": "short"}),
        ("u_ref", {"eng": "u_ref", "it": "u_ref"}),
    ],
)
def test_a_key_is_named_by_two_fields_or_by_one_that_a_rule_pairs(
    text: str, fields: dict[str, str]
) -> None:
    assert read_by(text, LINK) == fields


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("eng.key=", "names no two fields"),
        ("a=b=c", "names no two fields"),
        ("key=it.note", "of which side"),
        ("engg.key=it.note", "no side 'engg'"),
        ("eng.key=eng.summary", "both fields are of eng"),
        ("key", "never that of the other"),
        ("it.nothing", "no rule of link.yaml"),
    ],
)
def test_a_wrong_key_is_told_what_is_wrong_and_what_would_be_right(text: str, said: str) -> None:
    with pytest.raises(Wrong) as wrong:
        read_by(text, LINK)
    assert said in str(wrong.value)
    assert wrong.value.hint


def test_a_list_may_say_whose_column_is_whose() -> None:
    plain = {"eng": "OPS-1", "it": "INC1"}
    assert read_csv(["OPS-1,INC1", ""], LINK) == {1: plain}
    assert read_csv(["it,eng", "", "INC1, OPS-1"], LINK) == {3: plain}
    with pytest.raises(Wrong, match="line 2"):
        read_csv(["OPS-1,INC1", "OPS-2"], LINK)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "holds no pairs"),
        (["eng,it", ""], "holds no pairs"),
        (["OPS-1;INC1"], "line 1 does not hold two names: its columns are parted by semicolons"),
    ],
)
def test_a_file_that_is_no_list_of_pairs_is_answered_with_what_is_right(
    lines: list[str], said: str
) -> None:
    with pytest.raises(Wrong, match=said) as wrong:
        read_csv(lines, LINK)
    assert "each line holds two names, with a comma between" in wrong.value.hint


def test_the_lines_of_a_ticket_named_twice_are_those_of_the_file() -> None:
    rows = read_csv(["eng,it", "", "A,1", "B,2", "A,3"], LINK)
    ids = {"eng": {"A": "a", "B": "b"}, "it": {"1": "i", "2": "j", "3": "k"}}
    ((key, _),) = match(ORDER, held_by_list(ORDER, rows, ids)).ambiguous
    assert key in {"line 3", "line 5"}


def test_a_ticket_on_two_lines_of_a_list_is_ambiguous_with_both() -> None:
    rows = read_csv(["A,1", "B,2", "A,3", "C,4", "also C,4"], LINK)
    ids = {
        "eng": {"A": "a", "B": "b", "C": "c", "also C": "c"},
        "it": {"1": "i", "2": "j", "3": "k", "4": "l"},
    }
    found = match(ORDER, held_by_list(ORDER, rows, ids))
    assert sorted(found.pairs) == [("b", "j"), ("c", "l")]
    ((_, several),) = found.ambiguous
    assert several == {"eng": ["A"], "it": ["1", "3"]}


def test_a_name_that_no_ticket_has_leaves_its_partner_alone() -> None:
    rows = read_csv(["A,1"], LINK)
    found = match(ORDER, held_by_list(ORDER, rows, {"eng": {}, "it": {"1": "i"}}))
    assert (found.pairs, found.alone) == ([], {"eng": [], "it": ["1"]})


def test_an_estimate_goes_by_how_far_in_time_the_listing_has_come() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    reached = Reached(now)
    reached.come(now - timedelta(days=100), 0)
    assert reached.told() == ""
    reached.come(now - timedelta(days=75), 60)
    assert reached.told() == "25% of the time since then, about 3 min left"
    reached.come(now + timedelta(days=1), 200)
    assert reached.told() == ""
