"""What the suite itself stands on: people's acts in a simulator, in the same words for all."""

from __future__ import annotations

import pytest
from conformance.bench import Bench

from tieline.domain.ticket import Kind
from tieline_ops.sandbox.desk import JANE, OMAR


def test_every_kind_of_field_has_a_sample_or_is_lacking(bench: Bench) -> None:
    kinds = {sample.kind for sample in bench.of.fields}
    lacking = {Kind(name.removeprefix("fields.")) for name in bench.of.lacks if "fields." in name}
    assert kinds | lacking == set(Kind)
    assert not kinds & lacking


def test_what_people_set_is_what_they_see(bench: Bench) -> None:
    id = bench.made(**{sample.name: sample.one for sample in bench.of.fields})
    bench.pass_time()
    for sample in bench.of.fields:
        assert bench.seen(id, [sample.name]) == bench.given({sample.name: sample.one})
        if sample.fixed:
            continue
        bench.desk.edit(OMAR, id, **{sample.name: sample.other})
        assert bench.seen(id, [sample.name]) == bench.given({sample.name: sample.other})
        if sample.clears:
            bench.desk.edit(OMAR, id, **{sample.name: None})
            assert bench.seen(id, [sample.name]) == {sample.name: None}


def test_a_status_is_walked_to_its_end_and_back(bench: Bench) -> None:
    status, id = bench.of.status, bench.made()
    for label in (status.working, status.done, status.working):
        bench.desk.edit(JANE, id, **{status.name: label})
        assert bench.desk.see(id).fields[status.name] == label


def test_what_people_say_and_attach_is_seen_in_order(bench: Bench) -> None:
    id = bench.made()
    inside = bench.lacking("comments.internal") is None
    first = bench.desk.comment(JANE, id, "One")
    bench.pass_time()
    bench.desk.comment(OMAR, id, "Two", public=not inside)
    seen = bench.desk.see(id)
    assert [(c.author, c.text, c.public) for c in seen.comments] == [
        (JANE, "One", True),
        (OMAR, "Two", not inside),
    ]
    assert (seen.id, seen.comments[0].id) == (id, first)
    file = bench.desk.attach(JANE, id, "log.txt", b"lines")
    assert bench.desk.see(id).files == {"log.txt": b"lines"}
    if bench.lacking("files.delete"):
        return
    bench.desk.delete_attachment(JANE, id, file)
    assert bench.desk.see(id).files == {}


def test_what_is_not_there_is_a_key_error(bench: Bench) -> None:
    id = bench.made()
    assert bench.desk.ids() == [id]
    bench.desk.delete(JANE, id)
    assert bench.desk.ids() == []
    with pytest.raises(KeyError):
        bench.desk.see(id)
    with pytest.raises(KeyError):
        bench.desk.edit(JANE, id, **{bench.of.title: "x"})
