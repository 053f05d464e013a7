"""Tickets: made, found, read, changed, gone."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from conformance.behaviours import behaviour
from conformance.bench import Bench
from conformance.system import Sample

from tieline.domain.errors import Gone, Refused, Stale, Transient
from tieline.domain.ticket import Kind
from tieline_ops.sandbox.desk import JANE, OMAR

NO_OPTION = "Zyzzyva"
NAME = "5c2f9a40d1e84b7c9e6a0b3d2f7c8e11"
DAY = timedelta(days=1)


@behaviour("create.carries")
def test_a_new_ticket_carries_its_correlation_and_what_was_asked(bench: Bench) -> None:
    asked = {sample.name: sample.one for sample in bench.of.fields}
    made = bench.created(NAME, **asked)
    again = bench.connector.read(made.id, bench.want(*asked))
    assert (made.correlation, again.correlation) == (NAME, NAME)
    assert bench.plain(again) == bench.given(asked) == bench.plain(made)
    assert bench.seen(made.id, asked) == bench.given(asked)
    assert again.made_by_us in {True, None}
    assert (made.id, made.key, made.url) == (again.id, again.key, again.url)
    assert bench.desk.ids() == [made.id]


@behaviour("create.carries")
def test_a_ticket_that_people_made_carries_no_correlation(bench: Bench) -> None:
    found = bench.connector.read(bench.made(), bench.want())
    assert found.correlation == ""
    assert found.made_by_us in {False, None}


@behaviour("create.lost")
def test_a_lost_creation_is_found_again_within_the_lag_and_is_one(bench: Bench) -> None:
    method, path = bench.call_that_creates()
    since = bench.clock.now()
    bench.simulator.faults.index_lag = bench.connector.find_lag
    bench.simulator.faults.lost_answer(method, path)
    here = len(bench.desk.ids())
    with pytest.raises(Transient) as failure:
        bench.created(NAME)
    assert failure.value.uncertain
    bench.pass_time(bench.connector.find_lag.total_seconds())
    found = bench.connect().find(NAME, since)
    assert len(bench.desk.ids()) == here + 1
    assert found == (bench.desk.ids()[-1],)
    assert bench.connector.read(found[0], bench.want()).correlation == NAME


@behaviour("create.lost")
def test_a_creation_that_never_arrived_is_not_found(bench: Bench) -> None:
    method, path = bench.call_that_creates()
    since = bench.clock.now()
    bench.simulator.faults.lost_request(method, path, count=9)
    with pytest.raises(Transient):
        bench.created(NAME)
    bench.calm()
    bench.pass_time(bench.connector.find_lag.total_seconds())
    assert bench.connector.find(NAME, since) == ()


@behaviour("create.copy")
def test_a_persons_copy_is_a_ticket_of_its_own(bench: Bench) -> None:
    original = bench.created(NAME)
    bench.pass_time()
    assert bench.of.copy is not None
    copy = bench.of.copy(bench.simulator, original.id)
    bench.pass_time(bench.connector.find_lag.total_seconds())
    found = bench.connector.find(NAME, bench.clock.now() - DAY)
    assert found[0] == original.id
    read = bench.connector.read(copy, bench.want())
    assert read.correlation != NAME or read.made_by_us is False


@pytest.mark.parametrize("kind", Kind)
@behaviour("fields.{kind}")
def test_a_field_is_written_read_and_emptied(bench: Bench, kind: Kind) -> None:
    assert bench.of.samples(kind)
    for sample in bench.of.samples(kind):
        if sample.fixed:
            _written_once(bench, sample)
            continue
        want, spec = bench.want(sample.name), bench.connector.fields([sample.name])[sample.name]
        assert spec.kind is kind
        ticket = bench.connector.read(bench.made(), want)
        bench.pass_time()
        values = [sample.one, sample.other, *([None, sample.one] if sample.clears else [])]
        for plain in values:
            written = bench.connector.update(ticket, bench.values({sample.name: plain}), want)
            ticket = bench.connector.read(ticket.id, want)
            given = bench.given({sample.name: plain})
            assert bench.plain(written) == bench.plain(ticket) == given
            assert bench.seen(ticket.id, [sample.name]) == given
            bench.pass_time()


def _written_once(bench: Bench, sample: Sample) -> None:
    """A field that a creation brings, and nothing changes."""
    for number, plain in enumerate((sample.one, sample.other)):
        made = bench.created(f"{NAME}{number}", **{sample.name: plain})
        given = bench.given({sample.name: plain})
        assert bench.plain(made) == {**bench.plain(made), **given}
        assert bench.seen(made.id, [sample.name]) == given
    with pytest.raises(Refused):
        bench.connector.update(made, bench.values({sample.name: sample.one}), bench.want())


@pytest.mark.parametrize("kind", Kind)
@behaviour("fields.{kind}")
def test_what_people_set_in_a_field_is_read(bench: Bench, kind: Kind) -> None:
    for sample in bench.of.samples(kind):
        id = bench.made(**{sample.name: sample.one})
        values = [sample.other, *([None] if sample.clears else []), sample.one]
        for plain in [sample.one] if sample.fixed else values:
            bench.pass_time()
            if not sample.fixed:
                bench.desk.edit(OMAR, id, **{sample.name: plain})
            ticket = bench.connector.read(id, bench.want(sample.name))
            assert bench.plain(ticket) == bench.given({sample.name: plain})


@behaviour("fields.status")
def test_a_status_is_walked_to_its_end_and_back(bench: Bench) -> None:
    status = bench.of.status
    want = bench.want(status.name)
    ticket = bench.connector.read(bench.made(), want)
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        (status.working, {}),
        (status.done, dict(status.along)),
        (status.working, {}),
    )
    for label, along in steps:
        bench.pass_time()
        values = bench.values({status.name: label, **along})
        ticket = bench.connector.update(ticket, values, want)
        assert bench.plain(ticket)[status.name] == label
        assert bench.desk.see(ticket.id).fields[status.name] == label
    bench.desk.edit(OMAR, ticket.id, **{status.name: status.done})
    assert bench.plain(bench.connector.read(ticket.id, want))[status.name] == status.done


@behaviour("fields.status")
def test_a_ticket_may_be_made_in_any_status(bench: Bench) -> None:
    status = bench.of.status
    made = bench.created(NAME, **{status.name: status.done, **status.along})
    assert bench.desk.see(made.id).fields[status.name] == status.done


@behaviour("fields.apart")
def test_what_is_not_asked_is_neither_read_nor_written(bench: Bench) -> None:
    filled = {sample.name: sample.one for sample in bench.of.fields}
    id = bench.made(**filled)
    empty = [sample.name for sample in bench.of.fields if sample.clears]
    bare = bench.connector.read(bench.made(), bench.want(*empty))
    assert bench.plain(bare) == dict.fromkeys(empty)
    bench.pass_time()
    ticket = bench.connector.read(id, bench.want(bench.of.title))
    assert set(ticket.fields) == {bench.of.title}
    bench.connector.update(ticket, bench.values({bench.of.title: "Other"}), bench.want())
    assert bench.seen(id, filled) == bench.given({**filled, bench.of.title: "Other"})


@behaviour("fields.apart")
def test_names_that_the_system_does_not_have_are_left_out(bench: Bench) -> None:
    assert set(bench.connector.fields([bench.of.title, "no such field"])) == {bench.of.title}


@behaviour("writes.once")
def test_several_fields_go_in_one_write(bench: Bench) -> None:
    kinds = {sample.kind: sample for sample in bench.of.fields}
    kinds.pop(Kind.RICH, None)
    assert not any(sample.fixed for sample in kinds.values())
    plain = {sample.name: sample.one for sample in kinds.values()}
    id = bench.made()
    ticket = bench.connector.read(id, bench.want(*plain))
    # Options, people and the schema are asked for once in a process.
    bench.connector.update(ticket, bench.values(plain), bench.want(*plain))
    ticket = bench.connector.read(id, bench.want(*plain))
    bench.pass_time()
    bench.simulator.traffic.clear()
    other = {sample.name: sample.other for sample in kinds.values()}
    bench.connector.update(ticket, bench.values(other), bench.want(*plain))
    assert len(bench.writes()) == 1
    assert bench.seen(id, other) == bench.given(other)


@behaviour("writes.refused")
def test_a_refusal_names_a_reason_and_writes_nothing(bench: Bench) -> None:
    options = bench.of.samples(Kind.OPTION)
    id = bench.made(**{options[0].name: options[0].one})
    ticket = bench.connector.read(id, bench.want(bench.of.title))
    values = bench.values({bench.of.title: "Other", options[0].name: NO_OPTION})
    with pytest.raises(Refused) as refused:
        bench.connector.update(ticket, values, bench.want())
    assert refused.value.words or refused.value.fields
    assert NO_OPTION not in refused.value.what
    assert bench.seen(id, [options[0].name]) == bench.given({options[0].name: options[0].one})


@behaviour("writes.refused")
def test_a_person_whom_the_system_does_not_know_is_refused(bench: Bench) -> None:
    person = bench.of.samples(Kind.PERSON)[0]
    ticket = bench.connector.read(bench.made(), bench.want(person.name))
    values = bench.values({person.name: "nobody@elsewhere.example"})
    with pytest.raises(Refused):
        bench.connector.update(ticket, values, bench.want())


@behaviour("writes.stale")
def test_a_write_after_somebody_elses_is_stale_and_changes_nothing(bench: Bench) -> None:
    title = bench.of.title
    ticket = bench.connector.read(bench.made(), bench.want(title))
    bench.pass_time()
    bench.desk.edit(OMAR, ticket.id, **{title: "Omar's words"})
    bench.pass_time()
    with pytest.raises(Stale):
        bench.connector.update(ticket, bench.values({title: "Our words"}), bench.want(title))
    assert bench.seen(ticket.id, [title]) == {title: "Omar's words"}
    fresh = bench.connector.read(ticket.id, bench.want(title))
    bench.connector.update(fresh, bench.values({title: "Our words"}), bench.want(title))
    assert bench.seen(ticket.id, [title]) == {title: "Our words"}


@behaviour("versions.grow")
def test_a_version_grows_with_each_change_and_holds_what_came_before(bench: Bench) -> None:
    connector, title = bench.connector, bench.of.title
    id = bench.made()
    read = [connector.read(id, bench.want(title))]
    for text in ("One", "Two"):
        bench.pass_time()
        bench.desk.edit(JANE, id, **{title: text})
        read.append(connector.read(id, bench.want(title)))
        bench.pass_time()
        values = bench.values({title: f"{text} by us"})
        read.append(connector.update(read[-1], values, bench.want(title)))
    versions = [ticket.version for ticket in read]
    assert len(set(versions)) == len(versions)
    for older, newer in pairwise(versions):
        assert connector.holds(newer, older)
        assert connector.holds(newer, newer)
        assert not connector.holds(older, newer)
    moments = [connector.moment(version) for version in versions]
    assert all(m is None for m in moments) or moments == sorted(m for m in moments if m)
    assert connector.read(id, bench.want()).version == versions[-1]


@behaviour("deletes.read")
def test_a_deleted_ticket_is_gone(bench: Bench) -> None:
    id, other = bench.made(), bench.made()
    ticket = bench.connector.read(id, bench.want(bench.of.title))
    bench.desk.delete(JANE, id)
    with pytest.raises(Gone):
        bench.connector.read(id, bench.want(bench.of.title))
    with pytest.raises(Gone):
        bench.connector.update(ticket, bench.values({bench.of.title: "x"}), bench.want())
    assert bench.connector.read(other, bench.want()).id == other


@behaviour("deletes.told")
def test_a_webhook_or_the_listing_tells_of_a_deletion(bench: Bench) -> None:
    bench.watch()
    id = bench.made()
    cursor = bench.caught_up()
    bench.deliveries()
    bench.desk.delete(JANE, id)
    told = [hint for delivery in bench.deliveries() for hint in bench.read(delivery)]
    bench.pass_time(600)
    listed, _ = bench.listed(cursor)
    assert id in {hint.id for hint in (*told, *listed) if hint.deleted}


@pytest.mark.parametrize("id", ["../users", "..", "", "0", "x" * 300, "a/b?c=d", "%2e%2e"])
@behaviour("errors.ids")
def test_what_is_no_id_is_gone_or_refused(bench: Bench, id: str) -> None:
    bench.made()
    with pytest.raises((Gone, Refused)):
        bench.connector.read(id, bench.want(bench.of.title))
