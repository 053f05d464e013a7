"""Comments and files cross; what is internal does not."""

from __future__ import annotations

import hashlib

from tieline_ops.demo_steps.reading import text_of
from tieline_ops.demo_steps.world import JANE, LENA, LINK, OMAR, World

LOG = b"12:00:01 tunnel down\n12:00:09 tunnel up\n" * 50
PICTURE = bytes(range(256)) * 40
SECRET_PLAN, SECRET_NAME = "Do not tell: reboot at 3", "Caller is on the VIP list"


def comments(world: World) -> None:
    key, number = world.made["issue"], world.made["incident"]
    world.jira.comment(JANE, key, "Firmware 4.1 does **not** have it.")
    world.until("Jane's comment", 1, lambda: _said(world.record(number)["comments"], "4.1"))
    world.servicenow.comment(LENA, number, "Can we go back to 4.1 tonight?")
    world.until("Lena's comment", 1, lambda: _said(world.issue(key)["comments"], "tonight"))
    copy = next(c for c in world.issue(key)["comments"] if "tonight" in text_of(c["body"]))
    world.same(
        "it names its author", "Lena Novak: Can we go back to 4.1 tonight?", text_of(copy["body"])
    )
    world.say("comments: one each way, with their authors' names")


def internal_notes(world: World) -> None:
    key, number = world.made["issue"], world.made["incident"]
    world.jira.comment(OMAR, key, SECRET_PLAN, internal=True)
    world.servicenow.work_note(LENA, number, SECRET_NAME)
    # A public one after them is the proof that they were seen and left where they are.
    world.jira.comment(OMAR, key, "Going back to 4.1 now.")
    world.servicenow.comment(LENA, number, "Thank you, all offices are told.")
    world.until("Omar's comment", 1, lambda: _said(world.record(number)["comments"], "now"))
    world.until("Lena's comment", 1, lambda: _said(world.issue(key)["comments"], "told"))
    world.at_rest()
    world.same("nothing internal is in Jira", 0, _said(world.issue(key)["comments"], SECRET_NAME))
    entries = world.record(number)
    crossed = _said(entries["comments"] + entries["work_notes"], SECRET_PLAN)
    world.same("nothing internal is in ServiceNow", 0, crossed)
    world.say("internal notes: one on each side, neither crossed")


def attachments(world: World) -> None:
    key, number = world.made["issue"], world.made["incident"]
    world.jira.attach(JANE, key, "tunnel.log", LOG)
    world.until("the log", _digest(LOG), lambda: _file(world.record(number), "tunnel.log"))
    world.servicenow.attach(LENA, number, "photo.png", PICTURE, "image/png")
    # A file changes nothing in the incident, so no business rule tells of it; the poll finds it.
    world.stack.tick(LINK)
    world.until("the photo", _digest(PICTURE), lambda: _file(world.issue(key), "photo.png"))
    world.say("attachments: a log and a picture, byte for byte; ServiceNow's found by the poll")


def _said(entries: list[dict[str, object]], text: str) -> int:
    return sum(text in text_of(entry["body"]) for entry in entries)


def _file(record: dict[str, list[dict[str, bytes]]], name: str) -> str:
    found = [f["content"] for f in record["attachments"] if str(f["name"]) == name]
    return _digest(found[0]) if len(found) == 1 else f"{len(found)} of them"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
