"""What `tieline show` and `tieline why` print of tickets cannot command a terminal."""

from __future__ import annotations

from typing import Any

import click

from tieline_ops.commands import show, why

HOSTILE = "\x1b]0;owned\x07\x1b[2Jred\nnext"
MOMENT = "2026-03-02T09:00:00+00:00"


def side(key: str) -> dict[str, Any]:
    empty = {"unread": "", "gone_since": None, "version": "1", "url": "https://x.example"}
    return {"system": "jira", "id": "1", "key": key, "updated": MOMENT, "read": MOMENT, **empty}


def answer() -> dict[str, Any]:
    cells = {s: {"field": "f", "value": HOSTILE, "base": HOSTILE, "changed": True} for s in "ab"}
    row = {"direction": "a <-> b", "template": None, "sides": cells, "agrees": False}
    change = {"at": MOMENT, "side": "a", "what": "f", "before": HOSTILE, "after": HOSTILE}
    comment = {"at": MOMENT, "side": "a", "author": HOSTILE, "public": True, "words": HOSTILE}
    parked = {"since": MOMENT, "kind": "refused", "reason": "no", "words": HOSTILE, "place": ""}
    twin = {"key": "k", "state": "live", "revision": 1, "origin": "a", "born": MOMENT, "due": None}
    return {
        "link": "x",
        "mode": "live",
        "twin": twin,
        "parked": parked,
        "paused": {},
        "sides": {"a": side("A-1"), "b": side("B-1")},
        "fields": [row],
        "comments": [comment | {"became": "crossed"}],
        "files": [{"at": MOMENT, "side": "a", "name": HOSTILE, "size": 1, "became": "waits"}],
        "history": [change | {"cause": "poll", "why": "changed", "who": HOSTILE}],
    }


def test_no_line_holds_what_a_terminal_would_obey() -> None:
    told = {
        "link": "x",
        "sides": {"a": side("A-1")},
        "verdict": "skipped",
        "because": [HOSTILE],
        "until": None,
        "create": [
            {
                "rule": 0,
                "met": False,
                "place": "",
                "conditions": [{"field": "f", "value": HOSTILE, "wanted": "is x", "met": False}],
            }
        ],
        "fields": [],
    }
    lines = [click.unstyle(line) for line in (*show.lines(answer()), *why.lines(told))]
    assert sum("red next" in line for line in lines) >= 7
    assert all(line.isprintable() for line in lines)


def test_a_ticket_s_id_stands_beside_what_people_call_it() -> None:
    told = answer() | {"sides": {"a": side("A-1") | {"id": "10001"}, "b": side("")}}
    lines = [click.unstyle(line) for line in show.lines(told)]
    assert "  a  A-1  id 10001  https://x.example" in lines
    assert "  b  1  https://x.example" in lines
