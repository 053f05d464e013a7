"""Webhooks: those that GitHub once sent, those of the simulated one, and those of nobody."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from contract.openapi import SPECS
from support.github import ALL, HOOK_SECRET, PLACE, START

from tieline.connectors import webhook_reader
from tieline.connectors.github.webhook import signature
from tieline.domain.errors import Malformed, Unauthenticated

JANE, OMAR = "jane@acme.example", "omar@acme.example"
SAMPLES = [
    (path.stem, number, sample)
    for path in sorted(Path(SPECS / "github-webhooks").glob("*.json"))
    for number, sample in enumerate(json.loads(path.read_text("utf-8")))
]


def read(event, body, *, secret=HOOK_SECRET, scope=None, part=None, now=START, **headers):
    given = {
        "x-github-event": event,
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "x-hub-signature-256": signature(secret, body),
        "content-type": "application/json",
        **headers,
    }
    held = {"webhook_secret": HOOK_SECRET} if part is None else part
    return webhook_reader("github")(held, scope or {"repository": PLACE}, given, body, now)


@pytest.mark.parametrize(
    ("event", "sample"), [(e, s) for e, _, s in SAMPLES], ids=[f"{e}-{n}" for e, n, _ in SAMPLES]
)
def test_every_payload_that_github_sent_is_taken_and_means_its_issue(event, sample):
    place = (sample.get("repository") or {}).get("full_name", "any/where")
    hints = read(event, json.dumps(sample).encode(), scope={"repository": place})
    issue = sample.get("issue")
    if issue is None or issue.get("pull_request"):
        assert hints == ()
        return
    (hint,) = hints
    assert hint.id == str(issue["number"])
    assert hint.deleted is (event == "issues" and sample["action"] in {"deleted", "transferred"})
    comment_gone = event == "issue_comment" and sample["action"] == "deleted"
    assert hint.version == (None if hint.deleted or comment_gone else issue["updated_at"])


def test_there_are_payloads_of_every_event_and_most_actions():
    actions = {(e, s.get("action")) for e, _, s in SAMPLES}
    assert {e for e, _ in actions} == {"issues", "issue_comment", "ping"}
    assert len(actions) >= 19
    assert sum("pull_request" in s.get("issue", {}) for _, _, s in SAMPLES) >= 4


@pytest.mark.parametrize(
    ("event", "sample"), [(e, s) for e, _, s in SAMPLES], ids=[f"{e}-{n}" for e, n, _ in SAMPLES]
)
def test_no_payload_of_another_repository_means_anything(event, sample):
    assert read(event, json.dumps(sample).encode()) == ()


def test_githubs_own_example_of_a_signature_holds():
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signature("It's a Secret to Everybody", b"Hello, World!") == expected


def test_what_reads_a_webhook_loads_none_of_the_heavy_libraries():
    program = (
        "import sys; import tieline.connectors.github.webhook; heavy = {'pydantic', 'requests', "
        "'markdown_it', 'cryptography', 'nh3'}; print(sorted(heavy & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert run.stdout.strip() == "[]"


def event_of(**more):
    issue = {"number": 7, "updated_at": "2026-03-02T09:30:00Z", "body": None, "labels": []}
    known = {"action": "edited", "issue": issue, "repository": {"full_name": PLACE}}
    return json.dumps({**known, **more}).encode()


def test_a_forged_signature_is_refused_before_anything_is_read():
    for body in (event_of(), b"[" * 100_000):
        for given in ("", "sha256=", "sha256=00", signature("guessed", body),
                      signature(HOOK_SECRET, body + b" "), signature(HOOK_SECRET, body)[:-1],
                      signature(HOOK_SECRET, body).upper(), "sha256=é"):  # fmt: skip
            with pytest.raises(Unauthenticated):
                read("issues", body, **{"x-hub-signature-256": given})


def test_the_old_signature_by_sha1_is_not_enough():
    body = event_of()
    old = "sha1=" + hmac.new(HOOK_SECRET.encode(), body, hashlib.sha1).hexdigest()
    with pytest.raises(Unauthenticated):
        read("issues", body, **{"x-hub-signature-256": "", "x-hub-signature": old})
    with pytest.raises(Unauthenticated):
        read("issues", body, **{"x-hub-signature-256": old})


def test_two_secrets_are_taken_while_one_replaces_the_other():
    both = {"webhook_secret": "new", "webhook_secret_before": HOOK_SECRET}
    assert read("issues", event_of(), part=both)
    assert read("issues", event_of(), part=both, secret="new")
    for part in ({"webhook_secret": "new"}, {"webhook_secret": ""}, {}):
        with pytest.raises(Unauthenticated):
            read("issues", event_of(), part=part)
    with pytest.raises(Unauthenticated):
        read("issues", event_of(), part={"webhook_secret": ""}, secret="")


def test_a_form_is_read_as_the_json_that_it_carries():
    """GitHub sends forms unless the webhook says otherwise."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode({"payload": event_of().decode()}).encode()
    assert read("issues", body, **form)[0].id == "7"
    for broken in (b"", b"x=1", b"payload=", b"payload=%7B", b"payload=\xff", event_of()):
        with pytest.raises(Malformed):
            read("issues", broken, **form)


def test_a_delivery_that_is_sent_or_played_again_names_the_same_delivery():
    """GitHub repeats nothing by itself; a redelivery keeps its id, and signs no moment."""
    first = read("issues", event_of())
    again = read("issues", event_of(), now=START + timedelta(days=3))
    assert first == again
    assert first[0].delivery == "72d3162e-cc78-11e3-81ab-4c9367dc0958"


