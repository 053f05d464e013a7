"""`tieline rule`: the ServiceNow business rule that tells a link of changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tieline.connectors.servicenow.api import RECORD, TABLE, Api, literal
from tieline.connectors.servicenow.auth import ServiceNowSecret
from tieline.domain.errors import TielineError
from tieline.domain.link import Link
from tieline_ops.link_folder import load
from tieline_ops.live_checks import secret_of
from tieline_ops.project import Project
from tieline_ops.running import Running, running
from tieline_ops.servicenow_rule import business_rule, install, key_of, records
from tieline_ops.speaking import json_option, print_json, progress
from tieline_ops.trouble import Trouble, Wrong, unknown
from tieline_ops.webhook_address import base_of


@click.command(name="rule")
@click.argument("link")
@click.argument("side")
@click.option("--endpoint", help="The webhooks' address; asked of CloudFormation if not given.")
@click.option("--stack", default="tieline", show_default=True, help="The deployed stack.")
@click.option("--show-key", is_flag=True, help="Print the signing key, too.")
@click.option("--install", "installing", is_flag=True, help="Write rule and properties there.")
@click.option("--user", help="With --install: an administrator; the link's own account if not.")
@click.option(
    "--password",
    envvar="TIELINE_ADMIN_PASSWORD",
    help="The administrator's; better in TIELINE_ADMIN_PASSWORD, or typed when asked.",
)
@click.option(
    "--secrets",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file of credentials; from Secrets Manager if not given.",
)
@click.option("--deployed", is_flag=True, help="The deployed link, even if `make run` is up.")
@json_option
@click.pass_obj
def command(
    project: Project,
    link: str,
    side: str,
    endpoint: str | None,
    stack: str,
    show_key: bool,
    installing: bool,
    user: str | None,
    password: str | None,
    secrets: Path | None,
    deployed: bool,
    machine: bool,
) -> None:
    """Print the business rule by which a ServiceNow SIDE tells LINK of changes.

    With --install the rule and its two system properties are written to the instance, which
    takes an administrator. What is there already is brought up to date.

    \b
    Example:
      tieline rule jira-servicenow it --install
    """  # noqa: D301 - click keeps lines after this mark
    found = _link(project, link, side)
    local = None if deployed else running(project, link)
    placed = local.placed(found) if local else found
    stanza = project.stanzas().get(link, "")
    url = f"{(endpoint or base_of(local, stack, stanza)).rstrip('/')}/{link}/{side}"
    table, prefix = found.sides[side].scope["table"], f"tieline.{link}.{side}"
    said: dict[str, Any] = {"name": prefix, "table": table, "url": url}
    if show_key or installing:
        part = part_of(placed, side, secrets, local)
        secret = part.root.webhook_secret.get_secret_value()
        if show_key:
            said["key"] = key_of(secret)
        if installing:
            login = _administrator(user, password) if user else part
            with progress(f"writing to {placed.sides[side].url}", machine=machine):
                said["installed"] = write_records(
                    placed.sides[side].url, login, records(table, url, secret, prefix)
                )
    rule = business_rule(table, url, prefix)
    if machine:
        print_json({**said, "rule": rule})
        return
    if not installing:
        click.echo(rule)
    if "key" in said:
        click.echo(f"{prefix}.key = {said['key']}")
    for line in said.get("installed", ()):
        click.echo(line)


def _link(project: Project, name: str, side: str) -> Link:
    (name,) = project.chosen([name])
    loaded = load(project.functions / name)
    if loaded.link is None:
        raise Trouble(f"functions/{name}/link.yaml has faults", f"see `tieline check {name}`")
    if side not in loaded.link.order:
        raise unknown("side", side, loaded.link.order, "")
    system = loaded.link.sides[side].system
    if system != "servicenow":
        hint = f"docs/connectors/{system}.md says how its webhooks are set up"
        raise Wrong(f"{side} is no ServiceNow side but {system}", hint)
    return loaded.link


def part_of(link: Link, side: str, file: Path | None, local: Running | None) -> ServiceNowSecret:
    client = local.client("secretsmanager") if local and not file else None
    try:
        return ServiceNowSecret.model_validate(secret_of(link, file, client).side(side))
    except TielineError as error:
        hint = f"put it into the secret tieline/{link.name}, or give --secrets"
        raise Trouble(str(error), hint) from None
    except ValueError:
        raise Trouble(f"the secret's part {side!r} does not fit", "see `tieline check`") from None


def _administrator(user: str, password: str | None) -> ServiceNowSecret:
    typed = password or click.prompt(f"Password of {user}", hide_input=True, err=True)
    held = {"kind": "basic", "username": user, "password": typed, "webhook_secret": ""}
    return ServiceNowSecret.model_validate(held)


def write_records(
    url: str, login: ServiceNowSecret, wanted: list[tuple[str, dict[str, str]]]
) -> Any:
    api = Api(login, url, session=None, watch=None, sleep=_no_wait, clock=_now)

    def find(table: str, name: str) -> str | None:
        rows = api.rows(table, f"name={literal(name)}", ("sys_id", "name"), 1)
        return next((str(_raw(row["sys_id"])) for row in rows if _raw(row["name"]) == name), None)

    def make(table: str, _: str, fields: Mapping[str, str]) -> Any:
        return api.result("POST", TABLE, parts={"table": table}, json=dict(fields))

    def change(table: str, id: str, fields: Mapping[str, str]) -> Any:
        return api.result("PATCH", RECORD, parts={"table": table, "id": id}, json=dict(fields))

    try:
        return install(find, make, change, wanted)
    except TielineError as error:
        hint = "give an administrator with --user, or make the rule by hand"
        raise Trouble(str(error), hint) from None


def _raw(value: Any) -> Any:
    return value.get("value") if isinstance(value, dict) else value


def _no_wait(_: float) -> None:
    """A refusal is told at once; the next call is a person's."""


def _now() -> datetime:
    return datetime.now(UTC)
