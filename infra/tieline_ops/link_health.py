"""How a link fares apart from its fields: pauses, clocks, webhooks, queues. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline_ops.failing_polls import lasting, said
from tieline_ops.judging import Found
from tieline_ops.speaking import moment

AHEAD, FAR_AHEAD = 5.0, 120.0
"""Seconds by which clocks may differ: as much as an equal version is distrusted for; and as much
as the proof of a webhook may be old at the least."""
SILENT = timedelta(minutes=15)
"""After so long a change that the poll found is no race with its webhook."""
SHARE = 0.2
"""Of a side's changes: where the poll finds more of them by itself, webhooks get lost."""
FEW = 5
LONG = 1000
"""So many messages are more than a burst."""
_LASTING = frozenset({"credentials", "brake", "person"})


def of_side(link: str, side: str, told: Mapping[str, Any], secret: str) -> Iterator[Found]:
    """Pause, clock and webhooks of one side, from what the function told."""
    pause = told["paused"]
    if pause is not None:
        until = f"until {moment(pause['until'])}" if pause["until"] else "until it is resumed"
        what = f"paused since {moment(pause['since'])}, {until}: {pause['kind']}, {pause['reason']}"
        grave = pause["kind"] in _LASTING - {"person"}
        verb = "release" if pause["kind"] == "brake" else "resume"
        remedy = f"`tieline {verb} {link} {side}` ends it, once its cause is gone"
        yield Found(side, False, what, remedy, severity="grave" if grave else "warn")
    failing = told.get("failing")
    if failing is not None:
        remedy = "what it finds comes late or by webhooks alone; mend what the reason names"
        grave = lasting(failing)
        yield Found(
            side, not grave, f"its {said(failing)}", remedy, severity="grave" if grave else "warn"
        )
    yield from _clock(side, told["ahead"])
    yield from _webhooks(side, told["heard"], datetime.fromisoformat(told["at"]), secret)


def _clock(side: str, ahead: float | None) -> Iterator[Found]:
    if ahead is None:
        return
    # A Date header has whole seconds.
    what = f"its clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} ours"
    if abs(ahead) <= AHEAD:
        yield Found(side, True, "its clock agrees with ours")
    else:
        far = abs(ahead) > FAR_AHEAD
        remedy = "see which of the two is wrong: `newest` may prefer the older value"
        yield Found(side, not far, what, remedy, severity="grave" if far else "warn")


def _webhooks(side: str, heard: Mapping[str, Any], now: datetime, secret: str) -> Iterator[Found]:
    """What webhooks told, against what the poll alone found."""
    webhook, found = (
        datetime.fromisoformat(heard[name]) if heard[name] else None
        for name in ("webhook", "found")
    )
    days = heard["days"].values()
    told, untold = sum(day[0] for day in days), sum(day[1] for day in days)
    setup = f"see that its webhook goes to this link, and has the secret of {secret}"
    if webhook is None:
        what = "no webhook has arrived yet"
        if untold:
            what += f"; the poll found {untold} changes, minutes late"
            yield Found(side, True, what, setup, severity="warn")
        else:
            yield Found(side, True, what, "change a ticket there to see whether one does")
    elif found is not None and found - webhook > SILENT:
        what = f"webhooks are silent since {moment(webhook.astimezone(UTC).isoformat())}"
        what += f", and the poll found changes until {moment(found.astimezone(UTC).isoformat())}"
        yield Found(side, False, what, setup, severity="warn")
    elif untold >= FEW and untold > SHARE * (told + untold):
        what = (
            f"the poll found {untold} changes that no webhook told of in time, of {told + untold}"
        )
        remedy = "see the log of its webhooks for deliveries that failed"
        yield Found(side, True, what, remedy, severity="warn")
    else:
        ago = now - webhook
        what = f"the last webhook arrived {_ago(ago)} ago; {told} in {len(days)} days"
        yield Found(side, True, what)


def of_link(
    name: str, told: Mapping[str, Any], queued: Mapping[str, int | None]
) -> Iterator[Found]:
    """Parked tickets, the queue and the dead letters. A number that nobody may see is None."""
    if told["parked_in_all"]:
        what = f"{told['parked_in_all']} tickets are parked"
        yield Found("", True, what, f"`tieline errors {name}` says why", severity="warn")
    else:
        yield Found("", True, "nothing is parked")
    dead, waiting = queued["dead"], queued["waiting"]
    if dead:
        what = f"{dead} dead letters: changes that failed on a bug"
        yield Found("", False, what, f"`tieline errors {name}`, then `tieline replay {name}`")
    elif dead == 0:
        yield Found("", True, "there are no dead letters")
    if waiting is not None and waiting > LONG:
        what = f"{waiting} changes wait on the queue"
        remedy = "if it does not get less, see the function's log and its concurrency"
        yield Found("", True, what, remedy, severity="warn")
    elif waiting is not None:
        yield Found("", True, f"{waiting} changes wait on the queue")
    if None in (dead, waiting):
        what = "the queues could not be asked"
        yield Found("", True, what, "look at the rights that you call AWS with", severity="warn")


def _ago(span: timedelta) -> str:
    for unit, seconds in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if span.total_seconds() >= 2 * seconds:
            return f"{span.total_seconds() / seconds:.0f} {unit}"
    return f"{max(0.0, span.total_seconds()):.0f} seconds"
