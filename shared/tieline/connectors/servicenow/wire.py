"""ServiceNow's strings and canonical values, each made from the other. Pure.

Everything is text in the Table API, and empty is "". Records are read with
`sysparm_display_value=all`, so each field is `{"value", "display_value"}`: `value` is raw (moments
in UTC), `display_value` is what the account sees.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from tieline.domain.marks import normal_text
from tieline.domain.richtext.plain import markdown_to_plain, plain_to_markdown
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Kind, Option, Person, Value
from tieline.domain.twin import as_key

Row = Mapping[str, Any]
SYS_ID = re.compile(r"[0-9a-f]{32}")
MARK = "tieline:"
"""Before a correlation in `correlation_id`: other integrations write there too."""
JOURNALS = {"comments": True, "work_notes": False}
"""Journal field -> whether its entries are public (the customer sees them)."""
_STAMP = "%Y-%m-%d %H:%M:%S"


class Form(StrEnum):
    """How a field's value looks in a record."""

    TEXT = "text"
    PLAIN = "plain"  # text of several lines, Markdown in the middle
    HTML = "html"  # likewise, its formatting as tags
    CHOICE = "choice"  # a value of sys_choice
    REFERENCE = "reference"  # a sys_id
    PERSON = "person"  # a sys_id of sys_user
    DATE = "date"
    DATETIME = "datetime"
    NUMBER = "number"
    BOOLEAN = "boolean"


