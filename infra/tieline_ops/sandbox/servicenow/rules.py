"""Runs Tieline's business rule as an instance would: from its records, once, with no retry."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import timedelta

from tieline_ops.sandbox.servicenow.state import Event, Instance, mac
from tieline_ops.sandbox.webhooks import Headers, Target, Webhooks

_PROPERTY = re.compile(r"gs\.getProperty\('([^']+\.(?:key|url))'\)")


class Rules:
    """The active rules of `sys_script` that send our webhook; a listener of the instance."""

    def __init__(self, instance: Instance, webhooks: Webhooks) -> None:
        self.targets: dict[str, Target] = {}
        self.errors: list[str] = []  # what the instance's log would say
        self._instance = instance
        self._webhooks = webhooks
        instance.listeners.append(self._told)

    def _told(self, event: Event) -> None:
        for rule in self._instance.rows("sys_script"):
            meant = rule["active"] == "true" and rule[f"action_{event.operation}"] == "true"
            if meant and rule["collection"] in {event.table, "task"}:
                self._run(rule["script"], event)

    def _run(self, script: str, event: Event) -> None:
        names = list(dict.fromkeys(_PROPERTY.findall(script)))
        found = {name.rpartition(".")[2]: self._instance.property(name) for name in names}
        key, url = found.get("key", ""), found.get("url", "")
        if not key or not url:
            self.errors.append(f"tieline: {' or '.join(names)} is not set")
            return
        told = f"{event.operation} {event.row['sys_id']} {event.row['sys_mod_count']} {url}"
        delivery = uuid.uuid5(uuid.NAMESPACE_URL, told).hex  # as gs.generateGUID() gives one
        body = json.dumps(self._body(event, delivery), ensure_ascii=False).encode()
        self._webhooks.post(
            self.targets.get(url, url), _headers(delivery, "sha256=" + mac(key, body)), body
        )

    def _body(self, event: Event, delivery: str) -> dict[str, object]:
        row = event.row
        milliseconds = event.at.timestamp() // timedelta(milliseconds=1).total_seconds()
        return {
            "v": 1,
            "event": event.operation,
            "table": event.table,
            "sys_id": row["sys_id"],
            "number": row["number"],
            "sys_mod_count": row["sys_mod_count"],
            "sys_updated_on": row["sys_updated_on"],
            "sys_updated_by": row["sys_updated_by"],
            "correlation_id": row["correlation_id"],
            "instance": self._instance.content.instance,
            "delivery_id": delivery,
            "ts": str(int(milliseconds)),
        }


def _headers(delivery: str, signature: str) -> Headers:
    def headers(_: bytes, attempt: int) -> Mapping[str, str]:  # noqa: ARG001
        return {
            "Content-Type": "application/json; charset=UTF-8",
            "X-Tieline-Delivery": delivery,
            "X-Tieline-Signature": signature,
        }

    return headers
