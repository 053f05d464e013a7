"""How two versions of a link differ, in words: rules added, removed, changed; choices changed.

Where a rule stands in its file is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from tieline.domain.link import Birth, FieldRule, Link, Test

CHOICES = ("title", "initial", "conflicts", "on_delete", "on_leave", "mode", "chain")
_TESTS = {
    "any_of": "is {}",
    "none_of": "is not {}",
    "has": "has {}",
    "matches": "matches {}",
    "before": "before {}",
    "after": "after {}",
    "empty": "is empty: {}",
}


def changes(old: Link, new: Link) -> tuple[str, ...]:
    """A line for each difference: `+` added, `-` removed, `~` changed."""
    return (
        *_sides(old, new),
        *_births(old, new),
        *_rules(old, new),
        *_parts(old, new),
        *_defaults(old, new),
        *_choices(old, new),
    )


def rule_names(rule: FieldRule, link: Link) -> str:
    """A rule as link.yaml has it: `eng.summary <-> it.short_description`."""
    first, second = link.order
    if rule.template is not None:
        target = rule.targets[0]
        return f"{target}.{rule.names[target]} = {rule.template}"
    arrow = {(first, second): "<->", (second,): "->", (first,): "<-"}
    way = arrow.get(tuple(side for side in link.order if side in rule.targets), "<->")
    return f"{first}.{rule.names[first]} {way} {second}.{rule.names[second]}"


def _sides(old: Link, new: Link) -> Iterator[str]:
    for name in dict.fromkeys((*old.order, *new.order)):
        before, after = old.sides.get(name), new.sides.get(name)
        if before is None or after is None:
            sign, side = ("+", after) if before is None else ("-", before)
            assert side is not None
            yield f"{sign} side {name}: {side.system} at {side.url}"
            continue
        for what, was, now in (
            ("system", before.system, after.system),
            ("url", before.url, after.url),
        ):
            if was != now:
                yield f"~ side {name}: {what} {was} => {now}"
        yield from (f"~ side {name}: scope {line}" for line in _keys(before.scope, after.scope))


def _births(old: Link, new: Link) -> Iterator[str]:
    before, after = ([_birth(b) for b in link.create] for link in (old, new))
    yield from (f"- create {one}" for one in before if one not in after)
    yield from (f"+ create {one}" for one in after if one not in before)


def _birth(birth: Birth) -> str:
    tests = [f"{field} {_test(test)}" for field, test in birth.when.items()]
    return f"from {birth.source}" + (f" when {' and '.join(tests)}" if tests else "")


def _test(test: Test) -> str:
    parts = []
    for name, words in _TESTS.items():
        value = getattr(test, name)
        if value is not None:
            parts.append(words.format(" or ".join(value) if isinstance(value, tuple) else value))
    return ", ".join(parts)


def _rules(old: Link, new: Link) -> Iterator[str]:
    before, after = ({rule.id: rule for rule in link.fields} for link in (old, new))
    for id, rule in before.items():
        if id not in after:
            yield f"- rule {rule_names(rule, old)}"
    for id, rule in after.items():
        if id not in before:
            yield f"+ rule {rule_names(rule, new)}"
        else:
            was = before[id]
            if rule_names(was, old) != rule_names(rule, new):
                yield f"~ rule {rule_names(was, old)}: now {rule_names(rule, new)}"
            for line in _rule(was, rule, old):
                yield f"~ rule {rule_names(rule, new)}: {line}"


def _rule(old: FieldRule, new: FieldRule, link: Link) -> Iterator[str]:
    first, second = link.order
    removed = [pair for pair in old.values if pair not in new.values]
    added = [pair for pair in new.values if pair not in old.values]
    yield from (f"values no longer {first} {a} = {second} {b}" for a, b in removed)
    yield from (f"values also {first} {a} = {second} {b}" for a, b in added)
    if not removed and not added and old.values != new.values:
        yield "the order of values"
    yield from (f"otherwise {line}" for line in _keys(old.otherwise, new.otherwise))
    for side in dict.fromkeys((*old.along, *new.along)):
        was, now = old.along.get(side, {}), new.along.get(side, {})
        yield from (f"with {side} {line}" for line in _keys(was, now))
    was_policy, policy = (rule.conflicts or "as the link" for rule in (old, new))
    if was_policy != policy:
        yield f"conflicts {was_policy} => {policy}"


def _parts(old: Link, new: Link) -> Iterator[str]:
    for what in ("comments", "attachments"):
        was, now = _plain(getattr(old, what)), _plain(getattr(new, what))
        if was is None and now is not None:
            yield f"+ {what} to {' and '.join(now['targets'])}"
        elif was is not None and now is None:
            yield f"- {what}"
        elif was is not None and now is not None:
            yield from (f"~ {what}: {line}" for line in _keys(was, now))


def _defaults(old: Link, new: Link) -> Iterator[str]:
    for side in dict.fromkeys((*old.defaults, *new.defaults)):
        lines = _keys(old.defaults.get(side, {}), new.defaults.get(side, {}))
        yield from (f"~ defaults {side}: {line}" for line in lines)


def _choices(old: Link, new: Link) -> Iterator[str]:
    for name in CHOICES:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield f"~ {name}: {_shown(was)} => {_shown(now)}"
    yield from (f"~ brake: {line}" for line in _keys(asdict(old.brake), asdict(new.brake)))


def _keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys((*old, *new)):
        if key not in new:
            yield f"{key} no longer {_shown(old[key])}"
        elif key not in old:
            yield f"{key}: {_shown(new[key])}"
        elif old[key] != new[key]:
            yield f"{key} {_shown(old[key])} => {_shown(new[key])}"


def _plain(value: Any) -> dict[str, Any] | None:
    if not is_dataclass(value):
        return None
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "(none)"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_shown(one)}" for key, one in value.items())
    text = " ".join(str(value).split()) or "(empty)"
    return text if len(text) <= 120 else f"{text[:119]}…"
