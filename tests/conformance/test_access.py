"""Who calls, how often, and what the system says to it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from conformance.behaviours import behaviour
from conformance.bench import Bench

from tieline.domain.errors import Credentials, Transient
from tieline_ops.sandbox.desk import JANE

TRIED = 3
"""So often a call is tried in place."""
OFTEN = 20
"""More often than that."""


@behaviour("errors.credentials")
def test_old_credentials_are_refused_and_new_ones_work(bench: Bench) -> None:
    id, old = bench.made(), bench.connector
    assert old.read(id, bench.want(bench.of.title)).id == id
    cursor = bench.caught_up()
    bench.simulator.rotate()
    bench.pass_time()
    with pytest.raises(Credentials):
        old.whoami()
    with pytest.raises(Credentials):
        old.read(id, bench.want(bench.of.title))
    with pytest.raises(Credentials):
        list(old.changes(cursor, bench.clock.now()))
    fresh = bench.connect()
    assert fresh.read(id, bench.want(bench.of.title)).id == id
    assert fresh.whoami().id


@behaviour("errors.limits")
def test_a_limit_is_waited_out_as_long_as_was_asked(bench: Bench) -> None:
    id = bench.made()
    bench.connector.read(id, bench.want(bench.of.title))
    bench.simulator.limit_rate(timedelta(minutes=7))
    with pytest.raises(Transient) as limited:
        bench.connector.read(id, bench.want(bench.of.title))
    assert limited.value.after is not None
    assert timedelta(minutes=6) < limited.value.after <= timedelta(minutes=8)
    assert not limited.value.uncertain
    assert bench.connector.read(id, bench.want(bench.of.title)).id == id


@behaviour("errors.limits")
def test_a_limited_write_was_not_done(bench: Bench) -> None:
    id = bench.made()
    ticket = bench.connector.read(id, bench.want(bench.of.title))
    values = bench.values({bench.of.title: "Ours"})
    bench.simulator.limit_rate(timedelta(minutes=7))
    with pytest.raises(Transient) as limited:
        bench.connector.update(ticket, values, bench.want())
    assert not limited.value.uncertain
    assert bench.seen(id, [bench.of.title]) == {bench.of.title: "Printer on fire"}


@behaviour("errors.limits")
def test_a_short_limit_is_waited_out_in_place(bench: Bench) -> None:
    id = bench.made()
    bench.connector.read(id, bench.want(bench.of.title))
    bench.simulator.limit_rate(timedelta(seconds=1))
    before = bench.clock.now()
    assert bench.connector.read(id, bench.want(bench.of.title)).id == id
    assert bench.clock.now() - before >= timedelta(seconds=1)


@behaviour("errors.limits_unsaid")
def test_a_limit_without_a_time_is_transient(bench: Bench) -> None:
    id = bench.made()
    bench.connector.read(id, bench.want(bench.of.title))
    bench.simulator.limit_rate(None, TRIED)
    with pytest.raises(Transient) as limited:
        bench.connector.read(id, bench.want(bench.of.title))
    assert limited.value.after is None or limited.value.after <= timedelta(hours=1)
    for _ in range(TRIED):
        with suppress(Transient):
            bench.connector.read(id, bench.want(bench.of.title))
    assert bench.connector.read(id, bench.want(bench.of.title)).id == id


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@behaviour("errors.server")
def test_a_server_in_trouble_is_transient(bench: Bench, status: int) -> None:
    id = bench.made()
    bench.connector.read(id, bench.want(bench.of.title))
    bench.simulator.faults.status(status, count=OFTEN)
    with pytest.raises(Transient):
        bench.connector.read(id, bench.want(bench.of.title))
    bench.calm()
    bench.simulator.faults.status(status)
    assert bench.connector.read(id, bench.want(bench.of.title)).id == id


@behaviour("errors.server")
def test_a_lost_answer_to_a_read_is_asked_for_again(bench: Bench) -> None:
    id = bench.made()
    bench.connector.read(id, bench.want(bench.of.title))
    bench.simulator.faults.lost_answer()
    assert bench.connector.read(id, bench.want(bench.of.title)).id == id


@behaviour("errors.server")
def test_a_comment_whose_answer_was_lost_is_uncertain_and_there_once(bench: Bench) -> None:
    id = bench.made()
    bench.connector.add_comment(id, "First", True, "c1")
    bench.pass_time()
    bench.simulator.traffic.clear()
    bench.connector.add_comment(id, "Second", True, "c2")
    write = bench.writes()[-1]  # the one that puts it on the ticket, if it takes several
    bench.pass_time()
    bench.simulator.faults.lost_answer(write.method, write.path)
    with pytest.raises(Transient) as failure:
        bench.connector.add_comment(id, "Third", True, "c3")
    assert failure.value.uncertain
    assert [c.text for c in bench.desk.see(id).comments] == ["First", "Second", "Third"]


@behaviour("people.find")
def test_people_are_found_by_their_whole_address_alone(bench: Bench) -> None:
    jane = bench.connector.find_person(JANE)
    assert jane is not None
    assert (jane.email.casefold(), bool(jane.id), bool(jane.name)) == (JANE, True, True)
    shouted = bench.connector.find_person(JANE.upper())
    assert shouted is not None
    assert shouted.id == jane.id
    for address in ("nobody@acme.example", "jane", "jane@acme.example.evil", "", "*", "%"):
        assert bench.connector.find_person(address) is None


@behaviour("people.locate")
def test_a_ticket_is_found_by_key_id_and_address(bench: Bench) -> None:
    id, other = bench.made(), bench.made()
    ticket = bench.connector.read(id, bench.want())
    assert ticket.key == bench.desk.see(id).key
    for name in (ticket.key, ticket.id, ticket.url, f" {ticket.key} "):
        assert bench.connector.locate(name) == id
    assert bench.connector.locate(bench.desk.see(other).key) == other
    for name in ("", "nothing", "https://acme.example/", "../users", "9" * 18):
        assert bench.connector.locate(name) is None


@behaviour("people.whoami")
def test_the_account_knows_itself(bench: Bench) -> None:
    me = bench.connector.whoami()
    assert me.id
    assert me.email in {"tieline@acme.example", ""}
    assert me.name


@behaviour("inspect.whole")
def test_nothing_is_wrong_with_a_whole_account(bench: Bench) -> None:
    id = bench.made()
    bench.desk.comment(JANE, id, "Hello")
    bench.desk.attach(JANE, id, "log.txt", b"1")
    findings = list(bench.connector.inspect())
    assert findings
    assert [f for f in findings if not f.ok] == []


@behaviour("inspect.whole")
def test_wrong_credentials_are_found_and_said(bench: Bench) -> None:
    old = bench.connector
    bench.simulator.rotate()
    try:
        findings = list(old.inspect())
    except Credentials:
        return
    assert any(not finding.ok for finding in findings)
