"""The demo's last word can be no: each thing that people would see differ is found."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tieline_ops.demo_steps.agreement import Pair
from tieline_ops.demo_steps.reading import words

TIELINE, JANE, LENA = (f"{name}@acme.example" for name in ("tieline", "jane", "lena"))


def text(words_: str) -> dict[str, object]:
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": words_}]}
    return {"type": "doc", "content": [paragraph]}


ISSUE = {
    "summary": "VPN",
    "description": text("It drops."),
    "status": "In Progress",
    "priority": "High",
    "assignee": JANE,
    "comments": [
        {"author": JANE, "body": text("Hello"), "public": True},
        {"author": TIELINE, "body": text("Lena Novak: Hi"), "public": True},
        {"author": JANE, "body": text("secret"), "public": False},
    ],
    "attachments": [{"name": "a.log", "content": b"1"}],
}
RECORD = {
    "short_description": "VPN",
    "description": "It drops.",
    "state": "In Progress",
    "urgency": "1 - High",
    "assigned_to": JANE,
    "comments": [
        {"author": TIELINE, "body": "Jane Doe: Hello"},
        {"author": LENA, "body": "Hi"},
    ],
    "attachments": [{"name": "a.log", "content": b"1"}],
}


def test_equal_sides_have_no_difference() -> None:
    assert Pair("OPS-1", "INC1", ISSUE, RECORD).differences() == []


@pytest.mark.parametrize(
    ("field", "value", "difference"),
    [
        ("short_description", "VPN!", "title"),
        ("description", "It drop.", "description"),
        ("state", "New", "status"),
        ("urgency", "2 - Medium", "priority"),
        ("assigned_to", LENA, "assignee"),
        ("comments", RECORD["comments"][:1], "comments"),
        ("comments", RECORD["comments"][1:], "comments"),
        ("comments", [*RECORD["comments"], RECORD["comments"][0]], "comments"),
        ("comments", [*RECORD["comments"], {"author": TIELINE, "body": "secret"}], "comments"),
        ("attachments", [], "attachments"),
        ("attachments", [{"name": "a.log", "content": b"2"}], "attachments"),
        ("attachments", RECORD["attachments"] * 2, "attachments"),
    ],
)
def test_each_difference_is_found(field: str, value: object, difference: str) -> None:
    record = {**deepcopy(RECORD), field: value}
    assert Pair("OPS-1", "INC1", ISSUE, record).differences() == [difference]


def test_a_documents_words_are_those_of_its_plain_text() -> None:
    steps = [{"type": "listItem", "content": [text("connect")["content"][0]]}]
    document = {"type": "doc", "content": [{"type": "orderedList", "content": steps}]}
    assert words(document) == words("1. connect") == ["connect"]
