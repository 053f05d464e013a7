"""Work items: made, found, read, changed; fields of every kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from support.azure_devops import JANE, OMAR, START, VSTS, Bench, want

from tieline.domain.errors import Configuration, Gone, Refused, Stale, Transient
from tieline.domain.ticket import Kind, Option, Person

KEY = "5c2f9a40d1e84b7c9e6a0b3d2f7c8e11"
DUE = f"{VSTS}Scheduling.DueDate"
PRIORITY, SEVERITY = f"{VSTS}Common.Priority", f"{VSTS}Common.Severity"
REPRO = f"{VSTS}TCM.ReproSteps"


def test_an_item_is_read_in_one_call_with_people_lists_text_and_files(bench: Bench):
    id = bench.bug(
        **{
            "System.Description": "It **burns**.",
            "System.AssignedTo": OMAR,
            DUE: "2026-03-05T08:00Z",
        }
    )
    bench.sandbox.attach(JANE, int(id), "a.txt", b"abc")
    connector = bench.connector()
    connector.whoami()
    names = (
        "System.Title",
        "System.Description",
        "System.State",
        "System.AssignedTo",
        DUE,
        PRIORITY,
    )
    connector.fields(names)
    bench.sandbox.traffic.clear()
    ticket = connector.read(id, want(*names, comments=True, attachments=True))
    assert len(bench.calls()) == 1
    assert (ticket.key, ticket.version) == (id, "2")
    assert ticket.url == f"https://dev.azure.com/fabrikam/Fabrikam/_workitems/edit/{id}"
    assert ticket.fields["System.State"] == Option("New", "New")
    assert ticket.fields[PRIORITY] == Option("2", "2")
    assert ticket.fields["System.AssignedTo"] == Person(OMAR, OMAR, "Omar Haddad")
    assert ticket.fields["System.Description"] == "It **burns**."
    assert ticket.fields[DUE] == datetime(2026, 3, 5, 8, tzinfo=UTC)
    assert ticket.comments == ()
    assert [f.name for f in ticket.attachments or ()] == ["a.txt"]


def test_a_steady_read_costs_two_calls(bench: Bench):
    id = bench.bug()
    bench.sandbox.comment(JANE, int(id), "<p>hello</p>")
    bench.sandbox.attach(JANE, int(id), "a.txt", b"abc")
    connector = bench.connector()
    whole = want("System.Title", comments=True, attachments=True)
    first = connector.read(id, whole)
    bench.sandbox.traffic.clear()
    known = replace(
        whole, comments_mark=first.comments_mark, attachments_mark=first.attachments_mark
    )
    again = connector.read(id, known)
    assert (again.comments, again.attachments) == (None, None)
    assert len(bench.calls()) == 2


def test_empty_and_absent_are_two_things(bench: Bench):
    """An empty field is not in the answer; neither is one that the type does not have."""
    id = bench.bug()
    points = f"{VSTS}Scheduling.StoryPoints"
    read = bench.connector().read(id, want(REPRO, points, "System.Description", "Custom.Votes"))
    assert read.fields == {REPRO: None, "System.Description": None, "Custom.Votes": None}


def test_custom_fields_of_every_kind_by_either_name(bench: Bench):
    connector = bench.connector()
    bench.sandbox.traffic.clear()
    names = [
        "Customer Reference", "Custom.Impact", "Minutes Down", "Custom.Votes", "Custom.Regression",
        "Custom.Tester", "Custom.Workaround", "Custom.Log", "Go Live", "No Such Field",
    ]  # fmt: skip
    specs = connector.fields(names)
    connector.fields(names)
    assert len(bench.calls()) == 2
    assert {name: spec.kind for name, spec in specs.items()} == {
        "Customer Reference": Kind.TEXT,
        "Custom.Impact": Kind.OPTION,
        "Minutes Down": Kind.NUMBER,
        "Custom.Votes": Kind.NUMBER,
        "Custom.Regression": Kind.BOOLEAN,
        "Custom.Tester": Kind.PERSON,
        "Custom.Workaround": Kind.RICH,
        "Custom.Log": Kind.TEXT,
        "Go Live": Kind.DATETIME,
    }
    assert [o.label for o in specs["Custom.Impact"].options] == ["Low", "Medium", "High"]
    values = {
        "Customer Reference": "A-1",
        "Custom.Impact": Option("High", "High"),
        "Minutes Down": Decimal("2.5"),
        "Custom.Votes": Decimal(3),
        "Custom.Regression": False,
        "Custom.Tester": Person("", OMAR, ""),
        "Custom.Workaround": "- one\n- two",
        "Custom.Log": "a\n  b",
        "Go Live": datetime(2026, 4, 1, 12, 30, tzinfo=UTC),
    }
    made = connector.create(KEY, {"System.Title": "x", **values}, want(*values))
    expected = {**values, "Custom.Tester": Person(OMAR, OMAR, "Omar Haddad")}
    assert {name: made.fields[name] for name in values} == expected
    emptied = connector.update(made, dict.fromkeys(values), want(*values))
    assert {name: emptied.fields[name] for name in values} == dict.fromkeys(values)


def test_standard_fields_cost_nothing_to_know(bench: Bench):
    specs = bench.connector().fields(["System.Title", "System.Tags", "System.AssignedTo"])
    assert bench.calls() == []
    assert {s.alias for s in specs.values()} == {"title", "tags", "assignee"}


def test_options_are_known_after_a_read(bench: Bench):
    specs = bench.connector().fields(["System.State", PRIORITY, SEVERITY])
    states = [o.label for o in specs["System.State"].options]
    assert states == ["New", "Active", "Resolved", "Closed", "Removed"]
    assert [o.label for o in specs[PRIORITY].options] == ["1", "2", "3", "4"]
    assert specs[SEVERITY].options[0] == Option("1 - Critical", "1 - Critical")


def test_several_fields_go_in_one_patch_under_the_revision(bench: Bench):
    id, connector = bench.bug(**{"System.Tags": ["old"]}), bench.connector()
    ticket = connector.read(id, want("System.Title"))
    values = {
        "System.Title": "Other",
        "System.State": Option("Active", "Active"),
        PRIORITY: Option("1", "1"),
        "System.AssignedTo": Person("", OMAR, ""),
        "System.Tags": frozenset({"vpn"}),
    }
    connector.update(ticket, values, want())
    bench.sandbox.traffic.clear()
    ticket = connector.read(id, want())
    connector.update(ticket, {**values, "System.Title": "Third"}, want(*values))
    [patch] = [e for e in bench.sandbox.traffic.exchanges() if e.method == "PATCH"]
    assert b'{"op": "test", "path": "/rev", "value": 2}' in patch.body
    assert b"Description" not in patch.body
    fields = bench.sandbox.raw(int(id)).fields
    assert (fields["System.Title"], fields["System.Tags"]) == ("Third", "vpn")


def test_trap_test_rev_412_is_stale_and_nothing_of_the_patch_is_applied(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    ticket = connector.read(id, want("System.Title"))
    bench.sandbox.edit(OMAR, int(id), **{"System.Title": "Omar's"})
    with pytest.raises(Stale, match="412"):
        connector.update(ticket, {"System.Title": "Ours", PRIORITY: Option("1", "1")}, want())
    fields = bench.sandbox.raw(int(id)).fields
    assert (fields["System.Title"], fields[PRIORITY]) == ("Omar's", 2)


def test_a_lost_answer_to_a_write_is_stale_on_the_next_try_and_written_once(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    ticket = connector.read(id, want("System.Title"))
    bench.sandbox.faults.lost_answer("PATCH")
    with pytest.raises(Stale):
        connector.update(ticket, {"System.Title": "Ours"}, want())
    assert connector.read(id, want("System.Title")).version == "2"


def test_trap_add_merges_tags_so_they_are_replaced_with_ours_among_them(bench: Bench):
    connector = bench.connector()
    made = connector.create(
        KEY, {"System.Title": "x", "System.Tags": frozenset({"a", "b"})}, want("System.Tags")
    )
    raw = bench.sandbox.raw(int(made.id))
    assert raw.fields["System.Tags"] == f"a; b; tieline:{KEY}"
    assert made.fields["System.Tags"] == frozenset({"a", "b"})
    made = connector.update(made, {"System.Tags": frozenset({"b", "c"})}, want("System.Tags"))
    assert bench.sandbox.raw(int(made.id)).fields["System.Tags"] == f"b; c; tieline:{KEY}"
    made = connector.update(made, {"System.Tags": None}, want("System.Tags"))
    assert made.fields["System.Tags"] is None
    assert bench.sandbox.raw(int(made.id)).fields["System.Tags"] == f"tieline:{KEY}"
    assert made.correlation == KEY


def test_tag_normalisation_a_name_keeps_the_case_in_which_it_first_came(bench: Bench):
    bench.bug(**{"System.Tags": ["VPN"]})
    id, connector = bench.bug(), bench.connector()
    ticket = connector.read(id, want("System.Tags"))
    wanted = frozenset({"vpn", "a;b", "c,d", "\U0001f525 fire", "\U0001f525", "x" * 500})
    ticket = connector.update(ticket, {"System.Tags": wanted}, want("System.Tags"))
    assert ticket.fields["System.Tags"] == {"VPN", "a b", "c d", "fire", "x" * 400}
    assert connector.read(id, want("System.Tags")).fields == ticket.fields


def test_a_persons_tag_that_begins_as_ours_stays_a_tag(bench: Bench):
    id = bench.sandbox.create(JANE, **{"System.Title": "x", "System.Tags": "tieline team; b"})
    read = bench.connector().read(str(id), want("System.Tags"))
    assert (read.fields["System.Tags"], read.correlation) == ({"tieline team", "b"}, "")


@pytest.mark.parametrize("scope", [{}, {"correlation_field": "Custom.TielineId"}])
def test_a_creation_whose_answer_was_lost_is_found_and_is_one(bench: Bench, scope: dict[str, str]):
    connector = bench.connector(**scope)
    connector.whoami()
    bench.sandbox.faults.lost_answer("POST")
    with pytest.raises(Transient) as failure:
        connector.create(KEY, {"System.Title": "x"}, want())
    assert failure.value.uncertain
    [number] = bench.sandbox.numbers()
    found = bench.connector(**scope).find(KEY, bench.sandbox.clock.now())
    assert found == (str(number),)
    assert bench.connector(**scope).read(found[0], want()).correlation == KEY
    assert connector.find(KEY[:-1], START) == ()
    tags = bench.sandbox.raw(number).fields.get("System.Tags", "")
    assert (KEY in tags) == (not scope)


def test_what_a_query_shows_late_is_found_within_the_declared_lag(bench: Bench):
    connector = bench.connector()
    bench.sandbox.faults.index_lag = connector.find_lag
    connector.create(KEY, {"System.Title": "x"}, want())
    assert connector.find(KEY, START) == ()
    bench.pass_time(connector.find_lag.total_seconds())
    assert len(connector.find(KEY, START)) == 1


def test_a_copy_carries_the_correlation_and_is_known_as_a_persons(bench: Bench):
    connector = bench.connector()
    made = connector.create(KEY, {"System.Title": "x"}, want())
    bench.pass_time()
    copy = bench.sandbox.copy(JANE, int(made.id))
    assert connector.find(KEY, START) == (made.id, str(copy))
    read = connector.read(str(copy), want())
    assert (read.correlation, read.made_by_us) == (KEY, False)
    again = connector.read(made.id, want())
    assert (again.made_by_us, again.edited) == (True, False)
    bench.sandbox.edit(JANE, int(made.id), **{"System.Title": "y"})
    assert connector.read(made.id, want()).edited


@pytest.mark.parametrize("left_out", [False, True])
def test_trap_a_batch_has_null_for_what_is_not_there(bench: Bench, left_out: bool):
    bench.sandbox.faults.switch("batch_leaves_out", left_out)
    connector = bench.connector()
    kept = connector.create(KEY, {"System.Title": "x"}, want())
    gone = connector.create(KEY, {"System.Title": "y"}, want())
    # The query still shows it, the item is in the bin.
    bench.sandbox.faults.index_lag = timedelta(minutes=5)
    items, wiql = bench.sandbox.organisation.items, "/Fabrikam/_apis/wit/workitemsbatch"
    items[int(gone.id)].deleted = True
    body = {"ids": [int(kept.id), int(gone.id)], "fields": ["System.Id"], "errorPolicy": "omit"}
    value = bench.rest("POST", f"{wiql}?api-version=7.1", json=body).json()["value"]
    assert (None in value) != left_out
    assert connector.find(KEY, START) == (kept.id,)


def test_trap_a_time_in_a_query_of_date_precision_is_400(bench: Bench):
    query = "SELECT [System.Id] FROM WorkItems WHERE [System.CreatedDate] >= '2026-03-01T00:00:00Z'"
    path = "/Fabrikam/_apis/wit/wiql?api-version=7.1"
    plain = bench.rest("POST", path, json={"query": query})
    assert plain.status_code == 400
    assert "using date precision" in plain.json()["message"]
    exact = bench.rest("POST", f"{path}&timePrecision=true", json={"query": query})
    assert exact.status_code == 200
    bench.connector().find(KEY, START)
    sent = bench.sandbox.traffic.exchanges("POST", "wiql")[-1]
    assert "timePrecision=true" in sent.query
    assert sent.status == 200


def test_trap_expand_and_fields_together_are_400(bench: Bench):
    id = bench.bug()
    path = f"/Fabrikam/_apis/wit/workitems/{id}?api-version=7.1&$expand=all&fields=System.Title"
    answer = bench.rest("GET", path)
    assert answer.status_code == 400
    assert "expand parameter can not be used" in answer.json()["message"]
    bench.connector().read(id, want("System.Title"))
    assert "fields=" not in bench.sandbox.traffic.exchanges("GET", id)[-1].query


def test_trap_more_than_200_ids_are_400(bench: Bench):
    path = "/Fabrikam/_apis/wit/workitemsbatch?api-version=7.1"
    answer = bench.rest("POST", path, json={"ids": list(range(1, 425)), "fields": ["System.Id"]})
    assert "You requested 424 work items" in answer.json()["message"]


def test_a_quote_in_a_query_ends_nothing(bench: Bench):
    connector = bench.connector()
    assert connector.find("x' OR [System.Id] > '0", START) == ()


def test_a_correlation_that_is_not_kept_takes_the_item_away_again(bench: Bench):
    connector = bench.connector()
    bench.sandbox.organisation.tags.normal = lambda _: "other"  # type: ignore[method-assign]
    with pytest.raises(Configuration, match="did not keep"):
        connector.create(KEY, {"System.Title": "x"}, want())
    assert bench.sandbox.numbers() == []


def test_trap_unknown_identity_is_refused_and_names_the_field(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    ticket = connector.read(id, want())
    for email in ("nobody@acme.example", "gone@acme.example", ""):
        with pytest.raises(Refused) as refused:
            connector.update(ticket, {"System.AssignedTo": Person("", email, "")}, want())
        assert refused.value.fields == ("System.AssignedTo",)
    # One that left between look-up and write.
    with pytest.raises(Refused) as refused:
        connector.update(ticket, {"Tester": Person("left@acme.example", "", "")}, want())
    assert "unknown identity" in refused.value.words
    assert refused.value.fields == ("Tester",)


def test_trap_a_mail_alias_is_found_and_the_sign_in_name_is_written(bench: Bench):
    """An address that is no sign-in name would be unknown, a display name somebody else's."""
    id, connector = bench.bug(), bench.connector()
    person = connector.find_person("Jane.Doe@acme.example")
    assert person == Person(JANE, "Jane.Doe@acme.example", "Jane Doe")
    ticket = connector.read(id, want("System.AssignedTo"))
    alias = Person("", "jane.doe@acme.example", "")
    ticket = connector.update(ticket, {"System.AssignedTo": alias}, want("System.AssignedTo"))
    assert ticket.fields["System.AssignedTo"] == Person(JANE, JANE, "Jane Doe")
    for text in ("jane", "Jane Doe", "gone@acme.example", "jane@acme", ""):
        assert connector.find_person(text) is None


