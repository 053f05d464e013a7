"""CloudFormation templates read as plain data: `!Ref X` becomes `{"Ref": "X"}`, and so on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from tieline_ops.files import read_text
from tieline_ops.trouble import Trouble

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with CloudFormation's short forms of functions."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)


def read(path: Path) -> dict[str, Any]:
    """A template's sections. Raises Trouble."""
    try:
        loaded: dict[str, Any] = yaml.load(read_text(path), Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        what = f"{path} cannot be read ({type(error).__name__})"
        raise Trouble(what, "`sam validate --lint` says what is wrong with it") from None
    return loaded


def of_type(template: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Logical name -> properties of the resources of one type."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def default(template: Mapping[str, Any], value: Any) -> Any:
    """A value, or the default of the parameter that it refers to."""
    if isinstance(value, Mapping) and "Ref" in value:
        return template["Parameters"][value["Ref"]]["Default"]
    return value


def interval(expression: str) -> timedelta:
    """How long lies between two ticks of `rate(5 minutes)`. Raises ValueError on anything else."""
    found = _RATE.fullmatch(expression)
    if found is None:
        raise ValueError(f"{expression} is not a rate")
    return timedelta(**{f"{found[2]}s": int(found[1])})


def strings(value: Any) -> Iterator[str]:
    """Every string inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
