"""What a rule makes of a value, told by examples."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tieline.domain.lens import Untranslatable, merge, parse_text, same, translate
from tieline.domain.link import FieldRule, Link, Side
from tieline.domain.marks import mark
from tieline.domain.ticket import FieldSpec, Kind, Option, Person, Value

LINK = Link(
    name="l",
    sides={s: Side(s, "jira", "https://x.example", {}) for s in ("a", "b")},
    order=("a", "b"),
)
LOW, HIGH = Option("3", "3 - Low"), Option("1", "1 - High")
DAY = date(2026, 1, 2)
PAIRS = (("Low", "3"), ("High", "1"), ("Highest", "1"))


def rule(targets: tuple[str, ...] = ("a", "b"), **more: object) -> FieldRule:
    return FieldRule({"a": "f", "b": "g"}, targets, "link.yaml:1:1", **more)  # type: ignore[arg-type]


def sent(
    value: Value, spec: FieldSpec, target: FieldSpec, now: Value = None, r: FieldRule | None = None
) -> Value:
    return translate(r or rule(), LINK, "a", value, spec, now, target)


def field(kind: Kind, **more: object) -> FieldSpec:
    return FieldSpec("f", kind, **more)  # type: ignore[arg-type]


TEXT, RICH, TAGS = field(Kind.TEXT), field(Kind.RICH), field(Kind.TAGS)
LEVEL = field(Kind.OPTION, options=(LOW, HIGH))


@pytest.mark.parametrize(
    ("value", "spec", "target", "expected"),
    [
        (Option("7", "High"), field(Kind.OPTION), field(Kind.OPTION), Option("High", "High")),
        (Option("7", "1 - high"), field(Kind.OPTION), LEVEL, HIGH),
        (HIGH, LEVEL, TEXT, "1 - High"),
        ("3", TEXT, LEVEL, LOW),
        (DAY, field(Kind.DATE), field(Kind.DATETIME), datetime(2026, 1, 2, tzinfo=UTC)),
        (datetime(2026, 1, 2, 9, tzinfo=UTC), field(Kind.DATETIME), field(Kind.DATE), DAY),
        (Decimal("1.50"), field(Kind.NUMBER), TEXT, "1.5"),
        ("2.5", TEXT, field(Kind.NUMBER), Decimal("2.5")),
        (True, field(Kind.BOOLEAN), TEXT, "true"),
        ("no", TEXT, field(Kind.BOOLEAN), False),
        (frozenset({"b", "a"}), TAGS, TEXT, "a, b"),
        ("a, b", TEXT, TAGS, frozenset({"a", "b"})),
        (HIGH, LEVEL, TAGS, frozenset({"1 - High"})),
        (frozenset({"3"}), TAGS, field(Kind.OPTIONS, options=(LOW, HIGH)), frozenset({LOW})),
        ("two\n\nparagraphs", RICH, TEXT, "two\n\nparagraphs"),
        (" two\n lines ", TEXT, field(Kind.TEXT, alias="title"), "two lines"),
        ("x" * 30, TEXT, field(Kind.TEXT, max_length=5), "xxxx…"),
        (None, TEXT, LEVEL, None),
    ],
)  # fmt: skip
def test_a_value_is_translated(
    value: Value, spec: FieldSpec, target: FieldSpec, expected: Value
) -> None:
    assert sent(value, spec, target) == expected


def test_literal_text_stays_literal_in_rich_text() -> None:
    rich = sent("# no heading, *no stress*", TEXT, RICH)
    assert sent(rich, RICH, TEXT) == "# no heading, *no stress*"


def test_a_value_that_means_the_same_already_stays() -> None:
    r, b = rule(values=PAIRS), TEXT
    assert translate(r, LINK, "b", "1", b, Option("9", "Highest"), LEVEL) == Option("9", "Highest")
    assert sent("a" * 9, TEXT, field(Kind.TEXT, max_length=5), "aaaa…") == "aaaa…"
    assert sent("hi  \nthere", RICH, TEXT, "hi\nthere ") == "hi\nthere "


def test_a_short_copy_never_flows_back_over_its_long_original() -> None:
    short = field(Kind.TEXT, max_length=5)
    back = translate(rule(), LINK, "b", "aaaa…", short, "a" * 9, TEXT)
    assert back == "a" * 9


def test_in_one_direction_only_that_direction_counts() -> None:
    there = field(Kind.TEXT, max_length=5)
    r = rule(("b",))
    assert not same(r, LINK, {"a": "aaaa…", "b": "aaaa…b"}, {"a": there, "b": TEXT})
    assert sent("abcd…", TEXT, TEXT, "abcd…e", r) == "abcd…"


def test_a_value_without_a_pair_waits_or_takes_otherwise() -> None:
    odd = Option("9", "Odd")
    with pytest.raises(Untranslatable, match=r"a\.f has no pair in `values`"):
        sent(odd, field(Kind.OPTION), LEVEL, None, rule(values=PAIRS))
    assert sent(odd, field(Kind.OPTION), LEVEL, r=rule(values=PAIRS, otherwise={"b": "3"})) == LOW
    assert sent(odd, field(Kind.OPTION), LEVEL, r=rule(values=PAIRS, otherwise={"b": ""})) is None
    with pytest.raises(Untranslatable):
        sent(odd, field(Kind.OPTION), LEVEL)


def test_the_reason_names_fields_and_never_contents() -> None:
    with pytest.raises(Untranslatable) as caught:
        sent("a secret", TEXT, field(Kind.NUMBER))
    assert "secret" not in str(caught.value)


def test_a_person_is_found_by_address_or_stood_in_for() -> None:
    person = field(Kind.PERSON)
    ann = Person("7", "Ann@x.example", "Ann")
    assert sent(ann, person, person) == Person("", "Ann@x.example", "Ann")
    there = Person("99", "ann@X.example", "Ann Lee")
    assert sent(ann, person, person, there) is there
    hidden = Person("7", "", "Ann")
    with pytest.raises(Untranslatable, match="hidden"):
        sent(hidden, person, person)
    r = rule(otherwise={"b": "triage@x.example"})
    assert sent(hidden, person, person, r=r) == Person("", "triage@x.example", "")


def test_empty_may_have_a_pair_of_its_own() -> None:
    r = rule(values=(("", "None"), ("Low", "3")))
    assert sent(None, TEXT, TEXT, r=r) == "None"
    assert translate(r, LINK, "b", "None", TEXT, "Low", TEXT) is None


def test_tags_that_systems_spell_differently_are_one() -> None:
    specs = {"a": TAGS, "b": TAGS}
    values: dict[str, Value] = {"a": frozenset({"Needs review"}), "b": frozenset({"needs_review"})}
    assert same(rule(), LINK, values, specs)
    now = frozenset({"needs_review", "old"})
    assert sent(values["a"], TAGS, TAGS, now) == frozenset({"needs_review"})


def test_a_removed_tag_goes_although_another_came() -> None:
    base = mark(frozenset({"x", "y"}))
    values: dict[str, Value] = {"a": frozenset({"y", "new"}), "b": frozenset({"x", "y", "more"})}
    merged = merge(rule(), LINK, {"a": base, "b": base}, values, {"a": TAGS, "b": TAGS})
    assert merged["a"] == merged["b"] == frozenset({"y", "new", "more"})


def test_an_option_stays_while_another_that_means_it_does() -> None:
    specs = {"a": field(Kind.OPTIONS), "b": TAGS}
    high, highest = Option("8", "High"), Option("9", "Highest")
    marks = {"a": mark(frozenset({high, highest})), "b": ("1",)}
    values: dict[str, Value] = {"a": frozenset({highest}), "b": frozenset({"1"})}
    merged = merge(rule(values=PAIRS), LINK, marks, values, specs)
    assert merged == values


def test_a_removed_option_goes_although_its_label_is_not_remembered() -> None:
    one, two = Option("100", "Asia"), Option("101", "Europe")
    apac, emea = Option("APAC", "APAC"), Option("EMEA", "EMEA")
    r = rule(values=(("Asia", "APAC"), ("Europe", "EMEA")))
    specs = {"a": field(Kind.OPTIONS), "b": field(Kind.OPTIONS, options=(apac, emea))}
    base = {"a": mark(frozenset({one, two})), "b": mark(frozenset({apac, emea}))}
    values: dict[str, Value] = {"a": frozenset({two}), "b": frozenset({apac, emea})}
    assert merge(r, LINK, base, values, specs)["b"] == frozenset({emea})
    tags = {"a": field(Kind.OPTIONS), "b": TAGS}
    base = {"a": mark(frozenset({one, two})), "b": ("Asia", "Europe")}
    values = {"a": frozenset({one}), "b": frozenset({"Asia", "Europe", "new"})}
    assert merge(rule(), LINK, base, values, tags)["b"] == frozenset({"Asia", "new"})


def test_what_has_no_counterpart_stays_when_an_unknown_option_goes() -> None:
    one, gone, own = Option("100", "Asia"), Option("102", "Mars"), Option("own", "own")
    apac = Option("APAC", "APAC")
    r = rule(values=(("Asia", "APAC"),), otherwise={"a": ""})
    specs = {"a": field(Kind.OPTIONS, options=(one,)), "b": field(Kind.OPTIONS)}
    base = {"a": mark(frozenset({one, gone})), "b": mark(frozenset({apac, own}))}
    values: dict[str, Value] = {"a": frozenset({one}), "b": frozenset({apac, own})}
    assert merge(r, LINK, base, values, specs)["b"] == frozenset({apac, own})


def test_words_of_the_file_become_values() -> None:
    assert parse_text("", LEVEL) is None
    assert parse_text("1 - HIGH", LEVEL) == HIGH
    assert parse_text("ann@x.example", field(Kind.PERSON)) == Person("", "ann@x.example", "")
    assert parse_text("a; b", TAGS) == frozenset({"a", "b"})
    with pytest.raises(Untranslatable):
        parse_text("2 - Mid", LEVEL)
