"""Atlassian's own schema as the judge of what is written."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator
from jsonschema.validators import extend

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "contract" / "specs" / "jira-adf-schema.json").read_text()
)


def _types(schema):
    """The values of `type` that a schema allows, or () if it leaves that open."""
    if "$ref" in schema:
        return _types(SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]])
    for part in schema.get("allOf", [schema]):
        if part is not schema and _types(part):
            return _types(part)
    return schema.get("properties", {}).get("type", {}).get("enum", ())


def _any_of(validator, alternatives, instance, schema):
    """As the standard's anyOf, trying only alternatives that are for this type of node."""
    kind = instance.get("type") if isinstance(instance, dict) else None
    likely = [a for a in alternatives if not _types(a) or kind in _types(a)]
    yield from Draft4Validator.VALIDATORS["anyOf"](validator, likely, instance, schema)


_VALIDATOR = extend(Draft4Validator, {"anyOf": _any_of})(SCHEMA)


@pytest.fixture(scope="session")
def assert_valid():
    def check(adf):
        assert [error.message for error in _VALIDATOR.iter_errors(adf)] == []

    return check


@pytest.fixture(scope="session")
def official():
    """The unaltered validator: slow, and used on the examples."""
    return Draft4Validator(SCHEMA)
