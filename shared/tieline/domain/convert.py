"""Values from one kind to another, and whether two values of a kind are alike.

Nothing here knows of rules: `lens` puts a rule's own pairs before these conversions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from tieline.domain.marks import normal_text
from tieline.domain.template import text_of
from tieline.domain.ticket import FieldSpec, Kind, Option, Person, Value

Element = Option | str
"""What a set holds: options or tags."""

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})


class Untranslatable(Exception):
    """A value that has no counterpart in the other field. Its text names fields, not contents."""


def parse_text(text: str, spec: FieldSpec) -> Value:
    """The value that `text` in link.yaml means in a field; "" is empty. Raises Untranslatable.

    An option is named by value or label; where a list's options are not known it is taken as
    written, as both. A person is named by e-mail address, or by the system's own id. Elements of
    a set stand between commas.
    """
    return None if text == "" else from_text(text, spec)


def from_text(text: str, spec: FieldSpec) -> Value:  # noqa: C901 - one line for each kind
    """What a text says, in a field's kind. Raises Untranslatable."""
    words = text.strip()
    match spec.kind:
        case Kind.TEXT | Kind.RICH:
            return _fitted(text, spec)
        case Kind.OPTION:
            return option(words, spec)
        case Kind.OPTIONS:
            return frozenset(option(word, spec) for word in _split(words))
        case Kind.TAGS:
            return frozenset(_split(words))
        case Kind.PERSON if "@" in words:
            return Person(id="", email=words, name="")
        case Kind.PERSON:
            return Person(id=words, email="", name="")
        case Kind.NUMBER:
            return _number(words, spec)
        case Kind.BOOLEAN:
            return _boolean(words, spec)
        case Kind.DATE:
            return _moment(words, spec).date()
        case Kind.DATETIME:
            return _moment(words, spec)


def convert(  # noqa: C901, PLR0912 - a table
    value: Value, spec: FieldSpec, target: FieldSpec
) -> Value:
    """A value of `spec`'s field as one of `target`'s. Empty stays empty. Raises Untranslatable."""
    if is_empty(value):
        return None
    kind = target.kind
    match value:
        case str() if spec.kind is Kind.RICH and kind is not Kind.RICH:
            return from_text(_plain(value), target)
        case str() if spec.kind is Kind.TEXT and kind is Kind.RICH:
            return _fitted(_escaped(value), target)
        case datetime() if kind in {Kind.DATE, Kind.DATETIME}:
            return _utc(value).date() if kind is Kind.DATE else _utc(value)
        case Person() if kind is Kind.PERSON:
            if not value.email:
                raise Untranslatable(f"{spec.name} holds a person whose e-mail address is hidden")
            return Person(id="", email=value.email, name=value.name)
        case frozenset() if kind in {Kind.TAGS, Kind.OPTIONS}:
            return set_of(one for each in value for one in elements(each, target))
        case frozenset() if kind is Kind.OPTION:
            if len(value) > 1:
                raise Untranslatable(f"{spec.name} holds several values, {target.name} takes one")
            return from_text(text_of(value), target)
        case Option() if kind in {Kind.TAGS, Kind.OPTIONS}:
            return set_of(elements(value, target))
        case Option() if kind is Kind.OPTION:
            return _counterpart(value, target)
        case _ if kind is Kind.PERSON and "@" not in text_of(value):
            raise Untranslatable(f"{spec.name} holds no e-mail address to find a person by")
        case _:
            text = text_of(value)
            return from_text(_escaped(text) if _to_rich(spec, target) else text, target)


def elements(one: Element, target: FieldSpec) -> tuple[Element, ...]:
    """One element of a set, as elements of another. Raises Untranslatable."""
    if target.kind is Kind.TAGS:
        return (text_of(one),)
    if isinstance(one, Option):
        return (_counterpart(one, target),)
    return (option(one, target),)


def set_of(kept: Iterable[Element]) -> Value:
    """A set as a field's value: None if there is nothing in it."""
    options: set[Option] = set()
    tags: set[str] = set()
    for one in kept:
        if isinstance(one, Option):
            options.add(one)
        else:
            tags.add(one)
    return frozenset(options) or frozenset(tags) or None


