"""What an org sends: a flow's HTTP callout, and outbound messages."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from xml.sax.saxutils import escape

from tieline_ops.sandbox.salesforce.state import Event, Record, Site, id18, stamp
from tieline_ops.sandbox.webhooks import Retry, Target, Webhooks

MESSAGES = Retry(
    times=20,
    statuses=frozenset(range(300, 600)),
    when_refused=True,
    wait=timedelta(minutes=5),
)
"""Outbound messages are repeated for a day; a callout of a flow never is."""
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_OUTBOUND = "http://soap.sforce.com/2005/09/outbound"


@dataclass(frozen=True, slots=True)
class Hook:
    """A receiver and the secret that was agreed with it."""

    target: Target
    secret: str


class Registry:
    """The receivers of one org, called as its rows change."""

    def __init__(self, site: Site, callouts: Webhooks, messages: Webhooks) -> None:
        self._site = site
        self._callouts = callouts
        self._messages = messages
        self.flows: list[Hook] = []
        self.outbound: list[Hook] = []
        self.held: list[Record] = []
        self.gathers = False
        """Messages wait to be sent together by `send_gathered`."""
        site.listeners.append(self._heard)

    def _heard(self, event: Event) -> None:
        # A flow that starts before a deletion has no path that may call out.
        if event.what == "deleted":
            return
        for hook in self.flows:
            self._call_out(hook, event)
        if event.what in {"created", "updated"}:
            self.held.append(event.case)
            if not self.gathers:
                self.send_gathered()

    def _call_out(self, hook: Hook, event: Event) -> None:
        """The JSON that our page has an administrator build."""
        case = event.case.values
        body = {
            "case": case["Id"],
            "reference": case.get("Sync_Ref__c") or "",
            "sent": _formula(self._site.now()),
            "delivery": str(uuid.uuid4()),
        }
        if event.what != "commented":
            body["stamp"] = _formula(case["SystemModstamp"])
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "SFDC-Callout/62.0",
            "X-Tieline-Secret": hook.secret,
        }
        self._callouts.post(hook.target, lambda *_: headers, json.dumps(body).encode())

    def send_gathered(self) -> None:
        """One message for all cases that wait: each as it is now."""
        records, self.held = self.held, []
        for hook in self.outbound:
            if records:
                body = self._message(hook, records)
                headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
                self._messages.post(hook.target, lambda *_, sent=headers: sent, body)

    def _message(self, hook: Hook, records: list[Record]) -> bytes:
        told = "".join(self._notification(hook, record) for record in records[:100])
        org = id18(self._site.content.organisation)
        host = self._site.content.host
        return (
            f'{_XML}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n <soapenv:Body>\n'
            f'  <notifications xmlns="{_OUTBOUND}">\n   <OrganizationId>{org}</OrganizationId>\n'
            '   <ActionId>04kKo0000000001AAA</ActionId>\n   <SessionId xsi:nil="true"/>\n'
            f"   <EnterpriseUrl>{host}/services/Soap/c/62.0/{org}</EnterpriseUrl>\n"
            f"   <PartnerUrl>{host}/services/Soap/u/62.0/{org}</PartnerUrl>\n{told}"
            "  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>\n"
        ).encode()

    def _notification(self, hook: Hook, record: Record) -> str:
        case = record.values
        fields = {
            "Id": case["Id"],
            "SystemModstamp": stamp(case["SystemModstamp"]).replace("+0000", "Z"),
            "Sync_Ref__c": case.get("Sync_Ref__c") or "",
            "Sync_Proof__c": hook.secret,
        }
        inner = "".join(
            f"     <sf:{name}>{escape(text)}</sf:{name}>\n" for name, text in fields.items() if text
        )
        name = f"04lKo{secrets.token_hex(5).upper()}AAA"
        return (
            f"   <Notification>\n    <Id>{name}</Id>\n"
            '    <sObject xsi:type="sf:Case" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">\n'
            f"{inner}    </sObject>\n   </Notification>\n"
        )


def _formula(moment: object) -> str:
    """A moment as a formula's TEXT() writes it."""
    return f"{moment:%Y-%m-%d %H:%M:%SZ}"
