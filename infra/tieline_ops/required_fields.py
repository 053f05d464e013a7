"""What a system insists on, and what of it a link does not write. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from tieline.connectors.base import FieldNow, Survey
from tieline.domain.link import FieldRule, Link


def lacking(survey: Survey, given: AbstractSet[str], *required: str) -> Iterator[FieldNow]:
    """Fields that are so required, and that are not among `given` names; each once."""
    seen = set[str]()
    for name, now in (*survey.fields.items(), *((o.id, o) for o in survey.others)):
        if now.required in required and now.id not in seen:
            seen.add(now.id)
            if not {name, now.id, now.label} & given:
                yield now


def closings(
    link: Link, side: str, survey: Survey, given: AbstractSet[str]
) -> Iterator[tuple[FieldRule, str, FieldNow]]:
    """(rule, status that it writes, field without which a ticket is refused that status)."""
    missing = [*lacking(survey, given, "to close")]
    for rule in link.fields:
        status = survey.fields.get(rule.names.get(side, ""))
        if not missing or status is None or side not in rule.targets:
            continue
        for text, along in _written(link, side, rule).items():
            if any(option.means(text) for option in status.closing):
                left = [now for now in missing if not {now.id, now.label} & along]
                yield from ((rule, text, now) for now in left)


def _written(link: Link, side: str, rule: FieldRule) -> dict[str, AbstractSet[str]]:
    """Every option that a rule writes to a side -> the fields that it writes along with it."""
    here, along = link.order.index(side), rule.along.get(side, {})
    texts = [*(pair[here] for pair in rule.values), *filter(None, [rule.otherwise.get(side)])]
    return {text: along.get(text, {}).keys() for text in texts}
