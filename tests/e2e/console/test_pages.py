"""A link's page, a ticket's page and the mapping preview, as a person at a browser has them."""

from __future__ import annotations

import re

import pytest
from support.desk import INCIDENT, JANE, ROOT
from support.until import until

from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.link_file.compiling import compile_link

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
IN_TIME = 15_000
LINK_YAML = ROOT / "functions/jira-servicenow/link.yaml"


@pytest.fixture(scope="module")
def crossed(stack, address) -> str:
    """An incident that has its issue; gives the incident's number."""
    snow, jira = (stack.sandbox.system("jira-servicenow", side) for side in ("it", "eng"))
    number = snow.create(JANE, short_description="VPN drops", **INCIDENT)
    until(lambda: snow.record(number)["correlation_display"])
    assert len(jira.issue_keys()) == 1
    return number


def test_a_link_tells_its_mapping_and_its_twins(opened, crossed: str, shoot) -> None:
    page = opened("#/links/jira-servicenow")
    rule = page.get_by_role("row", name=re.compile("^priority"))
    rule.get_by_text("5 values").click()
    expect(rule.get_by_role("table")).to_contain_text("Highest")
    expect(page.get_by_role("table", name="Field rules")).to_contain_text("13:5")
    expect(page.get_by_text("when priority is 1 - Critical or 2 - High")).to_be_visible()
    page.wait_for_timeout(2500)
    expect(rule.get_by_role("table")).to_be_visible()  # what was unfolded stays so
    shoot(page, "link")
    page.get_by_label("Find a ticket by its key, id or address").fill(crossed)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(crossed)


def test_a_side_is_paused_and_resumed(opened, crossed: str) -> None:
    page = opened("#/links/jira-servicenow")
    page.get_by_role("button", name="Pause eng").click()
    expect(page.locator(".banner.paused")).to_contain_text("eng is paused", timeout=IN_TIME)
    page.get_by_role("link", name=re.compile("^Errors")).first.click()
    page.get_by_role("button", name=re.compile("^Resume")).click()
    expect(page.get_by_text("Nothing waits for a person")).to_be_visible(timeout=IN_TIME)


def test_a_lost_webhook_is_a_difference_until_it_is_synced(opened, stack, crossed, shoot) -> None:
    snow = stack.sandbox.system("jira-servicenow", "it")
    until(lambda: snow.webhooks.pending == 0)
    snow.webhooks.drop_next()
    snow.edit(JANE, crossed, short_description="VPN drops <i>daily</i>")
    page = opened(f"#/links/jira-servicenow/tickets/it/{crossed}")
    row = page.get_by_role("row", name=re.compile("^summary.*short_description"))
    expect(row).to_contain_text("differs")
    expect(row).to_contain_text("VPN drops <i>daily</i>")
    shoot(page, "ticket-differs")
    page.get_by_role("button", name="Sync now").click()
    expect(row).to_contain_text("same", timeout=IN_TIME)
    expect(page.locator(".timeline li").first).to_contain_text("eng.summary")
    assert page.locator("main i").count() == 0
    shoot(page, "ticket")


def test_faults_of_an_edited_link_are_those_of_check(opened, crossed: str, shoot) -> None:
    page = opened("#/preview")
    area = page.get_by_role("textbox", name="link.yaml")
    text = area.input_value()
    assert text == LINK_YAML.read_text("utf-8")
    wrong = text.replace("it: short_description", "it: short_descripton")
    wrong = wrong.replace("flow: it -> eng", "flow: it => eng")
    area.fill(wrong)
    _, faults = compile_link(wrong, "jira-servicenow", catalogues())
    assert len(faults) == 2
    listed = page.locator(".faults li")
    expect(listed).to_have_count(2)
    for n, fault in enumerate(faults):
        expect(listed.nth(n)).to_contain_text(f"{fault.line}:{fault.column}")
        expect(listed.nth(n)).to_contain_text(fault.remedy)
    shoot(page, "preview-faults")
    listed.first.get_by_role("button").click()
    at = area.evaluate("e => e.selectionStart")
    assert wrong[at:].startswith("short_descripton")
    page.get_by_role("button", name="Undo all edits").click()
    expect(listed).to_have_count(0)
    assert LINK_YAML.read_text("utf-8") == text


def test_an_edited_link_is_previewed_and_nothing_is_written(
    opened, stack, crossed, shoot, wrong
) -> None:
    snow, jira = (stack.sandbox.system("jira-servicenow", side) for side in ("it", "eng"))
    until(lambda: snow.webhooks.pending == 0)
    snow.webhooks.drop_next()
    snow.edit(JANE, crossed, short_description="Only previewed")
    page = opened("#/preview")
    page.get_by_label("Ticket", exact=True).fill(crossed)
    page.get_by_role("button", name="Preview").click()
    plan = page.locator(".planned")
    expect(plan).to_contain_text("Only previewed", timeout=IN_TIME)
    area = page.get_by_role("textbox", name="link.yaml")
    text = area.input_value()
    rule = "  - {eng: summary, it: short_description}\n"
    area.fill(text.replace(rule, ""))
    expect(plan).to_contain_text("nothing would be written", timeout=IN_TIME)
    new = "  - {eng: environment, it: short_description, flow: it -> eng}\n"
    area.fill(text.replace(rule, new + rule))
    expect(plan).to_contain_text("environment", timeout=IN_TIME)
    shoot(page, "preview")
    area.fill(text.replace("acme.atlassian.net", "evil.example"))
    expect(page.get_by_role("alert")).to_contain_text("another place", timeout=IN_TIME)
    wrong.clear()  # the browser notes the refusal
    (key,) = jira.issue_keys()
    assert jira.issue(key)["summary"] != "Only previewed"


def test_no_page_scrolls_sideways_on_a_phone(opened, crossed: str, shoot) -> None:
    page = opened("#/", viewport={"width": 360, "height": 740}, has_touch=True)
    places = {
        "link": "#/links/jira-servicenow",
        "ticket": f"#/links/jira-servicenow/tickets/it/{crossed}",
        "preview": "#/preview",
    }
    for name, place in places.items():
        page.evaluate("place => { location.hash = place }", place)
        page.wait_for_timeout(900)
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], name
        shoot(page, f"{name}-phone")
