"""`tieline audit`: how many twins differ, by comparing both sides now."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from tieline_ops.asking import finite, link_of
from tieline_ops.auditing import Audited, Auditor
from tieline_ops.bringing import Asker
from tieline_ops.calling import Calls
from tieline_ops.drift_rate import Rate
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, moment, pair, print_json, progress
from tieline_ops.trouble import Trouble, Wrong

SAMPLE = 100
_SHOWN = 20
_WORDS = {
    "agrees": "agree",
    "drifted": "drifted",
    "moving": "moving: a change is on its way",
    "parked": "parked: `tieline errors` says why",
    "unread": "could not be read",
    "ended": "not twins any more",
}


@click.command(name="audit")
@click.argument("link")
@click.option("--sample", type=click.IntRange(1), help=f"Twins to compare.  [default: {SAMPLE}]")
@click.option("--all", "every", is_flag=True, help="Compare every twin.")
@click.option("--repair", is_flag=True, help="Have the drifted reconciled, then look again.")
@click.option("--seed", help="Draw the sample of an earlier audit again.")
@click.option(
    "--settled",
    callback=finite,
    default=60.0,
    show_default=True,
    help="Seconds; what was changed less than this ago is moving.",
)
@click.option(
    "--per-second",
    callback=finite,
    default=5.0,
    show_default=True,
    type=click.FloatRange(0.01),
    help="Twins to look at per second; each takes a few calls of either side.",
)
@click.option(
    "--wait",
    callback=finite,
    default=60.0,
    show_default=True,
    help="With --repair: seconds to wait.",
)
@click.option("--deployed", is_flag=True, help="Ask AWS even if the local stack is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    sample: int | None,
    every: bool,
    repair: bool,
    seed: str | None,
    settled: float,
    per_second: float,
    wait: float,
    deployed: bool,
    machine: bool,
) -> None:
    """Compare both sides of twins of LINK now, and tell how many drifted apart.

    Each twin that is drawn is read on both sides, and planned: what the plan would write is drift,
    and so is a ticket that is gone, a comment or file that did not cross, and a ticket made twice.
    Twins that are being changed, and parked ones, are counted apart. Nothing is written; with
    --repair, the drifted are put on the queue as if they had changed, and looked at again.

    Exit status 1 if some drifted, with --repair if some still do, or if it was stopped: then what
    was compared so far is shown.

    \b
    Example:
      tieline audit jira-servicenow --sample 300
      tieline audit jira-servicenow --seed 5f0c9a --repair
    """  # noqa: D301 - click keeps lines after this mark
    if every and (sample is not None or seed is not None):
        raise Wrong("--all takes neither --sample nor --seed", "leave --all away, or the others")
    mode = link_of(project, link).mode
    audited = Audited(link, None if every else seed or secrets.token_hex(3))
    with progress("comparing", machine=machine) as now:
        hint = f"`tieline errors {link}` shows what is wrong with it"
        asker = Asker(Calls(project, deployed), link, hint)
        auditor = Auditor(asker, settled, per_second, now)
        whole = _compare(auditor, audited, sample or SAMPLE)
        repair = repair and whole
        drifted = list(audited.drifted)
        repaired = auditor.repair(drifted, wait) if repair and drifted else {}
    told = {**_as_json(audited), "at": datetime.now(UTC).isoformat(), "mode": mode}
    told |= {"sample": None if every else sample or SAMPLE, "whole": whole}
    if repair:
        told["repaired"] = [_became(audited.drifted[key], one) for key, one in repaired.items()]
    if machine:
        print_json(told)
    else:
        for line in _lines(audited, told):
            click.echo(line)
    if not whole:
        click.echo("Stopped before the end.", err=True)
    left = told["repaired"] if repair else told["drifted"]
    context.exit(1 if not whole or any(not one.get("out") for one in left) else 0)


def _compare(auditor: Auditor, audited: Audited, size: int) -> bool:
    """Fill the audit; False if it was stopped. Raises Trouble if that was before the first twin."""
    try:
        if audited.seed is None:
            auditor.every(audited)
        else:
            auditor.sample(size, audited.seed, audited)
    except KeyboardInterrupt:
        return False
    except Trouble as trouble:
        if not audited.looked:
            raise
        trouble.show()
        return False
    return True


def _as_json(audited: Audited) -> dict[str, Any]:
    found = audited.rate
    return {
        "link": audited.link,
        "seed": audited.seed,
        "twins": audited.seen,
        "counts": {stands: audited.how_many(stands) for stands in _WORDS},
        "rate": {
            "value": found.value,
            "low": found.low,
            "high": found.high,
            "population": found.population,
        },
        "fields": dict(audited.fields.most_common()),
        "differs": dict(audited.differs.most_common()),
        "drifted": [{"twin": key, **one} for key, one in audited.drifted.items()],
        "unread": [one for one in audited.looked.values() if one["stands"] == "unread"],
    }


def _became(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What a repair made of one twin; `out` says whether it is in order now."""
    why = after.get("why", "")
    match after["stands"]:
        case "agrees":
            became, out = "both sides agree", True
        case "ended":
            became, out = "no concern of the link any more", True
        case "drifted":
            left = "; ".join(_drift(d) for d in after["drift"])
            tried = "still" if after["outcome"] else "not tried yet, still"
            became, out = f"{tried} drifted: {left}", False
        case stands:
            became, out = f"{stands}: {why}", False
    tickets = after.get("tickets") or before["tickets"]
    return {"tickets": tickets, "became": became, "out": out, "outcome": after["outcome"]}


