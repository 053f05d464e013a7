"""Jira's JSON and canonical values, each made from the other. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tieline.domain.richtext.adf import adf_to_markdown, cut, markdown_to_adf
from tieline.domain.richtext.adf_writer import FindMedia
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Kind, Option, Person, Value
from tieline.domain.twin import as_key

Json = Mapping[str, Any]

PROPERTY = "tieline"
"""The key of our entity property on issues (`correlation`) and on comments (`id`)."""
LABEL = "tieline-"
"""Our label is this and a correlation id: what JQL can find, since it cannot find properties."""
SHORT = 255
"""Characters of a summary, a single-line text or a label."""
LONG = 32_767
"""Characters of a document, counted over its JSON."""


class Form(StrEnum):
    """How a field's value looks in Jira's JSON."""

    TEXT = "text"
    ADF = "adf"
    DATE = "date"
    DATETIME = "datetime"
    NUMBER = "number"
    PERSON = "person"
    LABELS = "labels"
    NAMED = "named"  # {"id", "name"}: priority, resolution, version
    NAMED_LIST = "named list"
    CHOICE = "choice"  # {"id", "value"}: select, radio buttons
    CHOICE_LIST = "choice list"
    CASCADE = "cascade"  # {"id", "value", "child": {"id", "value"}}
    STATUS = "status"  # {"id", "name"}, moved by transitions alone
    KEYED = "keyed"  # {"id", "key"}: project, parent


@dataclass(frozen=True, slots=True)
class Field:
    """One field: the name that link.yaml uses, Jira's id for it, and its form."""

    id: str
    form: Form
    spec: FieldSpec


_KINDS: Mapping[Form, Kind] = {
    Form.TEXT: Kind.TEXT,
    Form.ADF: Kind.RICH,
    Form.DATE: Kind.DATE,
    Form.DATETIME: Kind.DATETIME,
    Form.NUMBER: Kind.NUMBER,
    Form.PERSON: Kind.PERSON,
    Form.LABELS: Kind.TAGS,
    Form.NAMED: Kind.OPTION,
    Form.NAMED_LIST: Kind.OPTIONS,
    Form.CHOICE: Kind.OPTION,
    Form.CHOICE_LIST: Kind.OPTIONS,
    Form.CASCADE: Kind.OPTION,
    Form.STATUS: Kind.OPTION,
    Form.KEYED: Kind.OPTION,
}


def field_of(
    id: str, form: Form, name: str = "", *, alias: str = "", writable: bool = True
) -> Field:
    """A field under the name that people use for it (its id, if none is given)."""
    longest = SHORT if form is Form.TEXT else LONG if form is Form.ADF else None
    spec = FieldSpec(name or id, _KINDS[form], alias, writable, max_length=longest)
    return Field(id, form, spec)


STANDARD: Mapping[str, Field] = {
    f.id: f
    for f in (
        field_of("summary", Form.TEXT, alias="title"),
        field_of("description", Form.ADF, alias="description"),
        field_of("status", Form.STATUS, alias="status"),
        field_of("priority", Form.NAMED, alias="priority"),
        field_of("assignee", Form.PERSON, alias="assignee"),
        field_of("reporter", Form.PERSON, alias="reporter"),
        field_of("labels", Form.LABELS, alias="tags"),
        field_of("duedate", Form.DATE, alias="due"),
        field_of("environment", Form.ADF),
        field_of("resolution", Form.NAMED),
        field_of("components", Form.NAMED_LIST),
        field_of("fixVersions", Form.NAMED_LIST),
        field_of("versions", Form.NAMED_LIST),
        field_of("security", Form.NAMED),
        field_of("issuetype", Form.NAMED, writable=False),
        field_of("project", Form.KEYED, writable=False),
        field_of("parent", Form.KEYED, writable=False),
        field_of("creator", Form.PERSON, writable=False),
        field_of("created", Form.DATETIME, writable=False),
        field_of("updated", Form.DATETIME, writable=False),
        field_of("resolutiondate", Form.DATETIME, writable=False),
    )
}

_FORMS: Mapping[tuple[str, str], Form] = {
    ("string", ""): Form.TEXT,
    ("number", ""): Form.NUMBER,
    ("date", ""): Form.DATE,
    ("datetime", ""): Form.DATETIME,
    ("user", ""): Form.PERSON,
    ("option", ""): Form.CHOICE,
    ("option-with-child", ""): Form.CASCADE,
    ("priority", ""): Form.NAMED,
    ("resolution", ""): Form.NAMED,
    ("version", ""): Form.NAMED,
    ("array", "string"): Form.LABELS,
    ("array", "option"): Form.CHOICE_LIST,
    ("array", "version"): Form.NAMED_LIST,
    ("array", "component"): Form.NAMED_LIST,
}


