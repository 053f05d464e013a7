"""JSON of Freshworks' API v2 and canonical values, each made from the other. Pure.

Freshdesk and Freshservice API v2, Tickets. Lists are stored as numbers or as words, moments as
`2026-01-02T10:00:00Z`, rich text as HTML.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tieline.domain.ticket import FieldSpec, Kind, Option, Value
from tieline.domain.twin import as_key

Raw = Mapping[str, Any]
ID = re.compile(r"[1-9][0-9]{0,17}")
_MARK = re.compile(r"tl[-.].+")
_KEY = re.compile(r"[0-9a-f]{32}")
_PACKED = re.compile(r"tl-([a-z2-7]{26})")
TAG_LENGTH = 32
BLANK = "<div>&nbsp;</div>"
"""No text, for a description that must not be missing."""


class Form(StrEnum):
    """How a field's value looks in a record."""

    TEXT = "text"
    HTML = "html"
    NUMBERED = "numbered"  # a list stored as numbers
    NAMED = "named"  # an id of the account's own list: groups, products
    WORD = "word"  # a list stored as words
    WORDS = "words"  # several of them
    AGENT = "agent"  # an id of an agent
    PERSON = "person"  # an id of whoever
    DATE = "date"
    DATETIME = "datetime"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TAGS = "tags"


KINDS: Mapping[Form, Kind] = {
    Form.TEXT: Kind.TEXT,
    Form.HTML: Kind.RICH,
    Form.NUMBERED: Kind.OPTION,
    Form.NAMED: Kind.OPTION,
    Form.WORD: Kind.OPTION,
    Form.WORDS: Kind.OPTIONS,
    Form.AGENT: Kind.PERSON,
    Form.PERSON: Kind.PERSON,
    Form.DATE: Kind.DATE,
    Form.DATETIME: Kind.DATETIME,
    Form.NUMBER: Kind.NUMBER,
    Form.BOOLEAN: Kind.BOOLEAN,
    Form.TAGS: Kind.TAGS,
}
PEOPLE = frozenset({Form.AGENT, Form.PERSON})
LISTS = frozenset({Form.NUMBERED, Form.NAMED, Form.WORD, Form.WORDS})


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its key in the JSON, its form, whether it stands among `custom_fields`."""

    key: str
    form: Form
    spec: FieldSpec
    custom: bool = False


def standard(
    name: str,
    form: Form,
    alias: str = "",
    *,
    key: str = "",
    writable: bool = True,
    max_length: int | None = None,
    options: tuple[Option, ...] = (),
) -> Field:
    """A field that every account has."""
    spec = FieldSpec(name, KINDS[form], alias, writable, options, max_length)
    return Field(key or name, form, spec)


def holder(record: Raw, field: Field) -> Raw:
    """Where in a record a field's value stands."""
    return (record.get("custom_fields") or {}) if field.custom else record


def moment_of(text: str) -> datetime:
    """A moment in UTC. Old data carries another offset. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC)


def stamp_of(moment: datetime) -> str:
    """A moment as the API takes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def version_of(record: Raw) -> str:
    """`updated_at` in one spelling, so that versions compare as texts."""
    return stamp_of(moment_of(str(record["updated_at"])))


def digest(texts: Iterable[str]) -> str:
    """A short mark of a list."""
    joined = "\x1f".join(texts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:32]


def tag_of(correlation: str) -> str:
    """The tag that carries a correlation. Raises ValueError for one that is too long.

    A twin's key has 32 characters, and so has the longest tag: the key is packed into 26.
    """
    if _KEY.fullmatch(correlation):
        packed = base64.b32encode(bytes.fromhex(correlation)).decode().rstrip("=")
        return "tl-" + packed.lower()
    if len(correlation) > TAG_LENGTH - 3 or not as_key(correlation):
        raise ValueError("no tag can carry this correlation")
    return "tl." + correlation


def is_mark(tag: str) -> bool:
    """Whether a tag is one of ours, whosever the ticket."""
    return bool(_MARK.fullmatch(tag))


def correlation_of(record: Raw, field: str) -> str:
    """What a record carries in the custom field, if there is one, or in a tag; "" if nothing."""
    found = (record.get("custom_fields") or {}).get(field) if field else None
    if isinstance(found, str) and as_key(found):
        return found
    marks = (_unpacked(tag) for tag in record.get("tags") or () if is_mark(str(tag)))
    return next((mark for mark in marks if mark), "")


def _unpacked(tag: str) -> str:
    packed = _PACKED.fullmatch(tag.casefold())
    if packed:
        return base64.b32decode(packed[1].upper() + "======").hex()
    return as_key(tag.removeprefix("tl.")) if tag.startswith("tl.") else ""


def plain_value(raw: Any, field: Field) -> Value:
    """The canonical value of what is neither a person nor rich text. Empty is None."""
    if raw is None or raw in ("", []):
        return None
    match field.form:
        case Form.TEXT:
            return str(raw)
        case Form.BOOLEAN:
            return bool(raw)
        case Form.NUMBER:
            return Decimal(str(raw))
        case Form.DATE:
            return date.fromisoformat(str(raw)[:10])
        case Form.DATETIME:
            return moment_of(str(raw))
        case Form.TAGS:
            return frozenset(str(tag) for tag in raw if not is_mark(str(tag))) or None
        case Form.WORDS:
            return frozenset(_option(str(one), field) for one in raw)
        case _:
            return _option(str(raw), field)


def _option(value: str, field: Field) -> Option:
    known = (option for option in field.spec.options if option.value == value)
    return next(known, Option(value, value))


def plain_json(value: Value, field: Field) -> Any:
    """A value as a record takes it; options must be known ones, people and rich text are not."""
    match value:
        case bool() | str() | None:
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return stamp_of(value)
        case date():
            return value.isoformat()
        case Option():
            number = field.form in {Form.NUMBERED, Form.NAMED}
            return int(value.value) if number else value.value
        case frozenset():
            return sorted(one if isinstance(one, str) else one.value for one in value)
        case _:
            raise TypeError(f"a {type(value).__name__} in a field of the form {field.form}")


def options_of(choices: Any, form: Form) -> tuple[Option, ...]:
    """A list's options, in whichever of the forms an account shows its choices.

    `{"2": ["Open", "Being Processed"]}` (value: labels for agents and customers), `{"Low": 1}`
    (label: value), `{"Printer": {…}}` (the first level), `["a", "b"]`, and objects.
    """
    if isinstance(choices, Mapping):
        return tuple(_entry(str(key), value) for key, value in choices.items())
    found = choices if isinstance(choices, list) else []
    return tuple(
        _object(each, form) if isinstance(each, Mapping) else Option(str(each), str(each))
        for each in found
    )


def _entry(key: str, value: Any) -> Option:
    if isinstance(value, list) and value and key.isdecimal():
        return Option(key, str(value[0]))
    if isinstance(value, int) and not isinstance(value, bool):
        return Option(str(value), key)
    return Option(key, key)


def _object(choice: Raw, form: Form) -> Option:
    label = str(choice.get("label") or choice.get("value") or "")
    if form in {Form.NUMBERED, Form.NAMED}:
        number = next((choice[k] for k in ("value", "id") if str(choice.get(k)).isdecimal()), label)
        return Option(str(number), label)
    return Option(str(choice.get("value") or label), label)
