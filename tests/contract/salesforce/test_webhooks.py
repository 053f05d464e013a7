"""Our flow's callout, and outbound messages: what they prove and what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.salesforce import CLIENT, HOOK, JANE, START, TITLE

from tieline.connectors.salesforce import webhook
from tieline.connectors.salesforce.soap import MOST_BYTES, parsed
from tieline.domain.errors import Malformed, Unauthenticated

ROOT = Path(__file__).parents[3]
CASE = "500Ko0000000001IAA"
HEADERS = {webhook.HEADER: HOOK, "content-type": "application/json"}
TOLD = {
    "case": CASE,
    "stamp": "2026-03-02 09:30:00Z",
    "reference": "c0ffee",
    "sent": "2026-03-02 09:30:00Z",
    "delivery": "a-guid",
}


def read(headers, body, now=START, secrets=(HOOK,), **more):
    return webhook.read(headers, body, now, secrets=secrets, **more)


def told(**more) -> bytes:
    return json.dumps({**TOLD, **more}).encode()


def sent(bench, act):
    """Headers (in lower case) and bodies of what an act had sent."""
    attempts = bench.sandbox.webhooks.attempts
    if not bench.sandbox.hooks.flows:
        bench.sandbox.watch(lambda *_: 202, HOOK, {})
    before = len(attempts)
    act()
    bench.sandbox.webhooks.flush()
    return [
        ({n.lower(): text for n, text in a.headers.items()}, a.body)
        for a in list(attempts)[before:]
    ]


def messages(bench, *acts, secret=HOOK):
    attempts = bench.sandbox.messages.attempts
    bench.sandbox.watch_messages(lambda *_: 200, secret)
    bench.sandbox.hooks.gathers = True
    for act in acts:
        act()
    bench.sandbox.hooks.send_gathered()
    bench.sandbox.messages.flush()
    return [({n.lower(): text for n, text in a.headers.items()}, a.body) for a in attempts]


# The callout


def test_a_callout_names_the_case_its_stamp_and_its_correlation(bench):
    connector = bench.connector()
    [(headers, body)] = sent(bench, lambda: connector.create("c0ffee", {"Subject": "Ours"}, TITLE))
    [hint] = connector.read_webhook(headers, body, START)
    ticket = connector.read(hint.id, TITLE)
    assert (hint.correlation, hint.version) == ("c0ffee", ticket.version)
    assert hint.delivery


def test_a_comments_callout_names_its_case_without_a_stamp(bench):
    id = bench.make()
    [(headers, body)] = sent(bench, lambda: bench.desk.comment(JANE, id, "Hello"))
    [hint] = read(headers, body)
    assert (hint.id, hint.version) == (id, None)


def test_a_callout_without_the_secret_or_with_another_is_refused():
    for headers in ({}, {webhook.HEADER: ""}, {webhook.HEADER: HOOK + "x"}, {webhook.HEADER: "é"}):
        with pytest.raises(Unauthenticated):
            read(headers, told())
    with pytest.raises(Unauthenticated):
        read({webhook.HEADER: ""}, told(), secrets=())


def test_the_secret_before_is_taken_while_it_stands():
    part = {**CLIENT, "webhook_secret": "new", "webhook_secret_before": HOOK}
    assert webhook.read_webhook(part, {}, HEADERS, told(), START)
    with pytest.raises(Unauthenticated):
        webhook.read_webhook({**part, "webhook_secret_before": ""}, {}, HEADERS, told(), START)


@pytest.mark.parametrize("moment", ["2026-03-02 09:14:59Z", "2026-03-02T09:45:01.000+0000"])
def test_a_callout_that_is_old_or_of_the_future_is_refused(moment):
    with pytest.raises(Unauthenticated):
        read(HEADERS, told(sent=moment))


def test_a_replayed_callout_bears_the_same_name(bench):
    id = bench.make()
    bench.sandbox.watch(lambda *_: 202, HOOK, {})
    bench.sandbox.webhooks.duplicate_next()
    one, two = sent(bench, lambda: bench.desk.edit(JANE, id, Subject="Other"))
    assert read(*one) == read(*two)
    assert read(*one)[0].delivery == read(*two)[0].delivery != ""


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"nonsense", told()[:-3], told(case="005Ko0000000001AAA"),
        told(case="500Ko0000000001AAA"), told(case=None), told(sent="now"), told(stamp="then"),
        told(case="../User"), b'{"case":1,"case":2}', "ä".encode("latin-1"),
    ],
)  # fmt: skip
def test_a_callout_that_our_flow_does_not_send_is_malformed(body):
    with pytest.raises(Malformed):
        read(HEADERS, body)


def test_a_callout_is_sent_once_whatever_it_is_answered(bench):
    id = bench.make()
    bench.sandbox.watch(lambda *_: 503, HOOK, {})
    assert len(sent(bench, lambda: bench.desk.edit(JANE, id, Subject="Other"))) == 1
    bench.pass_time(86_400)
    assert bench.sandbox.webhooks.flush() == 0


def test_a_deletion_that_a_flow_tells_of_is_one():
    [hint] = read(HEADERS, told(deleted=True))
    assert (hint.deleted, hint.version) == (True, None)


def test_a_reference_that_people_wrote_is_no_correlation():
    [hint] = read(HEADERS, told(reference="see mail, please!"))
    assert hint.correlation == ""


# Outbound messages


def test_one_outbound_message_names_all_its_cases(bench):
    made = []
    [(headers, body)] = messages(bench, *(lambda: made.append(bench.make()) for _ in range(3)))
    hints = read(headers, body)
    assert [h.id for h in hints] == made
    assert len({h.delivery for h in hints}) == 3
    assert all(h.version == "2026-03-02T09:30:00Z" for h in hints)


def test_an_outbound_message_tells_the_state_of_its_sending(bench):
    made = []
    [(headers, body)] = messages(
        bench,
        lambda: made.append(bench.make()),
        lambda: bench.pass_time(60),
        lambda: bench.desk.edit(JANE, made[0], Subject="Later"),
    )
    hints = read(headers, body)
    assert {h.version for h in hints} == {"2026-03-02T09:31:00Z"}


def test_an_outbound_message_is_repeated_until_it_is_taken_and_bears_the_same_ids(bench):
    bench.sandbox.watch_messages(lambda *_: 503, HOOK)
    bench.make()
    bench.sandbox.messages.flush()
    bench.pass_time(301)
    bench.sandbox.messages.flush()
    one, two = bench.sandbox.messages.attempts
    assert read({}, one.body) == read({}, two.body)


def test_an_outbound_message_without_the_proof_in_each_case_is_refused(bench):
    [(headers, body)] = messages(bench, bench.make, bench.make)
    proof = f"<sf:Sync_Proof__c>{HOOK}</sf:Sync_Proof__c>".encode()
    assert body.count(proof) == 2
    for forged in (body.replace(proof, b""), body.replace(proof, b"", 1),
                   body.replace(HOOK.encode(), b"other", 1)):  # fmt: skip
        with pytest.raises(Unauthenticated):
            read(headers, forged)
    with pytest.raises(Unauthenticated):
        read(headers, body, secrets=())


def test_an_outbound_message_of_another_organisation_is_refused(bench):
    [(headers, body)] = messages(bench, bench.make)
    assert read(headers, body, organisation="00DKo0000000001")
    with pytest.raises(Unauthenticated):
        read(headers, body, organisation="00DKo0000000002")


@pytest.mark.parametrize(
    "inserted",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<?xml-stylesheet href="https://evil.example/x"?>',
        "<!-- a comment -->",
        "<![CDATA[x]]>",
    ],
)
def test_a_doctype_an_entity_and_the_like_are_refused_before_anything_is_read(bench, inserted):
    [(headers, body)] = messages(bench, bench.make)
    text = body.decode()
    head, rest = text.split("\n", 1)
    for forged in (
        f"{head}\n{inserted}{rest}",
        text.replace("<SessionId", f"{inserted}<SessionId"),
    ):
        with pytest.raises(Malformed):
            read(headers, forged.encode())


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a/>x", "x<a/>", "<a b=c/>", "<a b='<'/>",
        "<a>&#0;</a>", "<a>&#xD800;</a>", "<a><</a>", "<a" + " b='1'" * 3 + ">", "<a>" * 20,
        '<?xml version="1.0" encoding="utf-16"?><a/>', "<1/>", "<a:b:c/>",
    ],
)  # fmt: skip
def test_what_is_no_whole_element_is_malformed(text):
    with pytest.raises(Malformed):
        parsed(text.encode())


def test_text_keeps_its_letters_and_an_entity_of_ones_own_stays_unread():
    root = parsed(b"<a><b>&lt;&amp;&#228;&#xe4;</b><b2>x</b2></a>")
    assert root.value("b") == "<&ää"
    with pytest.raises(Malformed):
        parsed(b"<a>&own;</a>")


def test_a_message_beyond_its_bounds_is_malformed():
    for body in (b"<a>" + b"x" * MOST_BYTES + b"</a>", b"<a>" + b"<b/>" * 20_001 + b"</a>"):
        with pytest.raises(Malformed):
            parsed(body)


def test_a_message_with_a_session_id_is_read_without_it(bench):
    [(headers, body)] = messages(bench, bench.make)
    session = b"<SessionId>00D!AQsession</SessionId>"
    forged = body.replace(b'<SessionId xsi:nil="true"/>', session)
    assert b"AQsession" in forged
    assert "AQsession" not in repr(read(headers, forged))
    with pytest.raises(Unauthenticated) as refused:
        read(headers, forged, secrets=("other",))
    assert "AQsession" not in str(refused.value)


def test_every_cut_of_a_message_is_refused(bench):
    [(headers, body)] = messages(bench, bench.make)
    for length in range(0, len(body.rstrip()), 37):
        with pytest.raises((Malformed, Unauthenticated)):
            read(headers, body[:length])


def test_reading_a_webhook_loads_nothing_heavy():
    program = (
        "import sys; from tieline.connectors import webhook_reader; webhook_reader('salesforce'); "
        "print([n for n in ('requests', 'pydantic', 'markdown_it', 'nh3', 'xml', 'cryptography') "
        "if n in sys.modules])"
    )
    path = {"PYTHONPATH": str(ROOT / "shared")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
