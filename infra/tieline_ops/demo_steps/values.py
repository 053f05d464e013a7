"""Values that people would give to fields: what meets a `when`, and what to edit a field to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tieline.domain.link import Birth, FieldRule, Link, Test
from tieline.domain.ticket import FieldSpec, Kind
from tieline_ops.sandbox.desk import JANE, OMAR

_TEXTS = ("Edited once", "Edited **twice**, with a list:\n\n- one\n- two")


def matching(birth: Birth) -> dict[str, Any]:
    """Plain values with which a new ticket meets a birth's conditions, as far as they can be."""
    found = {name: _meets(test) for name, test in birth.when.items()}
    return {name: value for name, value in found.items() if value is not None}


def _meets(test: Test) -> Any:
    if test.has:
        return list(test.has)
    if test.any_of:
        return next((one for one in test.any_of if one), None)
    if test.matches:
        return re.sub(r"^\^|\$$|\\", "", test.matches)
    return None


def away_and_back(
    birth: Birth, spec: Callable[[str], FieldSpec | None]
) -> tuple[str, Any, Any] | None:
    """A field of a birth's conditions, a value that does not meet them, and one that does."""
    for name, test in birth.when.items():
        known = spec(name)
        labels = [option.label for option in known.options] if known else []
        if test.none_of:
            others = [label for label in labels if label not in test.none_of]
            return (name, test.none_of[0], others[0]) if others else None
        if test.any_of:
            others = [label for label in labels if label not in test.any_of]
            return (name, others[0], test.any_of[0]) if others else None
        if test.has:
            return name, [], list(test.has)
    return None


def two_values(
    rule: FieldRule, link: Link, side: str, spec: FieldSpec | None, now: Any
) -> list[Any]:
    """Up to two plain values for a rule's field on a side, the last one unlike what is there."""
    kind = spec.kind if spec else Kind.TEXT
    place = link.order.index(side)
    if rule.values:
        words = [pair[place] for pair in rule.values]
        labels = dict.fromkeys(_label(word, spec) for word in words)
        return [label for label in labels if label != now][:2]
    match kind:
        case Kind.TEXT:
            return [f"{_TEXTS[0]} on {side}"]
        case Kind.RICH:
            return [f"{text} (on {side})" if "\n" not in text else text for text in _TEXTS]
        case Kind.PERSON:
            return [OMAR if now != OMAR else JANE]
        case Kind.DATE:
            return ["2026-12-24"]
        case Kind.DATETIME:
            return ["2026-12-24T12:00:00+00:00"]
        case Kind.NUMBER:
            return [8]
        case Kind.BOOLEAN:
            return [not now]
        case Kind.TAGS:
            return [sorted({*(now or []), f"from-{side}"})]
        case _:
            return []


def _label(word: str, spec: FieldSpec | None) -> str:
    """An option by its label, which is what people choose."""
    options = spec.options if spec else ()
    return next((o.label for o in options if word in {o.value, o.label}), word)
