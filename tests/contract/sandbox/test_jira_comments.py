"""Comments and files of the simulated Jira."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from contract.sandbox.conftest import SITE, Api, doc

from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

JANE = "jane@acme.example"
INTERNAL = [{"key": "sd.public.comment", "value": {"internal": True}}]
NO_CHECK = {"X-Atlassian-Token": "no-check"}


def test_a_comment_carries_its_property_from_the_first_moment(api: Api) -> None:
    key = api.create()
    sent = {"body": doc("hi"), "properties": [{"key": "tieline", "value": {"id": 1}}]}
    made = api("POST", f"/issue/{key}/comment", json=sent)
    assert made.status_code == 201
    assert (made.json()["body"], made.json()["jsdPublic"]) == (doc("hi"), True)
    assert "properties" not in made.json()
    listed = api.get(f"/issue/{key}/comment?expand=properties")
    assert listed["comments"][0]["properties"] == sent["properties"]
    id = made.json()["id"]
    assert api.get(f"/comment/{id}/properties/tieline")["value"] == {"id": 1}


@pytest.mark.parametrize("body", ["plain", None, {"type": "doc", "version": 1, "content": []}])
def test_a_comment_that_is_no_document_is_refused(api: Api, body: Any) -> None:
    answer = api("POST", f"/issue/{api.create()}/comment", json={"body": body})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"comment": "Comment body is not valid!"}


def test_a_comment_against_the_schema_or_too_long_is_refused(api: Api) -> None:
    key = api.create()
    empty = {"type": "doc", "version": 1, "content": [{"type": "bulletList", "content": []}]}
    answer = api("POST", f"/issue/{key}/comment", json={"body": empty})
    assert answer.json() == {"errorMessages": ["INVALID_INPUT"], "errors": {}}
    answer = api("POST", f"/issue/{key}/comment", json={"body": doc("x" * 40_000)})
    assert "32,767" in answer.json()["errors"]["comment"]


def test_comments_are_paged_in_either_order(api: Api, jira: JiraSandbox) -> None:
    key = api.create()
    for n in range(5):
        jira.comment(JANE, key, f"c{n}")
        jira.clock.advance(timedelta(seconds=1))

    def texts(query: str) -> list[str]:
        page = api.get(f"/issue/{key}/comment?{query}")
        assert page["total"] == 5
        return [each["body"]["content"][0]["content"][0]["text"] for each in page["comments"]]

    assert texts("maxResults=2&startAt=3") == ["c3", "c4"]
    assert texts("orderBy=-created&maxResults=2") == ["c4", "c3"]
    assert api("GET", f"/issue/{key}/comment?orderBy=author").status_code == 400


def test_an_edited_comment_keeps_its_author_and_a_deleted_one_is_gone(
    api: Api, jira: JiraSandbox
) -> None:
    key = api.create()
    id = jira.comment(JANE, key, "hi")
    place = f"/issue/{key}/comment/{id}"
    jira.clock.advance(timedelta(seconds=1))
    edited = api("PUT", place, json={"body": doc("ho")}).json()
    assert edited["author"]["accountId"] == "712020:jane"
    assert edited["updateAuthor"]["accountId"] == "712020:tieline"
    assert edited["updated"] > edited["created"]
    assert [
        each["id"]
        for each in api("POST", "/comment/list", json={"ids": [int(id)]}).json()["values"]
    ] == [id]
    assert api("DELETE", place).status_code == 204
    assert api("GET", place).status_code == 404
    assert jira.issue(key)["comments"] == []


def test_ones_own_comments_may_be_ones_only(api: Api, jira: JiraSandbox) -> None:
    key = api.create()
    jira.site.user(jira.EMAIL).denied.update({"EDIT_ALL_COMMENTS", "DELETE_ALL_COMMENTS"})
    own = api("POST", f"/issue/{key}/comment", json={"body": doc("mine")}).json()["id"]
    other = jira.comment(JANE, key, "hers")
    edits = [
        api("PUT", f"/issue/{key}/comment/{id}", json={"body": doc("x")}) for id in (own, other)
    ]
    assert [answer.status_code for answer in edits] == [200, 403]
    deletions = [api("DELETE", f"/issue/{key}/comment/{id}") for id in (own, other)]
    assert [answer.status_code for answer in deletions] == [204, 403]


def test_an_internal_note_stays_internal_until_properties_are_sent(
    api: Api, jira: JiraSandbox
) -> None:
    key = api.create()
    made = api("POST", f"/issue/{key}/comment", json={"body": doc("hush"), "properties": INTERNAL})
    assert made.json()["jsdPublic"] is False
    place = f"/issue/{key}/comment/{made.json()['id']}"
    assert api("PUT", place, json={"body": doc("hush!")}).json()["jsdPublic"] is False
    own = f"/comment/{made.json()['id']}/properties/tieline"
    assert api("PUT", own, json={"id": 1}).status_code == 201
    assert jira.issue(key)["comments"][0]["public"] is False
    other = [{"key": "tieline", "value": 1}]
    assert api("PUT", place, json={"body": doc("oh"), "properties": other}).json()["jsdPublic"]


def test_an_internal_note_is_public_where_no_such_notes_are(api: Api, jira: JiraSandbox) -> None:
    key = api.create(project={"key": "DEV"})
    note = {"body": doc("hush"), "properties": INTERNAL}
    assert api("POST", f"/issue/{key}/comment", json=note).json()["jsdPublic"] is True
    jira.faults.switch("internal_comes_out_public")
    key = api.create()
    assert api("POST", f"/issue/{key}/comment", json=note).json()["jsdPublic"] is True


def upload(api: Api, key: str, *files: tuple[str, bytes, str], **headers: str) -> requests.Response:
    parts = [("file", each) for each in files]
    return api("POST", f"/issue/{key}/attachments", files=parts, headers={**NO_CHECK, **headers})


def test_a_file_goes_up_and_comes_down_by_way_of_another_host(api: Api, jira: JiraSandbox) -> None:
    key = api.create()
    (made,) = upload(api, key, ("ä b.txt", b"hello", "text/plain")).json()
    assert (made["filename"], made["size"], made["mimeType"]) == ("ä b.txt", 5, "text/plain")
    answer = api("GET", f"/attachment/content/{made['id']}")
    place = answer.headers["Location"]
    assert (answer.status_code, place.startswith(SITE)) == (303, False)
    with requests.Session() as stranger:
        stranger.mount("https://", WsgiAdapter(jira.app))
        assert stranger.get(place, timeout=5).content == b"hello"
        assert stranger.get(place, auth=(jira.EMAIL, jira.TOKEN), timeout=5).status_code == 401
    direct = api("GET", f"/attachment/content/{made['id']}?redirect=false")
    assert (direct.status_code, direct.content) == (200, b"hello")


def test_files_may_share_a_name_and_go_one_by_one(api: Api, jira: JiraSandbox) -> None:
    key = api.create()
    made = upload(api, key, ("a", b"1", "text/plain"), ("a", b"2", "text/plain")).json()
    assert [each["name"] for each in jira.issue(key)["attachments"]] == ["a", "a"]
    assert api("DELETE", f"/attachment/{made[0]['id']}").status_code == 204
    assert [each["content"] for each in jira.issue(key)["attachments"]] == [b"2"]
    assert api("DELETE", f"/attachment/{made[0]['id']}").status_code == 404
    assert api.get(f"/attachment/{made[1]['id']}")["filename"] == "a"


def test_an_upload_needs_its_header_its_part_and_a_fitting_size(
    api: Api, jira: JiraSandbox
) -> None:
    key, place = api.create(), "/issue/OPS-1/attachments"
    file = ("a", b"1", "text/plain")
    assert api("POST", place, files={"file": file}).status_code == 403
    assert api("POST", place, files={"doc": file}, headers=NO_CHECK).status_code == 400
    jira.site.content.upload_limit = 3
    assert api.get("/attachment/meta")["uploadLimit"] == 3
    assert upload(api, key, ("a", b"1234", "text/plain")).status_code == 413
    assert jira.issue(key)["attachments"] == []


def test_a_file_that_no_text_shows_any_more_is_deleted_where_jira_does_so(
    api: Api, jira: JiraSandbox
) -> None:
    key = api.create()
    for name in ("shown", "other"):
        jira.attach(JANE, key, name, b"1")
    media = {"type": "file", "id": jira.issue(key)["attachments"][0]["media"], "collection": ""}
    single = {"type": "mediaSingle", "content": [{"type": "media", "attrs": media}]}
    picture = {"type": "doc", "version": 1, "content": [single]}
    for switched, kept in ((False, ["shown", "other"]), (True, ["other"])):
        jira.faults.switch("orphan_media_deletion", switched)
        jira.edit(JANE, key, description=picture)
        api("PUT", f"/issue/{key}", json={"fields": {"description": doc("text only")}})
        assert [each["name"] for each in jira.issue(key)["attachments"]] == kept