def field_from_listing(name: str, raw: Json) -> Field | None:
    """A field of `GET /field` under the name it was asked by; None if its form is not known.

    Jira Cloud REST v3, Issue fields: Get fields.
    """
    standard = STANDARD.get(str(raw.get("id", "")))
    if standard is not None:
        return field_of(standard.id, standard.form, name, writable=standard.spec.writable)
    schema: Json = raw.get("schema") or {}
    form = _FORMS.get((str(schema.get("type", "")), str(schema.get("items", ""))))
    if form is None:
        return None
    custom = str(schema.get("custom", ""))
    if custom.endswith(":textarea"):
        form = Form.ADF
    return field_of(str(raw["id"]), form, name, writable=not custom.endswith(":readonlyfield"))


def read_value(field: Field, raw: Any) -> Value:  # noqa: C901, PLR0912 - one case a form
    """What a field holds; None when it is empty."""
    if raw is None or raw == "":
        return frozenset() if field.spec.kind in {Kind.TAGS, Kind.OPTIONS} else None
    match field.form:
        case Form.TEXT:
            return str(raw)
        case Form.ADF:
            return markdown_of(raw)
        case Form.DATE:
            return date.fromisoformat(raw)
        case Form.DATETIME:
            return moment(raw)
        case Form.NUMBER:
            return Decimal(str(raw))
        case Form.PERSON:
            return person(raw)
        case Form.LABELS:
            return frozenset(each for each in raw if not each.startswith(LABEL))
        case Form.NAMED | Form.STATUS:
            return Option(str(raw["id"]), str(raw.get("name", "")))
        case Form.CHOICE:
            return Option(str(raw["id"]), str(raw.get("value", "")))
        case Form.NAMED_LIST:
            return frozenset(Option(str(r["id"]), str(r.get("name", ""))) for r in raw)
        case Form.CHOICE_LIST:
            return frozenset(Option(str(r["id"]), str(r.get("value", ""))) for r in raw)
        case Form.CASCADE:
            levels = [raw, *([raw["child"]] if raw.get("child") else [])]
            return Option(
                "/".join(str(r["id"]) for r in levels),
                " / ".join(str(r.get("value", "")) for r in levels),
            )
        case Form.KEYED:
            return Option(str(raw["id"]), str(raw.get("key", "")))


def write_value(  # noqa: C901, PLR0912 - one case for each form
    field: Field, value: Value, media: FindMedia | None = None
) -> Any:
    """The JSON that sets a field to `value`; null empties it. Raises TypeError."""
    if value is None or value in ("", frozenset()):
        lists = {Form.LABELS, Form.NAMED_LIST, Form.CHOICE_LIST}
        return [] if field.form in lists else None
    match field.form, value:
        case Form.TEXT, str():
            return one_line(value)
        case Form.ADF, str():
            return document(value, media)
        case Form.DATE, datetime():
            return value.astimezone(UTC).date().isoformat()
        case Form.DATE, date():
            return value.isoformat()
        case Form.DATETIME, datetime():
            return stamp(value)
        case Form.NUMBER, Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Form.PERSON, Person():
            return {"accountId": value.id}
        case Form.LABELS, frozenset():
            return sorted(labels(str(each) for each in value))
        case ((Form.NAMED | Form.CHOICE), Option()):
            return _named(field.form, value)
        case ((Form.NAMED_LIST | Form.CHOICE_LIST), frozenset()):
            options = sorted((o for o in value if isinstance(o, Option)), key=lambda o: o.value)
            return [_named(field.form, option) for option in options]
        case Form.CASCADE, Option():
            return _cascade(value)
        case _:
            raise TypeError(f"{field.id} is not written from {type(value).__name__}")


def _named(form: Form, option: Option) -> dict[str, str]:
    """By id where a read gave it; else by the word that link.yaml has."""
    if option.value.isdigit() and option.value != option.label:
        return {"id": option.value}
    word = "name" if form in {Form.NAMED, Form.NAMED_LIST} else "value"
    return {word: option.label or option.value}


def _cascade(option: Option) -> dict[str, Any]:
    by_id = re.fullmatch(r"(\d+)(?:/(\d+))?", option.value)
    word = "id" if by_id else "value"
    whole = option.value if by_id else option.label or option.value
    first, _, second = whole.partition("/" if by_id else " / ")
    parent: dict[str, Any] = {word: first}
    return {**parent, "child": {word: second}} if second else parent


