"""Problems and changes of Freshservice: other codes, notes for the team, no tags."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from support.freshservice import JANE, OMAR, START, Bench, wants

from tieline.domain.errors import Configuration, Gone, Refused, Transient
from tieline.domain.ticket import Option, Person

KEY = "5c2f9a40d1e84b7c9e6a0b3d2f7c8e11"
REF = {"correlation_field": "sync_ref"}
both = pytest.mark.parametrize("module", ["problems", "changes"])


def desk_of(bench: Bench, module: str):
    return bench.sandbox.problems if module == "problems" else bench.sandbox.changes


def test_status_codes_are_each_modules_own(bench: Bench) -> None:
    labels = {
        "tickets": {"2": "Open", "5": "Closed", "6": "Awaiting Vendor"},
        "problems": {"1": "Open", "2": "Change Requested", "3": "Closed"},
        "changes": {"1": "Open", "4": "Pending Release", "6": "Closed"},
    }
    for module, some in labels.items():
        options = bench.connector(module).fields(["status"])["status"].options
        assert some.items() <= {o.value: o.label for o in options}.items()


@both
def test_a_record_is_made_found_read_and_changed(bench: Bench, module: str) -> None:
    connector = bench.connector(module, **REF)
    values = {"subject": "Printer", "description": "**hot**", "responder": Person("", OMAR, "")}
    made = connector.create(KEY, values, wants(*values, "status"))
    key = {"problems": "PRB-1", "changes": "CHN-1"}[module]
    assert (made.key, made.correlation) == (key, KEY)
    assert made.url == f"https://acme.freshservice.com/a/{module}/1"
    assert made.fields["description"] == "**hot**"
    assert made.fields["responder"] == Person("67002", OMAR, "Omar Haddad")
    assert connector.find(KEY, START) == (made.id,)
    assert connector.find("other", START) == ()
    assert connector.locate(key) == made.id
    bench.pass_time()
    after = connector.update(
        made, {"status": Option("", "Closed"), "Resolution": Option("", "Fixed")}, wants("status")
    )
    assert after.fields["status"].label == "Closed"
    assert desk_of(bench, module).see(made.id).fields["status"] == "Closed"


@both
def test_without_a_custom_field_nothing_can_carry_a_correlation(bench: Bench, module: str) -> None:
    connector = bench.connector(module)
    with pytest.raises(Configuration, match="correlation_field"):
        connector.create(KEY, {"subject": "x"}, wants())
    assert desk_of(bench, module).ids() == []
    wrong = [finding for finding in connector.inspect() if not finding.ok]
    assert ["correlation_field" in finding.remedy for finding in wrong] == [True]
    assert [f for f in bench.connector(module, **REF).inspect() if not f.ok] == []


def test_a_problem_is_due_in_thirty_days_if_nobody_says_when(bench: Bench) -> None:
    connector = bench.connector("problems", **REF)
    made = connector.create("c1", {"subject": "x"}, wants("due_by"))
    assert made.fields["due_by"] == START + timedelta(days=30)
    due = datetime(2026, 5, 1, tzinfo=UTC)
    made = connector.create("c2", {"subject": "x", "due_by": due}, wants("due_by"))
    assert made.fields["due_by"] == due


@both
def test_notes_are_for_the_team_alone_whatever_was_asked(bench: Bench, module: str) -> None:
    desk = desk_of(bench, module)
    id = desk.make(JANE, subject="x")
    desk.comment(OMAR, id, "theirs")
    connector = bench.connector(module, **REF)
    made = connector.add_comment(id, "of a public one", True, "c1")
    assert not made.public
    found = connector.read(id, wants(comments=True)).comments
    assert [(c.body, c.public, c.ours) for c in found] == [
        ("theirs", False, False),
        ("of a public one", False, True),
    ]
    bench.pass_time()
    assert connector.edit_comment(id, made.id, "other").body == "other"
    connector.delete_comment(id, made.id)
    connector.delete_comment(id, made.id)
    with pytest.raises(Gone):
        connector.edit_comment(id, made.id, "again")
    assert len(desk.see(id).comments) == 1


@both
def test_files_stand_on_the_record_itself(bench: Bench, module: str) -> None:
    desk = desk_of(bench, module)
    id = desk.make(JANE, subject="x")
    theirs = desk.attach(JANE, id, "theirs.txt", b"theirs")
    connector = bench.connector(module, **REF)
    made = connector.add_attachment(id, "ours.txt", "text/plain", io.BytesIO(b"ours"))
    files = connector.read(id, wants(attachments=True)).attachments
    assert [(f.id, f.name) for f in files] == [(theirs, "theirs.txt"), (made.id, "ours.txt")]
    with connector.open_attachment(id, files[1]) as stream:
        assert stream.read() == b"ours"
    connector.delete_attachment(id, made.id)
    connector.delete_attachment(id, made.id)
    assert desk.see(id).files == {"theirs.txt": b"theirs"}


@both
def test_a_file_whose_answer_was_lost_is_there_once(bench: Bench, module: str) -> None:
    desk = desk_of(bench, module)
    id = desk.make(JANE, subject="x")
    connector = bench.connector(module, **REF)
    bench.sandbox.faults.lost_answer("PUT")
    with pytest.raises(Transient) as failure:
        connector.add_attachment(id, "ours.txt", "text/plain", io.BytesIO(b"ours"))
    assert failure.value.uncertain
    assert len(desk.raw(id).files) == 1


@both
def test_changes_are_listed_in_order_even_where_the_list_takes_none(
    bench: Bench, module: str
) -> None:
    desk = desk_of(bench, module)
    old = desk.make(JANE, subject="old")
    bench.pass_time(40 * 86_400)
    connector = bench.connector(module, **REF)
    cursor = bench.caught_up(connector)
    bench.pass_time()
    ids = [desk.make(JANE, subject=f"Number {n}") for n in range(230)]
    bench.pass_time(3600)
    desk.edit(OMAR, old, subject="changed")
    hints, cursor = bench.drained(connector, cursor)
    assert {hint.id for hint in hints} == {old, *ids}
    bench.pass_time(3600)
    desk.comment(OMAR, ids[0], "hello")
    hints, _ = bench.drained(connector, cursor)
    assert ids[0] in {hint.id for hint in hints}


@both
def test_a_record_in_the_bin_is_gone(bench: Bench, module: str) -> None:
    desk = desk_of(bench, module)
    id = desk.make(JANE, subject="x")
    desk.delete(JANE, id)
    connector = bench.connector(module, **REF)
    with pytest.raises(Gone):
        connector.read(id, wants())
    desk.restore(JANE, id)
    assert connector.read(id, wants()).id == id


@both
def test_a_plan_without_the_module_is_refused_and_said(bench: Bench, module: str) -> None:
    bench.sandbox.faults.switch("starter_plan")
    connector = bench.connector(module, **REF)
    with pytest.raises(Refused) as refused:
        connector.read("1", wants())
    assert "plan" in refused.value.words
    assert [finding.ok for finding in connector.inspect()] == [True, False]
