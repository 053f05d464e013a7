"""Field rules as lenses: what the other side shall hold, given what it holds already.

A value that already means the incoming one stays as it is, so several values may mean the same
(`High` and `Highest` are both `1`), and a lossy conversion never flows back over its richer
original. Two laws hold for every kind: writing what was read changes nothing, and reading after
writing gives what was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from tieline.domain.convert import (
    Element,
    Untranslatable,
    alike,
    alike_elements,
    convert,
    elements,
    is_empty,
    parse_text,
    set_of,
)
from tieline.domain.link import FieldRule, Link
from tieline.domain.marks import mark
from tieline.domain.template import text_of
from tieline.domain.ticket import FieldSpec, Kind, Option, Value
from tieline.domain.twin import Mark

__all__ = ["Untranslatable", "conveyed", "merge", "parse_text", "same", "translate"]

_SETS = frozenset({Kind.TAGS, Kind.OPTIONS})


def translate(
    rule: FieldRule,
    link: Link,
    source: str,
    value: Value,
    spec: FieldSpec,
    now: Value,
    now_spec: FieldSpec,
) -> Value:
    """What the side across from `source` shall hold for `value`, given that it holds `now`.

    `now` itself if that means the same already. Raises Untranslatable if there is no counterpart
    and the rule has no `otherwise`.
    """
    way = _Way(rule, link, source, spec, now_spec)
    if spec.kind in _SETS and now_spec.kind in _SETS:
        return way.given_set(_as_set(value), _as_set(now), now)
    if way.comes_from(value, now):
        return now
    wanted = way.forward(value)
    return now if alike(wanted, now, now_spec) else wanted


def same(
    rule: FieldRule, link: Link, values: Mapping[str, Value], specs: Mapping[str, FieldSpec]
) -> bool:
    """Whether the values of both sides mean the same already, in a direction that flows."""
    for target in rule.targets:
        source = link.other(target)
        if specs[source].kind in _SETS and specs[target].kind in _SETS:
            way = _Way(rule, link, source, specs[source], specs[target])
            if way.same_sets(_as_set(values[source]), _as_set(values[target])):
                return True
    return any(alike(*each) for each in _translated(rule, link, values, specs))


def conveyed(
    rule: FieldRule, link: Link, values: Mapping[str, Value], specs: Mapping[str, FieldSpec]
) -> bool:
    """Whether one side's text is what its system may have made of the other's, as that flows."""
    from tieline.domain.richtext.said import says  # noqa: PLC0415 - slow to import

    return any(
        isinstance(wanted, str)
        and isinstance(there, str)
        and says(wanted, there, rich=spec.kind is Kind.RICH)
        for wanted, there, spec in _translated(rule, link, values, specs)
    )


def _translated(
    rule: FieldRule, link: Link, values: Mapping[str, Value], specs: Mapping[str, FieldSpec]
) -> Iterator[tuple[Value, Value, FieldSpec]]:
    """For each direction that flows: the source's value across, what is there, of which field."""
    for target in rule.targets:
        source, spec = link.other(target), specs[target]
        if specs[source].kind in _SETS and spec.kind in _SETS:
            continue
        with suppress(Untranslatable):
            way = _Way(rule, link, source, specs[source], spec)
            yield way.forward(values[source]), values[target], spec


def merge(
    rule: FieldRule,
    link: Link,
    base: Mapping[str, Mark],
    values: Mapping[str, Value],
    specs: Mapping[str, FieldSpec],
) -> Mapping[str, Value]:
    """Both sides' sets (tags, multi-options) after each took over what the other changed.

    `base` is each side's mark at the last agreement; what is not in it was added, what is missing
    from the set was removed. An element goes away only if nothing that remains means it. Of an
    option that was removed only its value may be known: then what it was across is what nothing
    here means any more. All maps are by side. Raises Untranslatable.
    """
    first, second = link.order
    sets = {side: _as_set(values[side]) for side in link.order}
    merged: dict[str, Value] = {}
    for side, source in ((first, second), (second, first)):
        way = _Way(rule, link, source, specs[source], specs[side])
        old = _base_elements(base.get(source, ""), specs[source])
        added = [one for one in sets[source] if not _within(one, old)]
        removed = [one for one in old if not _within(one, sets[source])]
        unknown = any(isinstance(one, Option) and one not in way.spec.options for one in removed)
        mine = [one for one in sets[side] if not _within(one, _base_elements_of(base, side, specs))]
        kept: list[Element] = [
            one
            for one in sets[side]
            if one in mine
            or not (
                any(way.element_means(gone, one) for gone in removed)
                or (unknown and not way.back().needs_none(one))
            )
            or any(way.element_means(left, one) for left in sets[source])
        ]
        for one in sorted(added, key=text_of):
            if not any(way.element_means(one, present) for present in kept):
                kept.extend(new for new in way.elements(one) if not _within(new, kept))
        unchanged = len(kept) == len(sets[side]) and all(one in sets[side] for one in kept)
        merged[side] = values[side] if unchanged else set_of(kept)
    return merged


