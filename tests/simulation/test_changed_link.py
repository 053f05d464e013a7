"""What another link.yaml would write is told before it is deployed, and is what it then writes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from support.reworded import reworded
from support.world import World, real_link, world

from tieline.domain import link_json
from tieline.domain.link import Link

JANE, OMAR = "jane@acme.example", "omar@acme.example"
DUE = "  - {eng: duedate, it: due_date, flow: it -> eng}\n"
HOLD = "      Blocked: On Hold\n"
REASON = "        On Hold: {hold_reason: Awaiting Vendor}\n"


def diff(w: World, link: Link, keys: list[str] | None = None) -> dict[str, Any]:
    if keys is None:
        keys = w.invoke({"tieline": "twin_keys"})["keys"]
    sent = json.loads(link_json.dump(link))
    return w.invoke({"tieline": "diff", "link": sent, "twins": keys})


def lines(answer: dict[str, Any]) -> set[tuple[str, str, str, bool]]:
    return {
        (line["side"], line["what"], line["to"], line["anyway"])
        for one in answer["twins"]
        for line in one["writes"]
    }


def stored(w: World) -> list[Any]:
    items = w.dynamodb.scan(TableName="tieline")["Items"]
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def test_what_a_new_rule_would_write_is_told_and_is_what_it_writes() -> None:
    with world(reworded((DUE, ""))) as w:
        numbers = [w.incident(f"ticket {n}", due_date="2026-04-01 08:00:00") for n in range(2)]
        w.incident("without a date")
        w.settle(ticks=2)
        w.snow.edit(JANE, numbers[0], short_description="changed meanwhile")
        before, held = stored(w), [w.issues(), w.snow.numbers()]
        answer = diff(w, real_link())
        assert (answer["done"], answer["stopped"]) == (3, "")
        assert lines(answer) == {
            ("eng", "duedate", "2026-04-01", False),
            ("eng", "summary", "changed meanwhile", True),
        }
        dated = [one for one in answer["twins"] for line in one["writes"] if not line["anyway"]]
        assert len(dated) == 2
        assert [stored(w), [w.issues(), w.snow.numbers()]] == [before, held]
        w.link = real_link()
        w.start_process()
        for number in numbers:
            w.snow.edit(JANE, number, description="a cause to look at it")
        w.settle(ticks=2)
        due = {i["summary"]: i["duedate"] for i in w.issues()}
        assert due == {
            "changed meanwhile": "2026-04-01",
            "ticket 1": "2026-04-01",
            "without a date": None,
        }


def test_what_would_park_is_told_with_the_rules_place() -> None:
    with world() as w:
        number = w.incident("ticket")
        w.settle(ticks=2)
        w.snow.edit(JANE, number, state="3", hold_reason="3")
        narrow = reworded(
            (HOLD, ""), ("    otherwise: {eng: Done}", "    otherwise: {}"), (REASON, "")
        )
        kept = reworded((HOLD, HOLD + "# a line more\n"))
        (one,) = diff(w, narrow)["twins"]
        (problem,) = one["problems"]
        assert (problem["kind"], problem["anyway"]) == ("refused", False)
        (rule,) = (rule for rule in narrow.fields if rule.names.get("it") == "state")
        assert problem["place"] == rule.place
        (one,) = diff(w, kept)["twins"]
        assert one["problems"] == []
        assert [line["anyway"] for line in one["writes"]] == [True] * len(one["writes"])


def test_a_link_that_planned_tells_what_going_live_makes() -> None:
    with world(real_link(mode="plan")) as w:
        w.incident("to be made")
        w.incident("not any more")
        w.settle(ticks=1)
        narrow = reworded(
            (
                'it\n    when: {priority: ["1 - Critical", "2 - High"], ',
                "it\n    when: {short_description: to be made, ",
            )
        )
        answer = diff(w, narrow)
        born = [one for one in answer["twins"] if one.get("born")]
        assert len(answer["twins"]) == 2
        (one,) = born
        assert ("eng", "summary", "to be made") in {
            (line["side"], line["what"], line["to"]) for line in one["writes"]
        }
        assert w.issues() == []


def test_it_goes_on_where_time_was_over() -> None:
    with world() as w:
        for n in range(3):
            w.incident(f"ticket {n}")
        w.settle(ticks=2)
        keys = w.invoke({"tieline": "twin_keys"})["keys"]
        assert len(keys) == 3
        w.wiring.remaining = lambda: timedelta(seconds=14)
        assert diff(w, real_link(), keys)["done"] == 1
        w.wiring.remaining = lambda: timedelta(seconds=50)
        (first, *_), rest = keys, diff(w, real_link(), keys[1:])
        assert rest["done"] == 2
        assert first not in {one["twin"] for one in rest["twins"]}


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("https://acme.atlassian.net", "https://evil.example"), "another place"),
        (("  eng: {system: jira", "  eng: {system: jira"), ""),
    ],
)
def test_credentials_go_nowhere_else(pair: tuple[str, str], words: str) -> None:
    with world() as w:
        w.incident("ticket")
        w.settle(ticks=1)
        answer = diff(w, reworded(pair))
        assert words in answer.get("error", "")
        assert ("error" in answer) == bool(words)


def test_versions_that_ran_are_kept_with_all_they_said() -> None:
    with world() as w:
        first = w.invoke({"tieline": "version"})
        assert first["since"] is not None
        assert link_json.load(json.dumps(first["compiled"])) == w.link
        w.start_process()
        w.settle(ticks=1)
        assert len(w.invoke({"tieline": "versions"})["versions"]) == 1
        w.link = reworded((DUE, ""))
        w.start_process()
        assert w.invoke({"tieline": "version"})["since"] is None
        w.settle(ticks=1)
        w.link = real_link()
        w.start_process()
        w.settle(ticks=1)
        answer = w.invoke({"tieline": "versions"})
        names = [one["version"] for one in answer["versions"]]
        assert names[0] == names[2] == first["version"] == answer["running"]
        assert names[1] != names[0]
        assert answer["versions"][2]["since"] == first["since"]
        assert link_json.load(json.dumps(answer["versions"][1]["compiled"])) == reworded((DUE, ""))
