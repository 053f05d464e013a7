"""Both sides are edited at once."""

from __future__ import annotations

from datetime import timedelta

from tieline_ops.demo_steps.world import JANE, LENA, World

_LATE = timedelta(seconds=2.5)


def two_fields_at_once(world: World) -> None:
    """Edits of different fields do not touch each other."""
    key, number = world.made["issue"], world.made["incident"]
    _both_late(world)
    world.jira.edit(JANE, key, priority="Medium")
    world.servicenow.edit(LENA, number, short_description="VPN drops, going back to 4.1")
    world.until("the urgency", "2 - Medium", lambda: world.record(number)["urgency"])
    world.until(
        "the summary",
        "VPN drops, going back to 4.1",
        lambda: world.issue(key)["summary"],
    )
    world.same("Jane's edit stands", "Medium", world.issue(key)["priority"])
    world.say("two fields at once: both edits stand on both sides")


def one_field_at_once(world: World) -> None:
    """Edits of one field: the link's policy decides, and the newest wins."""
    key, number = world.made["issue"], world.made["incident"]
    _both_late(world)
    world.servicenow.edit(LENA, number, short_description="VPN: older title")
    # ServiceNow knows seconds only: the next edit is newer by its clock, too.
    second = world.servicenow.clock.now().replace(microsecond=0)
    world.until(
        "a second later", True, lambda: world.jira.clock.now() > second + timedelta(seconds=1)
    )
    world.jira.edit(JANE, key, summary="VPN: newer title")
    world.same("they differ", "VPN: older title", world.record(number)["short_description"])
    world.until(
        "the newer title", "VPN: newer title", lambda: world.record(number)["short_description"]
    )
    world.at_rest()
    world.same("it stands in Jira", "VPN: newer title", world.issue(key)["summary"])
    world.say("one field at once: the newest wins, as `conflicts: newest` says")


def _both_late(world: World) -> None:
    """Neither side hears of the other's edit before both are made."""
    world.at_rest()
    world.jira.webhooks.delay_next(_LATE)
    world.servicenow.webhooks.delay_next(_LATE)
