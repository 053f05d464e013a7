"""A side is judged by what its system says, and each finding has its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tieline.connectors.base import FieldNow, Finding, Survey
from tieline.domain.link import Link
from tieline.domain.ticket import FieldSpec, Kind, Option
from tieline.runtime.facts import Facts, Failure
from tieline.runtime.sides import needed_fields
from tieline_ops.judging import Found, judge, people_of
from tieline_ops.link_folder import load
from tieline_ops.link_places import places

FUNCTIONS = Path(__file__).parents[3] / "functions"
STATUSES = ("To Do", "In Progress", "Blocked", "Done")
KINDS = {"status": Kind.OPTION, "priority": Kind.OPTION, "assignee": Kind.PERSON}


def real() -> Link:
    link = load(FUNCTIONS / "jira-servicenow").link
    assert link is not None
    return link


LINK = real()
NAMES = list(needed_fields(LINK, "eng"))


def options(*labels: str) -> tuple[Option, ...]:
    return tuple(Option(str(n), label) for n, label in enumerate(labels))


def facts(**survey: object) -> Facts:
    """A Jira in which all is well, but for what `survey` says."""
    specs = {n: FieldSpec(n, KINDS.get(n, Kind.TEXT)) for n in NAMES}
    fields = {n: FieldNow(n, n, writable=True) for n in NAMES}
    fields["status"] = replace(fields["status"], options=options(*STATUSES))
    made = Survey(fields, (), {})
    return Facts("Jira Cloud", "Tieline", (), specs, replace(made, **survey))  # type: ignore[arg-type]


def found(facts: Facts, link: Link = LINK, before: Facts | None = None) -> list[Found]:
    return [
        f for f in judge(link, "eng", facts, places(FUNCTIONS, link), before) if f.grade != "fine"
    ]


def test_a_system_in_which_all_is_well_has_no_finding() -> None:
    assert found(facts()) == []


def test_a_field_that_was_renamed_is_named_with_its_id() -> None:
    before = facts()
    assert before.survey is not None
    fields = {**before.survey.fields, "duedate": FieldNow("cf_7", "duedate")}
    known = replace(before, survey=replace(before.survey, fields=fields))
    left = {n: now for n, now in fields.items() if n != "duedate"}
    now = facts(fields={**left, "cf_7": FieldNow("cf_7", "Deadline")})
    now = replace(now, specs={n: s for n, s in now.specs.items() if n != "duedate"})
    (one,) = found(now, before=known)
    assert one.grade == "grave"
    assert "'Deadline'" in one.remedy
    assert "cf_7" in one.remedy
    assert one.place.startswith("functions/jira-servicenow/link.yaml:")


def test_what_a_new_ticket_needs_and_no_rule_gives_is_grave_if_we_are_bound_by_it() -> None:
    needs = (FieldNow("cf_1", "Team", "always", options=options("Red", "Blue")),)
    (one,) = found(facts(others=needs))
    assert (one.grade, one.what) == ("grave", "a new ticket needs 'Team'")
    assert "Red" in one.remedy
    (one,) = found(facts(others=(replace(needs[0], required="on forms"),)))
    assert one.grade == "warn"
    # A field that a rule writes, and a side on which the link makes no ticket.
    base = facts()
    assert base.survey is not None
    summary = replace(base.survey.fields["summary"], required="always")
    assert found(facts(fields={**base.survey.fields, "summary": summary})) == []
    only_out = replace(LINK, create=tuple(b for b in LINK.create if b.source == "eng"))
    assert found(facts(others=needs), only_out) == []


def test_a_field_is_missed_once_by_whichever_names_it_was_found() -> None:
    team = FieldNow("cf_1", "Team", "always")
    base = facts()
    assert base.survey is not None
    twice = {**base.survey.fields, "team": team, "cf_1": team}
    assert [f.what for f in found(facts(fields=twice))] == ["a new ticket needs 'Team'"]
    # A rule may name a field in another case than its label has.
    named = replace(base.survey.fields["summary"], id="cf_2", label="Summary", required="always")
    assert found(facts(fields={**base.survey.fields, "summary": named, "cf_2": named})) == []


def test_what_a_written_status_needs_is_missed_unless_something_writes_it() -> None:
    base = facts()
    assert base.survey is not None
    done = Option("3", "Done")
    status = replace(base.survey.fields["status"], closing=(done,))
    team = FieldNow("cf_1", "Team", "to close", options=options("Red", "Blue"))
    closing = facts(fields={**base.survey.fields, "status": status}, others=(team,))
    (one,) = found(closing)
    assert (one.grade, one.what) == ("warn", "'Done' is refused to a ticket without 'Team'")
    assert "`with: {eng: {Done: {Team: …}}}`: Red or Blue" in one.remedy
    rule = next(r for r in LINK.fields if r.names.get("eng") == "status")
    assert one.place == rule.place

    def with_rule(**more: object) -> Link:
        changed = replace(rule, **more)  # type: ignore[arg-type]
        return replace(LINK, fields=tuple(changed if r is rule else r for r in LINK.fields))

    def refused(link: Link) -> list[str]:
        return [f.what for f in found(closing, link) if "refused" in f.what]

    along = {**rule.along, "eng": {**rule.along.get("eng", {}), "Done": {"Team": "Red"}}}
    assert refused(with_rule(along=along)) == []
    assert refused(with_rule(targets=("it",))) == []
    filled = {**LINK.defaults, "eng": {**LINK.defaults.get("eng", {}), "cf_1": "Red"}}
    assert refused(replace(LINK, defaults=filled)) == []
    # What stands in for all other values is written, too.
    open_only = tuple(pair for pair in rule.values if pair[0] != "Done")
    assert refused(with_rule(values=open_only, otherwise={})) == []
    assert refused(with_rule(values=open_only, otherwise={"eng": "Done"})) == [one.what]


def test_an_option_without_a_pair_is_told_unless_something_stands_in_for_it() -> None:
    base = facts()
    assert base.survey is not None
    more = options(*STATUSES, "Parked")
    status = replace(base.survey.fields["status"], options=more)
    (one,) = found(facts(fields={**base.survey.fields, "status": status}))
    assert (one.grade, one.ok) == ("warn", True)
    assert "Parked" in one.what
    rule = next(r for r in LINK.fields if r.names.get("eng") == "status")
    assert one.place == rule.place
    kept = replace(rule, otherwise={**rule.otherwise, "it": "New"})
    link = replace(LINK, fields=tuple(kept if r is rule else r for r in LINK.fields))
    assert found(facts(fields={**base.survey.fields, "status": status}), link) == []


def test_a_status_that_nothing_leads_to_is_grave_once_all_ways_were_seen() -> None:
    ways = {"To Do": {"In Progress"}, "In Progress": {"To Do", "Done"}, "Done": set()}
    steps = {status: frozenset(to) for status, to in ways.items()}
    (one,) = found(facts(steps=steps))
    assert (one.grade, one.what) == ("grave", "no transition leads to 'Blocked'")
    unseen = {status: to for status, to in steps.items() if status != "Done"}
    assert found(facts(steps=unseen)) == []
    assert (
        found(facts(steps={**steps, "Done": frozenset({"Blocked"}), "Blocked": frozenset()})) == []
    )


@pytest.mark.parametrize(
    ("finding", "link", "grade"),
    [
        (Finding(False, "a right", "grant it"), LINK, "grave"),
        (Finding(False, "a right", "grant it", "comments"), LINK, "grave"),
        (Finding(False, "a right", "grant it", "comments"), replace(LINK, comments=None), "note"),
        (Finding(False, "a right", "x", "attachments"), replace(LINK, attachments=None), "note"),
        (Finding(False, "a token ends", "renew it", grave=False), LINK, "warn"),
        (Finding(True, "a hint", "do it"), LINK, "note"),
    ],
)
def test_a_right_is_as_grave_as_the_link_needs_it(finding: Finding, link: Link, grade: str) -> None:
    (one,) = found(replace(facts(), findings=(finding,)), link)
    assert one.grade == grade


def test_people_and_locks_and_failures_are_grave_in_their_place() -> None:
    assert ("assignee", "nobody@x") not in people_of(LINK, "eng")
    assert people_of(LINK, "it") == [
        ("assigned_to", "triage@acme.example"),
        ("caller_id", "tieline@acme.example"),
    ]
    base = facts()
    assert base.survey is not None
    locked = replace(base.survey.fields["summary"], writable=False)
    (one,) = found(facts(fields={**base.survey.fields, "summary": locked}))
    assert (one.grade, one.what) == ("grave", "'summary' cannot be written")
    (one,) = found(Facts(failure=Failure("credentials", "jira GET /myself: 401")))
    assert one.grade == "grave"
    assert "tieline/jira-servicenow" in one.remedy
    assert one.place.endswith("link.yaml:3:8")
