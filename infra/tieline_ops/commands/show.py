"""`tieline show`: all that is known of one ticket and its counterpart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from tieline_ops.finding_ticket import Asked, about_a_ticket, the_one
from tieline_ops.speaking import moment, print_json, short, visible


@click.command(name="show")
@about_a_ticket("show")
@click.pass_context
def command(context: click.Context, asked: Asked, ticket: str, machine: bool) -> None:
    """Show how TICKET and its counterpart stand: both sides' fields, comments, files, history.

    TICKET is what people call it (OPS-12, INC0010001), its id, or its address. Without LINK all
    links are asked which of them keeps it. Both systems are read, nothing is written. Exit status
    1 if it is parked or the sides differ.

    \b
    Example:
      tieline show OPS-12
      tieline show jira-servicenow INC0010001
    """  # noqa: D301 - click keeps lines after this mark
    answer = the_one(asked, ticket, "show")
    if machine:
        print_json(answer)
    else:
        for line in lines(answer):
            click.echo(line)
    context.exit(1 if _wrong(answer) else 0)


def _wrong(answer: Mapping[str, Any]) -> bool:
    return bool(answer["parked"]) or any(f["agrees"] is False for f in answer.get("fields", ()))


def lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """What is printed of an answer to `show`."""
    twin = answer["twin"]
    title = click.style(answer["link"], bold=True)
    if twin is None:
        yield f"{title}  no counterpart; `tieline why` says why not"
        yield from _sides(answer)
        return
    yield f"{title}  {twin['state']}, mode {answer['mode']}, revision {twin['revision']}"
    yield from _sides(answer)
    yield f"  twin {twin['key']}, first was {twin['origin']}, since {moment(twin['born'])}"
    if twin["due"]:
        yield f"  looked at again {moment(twin['due']['at'])} ({twin['due']['why']})"
    yield from _waits(answer)
    yield from _fields(answer["fields"])
    yield from _parts(answer)
    yield from _history(answer["history"])


def _sides(answer: Mapping[str, Any]) -> Iterator[str]:
    width = max(map(len, answer["sides"]), default=0)
    for side, one in answer["sides"].items():
        name = one["key"] or one["id"] or "(none)"
        if one["id"] not in {"", name}:
            name += f"  id {one['id']}"
        yield f"  {side:{width}}  {name}  {one['url']}".rstrip()
        if one["unread"]:
            yield f"  {'':{width}}  not read: {one['unread']}"
        else:
            times = f"changed {moment(one['updated'])}, read {moment(one['read'])}"
            yield f"  {'':{width}}  version {one['version']}, {times}"
        if one["gone_since"]:
            yield f"  {'':{width}}  not there since {moment(one['gone_since'])}"


def _waits(answer: Mapping[str, Any]) -> Iterator[str]:
    parked = answer["parked"]
    if parked:
        said = f"{parked['kind']}: {parked['reason']}"
        yield click.style(f"  parked since {moment(parked['since'])}  {said}", fg="yellow")
        for word in ("words", "place"):
            if parked[word]:
                yield f"    {visible(parked[word])}"
    for side, pause in answer["paused"].items():
        until = f"until {moment(pause['until'])}" if pause["until"] else "until it is resumed"
        yield click.style(f"  {side} is paused {until}: {pause['reason']}", fg="yellow")


def _fields(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield click.style("fields", bold=True)
    for row in rows:
        agrees = row["agrees"]
        word = "?     " if agrees is None else "ok    " if agrees else "DIFFER"
        colour = {True: "green", False: "red", None: "yellow"}[agrees]
        names = f" {row['direction'].split(' ')[1]} ".join(_named(row))
        yield f"  {click.style(word, fg=colour)}  {names}" + (
            f"  {short(_one_value(row))}" if agrees and _one_value(row) is not None else ""
        )
        if not agrees or _one_value(row) is None:
            yield from _cells(row)


def _named(row: Mapping[str, Any]) -> list[str]:
    """Both fields of a rule, or its template and its field, in the direction's order."""
    sides = {side: f"{side}.{cell['field']}" for side, cell in row["sides"].items()}
    first, _, second = row["direction"].split(" ")
    template = f'"{row["template"]}"'
    return [sides.get(first, template), sides.get(second, template)]


def _one_value(row: Mapping[str, Any]) -> str | None:
    values = {cell["value"] for cell in row["sides"].values()}
    return next(iter(values)) if len(values) == 1 else None


def _cells(row: Mapping[str, Any]) -> Iterator[str]:
    width = max(map(len, row["sides"]))
    for side, cell in row["sides"].items():
        value = "(not read)" if cell["value"] is None else cell["value"] or "(empty)"
        was = f"   was {short(cell['base']) or '(empty)'}" if cell["changed"] else ""
        yield f"            {side:{width}}  {short(value)}{was}"


def _parts(answer: Mapping[str, Any]) -> Iterator[str]:
    if answer["comments"]:
        yield click.style("comments", bold=True)
    for one in answer["comments"]:
        kind = "" if one["public"] else " (internal)"
        who = f"{one['side']} {visible(one['author']) or 'somebody'}{kind}"
        yield f"  {moment(one['at'])}  {who}, {one['became']}: {visible(one['words']) or '…'}"
    if answer["files"]:
        yield click.style("files", bold=True)
    for one in answer["files"]:
        said = f"{visible(one['name'])} ({one['size']} bytes), {one['became']}"
        yield f"  {moment(one['at'])}  {one['side']} {said}"


def _history(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield click.style("history", bold=True)
    for one in changes:
        moved = f"{short(one['before']) or '(empty)'} -> {short(one['after']) or '(empty)'}"
        cause = f", {one['cause']}" if one["cause"] else ""
        who = f" by {visible(one['who'])}" if one["who"] else ""
        what = f"{moment(one['at'])}  {one['side']}.{one['what']}"
        yield f"  {what}  {moved}  ({one['why']}{cause}){who}"
