"""Issues read, made, written and found."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from support.github import ALL, PLACE, START

from tieline.connectors.base import Want
from tieline.domain.errors import Configuration, Credentials, Gone, Refused, Transient
from tieline.domain.ticket import Kind, Option, Person

JANE, OMAR = "jane@acme.example", "omar@acme.example"
OWN = ("Priority", "Effort", "Target date", "Customer", "Regions")


def wants(*names, **more):
    return Want(frozenset(names), **more)


def option(word):
    return Option(word, word)


def test_an_issue_is_read_in_one_call_with_people_labels_and_text(bench, gh, make):
    id = make(body="a\r\nb", assignee=OMAR, labels=["bug"], milestone="v1.0", type="Bug")
    gh.read(id, ALL)
    bench.forget()
    ticket = gh.read(id, ALL)
    assert bench.calls() == [("GET", f"/issues/{id}")]
    assert (ticket.key, ticket.url) == (f"#{id}", f"https://github.com/{PLACE}/issues/{id}")
    assert ticket.version == "2026-03-02T09:30:00Z"
    assert ticket.updated == START
    fields = ticket.fields
    assert fields["title"] == "Printer on fire"
    assert fields["state"] == Option("open", "Open")
    assert fields["assignee"] == Person("omarh", OMAR, "Omar Haddad")
    assert fields["author"] == Person("jane-doe", JANE, "Jane Doe")
    assert fields["labels"] == frozenset({"bug"})
    assert fields["milestone"] == Option("1", "v1.0")
    assert fields["type"] == Option("Bug", "Bug")
    assert (ticket.comments, ticket.attachments) == ((), ())
    assert ticket.made_by_us is False


def test_line_ends_of_browsers_are_one_with_all_others(gh, make):
    one, two = (gh.read(make(body=text), ALL) for text in ("a\r\nb\r\n\r\nc", "a\nb\n\nc"))
    assert one.fields["body"] == two.fields["body"] == "a\\\nb\n\nc"


def test_a_body_may_be_null_and_is_then_none(gh, make):
    ticket = gh.read(make(body=None), ALL)
    assert ticket.fields["body"] is None
    assert gh.update(ticket, {"body": "now"}, ALL).fields["body"] == "now"
    assert gh.update(ticket, {"body": None}, ALL).fields["body"] is None


def test_only_fields_that_were_asked_for_are_there(gh, make):
    assert set(gh.read(make(), wants("title")).fields) == {"title"}


def test_a_create_carries_its_mark_in_the_call_and_is_found(bench, gh):
    made = gh.create("k-1", {"title": "x", "body": "text"}, ALL)
    (call,) = (c for c in bench.sandbox.traffic.exchanges() if c.method == "POST")
    assert b"<!-- tieline:k-1 -->" in call.body
    assert made.correlation == "k-1"
    assert made.made_by_us is True
    assert made.fields["body"] == "text"
    bench.forget()
    assert gh.find("k-1", START) == (made.id,)
    assert bench.calls() == [("GET", "/issues")]
    assert gh.find("k-2", START) == ()


def test_a_create_is_one_call_with_everything_that_it_can_carry(bench, gh):
    values = {
        "title": "x",
        "labels": frozenset({"bug", "brand new"}),
        "milestone": option("v2.0"),
        "type": option("Task"),
        "Effort": Decimal(3),
        "Priority": option("High"),
    }
    gh.fields(values)
    bench.forget()
    made = gh.create("k", values, wants(*values))
    assert [m for m, _ in bench.calls()].count("POST") == 1
    assert dict(made.fields) == {
        **values,
        "milestone": Option("2", "v2.0"),
        "Effort": Decimal(3),
    }


def test_a_state_other_than_open_is_written_behind_the_create(bench, gh):
    made = gh.create("k", {"title": "x", "state": option("not_planned")}, ALL)
    assert made.fields["state"].value == "not_planned"
    assert [m for m, _ in bench.calls() if m != "GET"] == ["POST", "PATCH"]


def test_a_lost_create_answer_is_uncertain_and_the_issue_is_found(bench, gh):
    bench.sandbox.faults.lost_answer("POST", ".*/issues")
    with pytest.raises(Transient) as failure:
        gh.create("k", {"title": "x"}, ALL)
    assert failure.value.uncertain
    assert len(gh.find("k", START)) == 1
    assert len(bench.desk.ids()) == 1


def test_a_newborn_is_found_when_the_list_was_behind(bench, gh):
    """The list may be behind; `find_lag` says for how long at most."""
    bench.sandbox.faults.index_lag = timedelta(seconds=40)
    made = gh.create("k", {"title": "x"}, ALL)
    assert gh.find("k", START) == ()
    bench.pass_time(gh.find_lag.total_seconds())
    assert gh.find("k", START) == (made.id,)


def test_finding_asks_the_list_and_not_the_search_and_reads_no_further_than_it_must(bench, gh):
    for number in range(120):
        bench.desk.make(JANE, title=str(number))
    bench.pass_time(3600)
    start = bench.sandbox.clock.now()
    made = gh.create("k", {"title": "x"}, ALL)
    for number in range(110):
        bench.desk.make(JANE, title=str(number))
    bench.forget()
    assert gh.find("k", start) == (made.id,)
    assert bench.calls() == [("GET", "/issues")] * 2


def test_finding_stops_at_what_was_made_before(bench, gh):
    for number in range(120):
        bench.desk.make(JANE, title=str(number))
    bench.pass_time(3600)
    start = bench.sandbox.clock.now()
    for id in bench.desk.ids():
        bench.desk.edit(JANE, id, title=f"edited {id}")
    made = gh.create("k", {"title": "x"}, ALL)
    bench.forget()
    assert gh.find("k", start) == (made.id,)
    assert len(bench.calls()) == 1


def test_a_copy_of_an_issue_carries_the_mark_and_tells_that_a_person_made_it(bench, gh):
    made = gh.create("k", {"title": "x", "body": "text"}, ALL)
    bench.pass_time(5)
    copy = bench.desk.make(JANE, title="x", body=bench.sandbox.raw(made.id))
    assert gh.find("k", START) == (made.id, copy)
    read = gh.read(copy, ALL)
    assert (read.correlation, read.made_by_us) == ("k", False)


def test_the_mark_never_crosses_and_stays_through_every_edit_of_the_body(bench, gh):
    made = gh.create("k", {"title": "x", "body": "one"}, ALL)
    again = gh.update(made, {"body": "two"}, ALL)
    assert again.fields["body"] == "two"
    bench.desk.edit(JANE, made.id, body="three")
    read = gh.read(made.id, ALL)
    assert (read.fields["body"], read.correlation) == ("three", "k")
    gh.update(read, {"body": None}, ALL)
    assert bench.sandbox.raw(made.id) == "<!-- tieline:k -->"


def test_a_mark_that_a_text_brings_along_is_taken_off(bench, gh):
    made = gh.create("k", {"title": "x", "body": "one\n\n<!-- tieline:other -->"}, ALL)
    assert made.correlation == "k"
    assert "other" not in bench.sandbox.raw(made.id)


def test_a_mark_that_a_person_deleted_is_not_put_back(bench, gh):
    made = gh.create("k", {"title": "x", "body": "one"}, ALL)
    bench.sandbox.repo.change(bench.sandbox.repo.user(JANE), int(made.id), body="mine now")
    read = gh.read(made.id, ALL)
    assert read.correlation == ""
    gh.update(read, {"body": "two"}, ALL)
    assert bench.sandbox.raw(made.id) == "two"


def test_an_update_is_one_write_for_all_fields(bench, gh, make):
    before = gh.read(make(), ALL)
    bench.forget()
    values = {"title": "y", "body": "z", "state": option("closed"), "milestone": option("1")}
    after = gh.update(before, values, ALL)
    writes = [(m, p) for m, p in bench.calls() if m != "GET"]
    assert writes == [("PATCH", f"/issues/{before.id}")]
    assert after.fields["state"] == Option("closed", "Closed as completed")
    assert (after.comments, after.comments_mark) == (None, "")


def test_only_what_was_asked_is_sent(bench, gh, make):
    before = gh.read(make(body="b", labels=["bug"]), ALL)
    bench.forget()
    gh.update(before, {"title": "y"}, ALL)
    (call,) = bench.sandbox.traffic.exchanges("PATCH")
    assert call.body == b'{"title": "y"}'


def test_labels_are_written_by_differences_and_others_keep_theirs(bench, gh, make):
    before = gh.read(make(labels=["bug", "enhancement"]), ALL)
    bench.desk.edit(JANE, before.id, labels=["bug", "enhancement", "theirs"])
    after = gh.update(before, {"labels": frozenset({"bug", "ours"})}, ALL)
    assert after.fields["labels"] == frozenset({"bug", "ours", "theirs"})


def test_a_label_that_is_gone_already_is_no_error(bench, gh, make):
    before = gh.read(make(labels=["bug"]), ALL)
    bench.desk.edit(JANE, before.id, labels=[])
    assert gh.update(before, {"labels": frozenset()}, ALL).fields["labels"] == frozenset()


def test_unknown_labels_are_made_on_the_fly_and_case_tells_none_apart(bench, gh, make):
    before = gh.read(make(labels=["bug"]), ALL)
    bench.forget()
    after = gh.update(before, {"labels": frozenset({"BUG", "brand new"})}, ALL)
    assert after.fields["labels"] == frozenset({"bug", "brand new"})
    assert [m for m, _ in bench.calls() if m != "GET"] == ["POST"]


def test_a_label_that_is_too_long_is_refused_with_the_field(gh, make):
    before = gh.read(make(), ALL)
    with pytest.raises(Refused) as refused:
        gh.update(before, {"labels": frozenset({"x" * 51})}, ALL)
    assert refused.value.fields == ("labels",)
    assert "too long" in refused.value.words


def test_the_reason_of_a_closed_issue_is_changed_by_opening_it_first(bench, gh, make):
    """GitHub ignores a reason that comes without a change of state."""
    before = gh.read(make(state="Closed as completed"), ALL)
    bench.forget()
    after = gh.update(before, {"state": option("not_planned")}, ALL)
    assert after.fields["state"].value == "not_planned"
    assert [m for m, _ in bench.calls()] == ["PATCH", "PATCH"]


def test_a_state_that_is_so_already_is_not_sent(bench, gh, make):
    before = gh.read(make(state="Closed as completed"), ALL)
    bench.forget()
    gh.update(before, {"state": option("closed"), "title": "y"}, ALL)
    assert [c.body for c in bench.sandbox.traffic.exchanges("PATCH")] == [b'{"title": "y"}']


def test_what_is_refused_together_with_a_reason_leaves_the_issue_closed(bench, gh, make):
    before = gh.read(make(state="Closed as completed"), ALL)
    with pytest.raises(Refused):
        gh.update(before, {"state": option("duplicate"), "title": "x" * 300}, ALL)
    assert bench.desk.see(before.id).fields["state"] == "Closed as completed"


@pytest.mark.parametrize("word", ["open", "Open", "closed", "Closed as not planned", "duplicate"])
def test_states_are_taken_by_value_or_label(gh, make, word):
    after = gh.update(gh.read(make(), ALL), {"state": Option(word, word)}, ALL)
    assert after.fields["state"].means(word)


def test_opening_again_shows_as_open_although_github_calls_it_reopened(bench, gh, make):
    before = gh.read(make(state="Closed as completed"), ALL)
    assert gh.update(before, {"state": option("open")}, ALL).fields["state"].value == "open"
    assert bench.sandbox.repo.issues[int(before.id)].reason == "reopened"


def test_a_state_that_github_does_not_have_is_refused(gh, make):
    with pytest.raises(Refused) as refused:
        gh.update(gh.read(make(), ALL), {"state": option("In progress")}, ALL)
    assert refused.value.fields == ("state",)


def test_a_person_is_found_by_public_address(gh):
    assert gh.find_person("JANE@acme.example") == Person("jane-doe", JANE, "Jane Doe")
    assert gh.find_person("hugo@acme.example") is None
    assert gh.find_person("nobody@acme.example") is None
    # The search finds by parts of addresses as well.
    assert gh.find_person("ane@acme.example") is None


@pytest.mark.parametrize("text", ["", " ", "x", 'a"b@c.d', "a b@c.d", "acme.example", "@"])
def test_what_is_no_address_finds_nobody_and_asks_nothing(bench, gh, text):
    assert gh.find_person(text) is None
    assert bench.calls() == []


def test_a_hidden_address_is_said_in_the_scope_and_works_both_ways(bench, make):
    gh = bench.connector(people="hugo@acme.example=hidden-hugo, omar@acme.example=omarh")
    assert gh.find_person("hugo@acme.example").id == "hidden-hugo"
    after = gh.update(
        gh.read(make(), ALL), {"assignee": Person("", "hugo@acme.example", "Hugo")}, ALL
    )
    assert after.fields["assignee"].email == "hugo@acme.example"


@pytest.mark.parametrize("text", ["jane@acme.example", "jane=jane", "a@b.c=two words=x", "=x"])
def test_a_table_of_people_that_cannot_be_read_is_a_configuration_error(bench, text):
    with pytest.raises(Configuration, match="people"):
        bench.connector(people=text)


def test_who_cannot_be_assigned_is_refused_before_anything_is_written(bench, gh, make):
    """GitHub drops them without a word."""
    before = gh.read(make(), ALL)
    bench.forget()
    for person in (Person("outsider", "", ""), Person("", "out@other.example", "")):
        with pytest.raises(Refused) as refused:
            gh.update(before, {"title": "y", "assignee": person}, ALL)
        assert refused.value.fields == ("assignee",)
    assert {m for m, _ in bench.calls()} == {"GET"}


def test_nobody_is_assigned_any_more(gh, make):
    before = gh.read(make(assignee=OMAR), ALL)
    assert gh.update(before, {"assignee": None}, ALL).fields["assignee"] is None


def test_without_push_access_fields_are_dropped_silently_and_that_is_said(bench, gh):
    us = bench.sandbox.repo.user("tieline")
    us.role = "read"
    with pytest.raises(Transient) as failure:
        gh.create("k", {"title": "x", "labels": frozenset({"bug"}), "type": option("Bug")}, ALL)
    assert failure.value.uncertain
    (id,) = gh.find("k", START)
    with pytest.raises(Refused) as refused:
        gh.update(gh.read(id, ALL), {"type": option("Bug"), "title": "y"}, ALL)
    assert refused.value.fields == ("type",)


def test_too_long_texts_are_cut_and_the_mark_stays(bench, gh):
    made = gh.create("k", {"title": "x", "body": "word " * 14_000}, ALL)
    raw = bench.sandbox.raw(made.id)
    assert len(raw) <= 65_536
    assert raw.endswith("…\n\n<!-- tieline:k -->")
    assert gh.standard_fields["title"].max_length == 256
    assert gh.standard_fields["body"].max_length < 65_536


def test_githubs_422_is_refused_with_its_words_and_fields(bench, gh, make):
    before = gh.read(make(), ALL)
    with pytest.raises(Refused) as refused:
        gh.update(before, {"title": "x" * 300}, ALL)
    assert refused.value.fields == ("title",)
    assert "title is too long (maximum is 256 characters)" in refused.value.words
    assert "too long" not in refused.value.what


def test_mentions_and_references_tell_nobody_and_come_back_as_they_were(bench, gh):
    text = "ask @jane-doe about #12, GH-7 and acme/app#3; not `@x #1` or a@b.example"
    made = gh.create("k", {"title": "x", "body": text}, ALL)
    raw = bench.sandbox.raw(made.id)
    for telling in ("@jane", "#12", "GH-7", "app#3"):
        assert telling not in raw
    assert "`@x #1`" in raw
    assert "a@b.example" in raw
    assert made.fields["body"] == text


def test_mentions_of_another_system_are_words(bench, gh):
    made = gh.create("k", {"title": "x", "body": "see @[Jane Doe](user:557058)"}, ALL)
    assert bench.sandbox.raw(made.id).startswith("see @\u200bJane Doe")


def test_fields_of_the_organisation_are_read_and_written_in_every_kind(bench, gh, make):
    id = make(**{"Priority": "High", "Effort": 2.5, "Target date": "2026-04-01", "Customer": "A"})
    read = gh.read(id, wants(*OWN))
    assert dict(read.fields) == {
        "Priority": option("High"),
        "Effort": Decimal("2.5"),
        "Target date": date(2026, 4, 1),
        "Customer": "A",
        "Regions": None,
    }
    values = {
        "Priority": option("Low"),
        "Effort": Decimal(7),
        "Target date": date(2026, 5, 2),
        "Customer": "B & Söhne",
        "Regions": frozenset({option("EMEA"), option("APAC")}),
    }
    bench.forget()
    assert dict(gh.update(read, values, wants(*OWN)).fields) == values
    assert bench.calls() == [("PATCH", f"/issues/{id}")]


def test_an_own_field_is_emptied(gh, make):
    read = gh.read(make(Priority="High", Effort=3), wants(*OWN))
    after = gh.update(read, {"Priority": None, "Effort": None}, wants(*OWN))
    assert (after.fields["Priority"], after.fields["Effort"]) == (None, None)


def test_specs_come_with_kinds_and_options_and_what_is_not_there_is_left_out(bench, gh):
    names = [*OWN, "13", "milestone", "type", "nonsense", "title"]
    specs = gh.fields(names)
    assert "nonsense" not in specs
    assert [specs[n].kind for n in OWN] == [
        Kind.OPTION,
        Kind.NUMBER,
        Kind.DATE,
        Kind.TEXT,
        Kind.OPTIONS,
    ]
    assert specs["13"].kind is Kind.DATE
    assert [o.label for o in specs["Priority"].options] == ["Urgent", "High", "Medium", "Low"]
    assert [o.label for o in specs["milestone"].options] == ["v1.0", "v2.0"]
    asked = bench.calls()
    assert len(asked) == len(set(asked)) == 3
    gh.fields(names)
    assert bench.calls() == []


def test_a_persons_repository_has_no_fields_of_an_organisation(bench, gh):
    bench.sandbox.faults.switch("no_organisation")
    assert gh.fields(["Priority", "type"]).keys() == {"type"}
    assert gh.fields(["type"])["type"].options == ()


def test_an_option_that_is_not_there_is_refused_after_it_was_asked_for_anew(bench, gh, make):
    before = gh.read(make(), ALL)
    with pytest.raises(Refused) as refused:
        gh.update(before, {"milestone": option("v9")}, ALL)
    assert refused.value.fields == ("milestone",)
    content = bench.sandbox.repo.content
    content.types = (*content.types, "Incident")
    after = gh.update(before, {"type": option("Incident")}, ALL)
    assert after.fields["type"] == option("Incident")


def test_labels_that_begin_alike_are_a_field_with_one_value(bench, gh, make):
    name = "label:priority"
    spec = gh.fields([name])[name]
    assert [o.label for o in spec.options] == ["high", "medium", "low"]
    read = gh.read(make(labels=["bug", "priority: high"]), wants(name, "labels"))
    assert read.fields[name] == Option("priority: high", "high")
    after = gh.update(read, {name: option("low")}, wants(name, "labels"))
    assert after.fields[name] == Option("priority: low", "low")
    assert after.fields["labels"] == frozenset({"bug", "priority: low"})
    assert gh.update(after, {name: None}, wants(name)).fields[name] is None
    assert gh.fields(["label:nothing"]) == {}


def test_what_is_only_read_is_not_written(gh, make):
    before = gh.read(make(), ALL)
    with pytest.raises(Refused) as refused:
        gh.update(before, {"author": Person("omarh", "", "")}, ALL)
    assert refused.value.fields == ("author",)
    with pytest.raises(Configuration):
        gh.update(before, {"nonsense": "x"}, ALL)


def test_an_issue_that_was_deleted_is_gone_by_410(bench, gh, make):
    id = make()
    bench.desk.delete(JANE, id)
    with pytest.raises(Gone):
        gh.read(id, ALL)


def test_an_issue_that_was_transferred_is_gone_by_301(bench, gh, make):
    before = gh.read(make(), ALL)
    bench.sandbox.transfer(JANE, before.id)
    with pytest.raises(Gone, match="transferred"):
        gh.read(before.id, ALL)
    with pytest.raises(Gone, match="transferred"):
        gh.update(before, {"title": "y"}, ALL)


def test_an_issue_that_never_was_is_gone_by_404(gh):
    for id in ("999", "0", "x", "../1", "1/comments", ""):
        with pytest.raises(Gone):
            gh.read(id, ALL)


def test_a_repository_that_is_no_longer_seen_does_not_look_like_deleted_issues(bench, gh, make):
    """No access to a private repository is 404, as for an issue that is not there."""
    id = make()
    bench.sandbox.repo.private = True
    bench.sandbox.repo.user("tieline").role = "none"
    with pytest.raises(Credentials, match="does not see the repository"):
        gh.read(id, ALL)
    with pytest.raises(Credentials):
        list(gh.changes("{}".replace("{}", _cursor()), START))


def _cursor():
    return '{"v": 1, "issues": "2026-03-02T09:30:00Z", "comments": "2026-03-02T09:30:00Z"}'


def test_issues_that_are_switched_off_do_not_look_like_deleted_ones(bench, gh, make):
    id = make()
    bench.sandbox.repo.has_issues = False
    with pytest.raises(Configuration, match="switched off"):
        gh.read(id, ALL)
    with pytest.raises(Configuration, match="switched off"):
        gh.create("k", {"title": "x"}, ALL)


def test_a_pull_request_is_no_ticket(bench, gh):
    number = bench.sandbox.pull_request(JANE, "Mend it", "<!-- tieline:k -->")
    with pytest.raises(Gone, match="pull request"):
        gh.read(number, ALL)
    assert gh.find("k", START) == ()
    assert gh.locate(number) is None


def test_a_renamed_repository_is_followed_by_its_id(bench, gh, make):
    """GitHub answers 301 under the old name, to some writes 307."""
    before = gh.read(make(), ALL)
    bench.sandbox.rename("acme/application")
    assert bench.connector().create("k", {"title": "x"}, ALL).made_by_us
    after = gh.update(before, {"title": "y"}, ALL)
    assert after.fields["title"] == "y"
    assert after.url == f"https://github.com/acme/application/issues/{before.id}"
    bench.forget()
    gh.read(before.id, ALL)
    assert [e.path for e in bench.sandbox.traffic.exchanges()] == [
        f"/repos/acme/application/issues/{before.id}"
    ]


@pytest.mark.parametrize(
    "name", ["{id}", "#{id}", "acme/app#{id}", "ACME/App#{id}", "https://github.com/acme/app/issues/{id}",
             "https://github.com/acme/app/issues/{id}#issuecomment-5"],
)  # fmt: skip
def test_an_issue_is_located_by_number_and_address(gh, make, name):
    id = make()
    assert gh.locate(name.format(id=id)) == id


@pytest.mark.parametrize(
    "name", ["", "x", "999", "acme/other#1", "https://github.com/acme/app/pull/1", "1.5", "-1",
             "https://evil.example/acme/app/issues/1"],
)  # fmt: skip
def test_what_names_no_issue_of_this_side_locates_none(gh, make, name):
    make()
    assert gh.locate(name) is None


def test_the_sides_label_is_given_hidden_and_never_taken_away(bench, make):
    gh = bench.connector(label="tieline")
    made = gh.create("k", {"title": "x", "labels": frozenset({"bug"})}, ALL)
    assert made.fields["labels"] == frozenset({"bug"})
    after = gh.update(made, {"labels": frozenset({"other"})}, ALL)
    assert after.fields["labels"] == frozenset({"other"})
    assert set(bench.desk.see(made.id).fields["labels"]) == {"other", "tieline"}


def test_versions_are_moments_with_a_grain_of_a_second(gh):
    assert gh.version_grain == timedelta(seconds=1)
    assert gh.moment("2026-03-02T09:30:00Z") == START
    assert gh.holds("2026-03-02T09:30:00Z", "2026-03-02T09:30:00Z")
    assert gh.holds("2026-03-02T10:30:00+01:00", "2026-03-02T09:30:00Z")
    assert not gh.holds("2026-03-02T09:30:00Z", "2026-03-02T09:30:01Z")
    assert gh.moment("x") is None
    assert not gh.holds("x", "2026-03-02T09:30:01Z")


@pytest.mark.parametrize("place", ["acme", "acme/", "/app", "a/b/c", "acme/..", "acme/a b", ""])
def test_a_repository_of_another_form_is_a_configuration_error(bench, place):
    with pytest.raises(Configuration, match="owner/name"):
        bench.connector(repository=place)
