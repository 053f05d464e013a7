"""The checker finds what does not fit, and Microsoft's own examples fit."""

from __future__ import annotations

import json

import pytest
from contract.azure_devops.swagger import faults, operations
from support.azure_devops import URL, Bench

from tieline_ops.sandbox.traffic import Exchange

ITEM = "/fabrikam/Fabrikam/_apis/wit/workitems/1"
JSON = {"content-type": "application/json"}
PATCH = {"content-type": "application/json-patch+json"}


def asked(method: str, path: str, query: str, **more: object) -> list[str]:
    made = {"headers": {}, "body": b"", "status": 200, "answer": b"{}", **more}
    return faults([Exchange(method, path, query, **made)])  # type: ignore[arg-type]


def test_what_fits_is_no_fault():
    assert asked("GET", ITEM, "api-version=7.1&$expand=relations") == []
    assert asked("GET", ITEM.lower(), "api-version=7.2-preview.3") == []
    assert asked("GET", "/fabrikam/_apis/wit/workitems/1", "api-version=7.1") == []
    body = json.dumps([{"op": "test", "path": "/rev", "value": 1}]).encode()
    assert asked("PATCH", ITEM, "api-version=7.1", headers=PATCH, body=body) == []


@pytest.mark.parametrize(
    ("method", "path", "query", "more", "fault"),
    [
        ("GET", ITEM, "", {}, "api-version"),
        ("GET", ITEM, "api-version=5.0", {}, "api-version"),
        ("GET", ITEM, "api-version=7.1&expand=all", {}, "?expand is unknown"),
        ("GET", ITEM, "api-version=7.1&$expand=most", {}, "?$expand is 'most'"),
        ("GET", ITEM, "api-version=7.1", {"answer": b'{"rev":"a"}'}, "$.rev"),
        ("GET", ITEM, "api-version=7.1", {"status": 299}, "status 299"),
        ("GET", "/fabrikam/_apis/wit/tickets", "api-version=7.1", {}, "not described"),
        ("GET", ITEM + "/comments", "api-version=7.1", {}, "api-version"),
        ("POST", "/fabrikam/Fabrikam/_apis/wit/wiql", "api-version=7.1&timePrecision=1",
         {"headers": JSON, "body": b"{}"}, "timePrecision"),
        ("PATCH", ITEM, "api-version=7.1", {"headers": JSON, "body": b"[]"}, "a body of"),
        ("PATCH", ITEM, "api-version=7.1", {"headers": PATCH, "body": b'{"op":"add"}'}, "sent $"),
        ("PATCH", ITEM, "api-version=7.1",
         {"headers": PATCH, "body": b'[{"op":"set","path":"/x"}]'}, "$[0].op"),
        ("GET", "/fabrikam/Fabrikam/_apis/wit/fields", "api-version=7.1", {"answer": b"[]"},
         "not wrapped"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(method, path, query, more, fault):
    assert fault in " ".join(asked(method, path, query, **more))


def test_every_call_of_the_connector_is_one_that_is_described(bench: Bench):
    connector = bench.connector()
    connector.whoami()
    assert all(finding.ok for finding in connector.inspect())
    seen = {e.path.removeprefix("/fabrikam") for e in bench.sandbox.traffic.exchanges()}
    beside = {"/_apis/connectionData", "/_apis/identities"}
    described = [path for path in seen if any(o.pattern.fullmatch(path) for o in operations())]
    assert set(described) == seen - beside
    assert URL.endswith("/fabrikam")
