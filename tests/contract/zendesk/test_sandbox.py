"""What the simulated account does that the connector does not ask for, or only by mistake."""

from __future__ import annotations

import pytest
import requests
from support.zendesk import CAROL, JANE, OMAR, TOKEN, URL, Bench

from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter
from tieline_ops.sandbox.zendesk.content import Content
from tieline_ops.sandbox.zendesk.simulator import SWITCHES, ZendeskSandbox


@pytest.fixture
def bench():
    return Bench()


class Client:
    """A plain client of the API, as an administrator."""

    def __init__(self, bench, auth=None):
        self._session = requests.Session()
        self._session.mount(URL, WsgiAdapter(bench.sandbox.app))
        self._session.auth = auth or (f"{TOKEN['email']}/token", TOKEN["token"])

    def __call__(self, method, path, **arguments):
        return self._session.request(method, f"{URL}/api/v2{path}", **arguments)


def test_the_suffix_json_may_stand_behind_every_path(bench):
    client, id = Client(bench), bench.make()
    for path in (f"/tickets/{id}", f"/tickets/{id}/comments", "/users/me", "/ticket_fields"):
        assert client("GET", path).json().keys() == client("GET", f"{path}.json").json().keys()


def test_a_wrong_login_and_a_wrong_path_have_zendesks_own_bodies(bench):
    assert Client(bench, ("a/token", "b"))("GET", "/tickets").json() == {
        "error": "Couldn't authenticate you"
    }
    client = Client(bench)
    gone = client("GET", "/tickets/1")
    assert (gone.status_code, gone.json()) == (
        404,
        {"error": "RecordNotFound", "description": "Not found"},
    )
    assert client("GET", "/nothing").json()["error"] == "InvalidEndpoint"
    assert client("PATCH", "/tickets").status_code == 404


