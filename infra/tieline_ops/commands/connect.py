"""`tieline connect`: pairs tickets that are there on both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from tieline.domain.link import Link
from tieline_ops.asking import link_of
from tieline_ops.brake_room import brake_of, braked, foretold
from tieline_ops.bringing import Asker, Left, begin_at, rate_option
from tieline_ops.calling import Calls
from tieline_ops.files import read_text
from tieline_ops.pairing import Held, Matches, held_by_list, match, read_by, read_csv
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, pair, print_json, progress, say
from tieline_ops.trouble import Trouble, Wrong, unknown

KEYS, NAMES, PAIRS = 50, 25, 20
"""Things of one question: what a function does of it within its time, it says."""
OF_A_PAIR = 2
"""Writes that a pair's first reconcile takes at most: each side's fields go in one."""
FINE = ("ready", "connected", "already")
Say = Callable[[str], None]


@dataclass
class Found:
    """What there is to pair, and what was found of each pair. `unknown` are names of no ticket."""

    link: Link
    matches: Matches = field(default_factory=Matches)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    pairs: list[dict[str, Any]] = field(default_factory=list)
    matched: bool = False  # whether all tickets were read, so that what is alone is known

    @property
    def writes(self) -> int:
        """Calls that write what was shown: the fields of a ticket go in one."""
        return sum(len({line["side"] for line in pair["writes"]}) for pair in self.pairs)

    @property
    def fine(self) -> bool:
        """Whether nothing needs a person."""
        bad = [p for p in self.pairs if p["state"] not in FINE or p["problems"]]
        return not (bad or self.matches.ambiguous or any(self.unknown.values()))

    def states(self) -> dict[str, int]:
        """How many pairs are in which state."""
        names = [pair["state"] for pair in self.pairs]
        return {name: names.count(name) for name in dict.fromkeys(names)}


@click.command(name="connect")
@click.argument("link")
@click.option(
    "--by", help="The key: SIDE.FIELD=SIDE.FIELD, or a FIELD that is equal on both sides."
)
@click.option(
    "--csv",
    "listed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of two columns: the names of the tickets that belong together.",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="With --by: only tickets that changed since then (UTC); all if not given.",
)
@click.option("--base", default="none", metavar="SIDE|none", help="The side that wins at first.")
@click.option("--dry-run", "dry", is_flag=True, help="Only show; this is what happens anyway.")
@click.option("--apply", "apply", is_flag=True, help="Pair them.")
@rate_option("With --apply: pairs")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    by: str | None,
    listed: Path | None,
    since: datetime | None,
    base: str,
    dry: bool,
    apply: bool,
    rate: int,
    deployed: bool,
    machine: bool,
) -> None:
    """Pair the tickets of LINK that are there on both sides: by a key, or by a list.

    Without --apply it shows, for each pair, what would be written, and writes nothing. With
    --apply each pair gets a twin, which is then reconciled like any other: that writes what was
    shown, if nobody edits between. Never paired are tickets whose key a second ticket of their
    side holds, that have a twin already, or that nobody across matches.

    At the first agreement a value fills an empty field across. Where both sides hold something
    that differs, --base SIDE lets that side's value win; `none` goes by `initial` of link.yaml.
    Comments and files that are there before the pairing stay where they are; those made after it
    cross.

    Keys are compared without regard to case and to space around them. `key`, `id` and `url` are
    fields that every ticket has. Stopped or killed, the same command goes on; it never pairs a
    ticket twice. Exit status 1 if something is left for a person, or if it was stopped.

    \b
    Example:
    tieline connect jira-servicenow --by eng.key=it.correlation_display
    tieline connect jira-servicenow --by eng.key=it.correlation_display --base it --apply
    tieline connect jira-servicenow --csv pairs.csv
    """  # noqa: D301 - click keeps lines after this mark
    named = link_of(project, link)
    _fitting(named, by, listed, base, dry=dry, apply=apply)
    start, found = begin_at(since), Found(named)
    asker = Asker(Calls(project, deployed), named.name)
    whole = True
    try:
        with progress("reading", machine=machine) as now:
            _match(asker, found, by, listed, start, now)
            if apply and not machine:
                most = OF_A_PAIR * len(found.matches.pairs)
                say(foretold(named.name, brake_of(asker.calls, named.name), most, "up to"))
            _look(asker, found, "" if base == "none" else base, now, rate if apply else 0)
    except KeyboardInterrupt:
        whole = False
    except Trouble as trouble:
        if not found.pairs:
            raise
        trouble.show()
        whole = False
    brake = brake_of(asker.calls, named.name)
    if machine:
        print_json({**_json(found, applied=apply, whole=whole), "braked": list(brake["braked"])})
    elif found.matched:
        _print(found, applied=apply)
        say("" if apply else foretold(named.name, brake, found.writes))
        say(*braked(named.name, brake))
    if not whole:
        click.echo("Stopped. The same command goes on from here.", err=True)
    context.exit(0 if whole and found.fine and not brake["braked"] else 1)


def _fitting(
    link: Link, by: str | None, listed: Path | None, base: str, *, dry: bool, apply: bool
) -> None:
    """Raises Wrong where the words do not go together."""
    if (by is None) == (listed is None):
        raise Wrong("say --by FIELD or --csv FILE", "`tieline connect --help` shows both")
    if dry and apply:
        raise Wrong("--dry-run and --apply are opposites", "leave one of them out")
    if base not in {"none", *link.order}:
        raise unknown("side", base, (*link.order, "none"), "")


def _match(
    asker: Asker, found: Found, by: str | None, listed: Path | None, since: str, now: Say
) -> None:
    """Find out which tickets belong together. Raises Wrong, Trouble."""
    if by is not None:
        _match_keys(asker, found, read_by(by, found.link), since, now)
    elif listed is not None:
        _match_list(asker, found, listed, now)
    found.matched = True


def _match_keys(asker: Asker, found: Found, by: Mapping[str, str], since: str, now: Say) -> None:
    """Read the keys of all tickets of both sides. Raises Trouble."""
    asker.ask({"tieline": "connect_fields", "by": dict(by)})
    held: dict[str, list[Held]] = {}
    for side, name in by.items():
        ids = _ids(asker, side, since, now)
        several: list[Held] = []
        left = Left(len(ids), f"{side}: tickets read: ")

        def take(answer: Mapping[str, Any], into: list[Held] = several, left: Left = left) -> None:
            into += [Held(*one) for one in answer["keys"]]
            now(left.told(len(into)))

        event = {"tieline": "connect_keys", "side": side, "field": name}
        asker.each(ids, lambda part, e=event: {**e, "ids": part}, take, KEYS)  # type: ignore[misc]
        held[side] = several
    found.matches = match(found.link.order, held)


def _ids(asker: Asker, side: str, since: str, now: Say) -> list[str]:
    ids: dict[str, None] = {}
    position = None
    while True:
        event = {"tieline": "connect_list", "side": side, "since": since, "position": position}
        answer = asker.ask(event)
        ids |= dict.fromkeys(answer["ids"])
        position = answer["position"]
        now(f"{side}: {len(ids)} tickets listed")
        if answer["last"]:
            return list(ids)


def _match_list(asker: Asker, found: Found, listed: Path, now: Say) -> None:
    """Find the tickets that a file names. Raises Wrong, Trouble."""
    rows = read_csv(read_text(listed, "utf-8-sig").splitlines(), found.link)
    ids: dict[str, dict[str, str]] = {}
    for side in found.link.order:
        known: dict[str, str | None] = {}
        names = list(dict.fromkeys(row[side] for row in rows.values()))
        left = Left(len(names), f"{side}: names looked up: ")

        def take(
            answer: Mapping[str, Any], into: dict[str, str | None] = known, left: Left = left
        ) -> None:
            into |= dict(answer["names"])
            now(left.told(len(into)))

        event = {"tieline": "connect_names", "side": side}
        asker.each(names, lambda part, e=event: {**e, "names": part}, take, NAMES)  # type: ignore[misc]
        ids[side] = {name: id for name, id in known.items() if id is not None}
        found.unknown[side] = [name for name in names if name not in ids[side]]
    found.matches = match(found.link.order, held_by_list(found.link.order, rows, ids))


def _look(asker: Asker, found: Found, base: str, now: Say, rate: int) -> None:
    """Look at every pair; with a `rate`, bind them. Raises Trouble."""
    event = {"tieline": "connect_pairs", "base": base, "apply": bool(rate)}
    all_of_them = found.matches.pairs
    left = Left(len(all_of_them), "pairs: ")

    def take(answer: Mapping[str, Any]) -> None:
        found.pairs += answer["pairs"]
        now(left.told(len(found.pairs)))

    asker.each(all_of_them, lambda part: {**event, "pairs": part}, take, PAIRS, rate)


def _json(found: Found, *, applied: bool, whole: bool) -> dict[str, Any]:
    return {
        "link": found.link.name,
        "applied": applied,
        "whole": whole,
        "pairs": found.pairs,
        "ambiguous": [{"key": key, "tickets": held} for key, held in found.matches.ambiguous],
        "alone": found.matches.alone,
        "keyless": found.matches.keyless,
        "unknown": found.unknown,
        "states": found.states(),
    }


def _print(found: Found, *, applied: bool) -> None:
    for one in found.pairs:
        _print_pair(one)
    for key, held in found.matches.ambiguous:
        several = "; ".join(f"{s} {', '.join(names)}" for s, names in held.items() if names)
        click.echo(click.style(f"? {key!r} stands for several: {several}", fg="yellow"))
    for side, names in found.unknown.items():
        for name in names:
            click.echo(click.style(f"? {side} has no ticket {name}", fg="yellow"))
    states = found.states()
    done = states.get("connected" if applied else "ready", 0)
    writes = sum(len(one["writes"]) for one in found.pairs)
    click.echo(f"{done} pairs {'connected' if applied else 'to connect'}, {writes} fields to write")
    click.echo(f"{states.get('already', 0)} are connected already")
    left = len(found.pairs) - done - states.get("already", 0)
    click.echo(f"{left} are not paired, {len(found.matches.ambiguous)} keys stand for several")
    for side in found.link.order:
        alone, none = len(found.matches.alone.get(side, ())), found.matches.keyless.get(side, 0)
        click.echo(f"{side}: {alone} tickets with a key that nobody shares, {none} without one")
    if not applied and done:
        click.echo("Nothing was written. --apply pairs them.")
    elif applied and done:
        click.echo(f"`tieline status {found.link.name}` shows how the queue is worked off")


def _print_pair(one: Mapping[str, Any]) -> None:
    state = "" if one["state"] in FINE else f"  not paired: {one['why']}"
    if one["state"] == "already":
        return
    click.echo(pair(one["tickets"]) + click.style(state, fg="yellow"))
    writes: Sequence[Mapping[str, str]] = sorted(one["writes"], key=lambda w: str(w["side"]))
    for side, lines in groupby(writes, key=lambda line: str(line["side"])):
        for line in lines:
            before = f"{line['from']!r} -> " if line["from"] else ""
            click.echo(f"    {side} {line['what']}: {before}{line['to']!r}  ({line['why']})")
    for problem in one["problems"]:
        click.echo(click.style(f"    ! {problem}", fg="yellow"))
