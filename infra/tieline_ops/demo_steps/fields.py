"""Edits of fields, in both directions."""

from __future__ import annotations

from tieline_ops.demo_steps.reading import words
from tieline_ops.demo_steps.world import JANE, LENA, OMAR, World

RICH = """\
Happens **only** behind the new gateway:

1. connect from a *hotel*
2. wait for `error 809`

See [the vendor's note](https://vendor.example/809)."""


def titles(world: World) -> None:
    key, number = world.made["issue"], world.made["incident"]
    world.jira.edit(JANE, key, summary="VPN drops: gateway firmware 4.2")
    there = world.until(
        "the incident's short description",
        "VPN drops: gateway firmware 4.2",
        lambda: world.record(number)["short_description"],
    )
    world.servicenow.edit(LENA, number, short_description="VPN drops in all offices")
    back = world.until(
        "the issue's summary",
        "VPN drops in all offices",
        lambda: world.issue(key)["summary"],
    )
    world.say(f"title: Jira to ServiceNow in {there:.1f} s, back in {back:.1f} s")


def descriptions(world: World) -> None:
    """Rich text is a document in Jira and plain text in this ServiceNow field."""
    key, number = world.made["issue"], world.made["incident"]
    world.jira.edit(JANE, key, description=RICH)
    kept = {"only", "hotel", "809", "vendor", "connect", "gateway"}
    world.until(
        "the incident's description has the document's words",
        kept,
        lambda: kept & set(words(world.record(number)["description"])),
    )
    world.at_rest()
    world.same(
        "the document keeps its bold text, list and link",
        {"strong", "em", "code", "link", "orderedList"},
        _forms(world.issue(key)["description"]) & {"strong", "em", "code", "link", "orderedList"},
    )
    other, incident = world.made["issue 2"], world.made["incident 2"]
    world.servicenow.edit(LENA, incident, description="Blank since Monday.\nChrome is fine.")
    world.until(
        "the issue's description",
        ["Blank", "since", "Monday", "Chrome", "is", "fine"],
        lambda: words(world.issue(other)["description"]),
    )
    world.say("description: a rich document crosses as text and stays rich; text crosses back")


def priorities(world: World) -> None:
    key, number = world.made["issue 2"], world.made["incident 2"]
    world.jira.edit(JANE, key, priority="High")
    world.until("the urgency", "1 - High", lambda: world.record(number)["urgency"])
    world.servicenow.edit(LENA, number, urgency="3 - Low")
    world.until("the priority", "Low", lambda: world.issue(key)["priority"])
    world.say("priority: High is urgency 1; urgency 3 is Low")


def statuses(world: World) -> None:
    key, number = world.made["issue"], world.made["incident"]
    world.servicenow.edit(LENA, number, state="In Progress")
    world.until("the issue's status", "In Progress", lambda: world.issue(key)["status"])
    other, incident = world.made["issue 2"], world.made["incident 2"]
    world.jira.transition(JANE, other, "Done")
    world.until("the incident's state", "Resolved", lambda: world.record(incident)["state"])
    world.same(
        "the resolution goes along",
        "Solution provided",
        world.record(incident)["close_code"],
    )
    world.say("status: In Progress crosses; Done resolves the incident, with its close code")


def assignees(world: World) -> None:
    key, number = world.made["issue"], world.made["incident"]
    world.servicenow.edit(LENA, number, assigned_to=OMAR)
    world.until("the issue's assignee", OMAR, lambda: world.issue(key)["assignee"])
    world.jira.edit(OMAR, key, assignee=JANE)
    world.until(
        "who the incident is assigned to", JANE, lambda: world.record(number)["assigned_to"]
    )
    world.say("assignee: people are found by their e-mail addresses, both ways")


def _forms(document: object) -> set[str]:
    """The kinds of nodes and marks in an Atlassian document."""
    if isinstance(document, list):
        return set[str]().union(*(_forms(one) for one in document))
    if not isinstance(document, dict):
        return set()
    inner = (_forms(document.get(part, [])) for part in ("content", "marks"))
    return {str(document.get("type"))}.union(*inner)
