"""Work items, comments and files as Azure DevOps has them, and canonical values. Pure.

Azure DevOps REST 7.1, Work item tracking. Empty fields are not null but absent; people are
objects (`IdentityRef`), tags are one text, moments have up to seven digits of a second.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from tieline.connectors.azure_devops.naming import marks_in, named, tags_of
from tieline.connectors.azure_devops.text import (
    HTML,
    MARKDOWN,
    file_of,
    from_markdown,
    pasted,
    to_markdown,
)
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Kind, Option, Person, Value

Item = Mapping[str, Any]
ATTACHED = "AttachedFile"
OURS = "Tieline"
"""The comment of the files that we attach. Without any comment files showed as 0 KB."""
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?")
_TAG_UNFIT = re.compile(r"[,;\x00-\x1f\x7f\ufe0f\u200d\U00010000-\U0010ffff]+")
_TAG_LENGTH = 400


class Form(StrEnum):
    """How a field's value looks in a work item."""

    TEXT = "text"
    PLAIN = "plain"  # lines of text, taken literally
    LONG = "long"  # HTML or Markdown
    PICK = "pick"  # one of a list, text or number
    PERSON = "person"
    MOMENT = "moment"
    WHOLE = "whole"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TAGS = "tags"


KINDS: Mapping[Form, Kind] = {
    Form.TEXT: Kind.TEXT,
    Form.PLAIN: Kind.TEXT,
    Form.LONG: Kind.RICH,
    Form.PICK: Kind.OPTION,
    Form.PERSON: Kind.PERSON,
    Form.MOMENT: Kind.DATETIME,
    Form.WHOLE: Kind.NUMBER,
    Form.NUMBER: Kind.NUMBER,
    Form.BOOLEAN: Kind.BOOLEAN,
    Form.TAGS: Kind.TAGS,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its reference name, its form, and whether a list's values are numbers."""

    ref: str
    form: Form
    spec: FieldSpec
    numbers: bool = False


def moment_of(text: object) -> datetime | None:
    """A moment, UTC; None for what is none."""
    found = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    zone = (found[3] or "Z").replace("Z", "+00:00")
    try:
        plain = datetime.fromisoformat(f"{found[1]}.{(found[2] or '0')[:6]:0<6}{zone}")
        return plain.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def stamp_of(moment: datetime) -> str:
    """A moment as fields and queries take it."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def digest(texts: Iterable[str]) -> str:
    """A short mark of a list."""
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def person_of(value: object) -> Person | None:
    """Somebody, as an `IdentityRef` or as `Name <unique name>`. The id is the name to sign in by.

    It is what a write takes: a display name may be several people's.
    """
    if isinstance(value, str):
        name, unique = named(value)
    elif isinstance(value, Mapping):
        unique = str(value.get("uniqueName") or value.get("id") or "")
        name = str(value.get("displayName") or unique)
    else:
        return None
    if not unique:
        return None
    return Person(id=unique, email=unique if "@" in unique else "", name=name)


def is_us(value: object, us: Mapping[str, str]) -> bool:
    """Whether this identity is the account `us` (`id` and `name`)."""
    if isinstance(value, Mapping) and value.get("id"):
        return str(value["id"]).casefold() == us["id"].casefold()
    person = person_of(value)
    return person is not None and person.id.casefold() == us["name"].casefold()


def names_of(item: Item) -> dict[str, str]:
    """The names of a work item's files by id."""
    return {file_of(r["url"]): name_of(r) for r in files_of(item)}


def urls_of(item: Item) -> dict[str, str]:
    """The addresses of a work item's files by name; of two with one name, the later."""
    return {name_of(r): str(r["url"]) for r in files_of(item)}


def files_of(item: Item) -> list[Mapping[str, Any]]:
    """The relations that are files."""
    relations = item.get("relations") or ()
    return [r for r in relations if r.get("rel") == ATTACHED and file_of(r.get("url"))]


def name_of(relation: Mapping[str, Any]) -> str:
    """A file's name; it is not always told."""
    return str((relation.get("attributes") or {}).get("name") or file_of(relation["url"]))


def pasted_in(item: Item, ref: str) -> dict[str, tuple[str, str]]:
    """Pictures that stand in a long text and among no relations: id -> (name, address)."""
    text = (item.get("fields") or {}).get(ref)
    return pasted(text, names_of(item)) if isinstance(text, str) else {}


def format_of(item: Item, ref: str) -> str:
    """Whether a long text is HTML or Markdown; not every answer says so, and in changing case."""
    formats = item.get("multilineFieldsFormat")
    told = formats.get(ref) if isinstance(formats, Mapping) else None
    return MARKDOWN if str(told or "").casefold() == MARKDOWN else HTML


def value_of(item: Item, field: Field) -> Value:
    """The canonical value of a field; None if the item does not show it."""
    raw = (item.get("fields") or {}).get(field.ref)
    if raw is None or raw == "":
        return None
    match field.form:
        case Form.TEXT | Form.PLAIN:
            return str(raw)
        case Form.LONG:
            held = {id: name for id, (name, _) in pasted_in(item, field.ref).items()}
            names = {**names_of(item), **held}
            return to_markdown(str(raw), format_of(item, field.ref), names) or None
        case Form.PICK:
            return Option(value=_plain(raw), label=_plain(raw))
        case Form.PERSON:
            return person_of(raw)
        case Form.MOMENT:
            return moment_of(raw)
        case Form.WHOLE | Form.NUMBER:
            return _number(raw)
        case Form.BOOLEAN:
            return raw if isinstance(raw, bool) else str(raw).casefold() in {"true", "1"}
        case Form.TAGS:
            tags = tags_of(raw)
            return frozenset(tags) - frozenset(marks_in(tags)) or None


def _plain(raw: object) -> str:
    number = _number(raw) if isinstance(raw, float) else None
    return str(raw) if number is None else format(number.normalize(), "f")


def _number(raw: object) -> Decimal | None:
    try:
        found = Decimal(str(raw))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def raw_of(value: Value, field: Field, item: Item) -> Any:
    """A value as a JSON Patch takes it; `item` is what is there now. None empties a field."""
    match value:
        case None:
            return None
        case bool():
            return value
        case str() if field.form is Form.LONG:
            held = dict(pasted_in(item, field.ref).values())
            return from_markdown(value, format_of(item, field.ref), {**urls_of(item), **held})
        case str():
            return value
        case datetime():
            return stamp_of(value)
        case Decimal():
            whole = field.form is Form.WHOLE and value == value.to_integral_value()
            return int(value) if whole else float(value)
        case Option():
            return _picked(value, field)
        case Person():
            return value.id
        case frozenset():
            ours = marks_in(tags_of((item.get("fields") or {}).get(field.ref)))
            return "; ".join((*sorted(_fit(value)), *ours))
        case _:
            return value.isoformat()


def _picked(value: Option, field: Field) -> Any:
    if not field.numbers:
        return value.value
    number = Decimal(value.value)
    return int(number) if number == number.to_integral_value() else float(number)


def _fit(tags: frozenset[Any]) -> set[str]:
    """Tags as Azure DevOps takes them: no `,` or `;`, no emoji, told apart without their case."""
    kept: dict[str, str] = {}
    for tag in sorted(str(tag) for tag in tags):
        fit = " ".join(_TAG_UNFIT.sub(" ", tag).split())[:_TAG_LENGTH].strip()
        if fit:
            kept.setdefault(fit.casefold(), fit)
    return set(kept.values())


def comment_of(raw: Mapping[str, Any], us: Mapping[str, str], names: Mapping[str, str]) -> Comment:
    """A comment. Its id is `id`, `commentId` in older answers. All are public."""
    created = moment_of(raw.get("createdDate")) or datetime.fromtimestamp(0, UTC)
    form = str(raw.get("format") or HTML).casefold()
    return Comment(
        id=comment_id(raw),
        body=to_markdown(str(raw.get("text") or ""), form, names),
        author=person_of(raw.get("createdBy")),
        public=True,
        created=created,
        updated=moment_of(raw.get("modifiedDate")) or created,
        ours=is_us(raw.get("createdBy"), us),
    )


def comment_id(raw: Mapping[str, Any]) -> str:
    """A comment's id."""
    return str(raw["id"] if "id" in raw else raw["commentId"])


def attachment_of(relation: Mapping[str, Any], fallback: datetime) -> Attachment:
    """A file from its relation, which does not say who attached it: ours bear our comment."""
    more = relation.get("attributes") or {}
    name = name_of(relation)
    return Attachment(
        id=file_of(relation["url"]),
        name=name,
        media_type=_media_type(name),
        size=int(more.get("resourceSize") or 0),
        created=moment_of(more.get("resourceCreatedDate")) or fallback,
        ours=more.get("comment") == OURS,
    )


def picture_of(id: str, name: str, size: int, created: datetime) -> Attachment:
    """A picture that people pasted into a text."""
    return Attachment(id, name, _media_type(name), size, created)


def _media_type(name: str) -> str:
    import mimetypes  # noqa: PLC0415 - seldom needed

    return mimetypes.guess_type(name)[0] or "application/octet-stream"
