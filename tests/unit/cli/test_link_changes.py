"""How two versions of a link differ is said in words, and what they would write is summed up."""

from __future__ import annotations

from typing import Any

import pytest
from support.reworded import reworded

from tieline_ops.changed_twins import summary
from tieline_ops.link_changes import changes

URGENT = "priority is 1 - Critical or 2 - High"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fields:\n", "# a line more\nfields:\n", ()),
        (
            "  - {eng: description, it: description}\n",
            "",
            ("- rule eng.description <-> it.description",),
        ),
        (
            "flow: it -> eng}\n",
            "flow: eng -> it}\n",
            ("~ rule eng.duedate <- it.due_date: now eng.duedate -> it.due_date",),
        ),
        (
            'Medium: "2", Low',
            'Medium: "3", Low',
            (
                "~ rule eng.priority <-> it.urgency: values no longer eng Medium = it 2",
                "~ rule eng.priority <-> it.urgency: values also eng Medium = it 3",
            ),
        ),
        (
            "otherwise: {eng: Done}",
            "otherwise: {eng: To Do}",
            ("~ rule eng.status <-> it.state: otherwise eng Done => To Do",),
        ),
        (
            "  - {eng: summary, it: short_description}",
            "  - {eng: summary, it: short_description, conflicts: hold}",
            ("~ rule eng.summary <-> it.short_description: conflicts as the link => hold",),
        ),
        ("{key} in Jira", "{key}!", ("~ rule it.correlation_display = {key} in Jira: now",)),
        ("max_mb: 20", "max_mb: 1", ("~ attachments: max_bytes 20000000 => 1000000",)),
        ("comments:    {flow", "# comments:    {flow", ("- comments",)),
        ("category: software", "category: network", ("~ defaults it: category",)),
        ("mode:        live", "mode:        plan", ("~ mode: live => plan",)),
        ("5 per hour", "6 per hour", ("~ brake: deletes_per_hour 5 => 6",)),
        ("project: OPS", "project: DEV", ("~ side eng: scope project OPS => DEV",)),
        (
            "assignment_group: Engineering",
            "assignment_group: Platform",
            (
                f"- create from it when {URGENT} and assignment_group is Engineering",
                f"+ create from it when {URGENT} and assignment_group is Platform",
            ),
        ),
    ],
)
def test_a_difference_is_said_in_words(old: str, new: str, said: tuple[str, ...]) -> None:
    found = changes(reworded(), reworded((old, new)))
    assert len(found) == len(said), found
    for line, words in zip(found, said, strict=True):
        assert line.startswith(words)


def test_what_is_added_one_way_is_removed_the_other() -> None:
    less = reworded(("  - {eng: description, it: description}\n", ""))
    (removed,), (added,) = changes(reworded(), less), changes(less, reworded())
    assert removed.replace("-", "+", 1) == added


def test_a_field_counts_its_twins_its_writes_and_what_is_written_anyway() -> None:
    def line(what: str, anyway: bool) -> dict[str, Any]:
        return {"side": "eng", "what": what, "anyway": anyway}

    twins = [
        {"writes": [line("comment", False), line("comment", True)], "problems": []},
        {"writes": [line("comment", False), line("summary", False)], "problems": [{}, {}]},
        {"writes": [], "problems": []},
    ]
    assert summary(twins) == {
        "fields": [
            {"field": "eng.comment", "twins": 2, "writes": 3, "anyway": 1},
            {"field": "eng.summary", "twins": 1, "writes": 1, "anyway": 0},
        ],
        "would_park": 1,
    }
