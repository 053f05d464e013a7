"""Salesforce's JSON <-> canonical values. Pure, and light: webhooks load it.

Salesforce: Object reference, Case; REST API, Valid date and dateTime formats; Field types.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import format_datetime
from enum import StrEnum
from html import escape
from typing import Any

from tieline.domain.richtext.links import attachment_link, attachment_name
from tieline.domain.ticket import FieldSpec, Kind, Option, Person, Value
from tieline.domain.twin import as_key

Row = Mapping[str, Any]
REF = "Sync_Ref__c"
"""The custom field that carries a correlation, unless the scope names another."""
FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}__c")
COMMENT_BYTES = 4000
"""Of a CaseComment's text, in UTF-8: bytes, not characters."""
CUT = "\n\n(The rest was left out: a case comment holds 4,000 bytes.)"
_ID = re.compile(r"([A-Za-z0-9]{15})([A-Z0-5]{3})?", re.ASCII)
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_QUEUE = "00G"
_CASE = "500"


class Form(StrEnum):
    """How a field's value looks in a case."""

    TEXT = "text"
    PLAIN = "plain"  # a long text that is Markdown to others
    HTML = "html"  # a rich text area
    CHOICE = "choice"
    CHOICES = "choices"  # `a;b`
    DATE = "date"
    DATETIME = "datetime"
    NUMBER = "number"
    BOOLEAN = "boolean"
    USER = "user"
    CONTACT = "contact"


KINDS: Mapping[Form, Kind] = {
    Form.TEXT: Kind.TEXT,
    Form.PLAIN: Kind.RICH,
    Form.HTML: Kind.RICH,
    Form.CHOICE: Kind.OPTION,
    Form.CHOICES: Kind.OPTIONS,
    Form.DATE: Kind.DATE,
    Form.DATETIME: Kind.DATETIME,
    Form.NUMBER: Kind.NUMBER,
    Form.BOOLEAN: Kind.BOOLEAN,
    Form.USER: Kind.PERSON,
    Form.CONTACT: Kind.PERSON,
}
_PEOPLE = frozenset({Form.USER, Form.CONTACT})


@dataclass(frozen=True, slots=True)
class Field:
    """One field by its API name; `relation` leads to the row of a person."""

    element: str
    form: Form
    spec: FieldSpec
    relation: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """What a query selects for it."""
        if self.form not in _PEOPLE:
            return (self.element,)
        return (self.element, f"{self.relation}.Name", f"{self.relation}.Email")


# Ids and moments


def id18(text: object) -> str:
    """An id in its form of 18 characters, which is safe where case is not; "" for what is none."""
    found = _ID.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return ""
    short = found[1]
    suffix = ""
    for start in (0, 5, 10):
        five = short[start : start + 5]
        suffix += _SUFFIX[sum(1 << n for n, letter in enumerate(five) if letter.isupper())]
    return short + suffix if found[2] in (None, suffix) else ""


def case_id(text: object) -> str:
    """A case's id of 18 characters, or ""."""
    id = id18(text)
    return id if id.startswith(_CASE) else ""


def moment_of(text: Any) -> datetime:
    """A stamp (`2026-01-02T10:00:00.000+0000`, also with a space or Z). Raises ValueError."""
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC)


def version_of(moment: datetime) -> str:
    """A case's version: `SystemModstamp`. This is also how SOQL takes a moment."""
    moment = moment.astimezone(UTC)
    parts = f".{moment.microsecond // 1000:03d}" if moment.microsecond >= 1000 else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + parts + "Z"


