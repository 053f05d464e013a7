"""Holds recorded exchanges against a vendor's published OpenAPI 3.0 description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tieline_ops.sandbox.traffic import Exchange

SPECS = Path(__file__).with_name("specs")
ANYWHERE = frozenset({0, 400, 401, 403, 404, 409, 410, 413, 415, 429, 500, 502, 503, 504})
"""Statuses that any operation may answer, whether or not it lists them."""


class Description:
    """One description. `beyond` are patterns of real paths that it leaves out."""

    def __init__(self, name: str, beyond: Iterable[str] = ()) -> None:
        self._spec: dict[str, Any] = json.loads((SPECS / name).read_text())
        self._registry = Registry().with_resource(
            "urn:spec", Resource(contents=self._spec, specification=DRAFT4)
        )
        self._beyond = tuple(beyond)
        # Paths with fewer variables come first: /issue/createmeta is no issue.
        self._paths = sorted(self._spec["paths"], key=lambda path: path.count("{"))

    def faults(self, exchanges: Iterable[Exchange], prefix: str = "") -> list[str]:
        """What does not fit the description; `prefix` is what stands before its paths."""
        return [fault for each in exchanges for fault in self._faults(each, prefix)]

    def _faults(self, exchange: Exchange, prefix: str) -> Iterator[str]:
        path = exchange.path.removeprefix(prefix)
        if any(re.fullmatch(pattern, path) for pattern in self._beyond):
            return
        template = next((each for each in self._paths if re.fullmatch(_pattern(each), path)), None)
        where = f"{exchange.method} {path}"
        if template is None or exchange.method.lower() not in self._spec["paths"][template]:
            # An answer that there is no such thing is what the description says.
            if exchange.status not in {404, 405}:
                yield f"{where}: not described, yet answered {exchange.status}"
            return
        operation = self._spec["paths"][template][exchange.method.lower()]
        if exchange.status < 400:
            yield from (f"{where}: {fault}" for fault in self._wrong_request(operation, exchange))
        yield from (f"{where}: {fault}" for fault in self._wrong_answer(operation, exchange))

    def _wrong_request(self, operation: Mapping[str, Any], exchange: Exchange) -> Iterator[str]:
        """A request that was taken must be one that the description knows."""
        known = {self._resolved(each)["name"] for each in operation.get("parameters", ())}
        yield from (f"?{name} is unknown" for name in parse_qs(exchange.query) if name not in known)
        content = operation.get("requestBody", {}).get("content", {})
        sent = exchange.headers.get("content-type", "").partition(";")[0]
        if exchange.body and content and sent not in content:
            yield f"a body of {sent} is unknown"
        schema = content.get("application/json", {}).get("schema")
        if exchange.body and schema and sent == "application/json":
            value = json.loads(exchange.body)
            yield from self._mismatches(OAS30WriteValidator, schema, value, "sent")

    def _wrong_answer(self, operation: Mapping[str, Any], exchange: Exchange) -> Iterator[str]:
        described = operation["responses"].get(str(exchange.status))
        if described is None:
            if exchange.status not in ANYWHERE:
                yield f"status {exchange.status} is unknown"
            return
        if exchange.status == 204 and exchange.answer:
            yield "204 with a body"
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema:
            got = exchange.json()
            yield from self._mismatches(OAS30ReadValidator, schema, got, str(exchange.status))

    def _mismatches(self, kind: Any, schema: Any, value: Any, what: str) -> Iterator[str]:
        if "$ref" in schema:
            schema = {"$ref": f"urn:spec{schema['$ref']}"}
        elif "$ref" in schema.get("items", {}):
            schema = {**schema, "items": {"$ref": f"urn:spec{schema['items']['$ref']}"}}
        for error in kind(schema, registry=self._registry).iter_errors(value):
            yield f"{what} {error.json_path}: {error.message[:200]}"

    def _resolved(self, parameter: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = parameter.get("$ref")
        if reference is None:
            return parameter
        found: Mapping[str, Any] = self._spec["components"]["parameters"][reference.split("/")[-1]]
        return found


def _pattern(template: str) -> str:
    parts = re.split(r"\{[^}]+\}", template)
    return "[^/]+".join(re.escape(part) for part in parts)


JIRA_BEYOND = (
    r"/rest/api/3/issue/bulkfetch",
    r"/rest/api/3/field/search",
    r"/rest/api/3/label",
    r"/rest/webhooks/1\.0/webhook(/\d+)?",
    r"/file/[^/]+/binary",
    r"/oauth/token(/accessible-resources)?",
    r"/_edge/tenant_info",
)
"""Real paths of Jira that the cut-down description leaves out."""


def jira() -> Description:
    return Description("jira-cloud-v3.json", JIRA_BEYOND)
