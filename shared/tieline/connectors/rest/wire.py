"""A described system's values and canonical ones, each made from the other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from tieline.connectors.rest.description import FieldText, Times
from tieline.connectors.rest.places import at, text_at, truth
from tieline.domain.richtext.plain import markdown_to_plain, plain_to_markdown
from tieline.domain.ticket import Option, Person, Value

PersonOf = Callable[[str], Person]
"""Gives the person with an id."""


def moment_of(text: str, times: Times) -> datetime:
    """A moment as the system writes it, in UTC. Raises ValueError."""
    found = datetime.strptime(text, times.format) if times.format else datetime.fromisoformat(text)  # noqa: DTZ007 - without a zone it is UTC
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def stamp_of(moment: datetime, times: Times) -> str:
    """A moment as the system writes it."""
    utc = moment.astimezone(UTC)
    return utc.strftime(times.format) if times.format else utc.isoformat()


def grain_of(times: Times) -> timedelta:
    return timedelta(seconds=times.grain)


def to_markdown(text: str, dialect: str) -> str:
    """A rich text in its dialect as Markdown."""
    match dialect:
        case "plain":
            return plain_to_markdown(text.replace("\r\n", "\n"))
        case "html":
            from tieline.domain.richtext.html import html_to_markdown  # noqa: PLC0415

            return html_to_markdown(text)
        case _:
            from tieline.domain.richtext.markdown import normal_form  # noqa: PLC0415

            return normal_form(text)


def from_markdown(text: str, dialect: str) -> str:
    """Markdown in the dialect of the system."""
    match dialect:
        case "plain":
            return markdown_to_plain(text)
        case "html":
            from tieline.domain.richtext.html import markdown_to_html  # noqa: PLC0415

            return markdown_to_html(text)
        case _:
            return text


def value_of(tree: Any, field: FieldText, times: Times, person: PersonOf) -> Value:
    """The canonical value of a field in a ticket's answer; None where nothing stands."""
    found = at(tree, field.at)
    if found is None or found in ("", [], {}):
        return None
    match field.kind:
        case "text":
            return _text(found)
        case "rich":
            return to_markdown(_text(found) or "", field.dialect) or None
        case "option":
            return _option(found, field)
        case "options":
            return frozenset(o for each in _list(found) if (o := _option(each, field))) or None
        case "person":
            id = text_at(found, field.value)
            return person(id) if id else None
        case "tags":
            return frozenset(t for each in _list(found) if (t := text_at(each, field.label)))
        case "boolean":
            return truth(found)
        case _:
            return _scalar(_text(found) or "", field, times)


def _scalar(text: str, field: FieldText, times: Times) -> Value:
    own = Times(format=field.format, grain=times.grain) if field.format else times
    try:
        if field.kind == "number":
            return Decimal(text)
        moment = moment_of(text, own)
        return moment if field.kind == "datetime" else moment.date()
    except (ValueError, InvalidOperation):
        return None


def _text(found: Any) -> str | None:
    return str(found) if isinstance(found, str | int | float) else None


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _option(found: Any, field: FieldText) -> Option | None:
    value = text_at(found, field.value)
    label = text_at(found, field.label) or field.choices.get(value, value)
    return Option(value, label) if value or label else None


def sent(value: Value, field: FieldText, times: Times) -> Any:  # noqa: C901 - one case for each kind
    """A value as a write carries it."""
    own = Times(format=field.format, grain=times.grain) if field.format else times
    match value:
        case None:
            return {"null": None, "text": "", "list": []}[field.empty]
        case bool():
            return value
        case str() if field.kind == "rich":
            return cut(from_markdown(value, field.dialect), field.max_length)
        case str():
            return cut(value, field.max_length)
        case Option():
            return value.value if field.sends == "value" else value.label
        case Person():
            return value.id
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return stamp_of(value, own)
        case date():
            midnight = datetime(value.year, value.month, value.day, tzinfo=UTC)
            return stamp_of(midnight, own) if own.format else value.isoformat()
        case frozenset():
            return sorted(
                each
                if isinstance(each, str)
                else (each.value if field.sends == "value" else each.label)
                for each in value
            )


def cut(text: str, most: int | None) -> str:
    """A text that fits."""
    return text if most is None or len(text) <= most else text[: most - 1].rstrip() + "…"


def chosen(value: Option, options: tuple[Option, ...]) -> Option | None:
    """The system's own option that is meant: by its value, else by its label."""
    by_value = [o for o in options if o.value == value.value]
    by_label = [o for o in options if o.means(value.label) or o.means(value.value)]
    return next(iter((*by_value, *by_label)), None)


def words_of(answer: Any, place: str) -> str:
    """A system's own words in an error's body."""
    return text_at(answer, place) if isinstance(answer, Mapping) else ""