def one_line(text: str) -> str:
    """A text for a field of one line: no line breaks, at most 255 characters."""
    line = " ".join(text.split("\n")) if "\n" in text else text
    line = re.sub(r"\s*[\r\n]+\s*", " ", line).strip()
    return line if len(line) <= SHORT else line[: SHORT - 1] + "…"


def markdown_of(body: Any) -> str:
    """A document's Markdown; a text of REST v2 stays as it is."""
    return adf_to_markdown(body)[0] if isinstance(body, Mapping) else str(body or "")


def document(markdown: str, media: FindMedia | None = None) -> dict[str, Any]:
    """A text as a document that is not longer than Jira takes; `media` knows the pictures."""
    # Far beyond the limit nothing can remain: what is surely lost need not be parsed.
    short, _ = cut(markdown[: 2 * LONG], LONG)
    # Ids of people in a text are another system's: their names stand as words.
    return markdown_to_adf(short, mention=lambda _: None, media=media)


def media_in(doc: Any) -> dict[str, dict[str, Any]]:
    """The attributes of a document's media nodes by file name."""
    found: dict[str, dict[str, Any]] = {}
    waiting = [doc]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Mapping):
            continue
        attrs, inside = node.get("attrs"), node.get("content")
        if node.get("type") in ("media", "mediaInline") and isinstance(attrs, Mapping):
            name = attrs.get("__fileName") or attrs.get("alt")
            if name and attrs.get("id"):
                found[str(name)] = {k: v for k, v in attrs.items() if not k.startswith("__")}
        waiting += reversed(inside) if isinstance(inside, list) else ()
    return found


def labels(tags: Iterable[str]) -> frozenset[str]:
    """Tags as Jira takes them: without white space, at most 255 characters."""
    joined = (re.sub(r"\s+", "-", tag.strip())[:SHORT] for tag in tags)
    return frozenset(each for each in joined if each and not each.startswith(LABEL))


def correlation_of_labels(given: Iterable[str]) -> str:
    """The correlation id that our label carries, or ""."""
    ours = (as_key(each.removeprefix(LABEL)) for each in given if each.startswith(LABEL))
    return next(filter(None, ours), "")


def moment(text: str) -> datetime:
    """A date-time with any offset, with or without a colon in it, as UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def stamp(value: datetime) -> str:
    """A date-time as Jira takes it: `2019-05-11T10:00:00.000+0000`."""
    utc = value.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def milliseconds(value: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def version_of(text: str) -> str:
    """A ticket's version: its `updated` in UTC milliseconds."""
    return str(milliseconds(moment(text)))


def person(raw: Json) -> Person:
    """A user; `emailAddress` is absent where the profile hides it."""
    return Person(
        str(raw.get("accountId", "")),
        str(raw.get("emailAddress") or ""),
        str(raw.get("displayName", "")),
    )


def comment_of(raw: Json, me: str) -> Comment:
    """A comment; the property that carries its correlation is there only when asked for."""
    author = raw.get("author")
    return Comment(
        id=str(raw["id"]),
        body=markdown_of(raw.get("body")),
        author=person(author) if author else None,
        public=is_public(raw),
        created=moment(raw["created"]),
        updated=moment(raw["updated"]),
        ours=author is not None and author.get("accountId") == me,
        correlation=str((property_of(raw) or {}).get("id", "")),
    )


def is_public(raw: Json) -> bool:
    """Neither an internal note of a service project nor restricted to a role or a group."""
    return raw.get("jsdPublic") is not False and not raw.get("visibility")


def property_of(raw: Json) -> Json | None:
    """Our property's value: of an issue (an object of properties) or of a comment (a list)."""
    held = raw.get("properties") or {}
    if isinstance(held, list):
        held = {each.get("key"): each.get("value") for each in held}
    value = held.get(PROPERTY)
    return value if isinstance(value, Mapping) else None


def attachment_of(raw: Json, me: str) -> Attachment:
    """A file's particulars."""
    return Attachment(
        id=str(raw["id"]),
        name=str(raw.get("filename", "")),
        media_type=str(raw.get("mimeType") or "application/octet-stream"),
        size=int(raw.get("size") or 0),
        created=moment(raw["created"]),
        ours=(raw.get("author") or {}).get("accountId") == me,
    )


def comments_mark(comments: Iterable[Json]) -> str:
    """A digest that changes with any comment added, edited, hidden or deleted."""
    return _digest(f"{c['id']} {version_of(c['updated'])} {is_public(c)}" for c in comments)


def attachments_mark(attachments: Iterable[Json]) -> str:
    """A digest that changes with any file added or deleted; files themselves never change."""
    return _digest(str(a["id"]) for a in attachments)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:32]
