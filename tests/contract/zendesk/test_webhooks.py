"""Webhooks: what they prove, what they say, and what Zendesk does when they fail."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.zendesk import HOOK, JANE, OMAR, START, TOKEN

from tieline.connectors.base import Want
from tieline.connectors.zendesk import webhook
from tieline.domain.errors import Malformed, Unauthenticated

TITLE = Want(frozenset({"subject"}))
PUBLIC_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="


def take(bench, connector, answers=None):
    """Have webhooks read by the connector as they arrive; `answers` is what they are told."""
    said = iter(answers or ())

    def receive(headers, body):
        lower = {name.lower(): text for name, text in headers.items()}
        bench.got += connector.read_webhook(lower, body, bench.sandbox.clock.now())
        return next(said, 202)

    return receive


def deliveries(bench, act):
    """What was sent of an act: headers in lower case, and bodies."""
    bench.sandbox.watch(lambda *_: 202, HOOK, {})
    act()
    bench.sandbox.webhooks.flush()
    return [
        ({name.lower(): text for name, text in attempt.headers.items()}, attempt.body)
        for attempt in bench.sandbox.webhooks.attempts
    ]


def signed(told, secret=HOOK, sent="2026-03-02T09:30:00Z", **headers):
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    proof = webhook.signature(secret, sent, body)
    return {webhook.SIGNATURE: proof, webhook.TIMESTAMP: sent, **headers}, body


def event(**more):
    detail = {"id": "101", "updated_at": "2026-03-02T09:30:00Z", "external_id": None}
    told = {
        "type": "zen:event-type:ticket.status_changed",
        "time": "2026-03-02T09:30:00.672717030Z",
        "id": "cbe4028c-7239-495d-b020-f22348516046",
        "detail": {**detail, **more.pop("detail", {})},
    }
    return {**told, **more}


def read(told, now=START, **scope):
    headers, body = told
    part = {"webhook_secret": HOOK}
    return webhook.read_webhook(part, scope, headers, body, now)


def test_the_signature_is_over_moment_and_body_with_nothing_between():
    body = '{"hello":"wörld"}'.encode()
    made = webhook.signature(PUBLIC_TEST_SECRET, "2021-03-25T05:09:27Z", body)
    assert made == "+ki97CH02IjocidwuQpeJijLkWElmpwmb5cHt/pe/ig="


def test_an_event_names_the_ticket_and_the_version_that_a_read_shows(bench):
    connector = bench.connector()
    bench.sandbox.watch(take(bench, connector), HOOK, {})
    made = connector.create("c0ffee", {"subject": "ö"}, TITLE)
    bench.sandbox.webhooks.flush()
    assert [(h.id, h.version, h.correlation) for h in bench.got] == [
        (made.id, made.version, "c0ffee")
    ]
    bench.pass_time()
    bench.desk.edit(JANE, made.id, status="Pending", priority="High")
    bench.sandbox.webhooks.flush()
    version = connector.read(made.id, TITLE).version
    assert {(h.id, h.version) for h in bench.got[1:]} == {(made.id, version)}
    assert not connector.holds(made.version, version)


def test_the_body_is_read_as_it_came_and_not_as_it_would_be_written(bench):
    [(headers, body)] = deliveries(bench, bench.make)
    assert body.startswith(b"{\n   ")
    assert body.endswith(b"}\n")
    assert read((headers, body), bench.sandbox.clock.now())
    with pytest.raises(Unauthenticated):
        read((headers, json.dumps(json.loads(body)).encode()), bench.sandbox.clock.now())


def test_ids_are_texts_words_are_upper_case_and_tags_may_be_null_in_an_event(bench):
    [(_, body)] = deliveries(bench, lambda: bench.make(priority="High"))
    detail = json.loads(body)["detail"]
    assert (detail["id"], detail["priority"], detail["tags"]) == ("101", "HIGH", None)
    assert detail["via"] == {"channel": "web"}
    assert len(json.loads(body)["time"].partition(".")[2]) == len("000000000Z")


def test_a_forged_or_cut_webhook_is_not_taken(bench):
    [(headers, body)] = deliveries(bench, bench.make)
    now = bench.sandbox.clock.now()
    bare = {n: t for n, t in headers.items() if "signature" not in n}
    for changed, text in (
        (bare, body),
        (headers, body + b" "),
        (headers, body[:-1]),
        (headers, b""),
        ({**headers, webhook.TIMESTAMP: "2026-03-02T09:30:01Z"}, body),
        ({**headers, webhook.SIGNATURE: headers[webhook.SIGNATURE].lower()}, body),
        ({**headers, webhook.SIGNATURE: "ö\udcff"}, body),
        ({**headers, webhook.TIMESTAMP: "\udcff"}, body),
    ):
        with pytest.raises(Unauthenticated):
            read((changed, text), now)


def test_an_old_or_future_attempt_is_not_taken(bench):
    [(headers, body)] = deliveries(bench, bench.make)
    for late in (301, -301):
        with pytest.raises(Unauthenticated, match="old"):
            read((headers, body), START + timedelta(seconds=late))
    assert read((headers, body), START + timedelta(seconds=299))
    for moment in ("", "now", "2026-03-02 09:30:00", "2026-03-02T09:30:00", "1772443800"):
        with pytest.raises(Unauthenticated, match="when"):
            read(signed(event(), sent=moment))


def test_an_event_that_is_sent_long_after_it_happened_is_taken(bench):
    """The moment of the signature is the attempt's; the event's own may be hours ago."""
    connector = bench.connector()
    bench.sandbox.watch(take(bench, connector, [503, 503, 202]), HOOK, {})
    id = bench.make()
    for _ in range(3):
        bench.sandbox.webhooks.flush()
        bench.pass_time(3600)
    attempts = bench.sandbox.webhooks.attempts
    assert [attempt.status for attempt in attempts] == [503, 503, 202]
    assert {hint.id for hint in bench.got} == {id}
    assert len({a.headers["X-Zendesk-Webhook-Invocation-Id"] for a in attempts}) == 1
    assert len({a.headers["X-Zendesk-Webhook-Signature"] for a in attempts}) == 3
    # A retry bears the same name, so that the queue knows it.
    assert len({hint.delivery for hint in bench.got}) == 1


def test_the_public_secret_of_test_calls_opens_nothing():
    with pytest.raises(Unauthenticated):
        read(signed(event(), secret=PUBLIC_TEST_SECRET))


def test_the_secret_before_a_rotation_is_taken_as_long_as_it_stands_there(bench):
    told = signed(event(), secret="old")
    held = {**TOKEN, "webhook_secret": "new", "webhook_secret_before": "old"}
    assert bench.connector(held).read_webhook(*told, START)
    assert webhook.read_webhook(held, {}, *told, START)
    with pytest.raises(Unauthenticated):
        bench.connector({**TOKEN, "webhook_secret": "new"}).read_webhook(*told, START)
    for empty in ({}, {"webhook_secret": ""}):
        with pytest.raises(Unauthenticated):
            webhook.read_webhook(empty, {}, *signed(event(), secret=""), START)


def test_deletions_are_told_and_what_moves_no_stamp_names_no_version(bench):
    connector = bench.connector()
    bench.sandbox.watch(take(bench, connector), HOOK, {})
    id = bench.make()
    said = bench.desk.comment(JANE, id, "4111")
    file = bench.desk.attach(JANE, id, "a.txt", b"1")
    bench.sandbox.webhooks.flush()
    bench.got.clear()
    bench.desk.redact(OMAR, id, said, "4111")
    bench.desk.make_private(OMAR, id, said)
    bench.desk.delete_attachment(OMAR, id, file)
    bench.desk.delete(OMAR, id)
    bench.desk.restore(OMAR, id)
    bench.sandbox.webhooks.flush()
    assert [(h.id, h.version, h.deleted) for h in bench.got] == [
        (id, None, False),
        (id, None, False),
        (id, None, False),
        (id, None, True),
        (id, None, False),
    ]


def test_a_stamp_that_is_older_than_its_event_names_no_version():
    [hint] = read(signed(event()))
    assert hint.version == "2026-03-02T09:30:00Z"
    [hint] = read(signed(event(detail={"updated_at": "2026-03-02T09:29:57Z"})))
    assert hint.version is None


def test_events_of_other_things_and_other_brands_concern_nobody():
    user = event(type="zen:event-type:user.created")
    assert read(signed(user)) == ()
    assert read(signed(event(detail={"brand_id": "5001"})), brand="5002") == ()
    assert read(signed(event(detail={"brand_id": "5001"})), brand="5001") != ()
    # A name is compared when the ticket is read.
    assert read(signed(event(detail={"brand_id": "5001"})), brand="Acme") != ()


@pytest.mark.parametrize(
    "told",
    [
        b"[]",
        b"{",
        b"{}",
        b'{"ticket_id": "1", "ticket_id": "2"}',
        b'{"ticket_id": "../1"}',
        b'{"ticket_id": NaN}',
        b"\xff",
        {"type": "zen:event-type:ticket.created"},
        event(detail={"id": "1/2"}),
        event(detail={"id": "0"}),
        event(detail={"id": None}),
        event(detail={"updated_at": "yesterday"}),
        event(time=None),
        {**event(), "detail": []},
    ],
)
def test_an_authentic_event_that_cannot_be_read_is_malformed(told):
    with pytest.raises(Malformed):
        read(signed(told))


def test_reading_a_webhook_loads_nothing_that_only_calls_need():
    """An answer to a webhook must be quick, also from a process that has just begun."""
    heavy = ("markdown_it", "nh3", "pydantic", "requests")
    program = (
        "import sys; import tieline.connectors.zendesk.webhook; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    environment = {"PYTHONPATH": str(Path(webhook.__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_name_of_a_delivery_that_is_no_name_is_replaced():
    # The event's own name is signed, the invocation's is not.
    headers, body = signed(event(), **{webhook.INVOCATION: "01HANA2B"})
    assert read((headers, body))[0].delivery == "cbe4028c-7239-495d-b020-f22348516046"
    headers, body = signed(event(id="x y"), **{webhook.INVOCATION: "01HANA2B"})
    assert read((headers, body))[0].delivery == "01HANA2B"
    headers, body = signed(event(id=None), **{webhook.INVOCATION: "ö"})
    assert read((headers, body))[0].delivery == ""


def test_a_trigger_of_our_page_names_the_ticket_alone(bench):
    connector = bench.connector()
    bench.sandbox.hooks.add_trigger(take(bench, connector), HOOK)
    id = bench.make()
    bench.sandbox.webhooks.flush()
    [hint] = bench.got
    assert (hint.id, hint.version, hint.deleted) == (id, None, False)
    assert hint.delivery


@pytest.mark.parametrize(("status", "sent"), [(500, 1), (400, 1), (403, 1), (429, 6), (503, 6)])
def test_only_a_409_a_429_a_503_and_silence_are_sent_again(bench, status, sent):
    bench.sandbox.watch(lambda *_: status, HOOK, {})
    bench.make()
    for _ in range(9):
        bench.sandbox.webhooks.flush()
        bench.pass_time()
    assert len(bench.sandbox.webhooks.attempts) == sent


def test_what_the_circuit_breaker_swallows_is_found_by_the_export(bench):
    connector = bench.connector()
    cursor = [page.cursor for page in connector.changes(None, bench.sandbox.clock.now())][-1]
    bench.pass_time(600)
    bench.sandbox.watch(lambda *_: 500, HOOK, {})
    ids = set()
    for _ in range(30):
        ids.add(bench.make())
        bench.sandbox.webhooks.flush()
    assert len(bench.sandbox.webhooks.attempts) == 20
    bench.pass_time()
    listed = connector.changes(cursor, bench.sandbox.clock.now())
    assert {hint.id for page in listed for hint in page.hints} == ids


def test_events_in_any_order_and_twice_lead_to_the_same_ticket(bench):
    connector = bench.connector()
    bench.sandbox.watch(take(bench, connector), HOOK, {})
    id = bench.make()
    bench.sandbox.webhooks.flush()
    bench.got.clear()
    bench.pass_time()
    bench.sandbox.webhooks.reorder_next(3)
    bench.sandbox.webhooks.duplicate_next()
    bench.desk.edit(JANE, id, status="Pending", priority="High", subject="y")
    bench.sandbox.webhooks.flush()
    assert {hint.id for hint in bench.got} == {id}
    names = [hint.delivery for hint in bench.got]
    assert len(names) == len(set(names)) + 1


def test_the_moment_of_an_event_may_have_any_number_of_digits():
    for digits in ("", ".6", ".672717030"):
        [hint] = read(signed(event(time=f"2026-03-02T09:30:00{digits}Z")))
        assert hint.version
    now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert read(signed(event(), sent="2026-03-02T09:30:00.123456789Z"), now)
