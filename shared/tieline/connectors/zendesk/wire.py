"""Zendesk's JSON and canonical values, each made from the other. Pure.

Zendesk: Tickets, Ticket comments, Ticket fields. Moments are ISO 8601 to the second, UTC.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from html import escape
from typing import Any

from tieline.domain.richtext.links import attachment_link, attachment_name
from tieline.domain.ticket import FieldSpec, Kind, Option, Person, Value
from tieline.domain.twin import as_key

Row = Mapping[str, Any]
TICKET_ID = re.compile(r"[1-9][0-9]{0,17}")
MARK = "tieline:"
"""Before a correlation in `external_id`: other integrations write there too."""
NO_WORDS = "(no description)"
"""The first comment of a ticket of ours that has no description: Zendesk takes no empty one."""
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_TOKEN = re.compile(r"/attachments/token/([A-Za-z0-9_-]{1,200})(?:/|\?|$)")
_SPACE = re.compile(r"\s+")


class Form(StrEnum):
    """How a field's value looks in a ticket."""

    TEXT = "text"
    HTML = "html"  # the first comment
    WORD = "word"  # one of Zendesk's own words, lower case
    LISTED = "listed"  # the id of a group, brand, form or custom status
    PERSON = "person"  # a user's id
    DATE = "date"
    DATETIME = "datetime"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TAGS = "tags"
    CHOICE = "choice"  # a drop-down's value, a tag as well
    CHOICES = "choices"  # several of them


KINDS: Mapping[Form, Kind] = {
    Form.TEXT: Kind.TEXT,
    Form.HTML: Kind.RICH,
    Form.WORD: Kind.OPTION,
    Form.LISTED: Kind.OPTION,
    Form.PERSON: Kind.PERSON,
    Form.DATE: Kind.DATE,
    Form.DATETIME: Kind.DATETIME,
    Form.NUMBER: Kind.NUMBER,
    Form.BOOLEAN: Kind.BOOLEAN,
    Form.TAGS: Kind.TAGS,
    Form.CHOICE: Kind.OPTION,
    Form.CHOICES: Kind.OPTIONS,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a property of a ticket, or (`custom` above 0) an entry of `custom_fields`.

    `tag` is what a ticked box adds to the tags.
    """

    element: str
    form: Form
    spec: FieldSpec
    custom: int = 0
    tag: str = ""

    @property
    def tags(self) -> frozenset[str]:
        """The tags that stand for this field's values."""
        if self.form in {Form.CHOICE, Form.CHOICES}:
            return frozenset(option.value for option in self.spec.options)
        return frozenset({self.tag} - {""})


def moment_of(text: Any) -> datetime:
    """A stamp (`2026-01-02T10:00:00Z`). Raises ValueError."""
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC)


def version_of(moment: datetime) -> str:
    """A ticket's version: `updated_at`, to the second, as `safe_update` takes it."""
    return moment.astimezone(UTC).strftime(_STAMP)


def correlation_of(external_id: Any) -> str:
    """Our correlation in an `external_id`; "" if it is somebody else's."""
    text = external_id if isinstance(external_id, str) else ""
    return as_key(text.removeprefix(MARK)) if text.startswith(MARK) else ""


def digest(texts: Iterable[str]) -> str:
    """A short mark of a list."""
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def person_of(user: Row) -> Person:
    """A user as a person; "" where an address is hidden."""
    email = user.get("email")
    return Person(str(user["id"]), str(email or ""), str(user.get("name") or ""))


def raw(row: Row, field: Field) -> Any:
    """A field's value as the ticket has it; None where there is none."""
    if not field.custom:
        return row.get(field.element)
    for each in row.get("custom_fields") or ():
        if each.get("id") == field.custom:
            return each.get("value")
    return None