def http_date(moment: datetime) -> str:
    """A moment for `If-Unmodified-Since`, whose grain is a second: rounded down."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def correlation_of(value: Any) -> str:
    """Our correlation in the field that carries it; "" for what people wrote there."""
    return as_key(value) if isinstance(value, str) else ""


def digest(texts: Iterable[str]) -> str:
    """A short mark of a list."""
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


# Values


def related(row: Row, path: str) -> Any:
    """A value behind relations (`ContentDocument.Title`); None where one leads nowhere."""
    found: Any = row
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def person_of(row: Row, element: str, relation: str) -> Person | None:
    """The person of a look-up. A queue is nobody: it has no address, and takes nothing over."""
    id = id18(row.get(element))
    if not id or id.startswith(_QUEUE):
        return None
    email, name = related(row, f"{relation}.Email"), related(row, f"{relation}.Name")
    return Person(id, str(email or ""), str(name or ""))


def value_of(row: Row, field: Field, names: Mapping[str, str]) -> Value:
    """The canonical value of a field. `names` are of the case's files, by the version's id."""
    given = row.get(field.element)
    if field.form is Form.BOOLEAN:
        return given is True
    if given is None or given == "":
        return None
    match field.form:
        case Form.USER | Form.CONTACT:
            return person_of(row, field.element, field.relation)
        case Form.CHOICE:
            return _known(str(given), field)
        case Form.CHOICES:
            return frozenset(_known(each, field) for each in str(given).split(";") if each) or None
        case Form.PLAIN:
            return plain_markdown(str(given)) or None
        case Form.HTML:
            return html_markdown(str(given), names) or None
        case Form.TEXT:
            return str(given).replace("\r\n", "\n")
        case _:
            return _scalar(given, field.form)


def _known(value: str, field: Field) -> Option:
    """The option of a value, with its label where the list is known."""
    for option in field.spec.options:
        if option.value == value:
            return option
    return Option(value, value)


def _scalar(given: Any, form: Form) -> Value:
    try:
        if form is Form.DATE:
            return date.fromisoformat(str(given)[:10])
        if form is Form.DATETIME:
            return moment_of(given)
        return Decimal(str(given))
    except (ValueError, ArithmeticError):
        return None


def written(value: Value, field: Field, address: Callable[[str], str]) -> Any:
    """A value as a case takes it. Options and people must be Salesforce's own already.

    `address` is that of the case's file of a name, or "".
    """
    match value:
        case None:
            return False if field.form is Form.BOOLEAN else None
        case bool():
            return value
        case str():
            return _text(value, field, address)
        case date():
            return _date(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Option():
            return value.value
        case Person():
            return value.id
        case _:
            return ";".join(sorted(o.value if isinstance(o, Option) else o for o in value))


def _text(text: str, field: Field, address: Callable[[str], str]) -> str:
    if field.form is Form.PLAIN:
        return markdown_plain(text)
    return markdown_html(text, address) if field.form is Form.HTML else text


def _date(value: date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    moment = value.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


# Texts


def plain_markdown(text: str) -> str:
    """A plain text as Markdown."""
    from tieline.domain.richtext.plain import plain_to_markdown  # noqa: PLC0415 - seldom needed

    return plain_to_markdown(text.replace("\r\n", "\n"))


def markdown_plain(markdown: str) -> str:
    """Markdown as plain text."""
    from tieline.domain.richtext.plain import markdown_to_plain  # noqa: PLC0415 - seldom needed

    return markdown_to_plain(markdown)


def comment_text(markdown: str) -> str:
    """Markdown as the text of a comment, which must say something, in so many bytes at most.

    What is too long is cut between two characters, and says so.
    """
    text = markdown_plain(markdown).strip() or "…"
    content = text.encode("utf-8", "replace")
    if len(content) <= COMMENT_BYTES:
        return text
    room = COMMENT_BYTES - len(CUT.encode())
    return content[:room].decode("utf-8", "ignore").rstrip() + CUT


VERSION_PATH = "/sfc/servlet.shepherd/version/download/"
_VERSION = re.compile(r"/sfc/servlet\.shepherd/version/download/([A-Za-z0-9]{15,18})(?:[?&#]|$)")
_IMAGE = re.compile(r'<img\b[^>]*\bsrc="(attachment:[^"]*)"[^>]*>')
_LINK = re.compile(r'<a\b[^>]*\bhref="(attachment:[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def html_markdown(html: str, names: Mapping[str, str]) -> str:
    """A rich text area's HTML as Markdown; pictures of the case's own files by name."""
    from tieline.domain.richtext.html import html_to_markdown  # noqa: PLC0415 - seldom needed

    def image(src: str) -> str | None:
        found = _VERSION.search(src)
        name = names.get(id18(found[1])) if found else None
        return attachment_link(name) if name else None

    return html_to_markdown(html, image=image)


def markdown_html(markdown: str, address: Callable[[str], str]) -> str:
    """Markdown as a rich text area's HTML."""
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