def _lines(audited: Audited, told: Mapping[str, Any]) -> Iterator[str]:
    which = "all" if audited.seed is None else f"seed {audited.seed}"
    yield f"{audited.link}: {audited.compared} of {audited.seen} twins compared ({which})"
    yield f"  {_rate(audited.rate, whole=told['whole'])}"
    for stands, word in _WORDS.items():
        count = audited.how_many(stands)
        if count or stands in {"agrees", "drifted"}:
            yield f"  {count:>6} {word}"
    for name, count in audited.differs.most_common():
        yield f"  {name} differ in {count}, as the link's rules let them"
    for one in told["unread"][:_SHOWN]:
        yield f"  {pair(one['tickets'])}: {one['why']}"
    yield from _drifted(told)
    if told["drifted"] and "repaired" not in told:
        again = "--all"
        if audited.seed is not None:
            again = f"--sample {told['sample']} --seed {audited.seed}"
        yield f"put right by: tieline audit {audited.link} {again} --repair"
    if told["mode"] == "plan":
        yield "the link's mode is plan: what it would write is shown, and a repair writes nothing"
    yield f"until {moment(told['at'])}"


def _drifted(told: Mapping[str, Any]) -> Iterator[str]:
    shown = told["drifted"][:_SHOWN]
    for one in shown:
        yield click.style(pair(one["tickets"]), bold=True)
        yield from (f"    {_drift(drift)}" for drift in one["drift"])
    if len(told["drifted"]) > len(shown):
        yield f"and {len(told['drifted']) - len(shown)} more; --json shows them all"
    for one in told.get("repaired", ()):
        yield f"{pair(one['tickets'])}: {one['became']}"


def _rate(found: Rate, *, whole: bool) -> str:
    if found.value is None:
        return "nothing could be compared" if whole else "nothing was compared"
    if not whole:
        return f"drift {_percent(found.value)}, of those that were compared"
    if found.compared == found.population:
        return f"drift {_percent(found.value)}, of all of them"
    low, high = _percent(found.low), _percent(found.high)
    return f"drift {_percent(found.value)}; of all {found.population}, {low} to {high} (95 %)"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %" if 0 < share < 0.01 else f"{100 * share:.1f} %"


def _drift(drift: Mapping[str, Any]) -> str:
    name = f"{drift['side']}.{drift['what']}".lstrip(".")
    many = f" ({drift['count']})" if drift["count"] > 1 else ""
    return f"{name}{many}: {drift['why']}"
