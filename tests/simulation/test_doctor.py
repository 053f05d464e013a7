"""The function tells what its systems say, what they said before, and how their webhooks arrive."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from support.world import JANE, ROOT, World, real_link, world

from tieline.runtime.hearing import Heard, heard
from tieline.runtime.sides import needed_fields
from tieline_ops.commands.doctor import Diagnosis, diagnosed
from tieline_ops.project import Project

OMAR = "omar@acme.example"


@pytest.fixture
def w() -> Iterator[World]:
    with world(real_link()) as made:
        yield made


def look(w: World, side: str, *people: tuple[str, str]) -> dict[str, Any]:
    fields = list(needed_fields(w.link, side))
    return w.invoke({"tieline": "doctor", "side": side, "fields": fields, "people": people})


def count(w: World, side: str) -> tuple[int, int]:
    """Webhooks, and changes that the poll alone found, as they are stored."""
    w.wiring.hearing.store()
    days: Any = heard(w.wiring.store, side)["days"]
    return sum(d[0] for d in days.values()), sum(d[1] for d in days.values())


def test_what_a_system_said_is_kept_until_the_next_look(w: World) -> None:
    first = look(w, "eng")
    assert first["before"] is None
    assert first["facts"]["failure"] is None
    w.jira.admin.require_field("Severity")
    w.jira.admin.rename_field("summary", "Headline")
    second = look(w, "eng")
    assert second["before"] == {"at": first["at"], "facts": first["facts"]}
    (team,) = second["facts"]["survey"]["others"]
    assert team[1:3] == ["Severity", "always"]
    assert second["facts"]["survey"]["fields"]["summary"][1] == "Headline"
    assert look(w, "eng")["before"]["facts"] == second["facts"]


def test_a_field_that_got_another_name_is_still_known_by_its_id(w: World) -> None:
    event = {"tieline": "doctor", "side": "eng", "fields": ["Severity"], "people": []}
    w.invoke(event)
    w.jira.admin.rename_field("Severity", "Impact")
    facts = w.invoke(event)["facts"]
    assert facts["fields"] == {}
    assert facts["survey"]["fields"]["customfield_10012"][1] == "Impact"


def test_a_side_that_does_not_know_us_says_so_and_what_was_known_stays(w: World) -> None:
    known = look(w, "it")["facts"]
    w.snow.rotate()
    refused = look(w, "it")
    assert refused["facts"]["failure"][0] == "credentials"
    assert "now-password" not in str(refused)
    assert look(w, "it")["before"]["facts"] == known
    assert w.wiring.store.pause("it") is None


def test_a_side_that_a_person_paused_is_left_alone(w: World) -> None:
    w.invoke({"tieline": "pause", "side": "it", "reason": "it moves house"})
    w.count_anew()
    told = look(w, "it")
    assert told["facts"] is None
    assert told["paused"]["reason"] == "it moves house"
    assert not [p for p in w.calls.points if "servicenow" in p]


def test_a_clock_that_goes_wrong_is_measured(w: World) -> None:
    assert look(w, "eng")["ahead"] is None  # no server stands before this one
    w.jira.faults.clock_skew = timedelta(minutes=7)
    assert look(w, "eng")["ahead"] == pytest.approx(420, abs=2)


def test_people_are_looked_for_and_nobody_is_told_from_somebody(w: World) -> None:
    w.snow.admin.deactivate(OMAR)
    facts = look(w, "it", ("assigned_to", JANE), ("assigned_to", OMAR), ("number", "a@b"))["facts"]
    assert facts["people"] == {JANE: "Jane Doe", OMAR: None}


def test_the_ways_of_the_workflow_are_those_of_tickets_that_there_are(w: World) -> None:
    w.incident("VPN")
    w.settle(ticks=0)
    assert look(w, "eng")["facts"]["survey"]["steps"] == {"To Do": ["In Progress"]}
    w.jira.admin.remove_ways("In Progress")
    assert look(w, "eng")["facts"]["survey"]["steps"] == {"To Do": []}


def test_webhooks_are_told_from_what_the_poll_alone_found(w: World) -> None:
    number = w.incident("Mail")
    w.settle(ticks=0)
    told, untold = count(w, "it")
    assert (told > 0, untold) == (True, 0)
    w.snow.webhooks.drop_next(100)
    w.snow.edit(JANE, number, short_description="Mail is slow")
    w.settle(ticks=1)
    assert w.issues()[0]["summary"] == "Mail is slow"
    assert count(w, "it") == (told, 1)
    found = look(w, "it")["heard"]
    assert found["webhook"] < found["found"]


def test_counts_of_several_processes_are_put_together_and_old_days_forgotten() -> None:
    one = Heard(days={f"2026-03-{day:02}": (1, 0) for day in range(1, 9)})
    both = one.add(Heard(days={"2026-03-08": (2, 3), "2026-03-09": (1, 1)}))
    assert len(both.days) == 8
    assert both.days["2026-03-08"] == (3, 3)
    assert "2026-03-01" not in both.days
    assert Heard.from_json(both.to_json()) == both


def test_an_idle_link_writes_nothing_of_its_webhooks(w: World) -> None:
    w.settle(ticks=3)
    assert [w.wiring.store.noted(side, "heard") for side in w.link.order] == [None, None]


@dataclass
class Invoked:
    """Asks the function of a world, as `Calls` asks a deployed one."""

    w: World
    deployed: bool = True

    def local(self, _: str) -> None:
        """No local stack has it."""

    def ask(self, _: str, event: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(
            json.dumps(self.w.invoke(json.loads(json.dumps(event))))
        )
        return answer


def diagnosis(w: World) -> Diagnosis:
    return diagnosed(Project(ROOT), w.link.name, Invoked(w))  # type: ignore[arg-type]


def test_what_administrators_change_is_found_in_its_place_and_told_of_once(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    w.snow.comment(JANE, w.incident("Fax"), "any news?")
    w.settle(ticks=0)
    well = diagnosis(w)
    assert (well.of("grave"), well.changed) == ([], ())
    w.jira.admin.require_field("Severity")
    w.jira.admin.deny(w.jira.EMAIL, "EDIT_ISSUES")
    w.snow.admin.lock_column("description")
    w.snow.admin.add_choice("incident", "state", "9", "Parked")
    w.snow.admin.remove_choice("incident", "category", "software")
    w.snow.admin.deactivate("triage@acme.example")
    ill = diagnosis(w)
    grave = {(found.side, found.what): found for found in ill.of("grave")}
    assert set(grave) == {
        ("eng", "a new ticket needs 'Severity'"),
        ("eng", "permission Edit issues"),
        ("it", "'description' cannot be written"),
        ("it", "'category' cannot be 'software'"),
        ("it", "nobody is known as triage@acme.example"),
    }
    lines = (ROOT / "functions" / w.link.name / "link.yaml").read_text("utf-8").splitlines()
    name, line, column = grave["it", "'category' cannot be 'software'"].place.split(":")
    assert name == f"functions/{w.link.name}/link.yaml"
    assert lines[int(line) - 1][int(column) - 1 :].startswith("software, caller_id")
    assert {f"{changed.side}: {changed.what}" for changed in ill.changed} == {
        "eng: 'Severity' must be filled always now",
        "eng: permission Edit issues: is wrong now",
        "it: 'description' is read-only now",
        "it: 'state' has 'Parked' now",
        "it: 'category' has no 'Software' any more",
        "it: triage@acme.example was Triage, and is nobody now",
    }
    again = diagnosis(w)
    assert (len(again.of("grave")), again.changed) == (5, ())
