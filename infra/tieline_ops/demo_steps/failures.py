"""What goes wrong in practice, and what becomes of it."""

from __future__ import annotations

from tieline_ops.demo_steps.world import JANE, LENA, LINK, OMAR, TRIAGE, World


def a_dropped_webhook(world: World) -> None:
    """The next poll finds what a webhook did not tell."""
    key, number = world.made["issue"], world.made["incident"]
    world.at_rest()
    before = world.record(number)["assigned_to"]
    world.servicenow.webhooks.drop_next()
    world.jira.webhooks.drop_next()
    world.jira.edit(JANE, key, assignee=OMAR)
    world.at_rest()
    world.same("nobody was told", before, world.record(number)["assigned_to"])
    world.stack.tick(LINK)
    seconds = world.until(
        "who it is assigned to", OMAR, lambda: world.record(number)["assigned_to"]
    )
    world.servicenow.webhooks.clear()
    world.say(f"a dropped webhook: the next poll brought the edit, in {seconds:.1f} s")


def a_lost_answer(world: World) -> None:
    """ServiceNow makes the incident, and the connection ends before it says so."""
    title = "Printer on floor 3 prints blank pages"
    world.servicenow.faults.lost_answer("POST", "/api/now/table/incident")
    key = world.jira.create_issue(JANE, summary=title, labels=["servicenow"])
    world.until("the answer was lost", [], world.servicenow.faults.waiting)
    world.until("the incident", 1, lambda: len(world.records(title)))
    number = world.records(title)[0]
    # Only a link that knows its incident can write to it.
    world.jira.edit(JANE, key, summary=f"{title}, again")
    world.until("it is known", [number], lambda: world.records(f"{title}, again"))
    world.at_rest()
    world.same("there is no second one", [], world.records(title))
    world.say(f"a lost answer: {number} was made once, found again, and goes on")


def a_refused_write(world: World) -> None:
    """One ticket that cannot be written waits for a person; the others go on."""
    number = world.incident("Mail queue is stuck")
    key = world.born(number)
    world.at_rest()
    world.servicenow.edit(LENA, number, assigned_to=TRIAGE)
    world.until("one ticket is parked", 1, lambda: world.status()["parked"])
    reason = world.status()["parked_twins"][0]["reason"]
    world.jira.edit(JANE, world.made["issue"], priority="High")
    world.until(
        "another goes on",
        "1 - High",
        lambda: world.record(world.made["incident"])["urgency"],
    )
    world.same("it is still parked", 1, world.status()["parked"])
    world.say(f"a refused write: {number} is parked ({reason}); the others go on")
    world.servicenow.edit(LENA, number, assigned_to=OMAR)
    world.until("the next edit frees it", OMAR, lambda: world.issue(key)["assignee"])
    world.until("nothing is parked", 0, lambda: world.status()["parked"])
    world.say(f"  {number} is assigned to somebody whom Jira knows, and is parked no more")
