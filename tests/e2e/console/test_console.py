"""The console, as a person at a browser has it, on the local stack."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.contrast import contrast

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
PROMPT = 3_000
"""Milliseconds within which an edit is seen on the other side."""
IN_TIME = 15_000
TRIAGE, OMAR = "triage@acme.example", "omar@acme.example"  # the first works in ServiceNow only


def made(page: Any, title: str) -> None:
    """A ticket in ServiceNow that crosses, opened once both sides have it."""
    page.get_by_role("button", name="New ticket in ServiceNow (it)").click()
    page.get_by_label("short_description", exact=True).first.fill(title)
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_label("eng summary")).to_have_value(title, timeout=IN_TIME)


def test_an_edit_on_the_left_is_seen_on_the_right(opened, shoot) -> None:
    page = opened("#/sandbox")
    made(page, "VPN drops")
    page.get_by_label("eng summary").fill("VPN drops at noon")
    page.keyboard.press("Enter")
    right = page.get_by_label("it short_description")
    expect(right).to_have_value("VPN drops at noon", timeout=PROMPT)
    page.get_by_label("eng status").select_option("In Progress")
    expect(page.get_by_label("it state")).to_have_value("In Progress", timeout=PROMPT)
    page.get_by_label("it urgency").select_option("3 - Low")
    expect(page.get_by_label("eng priority")).to_have_value("Low", timeout=PROMPT)
    page.get_by_label("Comment in Jira Cloud (eng)").fill("<b>We</b> look into it")
    page.get_by_role("button", name="Comment", exact=True).first.click()
    expect(page.locator(".said").nth(1)).to_contain_text("We", timeout=PROMPT)
    assert page.locator(".said b").count() == 0
    shoot(page, "sandbox")


def test_what_is_typed_is_not_overwritten_by_what_arrives(opened) -> None:
    page = opened("#/sandbox")
    made(page, "Half a word")
    page.get_by_label("it description").fill("not sent ye")
    page.get_by_label("eng summary").evaluate(
        "e => { e.value = 'Changed'; e.onchange({target: e}) }"
    )
    expect(page.get_by_label("it short_description")).to_have_value("Changed", timeout=PROMPT)
    expect(page.get_by_label("it description")).to_have_value("not sent ye")


def test_a_refused_value_is_an_error_until_it_is_mended_and_retried(opened, shoot) -> None:
    page = opened("#/sandbox")
    made(page, "Nobody's phone")
    page.get_by_label("it assigned_to").select_option(TRIAGE)
    expect(page.get_by_text("Parked: refused")).to_be_visible(timeout=IN_TIME)
    shoot(page, "sandbox-parked")
    place = page.url
    page.get_by_role("link", name=re.compile("^Errors")).first.click()
    error = page.locator(".error", has_text="nobody there has this person's e-mail address")
    expect(error).to_be_visible()
    shoot(page, "errors")
    error.get_by_role("button", name=re.compile("^Retry")).click()
    expect(page.locator(".became")).to_contain_text("still parked", timeout=IN_TIME)
    expect(error).to_be_visible()
    page.goto(place)
    page.get_by_label("it assigned_to").select_option(OMAR)
    expect(page.get_by_label("eng assignee")).to_have_value(OMAR, timeout=IN_TIME)
    page.goto(place.split("#")[0] + "#/errors")
    expect(page.get_by_text("Nothing waits for a person")).to_be_visible(timeout=IN_TIME)


def test_a_refusing_system_parks_and_retry_gets_the_ticket_out(opened, shoot) -> None:
    page = opened("#/sandbox")
    made(page, "Printer")
    trouble(page, "Jira Cloud", "Refuse writes")
    page.get_by_label("it short_description").fill("Printer is on fire")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Parked: refused")).to_be_visible(timeout=IN_TIME)
    trouble(page, "Jira Cloud", "Refuse writes")
    page.get_by_role("link", name=re.compile("^Errors")).first.click()
    page.get_by_role("button", name=re.compile("^Retry")).click()
    expect(page.locator(".became")).to_contain_text("both sides agree", timeout=IN_TIME)
    expect(page.get_by_text("Nothing waits for a person")).to_be_visible(timeout=IN_TIME)
    shoot(page, "errors-done")


def test_a_ticket_that_is_not_there_has_no_form(opened, wrong) -> None:
    page = opened("#/sandbox/jira-servicenow/it/zzz")
    expect(page.get_by_text("This ticket is gone")).to_be_visible(timeout=IN_TIME)
    assert page.locator(".detail :is(input, textarea, select)").count() == 0
    wrong.clear()  # the browser notes the 404s


def trouble(page: Any, system: str, what: str) -> None:
    panel = page.get_by_label(re.compile(f"^{system}, the side"))
    panel.get_by_text("Make trouble").click()
    panel.get_by_role("button", name=what).click()
    panel.get_by_text("Make trouble").click()


def test_the_overview_shows_links_with_their_health(opened, shoot) -> None:
    page = opened()
    row = page.get_by_role("row", name=re.compile("jira-servicenow"))
    expect(row).to_contain_text("OK")
    expect(row).to_contain_text("ServiceNow")
    shoot(page, "overview")


def test_a_phone_shows_every_view_without_scrolling_sideways(opened, shoot) -> None:
    page = opened("#/sandbox", viewport={"width": 360, "height": 740}, has_touch=True)
    made(page, "A title that is long enough to need two lines on a small screen, as titles are")
    places = {"sandbox": page.url.split("/", 3)[3], "overview": "#/", "errors": "#/errors"}
    for name, place in places.items():
        page.evaluate("place => { location.hash = place }", place)
        page.wait_for_timeout(400)
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], name
        shoot(page, f"{name}-phone")


def test_a_ticket_is_made_and_edited_by_keyboard_alone(opened) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    tab_to(page, "Sandbox", back=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Sandbox")).to_be_focused()
    tab_to(page, "New ticket in ServiceNow (it)")
    page.keyboard.press("Enter")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_label("eng summary")).to_have_value("By keyboard", timeout=IN_TIME)
    tab_to(page, "eng summary")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("End")
    page.keyboard.type(", still")
    page.keyboard.press("Enter")
    right = page.get_by_label("it short_description")
    expect(right).to_have_value("By keyboard, still", timeout=PROMPT)
    expect(page.get_by_role("status")).to_contain_text("short_description is By keyboard, still")


def focused(page: Any) -> str:
    return page.evaluate(
        """() => { const e = document.activeElement;
        return e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent }"""
    ).strip()


def tab_to(page: Any, name: str, *, back: bool = False) -> None:
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if focused(page) == name:
            return
    raise AssertionError(f"no way to {name}")


def test_dark_follows_the_system_and_the_switch_wins(opened, shoot) -> None:
    page = opened(color_scheme="dark")
    dark = background(page)
    assert sum(dark) < 150
    shoot(page, "overview-dark")
    page.get_by_label("Colours").select_option("light")
    assert sum(background(page)) > 600
    page.reload()
    page.locator("main h1").wait_for()
    assert sum(background(page)) > 600


def background(page: Any) -> list[int]:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return [int(part) for part in re.findall(r"\d+", colour)[:3]]


PAIRS = """() => {
  const probe = document.createElement('i');
  document.body.append(probe);
  const value = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).map(Number);
  };
  const inks = ['ink', 'muted', 'accent', 'ok', 'late', 'parked', 'paused', 'down', 'none'];
  const pairs = inks.flatMap((ink) => [[ink, 'panel'], [ink, 'page'], [ink, 'hover']]);
  for (const word of inks.slice(3, 8)) pairs.push([word, `${word}-soft`]);
  pairs.push(['accent-ink', 'accent'], ['accent', 'accent-soft']);
  pairs.push(['ink', 'glow'], ['muted', 'glow']);
  pairs.push(['muted', 'accent-soft'], ['muted', 'late-soft'], ['ink', 'add'], ['ink', 'remove']);
  const found = pairs.map(([one, two]) => [one, two, value(one), value(two)]);
  probe.remove();
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_pair_of_colours_has_the_contrast_of_wcag_aa(opened, scheme: str) -> None:
    page = opened(color_scheme=scheme)
    weak = [
        f"{ink} on {ground}: {contrast(one, two):.2f}"
        for ink, ground, one, two in page.evaluate(PAIRS)
        if contrast(one, two) < 4.5
    ]
    assert not weak


def test_a_console_that_went_away_is_said_and_comes_back(opened, wrong) -> None:
    page = opened()
    page.route("**/api/**", lambda route: route.abort())
    expect(page.get_by_text("no answer", exact=True)).to_be_visible(timeout=IN_TIME)
    page.unroute("**/api/**")
    expect(page.get_by_text("live on this machine")).to_be_visible(timeout=IN_TIME)
    wrong.clear()
