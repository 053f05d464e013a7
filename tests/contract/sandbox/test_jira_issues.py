"""Issues of the simulated Jira: taken, refused and shown as Jira does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from contract.openapi import Description
from contract.sandbox.conftest import Api, doc

from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.jira.state import Site
from tieline_ops.sandbox.traffic import Exchange

JANE, OMAR = "jane@acme.example", "omar@acme.example"


def test_the_description_finds_a_wrong_answer(description: Description) -> None:
    def judge(method: str, path: str, status: int, answer: bytes) -> list[str]:
        exchange = Exchange(method, path, "", {}, b"", status, {}, answer)
        return description.faults([exchange])

    assert judge("GET", "/rest/api/3/issue/OPS-1", 200, b'{"id": "1"}') == []
    assert judge("GET", "/rest/api/3/issue/OPS-1", 200, b'{"id": 1}')
    assert judge("GET", "/rest/api/3/issue/OPS-1", 200, b'{"more": 1}')
    assert judge("GET", "/rest/api/3/field", 200, b'[{"nonsense": 1}]')
    assert judge("GET", "/rest/api/3/nowhere", 200, b"{}")
    assert judge("POST", "/rest/api/3/issue", 204, b"")


def test_a_created_issue_holds_what_was_sent_and_its_property_at_once(
    jira: JiraSandbox, api: Api
) -> None:
    fields = {
        "project": {"key": "OPS"},
        "issuetype": {"id": "10004"},
        "summary": "Smoke",
        "description": doc("It burns"),
        "labels": ["b", "a"],
        "priority": {"name": "High"},
        "assignee": {"id": "712020:omar"},
        "duedate": "2026-04-01",
        "customfield_10010": doc("large"),
        "customfield_10011": "C-7",
        "customfield_10012": {"value": "Major"},
        "customfield_10013": 2.5,
        "customfield_10015": "2026-03-01T10:00:00.000+0100",
        "customfield_10016": {"accountId": "712020:jane"},
        "customfield_10017": [{"value": "Asia"}, {"id": "10110"}],
    }
    body = {"fields": fields, "properties": [{"key": "tieline", "value": {"id": "x"}}]}
    made = api("POST", "/issue", json=body).json()
    assert made.keys() == {"id", "key", "self"}
    issue = jira.issue(made["key"])
    assert issue["properties"] == {"tieline": {"id": "x"}}
    assert issue["description"] == doc("It burns")
    shown = {name: issue[name] for name in ("priority", "assignee", "Severity", "Story Points")}
    assert shown == {
        "priority": "High",
        "assignee": OMAR,
        "Severity": "Major",
        "Story Points": 2.5,
    }
    assert (issue["labels"], issue["Regions"]) == (["a", "b"], ["Europe", "Asia"])
    assert (issue["status"], issue["reporter"]) == ("To Do", jira.EMAIL)
    assert api.get(f"/issue/{made['id']}/properties/tieline")["value"] == {"id": "x"}
    read = api.get(f"/issue/{made['key']}?fields=summary,-comment&properties=tieline")
    assert (read["fields"], read["properties"]) == ({"summary": "Smoke"}, {"tieline": {"id": "x"}})


NOT_ADF = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."
TOO_LONG = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("summary", "", "You must specify a summary of the issue."),
        ("summary", "a\nb", "The summary is invalid because it contains newline characters."),
        ("summary", "x" * 256, "Summary must be less than 255 characters."),
        ("description", "plain", NOT_ADF),
        ("customfield_10010", "plain", NOT_ADF),
        ("description", doc("x" * 32_767), TOO_LONG),
        ("customfield_10011", doc("a"), "Operation value must be a string"),
        ("customfield_10012", {"value": "None"}, "Option 'None' is not valid"),
        ("customfield_10013", "3", "Operation value must be a number"),
        ("customfield_10019", "x", SCREEN.format("customfield_10019")),
        ("customfield_99999", "x", SCREEN.format("customfield_99999")),
        ("updated", "2026-01-01", SCREEN.format("updated")),
        ("resolution", {"name": "Done"}, SCREEN.format("resolution")),
        ("labels", ["a b"], "The label 'a b' contains spaces which is invalid."),
        ("duedate", "01/04/2026", "Error parsing date string: 01/04/2026"),
        ("assignee", {"id": "712020:gone"}, "User '712020:gone' cannot be assigned issues."),
        ("assignee", {"name": "omar"}, "Specify a valid 'id' or 'accountId' for the user"),
        ("priority", {"name": "Urgent"}, "Option 'Urgent' is not valid"),
    ],
)
def test_a_wrong_value_is_refused_with_jiras_words(
    api: Api, jira: JiraSandbox, field: str, value: Any, words: str
) -> None:
    key = api.create(labels=["kept"])
    before = jira.raw(key)
    answer = api("PUT", f"/issue/{key}", json={"fields": {field: value}})
    assert answer.status_code == 400
    assert answer.json() == {"errorMessages": [], "errors": {field: words}}
    assert jira.raw(key) == before


def test_a_document_against_the_schema_is_invalid_input(api: Api) -> None:
    key = api.create()
    wrong = {"type": "doc", "version": 1, "content": [{"type": "text", "text": "bare"}]}
    answer = api("PUT", f"/issue/{key}", json={"fields": {"description": wrong}})
    assert answer.status_code == 400
    assert answer.json() == {"errorMessages": ["INVALID_INPUT"], "errors": {}}


def test_all_faults_of_a_request_come_at_once_and_nothing_is_written(api: Api) -> None:
    body = {"fields": {"project": {"key": "OPS"}, "description": "x", "nope": 1, "summary": "ok"}}
    errors = api("POST", "/issue", json=body).json()["errors"]
    assert errors.keys() == {"description", "nope"}
    assert api.search("project = OPS") == []


def test_unknown_keys_parameters_and_places_are_refused(api: Api) -> None:
    key = api.create()
    assert api("POST", "/issue", json={"fields": {}, "extra": 1}).status_code == 400
    assert api("GET", f"/issue/{key}?sparkle=1").status_code == 400
    assert api("POST", "/issue", data="not json").status_code == 415
    assert api("GET", "/nowhere").status_code == 404
    assert api("PATCH", f"/issue/{key}").status_code == 405


def test_a_status_in_an_edit_is_passed_by_in_silence(api: Api, jira: JiraSandbox) -> None:
    key = api.create()
    body = {"fields": {"status": {"name": "Done"}, "summary": "New"}, "transition": {"id": "11"}}
    assert api("PUT", f"/issue/{key}", json=body).status_code == 204
    assert (jira.issue(key)["status"], jira.issue(key)["summary"]) == ("To Do", "New")


def test_labels_can_be_added_and_removed_one_by_one(api: Api, jira: JiraSandbox) -> None:
    key = api.create(labels=["a", "b"])
    update = {"labels": [{"add": "c"}, {"remove": "a"}]}
    shown = api("PUT", f"/issue/{key}?returnIssue=true", json={"update": update})
    assert (shown.status_code, shown.json()["fields"]["labels"]) == (200, ["b", "c"])
    both = {"fields": {"labels": []}, "update": update}
    assert api("PUT", f"/issue/{key}", json=both).status_code == 400
    assert jira.issue(key)["labels"] == ["b", "c"]


def test_updated_moves_with_changes_only(api: Api, jira: JiraSandbox) -> None:
    key = api.create(labels=["a"])

    def moved(method: str, path: str, **arguments: Any) -> bool:
        before = jira.raw(key).updated
        jira.clock.advance(timedelta(seconds=1))
        assert api(method, f"/issue/{key}{path}", **arguments).status_code < 300
        return jira.raw(key).updated > before

    assert not moved("PUT", "", json={"fields": {"labels": ["a"]}})
    assert moved("PUT", "", json={"fields": {"labels": ["b"]}})
    assert not moved("PUT", "/properties/p", json=1)
    assert moved("POST", "/comment", json={"body": doc("hi")})
    files = {"file": ("a.txt", b"a")}
    assert moved("POST", "/attachments", files=files, headers={"X-Atlassian-Token": "no-check"})
    jira.faults.switch("property_bumps_updated")
    assert moved("PUT", "/properties/p", json=2)


def test_two_changes_never_share_their_moment(api: Api, jira: JiraSandbox) -> None:
    key = api.create()
    seen = [jira.raw(key).updated]
    for word in ("a", "b"):
        jira.edit(JANE, key, summary=word)
        seen.append(jira.raw(key).updated)
    assert seen == sorted(set(seen))


def test_dates_are_shown_in_the_callers_own_zone(api: Api, jira: JiraSandbox) -> None:
    shown = api.get(f"/issue/{api.create()}")["fields"]
    assert shown["created"] == "2026-03-01T04:00:00.123-0800"
    jira.site.user(jira.EMAIL).zone = "Asia/Jerusalem"
    assert api.get("/issue/OPS-1")["fields"]["created"] == "2026-03-01T14:00:00.123+0200"


def test_the_changelog_says_who_changed_what(api: Api, jira: JiraSandbox) -> None:
    key = api.create(priority={"name": "Low"})
    jira.edit(JANE, key, priority="High")
    page = api.get(f"/issue/{key}/changelog")
    (change,) = page["values"]
    assert (page["isLast"], change["author"]["accountId"]) == (True, "712020:jane")
    assert change["items"] == [
        {
            "field": "priority",
            "fieldtype": "jira",
            "fieldId": "priority",
            "from": "4",
            "fromString": "Low",
            "to": "2",
            "toString": "High",
        }
    ]


def test_the_workflow_leads_to_done_by_way_of_its_screen(api: Api, jira: JiraSandbox) -> None:
    key = api.create()

    def step(id: str, **more: Any) -> int:
        body = {"transition": {"id": id}, **more}
        return api("POST", f"/issue/{key}/transitions", json=body).status_code

    def ways() -> dict[str, str]:
        found = api.get(f"/issue/{key}/transitions")["transitions"]
        return {each["to"]["name"]: each["id"] for each in found}

    assert ways() == {"In Progress": "11"}
    assert step("31") == 400
    assert step("11") == 204
    assert ways().keys() == {"In Review", "Blocked", "Done", "To Do"}
    screen = api.get(f"/issue/{key}/transitions?expand=transitions.fields&transitionId=31")
    assert screen["transitions"][0]["fields"]["resolution"]["required"] is True
    assert step("31") == 400
    assert step("31", fields={"resolution": {"name": "Done"}, "summary": "x"}) == 400
    comment = {"comment": [{"add": {"body": doc("Fixed")}}]}
    assert step("31", fields={"resolution": {"name": "Won't Do"}}, update=comment) == 204
    issue = jira.issue(key)
    assert (issue["status"], issue["resolution"]) == ("Done", "Won't Do")
    assert [each["body"] for each in issue["comments"]] == [doc("Fixed")]
    jira.transition(JANE, key, "In Review")
    assert (jira.issue(key)["status"], jira.issue(key)["resolution"]) == ("In Review", None)


def test_bulk_fetch_gives_what_may_be_seen_and_names_the_rest(api: Api, jira: JiraSandbox) -> None:
    first, second = api.create(), api.create()
    jira.hide(jira.EMAIL, second)
    asked = {"issueIdsOrKeys": [second, first, "OPS-99"], "fields": ["summary"]}
    answer = api("POST", "/issue/bulkfetch", json=asked).json()
    assert [issue["key"] for issue in answer["issues"]] == [first]
    assert answer["issueErrors"][0]["issueIdsOrKeys"] == [second, "OPS-99"]
    too_many = {"issueIdsOrKeys": [str(n) for n in range(101)]}
    assert api("POST", "/issue/bulkfetch", json=too_many).status_code == 400


def test_what_may_not_be_seen_and_what_is_gone_are_both_not_there(
    api: Api, jira: JiraSandbox
) -> None:
    key, other = api.create(), api.create()
    jira.hide(jira.EMAIL, key)
    jira.delete(JANE, other)
    missing = {api("GET", f"/issue/{each}").text for each in (key, other, "OPS-77")}
    assert len(missing) == 1
    assert "do not have permission to see it" in missing.pop()


def test_a_moved_issue_keeps_its_id_and_answers_to_its_old_key(api: Api, jira: JiraSandbox) -> None:
    key = api.create()
    id = jira.issue(key)["id"]
    assert jira.move(JANE, key, "DEV") == "DEV-1"
    for name in (id, key, "DEV-1"):
        assert api.get(f"/issue/{name}?fields=summary")["key"] == "DEV-1"


def test_a_clone_carries_labels_and_no_properties(api: Api, jira: JiraSandbox) -> None:
    key = api.create(labels=["sync-1"])
    api("PUT", f"/issue/{key}/properties/tieline", json={"id": 1})
    copy = jira.issue(jira.clone(JANE, key))
    assert (copy["labels"], copy["properties"]) == (["sync-1"], {})


def test_remote_links_are_made_once_for_a_global_id(api: Api, jira: JiraSandbox) -> None:
    key = api.create()
    link = {"globalId": "g", "object": {"url": "https://x.example", "title": "INC1"}}
    answers = [api("POST", f"/issue/{key}/remotelink", json=link) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert len(jira.issue(key)["links"]) == 1
    assert api.get(f"/issue/{key}/remotelink?globalId=g")["globalId"] == "g"


def test_properties_are_made_changed_listed_and_deleted(api: Api) -> None:
    key = api.create()
    place = f"/issue/{key}/properties/p"
    assert [api("PUT", place, json=each).status_code for each in (1, [2])] == [201, 200]
    assert api.get(place) == {"key": "p", "value": [2]}
    assert [each["key"] for each in api.get(f"/issue/{key}/properties")["keys"]] == ["p"]
    assert api("DELETE", place).status_code == 204
    assert api("GET", place).status_code == 404


def test_the_metadata_says_what_can_be_set(api: Api) -> None:
    key = api.create()
    create = api.get("/issue/createmeta/OPS/issuetypes/10004")["fields"]
    by_name = {field["name"]: field for field in create}
    assert [each["value"] for each in by_name["Severity"]["allowedValues"]] == [
        "Critical",
        "Major",
        "Minor",
    ]
    assert by_name["Impact Notes"]["schema"]["custom"].endswith(":textarea")
    assert "Legacy Code" not in by_name
    assert "project" not in api.get(f"/issue/{key}/editmeta")["fields"]
    assert {field["name"] for field in api.get("/field")} > by_name.keys()
    assert api.get("/field/search?type=custom&query=story")["values"][0]["name"] == "Story Points"
    assert [each["name"] for each in api.get("/issue/createmeta/OPS/issuetypes")["issueTypes"]] == [
        "Bug",
        "Task",
    ]
    assert api.get("/priority/search")["values"][0]["name"] == "Highest"
    assert [each["name"] for each in api.get("/status")][-1] == "Done"
    assert api.get("/project/OPS/statuses")[0]["statuses"][0]["statusCategory"]["key"] == "new"
    assert api.get("/project/OPS")["projectTypeKey"] == "service_desk"
    assert len(api.get("/priority")) == 5
    assert api.get("/label")["values"] == []


def test_people_are_found_by_the_beginning_of_their_name_or_address(
    api: Api, jira: JiraSandbox
) -> None:
    def found(query: str) -> list[str]:
        return [each["displayName"] for each in api.get(f"/user/search?query={query}")]

    assert found("omar@acme.example") == ["Omar Haddad"]
    assert found("doe") == ["Jane Doe"]
    assert "emailAddress" not in api.get("/user/search?query=hugo@acme.example")[0]
    assignable = api.get("/user/assignable/search?project=OPS&query=g")
    assert [each["displayName"] for each in assignable] == []
    assert api("GET", "/user/search?username=omar").status_code == 400
    jira.site.user(jira.EMAIL).denied.add("USER_PICKER")
    assert found("omar@acme.example") == []


def test_permissions_are_told_and_kept(api: Api, jira: JiraSandbox) -> None:
    key = api.create()
    jira.site.user(jira.EMAIL).denied.update({"EDIT_ISSUES", "TRANSITION_ISSUES"})
    asked = "/mypermissions?projectKey=OPS&permissions=EDIT_ISSUES,ADD_COMMENTS"
    told = api.get(asked)["permissions"]
    assert [told[each]["havePermission"] for each in ("EDIT_ISSUES", "ADD_COMMENTS")] == [
        False,
        True,
    ]
    assert api("PUT", f"/issue/{key}", json={"fields": {"summary": "x"}}).status_code == 403
    assert api.get(f"/issue/{key}/transitions")["transitions"] == []
    assert api("GET", "/mypermissions").status_code == 400


def test_a_snapshot_of_an_issue_stays_what_it_was(jira: JiraSandbox) -> None:
    site: Site = jira.site
    key = jira.create_issue(JANE, summary="One")
    before = site.find(key)
    jira.edit(JANE, key, summary="Two")
    assert before is not None
    assert before.values["summary"] == "One"
