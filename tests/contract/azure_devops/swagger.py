"""Holds recorded exchanges against Microsoft's description of Azure DevOps, which is Swagger 2.0.

Where the description and Microsoft's own recorded examples disagree, the examples are what the
service does; each such place is named here, with its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from contract.openapi import ANYWHERE
from jsonschema import Draft4Validator

from tieline_ops.sandbox.traffic import Exchange

SPECS = Path(__file__).parents[1] / "specs" / "azure-devops"
FILES = ("workItemTracking-7.1.json", "serviceHooks-7.1.json")
NEWER = {"7.2-preview.3": "the first version that tells which texts are Markdown"}
"""Versions that we send beside the described ones, and why."""
RECORDED = {
    ("post", "/_apis/wit/attachments"): {201},
    ("delete", "/_apis/wit/workitems/{id}"): {204},
    ("delete", "/_apis/wit/workItems/{workItemId}/comments/{commentId}"): {204},
    ("delete", "/_apis/hooks/subscriptions/{subscriptionId}"): {204},
}
"""Statuses beside 200: recorded ones, and 204 where there is nothing to say."""
REFUSALS = ANYWHERE | {203, 302, 412}
BEYOND = (
    r"/_apis/connectionData",
    r"/_apis/identities",
    r"/[^/]+/oauth2/v2\.0/token",
)
"""Real paths of areas that have descriptions of their own."""


def plain(schema: Any) -> Any:
    """A Swagger 2.0 schema as JSON Schema (draft 4).

    * An `object` without properties is .NET's `object`: any value. So a field's value, the value
      of a patch, and a link's attribute may be text, as all examples have them.
    * `StreamedBatch.values` are described as texts of the format `T`: a template's parameter that
      was not filled in. The recorded batches hold revisions.
    * `JsonPatchDocument` is described as an object that is an array.
    * What is not there may be null, as in the recorded requests (`"from": null`).
    """
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: plain(value) for key, value in schema.items() if not key.startswith("x-ms")}
    kind = made.get("type")
    if kind == "string" and made.get("format") == "T":
        return {}
    if kind == "object" and not made.keys() & {"properties", "additionalProperties", "allOf"}:
        return {}
    if any(isinstance(each, dict) and each.get("type") == ["array", "null"]
           for each in made.get("allOf", ())):  # fmt: skip
        made.pop("type", None)
    elif isinstance(kind, str):
        made["type"] = [kind, "null"]
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    return made


class Operation:
    """One way to call one path."""

    def __init__(self, path: str, method: str, raw: Mapping[str, Any], spec: Any) -> None:
        self.path = path.partition("?")[0]
        self.method = method
        self._raw = raw
        shared = spec["parameters"]
        self.parameters = [
            shared[each["$ref"].split("/")[-1]] if "$ref" in each else each
            for each in raw["parameters"]
        ]
        self._spec = spec
        self._optional = {
            each["name"]
            for each in self.parameters
            if each["in"] == "path" and each.get("x-ms-required") is False
        }
        self.pattern = re.compile(self._pattern(), re.IGNORECASE)

    def _pattern(self) -> str:
        pieces = []
        for piece in self.path.strip("/").split("/"):
            name = re.fullmatch(r"(\$?)\{(\w+)\}", piece)
            if name is None:
                pieces.append("/" + re.escape(piece))
            elif name[2] == "organization":
                continue
            else:
                segment = "/" + re.escape(name[1]) + r"(?!_apis\b)[^/]+"
                pieces.append(f"(?:{segment})?" if name[2] in self._optional else segment)
        # The nodes of a tree are many segments.
        return "".join(pieces) + ("(?:/[^/]+)*" if "classificationnodes" in self.path else "")

    def wrong_request(self, exchange: Exchange) -> Iterator[str]:
        query = parse_qs(exchange.query, keep_blank_values=True)
        known = {each["name"]: each for each in self.parameters if each["in"] == "query"}
        yield from (f"?{name} is unknown" for name in query if name not in known)
        for name, each in known.items():
            if name == "api-version":
                yield from self._wrong_version(each, query.get(name, [""])[0])
            elif name in query:
                yield from _wrong_value(name, each, query[name][0])
            elif each.get("required"):
                yield f"?{name} is missing"
        yield from self._wrong_body(exchange)

    def _wrong_version(self, parameter: Mapping[str, Any], given: str) -> Iterator[str]:
        described = re.search(r"'([\w.-]+)'", parameter["description"])
        assert described
        if given != described[1] and not (given in NEWER and "." in given and
                                          "workitems" in self.path.lower() and
                                          described[1] == "7.1"):  # fmt: skip
            yield f"api-version {given!r} in place of {described[1]!r}"

    def _wrong_body(self, exchange: Exchange) -> Iterator[str]:
        body = next((each for each in self.parameters if each["in"] == "body"), None)
        if body is None:
            if exchange.body:
                yield "a body that is not described"
            return
        kind = exchange.headers.get("content-type", "").partition(";")[0]
        if kind not in self._raw["consumes"]:
            yield f"a body of {kind!r}"
        elif "json" in kind:
            yield from self._mismatches(body["schema"], json.loads(exchange.body), "sent")

    def wrong_answer(self, exchange: Exchange) -> Iterator[str]:
        below = re.sub(r"^(/\{\w+\})+(?=/_apis)", "", self.path)
        allowed = {200} | RECORDED.get((self.method, below), set())
        if exchange.status not in allowed:
            if exchange.status not in REFUSALS:
                yield f"status {exchange.status} is unknown"
            return
        schema = self._raw["responses"]["200"].get("schema")
        if exchange.status == 204 or not schema or schema.get("type") in {"file", "string"}:
            return
        answer = exchange.json()
        if schema.get("type") == "array":
            # Every list is wrapped, as in the recorded answers.
            if not isinstance(answer, dict) or answer.get("count") != len(answer.get("value", ())):
                yield "a list that is not wrapped as count and value"
                return
            answer = answer["value"]
        yield from self._mismatches(schema, answer, str(exchange.status))

    def _mismatches(self, schema: Any, value: Any, what: str) -> Iterator[str]:
        whole = {**plain(schema), "definitions": definitions(self._spec["info"]["title"])}
        for error in Draft4Validator(whole).iter_errors(value):
            yield f"{what} {error.json_path}: {error.message[:200]}"


def _wrong_value(name: str, parameter: Mapping[str, Any], given: str) -> Iterator[str]:
    if "enum" in parameter and given.casefold() not in {e.casefold() for e in parameter["enum"]}:
        yield f"?{name} is {given!r}"
    if parameter.get("type") == "integer" and not given.lstrip("-").isdecimal():
        yield f"?{name} is no number"
    if parameter.get("type") == "boolean" and given.casefold() not in {"true", "false"}:
        yield f"?{name} is neither true nor false"


@cache
def spec(name: str) -> Any:
    return json.loads((SPECS / name).read_text("utf-8-sig"))


@cache
def definitions(title: str) -> Any:
    found = next(spec(name) for name in FILES if spec(name)["info"]["title"] == title)
    return plain(found["definitions"])


@cache
def operations() -> tuple[Operation, ...]:
    """Those of `x-ms-paths` too: paths that differ in their query alone."""
    return tuple(
        Operation(path, method, raw, spec(name))
        for name in FILES
        for paths in ("paths", "x-ms-paths")
        for path, methods in spec(name).get(paths, {}).items()
        for method, raw in methods.items()
    )


def faults(exchanges: Iterable[Exchange], organisation: str = "/fabrikam") -> list[str]:
    """What does not fit the description."""
    return [fault for each in exchanges for fault in _faults(each, organisation)]


def _faults(exchange: Exchange, organisation: str) -> Iterator[str]:
    path = exchange.path
    if path.casefold().startswith(organisation + "/"):
        path = path[len(organisation) :]
    if any(re.fullmatch(pattern, path) for pattern in BEYOND):
        return
    where = f"{exchange.method} {unquote(path)}"
    fitting = [
        each
        for each in operations()
        if each.method == exchange.method.lower() and each.pattern.fullmatch(path)
    ]
    if not fitting:
        if exchange.status not in {400, 404, 405}:
            yield f"{where}: not described, yet answered {exchange.status}"
        return
    if 0 < exchange.status < 300:
        tries = [list(each.wrong_request(exchange)) for each in fitting]
        if all(tries):
            yield from (f"{where}: {fault}" for fault in min(tries, key=len))
    if exchange.status:
        tries = [list(each.wrong_answer(exchange)) for each in fitting]
        if all(tries):
            yield from (f"{where}: {fault}" for fault in min(tries, key=len))
