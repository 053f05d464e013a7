"""`tieline cost`: what links cost on AWS in a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from tieline_ops import volumes
from tieline_ops.cost import EXAMPLE, Bill, Prices, Stack, prices
from tieline_ops.project import Project
from tieline_ops.running import Running, asked_for, running
from tieline_ops.speaking import json_option, print_json
from tieline_ops.trouble import Trouble, Wrong

WHAT_IF = (
    "each change is one of the example: one field, its webhook, its echo, while the link is busy",
    "changes are spread evenly over the links and over the hours of the month",
)
LOCAL = (
    "polls, empty receives and the secret are the idle link's",
    "units of the table and bytes of the log are the example's for each message",
    "time is this machine's, with simulated systems that answer at once",
)
AWS = (
    "SQS counts messages, not requests: those that hold several are counted too high",
    "the table belongs to all links; the share of those asked for is that of their invocations",
    "reads of the secret are not counted by AWS, and are four an hour for each link",
)
ALWAYS = ("no free tier, no taxes, no data sent out, no traces unless they are switched on",)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A bill, where its volumes are from, and what was assumed."""

    bill: Bill
    source: str
    links: int
    assumptions: tuple[str, ...]


@click.command(name="cost")
@click.argument("links", nargs=-1)
@click.option("--changes", type=click.IntRange(0), help="What if: so many changes in a month.")
@click.option("--links", "how_many", type=click.IntRange(1), help="What if: so many links.")
@click.option("--days", type=click.IntRange(1, 90), default=30, show_default=True, help="Of AWS.")
@click.option("--stack", default="tieline", show_default=True, help="The deployed stack.")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
def command(
    project: Project,
    links: Sequence[str],
    changes: int | None,
    how_many: int | None,
    days: int,
    stack: str,
    deployed: bool,
    machine: bool,
) -> None:
    """Show what LINKS, or all of them, cost on AWS in a month, by service.

    From what CloudWatch counted of the deployed links, or from what the local stack counted if
    it is up, or, with --changes and --links, for volumes that you name. List prices; the
    templates of this checkout say what stands.

    \b
    Example:
      tieline cost
      tieline cost --changes 50000 --links 4
    """  # noqa: D301 - click keeps lines after this mark
    if not project.template.exists():
        raise Trouble("there is no template.yaml here", "go into a checkout of the project")
    made, list_ = Stack.read(project.root), prices()
    if changes is not None or how_many is not None:
        if links:
            raise Wrong("--changes and --links stand for links", "name no link with them")
        found = _what_if(project, made, list_, changes or 0, how_many or 1)
    else:
        names = asked_for(project, links, deployed=deployed)
        local = None if deployed else next((r for n in names if (r := running(project, n))), None)
        if local is not None:
            found = _locally(project, made, list_, local, names)
        else:
            found = _on_aws(project, made, list_, names, days, stack)
    if machine:
        print_json(_told(found, list_))
    else:
        _print(found, list_)


def _what_if(project: Project, stack: Stack, list_: Prices, count: int, links: int) -> Estimate:
    more = volumes.expected(stack, list_, count, links, EXAMPLE)
    bill = volumes.month(project.root, stack, list_, [more], links)
    return Estimate(bill, f"{count:,} changes in a month, {links} links", links, WHAT_IF)


def _locally(
    project: Project, stack: Stack, list_: Prices, local: Running, names: Sequence[str]
) -> Estimate:
    import requests  # noqa: PLC0415 - slow to import

    hours = 24 * list_.assumed["days_in_month"]
    more, messages, seen = [], 0, 0.0
    for name in names:
        try:
            usage = requests.post(f"{local.gateway}/_local/usage/{name}", timeout=30).json()
            pace, each = volumes.as_locally(usage, stack)
        except (requests.RequestException, ValueError, KeyError) as error:
            what = f"the local stack gave no answer ({type(error).__name__})"
            raise Trouble(what, "start it with `make run`") from None
        messages, seen = messages + usage["messages"], max(seen, usage["hours"])
        more.append(volumes.expected(stack, list_, pace * hours, 1, each))
    bill = volumes.month(project.root, stack, list_, more, len(names))
    source = f"the local stack: {messages} messages in {seen:.2f} hours, at that pace for a month"
    return Estimate(bill, source, len(names), LOCAL)


def _on_aws(
    project: Project, stack: Stack, list_: Prices, names: Sequence[str], days: int, root: str
) -> Estimate:
    import boto3  # noqa: PLC0415 - slow to import
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from tieline_ops.cloudwatch import read  # noqa: PLC0415

    try:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=root)["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}
        client: Any = boto3.client("cloudwatch")
        now = datetime.now(UTC)
        everyone = project.names()
        seen = read(client, names, everyone, outputs["Table"], stack.memory_gb, days, now)
    except (BotoCoreError, ClientError, LookupError) as error:
        what = f"CloudWatch cannot be asked about the stack {root!r} ({type(error).__name__})"
        hint = "set AWS_REGION and credentials, or say --changes and --links"
        raise Trouble(what, hint) from None
    bill = volumes.counted(project.root, stack, list_, seen)
    return Estimate(bill, f"CloudWatch, the last {days} days", len(names), AWS)


def _told(found: Estimate, list_: Prices) -> dict[str, Any]:
    services = {
        service: {
            "usd": round(sum(line.usd for line in lines), 6),
            "lines": [
                {"what": one.what, "amount": one.amount, "usd": round(one.usd, 6)} for one in lines
            ],
        }
        for service, lines in volumes.by_service(found.bill)
    }
    return {
        "usd": round(found.bill.usd, 6),
        "links": found.links,
        "from": found.source,
        "services": services,
        "prices": {"date": list_.date, "region": list_.region},
        "assumptions": [*found.assumptions, *ALWAYS],
        "assumed": dict(list_.assumed),
    }


def _print(found: Estimate, list_: Prices) -> None:
    click.echo(f"From {found.source}\n")
    click.echo(f"{'':<48} {'amount':>16} {'US dollars':>11}")
    for service, lines in volumes.by_service(found.bill):
        usd = sum(line.usd for line in lines)
        click.echo(click.style(f"{service:<48} {'':>16} {usd:>11.2f}", bold=True))
        for line in lines:
            click.echo(f"  {line.what:<46} {line.amount:>16,.6g} {line.usd:>11.4f}")
    click.echo(f"{f'a month, {found.links} links':<48} {'':>16} {found.bill.usd:>11.2f}")
    click.echo(f"\nList prices of {list_.region}, {list_.date}, from prices.yaml. Assumed:")
    for words in (*found.assumptions, *ALWAYS):
        click.echo(f"  {words}")