@pytest.mark.parametrize("cut", range(1, len(event_of()), 17))
def test_a_truncated_body_is_malformed_even_if_it_is_signed(cut):
    with pytest.raises(Malformed):
        read("issues", event_of()[:-cut])


@pytest.mark.parametrize(
    "more",
    [
        {"issue": None},
        {"issue": []},
        {"issue": {}},
        {"issue": {"number": "../1", "updated_at": "2026-03-02T09:30:00Z"}},
        {"issue": {"number": 0, "updated_at": "2026-03-02T09:30:00Z"}},
        {"issue": {"number": True, "updated_at": "2026-03-02T09:30:00Z"}},
        {"issue": {"number": 7}},
        {"issue": {"number": 7, "updated_at": "yesterday"}},
        {"issue": {"number": 7, "updated_at": "2026-03-02T09:30:00"}},
        {"issue": {"number": 7, "updated_at": 10**400}},
        {"issue": {"number": 7, "updated_at": "2026-03-02T09:30:00Z", "body": 7}},
        {"repository": None},
        {"repository": {"full_name": 7}},
        {"action": None, "comment": 7},
        {"comment": {"updated_at": []}},
    ],
)
def test_an_event_of_another_form_is_malformed(more):
    with pytest.raises(Malformed):
        read("issue_comment", event_of(**more))


@pytest.mark.parametrize("event", ["ping", "label", "push", "sub_issues", "star", ""])
def test_events_that_concern_no_issue_are_answered_and_mean_nothing(event):
    assert read(event, b'{"zen":"Design for failure."}') == ()


def test_a_comment_on_a_pull_request_is_not_a_ticket(bench, gh, inbox):
    number = bench.sandbox.pull_request(JANE, "Mend it")
    bench.desk.comment(JANE, number, "nice")
    assert inbox.read(gh, bench) == []


def test_a_new_issue_with_three_labels_is_four_events_of_one_version(bench, gh, inbox, make):
    id = make(labels=["bug", "enhancement", "tieline"])
    hints = inbox.read(gh, bench)
    assert len(hints) == 4
    assert {(h.id, h.version) for h in hints} == {(id, "2026-03-02T09:30:00Z")}
    assert len({h.delivery for h in hints}) == 4


def test_the_newborns_own_event_names_its_correlation(bench, gh, inbox):
    made = gh.create("k-7", {"title": "x"}, ALL)
    assert [(h.id, h.correlation) for h in inbox.read(gh, bench)] == [(made.id, "k-7")]


def test_our_own_write_has_a_version_that_the_answer_holds(bench, gh, inbox, make):
    before = gh.read(make(), ALL)
    bench.pass_time(5)
    inbox.read(gh, bench)
    after = gh.update(
        before, {"title": "y", "state": gh.fields(["state"])["state"].options[1]}, ALL
    )
    hints = inbox.read(gh, bench)
    assert hints
    assert all(gh.holds(after.version, hint.version) for hint in hints)


@pytest.mark.parametrize("keeps", [True, False])
def test_an_edited_comment_is_read_though_its_issue_did_not_move(bench, gh, inbox, make, keeps):
    """Whether it moves is not sure: a version that would be held already must not be named."""
    bench.sandbox.faults.switch("comment_edit_keeps_updated", keeps)
    id = make()
    comment = bench.desk.comment(JANE, id, "one")
    held = gh.read(id, ALL).version
    inbox.read(gh, bench)
    bench.pass_time(5)
    bench.desk.edit_comment(JANE, id, comment, "two")
    (hint,) = inbox.read(gh, bench)
    assert hint.version is None or not gh.holds(held, hint.version)
    bench.desk.delete_comment(JANE, id, comment)
    assert inbox.read(gh, bench)[0].version is None


def test_a_deleted_and_a_transferred_issue_say_so_and_a_deleted_comment_does_not(
    bench, gh, inbox, make
):
    one, two, three = make(), make(), make()
    comment = bench.desk.comment(JANE, three, "x")
    inbox.read(gh, bench)
    bench.desk.delete(JANE, one)
    bench.sandbox.transfer(JANE, two)
    bench.desk.delete_comment(JANE, three, comment)
    found = [(h.id, h.deleted) for h in inbox.read(gh, bench)]
    assert found == [(one, True), (two, True), (three, False)]


def test_a_side_with_a_label_hears_of_what_carries_it_and_of_what_loses_it(bench, inbox, make):
    gh = bench.connector(label="tieline")
    make(labels=["bug"])
    assert inbox.read(gh, bench) == []
    id = make(labels=["tieline"])
    assert {h.id for h in inbox.read(gh, bench)} == {id}
    bench.desk.edit(JANE, id, labels=[])
    assert [h.id for h in inbox.read(gh, bench)] == [id]
    bench.desk.edit(JANE, id, title="later")
    assert inbox.read(gh, bench) == []


def test_an_administrators_redelivery_reads_like_the_first(bench, gh, inbox, make):
    make()
    first = inbox.read(gh, bench)
    _, delivery = bench.sandbox.registry.deliveries
    bench.sandbox.registry.redeliver(delivery.guid)
    assert inbox.read(gh, bench) == first


def test_github_repeats_nothing_by_itself(bench, make):
    answered = []
    bench.sandbox.watch(lambda *_: answered.append(500) or 500, HOOK_SECRET, {})
    make()
    bench.sandbox.webhooks.flush()
    bench.pass_time(86_400)
    bench.sandbox.webhooks.flush()
    assert answered == [500, 500]  # the greeting, and the issue
