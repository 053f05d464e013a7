"""One line under `fields:`, compiled and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tieline.domain.link import FieldRule
from tieline.domain.ticket import FieldSpec, Kind, Option
from tieline_ops.link_file.faults import Path, closest, did_you_mean, listed
from tieline_ops.link_file.fields import Fields
from tieline_ops.link_file.models import RULE_KEYS, RuleModel

Policy = Callable[[str, Path, tuple[str, str]], str]

_WORDS = frozenset({Kind.TEXT, Kind.RICH, Kind.OPTION, Kind.OPTIONS, Kind.TAGS})
_TRANSLATED: Mapping[Kind, frozenset[Kind]] = {
    Kind.TEXT: frozenset(Kind),
    Kind.RICH: _WORDS,
    Kind.OPTION: _WORDS | {Kind.BOOLEAN, Kind.NUMBER},
    Kind.OPTIONS: _WORDS,
    Kind.TAGS: _WORDS,
    Kind.PERSON: frozenset({Kind.PERSON, Kind.TEXT, Kind.RICH}),
    Kind.DATE: frozenset({Kind.DATE, Kind.DATETIME, Kind.TEXT, Kind.RICH}),
    Kind.DATETIME: frozenset({Kind.DATE, Kind.DATETIME, Kind.TEXT, Kind.RICH}),
    Kind.NUMBER: frozenset({Kind.NUMBER, Kind.TEXT, Kind.RICH, Kind.OPTION}),
    Kind.BOOLEAN: frozenset({Kind.BOOLEAN, Kind.TEXT, Kind.OPTION}),
}
"""Kind -> the kinds that it can become without `values`."""

_SPOKEN: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.RICH: "formatted text",
    Kind.OPTION: "one of a list",
    Kind.OPTIONS: "several of a list",
    Kind.TAGS: "tags",
    Kind.PERSON: "a person",
    Kind.DATE: "a date",
    Kind.DATETIME: "a date with time",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
}


def compiled_rule(raw: RuleModel, path: Path, fields: Fields, policy: Policy) -> FieldRule | None:
    """The rule, or None (and the faults) if it does not even name its fields."""
    named = _names(raw, path, fields)
    targets = _targets(raw, named, path, fields)
    specs: dict[str, FieldSpec] = {}
    for side, name in named.items():
        look_up = fields.target if side in targets else fields.named
        spec = look_up(side, name, (*path, side))
        if spec is not None:
            specs[side] = spec
    _check_shape(raw, named, targets, path, fields)
    if len(specs) < len(named) or not specs or not set(targets) <= set(specs):
        return None
    rule = FieldRule(
        names={side: spec.name for side, spec in specs.items()},
        targets=targets,
        place=fields.faults.at(path),
        values=_values(raw, specs, path, fields),
        otherwise=_otherwise(raw, specs, targets, path, fields),
        along=_along(raw, specs, targets, path, fields),
        template=_template(raw, targets, path, fields),
        conflicts=(
            policy(raw.conflicts, (*path, "conflicts"), fields.order) if raw.conflicts else None
        ),
    )
    if len(specs) == 2:
        _check_kinds(rule, specs, path, fields)
        _check_counterparts(rule, specs, path, fields)
        _check_return(rule, path, fields)
    return rule


def _names(raw: RuleModel, path: Path, fields: Fields) -> dict[str, str]:
    named: dict[str, str] = {}
    for key, name in (raw.__pydantic_extra__ or {}).items():
        if key in fields.order:
            named[key] = name
        else:
            known = (*fields.order, *RULE_KEYS)
            remedy = did_you_mean(key, known, f"what may stand here is {listed(known)}")
            fields.faults.add((*path, key), "unknown key", remedy, key=True)
    return {side: named[side] for side in fields.order if side in named}


def _targets(
    raw: RuleModel, named: Mapping[str, str], path: Path, fields: Fields
) -> tuple[str, ...]:
    if raw.template is not None and len(named) == 1 and raw.flow is None:
        return tuple(named)
    return fields.flow(raw.flow, (*path, "flow"))


def _check_shape(
    raw: RuleModel, named: Mapping[str, str], targets: tuple[str, ...], path: Path, fields: Fields
) -> None:
    first, second = fields.order
    if raw.template is None:
        missing = [side for side in fields.order if side not in named]
        slipped = any(closest(key, missing) for key in raw.__pydantic_extra__ or {})
        if missing and not slipped:
            what = f"names no field of {listed(missing, 'and')}"
            fields.faults.add(path, what, f"write {{{first}: …, {second}: …}}, or add a `template`")
        return
    if len(named) != 1:
        remedy = "name only the field that it fills"
        fields.faults.add((*path, "template"), "stands with two fields", remedy)
    elif targets != tuple(named):
        side = next(iter(named))
        remedy = f"write `flow: {fields.other(side)} -> {side}`, or leave the flow out"
        fields.faults.add((*path, "flow"), f"does not flow to {side}", remedy)
    for key, given in (("values", raw.values), ("otherwise", raw.otherwise)):
        if given:
            fields.faults.add((*path, key), "has no use beside a template", "leave it out")


def _values(
    raw: RuleModel, specs: Mapping[str, FieldSpec], path: Path, fields: Fields
) -> tuple[tuple[str, str], ...]:
    if len(specs) == 2:
        first, second = fields.order
        for left, right in raw.values.items():
            at = (*path, "values", left)
            if fields.known(first, specs[first]):
                fields.check_value(specs[first], left, at, key=True)
            if fields.known(second, specs[second]):
                fields.check_value(specs[second], right, at)
    return tuple(raw.values.items())


def _otherwise(
    raw: RuleModel,
    specs: Mapping[str, FieldSpec],
    targets: tuple[str, ...],
    path: Path,
    fields: Fields,
) -> dict[str, str]:
    made = {}
    for side, text in raw.otherwise.items():
        at = (*path, "otherwise", side)
        if not fields.side(side, at, key=True):
            continue
        if side not in targets:
            remedy = f"let it flow to {side}, or leave this out"
            fields.faults.add(at, f"nothing is written to {side}", remedy, key=True)
        elif side in specs and fields.known(side, specs[side]):
            spec = specs[side]
            if spec.kind is Kind.PERSON and text and "@" not in text:
                remedy = "write the e-mail address of somebody there"
                fields.faults.add(at, f"{text!r} is no e-mail address", remedy)
            fields.check_value(spec, text, at)
        made[side] = text
    return made


def _along(
    raw: RuleModel,
    specs: Mapping[str, FieldSpec],
    targets: tuple[str, ...],
    path: Path,
    fields: Fields,
) -> dict[str, dict[str, dict[str, str]]]:
    made: dict[str, dict[str, dict[str, str]]] = {}
    for side, by_value in raw.with_.items():
        at = (*path, "with", side)
        if not fields.side(side, at, key=True):
            continue
        if side not in targets:
            remedy = f"let it flow to {side}, or leave this out"
            fields.faults.add(at, f"nothing is written to {side}", remedy, key=True)
        written = [pair[fields.order.index(side)] for pair in raw.values.items()]
        made[side] = {}
        for value, texts in by_value.items():
            if (
                written
                and value not in written
                and not _named_otherwise(value, written, specs.get(side))
            ):
                remedy = did_you_mean(value, written, f"`values` has {listed(written, 'and')}")
                fields.faults.add((*at, value), f"{value!r} is never written", remedy, key=True)
            made[side][value] = _texts(side, texts, (*at, value), fields)
    return made


def _named_otherwise(value: str, written: list[str], spec: FieldSpec | None) -> bool:
    """Whether `values` says the same option by its other name."""
    options = spec.options if spec else ()
    option = next((o for o in options if o.means(value)), None)
    return option is not None and any(option.means(text) for text in written)


def _texts(side: str, texts: Mapping[str, str], path: Path, fields: Fields) -> dict[str, str]:
    made = {}
    for name, text in texts.items():
        spec = fields.target(side, name, (*path, name), key=True)
        if spec is not None:
            made[spec.name] = fields.template(fields.other(side), text, (*path, name))
    return made


def _template(raw: RuleModel, targets: tuple[str, ...], path: Path, fields: Fields) -> str | None:
    if raw.template is None or len(targets) != 1:
        return raw.template
    return fields.template(fields.other(targets[0]), raw.template, (*path, "template"))


def _check_kinds(
    rule: FieldRule, specs: Mapping[str, FieldSpec], path: Path, fields: Fields
) -> None:
    if rule.values or not all(fields.known(side, spec) for side, spec in specs.items()):
        return
    for target in rule.targets:
        source = fields.other(target)
        one, two = specs[source], specs[target]
        if two.kind not in _TRANSLATED[one.kind]:
            what = f"{one.name} holds {_SPOKEN[one.kind]}, {two.name} {_SPOKEN[two.kind]}"
            remedy = "name fields of one kind, or say with `values` what means what"
            fields.faults.add((*path, target), what, remedy)
            return


def _check_counterparts(
    rule: FieldRule, specs: Mapping[str, FieldSpec], path: Path, fields: Fields
) -> None:
    """Where both lists are known, every option must have something to become."""
    lists = {side: spec.options for side, spec in specs.items() if spec.kind is Kind.OPTION}
    if len(lists) < 2 or not all(lists.values()):
        return
    for target in rule.targets:
        source = fields.other(target)
        here = fields.order.index(source)
        texts = [pair[here] for pair in rule.values]
        alone = [o.label for o in lists[source] if not _has_pair(o, texts, lists[target])]
        if alone and target not in rule.otherwise:
            what = f"{source} has {listed(alone, 'and')} without a counterpart in {target}"
            remedy = f"add to `values`, or say `otherwise: {{{target}: …}}`"
            fields.faults.add((*path, "values"), what, remedy)


def _has_pair(option: Option, texts: list[str], there: tuple[Option, ...]) -> bool:
    if texts:
        return any(option.means(text) for text in texts)
    return any(other.means(option.label) for other in there)


def _check_return(rule: FieldRule, path: Path, fields: Fields) -> None:
    """What `otherwise` writes must have a way back, or the ticket would be stuck there."""
    if not rule.values or len(rule.targets) < 2:
        return
    for side, text in rule.otherwise.items():
        other = fields.other(side)
        written = [pair[fields.order.index(side)] for pair in rule.values]
        if text and text not in written and other not in rule.otherwise:
            what = f"{text!r} cannot return to {other}"
            remedy = f"add a pair for it to `values`, or say `otherwise: {{{other}: …}}`"
            fields.faults.add((*path, "otherwise", side), what, remedy)