def value_of(row: Row, field: Field, people: Mapping[str, Person]) -> Value:
    """The canonical value of a field, but for the description and the tags."""
    given = raw(row, field)
    if field.form is Form.BOOLEAN:
        return given in {True, "true", "1"}
    if given is None or given in ("", []):
        return None
    match field.form:
        case Form.TEXT:
            return str(given)
        case Form.PERSON:
            return people.get(str(given), Person(str(given), "", ""))
        case Form.CHOICES:
            chosen = given if isinstance(given, list) else [given]
            return frozenset(_known(str(each), field) for each in chosen)
        case Form.WORD | Form.LISTED | Form.CHOICE:
            return _known(str(given), field)
        case _:
            return _scalar(str(given), field.form)


def _known(value: str, field: Field) -> Option:
    """The option of a value, with its label where the list is known."""
    labels = {option.value: option for option in field.spec.options}
    return labels.get(value, Option(value, value))


def _scalar(text: str, form: Form) -> Value:
    try:
        if form is Form.DATE:
            return date.fromisoformat(text[:10])
        if form is Form.DATETIME:
            return moment_of(text)
        return Decimal(text)
    except (ValueError, InvalidOperation):
        return None


def written(value: Value, field: Field) -> Any:
    """A value as a ticket takes it. Options and people must be Zendesk's own already."""
    match value:
        case None:
            return None if field.form not in {Form.TAGS, Form.CHOICES} else []
        case bool() | str():
            return value
        case datetime():
            return version_of(value)
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case Option():
            return int(value.value) if field.form is Form.LISTED else value.value
        case Person():
            return int(value.id)
        case _:
            return sorted(one.value if isinstance(one, Option) else one for one in value)


def same(sent: Any, given: Any, field: Field) -> bool:
    """Whether a field holds what was sent, but for what Zendesk does to every value."""
    if field.form is Form.NUMBER and sent is not None and given is not None:
        try:
            return Decimal(str(sent)) == Decimal(str(given))
        except InvalidOperation:
            return False
    if field.form is Form.BOOLEAN:
        return (sent in {True, "true"}) == (given in {True, "true"})
    if isinstance(sent, list) or isinstance(given, list):
        return sorted(sent or []) == sorted(given or [])
    one, two = str(sent or "").strip(), str(given or "").strip()
    return one.replace("\r\n", "\n") == two.replace("\r\n", "\n")


def tag_of(text: str) -> str:
    """A tag as Zendesk keeps it: lower case and without spaces, which would make two of it."""
    return _SPACE.sub("_", text.strip()).lower()


# Texts


def token_of(url: Any) -> str:
    """The token in a file's address, whatever host it names; "" for what is no such address."""
    found = _TOKEN.search(str(url))
    return found[1] if found else ""


def markdown_of(html: str, names: Mapping[str, str]) -> str:
    """A comment's HTML as Markdown. `names` are of the ticket's own files, by token."""
    from tieline.domain.richtext.html import html_to_markdown  # noqa: PLC0415 - seldom needed

    def image(src: str) -> str | None:
        name = names.get(token_of(src))
        return attachment_link(name) if name else None

    return html_to_markdown(html, image=image)


_IMAGE = re.compile(r'<img\b[^>]*\bsrc="(attachment:[^"]*)"[^>]*>')
_LINK = re.compile(r'<a\b[^>]*\bhref="(attachment:[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def html_of(markdown: str, address: Callable[[str], str]) -> str:
    """Markdown as a comment's HTML. `address` is that of the ticket's file of a name, or ""."""
    from tieline.domain.richtext.html import markdown_to_html  # noqa: PLC0415 - seldom needed

    def shown(found: re.Match[str]) -> str:
        name = attachment_name(found[1])
        url = address(name)
        words = escape(name)
        return f'<img src="{escape(url)}" alt="{words}">' if url else words

    def linked(found: re.Match[str]) -> str:
        url = address(attachment_name(found[1]))
        return f'<a href="{escape(url)}">{found[2]}</a>' if url else found[2]

    return _LINK.sub(linked, _IMAGE.sub(shown, markdown_to_html(markdown)))
