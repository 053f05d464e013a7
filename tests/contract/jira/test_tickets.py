"""Reading, creating and changing issues of Jira."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from contract.jira.conftest import ALL, JANE, OMAR, Made, calls, made

from tieline.connectors.base import Want
from tieline.connectors.jira.connector import Jira
from tieline.domain.errors import Configuration, Gone, Refused, Stale, Transient
from tieline.domain.ticket import Option, Person
from tieline_ops.sandbox.jira.simulator import JiraSandbox

SUMMARY = Want(frozenset({"summary", "labels"}))


def named(name: str) -> Option:
    return Option(name, name)


def test_a_steady_read_is_one_call(site: JiraSandbox, jira: Jira) -> None:
    id = made(site, description="**bold**", priority="High", labels=["a"])
    site.comment(OMAR, id, "Looking")
    first = jira.read(id, ALL)
    calls(site)
    known = replace(ALL, comments_mark=first.comments_mark, attachments_mark=first.attachments_mark)
    again = jira.read(id, known)
    assert calls(site) == [("GET", f"/issue/{id}")]
    assert (again.comments, again.attachments) == (None, None)
    assert again.fields["description"] == "**bold**"
    assert again.fields["priority"] == Option("2", "High")
    assert again.url == "https://acme.atlassian.net/browse/OPS-1"
    assert again.version == str(int(again.updated.timestamp() * 1000))


def test_every_kind_of_field_comes_back_as_it_was_written(site: JiraSandbox, jira: Jira) -> None:
    ticket = jira.read(made(site), ALL)
    values = {
        "summary": "Printer",
        "description": "# Top\n\n- one\n- two",
        "priority": named("Highest"),
        "assignee": Person("712020:omar", "", ""),
        "labels": frozenset({"x", "y"}),
        "duedate": date(2026, 4, 1),
        "Story Points": Decimal("2.5"),
        "Severity": named("Major"),
        "Found At": datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC),
        "Customer Reference": "ACME-9",
        "Impact Notes": "*much*",
        "Approver": Person("712020:jane", "", ""),
        "Target Date": date(2026, 5, 1),
    }
    calls(site)
    after = jira.update(ticket, values, ALL)
    assert calls(site) == [("PUT", f"/issue/{ticket.id}")]
    assert after.fields == jira.read(ticket.id, ALL).fields
    for name in ("summary", "description", "duedate", "Story Points", "Found At", "labels"):
        assert after.fields[name] == values[name]
    assert after.fields["Severity"] == Option("10101", "Major")
    assert after.fields["Approver"] == Person("712020:jane", JANE, "Jane Doe")
    assert after.version > ticket.version or after.updated >= ticket.updated

    regions = frozenset(jira_options(site, "Regions")[:2])
    emptied = dict.fromkeys(values, None) | {"summary": "Printer", "priority": named("Low")}
    bare = jira.update(after, {**emptied, "Regions": regions}, ALL)
    assert bare.fields["Regions"] == regions
    assert bare.fields["description"] is bare.fields["assignee"] is bare.fields["duedate"] is None
    assert bare.fields["labels"] == frozenset()


def jira_options(site: JiraSandbox, name: str) -> list[Option]:
    field = next(f for f in site.site.content.fields.values() if f.name == name)
    return [Option(option.id, option.name) for option in field.options]


def test_a_creation_carries_its_correlation_from_the_first_moment(
    site: JiraSandbox, jira: Jira
) -> None:
    ticket = jira.create("c0ffee", {"summary": "New", "labels": frozenset({"a"})}, SUMMARY)
    assert ticket.correlation == "c0ffee"
    assert ticket.fields["labels"] == frozenset({"a"})
    posted = [e for e in site.traffic.exchanges("POST") if e.path.endswith("/issue")]
    body = json.loads(posted[0].body)
    assert body["properties"] == [{"key": "tieline", "value": {"correlation": "c0ffee"}}]
    assert body["fields"]["labels"] == ["a", "tieline-c0ffee"]


def test_our_label_survives_an_edit_of_the_labels(site: JiraSandbox, jira: Jira) -> None:
    ticket = jira.create("c0ffee", {"summary": "New", "labels": frozenset({"a"})}, SUMMARY)
    site.edit(JANE, ticket.key, labels=["a", "tieline-c0ffee", "by-jane"])
    jira.update(ticket, {"labels": frozenset({"b"})}, SUMMARY)
    assert set(site.raw(ticket.id).values["labels"]) == {"b", "by-jane", "tieline-c0ffee"}


def test_a_lost_create_answer_is_found_again_by_its_correlation(
    site: JiraSandbox, jira: Jira
) -> None:
    since = site.clock.now()
    site.faults.lost_answer("POST", ".*/issue")
    with pytest.raises(Transient) as lost:
        jira.create("c0ffee", {"summary": "New"}, SUMMARY)
    assert lost.value.uncertain
    assert len(site.issue_keys()) == 1
    assert jira.find("c0ffee", since) == (site.raw("OPS-1").id,)


def test_find_sees_a_creation_once_the_index_lag_is_over(site: JiraSandbox, jira: Jira) -> None:
    site.faults.index_lag = timedelta(minutes=4)
    since = site.clock.now()
    ticket = jira.create("c0ffee", {"summary": "New"}, SUMMARY)
    assert jira.find("c0ffee", since) == ()
    site.clock.advance(jira.find_lag)
    assert jira.find("c0ffee", since) == (ticket.id,)


def test_a_copied_issue_does_not_carry_the_correlation_of_its_original(
    site: JiraSandbox, jira: Jira
) -> None:
    since = site.clock.now()
    ticket = jira.create("c0ffee", {"summary": "New"}, SUMMARY)
    copy = site.raw(site.clone(JANE, ticket.key))
    assert "tieline-c0ffee" in copy.values["labels"]
    assert jira.read(copy.id, SUMMARY).correlation == ""
    assert jira.find("c0ffee", since) == (ticket.id,)


def test_a_birth_walks_to_its_status_over_several_transitions(
    site: JiraSandbox, jira: Jira
) -> None:
    values = {"summary": "New", "status": named("Done"), "resolution": named("Duplicate")}
    ticket = jira.create("c0ffee", values, ALL)
    assert ticket.fields["status"] == Option("10002", "Done")
    assert ticket.fields["resolution"] == Option("10002", "Duplicate")


def test_a_birth_whose_status_fails_is_no_refusal_since_it_exists(
    site: JiraSandbox, jira: Jira
) -> None:
    with pytest.raises(Transient) as half:
        jira.create("c0ffee", {"summary": "New", "status": named("Done")}, SUMMARY)
    assert half.value.uncertain
    assert len(site.issue_keys()) == 1


def test_status_in_an_edit_is_ignored_so_transitions_are_used(
    site: JiraSandbox, jira: Jira
) -> None:
    ticket = jira.read(made(site), ALL)
    after = jira.update(ticket, {"status": named("in progress"), "summary": "x"}, ALL)
    assert after.fields["status"] == Option("3", "In Progress")
    assert after.fields["summary"] == "x"
    calls(site)
    jira.update(after, {"status": Option("3", "In Progress")}, ALL)
    assert calls(site) == [("GET", f"/issue/{ticket.id}")]
    jira.update(after, {"status": named("To Do")}, ALL)
    issue = f"/issue/{ticket.id}"
    moved = [("GET", f"{issue}/transitions"), ("POST", f"{issue}/transitions"), ("GET", issue)]
    assert calls(site) == moved


def test_a_transition_takes_the_fields_it_asks_for_from_the_values(
    site: JiraSandbox, jira: Jira
) -> None:
    ticket = jira.read(made(site, status="In Progress"), ALL)
    values = {"status": named("Done"), "resolution": named("Won't Do"), "summary": "x"}
    after = jira.update(ticket, values, ALL)
    assert after.fields["resolution"] == Option("10001", "Won't Do")
    assert after.fields["status"] == Option("10002", "Done")


def test_a_transition_without_its_required_field_names_it_and_what_it_takes(
    site: JiraSandbox, jira: Jira
) -> None:
    ticket = jira.read(made(site, status="In Progress"), ALL)
    with pytest.raises(Refused) as refused:
        jira.update(ticket, {"status": named("Done")}, ALL)
    assert refused.value.fields == ("status", "resolution")
    assert "Duplicate" in refused.value.words
    assert jira.read(ticket.id, ALL).fields["status"] == Option("3", "In Progress")


def test_a_walk_that_fails_half_way_goes_back(site: JiraSandbox, jira: Jira) -> None:
    ticket = jira.read(made(site), ALL)
    with pytest.raises(Refused):
        jira.update(ticket, {"status": named("Done")}, ALL)
    assert jira.read(ticket.id, ALL).fields["status"] == Option("10000", "To Do")


def test_an_unknown_status_is_refused_with_those_that_exist(site: JiraSandbox, jira: Jira) -> None:
    ticket = jira.read(made(site), ALL)
    with pytest.raises(Refused) as refused:
        jira.update(ticket, {"status": named("Frozen")}, ALL)
    assert refused.value.fields == ("status",)
    assert "In Review" in refused.value.words


def test_a_refusal_blames_the_fields_by_the_names_that_link_yaml_uses(
    site: JiraSandbox, jira: Jira
) -> None:
    ticket = jira.read(made(site), ALL)
    with pytest.raises(Refused) as refused:
        jira.update(ticket, {"Severity": named("Urgent"), "summary": "x"}, ALL)
    assert refused.value.fields == ("Severity",)
    assert "Urgent" not in str(refused.value)
    assert "Urgent" in refused.value.words


def test_a_summary_has_one_line_of_255_characters(site: JiraSandbox, jira: Jira) -> None:
    ticket = jira.create("c0ffee", {"summary": "a\r\nb\n" + "x" * 300}, SUMMARY)
    summary = ticket.fields["summary"]
    assert isinstance(summary, str)
    assert summary.startswith("a b x")
    assert len(summary) == 255


def test_labels_have_no_spaces(site: JiraSandbox, jira: Jira) -> None:
    ticket = jira.create("c0ffee", {"summary": "x", "labels": frozenset({"needs info"})}, SUMMARY)
    assert ticket.fields["labels"] == frozenset({"needs-info"})
    assert jira.update(ticket, {"labels": frozenset({"needs info", "b"})}, SUMMARY).fields[
        "labels"
    ] == frozenset({"needs-info", "b"})


def test_a_text_beyond_the_limit_is_cut(site: JiraSandbox, jira: Jira) -> None:
    long = "\n\n".join(f"**Paragraph {n}** with words" for n in range(500))
    ticket = jira.create("c0ffee", {"summary": "x", "description": long}, ALL)
    kept = ticket.fields["description"]
    assert isinstance(kept, str)
    assert kept.startswith("**Paragraph 0**")
    assert len(kept) > 6_000
    assert jira.add_comment(ticket.id, long, public=True, correlation="1").body.startswith("**P")


def test_rewriting_a_description_keeps_its_pictures(site: JiraSandbox, jira: Jira) -> None:
    site.faults.switch("orphan_media_deletion")
    id = made(site)
    site.attach(JANE, id, "shot.png", b"png", "image/png")
    ticket = jira.update(
        jira.read(id, ALL), {"description": "See\n\n![shot](attachment:shot.png)"}, ALL
    )
    assert "attachment:shot.png" in str(ticket.fields["description"])
    after = jira.update(ticket, {"description": "Other words"}, ALL)
    assert str(after.fields["description"]).startswith("Other words")
    bare = jira.update(after, {"description": None}, ALL)
    assert bare.attachments is not None
    assert [file.name for file in bare.attachments] == ["shot.png"]


def test_a_moved_issue_keeps_its_id_and_leaves_the_scope(
    site: JiraSandbox, jira: Jira, connect: Made
) -> None:
    id = made(site)
    key = site.move(JANE, id, "DEV")
    with pytest.raises(Gone):
        jira.read(id, SUMMARY)
    there = connect({"project": "DEV", "issue_type": "Bug"}).read(id, SUMMARY)
    assert (there.id, there.key) == (id, key)


def test_an_issue_of_another_type_is_not_there(site: JiraSandbox, jira: Jira) -> None:
    with pytest.raises(Gone):
        jira.read(made(site, type="Task"), SUMMARY)


def test_a_renamed_type_or_project_is_not_taken_for_issues_that_are_gone(
    site: JiraSandbox, connect: Made
) -> None:
    id = made(site)
    with pytest.raises(Configuration, match="no type of issue 'Fault'"):
        connect({"project": "OPS", "issue_type": "Fault"}).read(id, SUMMARY)
    with pytest.raises(Configuration, match="project 'OLD'"):
        connect({"project": "OLD", "issue_type": "Bug"}).read(id, SUMMARY)


def test_what_may_not_be_seen_is_gone(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    site.hide(site.EMAIL, id)
    with pytest.raises(Gone):
        jira.read(id, SUMMARY)


def test_a_conflicting_edit_is_stale(site: JiraSandbox, jira: Jira) -> None:
    ticket = jira.read(made(site), SUMMARY)
    site.faults.status(409, "PUT")
    with pytest.raises(Stale):
        jira.update(ticket, {"summary": "x"}, SUMMARY)


def test_dates_are_read_in_any_zone(site: JiraSandbox, jira: Jira) -> None:
    ticket = jira.read(made(site), Want(frozenset({"created", "updated"})))
    answer = site.traffic.exchanges("GET", "/issue/")[-1].json()
    assert answer["fields"]["updated"].endswith("-0800")
    assert ticket.updated == ticket.fields["created"] == site.clock.now()


def test_a_field_is_found_by_name_and_by_id_and_a_double_name_is_not_guessed(
    site: JiraSandbox, jira: Jira, connect: Made
) -> None:
    found = jira.fields(["summary", "Story Points", "customfield_10013", "Due date", "Nonsense"])
    assert set(found) == {"summary", "Story Points", "customfield_10013", "Due date"}
    assert found["Story Points"].kind is found["customfield_10013"].kind
    assert calls(site) == [("GET", "/field")]
    fields = site.site.content.fields
    double = replace(fields["customfield_10013"], id="customfield_20000")
    fields[double.id] = double
    site.traffic.clear()
    with pytest.raises(Configuration, match="customfield_10013, customfield_20000"):
        connect().fields(["Story Points"])
