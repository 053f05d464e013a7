"""A value's normal form in short (`mark`), and in forms for people (`show`, `whole`)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal

from tieline.domain.ticket import Option, Person, Value
from tieline.domain.twin import Mark

LONGEST = 80
"""Characters of a text that are kept as they are; a longer one is kept as its digest."""

_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")
_SHOWN = 120
WHOLE = 50_000
"""Characters of a text that is shown whole: an answer holds 6 MB (Lambda, Quotas)."""


def normal_text(text: str) -> str:
    """A text without what systems change by themselves: NFC, LF, no trailing or invisible space."""
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip()


def normal_number(number: Decimal) -> str:
    """A number in plain decimal digits, without trailing zeros: `1.50` and `1.5` are one."""
    if not number.is_finite():
        return str(number)
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def normal_moment(moment: datetime) -> str:
    """A moment in UTC, ISO 8601. A moment without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat()


def mark(value: Value) -> Mark:
    """A value's normal form in short, equal for values that are the same to a system.

    "" is empty (None, an empty text, an empty set). A text longer than `LONGEST` is
    `sha256:<hex>`; a set is the sorted tuple of its elements.
    """
    if isinstance(value, frozenset):
        return tuple(sorted(_element(one) for one in value)) or ""
    text = _single(value)
    if len(text) > LONGEST:
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return text


def _element(one: Option | str) -> str:
    if isinstance(one, Option):
        return one.value or one.label
    return normal_text(one)


def _single(
    value: str | date | datetime | Decimal | bool | Option | Person | None,
) -> str:
    match value:
        case None:
            return ""
        case str():
            return normal_text(value)
        case bool():
            return "true" if value else "false"
        case Decimal():
            return normal_number(value)
        case datetime():
            return normal_moment(value)
        case date():
            return value.isoformat()
        case Option():
            return value.value or value.label
        case Person():
            return value.id or value.email.casefold()


def show(value: Value) -> str:
    """A value as a person would read it in a history, on one line, cut when long."""
    line = " ".join(_read(value).split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def whole(value: Value) -> str:
    """A value as a person would read it, with its lines; past `WHOLE` only how much more it is."""
    text = _read(value)
    left = len(text) - WHOLE
    return text if left <= 0 else f"{text[:WHOLE]}\n… ({left} characters more)"


def _read(value: Value) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(_shown(one) for one in value))
    if isinstance(value, Option | Person | str):
        return _shown(value)
    return _single(value)


def _shown(value: Option | Person | str) -> str:
    match value:
        case Option():
            return value.label or value.value
        case Person():
            return value.name or value.email or value.id
        case str():
            return normal_text(value)
