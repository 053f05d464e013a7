"""GitHub's published description, made ready for the checker, which knows references less well."""

from __future__ import annotations

from typing import Any

from contract.openapi import Description

BEYOND = (
    r"/repos/[^/]+/[^/]+/contents/.*",
    r"/repos/[^/]+/[^/]+/branches/.*",
    r"/repos/[^/]+/[^/]+/milestones",
    r"/repos/[^/]+/[^/]+/installation",
    r"/repositories/\d+(/.*)?",
    r"/orgs/[^/]+/issue-(types|fields)",
    r"/search/users",
    r"/app",
    r"/user-attachments/.*",
    r"/stored/.*",
    r"/101/.*",
)
"""Real paths that the cut-down description leaves out, and those of other hosts."""


def github() -> Description:
    """Responses are written out where they are named, and inner references given their home."""
    made = Description("github-rest.json", BEYOND)
    spec = made._spec
    _with_null(spec["components"]["schemas"])
    for path in spec["paths"].values():
        for operation in (each for each in path.values() if isinstance(each, dict)):
            if "responses" in operation:
                # GitHub, Using the REST API, Redirects: of any call, wherever it may be listed.
                operation["responses"].setdefault("307", {})
            for status, answer in operation.get("responses", {}).items():
                name = answer.get("$ref", "").rpartition("/")[2]
                if name:
                    operation["responses"][status] = spec["components"]["responses"][name]
            bodies = [operation.get("requestBody", {}), *operation.get("responses", {}).values()]
            for body in bodies:
                for content in body.get("content", {}).values():
                    _at_home(content.get("schema", {}))
    return made


def _at_home(schema: dict[str, Any]) -> None:
    """The checker itself moves a reference that is a whole schema, or the schema of a list."""
    if "$ref" in schema or "$ref" in schema.get("items", {}):
        return
    waiting: list[Any] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            if str(one.get("$ref", "")).startswith("#/"):
                one["$ref"] = "urn:spec" + one["$ref"]
            if one.pop("discriminator", None):
                # The checker does not find what its words map to; the shapes say as much.
                one["anyOf"] = one.pop("oneOf")
            waiting += one.values()


def _with_null(one: Any) -> None:
    """A list of words that may be null has no null among them, which a strict reader wants."""
    if isinstance(one, list):
        for each in one:
            _with_null(each)
    elif isinstance(one, dict):
        if one.get("nullable") is True and isinstance(one.get("enum"), list):
            one["enum"] = [*one["enum"], None]
        for each in one.values():
            _with_null(each)
