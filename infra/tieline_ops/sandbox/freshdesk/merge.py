"""Tickets merged into one."""

from __future__ import annotations

from tieline_ops.sandbox.fresh import talk
from tieline_ops.sandbox.fresh.content import User
from tieline_ops.sandbox.fresh.state import Record, Site


def merge_into(site: Site, user: User, primary: Record, other: Record) -> None:
    """The other ticket is closed; each is told of it by a private note."""
    other.values = {**other.values, "status": 5}
    words = f"This ticket is closed and merged into ticket {primary.id}"
    talk.note(site, user, other, {"body": words})
    words = f"Merged from ticket {other.id}: {other.values['subject']}"
    talk.note(site, user, primary, {"body": words})
