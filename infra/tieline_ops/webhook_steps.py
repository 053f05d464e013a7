"""What people do in a system whose webhooks they make by hand: numbered steps, address and all.

Taken from each system's page under docs/connectors. The secret itself never stands in them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tieline.domain.link import Link


@dataclass(frozen=True, slots=True)
class Steps:
    """`proof` says in which header (or field) the secret goes, `events` what is to be told."""

    address: str
    proof: str
    events: tuple[str, ...]
    lines: tuple[str, ...]

    def text(self) -> str:
        """As people read it."""
        return "\n".join(f"  {n}. {line}" for n, line in enumerate(self.lines, 1))

    def as_json(self) -> dict[str, object]:
        return {
            "address": self.address,
            "proof": self.proof,
            "events": list(self.events),
            "lines": list(self.lines),
        }


def steps(link: Link, side: str, address: str) -> Steps:
    """The steps for one side of a link."""
    place = link.sides[side]
    made = _STEPS[place.system](link.name, side, address, place.scope)
    held = (
        f"The secret is `webhook_secret` in the part {side!r} of the secret tieline/{link.name}; "
        f"`tieline webhooks register {link.name} --side {side} --show-secret` prints it."
    )
    return Steps(address, made.proof, made.events, (*made.lines, held))


def removal(link: Link, side: str, address: str) -> str:
    """What to take away by hand."""
    return f"{_WHERE[link.sides[side].system]}: take away what posts to {address}"


@dataclass(frozen=True, slots=True)
class _Made:
    proof: str
    events: tuple[str, ...]
    lines: tuple[str, ...]


Scope = Mapping[str, str]
Maker = Callable[[str, str, str, Scope], _Made]
_HEADER = "X-Tieline-Secret: <the secret>"


def _github(_link: str, _side: str, address: str, scope: Scope) -> _Made:
    events = ("Issues", "Issue comments")
    return _Made(
        "Secret (signs X-Hub-Signature-256)",
        events,
        (
            f"As an administrator of {scope['repository']}: Settings > Webhooks > Add webhook.",
            f"Payload URL: {address}   Content type: application/json",
            "Secret: the secret. SSL verification: enabled.",
            f"Let me select individual events: {' and '.join(events)}, nothing else. Active.",
        ),
    )


def _azure_devops(_link: str, _side: str, address: str, scope: Scope) -> _Made:
    events = tuple(
        f"Work item {kind}"
        for kind in ("created", "updated", "commented on", "deleted", "restored")
    )
    return _Made(
        "Basic authentication: tieline / <the secret>",
        events,
        (
            (
                f"As a Project Collection Administrator: {scope['project']}, Project settings > "
                "Service hooks > Create subscription > Web Hooks."
            ),
            f"One subscription for each of: {', '.join(events)}; no filter on area or type.",
            f"URL: {address}",
            "Basic authentication username: tieline   password: the secret",
            "Resource details to send: All. Messages and detailed messages to send: None. Finish.",
        ),
    )


def _jira(_link: str, _side: str, address: str, scope: Scope) -> _Made:
    events = (
        "Issue created, updated, deleted",
        "Comment created, updated, deleted",
        "Attachment created, deleted",
    )
    return _Made(
        "Secret (signs X-Hub-Signature)",
        events,
        (
            "As a Jira administrator: Settings > System > WebHooks > Create a WebHook.",
            f"URL: {address}   Secret: the secret   Exclude body: no",
            f'JQL: project = "{scope["project"]}"',
            f"Events: {'; '.join(events)}.",
        ),
    )


def _zendesk(link: str, side: str, address: str, _scope: Scope) -> _Made:
    return _Made(
        "Zendesk's own signing secret (X-Zendesk-Webhook-Signature)",
        ("all events of tickets",),
        (
            (
                "As an administrator: Admin Center > Apps and integrations > Webhooks > Create "
                "webhook > Zendesk events: all events of tickets."
            ),
            f"Endpoint URL: {address}   Method: POST   Format: JSON   Authentication: none",
            "Open it, Reveal secret: it signs X-Zendesk-Webhook-Signature.",
            f"Store it: `tieline secrets set {link} {side}` takes it as the webhook secret.",
        ),
    )


def _freshdesk(_link: str, _side: str, address: str, _scope: Scope) -> _Made:
    told, gone = {"ticket_id": "{{ticket.id}}"}, {"ticket_id": "{{ticket.id}}", "event": "deleted"}
    events = (
        "ticket creation: any ticket",
        (
            "ticket update by an agent (but Tieline's) or a requester: priority, status, group, "
            "agent, type, the link's fields, note added, reply sent, due date, ticket updated"
        ),
        "ticket deleted or marked as spam, by anybody",
    )
    return _fresh(address, "Admin > Workflows > Automations", "rule", events, told, gone)


def _freshservice(_link: str, _side: str, address: str, scope: Scope) -> _Made:
    module = scope.get("module", "tickets")
    told = {"module": module, "id": f"{{{{{module.removesuffix('s')}.id}}}}"}
    gone = {**told, "event": "deleted"}
    one = module.removesuffix("s")
    events = (
        f"{one} is raised",
        f"{one} is updated, note is added, reply is sent: by anybody but Tieline's agent",
        f"{one} is deleted",
    )
    where = "Admin > Workflow Automator"
    return _fresh(address, where, "workflow", events, told, gone)


def _fresh(
    address: str,
    where: str,
    what: str,
    events: tuple[str, ...],
    told: Mapping[str, str],
    gone: Mapping[str, str],
) -> _Made:
    """Neither system's API makes automations: its rules are made on its pages alone."""
    return _Made(
        _HEADER,
        events,
        (
            f"As an administrator: {where}. Make three of them.",
            *(f"The {what} number {n}: {event}." for n, event in enumerate(events, 1)),
            f"In each: Trigger webhook, POST, URL {address}, encoding JSON, content Advanced.",
            'Custom header in each: {"X-Tieline-Secret": "<the secret>"}',
            f"Content of the first two: {json.dumps(told)}",
            f"Content of the third: {json.dumps(gone)}",
        ),
    )


