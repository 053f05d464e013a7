"""What a case's field takes, and how it keeps it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from tieline_ops.sandbox.salesforce.content import CaseField
from tieline_ops.sandbox.salesforce.errors import SalesforceError
from tieline_ops.sandbox.salesforce.state import Site, id18

_SHEPHERD = re.compile(r"<img\b[^>]*servlet\.shepherd[^>]*>")


def kept(site: Site, field: CaseField, value: Any) -> Any:
    """A value as the row keeps it. Raises SalesforceError 400."""
    if isinstance(value, str) and field.type != "boolean":
        value = value.strip() or None
    if value is None:
        return _nothing(field)
    if field.type == "boolean" and not isinstance(value, bool):
        raise _wrong_type(field)
    if field.type == "boolean":
        return value
    if field.type == "double":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(field)
        return float(value)
    return _of_text(site, field, _text(field, value))


def _nothing(field: CaseField) -> None:
    if field.type == "boolean":
        raise _wrong_type(field)
    if not field.nillable:
        words = f"Required fields are missing: [{field.name}]"
        raise SalesforceError(400, "REQUIRED_FIELD_MISSING", words, field.name)


def _of_text(site: Site, field: CaseField, text: str) -> Any:
    match field.type:
        case "date" | "datetime":
            return _moment(field, text)
        case "picklist":
            return _choice(field, text)
        case "multipicklist":
            return _several(field, text)
        case "reference":
            return _reference(site, field, text)
        case _:
            return _long(site, field, text)


def _wrong_type(field: CaseField) -> SalesforceError:
    words = f"{field.label}: value not of required type"
    return SalesforceError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", words, field.name)


def _text(field: CaseField, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_type(field)
    return value


def _moment(field: CaseField, value: Any) -> date | datetime:
    try:
        if field.type == "date":
            return date.fromisoformat(_text(field, value))
        moment = datetime.fromisoformat(_text(field, value))
        return moment.astimezone(UTC).replace(microsecond=0)
    except ValueError:
        words = f"Cannot deserialize instance of {field.type} from VALUE_STRING value"
        raise SalesforceError(400, "JSON_PARSER_ERROR", words) from None


def _choice(field: CaseField, value: str) -> str:
    known = any(o.value == value and o.active for o in field.options)
    if field.restricted and not known:
        words = f"{field.label}: bad value for restricted picklist field: {value}"
        raise SalesforceError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", words, field.name)
    return value


def _several(field: CaseField, value: str) -> str:
    """In the order of the list, each once."""
    chosen = [_choice(field, each) for each in value.split(";") if each]
    ranks = {option.value: rank for rank, option in enumerate(field.options)}
    return ";".join(sorted(set(chosen), key=lambda each: ranks.get(each, 99)))


def _reference(site: Site, field: CaseField, value: str) -> str:
    id = id18(value)
    content = site.content
    known: dict[str, set[str]] = {
        "User": {id18(u.id) for u in content.users if u.active},
        "Group": {id18(q.id) for q in content.queues},
        "Contact": {id18(c.id) for c in content.contacts},
        "RecordType": {id18(t.id) for t in content.record_types},
        "Case": set(site.tables["Case"]),
    }
    if len(value) not in {15, 18}:
        words = f"{field.label}: id value of incorrect type: {value}"
        raise SalesforceError(400, "MALFORMED_ID", words, field.name)
    if not any(id in known[target] for target in field.targets):
        words = f"{field.label}: invalid cross reference id"
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", words, field.name)
    return id


def _long(site: Site, field: CaseField, value: str) -> str:
    if field.length and len(value) > field.length:
        words = f"{field.label}: data value too large (max length={field.length})"
        raise SalesforceError(400, "STRING_TOO_LONG", words, field.name)
    if field.html and site.on("pictures_dropped"):
        return _SHEPHERD.sub("", value)
    return value