KINDS: Mapping[Form, Kind] = {
    Form.TEXT: Kind.TEXT,
    Form.PLAIN: Kind.RICH,
    Form.HTML: Kind.RICH,
    Form.CHOICE: Kind.OPTION,
    Form.REFERENCE: Kind.OPTION,
    Form.PERSON: Kind.PERSON,
    Form.DATE: Kind.DATE,
    Form.DATETIME: Kind.DATETIME,
    Form.NUMBER: Kind.NUMBER,
    Form.BOOLEAN: Kind.BOOLEAN,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its column, its form, and the table that a reference points to."""

    element: str
    form: Form
    spec: FieldSpec
    table: str = ""


def raw(row: Row, name: str) -> str:
    """A field's raw value; "" if the record does not have it."""
    cell = row.get(name, "")
    return str(cell.get("value") or "") if isinstance(cell, Mapping) else str(cell or "")


def shown(row: Row, name: str) -> str:
    """A field as people see it."""
    cell = row.get(name, "")
    return str(cell.get("display_value") or "") if isinstance(cell, Mapping) else str(cell or "")


def moment_of(text: str) -> datetime:
    """A raw stamp (`2026-01-02 10:00:00`, UTC). Raises ValueError."""
    return datetime.strptime(text, _STAMP).replace(tzinfo=UTC)


def stamp_of(moment: datetime) -> str:
    """A moment as raw values and query literals have it."""
    return moment.astimezone(UTC).strftime(_STAMP)


def digest(texts: Iterable[str]) -> str:
    """A short mark of a list."""
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def correlation_of(text: str) -> str:
    """Our correlation in a `correlation_id`; "" if it is somebody else's."""
    return as_key(text.removeprefix(MARK)) if text.startswith(MARK) else ""


def value_of(row: Row, field: Field) -> Value:
    """The canonical value of a field in a record that was read with both forms."""
    text = raw(row, field.element)
    if text == "":
        return None
    label = shown(row, field.element) or text
    match field.form:
        case Form.TEXT:
            return text
        case Form.PLAIN:
            return plain_to_markdown(text) or None
        case Form.HTML:
            return _from_html(text) or None
        case Form.CHOICE | Form.REFERENCE:
            return Option(value=text, label=label)
        case Form.PERSON:
            return Person(id=text, email=raw(row, f"{field.element}.email"), name=label)
        case _:
            return _scalar(text, field.form)


def _scalar(text: str, form: Form) -> Value:
    if form is Form.BOOLEAN:
        return text in {"true", "1"}
    try:
        if form is Form.DATE:
            return date.fromisoformat(text[:10])
        if form is Form.DATETIME:
            return moment_of(text)
        return Decimal(text)
    except (ValueError, InvalidOperation):
        return None


def text_of(value: Value, field: Field) -> str:  # noqa: C901 - one case for each form
    """A value as the record takes it. Options and people must carry raw values already."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() if field.form is Form.PLAIN:
            return cut(markdown_to_plain(value), field.spec.max_length)
        case str() if field.form is Form.HTML:
            return _to_html(value)
        case str():
            return cut(value.replace("\r\n", "\n"), field.spec.max_length)
        case datetime():
            return stamp_of(value)
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case Option():
            return value.value
        case Person():
            return value.id
        case _:
            return ",".join(sorted(one if isinstance(one, str) else one.value for one in value))


def _from_html(text: str) -> str:
    from tieline.domain.richtext.html import html_to_markdown  # noqa: PLC0415 - seldom needed

    return html_to_markdown(text)


def _to_html(markdown: str) -> str:
    from tieline.domain.richtext.html import markdown_to_html  # noqa: PLC0415 - seldom needed

    return markdown_to_html(markdown)


def cut(text: str, most: int | None) -> str:
    """A text that fits. ServiceNow cuts what is too long without a word, and shows no dots."""
    return text if most is None or len(text) <= most else text[: most - 1].rstrip() + "…"


def same_text(sent: str, answered: str, form: Form) -> bool:
    """Whether a field holds what was sent, but for what systems do to every text."""
    if form is Form.NUMBER and sent and answered:
        try:
            return Decimal(sent) == Decimal(answered.replace(",", ""))
        except InvalidOperation:
            return False
    if form is Form.HTML:
        return _from_html(sent) == _from_html(answered)
    if form is Form.BOOLEAN:
        return (sent in {"true", "1"}) == (answered in {"true", "1"})
    return normal_text(sent).strip() == normal_text(answered).strip()


_CODE = re.compile(r"\[(?=\W*code\b)", re.IGNORECASE)


def journal_text(body: str) -> str:
    """A comment's text as a journal takes it. A literal `[code]` would be read as HTML."""
    return _CODE.sub("[\u200b", markdown_to_plain(body))


def comment_of(row: Row, us: str) -> Comment:
    """A row of `sys_journal_field`. Its author is a user name: e-mail addresses are not there."""
    author = raw(row, "sys_created_by")
    created = moment_of(raw(row, "sys_created_on"))
    return Comment(
        id=raw(row, "sys_id"),
        body=plain_to_markdown(raw(row, "value").replace("\r\n", "\n")),
        author=Person(id=author, email="", name=author) if author else None,
        public=JOURNALS.get(raw(row, "element"), False),
        created=created,
        updated=created,
        ours=author == us,
    )


def attachment_of(row: Row, us: str) -> Attachment:
    """One of `/api/now/attachment`'s entries."""
    return Attachment(
        id=raw(row, "sys_id"),
        name=raw(row, "file_name"),
        media_type=raw(row, "content_type") or "application/octet-stream",
        size=int(raw(row, "size_bytes") or 0),
        created=moment_of(raw(row, "sys_created_on")),
        ours=raw(row, "sys_created_by") == us,
    )


MATRIX: Mapping[str, tuple[tuple[str, str], ...]] = {
    "1": (("1", "1"),),
    "2": (("1", "2"), ("2", "1")),
    "3": (("2", "2"), ("1", "3"), ("3", "1")),
    "4": (("2", "3"), ("3", "2")),
    "5": (("3", "3"),),
}
"""Priority -> pairs of impact and urgency that give it, the one to write first.

ServiceNow's default data of `dl_u_priority`; an instance may have another (see `read_matrix`).
"""


def pair_for(
    priority: str,
    now: tuple[str, str],
    matrix: Mapping[str, tuple[tuple[str, str], ...]] = MATRIX,
) -> tuple[str, str] | None:
    """Impact and urgency that give a priority: those there are if they do, else the nearest.

    Nearest: one that keeps the impact, then one that keeps the urgency, then the first.
    """
    pairs = matrix.get(priority, ())
    if now in pairs:
        return now
    keeps_impact = [pair for pair in pairs if pair[0] == now[0]]
    keeps_urgency = [pair for pair in pairs if pair[1] == now[1]]
    return next(iter((*keeps_impact, *keeps_urgency, *pairs)), None)


def matrix_of(rows: Iterable[Row]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """An instance's own matrix from rows of `dl_u_priority`; MATRIX if there are none."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        pair = (raw(row, "impact"), raw(row, "urgency"))
        found.setdefault(raw(row, "priority"), []).append(pair)
    if not found:
        return MATRIX
    even = {p: sorted(pairs, key=lambda q: (q[0] != q[1], q)) for p, pairs in found.items()}
    return {priority: tuple(pairs) for priority, pairs in even.items()}