def _servicenow(link: str, side: str, address: str, scope: Scope) -> _Made:
    command = f"tieline rule {link} {side}"
    return _Made(
        "X-Tieline-Signature (signed by the rule)",
        ("insert", "update", "delete"),
        (
            (
                f"`{command} --install --user ADMIN` writes the business rule of table "
                f"{scope['table']} and its two system properties; it asks for ADMIN's password."
            ),
            (
                f"Or by hand: `{command}` prints the script; make an async business rule of it for "
                "insert, update and delete."
            ),
            f"Its property tieline.{link}.{side}.url = {address}",
            (
                f"Its property tieline.{link}.{side}.key (password2) = the secret in base64, as "
                f"`{command} --show-key` prints it. The script signs X-Tieline-Signature with it."
            ),
        ),
    )


def _salesforce(_link: str, _side: str, address: str, _scope: Scope) -> _Made:
    case = {
        "case": "{!$Record.Id}",
        "stamp": "{!Stamp}",
        "reference": "{!$Record.Sync_Ref__c}",
        "sent": "{!Sent}",
        "delivery": "{!$Flow.InterviewGuid}",
    }
    comment = {n: t for n, t in case.items() if n in {"sent", "delivery"}}
    return _Made(
        _HEADER,
        ("Case created or updated", "Case Comment created or updated"),
        (
            (
                "Setup > Named Credentials: an External Credential (custom, one principal) with "
                "the custom header X-Tieline-Secret, whose value is the secret."
            ),
            f"A Named Credential for {address}; let the automated process user use it.",
            (
                "A record-triggered flow on Case, created or updated, LastModifiedById is not "
                "Tieline's user, path Run Asynchronously: an HTTP callout (POST) with "
                f"{json.dumps(case)}"
            ),
            (
                "There Stamp is the formula TEXT({!$Record.SystemModstamp}) and Sent is "
                "TEXT({!$Flow.CurrentDateTime})."
            ),
            (
                "Another one on Case Comment, created or updated, with "
                f"{json.dumps({'case': '{!$Record.ParentId}', **comment})}"
            ),
        ),
    )


def _rest(_link: str, _side: str, address: str, scope: Scope) -> _Made:
    told = json.loads(scope["description"]).get("webhook")
    if told is None:
        nothing = "The description of this system says nothing of webhooks: the poll finds changes."
        return _Made("none", (), (nothing,))
    proof = f"{told['header']} ({told.get('proof', 'token')})"
    return _Made(
        proof,
        ("ticket created, changed, deleted",),
        (
            f"In the system's own settings: a webhook that posts JSON to {address}",
            f"Proof by the secret in the header {proof}.",
            f"Its body names the ticket at {told['id']}.",
        ),
    )


_STEPS: Mapping[str, Maker] = {
    "github": _github,
    "azure-devops": _azure_devops,
    "jira": _jira,
    "zendesk": _zendesk,
    "freshdesk": _freshdesk,
    "freshservice": _freshservice,
    "servicenow": _servicenow,
    "salesforce": _salesforce,
    "rest": _rest,
}
_WHERE: Mapping[str, str] = {
    "github": "Settings > Webhooks of the repository",
    "azure-devops": "Project settings > Service hooks",
    "jira": "Settings > System > WebHooks",
    "zendesk": "Admin Center > Webhooks",
    "freshdesk": "Admin > Workflows > Automations",
    "freshservice": "Admin > Workflow Automator",
    "servicenow": "System Definition > Business Rules, and the rule's two system properties",
    "salesforce": "the flows on Case and Case Comment",
    "rest": "the system's own settings",
}