def option(text: str, spec: FieldSpec) -> Option:
    """The option that `text` names: by value, else by label. Raises Untranslatable."""
    if not spec.options:
        return Option(value=text, label=text)
    by_value = [known for known in spec.options if known.value == text]
    by_label = [known for known in spec.options if known.label == text]
    loosely = [known for known in spec.options if known.means(text)]
    for known in (*by_value, *by_label, *loosely):
        return known
    raise Untranslatable(f"{spec.name} has no such option")


def _counterpart(value: Option, target: FieldSpec) -> Option:
    """The other list's option of the same label; two systems' raw values are strangers."""
    return option(value.label or value.value, target)


def is_empty(value: Value) -> bool:
    """Whether a value is empty: None, a text of spaces, a set of nothing."""
    return (
        value is None
        or (isinstance(value, str) and not normal_text(value).strip())
        or (isinstance(value, frozenset) and not value)
    )


def alike(one: Value, two: Value, spec: FieldSpec) -> bool:
    """Whether two values of one field are the same to people.

    Texts without regard to outer space, moments to the second, people by e-mail or id, tags
    without regard to case and to what stands between their words.
    """
    if is_empty(one) or is_empty(two):
        return is_empty(one) and is_empty(two)
    match one, two:
        case str(), str() if spec.kind is Kind.RICH:
            return _normal_rich(one) == _normal_rich(two)
        case str(), str() if spec.alias == "title":
            return normal_text(one).split() == normal_text(two).split()
        case str(), str():
            return normal_text(one).strip() == normal_text(two).strip()
        case Option(), Option():
            return alike_options(one, two)
        case Person(), Person():
            same_id = one.id != "" and one.id == two.id
            return same_id or (one.email != "" and one.email.casefold() == two.email.casefold())
        case datetime(), datetime():
            return _utc(one).replace(microsecond=0) == _utc(two).replace(microsecond=0)
        case frozenset(), frozenset():
            return all(any(alike_elements(a, b) for b in two) for a in one) and all(
                any(alike_elements(a, b) for a in one) for b in two
            )
        case _:
            return one == two


def alike_elements(one: Element, two: Element) -> bool:
    """Whether two elements of a set are the same to people."""
    if isinstance(one, Option) and isinstance(two, Option):
        return alike_options(one, two)
    return tag_key(text_of(one)) == tag_key(text_of(two))


def alike_options(one: Option, two: Option) -> bool:
    """Whether two options are one. Either may be a mere word, whose value is its label."""
    if one.value == two.value:
        return True
    mere = one.value in {"", one.label} or two.value in {"", two.label}
    return mere and (one.means(two.label) or two.means(one.label))


def tag_key(tag: str) -> str:
    """A tag as systems compare them: `Needs review`, `needs-review` and `needs_review` are one."""
    return re.sub(r"[\s_-]+", "-", normal_text(tag).strip().casefold())


def _to_rich(spec: FieldSpec, target: FieldSpec) -> bool:
    return target.kind is Kind.RICH and spec.kind is not Kind.RICH


def _fitted(text: str, spec: FieldSpec) -> str:
    """A text that the field can hold: a title on one line, and no longer than it may be."""
    if spec.alias == "title":
        text = " ".join(text.split())
    if spec.max_length is not None and len(text) > spec.max_length:
        return text[: spec.max_length - 1].rstrip() + "…"
    return text


def _split(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in re.split(r"[,;\n]", text) if word.strip())


def _number(text: str, spec: FieldSpec) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Untranslatable(f"{spec.name} takes numbers only") from None
    if not number.is_finite():
        raise Untranslatable(f"{spec.name} takes numbers only")
    return number


def _boolean(text: str, spec: FieldSpec) -> bool:
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Untranslatable(f"{spec.name} takes true or false only")


def _moment(text: str, spec: FieldSpec) -> datetime:
    try:
        return _utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise Untranslatable(f"{spec.name} takes dates only (2026-11-30)") from None


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain(markdown: str) -> str:
    from tieline.domain.richtext.plain import markdown_to_plain  # noqa: PLC0415 - slow to import

    return markdown_to_plain(markdown)


def _escaped(text: str) -> str:
    from tieline.domain.richtext.plain import plain_to_markdown  # noqa: PLC0415 - likewise

    return plain_to_markdown(text)


def _normal_rich(markdown: str) -> str:
    from tieline.domain.richtext.markdown import normal_form  # noqa: PLC0415 - likewise

    return normal_form(markdown)
