"""What changed in a system is told field by field, and what is the same is not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tieline.connectors.base import FieldNow, Finding, Survey
from tieline.domain.ticket import FieldSpec, Kind, Option
from tieline.runtime.facts import Facts, Failure, from_json, to_json
from tieline_ops.schema_changes import changes

LOW, HIGH = Option("1", "Low"), Option("2", "High")
SEVERITY = FieldNow("cf_1", "Severity", "", writable=True, options=(LOW, HIGH))
SPEC = FieldSpec("Severity", Kind.OPTION)
BEFORE = Facts(
    title="Jira Cloud",
    me="Tieline",
    findings=(Finding(True, "permission Edit issues"), Finding(False, "x", "y", "comments", False)),
    specs={"Severity": SPEC},
    survey=Survey(
        {"Severity": SEVERITY, "cf_1": SEVERITY},
        (FieldNow("cf_9", "Team", "always"),),
        {"To Do": frozenset({"Done", "Blocked"}), "Done": frozenset()},
    ),
    people={"jane@acme.example": "Jane"},
)


def with_field(**more: object) -> Facts:
    now = replace(SEVERITY, **more)  # type: ignore[arg-type]
    assert BEFORE.survey is not None
    return replace(BEFORE, survey=replace(BEFORE.survey, fields={"Severity": now, "cf_1": now}))


def with_survey(**more: object) -> Facts:
    assert BEFORE.survey is not None
    return replace(BEFORE, survey=replace(BEFORE.survey, **more))  # type: ignore[arg-type]


CASES = {
    "'Severity' is called 'Impact' now": replace(
        with_survey(fields={"cf_1": replace(SEVERITY, label="Impact")}), specs={}
    ),
    "'Severity' is gone": replace(with_survey(fields={}), specs={}),
    "'Severity' holds text now, not option": replace(
        BEFORE, specs={"Severity": replace(SPEC, kind=Kind.TEXT)}
    ),
    "'Severity' is read-only now": with_field(writable=False),
    "'Severity' must be filled always now": with_field(required="always"),
    "'Severity' must be filled to close now": with_field(required="to close"),
    "'Severity' is called 'Weight' now, not 'Severity'": with_field(label="Weight"),
    "'Severity' has no 'High' any more": with_field(options=(LOW,)),
    "'Severity' has 'Top' now": with_field(options=(LOW, HIGH, Option("3", "Top"))),
    "'Severity': 'High' is called 'Higher' now": with_field(options=(LOW, Option("2", "Higher"))),
    "'Squad' must be filled always now": with_survey(
        others=(FieldNow("cf_9", "Team", "always"), FieldNow("cf_8", "Squad", "always"))
    ),
    "we are Robot there now, not Tieline": replace(BEFORE, me="Robot"),
    "permission Edit issues: is wrong now": replace(
        BEFORE, findings=(Finding(False, "permission Edit issues", "grant it"),)
    ),
    "jane@acme.example was Jane, and is nobody now": replace(
        BEFORE, people={"jane@acme.example": None}
    ),
    "no way leads from 'To Do' to 'Blocked' any more": with_survey(
        steps={"To Do": frozenset({"Done"}), "Done": frozenset()}
    ),
}


@pytest.mark.parametrize("said", CASES)
def test_one_change_is_one_line(said: str) -> None:
    (change,) = changes(BEFORE, CASES[said])
    assert change.what == said


def test_what_is_as_it_was_is_not_told() -> None:
    assert changes(BEFORE, BEFORE) == ()
    less = replace(BEFORE, survey=None)
    assert changes(less, less) == changes(less, BEFORE) == ()


def test_a_look_that_was_kept_before_statuses_closed_tickets_is_still_read() -> None:
    told = to_json(with_field(closing=(HIGH,)))
    assert from_json(told) == with_field(closing=(HIGH,))
    for now in (*told["survey"]["fields"].values(), *told["survey"]["others"]):
        del now[5:]
    assert from_json(told) == BEFORE


def test_facts_travel_as_json() -> None:
    failed = replace(BEFORE, failure=Failure("credentials", "401", "link.yaml:1:1"))
    for facts in (BEFORE, failed, Facts()):
        assert from_json(json.loads(json.dumps(to_json(facts)))) == facts
