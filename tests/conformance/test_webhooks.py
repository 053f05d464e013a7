"""Webhooks as the simulated system sends them, and as somebody else might."""

from __future__ import annotations

import pytest
from conformance.behaviours import behaviour
from conformance.bench import Bench, Delivery

from tieline.connectors.base import Hint
from tieline.domain.errors import Malformed, Unauthenticated
from tieline_ops.sandbox.desk import JANE


def arrived(bench: Bench) -> tuple[str, list[Delivery]]:
    """A ticket that Jane changed, and what was sent of it."""
    bench.watch()
    id = bench.made()
    bench.pass_time()
    bench.deliveries()
    bench.desk.edit(JANE, id, **{bench.of.title: "Other"})
    found = bench.deliveries()
    assert found
    return id, found


def all_hints(bench: Bench, deliveries: list[Delivery]) -> list[Hint]:
    return [hint for each in deliveries for hint in bench.read(each)]


@behaviour("webhooks.good")
def test_a_webhook_names_the_ticket_that_changed(bench: Bench) -> None:
    id, deliveries = arrived(bench)
    hints = all_hints(bench, deliveries)
    assert {hint.id for hint in hints} == {id}
    version = bench.connector.read(id, bench.want()).version
    assert all(h.version is None or bench.connector.holds(version, h.version) for h in hints)
    for each in deliveries:
        now = bench.clock.now()
        assert bench.connector.read_webhook(each.headers, each.body, now) == bench.read(each)


@behaviour("webhooks.good")
def test_births_comments_and_files_are_told(bench: Bench) -> None:
    bench.watch()
    id = bench.made()
    assert {hint.id for hint in all_hints(bench, bench.deliveries())} == {id}
    bench.pass_time()
    bench.desk.comment(JANE, id, "Hello")
    assert {hint.id for hint in all_hints(bench, bench.deliveries())} == {id}


@behaviour("webhooks.forged")
def test_a_body_that_was_altered_is_refused(bench: Bench) -> None:
    _, deliveries = arrived(bench)
    for each in deliveries:
        other = each.body.replace(b"1", b"7")
        assert other != each.body
        for body in (other, each.body + b" ", b"{}", b""):
            with pytest.raises(Unauthenticated):
                bench.read(Delivery(each.headers, body))


@behaviour("webhooks.secret")
def test_a_webhook_without_proof_is_refused(bench: Bench) -> None:
    _, deliveries = arrived(bench)
    plain = {"content-type", "user-agent", "content-length"}
    for each in deliveries:
        bare = {name: text for name, text in each.headers.items() if name in plain}
        with pytest.raises(Unauthenticated):
            bench.read(Delivery(bare, each.body))


@behaviour("webhooks.secret")
def test_a_wrong_secret_is_refused_and_the_previous_one_is_taken(bench: Bench) -> None:
    id, deliveries = arrived(bench)
    old = bench.of.webhook_secret
    for each in deliveries:
        with pytest.raises(Unauthenticated):
            bench.read(each, webhook_secret="another-webhook-secret")
        renewed = {"webhook_secret": "another-webhook-secret", "webhook_secret_before": old}
        assert bench.read(each, **renewed) == bench.read(each)
        made = bench.connect(**renewed).read_webhook(each.headers, each.body, bench.clock.now())
        assert made == bench.read(each)
        with pytest.raises(Unauthenticated):
            bench.read(each, webhook_secret="", webhook_secret_before="")
    assert id in {hint.id for hint in all_hints(bench, deliveries)}


@behaviour("webhooks.stale")
def test_a_webhook_of_last_week_is_refused(bench: Bench) -> None:
    _, deliveries = arrived(bench)
    bench.pass_time(7 * 86_400)
    for each in deliveries:
        with pytest.raises(Unauthenticated):
            bench.read(each)


@behaviour("webhooks.replayed")
def test_a_webhook_that_comes_twice_bears_one_name(bench: Bench) -> None:
    bench.watch()
    id = bench.made()
    bench.pass_time()
    bench.deliveries()
    bench.simulator.webhooks.duplicate_next()
    bench.desk.edit(JANE, id, **{bench.of.title: "Other"})
    one, two, *_ = bench.deliveries()
    assert one == two
    names = {hint.delivery for each in (one, two) for hint in bench.read(each)}
    assert len(names) == 1
    assert "" not in names


@behaviour("webhooks.truncated")
def test_a_webhook_that_was_cut_short_is_refused(bench: Bench) -> None:
    _, deliveries = arrived(bench)
    for each in deliveries:
        for length in (1, len(each.body) // 2, len(each.body) - 1):
            with pytest.raises((Unauthenticated, Malformed)):
                bench.read(Delivery(each.headers, each.body[:length]))


@behaviour("echo.writes")
def test_what_our_own_writes_bring_is_covered_by_what_we_read(bench: Bench) -> None:
    bench.watch()
    id = bench.made()
    bench.pass_time()
    bench.deliveries()
    want = bench.want(bench.of.title)
    ticket = bench.connector.read(id, want)
    ticket = bench.connector.update(ticket, bench.values({bench.of.title: "Ours"}), want)
    for hint in all_hints(bench, bench.deliveries()):
        assert hint.version is None or bench.connector.holds(ticket.version, hint.version)
    bench.pass_time()
    bench.connector.add_comment(id, "Ours", True, "c1")
    ticket = bench.connector.read(id, want)
    for hint in all_hints(bench, bench.deliveries()):
        assert hint.version is None or bench.connector.holds(ticket.version, hint.version)
    bench.pass_time()
    bench.desk.edit(JANE, id, **{bench.of.title: "Jane's"})
    told = all_hints(bench, bench.deliveries())
    assert told
    for hint in told:
        assert hint.version is None or not bench.connector.holds(ticket.version, hint.version)


@behaviour("echo.creates")
def test_the_webhook_of_our_creation_names_it_or_leads_to_it(bench: Bench) -> None:
    bench.watch()
    made = bench.created("c0ffee")
    hints = all_hints(bench, bench.deliveries())
    assert {hint.id for hint in hints} == {made.id}
    for hint in hints:
        assert hint.correlation in {"c0ffee", ""}
        assert hint.version is None or bench.connector.holds(made.version, hint.version)
    assert bench.connect().read(made.id, bench.want()).correlation == "c0ffee"
