"""The business rule by which a ServiceNow table tells Tieline of changes, and what it needs.

ServiceNow has no webhooks of its own: a rule is a script of the instance. It signs its body with
`GlideCertificateEncryption.generateMac`, whose key is base64 and whose result is base64, and sends
once. Sources: GlideCertificateEncryption; sn_ws RESTMessageV2; Business rules.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

Call = Callable[[str, str, Mapping[str, str]], Any]
"""Makes a record: table, its name, its fields. Used by `install`."""
SCRIPT = """(function executeRule(current, previous) {
  var key = gs.getProperty('{prefix}.key');
  var url = gs.getProperty('{prefix}.url');
  if (!key || !url) { gs.error('tieline: {prefix}.key or {prefix}.url is not set'); return; }
  var delivery = gs.generateGUID();
  var body = JSON.stringify({
    v: 1, event: String(current.operation()), table: String(current.getTableName()),
    sys_id: String(current.getUniqueValue()), number: String(current.number),
    sys_mod_count: String(current.sys_mod_count),
    sys_updated_on: String(current.sys_updated_on),
    sys_updated_by: String(current.sys_updated_by),
    correlation_id: String(current.correlation_id || ''),
    instance: String(gs.getProperty('instance_name')),
    delivery_id: String(delivery), ts: String(new GlideDateTime().getNumericValue())
  });
  var mac = new GlideCertificateEncryption().generateMac(key, 'HmacSHA256', body);
  var message = new sn_ws.RESTMessageV2();
  message.setEndpoint(url);
  message.setHttpMethod('POST');
  message.setHttpTimeout(10000);
  message.setRequestHeader('Content-Type', 'application/json; charset=UTF-8');
  message.setRequestHeader('X-Tieline-Delivery', String(delivery));
  message.setRequestHeader('X-Tieline-Signature', 'sha256=' + mac);
  message.setRequestBody(body);
  message.executeAsync();
})(current, previous);
"""


def script(prefix: str) -> str:
    """The rule's script; `prefix` names its two system properties."""
    return SCRIPT.replace("{prefix}", prefix)


def key_of(secret: str) -> str:
    """A webhook secret as the rule's property holds it: base64 of its bytes."""
    return base64.b64encode(secret.encode()).decode()


def records(table: str, url: str, secret: str, prefix: str) -> list[tuple[str, dict[str, str]]]:
    """The records to make, in order: two properties (the key as password2) and the rule."""
    return [
        (
            "sys_properties",
            {"name": f"{prefix}.key", "type": "password2", "value": key_of(secret)},
        ),
        ("sys_properties", {"name": f"{prefix}.url", "type": "string", "value": url}),
        (
            "sys_script",
            {
                "name": prefix,
                "collection": table,
                "when": "async",
                "action_insert": "true",
                "action_update": "true",
                "action_delete": "true",
                "active": "true",
                "advanced": "true",
                "script": script(prefix),
            },
        ),
    ]


def business_rule(table: str, url: str, prefix: str) -> str:
    """The rule for people who install it by hand: where it goes, its properties, its script."""
    return (
        f"System Definition > Business Rules > New\n"
        f"Name: {prefix}   Table: {table}   Advanced: yes   When: async   Insert, Update, Delete\n"
        f"System properties: {prefix}.key (password2, base64 of the webhook secret), "
        f"{prefix}.url = {json.dumps(url)}\n\n{script(prefix)}"
    )


def install(
    find: Callable[[str, str], str | None],
    make: Call,
    change: Callable[[str, str, Mapping[str, str]], Any],
    wanted: list[tuple[str, dict[str, str]]],
) -> list[str]:
    """Make the records by the Table API, or bring those of the same name up to date.

    `find` gives the sys_id of a table's record of a name, `make` makes one, `change` writes one.
    Gives a line for each. The account needs the role admin for it.
    """
    done = []
    for table, fields in wanted:
        id = find(table, fields["name"])
        if id is None:
            make(table, fields["name"], fields)
        else:
            change(table, id, fields)
        done.append(f"{table} {fields['name']}: {'made' if id is None else 'brought up to date'}")
    return done
