"""What a write may say: each field's type, as the API checks it, all faults at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tieline_ops.sandbox.fresh.content import Field
from tieline_ops.sandbox.fresh.errors import Fault, fault, invalid, unknown
from tieline_ops.sandbox.fresh.http import one_of
from tieline_ops.sandbox.fresh.state import Site

TAG_LENGTH = 32
TEXT_LENGTH = 255


@dataclass(frozen=True)
class Rule:
    """What a field takes. `choices` gives the values of a list."""

    type: str  # String, Integer, DateTime, Array, Email, Boolean, Agent, Requester, Id
    choices: Callable[[Site], list[Any]] | None = None
    nullable: bool = False
    length: int | None = None


def form_typed(form: Mapping[str, list[str]], rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The fields of a form, where everything is text, as JSON would have had them."""
    made: dict[str, Any] = {}
    for name, values in form.items():
        if name.endswith("[]"):
            made[name[:-2]] = list(values)
        elif name.startswith("custom_fields["):
            made.setdefault("custom_fields", {})[name[14:-1]] = values[0]
        else:
            made[name] = _typed(values[0], rules.get(name))
    return made


def _typed(text: str, rule: Rule | None) -> Any:
    if rule is None:
        return text
    if rule.type == "Boolean":
        return {"true": True, "false": False}.get(text, text)
    whole = rule.type in {"Integer", "Agent", "Requester", "Id"}
    return int(text) if whole and text.lstrip("-").isdecimal() else text


def checked(
    site: Site, given: Mapping[str, Any], rules: Mapping[str, Rule], fields: list[Field]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and custom fields that a write may say. Raises FreshError 400."""
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name == "custom_fields":
            continue
        rule = rules.get(name)
        found = unknown(name) if rule is None else _fault(site, name, value, rule)
        faults += [found] if found else []
        values[name] = value
    custom, more = _custom(given.get("custom_fields"), fields)
    faults += more
    if faults:
        raise invalid(*faults)
    return values, custom


def _fault(site: Site, name: str, value: Any, rule: Rule) -> Fault | None:
    if value is None:
        return None if rule.nullable else _mismatch(name, value, rule.type)
    kinds: dict[str, Callable[[Any], bool]] = {
        "String": lambda v: isinstance(v, str),
        "Integer": _is_int,
        "Boolean": lambda v: isinstance(v, bool),
        "DateTime": _is_moment,
        "Email": lambda v: isinstance(v, str) and v.count("@") == 1,
        "Array": lambda v: isinstance(v, list) and all(isinstance(one, str) for one in v),
        "Agent": _is_int,
        "Requester": _is_int,
        "Id": _is_int,
    }
    choices = rule.choices(site) if rule.choices else None
    if not kinds[rule.type](value):
        return _mismatch(name, value, rule.type, choices)
    if choices is not None and value not in choices:
        return fault(name, one_of(choices))
    if rule.type in {"Agent", "Requester"}:
        return _nobody(site, name, value, agent=rule.type == "Agent")
    if rule.length is not None and len(value) > rule.length:
        return fault(name, f"Has {len(value)} characters, it can have maximum of {rule.length}")
    if name == "tags" and any(len(tag) > TAG_LENGTH or "," in tag for tag in value):
        words = f"It should only contain elements that have maximum of {TAG_LENGTH} characters"
        return fault(name, words)
    return None


def _nobody(site: Site, name: str, id: int, *, agent: bool) -> Fault | None:
    known = [u for u in site.users if u.id == id and u.active and (u.agent or not agent)]
    word = "agent" if agent else "contact"
    return None if known else fault(name, f"There is no {word} matching the given {name}")


def _mismatch(name: str, value: Any, type: str, choices: list[Any] | None = None) -> Fault:
    words = one_of(choices) if choices else f"It should be a/an {_TYPES.get(type, type)}"
    if value is None:
        return fault(name, words, "datatype_mismatch")
    kind = {bool: "Boolean", int: "Integer", float: "Number", str: "String", list: "Array"}
    given = kind.get(type_of := value.__class__, type_of.__name__)
    return fault(name, f"Value set is of type {given}.{words}", "datatype_mismatch")


_TYPES = {"Agent": "Positive Integer", "Requester": "Positive Integer", "Id": "Positive Integer"}


def _custom(given: Any, fields: list[Field]) -> tuple[dict[str, Any], list[Fault]]:
    if given is None:
        return {}, []
    if not isinstance(given, dict):
        return {}, [_mismatch("custom_fields", given, "key/value pair")]
    named = {field.name: field for field in fields if not field.default}
    named |= {level: field for field in named.values() for level in field.levels}
    faults = []
    for name, value in given.items():
        found = unknown(name) if name not in named else _custom_fault(named[name], name, value)
        faults += [found] if found else []
    return dict(given), faults


def _custom_fault(field: Field, name: str, value: Any) -> Fault | None:
    if value is None:
        return None
    if field.type == "custom_dropdown":
        return None if value in field.choices else fault(name, one_of(field.choices))
    if field.type == "custom_multi_select_dropdown":
        right = isinstance(value, list) and all(one in field.choices for one in value)
        return None if right else fault(name, one_of(field.choices))
    word, check = _CUSTOM.get(field.type, ("String", _is_text))
    if not check(value):
        return _mismatch(name, value, word)
    if field.type == "custom_text" and len(value) > TEXT_LENGTH:
        words = f"Has {len(value)} characters, it can have maximum of {TEXT_LENGTH} characters"
        return fault(name, words)
    return None


def empty(field: Field, name: str, given: Mapping[str, Any]) -> Fault:
    """That a field has no value; `given` is what a write said of its like."""
    if field.choices and field.type != "custom_checkbox":
        return fault(name, one_of(field.choices), "missing_field")
    if given.get(field.name) == "":
        return fault(name, "It should not be blank as this is a mandatory field")
    word = _CUSTOM.get(field.type, ("String", _is_text))[0]
    return fault(name, f"It should be a/an {word}", "missing_field")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_moment(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _is_date(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value).isoformat() == value)
    except (TypeError, ValueError):
        return False


_CUSTOM: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "custom_checkbox": ("Boolean", _is_bool),
    "custom_number": ("Integer", _is_int),
    "custom_decimal": ("Number", _is_number),
    "custom_date": ("Date", _is_date),
    "custom_date_time": ("DateTime", _is_moment),
}
"""Type of a custom field -> the word for what it takes, and whether a value is that."""