@dataclass(frozen=True)
class _Way:
    """One rule in one direction."""

    rule: FieldRule
    link: Link
    source: str
    spec: FieldSpec
    target_spec: FieldSpec

    @property
    def target(self) -> str:
        return self.link.other(self.source)

    def back(self) -> _Way:
        return _Way(self.rule, self.link, self.target, self.target_spec, self.spec)

    def forward(self, value: Value) -> Value:
        """The counterpart of a value, whatever the target holds now."""
        try:
            found, text = self._paired(value)
            if found:
                return parse_text(text, self.target_spec)
            if not self.rule.values or is_empty(value):
                return convert(value, self.spec, self.target_spec)
            reason = f"a value of {self._name(self.source)} has no pair in `values`"
        except Untranslatable as error:
            reason = str(error)
        return parse_text(self._otherwise(reason), self.target_spec)

    def comes_from(self, value: Value, now: Value) -> bool:
        """Whether what the target holds would be translated back to the value."""
        if self.source not in self.rule.targets or is_empty(now):
            return False
        try:
            return alike(self.back().forward(now), value, self.spec)
        except Untranslatable:
            return False

    def elements(self, one: Element) -> tuple[Element, ...]:
        """The counterparts of one element of a set: one, or none if `otherwise` is empty."""
        try:
            found, text = self._paired(one)
            if not found:
                return elements(one, self.target_spec)
        except Untranslatable as error:
            text = self._otherwise(str(error))
        return tuple(_as_set(parse_text(text, self.target_spec)))

    def element_means(self, one: Element, there: Element) -> bool:
        """Whether an element here and one there are counterparts, to or fro."""
        if self._element_forward(one, there):
            return True
        return self.source in self.rule.targets and self.back()._element_forward(there, one)  # noqa: SLF001 - its own class

    def _element_forward(self, one: Element, there: Element) -> bool:
        try:
            return any(alike_elements(new, there) for new in self.elements(one))
        except Untranslatable:
            return False

    def given_set(
        self, value: frozenset[Element], present: frozenset[Element], now: Value
    ) -> Value:
        """The target's set: what means an incoming element stays, the rest of it goes."""
        kept = [there for there in present if any(self.element_means(one, there) for one in value)]
        new: list[Element] = []
        for one in sorted(value, key=text_of):
            if not any(self.element_means(one, there) for there in (*kept, *new)):
                new.extend(e for e in self.elements(one) if not _within(e, (*kept, *new)))
        if not new and len(kept) == len(present):
            return now
        return set_of([*kept, *new])

    def same_sets(self, one: frozenset[Element], two: frozenset[Element]) -> bool:
        """Whether each element has a counterpart across, or needs none."""
        return all(
            any(self.element_means(a, b) for b in two) or self.needs_none(a) for a in one
        ) and all(any(self.element_means(a, b) for a in one) for b in two)

    def needs_none(self, one: Element) -> bool:
        try:
            return not self.elements(one)
        except Untranslatable:
            return False

    def _otherwise(self, reason: str) -> str:
        otherwise = self.rule.otherwise.get(self.target)
        if otherwise is None:
            there = self._name(self.target)
            raise Untranslatable(
                f"{reason}, so {there} cannot be set; extend `values`, or say `otherwise`"
            )
        return otherwise

    def _name(self, side: str) -> str:
        return f"{side}.{self.rule.names[side]}"

    def _paired(self, value: Value) -> tuple[bool, str]:
        """Whether the rule's `values` speak of this value, and what they say."""
        here = self.link.order.index(self.source)
        for exact in (True, False):
            for pair in self.rule.values:
                if _says(pair[here], value, exact):
                    return True, pair[1 - here]
        return False, ""


def _says(text: str, value: Value, exact: bool) -> bool:
    if is_empty(value):
        return text == ""
    if isinstance(value, Option):
        return text in {value.value, value.label} if exact else value.means(text)
    if exact:
        return text in {text_of(value), mark(value)}
    return text.strip().casefold() == text_of(value).strip().casefold()


def _as_set(value: Value) -> frozenset[Element]:
    if isinstance(value, frozenset):
        return frozenset(value)
    if value is None:
        return frozenset()
    if isinstance(value, Option | str):
        return frozenset({value})
    return frozenset({text_of(value)})


def _base_elements_of(
    base: Mapping[str, Mark], side: str, specs: Mapping[str, FieldSpec]
) -> tuple[Element, ...]:
    return _base_elements(base.get(side, ""), specs[side])


def _base_elements(known: Mark, spec: FieldSpec) -> tuple[Element, ...]:
    """The elements that a mark remembers; a mark that is no set remembers none."""
    if isinstance(known, str):
        return ()
    if spec.kind is Kind.TAGS:
        return known
    return tuple(_known_option(one, spec) for one in known)


def _known_option(value: str, spec: FieldSpec) -> Option:
    for option in spec.options:
        if option.value == value:
            return option
    return Option(value=value, label=value)


def _within(one: Element, others: frozenset[Element] | tuple[Element, ...] | list[Element]) -> bool:
    return any(alike_elements(one, other) for other in others)