def test_every_answer_tells_of_the_accounts_limit_and_the_last_one_is_429(bench):
    bench.sandbox.site.content.requests_per_minute = 3
    client = Client(bench)
    left = [client("GET", "/users/me").headers["x-rate-limit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    limited = client("GET", "/users/me")
    assert limited.status_code == 429
    assert 0 < int(limited.headers["Retry-After"]) <= 61
    assert "zendesk-ratelimit-account" in limited.headers
    bench.pass_time(61)
    assert client("GET", "/users/me").ok


def test_pages_by_offset_end_after_the_hundredth(bench):
    ids = [bench.make() for _ in range(3)]
    client = Client(bench)
    page = client("GET", "/tickets", params={"page": 2, "per_page": 2}).json()
    assert [str(t["id"]) for t in page["tickets"]] == ids[2:]
    assert (page["count"], page["next_page"]) == (3, None)
    assert client("GET", "/tickets", params={"page": 101}).status_code == 400
    wrong = client("GET", "/tickets", params={"page[after]": "no cursor"})
    assert wrong.json()["error"] == "InvalidPaginationParameter"


def test_bulk_reads_take_a_hundred_ids(bench):
    client = Client(bench)
    found = client("GET", "/users/show_many", params={"ids": "9003,9004,1"}).json()
    assert [u["name"] for u in found["users"]] == ["Jane Doe", "Omar Haddad"]
    many = client("GET", "/users/show_many", params={"ids": ",".join(map(str, range(101)))})
    assert many.json()["max_count"] == 100


def test_an_upload_needs_a_name_and_ends_after_three_days(bench):
    client, id = Client(bench), bench.make()
    assert client("POST", "/uploads", data=b"x").status_code == 400
    made = client("POST", "/uploads", params={"filename": "a.txt"}, data=b"x").json()["upload"]
    more = client(
        "POST", "/uploads", params={"filename": "b.txt", "token": made["token"]}, data=b"y"
    ).json()["upload"]
    assert [a["file_name"] for a in more["attachments"]] == ["a.txt", "b.txt"]
    bench.pass_time(3 * 86_400)
    comment = {"comment": {"body": "x", "uploads": made["token"]}}
    assert client("PUT", f"/tickets/{id}", json={"ticket": comment}).status_code == 422


def test_a_bare_token_is_taken_as_a_list_of_one(bench):
    client, id = Client(bench), bench.make()
    made = client("POST", "/uploads", params={"filename": "a.txt"}, data=b"x").json()["upload"]
    comment = {"comment": {"body": "x", "uploads": made["token"]}}
    assert client("PUT", f"/tickets/{id}", json={"ticket": comment}).ok
    assert bench.desk.see(id).files == {"a.txt": b"x"}


def test_an_update_that_changes_nothing_writes_no_audit(bench):
    client, id = Client(bench), bench.make(priority="Low")
    bench.pass_time()
    answer = client("PUT", f"/tickets/{id}", json={"ticket": {"priority": "low"}}).json()
    assert answer["audit"] is None
    assert len(bench.raw(id).audits) == 1


def test_a_ticket_of_an_internal_first_comment_is_not_public(bench):
    ticket = {"subject": "x", "comment": {"body": "inside", "public": False}}
    made = Client(bench)("POST", "/tickets", json={"ticket": ticket})
    assert made.status_code == 201
    assert made.json()["ticket"]["is_public"] is False
    assert made.json()["audit"]["metadata"]["system"]["client"].startswith("python-requests")


def test_a_ticket_without_words_is_refused(bench):
    for ticket in ({"subject": "x"}, {"subject": "x", "comment": {"body": " "}}):
        answer = Client(bench)("POST", "/tickets", json={"ticket": ticket})
        assert answer.json()["error"] == "RecordInvalid"
    assert Client(bench)("POST", "/tickets", data=b"{").status_code == 400


def test_deleted_tickets_are_in_the_bin_until_they_are_restored(bench):
    client, id = Client(bench), bench.make()
    assert client("DELETE", f"/tickets/{id}").status_code == 204
    assert client("GET", f"/tickets/{id}").status_code == 404
    binned = client("GET", "/deleted_tickets").json()["deleted_tickets"]
    assert [(str(t["id"]), t["previous_state"]) for t in binned] == [(id, "new")]
    assert client("PUT", f"/deleted_tickets/{id}/restore").json() == {}
    assert client("PUT", f"/deleted_tickets/{id}/restore").status_code == 404
    assert client("GET", f"/tickets/{id}").ok


def test_webhooks_are_made_by_the_api_and_their_secret_is_shown_and_rotated(bench):
    client = Client(bench)
    asked = {
        "name": "sync",
        "endpoint": "https://tieline.example/link/help",
        "http_method": "POST",
        "request_format": "json",
        "subscriptions": ["zen:event-type:ticket.created"],
        "authentication": {
            "type": "bearer_token",
            "data": {"token": "t"},
            "add_position": "header",
        },
    }
    made = client("POST", "/webhooks", json={"webhook": asked})
    assert made.status_code == 201
    assert "authentication" not in made.json()["webhook"]
    path = f"/webhooks/{made.json()['webhook']['id']}"
    secret = client("GET", f"{path}/signing_secret").json()["signing_secret"]
    rotated = client("POST", f"{path}/signing_secret")
    assert (rotated.status_code, secret["algorithm"]) == (201, "SHA256")
    assert rotated.json()["signing_secret"]["secret"] != secret["secret"]
    assert len(client("GET", "/webhooks").json()["webhooks"]) == 1
    assert client("DELETE", path).status_code == 204
    assert client("DELETE", path).status_code == 404


def test_a_subscription_is_told_of_its_own_events_alone(bench):
    told = []
    bench.sandbox.hooks.add(
        lambda _, body: told.append(body) or 200, "s", frozenset({"zen:event-type:ticket.created"})
    )
    id = bench.make()
    bench.desk.edit(OMAR, id, priority="Low")
    bench.sandbox.webhooks.flush()
    assert len(told) == 1


def test_end_users_may_not_use_what_agents_use(bench):
    bench.sandbox.site.content.tokens[CAROL] = "carols"
    client = Client(bench, (f"{CAROL}/token", "carols"))
    for path in ("/tickets", "/users/search?query=x", "/webhooks", "/groups"):
        assert client("GET", path).status_code == 403
    assert client("GET", "/users/me").ok


def test_what_the_screen_does_not_take_is_a_value_error(bench):
    id = bench.make()
    for fields in ({"status": "No such"}, {"Severity": "No such"}, {"group": "No such"},
                   {"custom_status": "No such"}, {"description": "x"}, {"Asset Code": "x"},
                   {"assignee": CAROL}, {"Seats": 5.5}):  # fmt: skip
        with pytest.raises(ValueError, match=r"choice|stays|invalid|agent"):
            bench.desk.edit(JANE, id, **fields)
    for fields in ({"no such": 1}, {"assignee": "nobody@acme.example"}):
        with pytest.raises(KeyError):
            bench.desk.edit(JANE, id, **fields)
    with pytest.raises(ValueError, match="internal"):
        bench.desk.comment(CAROL, id, "x", public=False)


def test_new_credentials_end_the_old_ones(bench):
    old = bench.sandbox.credentials()
    new = bench.sandbox.rotate()
    assert new == bench.sandbox.credentials() != old
    assert Client(bench)("GET", "/users/me").status_code == 401


def test_two_accounts_are_two():
    one, two = ZendeskSandbox(), ZendeskSandbox(content=Content(subdomain="other"))
    one.desk.make(JANE, subject="x")
    assert two.desk.ids() == []
    assert one.faults.known == two.faults.known == frozenset(SWITCHES)
