"""Microsoft's recorded examples, as the connector reads them. Each file is accounted for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from contract.azure_devops.swagger import SPECS

from tieline.connectors.azure_devops.changes import _token
from tieline.connectors.azure_devops.naming import ID, correlation_in, in_scope, named, tags_of
from tieline.connectors.azure_devops.schema import STANDARD
from tieline.connectors.azure_devops.text import file_of
from tieline.connectors.azure_devops.wire import (
    comment_id,
    comment_of,
    files_of,
    is_us,
    moment_of,
    person_of,
    raw_of,
    value_of,
)
from tieline.domain.ticket import Kind, Option, Person

EXAMPLES = SPECS / "examples"
US = {"id": "d291b0c4-a05c-4ea6-8df1-4b41d5f39eff", "name": "fabrikamfiber4@hotmail.com"}
_CONTENT = "the answer is the file itself; no content is recorded"
_OLDER = "the older form of comments (3.0-preview): by revision, without an id"
NOT_READ = {
    "attachments--GET__wit_attachments_download_attachment.json": _CONTENT,
    "attachments--GET__wit_attachments_get_attachment_content.json": _CONTENT,
    "attachments--GET__wit_attachments_get_project_attachment_content.json": _CONTENT,
    "attachments--PUT_wit_attachments_filename_chunked_content1.json": (
        "uploads in pieces are not made"
    ),
    "comments--GET__wit_workitems__taskId__comments_1.json": _OLDER,
    "comments--GET__wit_workitems__taskId__comments_1_collectionscope.json": _OLDER,
    "comments--GET__wit_workitems__taskId__comments_2.json": _OLDER,
    "comments--GET__wit_workitems__taskId__comments_2_collectionscope.json": _OLDER,
    "wiql--GET__wit_wiql__queryId_.json": (
        "a stored query that gives a tree; only flat queries are asked"
    ),
    "workItems--DELETE__wit_workitems_id_.json": "204 and nothing",
    "workItems--GET_work_item_template.json": (
        "a template: it has no id, and no work item is made from it"
    ),
}
"""Files that concern nothing that the connector reads, and why."""


def example(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_text("utf-8-sig"))


def answer(name: str) -> Any:
    [found] = example(name)["responses"].values()
    return found["body"]


def files(prefix: str, *, without: str = "") -> list[str]:
    names = sorted(path.name for path in EXAMPLES.glob(f"{prefix}*.json"))
    return [n for n in names if n not in NOT_READ and not (without and without in n)]


ITEMS = files("workItems--", without="ids-")
LISTS = files("workItems--GET__wit_WorkItems_ids-")
COMMENTS = files("comments--")
REVISIONS = files("workItemRevisions--")
UPLOADS = files("attachments--")
QUERIES = files("wiql--")


def test_every_recorded_example_is_parsed_or_said_to_concern_nothing():
    parsed = [*ITEMS, *LISTS, *COMMENTS, *REVISIONS, *UPLOADS, *QUERIES]
    everything = sorted(path.name for path in EXAMPLES.iterdir())
    assert sorted([*parsed, *NOT_READ]) == everything
    assert len(everything) == 52


def read_whole(item: Any) -> None:
    """Every standard field of an item comes out as its kind's type, and goes back in."""
    assert ID.fullmatch(str(item["id"]))
    assert isinstance(item["rev"], int)
    types = {
        Kind.TEXT: str, Kind.RICH: str, Kind.OPTION: Option, Kind.PERSON: Person,
        Kind.DATETIME: datetime, Kind.TAGS: frozenset,
    }  # fmt: skip
    shown = 0
    for ref, field in STANDARD.items():
        value = value_of(item, field)
        if ref not in item["fields"]:
            assert value is None
            continue
        shown += 1
        if field.spec.kind in types:
            assert isinstance(value, types[field.spec.kind]), ref
        assert raw_of(value, field, item) is not None
    assert shown
    assert moment_of(item["fields"].get("System.ChangedDate", "2014-01-01T00:00:00Z"))
    for relation in item.get("relations") or ():
        assert bool(file_of(relation["url"])) == (relation["rel"] == "AttachedFile")
    assert len(files_of(item)) <= len(item.get("relations") or ())
    assert correlation_in(item["fields"]) == ""


@pytest.mark.parametrize("name", ITEMS)
def test_a_recorded_work_item_is_read(name: str):
    item = answer(name)
    read_whole(item)
    person = person_of(item["fields"]["System.CreatedBy"])
    assert person is not None
    assert "@" in person.email
    scope = {
        "project": item["fields"]["System.TeamProject"],
        "type": item["fields"]["System.WorkItemType"],
    }
    assert in_scope(item["fields"], scope)
    assert not in_scope(item["fields"], {**scope, "type": "Epic"})


@pytest.mark.parametrize("name", LISTS)
def test_a_recorded_batch_is_read(name: str):
    batch = answer(name)
    assert batch["count"] == len(batch["value"])
    for item in batch["value"]:
        read_whole(item)


@pytest.mark.parametrize("name", COMMENTS)
def test_recorded_comments_are_read(name: str):
    found = answer(name)
    for raw in found.get("comments", [found]):
        comment = comment_of(raw, US, {})
        assert comment.id == comment_id(raw) == str(raw["commentId"])
        assert comment.body == raw["text"]
        assert comment.author == Person(US["name"], US["name"], "Jamal Hartnett")
        assert comment.created <= comment.updated
        assert comment.created.tzinfo == UTC
        assert (comment.public, comment.ours) == (True, True)
        assert not comment_of(raw, {"id": "other", "name": "other"}, {}).ours


@pytest.mark.parametrize("name", REVISIONS)
def test_recorded_revisions_are_read(name: str):
    batch = answer(name)
    assert isinstance(batch["isLastBatch"], bool)
    assert _token(batch)
    assert batch["values"]
    for row in batch["values"]:
        assert ID.fullmatch(str(row["id"]))
        assert isinstance(row["rev"], int)
        assert tags_of(row["fields"].get("System.Tags")) is not None
        held = row["fields"].get("System.CreatedBy")
        if isinstance(held, str):
            assert named(held) == ("Jamal Hartnett", "fabrikamfiber4@hotmail.com")
        elif held is not None:
            assert is_us(held, US)


@pytest.mark.parametrize("name", UPLOADS)
def test_a_recorded_upload_is_read(name: str):
    made = answer(name)
    assert file_of(made["url"]) == made["id"]


@pytest.mark.parametrize("name", QUERIES)
def test_a_recorded_answer_of_a_query_is_read(name: str):
    found = answer(name)
    assert found["queryType"] == "flat"
    assert [each["id"] for each in found["workItems"]][:3] == [300, 299, 298]
    assert all(ID.fullmatch(str(each["id"])) for each in found["workItems"])


PATCHED = [name for name in ITEMS if "PATCH" in name]


def test_add_merges_tags_and_replace_sets_them_as_recorded():
    """Two recorded patches differ in their verb alone: `add` keeps a tag that was there."""
    merged, replaced = "workItems--PATCH__wit_workitems__taskId_{}.json".format, 9
    assert answer(merged(replaced))["fields"]["System.Tags"] == "Tag0; Tag1; Tag2"
    assert answer(merged(14))["fields"]["System.Tags"] == "Tag1; Tag2"


def test_recorded_patches_insist_on_the_revision():
    with_test = [
        name
        for name in PATCHED
        if {"op": "test", "path": "/rev"}.items() <= example(name)["parameters"]["body"][0].items()
    ]
    assert len(with_test) >= 12
