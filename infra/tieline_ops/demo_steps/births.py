"""A ticket that matches `create` gets a counterpart, and no other does."""

from __future__ import annotations

from tieline_ops.demo_steps.world import JANE, LENA, World


def an_incident_becomes_an_issue(world: World) -> None:
    """A critical incident for Engineering is an issue in Jira, seconds after its webhook."""
    number = world.incident(
        "VPN drops every ten minutes",
        description="Since the update of the gateway.\nAll offices.",
        assigned_to=LENA,
    )
    seconds = world.until(
        "an issue for the incident", 1, lambda: len(world.issues(_title(world, number)))
    )
    key = world.born(number)
    world.until("its priority", "Highest", lambda: world.issue(key)["priority"])
    world.same("its assignee", LENA, world.issue(key)["assignee"])
    world.until(
        "the incident names its issue",
        f"{key} in Jira",
        lambda: world.record(number)["correlation_display"],
    )
    world.made |= {"issue": key, "incident": number}
    world.say(f"{number} is {key} in Jira, {seconds:.1f} s after it was reported")


def an_issue_becomes_an_incident(world: World) -> None:
    """A bug that somebody labels goes the other way."""
    title = "Login page is blank in Safari"
    key = world.jira.create_issue(JANE, summary=title, labels=["servicenow"], priority="Medium")
    seconds = world.until("an incident for the issue", 1, lambda: len(world.records(title)))
    number = world.records(title)[0]
    world.same("its urgency", "2 - Medium", world.record(number)["urgency"])
    world.made |= {"issue 2": key, "incident 2": number}
    world.say(f"{key} is {number} in ServiceNow, after {seconds:.1f} s")


def others_stay_where_they_are(world: World) -> None:
    """What no `create` names is nobody's business on the other side."""
    number = world.servicenow.create(LENA, short_description="Coffee machine is empty")
    key = world.jira.create_issue(JANE, summary="Tidy the changelog")
    world.at_rest()
    world.same("no issue for it", [], world.issues("Coffee machine is empty"))
    world.same("no incident for it", [], world.records("Tidy the changelog"))
    world.say(f"{number} and {key} match no `create`, and stay where they are")


def _title(world: World, number: str) -> str:
    return str(world.record(number)["short_description"])
