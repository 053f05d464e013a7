"""The page says what came of an action, and of when what it shows is; nothing is lost unsaid.

Over functions that answer what a test says, in a browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.contrast import contrast
from support.desk import LINK, ROOT

from tieline.runtime.message import Message
from tieline_ops.console.app import console_app
from tieline_ops.console.guard import Guard
from tieline_ops.console.health import Held
from tieline_ops.console.links import Links
from tieline_ops.console.trying import AskedPlanner, Trying
from tieline_ops.dead_letters import Letter
from tieline_ops.project import Project
from tieline_ops.sandbox.server import serve
from tieline_ops.trouble import Trouble

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
IN_TIME = 15_000
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AT = NOON.isoformat()
BODY = "The tunnel to the office drops every noon, on every floor.\n" * 40
PAUSED = {"kind": "down", "reason": "it answered 503", "since": AT, "until": AT, "who": ""}
PARKED = {
    "twin": "k1",
    "origin": "it",
    "tickets": {"it": "INC7", "eng": "OPS-7"},
    "urls": {},
    "since": AT,
    "kind": "refused",
    "reason": "no such person",
    "words": "",
    "place": "",
}


@dataclass
class World:
    """Stands for the functions and the queues of one link."""

    answers: dict[str, Any] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    broken: str = ""
    deployed: bool = False

    def names(self) -> tuple[str, ...]:
        return (LINK,)

    def ask(self, link: str, event: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(event)
        if self.broken:
            raise Trouble(self.broken, "try again")
        return self.answers[event["tieline"]]

    def held(self, link: str) -> Held:
        return Held(0, len(self.letters))

    def look(self, link: str) -> list[Letter]:
        return self.letters

    def replay(self, link: str) -> dict[str, Any]:
        left = [letter for letter in self.letters if letter.message is None]
        moved, self.letters = len(self.letters) - len(left), left
        return {"replayed": moved, "left": len(left)}


def usual() -> dict[str, Any]:
    sides = {side: {"system": "x", "polled": AT, "paused": None} for side in ("eng", "it")}
    counts = {"twins": 1, "parked": 0, "waiting": 0}
    return {
        "status": {"mode": "live", **counts, "sides": sides, "lag_seconds": 0, "last": None},
        "errors": {"paused": {}, "parked": [], "bugs": {}},
        "twins": {"twins": [], "next": None},
    }


@pytest.fixture(scope="module")
def shared() -> World:
    return World()


@pytest.fixture
def world(shared: World) -> World:
    """The world as it usually is."""
    shared.answers, shared.letters, shared.asked, shared.broken = usual(), [], [], ""
    return shared


@pytest.fixture(scope="module")
def address(shared: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("project")
    (root / "functions").mkdir()
    (root / "functions" / LINK).symlink_to(ROOT / "functions" / LINK)
    project, calls = Project(Path(root)), shared
    links: Any = Links(project, calls, shared, 0.3)  # type: ignore[arg-type]
    trying = Trying(project, calls, AskedPlanner(calls))  # type: ignore[arg-type]
    with serve(console_app(links, trying, Guard())) as served:
        yield served.url


def test_a_side_that_stays_paused_is_not_said_to_be_resumed(world: World, opened) -> None:
    world.answers["errors"]["paused"] = {"eng": PAUSED}
    still = {"was": PAUSED, "resumed": False, "why": "it answered 503 again"}
    world.answers["resume"] = {"sides": {"eng": still}, "requeued": 0, "left": 0}
    page = opened(f"#/links/{LINK}")
    button = page.get_by_role("button", name="Resume eng")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_have_text("eng: still paused: it answered 503 again")
    page.wait_for_timeout(700)
    expect(button).to_be_focused()


def test_the_brake_is_ended_by_a_command_which_the_page_names(world: World, opened) -> None:
    world.answers["errors"]["paused"] = {"eng": {**PAUSED, "kind": "brake"}}
    page = opened(f"#/links/{LINK}")
    expect(page.get_by_role("table", name=re.compile("^Sides"))).to_contain_text(
        f"tieline release {LINK} eng"
    )
    assert page.get_by_role("button", name="Resume eng").count() == 0
    page.goto(page.url.split("#")[0] + "#/errors")
    expect(page.locator(".error")).to_contain_text(f"tieline release {LINK} eng")
    assert page.get_by_role("button", name=re.compile("^Resume")).count() == 0


def test_data_that_is_not_fresh_is_told_with_its_moment(world: World, opened, wrong) -> None:
    world.answers["show"] = shown("A", "A", agrees=True)
    page = opened(f"#/links/{LINK}/tickets/it/INC7")
    expect(page.get_by_text("live on this machine")).to_be_visible()
    assert page.get_by_text("What stands here").count() == 0
    world.broken = "Lambda answered AccessDenied"
    banner = page.locator("#stale")
    expect(banner).to_contain_text("Lambda answered AccessDenied", timeout=IN_TIME)
    expect(banner).to_contain_text(re.compile(r"What stands here is of \d{4}-\d\d-\d\d \d\d:"))
    expect(page.get_by_text("not up to date", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("INC7")
    world.broken = ""
    expect(banner).to_be_empty(timeout=IN_TIME)
    expect(page.get_by_text("live on this machine")).to_be_visible()
    wrong.clear()  # the browser notes the refusals


def test_an_address_that_is_badly_escaped_does_not_blank_the_page(world, opened, wrong) -> None:
    page = opened("#/links/%E0%A4%A")
    expect(page.get_by_role("alert").filter(has_text="no link")).to_be_visible(timeout=IN_TIME)
    page.get_by_role("link", name="Overview").first.click()
    expect(page.get_by_role("row", name=re.compile(LINK))).to_be_visible(timeout=IN_TIME)
    wrong.clear()  # the browser notes the 404


def shown(it: str, eng: str, *, agrees: bool) -> dict[str, Any]:
    """What `show` answers of one rule."""
    side = {"system": "x", "url": "", "version": "1", "updated": AT, "read": AT, "unread": ""}
    sides = {
        "it": {**side, "id": "7", "key": "INC7", "gone_since": None},
        "eng": {**side, "id": "7", "key": "OPS-7", "gone_since": None},
    }
    cells = {
        name: {"field": "description", "value": value, "base": value, "changed": False}
        for name, value in (("eng", eng), ("it", it))
    }
    row = {"rule": "r", "direction": "eng <-> it", "template": None, "sides": cells}
    twin = {"key": "k1", "state": "live", "origin": "it", "born": AT, "due": None}
    return {
        "link": LINK,
        "asked": {"side": "it", "id": "7"},
        "paused": {},
        "parked": None,
        "twin": twin,
        "sides": sides,
        "fields": [{**row, "agrees": agrees}],
        "comments": [],
        "files": [],
        "history": [],
    }


def test_long_values_are_whole_and_what_differs_inside_is_marked(world, opened, shoot) -> None:
    world.answers["show"] = shown(BODY + "Call Jane.", BODY + "Call Omar.", agrees=False)
    page = opened(f"#/links/{LINK}/tickets/it/INC7")
    values = page.locator(".compare .value")
    expect(values).to_have_count(2)
    assert values.nth(0).text_content() == BODY + "Call Jane."
    assert values.nth(1).text_content() == BODY + "Call Omar."
    assert page.locator(".compare mark").all_text_contents() == ["Jane", "Omar"]
    expect(page.locator(".compare mark").first).to_be_in_viewport()
    page.get_by_label("only what differs").check()
    expect(values).to_have_count(2)
    shoot(page, "ticket-long")


def test_a_preview_shows_whole_texts_and_marks_what_would_change(world, opened, wrong) -> None:
    write = {"side": "eng", "what": "description", "from": BODY + "a", "to": BODY + "b", "why": ""}
    short = {"side": "eng", "what": "priority", "from": "High", "to": "Low", "why": ""}
    world.answers["show"] = {"twin": {"key": "k1"}}
    keys = {"it": "INC7", "eng": "OPS-7"}
    plan = {"twin": "k1", "tickets": keys, "writes": [write, short], "problems": []}
    world.answers["diff"] = {"twins": [plan], "done": 1, "stopped": ""}
    page = opened("#/preview")
    page.get_by_label("Ticket", exact=True).fill("INC7")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".plus").first).to_have_text(
        BODY + "b", timeout=IN_TIME, use_inner_text=False
    )
    assert page.locator(".planned del").all_text_contents() == ["a", "High"]
    assert page.locator(".planned ins").all_text_contents() == ["b", "Low"]
    page.goto(page.url.split("#")[0] + f"#/preview/{LINK}/INC8")
    expect(page.get_by_label("Ticket", exact=True)).to_have_value("INC8", timeout=IN_TIME)
    expect(page.locator(".plus").first).to_be_visible()  # whoever names a ticket asks for it
    area = page.get_by_role("textbox", name="link.yaml")
    world.broken = "Lambda answered AccessDenied"
    area.fill(area.input_value() + "# another\n")
    expect(page.get_by_role("alert")).to_contain_text("AccessDenied", timeout=IN_TIME)
    area.fill("title: [\n")
    expect(page.get_by_text("The text has faults")).to_be_visible(timeout=IN_TIME)
    assert page.get_by_role("alert").count() == 0
    wrong.clear()  # the browser notes the refusal


def letter(id: str, *, readable: bool) -> Letter:
    message = Message(LINK, "it", id, "webhook", NOON) if readable else None
    return Letter(id, f"text of {id}", "g", "r", NOON, message, "" if readable else "no message")


def test_replay_says_what_it_does_and_what_it_leaves(world: World, opened, shoot) -> None:
    readable = [letter(id, readable=True) for id in ("41", "42")]
    world.letters = [*readable, letter("6b1c", readable=False)]
    page = opened("#/errors")
    odd = page.locator(".error", has_text="text of 6b1c")
    expect(odd).to_contain_text(f"tieline replay {LINK} --drop 6b1c")
    assert odd.get_by_role("button").count() == 0
    shoot(page, "errors-letters")
    buttons = page.get_by_role("button", name=f"Replay all 2 of {LINK}")
    assert buttons.count() == 2
    buttons.first.click()
    became = page.locator(".became li")
    expect(became).to_contain_text("2 messages put back; 1 left", timeout=IN_TIME)
    expect(became).to_contain_text("open")
    expect(became).to_contain_text("--drop ID")


def test_by_keyboard_the_focus_goes_to_what_came_of_an_action(world: World, opened) -> None:
    world.answers["errors"]["parked"] = [PARKED]
    asked = {"asked": "a1", "twin": "k1", "was_parked": PARKED, "queued": "it 7", "mode": "live"}
    world.answers["reconcile"] = asked
    world.answers["answers"] = {
        "answers": {"a1": {"outcome": "synced", "parked": None, "due": None}}
    }
    page = opened("#/errors")
    page.get_by_role("button", name=re.compile("^Retry")).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".became")).to_contain_text("both sides agree", timeout=IN_TIME)
    world.answers["errors"] = {**world.answers["errors"], "parked": []}
    expect(page.locator(".error")).to_have_count(0, timeout=IN_TIME)
    expect(page.get_by_role("heading", name="What became of what you did")).to_be_focused()
    (event,) = [event for event in world.asked if event["tieline"] == "reconcile"]
    assert (event["ticket"], event["side"]) == ("INC7", "it")


def test_edits_of_a_preview_outlive_other_pages_and_a_reload(world: World, opened) -> None:
    page = opened("#/preview")
    area = page.get_by_role("textbox", name="link.yaml")
    file = area.input_value()
    area.fill(file + "# mine\n")
    page.get_by_role("link", name="Errors").first.click()
    expect(page.get_by_role("heading", level=1, name="Errors")).to_be_visible()
    page.go_back()
    expect(area).to_have_value(file + "# mine\n", timeout=IN_TIME)
    page.reload()
    expect(area).to_have_value(file + "# mine\n", timeout=IN_TIME)
    expect(page.get_by_text("your edits of before")).to_be_visible()
    page.get_by_role("button", name="Undo all edits").click()
    page.reload()
    expect(area).to_have_value(file, timeout=IN_TIME)
    assert page.get_by_text("your edits of before").count() == 0


def bench(page: Any) -> None:
    """Opens the sandbox at a parked ticket of which one side was deleted."""
    parked = {"kind": "refused", "reason": "no", "words": ""}
    there = {"id": "9", "key": "OPS-7", "comments": [], "files": []}
    twin = {"key": "k1", "state": "live", "parked": parked, "waits": "", "changes": []}
    field = {"field": "summary", "kind": "text", "value": "VPN", "writable": True, "options": []}
    row = {"id": "r", "targets": ["it"], "template": None, "place": "", "cells": {"eng": field}}
    ticket = {"sides": {"eng": there}, "rows": [row], "more": [], "gone": ["it"], "twin": twin}
    side = {"system": "x", "scope": {}, "births": [], "title_field": "t", "webhooks": 0}
    sides = [
        {**side, "name": name, "title": name, "down": False, "refuses": False}
        for name in ("eng", "it")
    ]
    overview = {"link": LINK, "title": "", "people": ["j"], "sides": sides, "tickets": []}
    page.route(f"**/api/sandbox/{LINK}", lambda route: route.fulfill(json=overview))
    page.route(f"**/api/sandbox/{LINK}/it/7", lambda route: route.fulfill(json=ticket))
    page.evaluate("place => { location.hash = place }", f"#/sandbox/{LINK}/it/7")
    expect(page.get_by_role("heading", name=re.compile("^deleted"))).to_be_visible(timeout=IN_TIME)


def test_the_sandbox_retries_the_ticket_that_is_shown_though_it_was_deleted(world, opened) -> None:
    page = opened("#/")
    bench(page)
    asked = {"asked": "a1", "twin": "k1", "was_parked": PARKED, "queued": "it 7", "mode": "live"}
    world.answers["reconcile"] = asked
    world.answers["answers"] = {"answers": {"a1": {"outcome": "gone", "parked": None, "due": None}}}
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".toast")).to_contain_text("a ticket is gone", timeout=IN_TIME)
    (event,) = [event for event in world.asked if event["tieline"] in {"reconcile", "retry"}]
    assert event == {"tieline": "reconcile", "ticket": "7", "side": "it"}


def test_a_comment_that_is_sent_twice_at_once_is_said_once(world: World, opened) -> None:
    page = opened("#/")
    bench(page)
    said: list[Any] = []
    held: list[Any] = []

    def say(route: Any) -> None:
        said.append(route.request.post_data_json)
        held.append(route)

    page.route(f"**/api/sandbox/{LINK}/eng/9", say)
    page.get_by_label("Comment in eng (eng)").fill("Once")
    page.get_by_role("button", name="Comment", exact=True).dblclick()
    expect(page.get_by_role("button", name="Working…").first).to_be_visible()
    held[0].fulfill(json={"made": "1"})
    expect(page.get_by_label("Comment in eng (eng)")).to_have_value("", timeout=IN_TIME)
    assert [one["text"] for one in said] == ["Once"]


def test_a_menu_closes_on_escape_and_on_a_click_elsewhere(world: World, opened) -> None:
    page = opened("#/")
    bench(page)
    summary = page.get_by_text("Make trouble").first
    item = page.get_by_role("button", name="Be down").first
    for close in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.get_by_role("heading", level=1).click(),
    ):
        summary.click()
        expect(item).to_be_visible()
        close()
        expect(item).not_to_be_visible()


BORDERS = """() => [...document.querySelectorAll('#view :is(input, select, textarea)')]
  .filter((e) => e.type !== 'checkbox' && e.type !== 'file' && !e.disabled)
  .map((e) => {
    const numbers = (text) => text.match(/\\d+/g).slice(0, 3).map(Number);
    const look = getComputedStyle(e);
    return [numbers(look.borderTopColor), numbers(look.backgroundColor)];
  })"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_border_of_every_control_is_seen(world: World, opened, scheme: str) -> None:
    page = opened("#/", color_scheme=scheme)
    bench(page)
    borders = page.evaluate(BORDERS)
    assert len(borders) >= 3
    assert all(contrast(one, two) >= 3 for one, two in borders)


def test_links_between_the_same_two_places_do_not_hide_one_another(world: World, opened) -> None:
    side = {"system": "x", "title": "X", "scope": {}}
    sides = [{**side, "name": n, "url": f"https://{n}.example"} for n in ("eng", "it")]
    one = {"title": "", "sides": sides, "why": [], "mode": "plan"}
    links = [{**one, "link": "up", "health": "ok"}, {**one, "link": "not", "health": "down"}]
    page = opened("#/errors")
    page.route("**/api/mesh", lambda route: route.fulfill(json={"links": links}))
    page.get_by_role("link", name="Overview").first.click()
    lines = page.locator(".chart .edge")
    expect(lines).to_have_count(2, timeout=IN_TIME)
    drawn = {line.get_attribute("d") for line in lines.all()}
    assert len(drawn) == 2
    assert lines.nth(1).locator("title").text_content() == "not: Down"
    expect(page.get_by_role("row", name=re.compile("^up"))).to_contain_text("plan: writes nothing")