def test_a_state_goes_in_one_patch_where_it_may_follow(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    ticket = connector.read(id, want("System.State"))
    connector.update(ticket, {"System.State": Option("", "closed")}, want())
    row = bench.sandbox.raw(int(id))
    assert (row.fields["System.State"], row.rev) == ("Closed", 2)


def test_states_are_walked_where_one_may_not_follow_the_other(bench: Bench):
    connector = bench.connector(type="Change Request")
    closed = Option("Closed", "Closed")
    made = connector.create(
        KEY, {"System.Title": "x", "System.State": closed}, want("System.State")
    )
    assert made.fields["System.State"] == closed
    revisions = [r.fields["System.State"] for r in bench.sandbox.organisation.revisions]
    assert revisions == ["Proposed", "Active", "Resolved", "Closed"]
    back = Option("Proposed", "Proposed")
    made = connector.update(made, {"System.State": back, "System.Title": "y"}, want("System.State"))
    assert made.fields["System.State"] == back
    assert bench.sandbox.raw(int(made.id)).fields["System.Title"] == "y"


def test_what_a_process_demands_with_a_state_is_refused_by_name_or_goes_along(bench: Bench):
    bench.sandbox.faults.switch("closing_needs_root_cause")
    id, connector = bench.bug(), bench.connector()
    ticket = connector.read(id, want())
    closed = Option("Closed", "Closed")
    with pytest.raises(Refused) as refused:
        connector.update(ticket, {"System.State": closed}, want())
    assert "TF401320: Rule Error for field Root Cause" in refused.value.words
    assert refused.value.fields == ("Custom.RootCause",)
    cause = Option("Code", "Code")
    connector.update(ticket, {"System.State": closed, "Root Cause": cause}, want())
    assert bench.sandbox.raw(int(id)).fields["System.State"] == "Closed"


def test_a_creation_whose_state_is_refused_is_tried_again_and_not_made_twice(bench: Bench):
    bench.sandbox.faults.switch("closing_needs_root_cause")
    connector = bench.connector()
    values = {"System.Title": "x", "System.State": Option("Closed", "Closed")}
    with pytest.raises(Transient, match="after the creation") as failure:
        connector.create(KEY, values, want())
    assert failure.value.uncertain
    assert len(connector.find(KEY, START)) == 1


def test_a_list_has_no_such_value_is_known_before_anything_is_written(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    ticket = connector.read(id, want())
    with pytest.raises(Refused) as refused:
        connector.update(ticket, {PRIORITY: Option("9", "9"), "System.Title": "x"}, want())
    assert refused.value.fields == (PRIORITY,)
    assert bench.sandbox.raw(int(id)).rev == 1


def test_a_field_that_the_type_does_not_have_is_a_matter_of_configuration(bench: Bench):
    ticket = bench.connector().read(bench.bug(), want())
    with pytest.raises(Configuration, match="Nothing"):
        bench.connector().update(ticket, {"Nothing": "x"}, want())


def test_an_area_of_the_scope_is_given_to_what_is_made_and_narrows_what_is_read(bench: Bench):
    connector = bench.connector(area="Fabrikam\\Web")
    made = connector.create(KEY, {"System.Title": "x"}, want("System.AreaPath"))
    assert made.fields["System.AreaPath"] == "Fabrikam\\Web"
    bench.sandbox.edit(JANE, int(made.id), **{"System.AreaPath": "Fabrikam\\Web\\Shop"})
    assert connector.read(made.id, want()).id == made.id
    bench.sandbox.edit(JANE, int(made.id), **{"System.AreaPath": "Fabrikam"})
    with pytest.raises(Gone):
        connector.read(made.id, want())


def test_trap_recycle_bin_what_is_in_it_is_gone_and_comes_back(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    ticket = connector.read(id, want())
    bench.sandbox.delete(JANE, int(id))
    with pytest.raises(Gone):
        connector.read(id, want())
    with pytest.raises(Gone):
        connector.update(ticket, {"System.Title": "x"}, want())
    path = f"/Fabrikam/_apis/wit/recyclebin/{id}?api-version=7.1"
    assert bench.rest("GET", path).json()["id"] == int(id)
    assert bench.rest("PATCH", path, json={"isDeleted": False}).status_code == 200
    read = connector.read(id, want())
    assert int(read.version) > int(ticket.version)


def test_a_deletion_answers_200_with_the_item_and_destroy_leaves_nothing(bench: Bench):
    bench.sandbox.faults.switch("delete_answers_204", on=False)
    id = bench.bug()
    gone = bench.rest("DELETE", f"/Fabrikam/_apis/wit/workitems/{id}?api-version=7.1&destroy=true")
    assert (gone.status_code, gone.json()["id"]) == (200, int(id))
    assert int(id) not in bench.sandbox.organisation.items


def test_a_patch_that_changes_nothing_makes_no_revision(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    ticket = connector.read(id, want())
    same = connector.update(ticket, {"System.Title": "Printer"}, want())
    assert same.version == ticket.version


@pytest.mark.parametrize("name", ["{id}", "#{id}", " {id} ", "{url}", "{url}?x=1", "{api}"])
def test_an_item_is_located_by_what_people_write(bench: Bench, name: str):
    id, connector = bench.bug(), bench.connector()
    url = connector.read(id, want()).url
    api = f"https://fabrikam.visualstudio.com/Fabrikam/_apis/wit/workItems/{id}"
    assert connector.locate(name.format(id=id, url=url, api=api)) == id


@pytest.mark.parametrize(
    "name", ["", "0", "nothing", "9" * 18, "../1", "https://x.example/", "1 2"]
)
def test_what_is_no_item_is_not_located(bench: Bench, name: str):
    assert bench.connector().locate(name) is None


def test_dates_of_any_precision_are_moments():
    from tieline.connectors.azure_devops.wire import moment_of  # noqa: PLC0415

    assert moment_of("2021-08-07T15:41:56.5943909Z") == datetime(
        2021, 8, 7, 15, 41, 56, 594390, tzinfo=UTC
    )
    assert moment_of("2014-12-29T20:49:24.67Z").microsecond == 670000
    assert moment_of("2014-12-29T20:49:24Z").second == 24
    assert moment_of("2014-12-29T20:49:24.1+02:00").hour == 18
    for text in ("", "yesterday", None, 5, "2014-99-29T20:49:24Z"):
        assert moment_of(text) is None


def test_a_correlation_field_that_is_no_reference_name_is_not_taken(bench: Bench):
    for name in ("Custom.X] = 1 OR [System.Id", "X", "/rev"):
        with pytest.raises(Configuration):
            bench.connector(correlation_field=name)
