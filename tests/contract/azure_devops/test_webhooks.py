"""Service hooks as Azure DevOps sends them, and as somebody else might."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.azure_devops import JANE, OMAR, SCOPE, SECRET, START, Bench, want

from tieline.connectors.azure_devops.webhook import basic, read_webhook
from tieline.domain.errors import Malformed, Unauthenticated
from tieline_ops.sandbox.azure_devops.hooks import EVENTS

PART = {"webhook_secret": SECRET}
PROOF = {"authorization": basic(SECRET)}
URL = "https://dev.azure.com/fabrikam/_apis/wit/workItems"


def event(kind: str = "workitem.updated", **resource: Any) -> dict[str, Any]:
    fields = {"System.TeamProject": "Fabrikam", "System.WorkItemType": "Bug"}
    whole = {
        "workitem.updated": {"id": 2, "workItemId": 13, "rev": 4, "revision": {"fields": fields}},
    }.get(kind, {"id": 13, "rev": 4, "fields": fields})
    return {
        "id": "27646e0e-b520-4d2b-9411-bba7524947cd",
        "eventType": kind,
        "resource": {**whole, **resource},
        "createdDate": "2026-03-02T09:29:56.5943909Z",
    }


def read(body: Any, headers: dict[str, str] = PROOF, part: dict[str, Any] = PART, **scope: str):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_webhook(part, {**SCOPE, **scope}, headers, raw, START)


def test_each_event_names_the_work_item_and_its_revision(bench: Bench):
    bench.watch()
    connector = bench.connector()
    id = bench.bug()
    assert [(h.id, h.version) for h in bench.hints(connector)] == [(id, "1")]
    bench.sandbox.edit(OMAR, int(id), **{"System.Title": "x"})
    assert [(h.id, h.version, h.deleted) for h in bench.hints(connector)] == [(id, "2", False)]
    bench.sandbox.delete(OMAR, int(id))
    assert [(h.id, h.version, h.deleted) for h in bench.hints(connector)] == [(id, None, True)]
    bench.sandbox.restore(OMAR, int(id))
    assert [(h.id, h.deleted) for h in bench.hints(connector)] == [(id, False)]


def test_trap_of_an_update_the_resources_id_is_the_updates_own(bench: Bench):
    bench.watch()
    id = bench.bug()
    bench.deliveries()
    bench.sandbox.edit(OMAR, int(id), **{"System.Title": "x"})
    [(headers, body)] = bench.deliveries()
    resource = json.loads(body)["resource"]
    assert (resource["id"], resource["workItemId"]) == (3, int(id))
    assert read(body, headers)[0].id == id


def test_trap_a_comment_fires_two_events_of_one_revision(bench: Bench):
    bench.watch()
    id = bench.bug()
    bench.deliveries()
    bench.sandbox.comment(JANE, int(id), "<p>Hello</p>")
    deliveries = bench.deliveries()
    kinds = sorted(json.loads(body)["eventType"] for _, body in deliveries)
    assert kinds == ["workitem.commented", "workitem.updated"]
    hints = [hint for headers, body in deliveries for hint in read(body, headers)]
    assert {(h.id, h.version) for h in hints} == {(id, "2")}
    assert len({h.delivery for h in hints}) == 2


def test_trap_people_are_one_line_in_events_and_moments_have_seven_digits(bench: Bench):
    bench.watch()
    bench.bug(**{"System.AssignedTo": OMAR})
    [(_, body)] = bench.deliveries()
    content = json.loads(body)
    fields = content["resource"]["fields"]
    assert fields["System.AssignedTo"] == "Omar Haddad <omar@acme.example>"
    assert content["createdDate"].endswith(".5943909Z")
    assert len(read(body)) == 1


def test_our_creation_is_told_with_its_correlation(bench: Bench):
    bench.watch()
    connector = bench.connector()
    made = connector.create("c0ffee", {"System.Title": "x"}, want())
    [hint] = bench.hints(connector)
    assert (hint.id, hint.version, hint.correlation) == (made.id, made.version, "c0ffee")


def test_the_proof_is_the_password_or_the_header():
    assert read(event(), {"authorization": basic(SECRET)})
    assert read(event(), {"authorization": basic(SECRET).replace("Basic", "basic")})
    assert read(event(), {"authorization": basic(SECRET, "latin-1")})
    assert read(event(), {"x-tieline-secret": SECRET})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Basic"},
        {"authorization": basic("other")},
        {"authorization": basic(SECRET).replace("Basic", "Bearer")},
        {"authorization": basic(SECRET)[:-1]},
        {"authorization": "Basic " + "A" * 5000},
        {"authorization": "\udcff"},
        {"x-tieline-secret": "other"},
        {"x-tieline-secret": ""},
        {"x-tieline-secret": SECRET + "x"},
    ],
)
def test_without_proof_nothing_is_read(headers: dict[str, str]):
    with pytest.raises(Unauthenticated):
        read(event(), headers)
    with pytest.raises(Unauthenticated):
        read(b"not even JSON", headers)


def test_a_side_without_a_secret_takes_nothing():
    for part in ({}, {"webhook_secret": ""}, {"webhook_secret": None}):
        for headers in ({}, {"x-tieline-secret": ""}, {"authorization": basic("")}):
            with pytest.raises(Unauthenticated):
                read(event(), headers, part)


def test_the_secret_before_is_taken_while_it_stands():
    part = {"webhook_secret": "new", "webhook_secret_before": SECRET}
    assert read(event(), PROOF, part)
    with pytest.raises(Unauthenticated):
        read(event(), PROOF, {"webhook_secret": "new"})


@pytest.mark.parametrize(
    "at",
    [
        "2026-03-01T09:29:56Z", "2026-03-02T09:41:00Z", "2024-01-01T00:00:00.1234567Z", "", "soon",
        "2026-99-02T09:29:56Z", None, 5, "2026-03-02T09:29:56",
    ],
)  # fmt: skip
def test_a_stale_event_is_refused(at: Any):
    with pytest.raises(Unauthenticated):
        read({**event(), "createdDate": at})


def test_a_replayed_event_bears_the_name_it_had():
    one, two = read(event()), read(event())
    assert one == two
    assert one[0].delivery == "27646e0e-b520-4d2b-9411-bba7524947cd"


def test_a_truncated_event_is_malformed():
    body = json.dumps(event()).encode()
    for length in (0, 1, len(body) // 2, len(body) - 1):
        with pytest.raises(Malformed):
            read(body[:length])


@pytest.mark.parametrize(
    "broken",
    [
        {"resource": None}, {"resource": []}, {"resource": {}},
        {"resource": {"workItemId": "../1"}},
        {"resource": {"workItemId": True, "rev": 1}}, {"resource": {"workItemId": 0, "rev": 1}},
        {"resource": {"workItemId": 13, "rev": "x"}}, {"resource": {"workItemId": 1.5}},
        {"resource": {"workItemId": 13, "rev": 1, "revision": 5}},
        {"resource": {"workItemId": 10**400}},
    ],
)  # fmt: skip
def test_an_event_that_is_not_of_the_form_is_malformed(broken: dict[str, Any]):
    with pytest.raises(Malformed):
        read({**event(), **broken})


def test_events_that_concern_no_work_item_of_the_scope_hint_at_nothing():
    assert read({**event(), "eventType": "git.push"}) == ()
    assert read({**event(), "eventType": None}) == ()
    assert read(event(), type="Task") == ()
    assert read(event(), project="Contoso") == ()
    assert read(event("workitem.created"), type="Task") == ()
    area = {"System.AreaPath": "Fabrikam\\Websites"}
    assert read(event("workitem.created", fields=area), area="Fabrikam\\Web") == ()
    below = {"System.AreaPath": "fabrikam\\web\\Shop"}
    assert len(read(event("workitem.created", fields=below), area="Fabrikam\\Web")) == 1


@pytest.mark.parametrize("field", ["System.TeamProject", "System.WorkItemType", "System.AreaPath"])
def test_what_comes_into_the_scope_or_leaves_it_is_told(field: str):
    moved = {field: {"oldValue": "Bug", "newValue": "Task"}}
    [hint] = read(event(fields=moved), type="Epic", area="Elsewhere")
    assert hint.id == "13"


def test_of_minimal_details_the_address_names_the_work_item():
    """An update's own number is not taken for the item's."""
    update = {"id": 2, "url": f"{URL}/13/updates/2"}
    [hint] = read({**event(), "resource": update})
    assert (hint.id, hint.version) == ("13", None)
    gone = {"url": "https://dev.azure.com/fabrikam/_apis/wit/recyclebin/13"}
    [hint] = read({**event("workitem.deleted"), "resource": gone})
    assert (hint.id, hint.deleted) == ("13", True)


@pytest.mark.parametrize("details", ["all", "minimal"])
def test_a_subscription_made_by_rest_tells_its_receiver(bench: Bench, details: str):
    content = bench.sandbox.organisation.content
    body = {
        "publisherId": "tfs", "eventType": "workitem.updated", "resourceVersion": "1.0",
        "consumerId": "webHooks", "consumerActionId": "httpRequest",
        "publisherInputs": {"projectId": content.projects["Fabrikam"], "areaPath": "",
                            "workItemType": "", "changedFields": ""},
        "consumerInputs": {"url": "https://receiver.example/x", "basicAuthUsername": "tieline",
                           "basicAuthPassword": SECRET, "httpHeaders": "X-Tieline-Secret: s",
                           "resourceDetailsToSend": details},
    }  # fmt: skip
    made = bench.rest("POST", "/_apis/hooks/subscriptions?api-version=7.1", json=body).json()
    assert (made["status"], made["consumerInputs"]["basicAuthPassword"]) == ("enabled", "********")
    subscription = bench.sandbox.hooks.subscriptions[made["id"]]
    got = []
    subscription.target = lambda headers, raw: got.append((headers, raw)) or 200
    id = bench.bug()
    bench.sandbox.edit(OMAR, int(id), **{"System.Title": "x"})
    bench.sandbox.webhooks.flush()
    [(headers, raw)] = got
    assert headers["X-Tieline-Secret"] == "s"
    [hint] = read(raw, {name.lower(): text for name, text in headers.items()})
    assert (hint.id, hint.version) == (id, "2")
    path = f"/_apis/hooks/subscriptions/{made['id']}/notifications?api-version=7.1&result=succeeded"
    assert bench.rest("GET", path).json()["count"] == 1
    gone = bench.rest("DELETE", f"/_apis/hooks/subscriptions/{made['id']}?api-version=7.1")
    assert gone.status_code == 204


def status_of(bench: Bench, kind: str = "workitem.created") -> str:
    hooks = bench.sandbox.hooks
    [found] = [s for s in hooks.subscriptions.values() if s.event == kind]
    return hooks.status(found)


def test_a_503_is_sent_again_for_three_minutes(bench: Bench):
    bench.watch()
    bench.answer = 503
    bench.bug()
    for _ in range(12):
        bench.sandbox.webhooks.flush()
        bench.pass_time(30)
    assert len(bench.got) == 9
    assert status_of(bench) == "onProbation"
    assert len({body for _, body in bench.got}) == 1


def test_trap_any_other_failure_is_not_sent_again_and_is_probation(bench: Bench):
    bench.watch()
    bench.answer = 500
    bench.bug()
    bench.deliveries()
    bench.pass_time(600)
    assert bench.deliveries() == []
    assert status_of(bench) == "onProbation"
    bench.bug()
    assert bench.deliveries() == []
    bench.pass_time(timedelta(minutes=11).total_seconds())
    bench.answer = 202
    bench.bug()
    assert len(bench.deliveries()) == 1
    assert status_of(bench) == "enabled"


def test_trap_a_410_ends_the_subscription_at_once(bench: Bench):
    bench.watch()
    bench.answer = 410
    bench.bug()
    bench.deliveries()
    bench.pass_time(86_400)
    bench.answer = 202
    bench.bug()
    assert bench.deliveries() == []
    assert status_of(bench) == "disabledBySystem"


def test_every_event_has_a_subscription(bench: Bench):
    bench.watch()
    assert sorted(s.event for s in bench.sandbox.hooks.subscriptions.values()) == sorted(EVENTS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip
PLACES = (
    ("id",), ("eventType",), ("createdDate",), ("resource",), ("resource", "id"),
    ("resource", "workItemId"), ("resource", "rev"), ("resource", "fields"), ("resource", "url"),
    ("resource", "revision"), ("resource", "revision", "fields"),
    ("resource", "revision", "fields", "System.Tags"), ("resource", "fields", "System.AreaPath"),
)  # fmt: skip


@given(st.sampled_from(EVENTS), st.lists(st.tuples(st.sampled_from(PLACES), JSON), max_size=3))
@settings(max_examples=300)
def test_whatever_an_event_holds_it_is_read_or_refused(kind: str, changes: list[Any]):
    made: Any = event(kind)
    for place, value in changes:
        at = made
        for name in place[:-1]:
            at = at.setdefault(name, {}) if isinstance(at, dict) else {}
        if isinstance(at, dict):
            at[place[-1]] = value
    with suppress(Unauthenticated, Malformed):
        for hint in read(made, area="Fabrikam"):
            assert hint.id.isdecimal()
            assert hint.version is None or hint.version.isdecimal()
            assert isinstance(hint.delivery, str)


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(
    ["authorization", "x-tieline-secret"]), st.text(max_size=60)))  # fmt: skip
def test_whoever_has_no_proof_gets_nowhere(body: bytes, headers: dict[str, str]):
    with pytest.raises(Unauthenticated):
        read(body, headers)
